//! The address rows of the customer and the supplier object.

use std::borrow::Cow;

use crate::json::Json;
use crate::model::{Kind, Property, Source};
use crate::record::View;
use crate::store::{Row, Value};

use super::Writer;
use super::assign::assign;
use super::customer::{Draft, copy};
use super::input::{ADDRESS, ADDRESS_SLOTS};

impl Writer<'_> {
    pub(super) fn read_new_addresses(&self, data: &Json, draft: &mut Draft) {
        let rows = match data.get("addresses") {
            Some(Json::Array(rows)) => rows.as_slice(),
            _ => &[],
        };
        for row in rows {
            self.create_address(row, draft);
        }
        if draft.addresses.is_empty() && draft.problems.is_empty() {
            let code = Json::text(&self.settings.default_address_code);
            self.create_address(&Json::object([("code", code)]), draft);
        }
        if draft.default_address().is_none() && draft.problems.is_empty() {
            // The first row given, not the first by code.
            let first = draft
                .changed_addresses
                .first()
                .or_else(|| draft.addresses.keys().next())
                .cloned();
            if let Some(code) = first {
                make_default(&code, draft);
            }
        }
    }

    fn create_address(&self, input: &Json, draft: &mut Draft) {
        let code = input
            .get("code")
            .and_then(Json::as_str)
            .unwrap_or_default()
            .trim()
            .to_uppercase();
        if code.is_empty() {
            return draft.refuse("addresses: code: Mandatory field", &["data", "addresses"]);
        }
        if code.chars().count() > 5 {
            return draft.refuse(
                "addresses: code: Value too long, 5 characters at most",
                &["data", "addresses"],
            );
        }
        if matches!(draft.addresses.get(&code), Some(Some(_))) {
            return draft.refuse(
                format!("addresses: {code} : Record already exists"),
                &["data", "addresses"],
            );
        }
        let partner = &draft.partner;
        let mut row = Row::new(self.now, self.user)
            .with("BPANUM", &draft.code)
            .with("BPAADD", &code)
            .with("BPADES", &code)
            .with_int("BPATYP", 1)
            .with_int("BPAADDFLG", 1)
            .with_int("ADRVAL", 1);
        copy(partner, &mut row, &["CRY"]);
        draft.addresses.insert(code.clone(), Some(row));
        self.read_address(input, &code, draft);
        if !draft.changed_addresses.contains(&code) {
            draft.changed_addresses.push(code);
        }
    }

    /// Takes over the members of one address row of the input.
    fn read_address(&self, input: &Json, code: &str, draft: &mut Draft) {
        let Some(node) = self.model.node("customerAddress") else {
            return;
        };
        let Some(Some(mut row)) = draft.addresses.get(code).cloned() else {
            return;
        };
        let mut changed = false;
        for member in ADDRESS {
            if let (Some(value), Some(property)) = (input.get(member), node.property(member)) {
                match assign(
                    &mut row,
                    property,
                    value,
                    self.store,
                    self.model,
                    &["data", "addresses", member],
                ) {
                    Ok(moved) => changed |= moved,
                    Err(problem) => draft.problems.push(problem),
                }
            }
        }
        for (member, value_member) in ADDRESS_SLOTS {
            if let (Some(Json::Array(rows)), Some(property)) =
                (input.get(member), node.property(member))
            {
                match set_slots(&mut row, property, rows, value_member, self) {
                    Ok(moved) => changed |= moved,
                    Err(message) => draft.refuse(message, &["data", "addresses", member]),
                }
            }
        }
        let country = row.text("CRY").to_owned();
        changed |= row.set(
            Cow::Borrowed("CRYNAM"),
            Value::Text(self.country_name(&country)),
        );
        draft.addresses.insert(code.to_owned(), Some(row));
        if changed && !draft.changed_addresses.iter().any(|known| known == code) {
            draft.changed_addresses.push(code.to_owned());
        }
        match input.get("isDefault") {
            Some(Json::Bool(true)) => Self::choose_default(code, draft),
            Some(Json::Bool(false)) if draft.default_address() == Some(code) => {
                draft.refuse(
                    "addresses: A default address is mandatory",
                    &["data", "addresses"],
                );
            }
            _ => {}
        }
    }

    fn choose_default(code: &str, draft: &mut Draft) {
        if draft.is_new && draft.default_address().is_some_and(|known| known != code) {
            return draft.refuse(
                "addresses: Only one address can be the default",
                &["data", "addresses"],
            );
        }
        make_default(code, draft);
    }

    fn country_name(&self, code: &str) -> String {
        self.store
            .table("TABCOUNTRY")
            .get(code)
            .map(|row| row.text("CRYDES").to_owned())
            .unwrap_or_default()
    }

    pub(super) fn change_address(&self, input: &Json, draft: &mut Draft) {
        let member = ["data", "addresses"];
        let code = match (input.get("code"), input.get("_id")) {
            (Some(Json::Text(code)), _) => code.trim().to_uppercase(),
            (_, Some(Json::Text(id))) => self.address_code(id),
            _ => String::new(),
        };
        let known = matches!(draft.addresses.get(&code), Some(Some(_)));
        match input.get("_action").and_then(Json::as_str) {
            Some("create") => self.create_address(input, draft),
            Some("update") if known => self.read_address(input, &code, draft),
            Some("delete") if known && draft.default_address() == Some(code.as_str()) => {
                draft.refuse("addresses: The default address cannot be deleted", &member);
            }
            Some("delete") if known => {
                draft.addresses.insert(code.clone(), None);
                draft.changed_addresses.push(code);
            }
            Some("update" | "delete") => {
                draft.refuse(
                    format!("addresses: {code} : Record does not exist"),
                    &member,
                );
            }
            _ => draft.refuse(
                "addresses: _action must be create, update or delete",
                &member,
            ),
        }
    }

    fn address_code(&self, id: &str) -> String {
        let view = View {
            store: self.store,
            model: self.model,
            settings: self.settings,
        };
        let record = self
            .model
            .node("customerAddress")
            .and_then(|node| view.find(node, id));
        record
            .map(|record| record.row.text("BPAADD").to_owned())
            .unwrap_or_default()
    }
}

