//! What the lines of a sales order add up to: amounts, counts, statuses, and the checks of the amount.

use rust_decimal::Decimal;

use crate::diagnose::{Diagnose, Severity};
use crate::store::Row;

use super::credit::set_int;
use super::order::OrderDraft;
use super::pricing::{Amount, amount_of, scale_of, set_decimal};
use super::{Refused, Writer};

impl Writer<'_> {
    /// Adds up the lines and works out the statuses that follow from them.
    pub(super) fn total(&self, draft: &mut OrderDraft) {
        let header = &draft.header;
        let (scale, price_type) = (
            scale_of(self.store, header.text("CUR")),
            header.int("PRITYP"),
        );
        let amount =
            |line: &Row, quantity| amount_of(self.store, line, quantity, price_type, scale);
        let (mut all, mut to_deliver, mut to_invoice) =
            (Amount::default(), Amount::default(), Amount::default());
        let mut counts = Counts::default();
        for line in draft.lines.values() {
            let (ordered, delivered, invoiced) = (
                line.decimal("QTY"),
                line.decimal("DLVQTY"),
                line.decimal("INVQTY"),
            );
            all += amount(line, ordered);
            if line.int("SOQSTA") != 3 {
                to_deliver += amount(line, ordered - delivered);
            }
            to_invoice += amount(line, (delivered - invoiced).max(Decimal::ZERO));
            counts.add(line);
        }
        let rate = header.decimal("CHGRAT");
        let header = &mut draft.header;
        let mut changed = false;
        for (column, value) in [
            ("ORDNOT", all.excluding),
            ("ORDATI", all.including),
            ("ORDINVNOT", all.excluding),
            ("ORDINVATI", all.including),
            ("ORDNOTL", all.excluding * rate),
            ("ORDATIL", all.including * rate),
            ("DLRNOT", to_deliver.excluding),
            ("DLRATI", to_deliver.including),
            ("INRNOT", to_invoice.excluding),
            ("INRATI", to_invoice.including),
        ] {
            changed |= set_decimal(header, column, value);
        }
        for (column, value) in counts.columns() {
            changed |= set_int(header, column, value);
        }
        draft.header_changed |= changed;
    }

    pub(super) fn check_order_amount(
        &self,
        draft: &mut OrderDraft,
    ) -> Result<Vec<Diagnose>, Refused> {
        let held = self.store.table("SORDER").get(&draft.id);
        let before = held.map_or(Decimal::ZERO, |row| {
            row.decimal("DLRATI") * row.decimal("CHGRAT")
        });
        let amount = draft.header.decimal("DLRATI") * draft.header.decimal("CHGRAT") - before;
        let customer = draft.header.text("BPCINV").to_owned();
        let (status, diagnose) = self.check_credit(&customer, amount);
        set_int(&mut draft.header, "CDTSTA", status);
        match diagnose {
            Some(diagnose) if diagnose.severity == Severity::Error => Err(vec![diagnose]),
            other => Ok(other.into_iter().collect()),
        }
    }

    pub(super) fn below_minimum(&self, draft: &OrderDraft) -> Option<Diagnose> {
        let customer = self
            .store
            .table("BPCUSTOMER")
            .get(draft.header.text("BPCORD"))?;
        let (least, amount) = (
            customer.decimal("ORDMINAMT"),
            draft.header.decimal("ORDNOT"),
        );
        (amount < least).then(|| {
            Diagnose::new(
                Severity::Warning,
                format!("Order amount {amount} is below the customer's minimum of {least}"),
            )
        })
    }
}

/// How many lines are how far.
#[derive(Default)]
struct Counts {
    lines: i64,
    closed: i64,
    delivered: i64,
    touched_by_delivery: i64,
    invoiced: i64,
    touched_by_invoice: i64,
}

impl Counts {
    fn add(&mut self, line: &Row) {
        let (ordered, delivered, invoiced) = (
            line.decimal("QTY"),
            line.decimal("DLVQTY"),
            line.decimal("INVQTY"),
        );
        let closed = line.int("SOQSTA") == 3;
        // A line closed early counts as done with what it has.
        let done = |quantity: Decimal| quantity >= ordered || (closed && !quantity.is_zero());
        self.lines += 1;
        self.closed += i64::from(closed);
        self.delivered += i64::from(done(delivered));
        self.touched_by_delivery += i64::from(!delivered.is_zero());
        self.invoiced += i64::from(done(invoiced) && invoiced >= delivered);
        self.touched_by_invoice += i64::from(!invoiced.is_zero());
    }

    fn columns(&self) -> [(&'static str, i64); 7] {
        [
            ("LINNBR", self.lines),
            ("CLELINNBR", self.closed),
            ("DLVLINNBR", self.delivered),
            ("INVLINNBR", self.invoiced),
            ("ORDSTA", if self.closed == self.lines { 2 } else { 1 }),
            (
                "DLVSTA",
                self.status(self.delivered, self.touched_by_delivery),
            ),
            (
                "INVSTA",
                self.status(self.invoiced, self.touched_by_invoice),
            ),
        ]
    }

    /// 1 not, 2 partly, 3 fully.
    fn status(&self, done: i64, touched: i64) -> i64 {
        match (touched, done == self.lines) {
            (0, _) => 1,
            (_, true) => 3,
            (_, false) => 2,
        }
    }
}
