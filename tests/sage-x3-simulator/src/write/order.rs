//! The sales order object (SOH): header, lines, numbering, defaults, totals, credit check (reference: 4.9).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnose::Diagnose;
use crate::endpoint::Sequence;
use crate::json::Json;
use crate::store::{Row, Value, join_key};
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::assign::assign;
use super::credit::set_int;
use super::customer::{copy, etag_of};
use super::input::{ORDER, ORDER_CHANGEABLE};
use super::pricing::{rate_of, set_decimal};
use super::{Refused, Writer, Written};

/// Line and sequence number.
pub(super) type LineKey = (i64, i64);

/// The rows one operation on an order works on, before they are stored.
pub(super) struct OrderDraft {
    pub(super) id: String,
    pub(super) header: Row,
    pub(super) lines: BTreeMap<LineKey, Row>,
    pub(super) changed: BTreeSet<LineKey>,
    pub(super) removed: BTreeSet<LineKey>,
    pub(super) header_changed: bool,
    pub(super) problems: Vec<Diagnose>,
}

impl OrderDraft {
    pub(super) fn refuse(&mut self, message: impl Into<String>, member: &[&str]) {
        self.problems.push(Diagnose::error(message, member));
    }
}

/// Address columns of the order by what they are copied from: code, city, state, country, country's name.
const SOLD_TO: [(&str, &str); 5] = [
    ("POSCOD", "BPCPOSCOD"),
    ("CTY", "BPCCTY"),
    ("SAT", "BPCSAT"),
    ("CRY", "BPCCRY"),
    ("CRYNAM", "BPCCRYNAM"),
];
const BILL_TO: [(&str, &str); 5] = [
    ("POSCOD", "BPIPOSCOD"),
    ("CTY", "BPICTY"),
    ("SAT", "BPISAT"),
    ("CRY", "BPICRY"),
    ("CRYNAM", "BPICRYNAM"),
];

