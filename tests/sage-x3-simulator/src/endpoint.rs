//! One named endpoint: its data and its counters.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::base_data::{CreditControl, CustomerCategory, SalesOrderType};
use crate::connection::Listings;
use crate::store::{Row, Store, Value, join_key};

/// A sequence counter of X3.
#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    pub(crate) prefix: String,
    pub(crate) next: u64,
    pub(crate) width: usize,
}

impl Sequence {
    /// The counter of a kind of document, before its first number.
    pub(crate) fn document(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            next: 1,
            width: 5,
        }
    }

    /// The number that is given next.
    pub(crate) fn current(&self) -> String {
        format!("{}{:0width$}", self.prefix, self.next, width = self.width)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Endpoint {
    pub(crate) store: Store,
    pub(crate) sequences: BTreeMap<String, Sequence>,
    pub(crate) listings: Listings,
}

const COUNTRIES: [(&str, &str); 13] = [
    ("BE", "Belgium"),
    ("CA", "Canada"),
    ("CH", "Switzerland"),
    ("DE", "Germany"),
    ("ES", "Spain"),
    ("FR", "France"),
    ("GR", "Greece"),
    ("JP", "Japan"),
    ("PL", "Poland"),
    ("GB", "United Kingdom"),
    ("IT", "Italy"),
    ("PT", "Portugal"),
    ("US", "United States"),
];
const LANGUAGES: [&str; 7] = ["BRI", "ENG", "FRA", "GER", "ITA", "POR", "SPA"];
/// Code, name, symbol, decimals, smallest step in the last decimal.
const CURRENCIES: [(&str, &str, &str, i64, i64); 7] = [
    ("CAD", "Canadian dollar", "$", 2, 1),
    ("CHF", "Swiss franc", "CHF", 2, 5),
    ("EUR", "Euro", "€", 2, 1),
    ("GBP", "Pound sterling", "£", 2, 1),
    ("PLN", "Polish zloty", "zł", 2, 1),
    ("JPY", "Yen", "¥", 0, 1),
    ("USD", "US dollar", "$", 2, 1),
];
const PAYMENT_TERMS: [(&str, &str); 3] = [
    ("CH30NET", "Cheque 30 days net"),
    ("CHIMM", "Cheque immediate"),
    ("TR60EOM", "Transfer 60 days end of month"),
];

/// Tables of codes: table, code column, text column, rows.
type Codes = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const CODES: &[Codes] = &[
    (
        "TABUNIT",
        "UOM",
        "DES",
        &[
            ("UN", "Unit"),
            ("KG", "Kilogram"),
            ("L", "Litre"),
            ("BOX", "Box"),
            ("HR", "Hour"),
        ],
    ),
    (
        "ITMCATEG",
        "TCLCOD",
        "TCLAXX",
        &[("STD", "Goods"), ("SERV", "Services")],
    ),
    (
        "TABSTOSTA",
        "STA",
        "STADES",
        &[("A", "Accepted"), ("Q", "Under control"), ("R", "Rejected")],
    ),
    (
        "TABVACBPR",
        "VACBPR",
        "DES",
        &[
            ("FRA", "France"),
            ("EEC", "European Union"),
            ("EXP", "Export"),
        ],
    ),
    (
        "TABVACITM",
        "VACITM",
        "DES",
        &[("NOR", "Normal rate"), ("RED", "Reduced rate")],
    ),
    ("BPSCATEG", "BSGCOD", "DES", &[("STD", "Suppliers")]),
    ("TABSDHTYP", "SDHTYP", "TYPDES", &[("SDN", "Delivery")]),
    ("TABSIVTYP", "SIVTYP", "TYPDES", &[("INV", "Invoice")]),
    ("GCOA", "COA", "DES", &[("FRA", "French chart")]),
    (
        "GTYPACCENT",
        "TYP",
        "DES",
        &[("INV", "Customer invoice"), ("PAY", "Payment")],
    ),
    (
        "GJOURNAL",
        "JOU",
        "DES",
        &[("SAL", "Sales"), ("BNK", "Bank")],
    ),
];

/// Chart of accounts `FRA`: account, text, whether it is a control account, whether it is active.
const ACCOUNTS: [(&str, &str, bool, bool); 8] = [
    ("401000", "Suppliers", true, true),
    ("411000", "Customers", true, true),
    ("445710", "VAT collected", false, true),
    ("512000", "Bank", false, true),
    ("706000", "Services", false, true),
    ("707000", "Sales of goods", false, true),
    ("707999", "Sales, old", false, false),
    ("708500", "Carriage", false, true),
];

/// Tax rule, tax level, tax, rate in tenths of a percent.
const TAXES: [(&str, &str, &str, i64); 6] = [
    ("FRA", "NOR", "FRNOR", 200),
    ("FRA", "RED", "FRRED", 55),
    ("EEC", "NOR", "EECEX", 0),
    ("EEC", "RED", "EECEX", 0),
    ("EXP", "NOR", "EXPEX", 0),
    ("EXP", "RED", "EXPEX", 0),
];

impl Endpoint {
    /// An endpoint with countries, currencies, taxes, a company and its sites, but no customers and no products.
    pub(crate) fn with_base_data(now: Timestamp) -> Self {
        let mut endpoint = Self::default();
        let row = || Row::new(now, "ADMIN");
        let store = &mut endpoint.store;
        for (code, name) in COUNTRIES {
            store
                .table_mut("TABCOUNTRY")
                .insert(code, row().with("CRY", code).with("CRYDES", name));
        }
        for code in LANGUAGES {
            store
                .table_mut("TABLAN")
                .insert(code, row().with("LAN", code));
        }
        for (code, name, symbol, decimals, step) in CURRENCIES {
            let scale = u32::try_from(decimals).unwrap_or(0);
            let mut currency = row()
                .with("CUR", code)
                .with("CURDES", name)
                .with("CURSHO", code)
                .with("CURSYM", symbol)
                .with("ISOCOD", code)
                .with_int("DECNBR", decimals)
                .with_int("EURFLG", if code == "EUR" { 2 } else { 1 });
            currency.set(
                Cow::Borrowed("CURRND"),
                Value::Decimal(Decimal::new(step, scale)),
            );
            store.table_mut("TABCUR").insert(code, currency);
        }
        for (code, name) in PAYMENT_TERMS {
            store
                .table_mut("TABPAYTERM")
                .insert(code, row().with("PTE", code).with("PTEDES", name));
        }
        endpoint.add_companies(now);
        endpoint.add_trade_data(now);
        for category in CustomerCategory::standard() {
            endpoint.add_category(&category, now);
        }
        endpoint
    }

    fn add_companies(&mut self, now: Timestamp) {
        let row = || Row::new(now, "ADMIN");
        let company = row()
            .with("CPY", "FR10")
            .with("CPYNAM", "Demo company France")
            .with("CPYSHO", "DEMO FR")
            .with("MAIFCY", "FR011")
            .with("CRY", "FR")
            .with("ACCCUR", "EUR")
            .with_int("CPYLEGFLG", 2);
        self.store.table_mut("COMPANY").insert("FR10", company);
        for (code, name, sales) in [("FR011", "Head office", 2), ("FR012", "Warehouse", 1)] {
            let site = row()
                .with("FCY", code)
                .with("FCYNAM", name)
                .with("FCYSHO", code)
                .with("LEGCPY", "FR10")
                .with("FINRSPFCY", "FR011")
                .with("CRY", "FR")
                .with_int("SALFLG", sales)
                .with_int("WRHFLG", 2)
                .with_int("FINFLG", if code == "FR011" { 2 } else { 1 })
                .with_int("PURFLG", 2)
                .with_int("MFGFLG", 1);
            self.store.table_mut("FACILITY").insert(code, site);
        }
    }

    /// Units, categories, stock statuses, taxes, order types.
    fn add_trade_data(&mut self, now: Timestamp) {
        let row = || Row::new(now, "ADMIN");
        for (table, code, text, rows) in CODES {
            for (value, label) in *rows {
                self.store
                    .table_mut(table)
                    .insert(value, row().with(code, *value).with(text, *label));
            }
        }
        for (rule, level, tax, rate) in TAXES {
            let taxed = row()
                .with("VAT", tax)
                .with("DES", tax)
                .with_decimal("VATRAT", Decimal::new(rate, 1));
            self.store.table_mut("TABVAT").insert(tax, taxed);
            let rule = row()
                .with("VACBPR", rule)
                .with("VACITM", level)
                .with("VAT", tax);
            let key = join_key([rule.text("VACBPR"), level]);
            self.store.table_mut("TABVATDET").insert(&key, rule);
        }
        for (currency, rate) in [("USD", 90), ("GBP", 115), ("CHF", 105)] {
            let row = row()
                .with("CUR", currency)
                .with("CURDEN", "EUR")
                .with_decimal("CHGRAT", Decimal::new(rate, 2));
            self.store
                .table_mut("TABCHANGE")
                .insert(&join_key([currency, "EUR"]), row);
        }
        for (account, text, control, active) in ACCOUNTS {
            let flag = |yes| if yes { 2 } else { 1 };
            let row = row()
                .with("COA", "FRA")
                .with("ACC", account)
                .with("DES", text)
                .with_int("SAC", flag(control))
                .with_int("ENAFLG", flag(active));
            self.store
                .table_mut("GACCOUNT")
                .insert(&join_key(["FRA", account]), row);
        }
        for kind in SalesOrderType::standard() {
            self.add_order_type(&kind, now);
        }
    }

    /// Adds or replaces a sales order type.
    pub(crate) fn add_order_type(&mut self, kind: &SalesOrderType, now: Timestamp) {
        let flag = |yes| if yes { 2 } else { 1 };
        let row = Row::new(now, "ADMIN")
            .with("SOHTYP", &kind.code)
            .with("TYPDES", "Sales order")
            .with_int("SOHCAT", 1)
            .with_int("DEFFLG", flag(kind.code == "SON"))
            .with_int("CNTFLG", flag(kind.counted))
            .with_int("MANFLG", flag(kind.caller_may_choose));
        self.store.table_mut("TABSOHTYP").insert(&kind.code, row);
    }

    /// Adds or replaces a customer category.
    pub(crate) fn add_category(&mut self, category: &CustomerCategory, now: Timestamp) {
        let mut row = Row::new(now, "ADMIN")
            .with("BCGCOD", &category.code)
            .with("CUR", &category.currency)
            .with("LAN", &category.language)
            .with("PTE", &category.payment_term)
            .with("VACBPR", &category.tax_rule)
            .with_int("CREMOD", if category.created_inactive { 2 } else { 1 })
            .with_int(
                "OSTCTL",
                match category.credit_control {
                    CreditControl::Check => 1,
                    CreditControl::NoCheck => 2,
                    CreditControl::Hold => 3,
                },
            );
        if let Some(country) = &category.country {
            row = row.with("CRY", country);
        }
        if let Some(prefix) = &category.sequence_prefix {
            row = row.with("REFCOU", &category.code);
            let sequence = Sequence {
                prefix: prefix.clone(),
                next: 1,
                width: 6,
            };
            self.sequences.insert(category.code.clone(), sequence);
        }
        self.store.table_mut("BPCCATEG").insert(&category.code, row);
    }
}
