//! The customer object (BPC): business partner, customer, addresses and ship-to in one operation (reference: 4.9).

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::diagnose::Diagnose;
use crate::json::Json;
use crate::model::{Node, Property};
use crate::store::{Row, Value, join_key};

use super::address::slot_number;
use super::assign::assign;
use super::input::{CUSTOMER, CUSTOMER_PARTNER, NAMES, published_names};
use super::{Refused, Writer, Written};

/// The rows one operation on a customer works on, before they are stored.
pub(super) struct Draft {
    pub(super) code: String,
    pub(super) is_new: bool,
    pub(super) customer: Row,
    pub(super) partner: Row,
    /// By address code; `None` is a row to delete.
    pub(super) addresses: BTreeMap<String, Option<Row>>,
    pub(super) problems: Vec<Diagnose>,
    pub(super) customer_changed: bool,
    pub(super) partner_changed: bool,
    pub(super) changed_addresses: Vec<String>,
}

impl Draft {
    pub(super) fn refuse(&mut self, message: impl Into<String>, member: &[&str]) {
        self.problems.push(Diagnose::error(message, member));
    }

    pub(super) fn default_address(&self) -> Option<&str> {
        self.addresses
            .iter()
            .find(|(_, row)| row.as_ref().is_some_and(|row| row.int("BPAADDFLG") == 2))
            .map(|(code, _)| code.as_str())
    }
}

