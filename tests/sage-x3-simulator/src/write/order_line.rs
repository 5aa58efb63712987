//! Lines of a sales order: products, units, quantities, prices (reference: 4.9).

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::json::Json;
use crate::store::{Row, Value, join_key};

use super::Writer;
use super::assign::assign;
use super::credit::set_int;
use super::customer::copy;
use super::input::ORDER_LINE;
use super::order::{LineKey, OrderDraft};
use super::pricing::{list_price, price_line, set_decimal};

/// Lines are numbered in steps, so that others fit between them.
const STEP: i64 = 1000;

/// Product statuses that cannot be sold (menu 246): in development, obsolete, not usable.
const NOT_FOR_SALE: [i64; 3] = [2, 5, 6];

impl Writer<'_> {
    pub(super) fn read_new_lines(&self, data: &Json, draft: &mut OrderDraft) {
        let lines = self.settings.sales_order_lines.name();
        match data.get(lines) {
            Some(Json::Array(rows)) if !rows.is_empty() => {
                for (index, row) in rows.iter().enumerate() {
                    self.create_line(row, index, draft);
                }
            }
            _ => draft.refuse(format!("{lines}: At least one line"), &["data", lines]),
        }
    }

    pub(super) fn change_line(&self, input: &Json, index: usize, draft: &mut OrderDraft) {
        let key = line_key(input);
        let known = key.filter(|key| draft.lines.contains_key(key));
        match (input.get("_action").and_then(Json::as_str), known) {
            (Some("create"), _) => self.create_line(input, index, draft),
            (Some("update"), Some(key)) => self.update_line(input, index, key, draft),
            (Some("delete"), Some(key)) => self.delete_line(index, key, draft),
            (Some("update" | "delete"), None) => {
                self.refuse_line(draft, index, "lineNumber", "Record does not exist");
            }
            _ => self.refuse_line(draft, index, "_action", "must be create, update or delete"),
        }
    }

    fn refuse_line(&self, draft: &mut OrderDraft, index: usize, member: &str, message: &str) {
        let lines = self.settings.sales_order_lines.name();
        let place = index.to_string();
        draft.refuse(
            format!("{lines}: {member}: {message}"),
            &["data", lines, &place, member],
        );
    }

    fn create_line(&self, input: &Json, index: usize, draft: &mut OrderDraft) {
        let last = draft.lines.keys().next_back().map_or(0, |(line, _)| *line);
        let number = match input.get("lineNumber") {
            Some(Json::Number(text)) => text.parse().unwrap_or(0),
            _ => (last / STEP + 1) * STEP,
        };
        if number <= 0 || draft.lines.contains_key(&(number, number)) {
            let message = format!("{number} : Incorrect or used line number");
            return self.refuse_line(draft, index, "lineNumber", &message);
        }
        let mut line = Row::new(self.now, self.user)
            .with_int("SOPLIN", number)
            .with_int("SOQSEQ", number)
            .with_int("SOPSEQ", number)
            .with_int("SOQSTA", 1);
        copy(
            &draft.header,
            &mut line,
            &[
                "CPY",
                "SOHCAT",
                "BPCORD",
                "BPCINV",
                "BPAADD",
                "STOFCY",
                "SALFCY",
                "ORDDAT",
                "SHIDAT",
                "DEMDLVDAT",
            ],
        );
        copy_as(&draft.header, "DEMDLVDAT", &mut line, "EXTDLVDAT");
        if !self.read_line(input, index, &["product"], &mut line, draft) {
            return;
        }
        let Some(product) = self.store.table("ITMMASTER").get(line.text("ITMREF")) else {
            return self.refuse_line(draft, index, "product", "Mandatory field");
        };
        if let Err(message) = saleable(product) {
            return self.refuse_line(draft, index, "product", &message);
        }
        for (from, to) in [
            ("SAU", "SAU"),
            ("STU", "STU"),
            ("ITMDES1", "ITMDES1"),
            ("ITMDES1", "ITMDES"),
            ("VACITM_0", "VACITM_0"),
        ] {
            copy_as(product, from, &mut line, to);
        }
        if self.read_line(input, index, &ORDER_LINE, &mut line, draft)
            && self.finish_line(input, index, product, &mut line, draft)
        {
            draft.lines.insert((number, number), line);
            draft.changed.insert((number, number));
        }
    }

    fn update_line(&self, input: &Json, index: usize, key: LineKey, draft: &mut OrderDraft) {
        let Some(held) = draft.lines.get(&key).cloned() else {
            return;
        };
        let mut line = held.clone();
        if !self.read_line(input, index, &ORDER_LINE, &mut line, draft) {
            return;
        }
        if line.text("ITMREF") != held.text("ITMREF") {
            return self.refuse_line(draft, index, "product", "Cannot be changed");
        }
        let Some(product) = self.store.table("ITMMASTER").get(line.text("ITMREF")) else {
            return;
        };
        if self.finish_line(input, index, product, &mut line, draft) && line != held {
            draft.lines.insert(key, line);
            draft.changed.insert(key);
        }
    }

    fn delete_line(&self, index: usize, key: LineKey, draft: &mut OrderDraft) {
        let delivered = draft
            .lines
            .get(&key)
            .is_some_and(|line| !line.decimal("DLVQTY").is_zero());
        if delivered {
            return self.refuse_line(draft, index, "lineNumber", "Line already delivered");
        }
        draft.lines.remove(&key);
        draft.changed.remove(&key);
        draft.removed.insert(key);
    }

    /// Takes over members of a line; says whether all were right.
    fn read_line(
        &self,
        input: &Json,
        index: usize,
        members: &[&str],
        line: &mut Row,
        draft: &mut OrderDraft,
    ) -> bool {
        let Some(node) = self.model.node("salesOrderLine") else {
            return false;
        };
        let (lines, place) = (self.settings.sales_order_lines.name(), index.to_string());
        let mut right = true;
        let own = node
            .properties
            .iter()
            .filter(|property| self.is_custom(node.name, &property.name));
        let own = own.map(|property| property.name.as_ref());
        for member in members.iter().copied().chain(own) {
            let (Some(value), Some(property)) = (input.get(member), node.property(member)) else {
                continue;
            };
            let path = ["data", lines, &place, member];
            if let Err(problem) = assign(line, property, value, self.store, self.model, &path) {
                draft.problems.push(problem);
                right = false;
            }
        }
        right
    }

    /// Checks the line as a whole and works out unit, quantities and prices.
    fn finish_line(
        &self,
        input: &Json,
        index: usize,
        product: &Row,
        line: &mut Row,
        draft: &mut OrderDraft,
    ) -> bool {
        let quantity = line.decimal("QTY");
        if quantity <= Decimal::ZERO {
            let message = "Must be above 0";
            self.refuse_line(draft, index, "quantityInSalesUnitOrdered", message);
            return false;
        }
        if quantity < line.decimal("DLVQTY") {
            let message = "Below the delivered quantity";
            self.refuse_line(draft, index, "quantityInSalesUnitOrdered", message);
            return false;
        }
        let Some(factor) = unit_factor(product, line.text("SAU")) else {
            let message = format!("{} : Not a unit of the product", line.text("SAU"));
            self.refuse_line(draft, index, "salesUnit", &message);
            return false;
        };
        let at_site = join_key([line.text("ITMREF"), line.text("STOFCY")]);
        if product.int("STOMGTCOD") != 1 && self.store.table("ITMFACILIT").get(&at_site).is_none() {
            let message = format!("{at_site} : Product not defined at the site");
            self.refuse_line(draft, index, "product", &message);
            return false;
        }
        set_decimal(line, "SAUSTUCOE", factor);
        set_decimal(line, "QTYSTU", quantity * factor);
        if line.get("GROPRI").is_none() && input.get("grossPrice").is_none() {
            let rate = draft.header.decimal("CHGRAT");
            let customer = draft.header.text("BPCORD");
            let price = list_price(self.store, customer, line.text("ITMREF"), rate);
            set_decimal(line, "GROPRI", price);
        }
        price_line(
            self.store,
            line,
            draft.header.text("VACBPR"),
            draft.header.int("PRITYP"),
        );
        if line.int("SOQSTA") == 0 {
            set_int(line, "SOQSTA", 1);
        }
        true
    }
}

