//! Which nodes there are and which X3 columns their properties show.
//!
//! A node is a table of data here; schema, filters, orders and answers are all derived from it.

mod accounting;
mod computed;
mod contacts;
mod documents;
mod financial;
mod master_data;
mod node;
mod own;
mod products;
mod purchasing;
mod sales;
mod structure;

use std::sync::Arc;

pub(crate) use node::{Default, Kind, Menu, Node, Part, Property, Source};
pub(crate) use sales::DISCOUNTS;

use crate::settings::Settings;

/// All nodes a site with these settings has.
#[derive(Debug)]
pub(crate) struct Model {
    nodes: Vec<Arc<Node>>,
}

impl Model {
    pub(crate) fn new(settings: &Settings) -> Self {
        let mut nodes = master_data::nodes(settings);
        nodes.extend(structure::nodes());
        nodes.extend(financial::nodes());
        nodes.extend(products::nodes());
        nodes.extend(sales::nodes(settings));
        nodes.extend(documents::nodes());
        nodes.extend(accounting::nodes());
        nodes.extend(purchasing::nodes(settings));
        nodes.extend(contacts::nodes());
        nodes.extend(settings.own_nodes.iter().map(own::node));
        for node in &mut nodes {
            for field in settings
                .custom_fields
                .iter()
                .filter(|field| field.node == node.name)
            {
                node.properties
                    .push(Property::custom(&field.name, field.max_length));
            }
        }
        Self {
            nodes: nodes.into_iter().map(Arc::new).collect(),
        }
    }

    pub(crate) fn nodes(&self) -> &[Arc<Node>] {
        &self.nodes
    }

    pub(crate) fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// The packages of nodes that can be queried by themselves, in order.
    pub(crate) fn packages(&self) -> Vec<&'static str> {
        let mut out = Vec::new();
        for node in self.nodes.iter().filter(|node| node.published) {
            if !out.contains(&node.package) {
                out.push(node.package);
            }
        }
        out
    }
}
