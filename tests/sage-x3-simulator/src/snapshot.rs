//! Customers and other records as they are stored, for assertions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;
use crate::json::Json;
use crate::model::{Kind, Model};
use crate::record::{Record, View};
use crate::settings::{DecimalForm, Settings};
use crate::store::Row;

/// A customer with its business partner's row and its addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CustomerSnapshot {
    /// The code, also the `_id`.
    pub code: String,
    /// Category code.
    pub category: String,
    /// First line of the name.
    pub company_name: String,
    /// Second line of the name.
    pub company_name2: String,
    /// Short name.
    pub short_company_name: String,
    /// Country of the business partner.
    pub country: String,
    /// Language of the business partner.
    pub language: String,
    /// European Union VAT number of the business partner.
    pub european_union_vat_number: String,
    /// Currency of the customer.
    pub currency: String,
    /// Payment term.
    pub payment_term: String,
    /// Whether the customer is active.
    pub is_active: bool,
    /// Whether the business partner is also a supplier.
    pub is_supplier: bool,
    /// `check`, `noCheck` or `hold`.
    pub credit_control: String,
    /// Authorised credit.
    pub authorized_credit_amount: Decimal,
    /// Minimum order amount.
    pub minimum_order_amount: Decimal,
    /// Notes.
    pub notes: String,
    /// Code of the default address.
    pub default_address: String,
    /// Codes of the ship-to addresses.
    pub ship_to_addresses: Vec<String>,
    /// The addresses by code.
    pub addresses: Vec<AddressSnapshot>,
    /// Custom fields that are not empty.
    pub custom: BTreeMap<String, String>,
    /// Stamp of the customer's row.
    pub created: Option<Timestamp>,
    /// Stamp of the customer's row.
    pub updated: Option<Timestamp>,
    /// Who created the customer's row.
    pub created_by: String,
    /// Who last wrote the customer's row.
    pub updated_by: String,
    /// Stamp of the business partner's row.
    pub partner_updated: Option<Timestamp>,
}

/// An address of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AddressSnapshot {
    /// Its code.
    pub code: String,
    /// Description.
    pub description: String,
    /// Whether it is the default address.
    pub is_default: bool,
    /// The three address lines, empty ones included.
    pub lines: Vec<String>,
    /// Postal code.
    pub zip_code: String,
    /// City.
    pub city: String,
    /// State or region.
    pub state: String,
    /// Country code.
    pub country: String,
    /// Web site.
    pub website: String,
    /// The five telephone numbers, empty ones included.
    pub phones: Vec<String>,
    /// The five e-mail addresses, empty ones included.
    pub emails: Vec<String>,
    /// External identifier.
    pub external_identifier: String,
    /// Stamp of the address's row.
    pub updated: Option<Timestamp>,
}

/// A record of any node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordSnapshot {
    /// Its `_id`.
    pub id: String,
    /// Its properties as text, those without a value left out; a reference is the target's `_id`.
    pub values: BTreeMap<String, String>,
    /// The rows of its collections.
    pub rows: BTreeMap<String, Vec<Self>>,
    /// When the row was created.
    pub created: Option<Timestamp>,
    /// When the row was last written.
    pub updated: Option<Timestamp>,
    /// Who created the row.
    pub created_by: String,
    /// Who last wrote the row.
    pub updated_by: String,
}

impl RecordSnapshot {
    /// A property as text; empty when it has no value.
    pub fn get(&self, property: &str) -> &str {
        self.values.get(property).map_or("", String::as_str)
    }

    pub(crate) fn of(record: &Record, view: View<'_>) -> Self {
        let mut values = BTreeMap::new();
        let mut rows = BTreeMap::new();
        for property in &record.node.properties {
            let name = property.name.to_string();
            if matches!(property.kind, Kind::Children { .. } | Kind::Slots { .. }) {
                let children = view.children(record, property);
                let children = children.iter().map(|child| Self::of(child, view));
                rows.insert(name, children.collect());
                continue;
            }
            let text = match view.scalar(record, property).to_json(DecimalForm::Text) {
                Json::Null => continue,
                Json::Text(text) => text,
                other => other.print(),
            };
            if !text.is_empty() {
                values.insert(name, text);
            }
        }
        Self {
            id: view.id_of(&record.node, &record.key),
            values,
            rows,
            created: record.row.created,
            updated: record.row.updated,
            created_by: record.row.created_by.clone(),
            updated_by: record.row.updated_by.clone(),
        }
    }
}