impl Writer<'_> {
    /// Creates a customer from an input; nothing is stored when anything is wrong with it.
    pub(crate) fn create_customer(&mut self, data: &Json) -> Result<Written, Refused> {
        let category = self.category(data)?;
        let (code, generated) = self.new_code(data, &category)?;
        let mut draft = self.new_draft(&code, &category);
        self.read_members(data, &mut draft);
        self.read_new_addresses(data, &mut draft);
        self.fill_country(&mut draft);
        self.check_mandatory(&mut draft);
        if !draft.problems.is_empty() {
            return Err(draft.problems);
        }
        if generated && let Some(sequence) = self.sequences.get_mut(category.text("REFCOU")) {
            sequence.next += 1;
        }
        self.store_new(draft);
        Ok(Written::new(&code, "Customer", "created", true))
    }

    fn category(&self, data: &Json) -> Result<Row, Refused> {
        let code = data
            .get("customerCategory")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let member = &["data", "customerCategory"];
        if code.is_empty() {
            return Err(vec![Diagnose::error(
                "customerCategory: Mandatory field",
                member,
            )]);
        }
        match self.store.table("BPCCATEG").get(code) {
            Some(row) => Ok(Row::clone(row)),
            None => Err(vec![Diagnose::error(
                format!("customerCategory: {code} : Record does not exist"),
                member,
            )]),
        }
    }

    fn new_code(&self, data: &Json, category: &Row) -> Result<(String, bool), Refused> {
        let given = data
            .get("code")
            .and_then(Json::as_str)
            .unwrap_or_default()
            .trim()
            .to_uppercase();
        let refuse = |message: String| Err(vec![Diagnose::error(message, &["data", "code"])]);
        let sequence = self.sequences.get(category.text("REFCOU"));
        match (sequence, given.is_empty()) {
            (Some(_), false) => {
                return refuse(
                    "code: Must be left empty, the category has a sequence counter".to_owned(),
                );
            }
            (None, true) => return refuse("code: Mandatory field".to_owned()),
            (Some(sequence), true) => return Ok((sequence.current(), true)),
            (None, false) => {}
        }
        if given.chars().count() > 15 {
            return refuse("code: Value too long, 15 characters at most".to_owned());
        }
        if given.contains('|') {
            return refuse("code: Incorrect character |".to_owned());
        }
        if self.store.table("BPCUSTOMER").get(&given).is_some() {
            return refuse(format!("{given} : Record already exists"));
        }
        Ok((given, false))
    }

    /// The rows of a new customer with what its category supplies; a supplier's partner row is shared.
    fn new_draft(&self, code: &str, category: &Row) -> Draft {
        let active = if category.int("CREMOD") == 2 { 1 } else { 2 };
        let mut customer = Row::new(self.now, self.user)
            .with("BPCNUM", code)
            .with_int("BPCSTA", active)
            .with_int("CHGTYP", 1)
            .with_int("PRITYP", 1)
            .with_int("MTCFLG", 2)
            .with_int("LNDAUZ", 1);
        for column in ["BPCINV", "BPCPYR", "BPCGRU", "BPCRSK"] {
            customer.set(Cow::Borrowed(column), Value::Text(code.to_owned()));
        }
        copy(category, &mut customer, &["BCGCOD", "CUR", "PTE", "VACBPR"]);
        customer.set(
            Cow::Borrowed("OSTCTL"),
            Value::Int(category.int("OSTCTL").max(1)),
        );
        let mut partner = match self.store.table("BPARTNER").get(code) {
            Some(shared) => Row::clone(shared),
            None => {
                let mut row = Row::new(self.now, self.user)
                    .with("BPRNUM", code)
                    .with_int("ENAFLG", active);
                for flag in ["BPSFLG", "BPTFLG", "PPTFLG", "LEGETT", "BETFCY"] {
                    row.set(Cow::Borrowed(flag), Value::Int(1));
                }
                copy(category, &mut row, &["CUR", "LAN", "CRY"]);
                row
            }
        };
        partner.set(Cow::Borrowed("BPCFLG"), Value::Int(2));
        partner.set(
            Cow::Borrowed("BRGCOD"),
            Value::Text(category.text("BCGCOD").to_owned()),
        );
        partner.set(Cow::Borrowed("BRGOBJ"), Value::Text("BPC".to_owned()));
        Draft {
            code: code.to_owned(),
            is_new: true,
            customer,
            partner,
            addresses: self.addresses_of(code),
            problems: Vec::new(),
            customer_changed: true,
            partner_changed: true,
            changed_addresses: Vec::new(),
        }
    }

    pub(super) fn addresses_of(&self, code: &str) -> BTreeMap<String, Option<Row>> {
        let prefix = format!("1|{code}|");
        let rows = self.store.table("BPADDRESS").rows_under(&prefix);
        rows.map(|(_, row)| (row.text("BPAADD").to_owned(), Some(Row::clone(row))))
            .collect()
    }

    /// Takes over every member of the input that is not an address or the key.
    fn read_members(&self, data: &Json, draft: &mut Draft) {
        let (Some(customer), Some(partner)) = (
            self.model.node("customer"),
            self.model.node("businessPartner"),
        ) else {
            return;
        };
        let custom = self
            .settings
            .custom_fields
            .iter()
            .filter(|field| field.node == "customer");
        for member in CUSTOMER
            .into_iter()
            .chain(custom.map(|field| field.name.as_str()))
        {
            if let (Some(value), Some(property)) = (data.get(member), customer.property(member)) {
                self.set_customer(member, property, value, draft);
            }
        }
        for (member, column) in CUSTOMER_PARTNER
            .into_iter()
            .map(|member| (member, member))
            .chain(NAMES)
        {
            if let (Some(value), Some(property)) = (data.get(member), partner.property(column)) {
                self.set_partner(member, property, value, draft);
            }
        }
        if let Some(Json::Array(rows)) = data.get("companyNames") {
            self.set_names(rows, partner, draft);
        }
    }

    fn set_customer(&self, member: &str, property: &Property, value: &Json, draft: &mut Draft) {
        match assign(
            &mut draft.customer,
            property,
            value,
            self.store,
            self.model,
            &["data", member],
        ) {
            Ok(changed) => draft.customer_changed |= changed,
            Err(problem) => draft.problems.push(problem),
        }
    }

    fn set_partner(&self, member: &str, property: &Property, value: &Json, draft: &mut Draft) {
        match assign(
            &mut draft.partner,
            property,
            value,
            self.store,
            self.model,
            &["data", member],
        ) {
            Ok(changed) => draft.partner_changed |= changed,
            Err(problem) => draft.problems.push(problem),
        }
    }

    fn set_names(&self, rows: &[Json], partner: &Node, draft: &mut Draft) {
        for (position, row) in rows.iter().enumerate() {
            let property = match slot_number(row, position) {
                Some(0) => partner.property("companyName1"),
                Some(1) => partner.property("companyName2"),
                _ => None,
            };
            match property {
                Some(property) => {
                    self.set_partner(
                        "companyNames",
                        property,
                        row.get("companyName").unwrap_or(&Json::Null),
                        draft,
                    );
                }
                None => draft.refuse(
                    "companyNames: Incorrect denormalizedIndex",
                    &["data", "companyNames"],
                ),
            }
        }
    }

    /// The partner's country is the default address's when nothing else gives one.
    fn fill_country(&self, draft: &mut Draft) {
        if !draft.partner.text("CRY").is_empty() {
            return;
        }
        let code = draft.default_address().map(ToOwned::to_owned);
        if let Some(Some(Some(row))) = code.map(|code| draft.addresses.get(&code)) {
            let country = row.text("CRY").to_owned();
            draft
                .partner
                .set(Cow::Borrowed("CRY"), Value::Text(country));
        }
    }

    fn check_mandatory(&self, draft: &mut Draft) {
        let names = published_names(self.settings);
        let name = names.first().copied().unwrap_or("companyNames");
        let partner = [("BPRNAM_0", name), ("CRY", "country"), ("LAN", "language")];
        let customer = [("CUR", "currency"), ("BCGCOD", "customerCategory")];
        let missing: Vec<&str> = partner
            .into_iter()
            .filter(|(column, _)| draft.partner.text(column).is_empty())
            .chain(
                customer
                    .into_iter()
                    .filter(|(column, _)| draft.customer.text(column).is_empty()),
            )
            .map(|(_, member)| member)
            .collect();
        for member in missing {
            // A member refused for its value is not also missing.
            let told = draft
                .problems
                .iter()
                .any(|problem| problem.member.last().is_some_and(|last| last == member));
            if !told {
                draft.refuse(format!("{member}: Mandatory field"), &["data", member]);
            }
        }
        let without_country: Vec<String> = draft
            .addresses
            .iter()
            .filter(|(_, row)| row.as_ref().is_some_and(|row| row.text("CRY").is_empty()))
            .map(|(code, _)| code.clone())
            .collect();
        if draft.problems.is_empty() {
            for code in without_country {
                draft.refuse(
                    format!("addresses: {code}: country: Mandatory field"),
                    &["data", "addresses"],
                );
            }
        }
    }

    fn store_new(&mut self, mut draft: Draft) {
        let default = draft.default_address().unwrap_or_default().to_owned();
        let short = draft.partner.text("BPRSHO");
        if short.is_empty() {
            let name: String = draft.partner.text("BPRNAM_0").chars().take(10).collect();
            draft.partner.set(
                Cow::Borrowed("BPRSHO"),
                Value::Text(name.trim_end().to_owned()),
            );
        }
        for column in ["BPAADD", "BPDADD", "BPAINV", "BPAPYR"] {
            draft
                .customer
                .set(Cow::Borrowed(column), Value::Text(default.clone()));
        }
        draft
            .partner
            .set(Cow::Borrowed("BPAADD"), Value::Text(default.clone()));
        if self.store.table("BPARTNER").get(&draft.code).is_none() {
            copy(&draft.customer, &mut draft.partner, &["CUR"]);
        }
        let ship_to = Row::new(self.now, self.user)
            .with("BPCNUM", &draft.code)
            .with("BPAADD", &default)
            .with("LAN", draft.partner.text("LAN"))
            .with_int("ENAFLG", 2);
        self.store
            .table_mut("BPDLVCUST")
            .insert(&join_key([draft.code.as_str(), &default]), ship_to);
        self.store_rows(draft, true);
    }

    /// Changes a customer; members that are absent stay as they are.
    pub(crate) fn update_customer(&mut self, data: &Json) -> Result<Written, Refused> {
        let mut draft = self.existing_draft(data)?;
        let code = draft.code.clone();
        self.read_members(data, &mut draft);
        if let Some(Json::Array(rows)) = data.get("addresses") {
            for row in rows {
                self.change_address(row, &mut draft);
            }
        }
        self.check_mandatory(&mut draft);
        if !draft.problems.is_empty() {
            return Err(draft.problems);
        }
        let changed =
            draft.customer_changed || draft.partner_changed || !draft.changed_addresses.is_empty();
        let moved = self.settings.unchanged_update_moves_stamp
            || draft.customer_changed
            || draft.partner_changed;
        self.store_rows(draft, moved);
        Ok(Written::new(&code, "Customer", "modified", changed))
    }

    pub(super) fn existing_draft(&self, data: &Json) -> Result<Draft, Refused> {
        let key = data
            .get("_id")
            .or_else(|| data.get("code"))
            .and_then(Json::as_str)
            .unwrap_or_default();
        let refuse =
            |message: String, member| Err(vec![Diagnose::error(message, &["data", member])]);
        if key.is_empty() {
            return refuse("code: Mandatory field".to_owned(), "code");
        }
        let found = self
            .store
            .table("BPCUSTOMER")
            .get(key)
            .zip(self.store.table("BPARTNER").get(key));
        let Some((customer, partner)) = found else {
            return refuse(format!("{key} : Record does not exist"), "code");
        };
        if self.settings.etag_checked
            && let Some(etag) = data.get("_etag").and_then(Json::as_str)
            && etag != etag_of(customer)
        {
            return refuse(format!("{key} : Record modified by another user"), "_etag");
        }
        Ok(Draft {
            code: key.to_owned(),
            is_new: false,
            customer: Row::clone(customer),
            partner: Row::clone(partner),
            addresses: self.addresses_of(key),
            problems: Vec::new(),
            customer_changed: false,
            partner_changed: false,
            changed_addresses: Vec::new(),
        })
    }

    /// Puts the rows back; each row that changed moves its own stamp, the customer's moves when told.
    pub(super) fn store_rows(&mut self, mut draft: Draft, move_customer: bool) {
        let is_new = draft.is_new;
        let children =
            self.settings.children_move_parent_stamp && !draft.changed_addresses.is_empty();
        if let Some(default) = draft.default_address().map(ToOwned::to_owned) {
            draft.customer_changed |= draft
                .customer
                .set(Cow::Borrowed("BPAADD"), Value::Text(default));
        }
        if !is_new && (move_customer || children || draft.customer_changed) {
            draft.customer.touch(self.now, self.user);
        }
        let shared = self.store.table("BPARTNER").get(&draft.code).is_some();
        if shared && draft.partner_changed {
            draft.partner.touch(self.now, self.user);
        }
        self.store_addresses(&mut draft);
        self.store
            .table_mut("BPARTNER")
            .insert(&draft.code, draft.partner);
        self.store
            .table_mut("BPCUSTOMER")
            .insert(&draft.code, draft.customer);
    }

    pub(super) fn store_addresses(&mut self, draft: &mut Draft) {
        let table = self.store.table_mut("BPADDRESS");
        for code in &draft.changed_addresses {
            let key = join_key(["1", &draft.code, code]);
            match draft.addresses.remove(code).flatten() {
                Some(mut row) => {
                    if table.get(&key).is_some() {
                        row.touch(self.now, self.user);
                    }
                    table.insert(&key, row);
                }
                None => {
                    table.remove(&key);
                }
            }
        }
    }
}

/// The tag of a row's version.
pub(crate) fn etag_of(row: &Row) -> String {
    let at = row.updated.map_or(0, |at| at.as_millisecond());
    format!("{at:x}-{:x}", row.tick)
}

pub(super) fn copy(from: &Row, to: &mut Row, columns: &[&'static str]) {
    for column in columns {
        if let Some(value) = from.get(column) {
            to.set(Cow::Borrowed(*column), value.clone());
        }
    }
}
