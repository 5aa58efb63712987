//! What a customer owes and has ordered, and the check of it (reference: 4.8, BPCUSTMVT and menus 234 and 419).
//!
//! As X3 does, the open amounts are kept in a table of their own, which every document moves. They are in the
//! company's currency, tax included, under the customer that carries the risk.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::diagnose::{Diagnose, Severity};
use crate::settings::CreditCheck;
use crate::store::{Row, Store, Value, join_key};

use super::Writer;
use super::pricing::set_decimal;

/// Where an amount stands on its way from order to payment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bucket {
    /// Ordered, not delivered.
    Ordered,
    /// Delivered, not invoiced.
    Delivered,
    /// Invoiced, not posted.
    Invoiced,
    /// Posted, not paid.
    Balance,
}

impl Bucket {
    fn column(self) -> &'static str {
        match self {
            Self::Ordered => "ORDBPCATIL",
            Self::Delivered => "NIVDLVL",
            Self::Invoiced => "NPTINVL",
            Self::Balance => "BLCL",
        }
    }
}

const BUCKETS: [Bucket; 4] = [
    Bucket::Ordered,
    Bucket::Delivered,
    Bucket::Invoiced,
    Bucket::Balance,
];

/// All open amounts of a risk customer.
pub(crate) fn outstanding(store: &Store, risk_customer: &str) -> Decimal {
    let prefix = format!("{risk_customer}|");
    store
        .table("BPCUSTMVT")
        .rows_under(&prefix)
        .map(|(_, row)| {
            BUCKETS
                .iter()
                .map(|bucket| row.decimal(bucket.column()))
                .sum::<Decimal>()
        })
        .sum()
}

impl Writer<'_> {
    /// Moves an open amount of a customer.
    pub(super) fn move_credit(
        &mut self,
        customer: &str,
        company: &str,
        bucket: Bucket,
        by: Decimal,
    ) {
        if by.is_zero() {
            return;
        }
        let risk = self.risk_customer(customer);
        let key = join_key([risk.as_str(), company, customer]);
        let (now, user) = (self.now, self.user);
        let table = self.store.table_mut("BPCUSTMVT");
        let mut row = table.get(&key).map_or_else(
            || {
                Row::new(now, user)
                    .with("BPCRSK", risk.as_str())
                    .with("CPY", company)
                    .with("BPCNUM", customer)
            },
            |row| Row::clone(row),
        );
        let amount = row.decimal(bucket.column()) + by;
        set_decimal(&mut row, bucket.column(), amount);
        row.touch(now, user);
        table.insert(&key, row);
    }

    fn risk_customer(&self, customer: &str) -> String {
        let row = self.store.table("BPCUSTOMER").get(customer);
        match row.map(|row| row.text("BPCRSK")) {
            None | Some("") => customer.to_owned(),
            Some(risk) => risk.to_owned(),
        }
    }

    /// The credit status of an order over an amount, with what is said about it.
    ///
    /// An authorised amount of 0 counts as no limit.
    pub(super) fn check_credit(&self, customer: &str, amount: Decimal) -> (i64, Option<Diagnose>) {
        const OK: i64 = 1;
        const HOLD: i64 = 2;
        const LIMIT_EXCEEDED: i64 = 3;
        if self.settings.credit_check == CreditCheck::Ignored {
            return (OK, None);
        }
        let risk = self.risk_customer(customer);
        let Some(row) = self.store.table("BPCUSTOMER").get(&risk) else {
            return (OK, None);
        };
        let (limit, open) = (row.decimal("OSTAUZ"), outstanding(self.store, &risk));
        let (status, message) = match row.int("OSTCTL") {
            3 => (HOLD, format!("{risk} : Customer on hold")),
            1 if !limit.is_zero() && open + amount > limit => (
                LIMIT_EXCEEDED,
                format!(
                    "{risk} : Authorized credit exceeded ({} of {limit})",
                    open + amount
                ),
            ),
            _ => return (OK, None),
        };
        let member = &["data", "soldToCustomer"];
        let diagnose = match self.settings.credit_check {
            CreditCheck::Blocks => Some(Diagnose::error(message, member)),
            CreditCheck::Warns => Some(Diagnose {
                severity: Severity::Warning,
                ..Diagnose::error(message, member)
            }),
            CreditCheck::Ignored | CreditCheck::StatusOnly => None,
        };
        (status, diagnose)
    }

    /// Stores an order's header and moves the customer's open amounts by what that changes.
    pub(super) fn store_order_header(&mut self, id: &str, header: Row) {
        let held = self.store.table("SORDER").get(id).map(|row| {
            let open = |column| row.decimal(column) * rate(row);
            (open("DLRATI"), open("INRATI"))
        });
        let (ordered, delivered) = held.unwrap_or_default();
        let open = |column| header.decimal(column) * rate(&header);
        let moves = [
            (Bucket::Ordered, open("DLRATI") - ordered),
            (Bucket::Delivered, open("INRATI") - delivered),
        ];
        let customer = header.text("BPCINV").to_owned();
        let company = header.text("CPY").to_owned();
        self.store.table_mut("SORDER").insert(id, header);
        for (bucket, by) in moves {
            self.move_credit(&customer, &company, bucket, by);
        }
    }
}

fn rate(row: &Row) -> Decimal {
    match row.decimal("CHGRAT") {
        rate if rate.is_zero() => Decimal::ONE,
        rate => rate,
    }
}

/// Sets a local menu or a count.
pub(super) fn set_int(row: &mut Row, column: &'static str, value: i64) -> bool {
    row.set(Cow::Borrowed(column), Value::Int(value))
}
