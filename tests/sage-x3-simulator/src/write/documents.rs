//! What X3 fills in and checks when a supplier, a purchase order or a customer invoice is created.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::diagnose::Diagnose;
use crate::json::Json;
use crate::model::Node;
use crate::store::{Row, Value, join_key};

use super::assign::assign;
use super::credit::set_int;
use super::customer::copy;
use super::input::{NAMES, PARTNER};
use super::pricing::{rate_of, rate_of_tax, rounded, scale_of, set_decimal};
use super::record::RecordDraft;
use super::{Refused, Writer, Written};

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

    /// Creates a supplier with its partner and a default address; the partner is shared with a customer of that code.
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
        let (partner, rest) = self.partner_of_supplier(&code, data)?;
        let held = self.store.table("BPARTNER").get(&code).cloned();
        self.store.table_mut("BPARTNER").insert(&code, partner);
        let written = self.create_record(node, &rest);
        let partners = self.store.table_mut("BPARTNER");
        match (&written, held) {
            (Err(_), Some(held)) => partners.insert(&code, Row::clone(&held)),
            (Err(_), None) => {
                partners.remove(&code);
            }
            (Ok(_), _) => self.add_supplier_address(&code),
        }
        written
    }

    /// The partner's row with what the input says of it, and the rest of the input.
    fn partner_of_supplier(&self, code: &str, data: &Json) -> Result<(Row, Json), Refused> {
        let mut row = match self.store.table("BPARTNER").get(code) {
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
        set_int(&mut row, "BPSFLG", 2);
        let members: Vec<(&str, &str)> = PARTNER
            .iter()
            .map(|member| (*member, *member))
            .chain(NAMES)
            .collect();
        let node = self.model.node("businessPartner");
        let (mut rest, mut problems) = (Vec::new(), Vec::new());
        let given = match data {
            Json::Object(given) => given.as_slice(),
            _ => &[],
        };
        for (name, value) in given {
            let property = members
                .iter()
                .find(|(member, _)| member == name)
                .and_then(|(_, property)| node?.property(property));
            match property {
                Some(property) => {
                    let path = ["data", name.as_str()];
                    let set = assign(&mut row, property, value, self.store, self.model, &path);
                    problems.extend(set.err());
                }
                None if name == "code" => rest.push((name.clone(), Json::text(code))),
                None => rest.push((name.clone(), value.clone())),
            }
        }
        if row.text("BPRNAM_0").is_empty() {
            problems.push(Diagnose::error("companyName1: Mandatory field", &["data"]));
        }
        if problems.is_empty() {
            Ok((row, Json::Object(rest)))
        } else {
            Err(problems)
        }
    }

    fn add_supplier_address(&mut self, code: &str) {
        let address = self.settings.default_address_code.clone();
        let country = self
            .store
            .table("BPARTNER")
            .get(code)
            .map(|row| row.text("CRY").to_owned())
            .unwrap_or_default();
        let key = join_key(["1", code, &address]);
        if self.store.table("BPADDRESS").get(&key).is_none() {
            let row = Row::new(self.now, self.user)
                .with("BPANUM", code)
                .with("BPAADD", address.as_str())
                .with("BPADES", address.as_str())
                .with("CRY", country)
                .with_int("BPATYP", 1)
                .with_int("BPAADDFLG", 2)
                .with_int("ADRVAL", 1);
            self.store.table_mut("BPADDRESS").insert(&key, row);
        }
        if let Some(row) = self.store.table_mut("BPSUPPLIER").row_mut(code)
            && row.text("BPAADD").is_empty()
        {
            row.set(Cow::Borrowed("BPAADD"), Value::Text(address));
        }
    }
}

fn default_text(row: &mut Row, column: &'static str, text: &str) {
    if row.get(column).is_none() {
        row.set(Cow::Borrowed(column), Value::Text(text.to_owned()));
    }
}
