//! Nodes of the site's own, from its settings.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::node::{Node, Part, Property};
use crate::settings::{OwnKind, OwnNode, capitalised};

/// Texts that the tables of nodes hold for as long as the program runs; each is kept once.
static TEXTS: Mutex<BTreeMap<String, &'static str>> = Mutex::new(BTreeMap::new());
static KEYS: Mutex<BTreeMap<Vec<String>, &'static [Part]>> = Mutex::new(BTreeMap::new());

fn text(text: &str) -> &'static str {
    let mut known = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    known
        .entry(text.to_owned())
        .or_insert_with(|| Box::leak(text.to_owned().into_boxed_str()))
}

fn columns(names: &[String]) -> &'static [Part] {
    let parts: Vec<Part> = names.iter().map(|name| Part::Column(text(name))).collect();
    let mut known = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    known
        .entry(names.to_vec())
        .or_insert_with(|| Box::leak(parts.into_boxed_slice()))
}

pub(super) fn node(own: &OwnNode) -> Node {
    let key = columns(&own.key);
    let mut properties: Vec<Property> = own
        .properties
        .iter()
        .map(|property| {
            let (name, column) = (text(&property.name), text(&property.column));
            match &property.kind {
                OwnKind::Text(max) => Property::text(name, column, *max),
                OwnKind::Int => Property::int(name, column),
                OwnKind::Decimal => Property::decimal(name, column),
                OwnKind::Boolean => Property::boolean(name, column),
                OwnKind::Date => Property::date(name, column),
                OwnKind::Reference(node) => Property::reference(
                    name,
                    text(node),
                    columns(std::slice::from_ref(&property.column)),
                ),
            }
        })
        .collect();
    if let Some(lines) = &own.lines {
        properties.push(Property::children("lines", text(lines), key));
    }
    Node::new(
        text(&own.package),
        text(&own.name),
        text(&capitalised(&own.name)),
        text(&own.table),
        properties,
    )
    .keyed(key)
    .written_with(if own.lines.is_some() { &["lines"] } else { &[] })
}
