//! What people do with deliveries and invoices: invoice, post, pay (reference: 4.8).

use std::borrow::Cow;
use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::json::Json;
use crate::store::{Row, Value, join_key};

use super::credit::{Bucket, set_int};
use super::customer::copy;
use super::fulfilment::refuse;
use super::order::LineKey;
use super::pricing::{Amount, amount_of, rate_of_tax, rounded, scale_of, set_decimal};
use super::{Refused, Writer};

const CHART: &str = "FRA";
const CUSTOMERS: &str = "411000";
const SALES: &str = "707000";
const VAT: &str = "445710";
pub(super) const POSTED: i64 = 3;

impl Writer<'_> {
    /// Invoices a delivery; returns the invoice's number.
    pub(crate) fn invoice(&mut self, delivery: &str) -> Result<String, Refused> {
        let Some(mut header) = self
            .store
            .table("SDELIVERY")
            .get(delivery)
            .map(|row| Row::clone(row))
        else {
            return refuse(format!("{delivery} : Record does not exist"));
        };
        if header.int("INVFLG") == 2 {
            return refuse(format!("{delivery} : Already invoiced"));
        }
        let number = self.next_number(&format!("INV{}", header.text("SALFCY")));
        let total = self.invoice_lines(&number, delivery, &header);
        self.store_sales_invoice(&number, delivery, &header, total);
        set_int(&mut header, "INVFLG", 2);
        header.set(Cow::Borrowed("SIHNUM"), Value::Text(number.clone()));
        header.touch(self.now, self.user);
        self.store.table_mut("SDELIVERY").insert(delivery, header);
        self.created_invoice(&number);
        Ok(number)
    }

    /// Writes the invoice's lines and moves the quantities of the deliveries and the orders.
    fn invoice_lines(&mut self, number: &str, delivery: &str, header: &Row) -> (i64, Amount) {
        let prefix = format!("{delivery}|");
        let lines = self.store.table("SDELIVERYD").rows_under(&prefix);
        let lines: Vec<(String, Row)> = lines
            .map(|(key, row)| (key.to_string(), Row::clone(row)))
            .collect();
        let (scale, price_type) = (
            scale_of(self.store, header.text("CUR")),
            header.int("PRITYP"),
        );
        let (mut total, mut count) = (Amount::default(), 0);
        let mut by_order: BTreeMap<String, Vec<(LineKey, Decimal)>> = BTreeMap::new();
        for (key, mut line) in lines {
            let quantity = line.decimal("QTY");
            let amount = amount_of(self.store, &line, quantity, price_type, scale);
            total += amount;
            count += 1;
            self.store_invoice_line(number, count * 1000, &line, amount);
            set_decimal(&mut line, "INVQTY", quantity);
            line.touch(self.now, self.user);
            let of_order = (line.int("SOPLIN"), line.int("SOQSEQ"));
            by_order
                .entry(line.text("SOHNUM").to_owned())
                .or_default()
                .push((of_order, quantity));
            self.store.table_mut("SDELIVERYD").insert(&key, line);
        }
        for (order, quantities) in by_order {
            self.invoiced_on_order(&order, &quantities, number);
        }
        (count, total)
    }

    fn store_invoice_line(&mut self, number: &str, line: i64, delivered: &Row, amount: Amount) {
        let mut row = Row::new(self.now, self.user)
            .with("NUM", number)
            .with_int("SIDLIN", line);
        copy(
            delivered,
            &mut row,
            &[
                "SOHNUM",
                "SOPLIN",
                "SOQSEQ",
                "SDHNUM",
                "SDDLIN",
                "ITMREF",
                "SAU",
                "QTY",
                "GROPRI",
                "NETPRI",
                "NETPRINOT",
                "NETPRIATI",
                "VAT_0",
            ],
        );
        let text = delivered.text("ITMDES1").to_owned();
        row.set(Cow::Borrowed("ITMDES"), Value::Text(text));
        set_decimal(&mut row, "AMTNOTLIN", amount.excluding);
        set_decimal(&mut row, "AMTATILIN", amount.including);
        // The line of the accounting invoice that this one is posted by.
        let mut posting = Row::new(self.now, self.user)
            .with("NUM", number)
            .with("COA", CHART)
            .with("ACC", SALES)
            .with("VAT", row.text("VAT_0"))
            .with("DES", row.text("ITMDES"))
            .with_int("LIN", line);
        set_decimal(&mut posting, "AMTNOTLIN", amount.excluding);
        let key = join_key([number.to_owned(), line.to_string()]);
        self.store.table_mut("SINVOICED").insert(&key, row);
        self.store.table_mut("BPCINVLIG").insert(&key, posting);
    }

    fn invoiced_on_order(&mut self, order: &str, quantities: &[(LineKey, Decimal)], number: &str) {
        let Ok(mut draft) = self.existing_order(&Json::object([("_id", Json::text(order))])) else {
            return;
        };
        for (key, quantity) in quantities {
            if let Some(line) = draft.lines.get_mut(key) {
                let invoiced = line.decimal("INVQTY") + quantity;
                set_decimal(line, "INVQTY", invoiced);
                draft.changed.insert(*key);
            }
        }
        let today = self.today();
        let header = &mut draft.header;
        header.set(Cow::Borrowed("LASINVNUM"), Value::Text(number.to_owned()));
        header.set(Cow::Borrowed("LASINVDAT"), Value::Date(today));
        self.total(&mut draft);
        draft.header.touch(self.now, self.user);
        self.store_order(draft);
    }

    /// The invoice's commercial header (SINVOICEV) and its accounting header (SINVOICE).
    fn store_sales_invoice(
        &mut self,
        number: &str,
        delivery: &str,
        header: &Row,
        (lines, total): (i64, Amount),
    ) {
        let today = self.today();
        let mut sales = Row::new(self.now, self.user)
            .with("NUM", number)
            .with("SIVTYP", "INV")
            .with("SIHORINUM", delivery)
            .with_int("INVTYP", 1)
            .with_int("SIHORI", 3)
            .with_int("INVSTA", 1)
            .with_int("SIHCFLG", 1)
            .with_int("STOMVTFLG", 1)
            .with_int("LINNBR", lines);
        copy(
            header,
            &mut sales,
            &[
                "CPY", "SALFCY", "STOFCY", "BPCINV", "BPCORD", "BPCGRU", "BPAADD", "CUR", "PRITYP",
                "PTE",
            ],
        );
        sales.set(
            Cow::Borrowed("BPRPAY"),
            Value::Text(header.text("BPCPYR").to_owned()),
        );
        for column in ["INVDAT", "SIHORIDAT"] {
            sales.set(Cow::Borrowed(column), Value::Date(today));
        }
        set_decimal(&mut sales, "AMTNOT", total.excluding);
        set_decimal(&mut sales, "AMTATI", total.including);
        let accounting = self.accounting_header(number, header, total);
        self.store.table_mut("SINVOICEV").insert(number, sales);
        self.store.table_mut("SINVOICE").insert(number, accounting);
    }

    fn accounting_header(&self, number: &str, header: &Row, total: Amount) -> Row {
        let mut row = Row::new(self.now, self.user)
            .with("NUM", number)
            .with("GTE", "INV")
            .with("SAC", CUSTOMERS)
            .with("BPR", header.text("BPCINV"))
            .with("BPRPAY", header.text("BPCPYR"))
            .with("FCY", header.text("SALFCY"))
            .with("VAC", header.text("VACBPR"))
            .with_int("INVTYP", 1)
            .with_int("ORIMOD", 4)
            .with_int("STA", 1)
            .with_int("SNS", 1)
            .with_int("DIRINVFLG", 1)
            .with_int("NBRTAX", 1);
        copy(header, &mut row, &["CPY", "CUR", "PTE", "BPAINV"]);
        for column in ["ACCDAT", "BPRDAT", "STRDUDDAT"] {
            row.set(Cow::Borrowed(column), Value::Date(self.today()));
        }
        let rate = match header.decimal("CHGRAT") {
            rate if rate.is_zero() => Decimal::ONE,
            rate => rate,
        };
        for (column, amount) in [
            ("AMTNOT", total.excluding),
            ("AMTATI", total.including),
            ("AMTNOTL", total.excluding * rate),
            ("AMTATIL", total.including * rate),
        ] {
            set_decimal(&mut row, column, amount);
        }
        row
    }

    /// Moves the customer's open amounts by a new invoice.
    pub(super) fn created_invoice(&mut self, number: &str) {
        if let Some(row) = self.store.table("SINVOICE").get(number).cloned() {
            let amount = row.decimal("AMTATIL");
            self.move_credit(row.text("BPR"), row.text("CPY"), Bucket::Invoiced, amount);
        }
    }

    /// Takes an invoice's open amount back.
    pub(super) fn withdrawn_invoice(&mut self, row: &Row) {
        let amount = -row.decimal("AMTATIL");
        self.move_credit(row.text("BPR"), row.text("CPY"), Bucket::Invoiced, amount);
    }

    /// Posts an invoice: a journal entry by its lines' accounts and an open item.
    pub(crate) fn post_invoice(&mut self, number: &str) -> Result<(), Refused> {
        let Some(mut header) = self
            .store
            .table("SINVOICE")
            .get(number)
            .map(|row| Row::clone(row))
        else {
            return refuse(format!("{number} : Record does not exist"));
        };
        if header.int("STA") == POSTED {
            return refuse(format!("{number} : Already posted"));
        }
        set_int(&mut header, "STA", POSTED);
        header.touch(self.now, self.user);
        let (now, user) = (self.now, self.user);
        if let Some(row) = self.store.table_mut("SINVOICEV").row_mut(number) {
            set_int(row, "INVSTA", POSTED);
            row.touch(now, user);
        }
        self.store_entry(number, &header);
        self.store_open_item(number, &header);
        let (customer, company) = (header.text("BPR").to_owned(), header.text("CPY").to_owned());
        let amount = header.decimal("AMTATIL");
        self.store.table_mut("SINVOICE").insert(number, header);
        self.move_credit(&customer, &company, Bucket::Invoiced, -amount);
        self.move_credit(&customer, &company, Bucket::Balance, amount);
        Ok(())
    }

    fn store_entry(&mut self, number: &str, header: &Row) {
        let mut entry = Row::new(self.now, self.user)
            .with("TYP", "INV")
            .with("NUM", number)
            .with("JOU", "SAL")
            .with_int("STA", 2);
        copy(header, &mut entry, &["CPY", "FCY", "CUR", "ACCDAT"]);
        let prefix = format!("{number}|");
        let scale = scale_of(self.store, header.text("CUR"));
        let mut postings = vec![(
            CUSTOMERS.to_owned(),
            1,
            header.decimal("AMTATI"),
            String::new(),
        )];
        for (_, line) in self.store.table("BPCINVLIG").rows_under(&prefix) {
            let amount = line.decimal("AMTNOTLIN");
            let (tax, text) = (line.text("VAT"), line.text("DES"));
            postings.push((line.text("ACC").to_owned(), -1, amount, text.to_owned()));
            let rate = rate_of_tax(self.store, tax) / Decimal::ONE_HUNDRED;
            let taxed = rounded(amount * rate, scale);
            if !taxed.is_zero() {
                postings.push((VAT.to_owned(), -1, taxed, tax.to_owned()));
            }
        }
        for (place, (account, sign, amount, text)) in (1_i64..).zip(postings) {
            let mut line = Row::new(self.now, self.user)
                .with("TYP", "INV")
                .with("NUM", number)
                .with("COA", CHART)
                .with("ACC", account.as_str())
                .with("DES", text)
                .with("FCYLIN", header.text("FCY"))
                .with("CURLED", self.company_currency(header.text("CPY")))
                .with_int("LIN", place)
                .with_int("LEDTYP", 1)
                .with_int("SNS", sign);
            if account == CUSTOMERS {
                line = line.with("SAC", CUSTOMERS).with("BPR", header.text("BPR"));
            }
            copy(header, &mut line, &["CUR", "ACCDAT"]);
            set_decimal(&mut line, "AMTCUR", amount);
            set_decimal(&mut line, "AMTLED", amount);
            let key = join_key(["INV", number, &place.to_string(), "1"]);
            self.store.table_mut("GACCENTRYD").insert(&key, line);
        }
        self.store
            .table_mut("GACCENTRY")
            .insert(&join_key(["INV", number]), entry);
    }

    fn store_open_item(&mut self, number: &str, header: &Row) {
        let mut row = Row::new(self.now, self.user)
            .with("TYP", "INV")
            .with("NUM", number)
            .with_int("LIG", 1)
            .with_int("FLGCLE", 1)
            .with_int("SNS", 1);
        copy(header, &mut row, &["CPY", "FCY", "CUR", "BPR"]);
        row.set(Cow::Borrowed("DUDDAT"), Value::Date(self.today()));
        set_decimal(&mut row, "AMTCUR", header.decimal("AMTATI"));
        set_decimal(&mut row, "AMTLOC", header.decimal("AMTATIL"));
        self.store
            .table_mut("GACCDUDATE")
            .insert(&join_key(["INV", number, "1"]), row);
    }

    /// Records a payment of a posted invoice; without an amount all that is open.
    pub(crate) fn pay_invoice(
        &mut self,
        number: &str,
        amount: Option<Decimal>,
    ) -> Result<(), Refused> {
        let key = join_key(["INV", number, "1"]);
        let Some(mut item) = self
            .store
            .table("GACCDUDATE")
            .get(&key)
            .map(|row| Row::clone(row))
        else {
            return refuse(format!("{number} : Not posted"));
        };
        let open = item.decimal("AMTCUR") - item.decimal("PAYCUR");
        let paid = amount.unwrap_or(open);
        if paid <= Decimal::ZERO || paid > open {
            return refuse(format!("{number} : {paid} of {open} cannot be paid"));
        }
        let sum = item.decimal("PAYCUR") + paid;
        set_decimal(&mut item, "PAYCUR", sum);
        if paid == open {
            set_int(&mut item, "FLGCLE", 2);
        }
        item.touch(self.now, self.user);
        let rate = item
            .decimal("AMTLOC")
            .checked_div(item.decimal("AMTCUR"))
            .unwrap_or(Decimal::ONE);
        let (customer, company) = (item.text("BPR").to_owned(), item.text("CPY").to_owned());
        self.store.table_mut("GACCDUDATE").insert(&key, item);
        self.move_credit(&customer, &company, Bucket::Balance, -(paid * rate));
        Ok(())
    }
}
