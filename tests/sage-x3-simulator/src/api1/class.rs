//! Classes and what their representations show (reference: 4.5).
//!
//! A class is a node's table under X3's own column codes; `X_0` is shown as `X`, the further places of an array as
//! `X_1` and so on. Names of links to child tables are observed for orders and invoices, formed alike elsewhere.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use crate::model::{Kind, Model, Node, Part, Source};
use crate::record::{Record, Scalar, View, key_of};
use crate::settings::Settings;
use crate::store::{Row, Value};

/// A class as the list of them has it.
struct Known {
    class: &'static str,
    node: &'static str,
    /// A further representation beside the one of the class's own name.
    representation: Option<&'static str>,
    /// Link to a child table, node of its rows.
    links: &'static [(&'static str, &'static str)],
    beside: &'static [Beside],
}

/// A column of the business partner that a role's class shows as its own.
struct Beside {
    name: &'static str,
    /// What leads to the partner.
    key: &'static [Part],
    column: &'static str,
    /// The member of the node's input.
    member: &'static str,
    kind: Kind,
}

const fn beside(
    key: &'static [Part],
    name: &'static str,
    column: &'static str,
    member: &'static str,
) -> Beside {
    Beside {
        name,
        key,
        column,
        member,
        kind: Kind::Text { max: 75 },
    }
}

const CUSTOMER: &[Part] = &[Part::Column("BPCNUM")];
const SUPPLIER: &[Part] = &[Part::Column("BPSNUM")];

const CUSTOMER_BESIDE: &[Beside] = &[
    beside(CUSTOMER, "BPCNAM", "BPRNAM_0", "companyName1"),
    beside(CUSTOMER, "BPCSHO", "BPRSHO", "shortCompanyName"),
    beside(CUSTOMER, "CRY", "CRY", "country"),
    beside(CUSTOMER, "LAN", "LAN", "language"),
    beside(CUSTOMER, "EECNUM", "EECNUM", "europeanUnionVatNumber"),
    Beside {
        kind: Kind::Boolean,
        ..beside(CUSTOMER, "PPTFLG", "PPTFLG", "isProspect")
    },
];

const SUPPLIER_BESIDE: &[Beside] = &[
    beside(SUPPLIER, "BPSNAM", "BPRNAM_0", "companyName1"),
    beside(SUPPLIER, "BPRNAM_1", "BPRNAM_1", "companyName2"),
    beside(SUPPLIER, "BPSSHO", "BPRSHO", "shortCompanyName"),
    beside(SUPPLIER, "CRY", "CRY", "country"),
    beside(SUPPLIER, "LAN", "LAN", "language"),
    beside(SUPPLIER, "EECNUM", "EECNUM", "europeanUnionVatNumber"),
];

const fn plain(class: &'static str, node: &'static str) -> Known {
    Known {
        class,
        node,
        representation: None,
        links: &[],
        beside: &[],
    }
}

static KNOWN: [Known; 24] = [
    Known {
        links: &[("BPCBPA", "customerAddress")],
        beside: CUSTOMER_BESIDE,
        ..plain("BPCUSTOMER", "customer")
    },
    Known {
        beside: SUPPLIER_BESIDE,
        ..plain("BPSUPPLIER", "supplier")
    },
    Known {
        links: &[("BPRBPA", "businessPartnerAddress")],
        ..plain("BPARTNER", "businessPartner")
    },
    plain("BPADDRESS", "businessPartnerAddress"),
    plain("CONTACT", "businessPartnerContact"),
    plain("ITMMASTER", "product"),
    plain("ITMFACILIT", "productSite"),
    plain("STOCK", "stock"),
    Known {
        links: &[("SOHSOP", "salesOrderLine")],
        ..plain("SORDER", "salesOrder")
    },
    plain("SORDERQ", "salesOrderLine"),
    Known {
        links: &[("SDHSDD", "salesDeliveryLine")],
        ..plain("SDELIVERY", "salesDelivery")
    },
    Known {
        representation: Some("EDISIHTR"),
        links: &[("SIVSID", "salesInvoiceLine")],
        ..plain("SINVOICEV", "salesInvoice")
    },
    Known {
        links: &[("SIHLIG", "customerInvoiceLine")],
        ..plain("SINVOICE", "customerInvoiceHeader")
    },
    Known {
        links: &[("POHPOP", "purchaseOrderLine")],
        ..plain("PORDER", "purchaseOrder")
    },
    plain("GACCOUNT", "account"),
    Known {
        links: &[("HAEDAE", "journalEntryLine")],
        ..plain("GACCENTRY", "journalEntry")
    },
    plain("GACCDUDATE", "openItem"),
    plain("FACILITY", "site"),
    plain("COMPANY", "company"),
    plain("TABCUR", "currency"),
    plain("TABCOUNTRY", "country"),
    plain("TABPAYTERM", "paymentTerm"),
    plain("TABUNIT", "unitOfMeasure"),
    plain("TABSOHTYP", "salesOrderType"),
];