impl Writer<'_> {
    /// Creates a sales order; nothing is stored and no number is used when anything is wrong with it.
    pub(crate) fn create_order(&mut self, data: &Json) -> Result<Written, Refused> {
        let mut draft = self.new_order(data);
        if draft.problems.is_empty() {
            self.read_new_lines(data, &mut draft);
        }
        let number = self.order_number(data, &mut draft);
        if !draft.problems.is_empty() {
            return Err(draft.problems);
        }
        self.total(&mut draft);
        let mut warnings = self.check_order_amount(&mut draft)?;
        warnings.extend(self.below_minimum(&draft));
        let id = self.take_number(number);
        draft.id.clone_from(&id);
        draft
            .header
            .set(Cow::Borrowed("SOHNUM"), Value::Text(id.clone()));
        self.store_order(draft);
        Ok(Written {
            warnings,
            ..Written::new(&id, "Sales order", "created", true)
        })
    }

    /// Changes an order's header and, by their `_action`, its lines.
    pub(crate) fn update_order(&mut self, data: &Json) -> Result<Written, Refused> {
        let mut draft = self.existing_order(data)?;
        let id = draft.id.clone();
        if draft.header.int("ORDSTA") == 2 {
            return Err(vec![Diagnose::error(
                format!("{id} : Order closed"),
                &["data", "id"],
            )]);
        }
        self.change_header(data, &mut draft);
        let lines = self.settings.sales_order_lines.name();
        if let Some(Json::Array(rows)) = data.get(lines) {
            for (index, row) in rows.iter().enumerate() {
                self.change_line(row, index, &mut draft);
            }
        }
        if draft.lines.is_empty() {
            draft.refuse(format!("{lines}: At least one line"), &["data", lines]);
        }
        if !draft.problems.is_empty() {
            return Err(draft.problems);
        }
        let amount_before = draft.header.decimal("ORDATI");
        self.total(&mut draft);
        let warnings = if draft.header.decimal("ORDATI") > amount_before {
            self.check_order_amount(&mut draft)?
        } else {
            Vec::new()
        };
        let changed =
            draft.header_changed || !draft.changed.is_empty() || !draft.removed.is_empty();
        if changed || self.settings.unchanged_update_moves_stamp {
            let revision = draft.header.int("REVNUM") + 1;
            if changed {
                set_int(&mut draft.header, "REVNUM", revision);
            }
            draft.header.touch(self.now, self.user);
        }
        self.store_order(draft);
        Ok(Written {
            warnings,
            ..Written::new(&id, "Sales order", "modified", changed)
        })
    }

    pub(super) fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    /// The header with everything that is given or defaulted.
    fn new_order(&self, data: &Json) -> OrderDraft {
        let mut draft = OrderDraft {
            id: String::new(),
            header: Row::new(self.now, self.user),
            lines: BTreeMap::new(),
            changed: BTreeSet::new(),
            removed: BTreeSet::new(),
            header_changed: true,
            problems: Vec::new(),
        };
        // The customer first: its addresses are looked up below it.
        self.read_header(data, &["soldToCustomer", "salesSite"], &mut draft);
        self.mandatory(&mut draft, "SALFCY", "salesSite");
        self.mandatory(&mut draft, "BPCORD", "soldToCustomer");
        if !draft.problems.is_empty() {
            return draft;
        }
        self.default_from_site(&mut draft);
        self.default_from_customer(&mut draft);
        if !draft.problems.is_empty() {
            return draft;
        }
        self.read_header(data, &ORDER, &mut draft);
        self.default_type(&mut draft);
        self.default_dates(&mut draft);
        self.default_addresses(&mut draft);
        self.check_company(&mut draft);
        let currency = draft.header.text("CUR").to_owned();
        let company = self.company_currency(draft.header.text("CPY"));
        set_decimal(
            &mut draft.header,
            "CHGRAT",
            rate_of(self.store, &currency, &company),
        );
        for status in ["ORDSTA", "ALLSTA", "DLVSTA", "INVSTA", "CDTSTA"] {
            set_int(&mut draft.header, status, 1);
        }
        draft
    }

    fn read_header(&self, data: &Json, members: &[&str], draft: &mut OrderDraft) {
        let Some(node) = self.model.node("salesOrder") else {
            return;
        };
        let own = node
            .properties
            .iter()
            .filter(|property| self.is_custom(node.name, &property.name));
        let own = own.map(|property| property.name.as_ref());
        for member in members.iter().copied().chain(own) {
            let (Some(value), Some(property)) = (data.get(member), node.property(member)) else {
                continue;
            };
            let path = ["data", member];
            match assign(
                &mut draft.header,
                property,
                value,
                self.store,
                self.model,
                &path,
            ) {
                Ok(changed) => draft.header_changed |= changed,
                Err(problem) => draft.problems.push(problem),
            }
        }
    }

    pub(super) fn is_custom(&self, node: &str, name: &str) -> bool {
        let mut fields = self.settings.custom_fields.iter();
        fields.any(|field| field.node == node && field.name == name)
    }

    fn mandatory(&self, draft: &mut OrderDraft, column: &str, member: &str) {
        if draft.header.text(column).is_empty() && draft.problems.is_empty() {
            draft.refuse(format!("{member}: Mandatory field"), &["data", member]);
        }
    }

    fn default_from_site(&self, draft: &mut OrderDraft) {
        let site = draft.header.text("SALFCY").to_owned();
        let Some(row) = self.store.table("FACILITY").get(&site) else {
            return;
        };
        if row.int("SALFLG") != 2 {
            return draft.refuse(
                format!("salesSite: {site} : Not a sales site"),
                &["data", "salesSite"],
            );
        }
        draft.header.set(
            Cow::Borrowed("CPY"),
            Value::Text(row.text("LEGCPY").to_owned()),
        );
        draft.header.set(Cow::Borrowed("STOFCY"), Value::Text(site));
    }

    fn default_from_customer(&self, draft: &mut OrderDraft) {
        let customer = draft.header.text("BPCORD").to_owned();
        let Some(row) = self.store.table("BPCUSTOMER").get(&customer) else {
            return;
        };
        if row.int("BPCSTA") != 2 {
            return draft.refuse(
                format!("soldToCustomer: {customer} : Inactive record"),
                &["data", "soldToCustomer"],
            );
        }
        let header = &mut draft.header;
        copy(
            row,
            header,
            &[
                "BPCINV", "BPAINV", "BPCPYR", "BPAPYR", "BPCGRU", "CUR", "PTE", "VACBPR", "PRITYP",
            ],
        );
        for (from, to) in [("BPDADD", "BPAADD"), ("BPAADD", "BPAORD")] {
            header.set(Cow::Borrowed(to), Value::Text(row.text(from).to_owned()));
        }
        let ship_to = join_key([customer.as_str(), row.text("BPDADD")]);
        if let Some(ship_to) = self.store.table("BPDLVCUST").get(&ship_to) {
            copy(ship_to, header, &["DAYLTI"]);
            if !ship_to.text("STOFCY").is_empty() {
                copy(ship_to, header, &["STOFCY"]);
            }
        }
    }

    fn default_type(&self, draft: &mut OrderDraft) {
        let header = &mut draft.header;
        if header.text("SOHTYP").is_empty() {
            let category = header.int("SOHCAT").max(1);
            let types = self.store.table("TABSOHTYP").rows();
            let fitting = types
                .filter(|(_, row)| row.int("SOHCAT") == category)
                .max_by_key(|(_, row)| row.int("DEFFLG"));
            if let Some((code, _)) = fitting {
                header.set(Cow::Borrowed("SOHTYP"), Value::Text(code.to_string()));
            }
        }
        let Some(row) = self.store.table("TABSOHTYP").get(header.text("SOHTYP")) else {
            return draft.refuse(
                "salesOrderType: Mandatory field",
                &["data", "salesOrderType"],
            );
        };
        let (given, own) = (header.int("SOHCAT"), row.int("SOHCAT"));
        set_int(header, "SOHCAT", own);
        if given != 0 && given != own {
            draft.refuse(
                "category: Does not fit the order type",
                &["data", "category"],
            );
        }
    }

    fn default_dates(&self, draft: &mut OrderDraft) {
        let header = &mut draft.header;
        if header.get("ORDDAT").is_none() {
            header.set(Cow::Borrowed("ORDDAT"), Value::Date(self.today()));
        }
        if header.get("SHIDAT").is_none() {
            copy_date(header, "ORDDAT", "SHIDAT", 0);
        }
        if header.get("DEMDLVDAT").is_none() {
            let days = header.int("DAYLTI");
            copy_date(header, "SHIDAT", "DEMDLVDAT", days);
        }
    }

    /// Addresses are copied as text: they keep what they were when the order was made.
    fn default_addresses(&self, draft: &mut OrderDraft) {
        for (owner, code, columns) in [("BPCORD", "BPAORD", SOLD_TO), ("BPCINV", "BPAINV", BILL_TO)]
        {
            let key = join_key(["1", draft.header.text(owner), draft.header.text(code)]);
            let Some(address) = self.store.table("BPADDRESS").get(&key) else {
                continue;
            };
            for (from, to) in columns {
                let text = address.text(from).to_owned();
                draft.header.set(Cow::Borrowed(to), Value::Text(text));
            }
        }
    }

    fn check_company(&self, draft: &mut OrderDraft) {
        let site = self
            .store
            .table("FACILITY")
            .get(draft.header.text("SALFCY"));
        if site.is_some_and(|site| site.text("LEGCPY") != draft.header.text("CPY")) {
            draft.refuse("company: Not the company of the site", &["data", "company"]);
        }
    }

    pub(super) fn company_currency(&self, company: &str) -> String {
        let row = self.store.table("COMPANY").get(company);
        row.map(|row| row.text("ACCCUR").to_owned())
            .unwrap_or_default()
    }

    /// The number the order will have; it is only taken when everything else is right.
    fn order_number(&self, data: &Json, draft: &mut OrderDraft) -> OrderNumber {
        let given = data.get("id").and_then(Json::as_str).unwrap_or_default();
        let given = given.trim().to_uppercase();
        let kind = draft.header.text("SOHTYP").to_owned();
        let row = self.store.table("TABSOHTYP").get(&kind);
        let (counts, chooses) = row.map_or((true, false), |row| {
            (row.int("CNTFLG") == 2, row.int("MANFLG") == 2)
        });
        let member = &["data", "id"];
        if given.is_empty() {
            if !counts && draft.problems.is_empty() {
                draft.refuse("id: Mandatory field", member);
            }
            let site = draft.header.text("SALFCY");
            return OrderNumber::Counted(format!("{kind}{site}"));
        }
        if !chooses {
            draft.refuse(
                "id: Must be left empty, the order type has a sequence counter",
                member,
            );
        } else if given.chars().count() > 20 {
            draft.refuse("id: Value too long, 20 characters at most", member);
        } else if given.contains('|') {
            draft.refuse("id: Incorrect character |", member);
        } else if self.store.table("SORDER").get(&given).is_some() {
            draft.refuse(format!("{given} : Record already exists"), member);
        }
        OrderNumber::Given(given)
    }

    fn take_number(&mut self, number: OrderNumber) -> String {
        match number {
            OrderNumber::Given(id) => id,
            OrderNumber::Counted(prefix) => loop {
                let id = self.next_number(&prefix);
                // A caller may have chosen a number the counter had not reached yet.
                if self.store.table("SORDER").get(&id).is_none() {
                    return id;
                }
            },
        }
    }

    /// The next number of a document sequence.
    pub(super) fn next_number(&mut self, prefix: &str) -> String {
        let sequence = self
            .sequences
            .entry(prefix.to_owned())
            .or_insert_with(|| Sequence::document(prefix));
        let number = sequence.current();
        sequence.next += 1;
        number
    }

    /// The order an input means, as it stands.
    pub(super) fn existing_order(&self, data: &Json) -> Result<OrderDraft, Refused> {
        let key = data.get("_id").or_else(|| data.get("id"));
        let key = key.and_then(Json::as_str).unwrap_or_default();
        let refuse = |message: String| Err(vec![Diagnose::error(message, &["data", "id"])]);
        if key.is_empty() {
            return refuse("id: Mandatory field".to_owned());
        }
        let Some(header) = self.store.table("SORDER").get(key) else {
            return refuse(format!("{key} : Record does not exist"));
        };
        if self.settings.etag_checked
            && let Some(etag) = data.get("_etag").and_then(Json::as_str)
            && etag != etag_of(header)
        {
            return refuse(format!("{key} : Record modified by another user"));
        }
        let prefix = format!("{key}|");
        let lines = self.store.table("SORDERQ").rows_under(&prefix);
        Ok(OrderDraft {
            id: key.to_owned(),
            header: Row::clone(header),
            lines: lines
                .map(|(_, row)| ((row.int("SOPLIN"), row.int("SOQSEQ")), Row::clone(row)))
                .collect(),
            changed: BTreeSet::new(),
            removed: BTreeSet::new(),
            header_changed: false,
            problems: Vec::new(),
        })
    }

    fn change_header(&self, data: &Json, draft: &mut OrderDraft) {
        let held = draft.header.clone();
        self.read_header(data, &ORDER, draft);
        let Some(node) = self.model.node("salesOrder") else {
            return;
        };
        for member in ORDER {
            let column = node
                .property(member)
                .and_then(|property| property.column_code());
            let moved = column.is_some_and(|column| held.get(column) != draft.header.get(column));
            if moved && !ORDER_CHANGEABLE.contains(&member) {
                draft.refuse(format!("{member}: Cannot be changed"), &["data", member]);
            }
        }
    }

    /// Puts the rows back; each line that changed moves its own stamp.
    pub(super) fn store_order(&mut self, draft: OrderDraft) {
        let (now, user) = (self.now, self.user);
        let table = self.store.table_mut("SORDERQ");
        let key = |(line, sequence): &LineKey| {
            join_key([draft.id.clone(), line.to_string(), sequence.to_string()])
        };
        for line in &draft.removed {
            table.remove(&key(line));
        }
        for line in &draft.changed {
            let Some(row) = draft.lines.get(line) else {
                continue;
            };
            let (key, mut row) = (key(line), row.clone());
            row.set(Cow::Borrowed("SOHNUM"), Value::Text(draft.id.clone()));
            if table.get(&key).is_some() {
                row.touch(now, user);
            }
            table.insert(&key, row);
        }
        self.store_order_header(&draft.id, draft.header);
    }
}

enum OrderNumber {
    Given(String),
    /// From the sequence with this prefix.
    Counted(String),
}

fn copy_date(row: &mut Row, from: &str, to: &'static str, days: i64) {
    if let Some(Value::Date(date)) = row.get(from)
        && let Ok(date) = date.checked_add(days.days())
    {
        row.set(Cow::Borrowed(to), Value::Date(date));
    }
}