/// Which line a row of an update means: its number, or its `_id` (`order|line|sequence`).
fn line_key(input: &Json) -> Option<LineKey> {
    let number = |json: Option<&Json>| match json {
        Some(Json::Number(text)) => text.parse::<i64>().ok(),
        _ => None,
    };
    if let Some(line) = number(input.get("lineNumber")) {
        return Some((line, number(input.get("sequenceNumber")).unwrap_or(line)));
    }
    let mut parts = input.get("_id").and_then(Json::as_str)?.rsplit('|');
    let sequence = parts.next()?.parse().ok()?;
    Some((parts.next()?.parse().ok()?, sequence))
}

fn saleable(product: &Row) -> Result<(), String> {
    let code = product.text("ITMREF");
    if NOT_FOR_SALE.contains(&product.int("ITMSTA")) {
        return Err(format!("{code} : Product not active"));
    }
    if product.int("SALFLG") != 2 {
        return Err(format!("{code} : Product not sold"));
    }
    Ok(())
}

/// Stock units in one unit of the line.
fn unit_factor(product: &Row, unit: &str) -> Option<Decimal> {
    if unit == product.text("STU") {
        return Some(Decimal::ONE);
    }
    (unit == product.text("SAU")).then(|| product.decimal("SAUSTUCOE"))
}

fn copy_as(from: &Row, column: &str, to: &mut Row, target: &'static str) {
    if let Some(value) = from.get(column) {
        to.set(Cow::Borrowed(target), Value::clone(value));
    }
}