/// All customers of an endpoint by code.
pub(crate) fn customers(
    endpoint: &Endpoint,
    model: &Model,
    settings: &Settings,
) -> Vec<CustomerSnapshot> {
    let codes = endpoint.store.table("BPCUSTOMER").rows();
    codes
        .filter_map(|(code, _)| customer(endpoint, code, model, settings))
        .collect()
}

/// The customer of that code.
pub(crate) fn customer(
    endpoint: &Endpoint,
    code: &str,
    model: &Model,
    settings: &Settings,
) -> Option<CustomerSnapshot> {
    let row = endpoint.store.table("BPCUSTOMER").get(code)?;
    let partner = endpoint.store.table("BPARTNER").get(code)?;
    let mut customer = snapshot(code, row, partner, endpoint);
    customer.custom = custom(row, settings);
    customer.credit_control = credit_control(row, model);
    Some(customer)
}

fn snapshot(code: &str, row: &Row, partner: &Row, endpoint: &Endpoint) -> CustomerSnapshot {
    let prefix = format!("1|{code}|");
    let addresses = endpoint.store.table("BPADDRESS").rows_under(&prefix);
    let ship_prefix = format!("{code}|");
    let ship_tos = endpoint.store.table("BPDLVCUST").rows_under(&ship_prefix);
    let own = |column: &str| row.text(column).to_owned();
    let shared = |column: &str| partner.text(column).to_owned();
    CustomerSnapshot {
        code: code.to_owned(),
        category: own("BCGCOD"),
        company_name: shared("BPRNAM_0"),
        company_name2: shared("BPRNAM_1"),
        short_company_name: shared("BPRSHO"),
        country: shared("CRY"),
        language: shared("LAN"),
        european_union_vat_number: shared("EECNUM"),
        currency: own("CUR"),
        payment_term: own("PTE"),
        is_active: row.int("BPCSTA") == 2,
        is_supplier: partner.int("BPSFLG") == 2,
        credit_control: String::new(),
        authorized_credit_amount: row.decimal("OSTAUZ"),
        minimum_order_amount: row.decimal("ORDMINAMT"),
        notes: own("BPCREM"),
        default_address: own("BPAADD"),
        ship_to_addresses: ship_tos
            .map(|(_, row)| row.text("BPAADD").to_owned())
            .collect(),
        addresses: addresses.map(|(_, row)| address(row)).collect(),
        custom: BTreeMap::new(),
        created: row.created,
        updated: row.updated,
        created_by: row.created_by.clone(),
        updated_by: row.updated_by.clone(),
        partner_updated: partner.updated,
    }
}

fn address(row: &Row) -> AddressSnapshot {
    let own = |column: &str| row.text(column).to_owned();
    let array = |column: &str, size: u8| {
        (0..size)
            .map(|index| own(&format!("{column}_{index}")))
            .collect()
    };
    AddressSnapshot {
        code: own("BPAADD"),
        description: own("BPADES"),
        is_default: row.int("BPAADDFLG") == 2,
        lines: array("BPAADDLIG", 3),
        zip_code: own("POSCOD"),
        city: own("CTY"),
        state: own("SAT"),
        country: own("CRY"),
        website: own("FCYWEB"),
        phones: array("TEL", 5),
        emails: array("WEB", 5),
        external_identifier: own("EXTNUM"),
        updated: row.updated,
    }
}

fn custom(row: &Row, settings: &Settings) -> BTreeMap<String, String> {
    let fields = settings
        .custom_fields
        .iter()
        .filter(|field| field.node == "customer");
    fields
        .map(|field| (field.name.clone(), row.text(&field.name).to_owned()))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn credit_control(row: &Row, model: &Model) -> String {
    let property = model
        .node("customer")
        .and_then(|node| node.property("creditControl"));
    match property.map(|property| &property.kind) {
        Some(Kind::Menu(menu)) => menu
            .member(row.int("OSTCTL"))
            .unwrap_or_default()
            .to_owned(),
        _ => String::new(),
    }
}
