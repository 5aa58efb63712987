//! Writing: the business rules behind create, update and the edits of people.

mod address;
pub(crate) mod assign;
mod collections;
pub(crate) mod credit;
pub(crate) mod customer;
mod documents;
pub(crate) mod fulfilment;
pub(crate) mod input;
mod invoicing;
mod order;
mod order_line;
mod order_total;
pub(crate) mod person;
mod pricing;
mod record;
mod supplier;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::diagnose::{Diagnose, Severity};
use crate::endpoint::Sequence;
use crate::json::Json;
use crate::model::{Kind, Model, Node, Part};
use crate::settings::Settings;
use crate::store::{Row, Store};

/// What a write needs to know and may change.
pub(crate) struct Writer<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) sequences: &'a mut std::collections::BTreeMap<String, Sequence>,
    pub(crate) model: &'a Model,
    pub(crate) settings: &'a Settings,
    pub(crate) now: Timestamp,
    pub(crate) user: &'a str,
}

/// A write that took place.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) key: String,
    pub(crate) changed: bool,
    /// Severity 1: for the top of the answer.
    pub(crate) diagnoses: Vec<Diagnose>,
    /// Severity 2: in `errors[]`, although the record is written.
    pub(crate) warnings: Vec<Diagnose>,
}

impl Written {
    fn new(key: &str, what: &str, verb: &str, changed: bool) -> Self {
        Self {
            key: key.to_owned(),
            changed,
            diagnoses: vec![
                Diagnose::new(Severity::Info, format!("{what} {key} {verb}")),
                Diagnose::new(Severity::Info, "Operation completed successfully."),
            ],
            warnings: Vec::new(),
        }
    }
}

/// The diagnoses that prevented a write.
pub(crate) type Refused = Vec<Diagnose>;

impl Writer<'_> {
    /// Creates a record of a node with the rules of the object behind it.
    pub(crate) fn create(&mut self, node: &Node, data: &Json) -> Result<Written, Refused> {
        match node.name {
            "customer" => self.create_customer(data),
            "salesOrder" => self.create_order(data),
            "supplier" => self.create_supplier_object(node, data),
            _ => self.create_record(node, data),
        }
    }

    /// Changes a record of a node; members that are absent stay as they are.
    pub(crate) fn update(&mut self, node: &Node, data: &Json) -> Result<Written, Refused> {
        match node.name {
            "customer" => self.update_customer(data),
            "salesOrder" => self.update_order(data),
            "supplier" => self.update_supplier(node, data),
            _ => self.update_record(node, data),
        }
    }
    /// Removes a record with the rows of its collections; delivered orders stay.
    pub(crate) fn delete(&mut self, node: &Node, key: &str) -> Result<(), Refused> {
        if node.name == "customer" && self.delete_customer(key) {
            return Ok(());
        }
        let refuse = |message: &str| {
            let message = format!("{key} : {message}");
            Err(vec![Diagnose::error(message, &[])])
        };
        let Some(row) = self.store.table(node.table).get(key).cloned() else {
            return refuse("Record does not exist");
        };
        if node.name == "salesOrder" && row.int("DLVSTA") > 1 {
            return refuse("Order already delivered");
        }
        for property in &node.properties {
            let Kind::Children { node: child, .. } = &property.kind else {
                continue;
            };
            let Some(child) = self.model.node(child) else {
                continue;
            };
            let begins = child.key.iter().zip(&node.key);
            let owned = begins.into_iter().all(|pair| match pair {
                (Part::Column(own), Part::Column(key)) => own == key,
                _ => false,
            });
            if owned && child.key.len() > node.key.len() {
                self.remove_under(child.table, &format!("{key}|"));
            }
        }
        if node.name == "salesOrder" {
            let open = Row::clone(&row).with_decimal("DLRATI", Decimal::ZERO);
            self.store_order_header(key, open.with_decimal("INRATI", Decimal::ZERO));
        }
        self.store.table_mut(node.table).remove(key);
        Ok(())
    }
}
