//! What people do with orders after they are made: deliver, close, receive (reference: 4.8).

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::diagnose::Diagnose;
use crate::json::Json;
use crate::store::{Row, Value, join_key};

use super::credit::set_int;
use super::customer::copy;
use super::order::LineKey;
use super::pricing::set_decimal;
use super::{Refused, Writer};

/// Line numbers with quantities; none means all that is left.
pub(crate) type Quantities<'a> = Option<&'a [(i64, Decimal)]>;

/// Nothing is done, for this reason.
pub(super) fn refuse<T>(message: String) -> Result<T, Refused> {
    Err(vec![Diagnose::error(message, &[])])
}

/// What is to be done with a line that has `open` left; `None` is nothing.
fn wanted(
    quantities: Quantities<'_>,
    line: i64,
    open: Decimal,
) -> Result<Option<Decimal>, Refused> {
    let quantity = match quantities {
        None => open,
        Some(some) => match some.iter().find(|(number, _)| *number == line) {
            Some((_, quantity)) => *quantity,
            None => return Ok(None),
        },
    };
    if quantity > open {
        return refuse(format!("Line {line} : {quantity} is more than {open}"));
    }
    Ok((quantity > Decimal::ZERO).then_some(quantity))
}

impl Writer<'_> {
    /// Delivers an order and validates the delivery; stock goes down by what there is. Returns the delivery's number.
    pub(crate) fn deliver(
        &mut self,
        order: &str,
        quantities: Quantities<'_>,
    ) -> Result<String, Refused> {
        let mut draft = self.existing_order(&Json::object([("_id", Json::text(order))]))?;
        let mut shipped: Vec<(LineKey, Decimal)> = Vec::new();
        for (key, line) in &draft.lines {
            let open = line.decimal("QTY") - line.decimal("DLVQTY");
            if line.int("SOQSTA") == 3 {
                continue;
            }
            if let Some(quantity) = wanted(quantities, key.0, open)? {
                shipped.push((*key, quantity));
            }
        }
        if shipped.is_empty() {
            return refuse(format!("{order} : Nothing to deliver"));
        }
        let site = draft.header.text("STOFCY").to_owned();
        let number = self.next_number(&format!("SDN{site}"));
        let (today, mut lines) = (self.today(), Vec::new());
        for (key, quantity) in shipped {
            let Some(line) = draft.lines.get_mut(&key) else {
                continue;
            };
            let delivered = line.decimal("DLVQTY") + quantity;
            set_decimal(line, "DLVQTY", delivered);
            if delivered >= line.decimal("QTY") {
                set_int(line, "SOQSTA", 3);
            }
            line.set(Cow::Borrowed("SDHNUM"), Value::Text(number.clone()));
            draft.changed.insert(key);
            lines.push((line.clone(), quantity));
        }
        for (place, (line, quantity)) in (1_i64..).zip(&lines) {
            self.store_delivery_line(&number, place * 1000, line, *quantity);
            self.take_from_stock(line, *quantity * line.decimal("SAUSTUCOE"));
        }
        let header = &mut draft.header;
        header.set(Cow::Borrowed("LASDLVNUM"), Value::Text(number.clone()));
        header.set(Cow::Borrowed("LASDLVDAT"), Value::Date(today));
        self.store_delivery(&number, header);
        self.total(&mut draft);
        draft.header.touch(self.now, self.user);
        self.store_order(draft);
        Ok(number)
    }

    fn store_delivery(&mut self, number: &str, order: &Row) {
        let mut row = Row::new(self.now, self.user)
            .with("SDHNUM", number)
            .with_int("SDHCAT", 1)
            .with_int("LNDFLG", 1)
            .with_int("CFMFLG", 2)
            .with_int("INVFLG", 1);
        copy(
            order,
            &mut row,
            &[
                "STOFCY", "CPY", "SALFCY", "BPCORD", "BPCINV", "BPCPYR", "BPCGRU", "BPAADD",
                "DAYLTI", "CUR", "CHGRAT", "PRITYP", "PTE", "VACBPR", "BPAINV",
            ],
        );
        for column in ["SHIDAT", "DLVDAT"] {
            row.set(Cow::Borrowed(column), Value::Date(self.today()));
        }
        let key = join_key(["1", row.text("BPCORD"), row.text("BPAADD")]);
        if let Some(address) = self.store.table("BPADDRESS").get(&key) {
            for (from, to) in [
                ("POSCOD", "BPDPOSCOD"),
                ("CTY", "BPDCTY"),
                ("SAT", "BPDSAT"),
                ("CRY", "BPDCRY"),
                ("CRYNAM", "BPDCRYNAM"),
            ] {
                let text = address.text(from).to_owned();
                row.set(Cow::Borrowed(to), Value::Text(text));
            }
        }
        self.store.table_mut("SDELIVERY").insert(number, row);
    }

    fn store_delivery_line(&mut self, number: &str, line: i64, order: &Row, quantity: Decimal) {
        let mut row = Row::new(self.now, self.user)
            .with("SDHNUM", number)
            .with_int("SDDLIN", line)
            .with_int("SDHCAT", 1);
        copy(
            order,
            &mut row,
            &[
                "SOHNUM",
                "SOPLIN",
                "SOQSEQ",
                "ITMREF",
                "ITMDES1",
                "SAU",
                "NETPRI",
                "NETPRINOT",
                "NETPRIATI",
                "GROPRI",
                "VAT_0",
            ],
        );
        set_decimal(&mut row, "QTY", quantity);
        set_decimal(&mut row, "QTYSTU", quantity * order.decimal("SAUSTUCOE"));
        let key = join_key([number.to_owned(), line.to_string()]);
        self.store.table_mut("SDELIVERYD").insert(&key, row);
    }

    /// Takes stock units from the accepted stock of a line's product at its site, oldest first.
    fn take_from_stock(&mut self, line: &Row, quantity: Decimal) {
        let (now, user, mut left) = (self.now, self.user, quantity);
        let prefix = format!("{}|", line.text("STOFCY"));
        let rows = self.store.table("STOCK").rows_under(&prefix);
        let fitting = rows
            .filter(|(_, row)| row.text("ITMREF") == line.text("ITMREF") && row.text("STA") == "A");
        let keys: Vec<String> = fitting.map(|(key, _)| key.to_string()).collect();
        let table = self.store.table_mut("STOCK");
        for key in keys {
            let Some(row) = table.row_mut(&key) else {
                continue;
            };
            let taken = left.min(row.decimal("QTYSTU"));
            if taken <= Decimal::ZERO {
                continue;
            }
            let rest = row.decimal("QTYSTU") - taken;
            set_decimal(row, "QTYSTU", rest);
            set_decimal(row, "QTYPCU", rest);
            row.touch(now, user);
            left -= taken;
        }
    }

    /// Closes a line of an order that will not be delivered further.
    pub(crate) fn close_line(&mut self, order: &str, line: i64) -> Result<(), Refused> {
        let mut draft = self.existing_order(&Json::object([("_id", Json::text(order))]))?;
        let today = self.today();
        let Some(row) = draft.lines.get_mut(&(line, line)) else {
            return refuse(format!("{order} : No line {line}"));
        };
        set_int(row, "SOQSTA", 3);
        row.set(Cow::Borrowed("CCLDAT"), Value::Date(today));
        draft.changed.insert((line, line));
        self.total(&mut draft);
        draft.header.touch(self.now, self.user);
        self.store_order(draft);
        Ok(())
    }

    /// Receives goods of a purchase order.
    pub(crate) fn receive(
        &mut self,
        order: &str,
        quantities: Quantities<'_>,
    ) -> Result<(), Refused> {
        let Some(mut header) = self
            .store
            .table("PORDER")
            .get(order)
            .map(|row| Row::clone(row))
        else {
            return refuse(format!("{order} : Record does not exist"));
        };
        let prefix = format!("{order}|");
        let lines = self.store.table("PORDERQ").rows_under(&prefix);
        let lines: Vec<(String, Row)> = lines
            .map(|(key, row)| (key.to_string(), Row::clone(row)))
            .collect();
        let (mut changed, mut full, mut some) = (Vec::new(), true, false);
        for (key, mut line) in lines {
            let (ordered, received) = (line.decimal("QTYUOM"), line.decimal("RCPQTYSTU"));
            let now = wanted(quantities, line.int("POPLIN"), ordered - received)?;
            let received = received + now.unwrap_or_default();
            full &= received >= ordered;
            some |= !received.is_zero();
            if now.is_some() {
                set_decimal(&mut line, "RCPQTYSTU", received);
                if received >= ordered {
                    set_int(&mut line, "LINCLEFLG", 2);
                }
                line.touch(self.now, self.user);
                changed.push((key, line));
            }
        }
        if changed.is_empty() {
            return refuse(format!("{order} : Nothing to receive"));
        }
        set_int(&mut header, "CLEFLG", if full { 2 } else { 1 });
        let status = match (full, some) {
            (true, _) => 3,
            (false, true) => 2,
            (false, false) => 1,
        };
        set_int(&mut header, "RCPSTA", status);
        header.touch(self.now, self.user);
        for (key, line) in changed {
            self.store.table_mut("PORDERQ").insert(&key, line);
        }
        self.store.table_mut("PORDER").insert(order, header);
        Ok(())
    }
}
