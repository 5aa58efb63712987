//! What X3 fills in and checks when a purchase order or a customer invoice is created.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::model::Node;
use crate::store::{Row, Value, join_key};

use super::Writer;
use super::credit::set_int;
use super::customer::copy;
use super::invoicing::POSTED;
use super::pricing::{rate_of, rate_of_tax, rounded, scale_of, set_decimal};
use super::record::RecordDraft;

impl Writer<'_> {
    /// Fills in and checks a record as the object behind its node does.
    pub(super) fn finish(&self, node: &Node, draft: &mut RecordDraft) {
        match node.name {
            "purchaseOrder" => self.finish_purchase_order(draft),
            "customerInvoiceHeader" => self.finish_customer_invoice(draft),
            _ => {}
        }
    }

    /// What else a new record moves.
    pub(super) fn created(&mut self, node: &Node, key: &str) {
        if node.name == "customerInvoiceHeader" {
            self.created_invoice(key);
        }
    }

    /// What else a changed record moves.
    pub(super) fn changed(&mut self, node: &Node, key: &str, before: &Row) {
        if node.name == "customerInvoiceHeader" {
            self.withdrawn_invoice(before);
            self.created_invoice(key);
        }
    }

    fn finish_purchase_order(&self, draft: &mut RecordDraft) {
        let site = draft.row.text("POHFCY").to_owned();
        self.company_of_site(&mut draft.row, &site);
        self.default_date(&mut draft.row, "ORDDAT");
        for column in ["PRHFCY", "INVFCY"] {
            default_text(&mut draft.row, column, &site);
        }
        let supplier = draft.row.text("BPSNUM").to_owned();
        if let Some(supplier) = self.store.table("BPSUPPLIER").get(&supplier) {
            for column in ["CUR", "PTE", "BPAADD"] {
                let text = supplier.text(column).to_owned();
                default_text(&mut draft.row, column, &text);
            }
        }
        let mut total = Decimal::ZERO;
        for (_, line) in &mut draft.lines {
            copy(&draft.row, line, &["CPY", "EXTRCPDAT"]);
            self.default_purchase_line(line);
            total += line.decimal("QTYUOM") * line.decimal("GROPRI");
        }
        let scale = scale_of(self.store, draft.row.text("CUR"));
        set_decimal(&mut draft.row, "TOTLINAMT", rounded(total, scale));
    }

    fn default_purchase_line(&self, line: &mut Row) {
        let code = line.text("ITMREF").to_owned();
        let Some(product) = self.store.table("ITMMASTER").get(&code) else {
            return;
        };
        for (from, to) in [
            ("PUU", "UOM"),
            ("ITMDES1", "ITMDES1"),
            ("ITMDES1", "ITMDES"),
        ] {
            let text = product.text(from).to_owned();
            default_text(line, to, &text);
        }
        if line.get("GROPRI").is_none()
            && let Some(prices) = self.store.table("ITMPURCH").get(&code)
        {
            set_decimal(line, "GROPRI", prices.decimal("PURBASPRI"));
        }
    }

    fn finish_customer_invoice(&self, draft: &mut RecordDraft) {
        let site = draft.row.text("FCY").to_owned();
        self.company_of_site(&mut draft.row, &site);
        self.default_date(&mut draft.row, "ACCDAT");
        default_text(&mut draft.row, "GTE", "INV");
        default_text(&mut draft.row, "SAC", "411000");
        let customer = draft.row.text("BPR").to_owned();
        if let Some(customer) = self.store.table("BPCUSTOMER").get(&customer) {
            for (from, to) in [
                ("CUR", "CUR"),
                ("PTE", "PTE"),
                ("VACBPR", "VAC"),
                ("BPAINV", "BPAINV"),
                ("BPCPYR", "BPRPAY"),
            ] {
                let text = customer.text(from).to_owned();
                default_text(&mut draft.row, to, &text);
            }
        }
        if draft.lines.is_empty() {
            return draft.refuse("lines: At least one line", &["data", "lines"]);
        }
        for index in 0..draft.lines.len() {
            self.check_account(index, draft);
        }
        self.total_invoice(draft);
    }

    /// Postings go to active accounts that are not control accounts.
    fn check_account(&self, index: usize, draft: &mut RecordDraft) {
        let Some((_, line)) = draft.lines.get(index) else {
            return;
        };
        let key = join_key([line.text("COA"), line.text("ACC")]);
        let Some(account) = self.store.table("GACCOUNT").get(&key) else {
            return;
        };
        let place = index.to_string();
        let member = ["data", "lines", &place, "account"];
        if account.int("ENAFLG") != 2 {
            draft.refuse(format!("account: {key} : Inactive record"), &member);
        } else if account.int("SAC") == 2 {
            draft.refuse(format!("account: {key} : Control account"), &member);
        }
    }

    fn total_invoice(&self, draft: &mut RecordDraft) {
        let currency = draft.row.text("CUR").to_owned();
        let scale = scale_of(self.store, &currency);
        let (mut excluding, mut including) = (Decimal::ZERO, Decimal::ZERO);
        let mut taxes: Vec<&str> = Vec::new();
        for (_, line) in &draft.lines {
            let amount = line.decimal("AMTNOTLIN");
            let rate = rate_of_tax(self.store, line.text("VAT")) / Decimal::ONE_HUNDRED;
            excluding += amount;
            including += amount + rounded(amount * rate, scale);
            if !line.text("VAT").is_empty() && !taxes.contains(&line.text("VAT")) {
                taxes.push(line.text("VAT"));
            }
        }
        set_int(
            &mut draft.row,
            "NBRTAX",
            i64::try_from(taxes.len()).unwrap_or(0),
        );
        let company = self.company_currency(draft.row.text("CPY"));
        let rate = rate_of(self.store, &currency, &company);
        for (column, amount) in [
            ("AMTNOT", excluding),
            ("AMTATI", including),
            ("AMTNOTL", excluding * rate),
            ("AMTATIL", including * rate),
        ] {
            set_decimal(&mut draft.row, column, amount);
        }
    }

    fn company_of_site(&self, row: &mut Row, site: &str) {
        if let Some(site) = self.store.table("FACILITY").get(site) {
            let company = site.text("LEGCPY").to_owned();
            row.set(Cow::Borrowed("CPY"), Value::Text(company));
        }
    }

    fn default_date(&self, row: &mut Row, column: &'static str) {
        if row.get(column).is_none() {
            row.set(Cow::Borrowed(column), Value::Date(self.today()));
        }
    }
}

/// Why a record cannot be changed any more.
pub(super) fn unchangeable(node: &Node, row: &Row) -> Option<&'static str> {
    (node.name == "customerInvoiceHeader" && row.int("STA") == POSTED).then_some("Already posted")
}

fn default_text(row: &mut Row, column: &'static str, text: &str) {
    if row.get(column).is_none() {
        row.set(Cow::Borrowed(column), Value::Text(text.to_owned()));
    }
}
