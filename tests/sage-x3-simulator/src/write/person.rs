//! What people do in X3's own windows.

use jiff::Timestamp;

use crate::diagnose::Diagnose;
use crate::json::Json;
use crate::seed::{Edit, EditTarget, StampMode};
use crate::store::{Row, join_key};

use super::assign::assign;
use super::{Refused, Writer};

impl Writer<'_> {
    /// Carries out an edit; nothing is stored when anything is wrong with it.
    pub(crate) fn edit(&mut self, edit: &Edit) -> Result<(), Refused> {
        match &edit.target {
            EditTarget::Customer(code) => {
                let held = self.stamps_of(code);
                self.edit_customer(code, edit)?;
                self.restore(&held, edit.stamp);
            }
            EditTarget::Address {
                customer,
                code,
                action,
            } => {
                let held = self.stamps_of(customer);
                self.edit_address(customer, code, action, edit)?;
                self.restore(&held, edit.stamp);
            }
            EditTarget::BusinessPartner(code) => {
                let held = self.stamps_of(code);
                self.edit_record("businessPartner", code, edit)?;
                if self.settings.children_move_parent_stamp
                    && let Some(row) = self.store.table_mut("BPCUSTOMER").row_mut(code)
                {
                    row.touch(self.now, self.user);
                }
                self.restore(&held, edit.stamp);
            }
            EditTarget::Record { node, id } => {
                let table = self.model.node(node).map_or("", |node| node.table);
                let held = vec![(table, id.clone(), self.stamp_of(table, id))];
                self.edit_record(node, id, edit)?;
                self.restore(&held, edit.stamp);
            }
        }
        Ok(())
    }

    fn edit_customer(&mut self, code: &str, edit: &Edit) -> Result<(), Refused> {
        let mut members = vec![("_id".to_owned(), Json::text(code))];
        members.extend(edit.members().iter().cloned());
        self.update_customer(&Json::Object(members)).map(|_| ())
    }

    fn edit_address(
        &mut self,
        customer: &str,
        code: &str,
        action: &str,
        edit: &Edit,
    ) -> Result<(), Refused> {
        let mut draft = self.existing_draft(&Json::object([("_id", Json::text(customer))]))?;
        let mut members = vec![
            ("_action".to_owned(), Json::text(action)),
            ("code".to_owned(), Json::text(code)),
        ];
        members.extend(edit.members().iter().cloned());
        self.change_address(&Json::Object(members), &mut draft);
        if !draft.problems.is_empty() {
            return Err(draft.problems);
        }
        self.store_rows(draft, false);
        Ok(())
    }

    fn edit_record(&mut self, node: &str, id: &str, edit: &Edit) -> Result<(), Refused> {
        let missing = || {
            vec![Diagnose::error(
                format!("{node} {id} : Record does not exist"),
                &[],
            )]
        };
        let node = self.model.node(node).ok_or_else(missing)?;
        let mut row = self
            .store
            .table(node.table)
            .get(id)
            .map(|row| Row::clone(row))
            .ok_or_else(missing)?;
        for (name, value) in edit.members() {
            let property = node.property(name).ok_or_else(|| {
                vec![Diagnose::error(
                    format!("{name}: Unknown property"),
                    &[name],
                )]
            })?;
            assign(&mut row, property, value, self.store, self.model, &[name])
                .map_err(|problem| vec![problem])?;
        }
        row.touch(self.now, self.user);
        self.store.table_mut(node.table).insert(id, row);
        Ok(())
    }

    /// Adds a business partner that is a supplier and nothing else.
    pub(crate) fn create_supplier(&mut self, code: &str, name: &str) {
        let row = Row::new(self.now, self.user)
            .with("BPRNUM", code)
            .with("BPRNAM_0", name)
            .with("CRY", "FR")
            .with("LAN", "FRA")
            .with("CUR", "EUR")
            .with("BRGOBJ", "BPS")
            .with_int("ENAFLG", 2)
            .with_int("BPSFLG", 2)
            .with_int("BPCFLG", 1);
        self.store.table_mut("BPARTNER").insert(code, row);
    }

    /// Removes a customer with its addresses and ship-tos; a partner that is also a supplier stays.
    pub(crate) fn delete_customer(&mut self, code: &str) -> bool {
        if !self.store.table_mut("BPCUSTOMER").remove(code) {
            return false;
        }
        self.remove_under("BPDLVCUST", &format!("{code}|"));
        let partner = self.store.table_mut("BPARTNER");
        if let Some(row) = partner.row_mut(code)
            && row.int("BPSFLG") == 2
        {
            row.set("BPCFLG".into(), crate::store::Value::Int(1));
            row.touch(self.now, self.user);
            return true;
        }
        partner.remove(code);
        self.remove_under("BPADDRESS", &format!("1|{code}|"));
        true
    }

    /// Removes the rows whose key starts so.
    pub(super) fn remove_under(&mut self, table: &'static str, prefix: &str) {
        let table = self.store.table_mut(table);
        let keys: Vec<String> = table
            .rows_under(prefix)
            .map(|(key, _)| key.to_string())
            .collect();
        for key in keys {
            table.remove(&key);
        }
    }

    fn stamp_of(&self, table: &str, key: &str) -> Option<Option<Timestamp>> {
        self.store.table(table).get(key).map(|row| row.updated)
    }

    /// The stamps of all rows a customer consists of.
    fn stamps_of(&self, code: &str) -> Vec<Held> {
        let mut out: Vec<Held> = ["BPCUSTOMER", "BPARTNER"]
            .map(|table| (table, code.to_owned(), self.stamp_of(table, code)))
            .to_vec();
        let prefix = format!("{}|", join_key(["1", code]));
        for (key, row) in self.store.table("BPADDRESS").rows_under(&prefix) {
            out.push(("BPADDRESS", key.to_string(), Some(row.updated)));
        }
        out
    }

    fn restore(&mut self, held: &[Held], mode: StampMode) {
        if mode == StampMode::Moves {
            return;
        }
        for (table, key, stamp) in held {
            if let (Some(row), Some(stamp)) = (self.store.table_mut(table).row_mut(key), stamp)
                && row.updated != *stamp
            {
                row.updated = if mode == StampMode::Stays {
                    *stamp
                } else {
                    None
                };
            }
        }
    }
}

/// Table, key, and the stamp of the row when there was one.
type Held = (&'static str, String, Option<Option<Timestamp>>);