fn make_default(code: &str, draft: &mut Draft) {
    for (known, row) in &mut draft.addresses {
        let Some(row) = row else { continue };
        let flag = if known == code { 2 } else { 1 };
        if row.set(Cow::Borrowed("BPAADDFLG"), Value::Int(flag))
            && !draft.changed_addresses.contains(known)
        {
            draft.changed_addresses.push(known.clone());
        }
    }
}

/// The slot a denormalised row means, counted from 0: its index, or else its place in the list.
pub(super) fn slot_number(row: &Json, position: usize) -> Option<usize> {
    match row.get("denormalizedIndex") {
        Some(Json::Number(text)) => text.parse::<usize>().ok()?.checked_sub(1),
        _ => Some(position),
    }
}

/// Sets the slots that the rows of a denormalised list name.
pub(super) fn set_slots(
    row: &mut Row,
    property: &Property,
    rows: &[Json],
    value_member: &str,
    writer: &Writer<'_>,
) -> Result<bool, String> {
    let Kind::Slots { node, columns } = &property.kind else {
        return Ok(false);
    };
    let value_property = writer
        .model
        .node(node)
        .and_then(|node| node.property(value_member));
    let Some(value_property) = value_property else {
        return Ok(false);
    };
    let mut changed = false;
    for (position, slot) in rows.iter().enumerate() {
        let Some(column) = slot_number(slot, position).and_then(|number| columns.get(number))
        else {
            return Err(format!("{}: Incorrect denormalizedIndex", property.name));
        };
        let single = Property {
            source: Source::Column(Cow::Borrowed(*column)),
            ..value_property.clone()
        };
        let value = slot.get(value_member).unwrap_or(&Json::Null);
        changed |= assign(row, &single, value, writer.store, writer.model, &[])
            .map_err(|problem| problem.message)?;
    }
    Ok(changed)
}
