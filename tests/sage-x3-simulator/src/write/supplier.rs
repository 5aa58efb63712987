//! The supplier object (BPS): business partner, supplier and addresses in one operation.

use std::borrow::Cow;

use crate::diagnose::Diagnose;
use crate::json::Json;
use crate::model::Node;
use crate::store::{Row, Value};

use super::assign::assign;
use super::credit::set_int;
use super::customer::Draft;
use super::input::{NAMES, PARTNER};
use super::{Refused, Writer, Written};

impl Writer<'_> {
    /// Creates a supplier with its partner and an address; the partner is shared with a customer of that code.
    pub(super) fn create_supplier_object(
        &mut self,
        node: &Node,
        data: &Json,
    ) -> Result<Written, Refused> {
        let code = data
            .get("code")
            .and_then(Json::as_str)
            .unwrap_or_default()
            .trim()
            .to_uppercase();
        if code.is_empty() || code.chars().count() > 15 || code.contains('|') {
            return Err(vec![Diagnose::error(
                "code: Mandatory field of up to 15 characters",
                &["data", "code"],
            )]);
        }
        let is_new = self.store.table(node.table).get(&code).is_none();
        let mut draft = self.supplier_draft(&code, is_new);
        let rest = self.read_partner(data, &mut draft);
        if draft.partner.text("BPRNAM_0").is_empty() {
            draft.refuse("companyName1: Mandatory field", &["data"]);
        }
        if is_new {
            self.read_new_addresses(data, &mut draft);
        }
        if !draft.problems.is_empty() {
            return Err(draft.problems);
        }
        // The supplier's row refers to its partner, which goes again when the row is refused.
        let held = self.store.table("BPARTNER").get(&code).cloned();
        let partners = self.store.table_mut("BPARTNER");
        partners.insert(&code, draft.partner.clone());
        let written = self.create_record(node, &rest);
        let partners = self.store.table_mut("BPARTNER");
        match (&written, held) {
            (Err(_), Some(held)) => partners.insert(&code, Row::clone(&held)),
            (Err(_), None) => {
                partners.remove(&code);
            }
            (Ok(_), held) => self.store_supplier_rows(draft, held.is_some()),
        }
        written
    }

    /// Changes a supplier; members that are absent stay as they are.
    pub(super) fn update_supplier(&mut self, node: &Node, data: &Json) -> Result<Written, Refused> {
        let key = data.get("_id").or_else(|| data.get("code"));
        let code = key.and_then(Json::as_str).unwrap_or_default().to_owned();
        if self.store.table(node.table).get(&code).is_none() {
            return Err(vec![Diagnose::error(
                format!("{code} : Record does not exist"),
                &["data", "code"],
            )]);
        }
        let mut draft = self.supplier_draft(&code, false);
        let rest = self.read_partner(data, &mut draft);
        if let Some(Json::Array(rows)) = data.get("addresses") {
            for row in rows {
                self.change_address(row, &mut draft);
            }
        }
        if !draft.problems.is_empty() {
            return Err(draft.problems);
        }
        let mut written = self.update_record(node, &rest)?;
        written.changed |= draft.partner_changed || !draft.changed_addresses.is_empty();
        self.store_supplier_rows(draft, true);
        Ok(written)
    }

    /// The partner and the addresses as they are; those of a new partner with what X3 takes for it.
    fn supplier_draft(&self, code: &str, is_new: bool) -> Draft {
        let mut partner = match self.store.table("BPARTNER").get(code) {
            Some(shared) => Row::clone(shared),
            None => Row::new(self.now, self.user)
                .with("BPRNUM", code)
                .with("CRY", "FR")
                .with("LAN", "FRA")
                .with("CUR", "EUR")
                .with("BRGOBJ", "BPS")
                .with_int("ENAFLG", 2)
                .with_int("BPCFLG", 1),
        };
        set_int(&mut partner, "BPSFLG", 2);
        Draft {
            code: code.to_owned(),
            is_new,
            customer: Row::new(self.now, self.user),
            partner,
            addresses: self.addresses_of(code),
            problems: Vec::new(),
            customer_changed: false,
            partner_changed: is_new,
            changed_addresses: Vec::new(),
        }
    }

    /// Takes over the members that stand in the partner's row; returns those that stand in the supplier's.
    fn read_partner(&self, data: &Json, draft: &mut Draft) -> Json {
        let members: Vec<(&str, &str)> = PARTNER
            .iter()
            .map(|member| (*member, *member))
            .chain(NAMES)
            .collect();
        let node = self.model.node("businessPartner");
        let mut rest = Vec::new();
        let given = match data {
            Json::Object(given) => given.as_slice(),
            _ => &[],
        };
        for (name, value) in given.iter().filter(|(name, _)| name != "addresses") {
            let property = members
                .iter()
                .find(|(member, _)| member == name)
                .and_then(|(_, property)| node?.property(property));
            match property {
                Some(property) => {
                    let path = ["data", name.as_str()];
                    let (store, model) = (&*self.store, self.model);
                    match assign(&mut draft.partner, property, value, store, model, &path) {
                        Ok(changed) => draft.partner_changed |= changed,
                        Err(problem) => draft.problems.push(problem),
                    }
                }
                None if name == "code" => rest.push((name.clone(), Json::text(&draft.code))),
                None => rest.push((name.clone(), value.clone())),
            }
        }
        Json::Object(rest)
    }

    fn store_supplier_rows(&mut self, mut draft: Draft, partner_was_there: bool) {
        if partner_was_there && draft.partner_changed {
            draft.partner.touch(self.now, self.user);
        }
        let code = draft.code.clone();
        let default = draft.default_address().map(ToOwned::to_owned);
        self.store_addresses(&mut draft);
        self.store
            .table_mut("BPARTNER")
            .insert(&code, draft.partner);
        if let (Some(default), Some(row)) =
            (default, self.store.table_mut("BPSUPPLIER").row_mut(&code))
        {
            row.set(Cow::Borrowed("BPAADD"), Value::Text(default));
        }
    }
}