/// A class of a site.
pub(crate) struct Class {
    pub(super) name: String,
    pub(super) node: Arc<Node>,
    pub(super) writable: bool,
    representations: Vec<String>,
    pub(super) links: Vec<(&'static str, Arc<Node>)>,
    pub(super) columns: Vec<Column>,
}

/// A column of a representation.
pub(crate) struct Column {
    pub(super) name: String,
    /// The column in its table.
    pub(super) code: Cow<'static, str>,
    pub(super) kind: Kind,
    /// Table and key, when it is not the class's own.
    beside: Option<(&'static str, &'static [Part])>,
    /// The member of the node's input that sets it.
    pub(super) member: Option<String>,
    /// Which of the node's properties it is the reference of.
    pub(super) reference: Option<usize>,
}

impl Class {
    /// The class of that name; the site's own classes are writable, X3's are not (reference: 4.4).
    pub(crate) fn find(name: &str, model: &Model, settings: &Settings) -> Option<Self> {
        let own = settings
            .custom_classes
            .iter()
            .find(|class| class.name == name);
        let (node, writable) = match own {
            Some(own) => (own.node.as_str(), true),
            None => (KNOWN.iter().find(|known| known.class == name)?.node, false),
        };
        // A class of the site's own is built like the standard one of its node.
        let known = KNOWN.iter().find(|known| known.node == node);
        let node = Arc::clone(model.node(node)?);
        let mut representations = vec![name.to_owned()];
        let further = known
            .filter(|_| !writable)
            .and_then(|known| known.representation);
        representations.extend(further.map(str::to_owned));
        let links = known.map_or(&[][..], |known| known.links);
        Some(Self {
            columns: columns(&node, known.map_or(&[][..], |known| known.beside)),
            links: links
                .iter()
                .filter_map(|(link, child)| Some((*link, Arc::clone(model.node(child)?))))
                .collect(),
            name: name.to_owned(),
            representations,
            writable,
            node,
        })
    }

    /// A table of its own for the rows of a link.
    pub(crate) fn of_rows(node: &Arc<Node>) -> Self {
        Self {
            name: node.table.to_owned(),
            columns: columns(node, &[]),
            node: Arc::clone(node),
            writable: false,
            representations: Vec::new(),
            links: Vec::new(),
        }
    }

    pub(super) fn has_representation(&self, name: &str) -> bool {
        self.representations.iter().any(|known| known == name)
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The key as api1 writes it: parts joined with `~`.
    pub(super) fn key(&self, record: &Record) -> String {
        record.key.replace('|', "~")
    }

    /// The value of a column or a technical one, as conditions and orders see it.
    pub(crate) fn value(&self, name: &str, record: &Record, view: View<'_>) -> Option<Scalar> {
        match self.column(name) {
            Some(column) => Some(column.value(record, view)),
            None => technical(name, &record.row, view.settings),
        }
    }
}

/// What a property is compared as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Type {
    Number,
    Date,
    Instant,
    Text,
}

impl Class {
    /// The type of a property, when there is one of that name.
    pub(super) fn type_of(&self, name: &str, settings: &Settings) -> Option<Type> {
        match name {
            "CREDAT" | "UPDDAT" => return Some(Type::Date),
            "CREDATTIM" | "UPDDATTIM" => {
                return settings.api1_shows_stamps.then_some(Type::Instant);
            }
            "CREUSR" | "UPDUSR" => return Some(Type::Text),
            _ => {}
        }
        Some(match self.column(name)?.kind {
            Kind::Boolean | Kind::Menu(_) | Kind::Int | Kind::Decimal => Type::Number,
            Kind::Date => Type::Date,
            _ => Type::Text,
        })
    }
}

impl Column {
    /// Its value in a record.
    pub(super) fn value(&self, record: &Record, view: View<'_>) -> Scalar {
        let row = self.row(record, view);
        row.map_or(Scalar::Null, |row| raw(row, &self.code, &self.kind))
    }

    /// The row it stands in.
    fn row<'a>(&self, record: &'a Record, view: View<'a>) -> Option<&'a Row> {
        match self.beside {
            None => Some(&record.row),
            Some((table, key)) => {
                let row = view.store.table(table).get(&key_of(&record.row, key))?;
                Some(row)
            }
        }
    }
}

fn columns(node: &Node, beside: &[Beside]) -> Vec<Column> {
    let mut out: Vec<Column> = Vec::new();
    let mut add = |column: Column| {
        if !column.code.is_empty() && !out.iter().any(|known| known.name == column.name) {
            out.push(column);
        }
    };
    for part in &node.key {
        if let Part::Column(code) = part {
            let property = node
                .properties
                .iter()
                .find(|property| property.column_code() == Some(code));
            add(Column {
                name: shown(code),
                code: Cow::Borrowed(*code),
                kind: property.map_or(Kind::Text { max: 20 }, |property| property.kind.clone()),
                beside: None,
                member: property.map(|property| property.name.to_string()),
                reference: reference_of(node, code),
            });
        }
    }
    for shared in beside {
        add(Column {
            name: shared.name.to_owned(),
            code: Cow::Borrowed(shared.column),
            kind: shared.kind.clone(),
            beside: Some(("BPARTNER", shared.key)),
            member: Some(shared.member.to_owned()),
            reference: None,
        });
    }
    for property in &node.properties {
        let member = Some(property.name.to_string());
        let kind = property.kind.clone();
        match (&property.source, &property.kind) {
            (_, Kind::Slots { columns, .. }) => {
                for code in *columns {
                    add(Column {
                        name: shown(code),
                        code: Cow::Borrowed(*code),
                        kind: Kind::Text { max: 80 },
                        beside: None,
                        member: None,
                        reference: None,
                    });
                }
            }
            (Source::Column(code), _) => add(Column {
                name: shown(code),
                code: code.clone(),
                kind,
                beside: None,
                member,
                reference: None,
            }),
            (Source::Joined { table, key, column }, _) => add(Column {
                name: shown(column),
                code: Cow::Borrowed(*column),
                kind,
                beside: Some((*table, *key)),
                member,
                reference: None,
            }),
            (Source::Structure, Kind::Reference { key, .. }) => {
                if let Some(Part::Column(code)) = key.last() {
                    add(Column {
                        name: shown(code),
                        code: Cow::Borrowed(*code),
                        kind,
                        beside: None,
                        member,
                        reference: reference_of(node, code),
                    });
                }
            }
            _ => {}
        }
    }
    out
}

fn reference_of(node: &Node, code: &str) -> Option<usize> {
    node.properties.iter().position(|property| {
        matches!(property.kind, Kind::Reference { .. }) && property.column_code() == Some(code)
    })
}

fn shown(code: &str) -> String {
    code.strip_suffix("_0").unwrap_or(code).to_owned()
}

/// A column as X3 holds it: flags and menus are numbers (reference: 4.3).
fn raw(row: &Row, code: &str, kind: &Kind) -> Scalar {
    match kind {
        Kind::Boolean | Kind::Menu(_) | Kind::Int => Scalar::Number(row.int(code).into()),
        Kind::Decimal => Scalar::Number(row.decimal(code)),
        Kind::Date => match row.get(code) {
            Some(Value::Date(date)) => Scalar::Date(*date),
            _ => Scalar::Null,
        },
        _ => Scalar::Text(row.key_text(code).into_owned()),
    }
}

/// The technical columns that every table has, in the order they are shown.
pub(super) const TECHNICAL: [&str; 6] = [
    "CREDAT",
    "CREUSR",
    "UPDDAT",
    "UPDUSR",
    "CREDATTIM",
    "UPDDATTIM",
];

/// A technical column; the dates are those of the server's own place, the instants are in UTC (reference: 5.3).
pub(super) fn technical(name: &str, row: &Row, settings: &Settings) -> Option<Scalar> {
    let instant = |at: Option<Timestamp>| at.map_or(Scalar::Null, Scalar::Instant);
    let date = |at: Option<Timestamp>| {
        at.map_or(Scalar::Null, |at| Scalar::Date(local_date(at, settings)))
    };
    match name {
        "CREDAT" => Some(date(row.created)),
        "UPDDAT" => Some(date(row.updated)),
        "CREUSR" => Some(Scalar::Text(row.created_by.clone())),
        "UPDUSR" => Some(Scalar::Text(row.updated_by.clone())),
        "CREDATTIM" if settings.api1_shows_stamps => Some(instant(row.created)),
        "UPDDATTIM" if settings.api1_shows_stamps => Some(instant(row.updated)),
        _ => None,
    }
}

fn local_date(at: Timestamp, settings: &Settings) -> Date {
    let offset = Offset::from_hours(settings.server_offset_hours).unwrap_or(Offset::UTC);
    at.to_zoned(TimeZone::fixed(offset)).date()
}
