//! The standard modules and their fields (reference: zoho-crm-v8 sections 4.1 to 4.3).
//!
//! Lengths and picklist values are those of a fresh organisation as far as known; real ones differ, so clients must read
//! the metadata, and tests may change both.

mod inventory;
mod sales;
mod support;

use inventory::{
    invoices, lines, price_books, products, purchase_orders, quotes, sales_orders, vendors,
};
use sales::{accounts, contacts, deals, leads};
use support::{attachments, notes, users};

use super::field::{DataType, Field};
use super::{Kind, Module};

fn text(name: &str, length: usize) -> Field {
    Field::new(name, DataType::Text, length)
}
fn textarea(name: &str) -> Field {
    Field::new(name, DataType::Textarea, 32_000)
}
fn email(name: &str) -> Field {
    Field::new(name, DataType::Email, 100)
}
fn phone(name: &str) -> Field {
    Field::new(name, DataType::Phone, 30)
}
fn website(name: &str) -> Field {
    Field::new(name, DataType::Website, 450)
}
fn integer(name: &str) -> Field {
    Field::new(name, DataType::Integer, 9)
}
fn bigint(name: &str) -> Field {
    Field::new(name, DataType::Bigint, 18)
}
fn double(name: &str) -> Field {
    Field::new(name, DataType::Double, 16)
}
fn currency(name: &str) -> Field {
    Field::new(name, DataType::Currency, 16)
}
fn boolean(name: &str) -> Field {
    Field::new(name, DataType::Boolean, 5)
}
fn date(name: &str) -> Field {
    Field::new(name, DataType::Date, 20)
}
fn datetime(name: &str) -> Field {
    Field::new(name, DataType::Datetime, 120)
}
fn lookup(name: &str, module: &str) -> Field {
    Field::new(name, DataType::Lookup(module.to_owned()), 120)
}
fn autonumber(name: &str) -> Field {
    Field::new(name, DataType::Autonumber, 120).read_only()
}
fn array(name: &str) -> Field {
    Field::new(name, DataType::Array, 120)
}
fn subform(name: &str, module: &str) -> Field {
    Field::new(name, DataType::Subform(module.to_owned()), 120)
}
fn picklist(name: &str, values: &[&str]) -> Field {
    let mut field = Field::new(name, DataType::Picklist, 120);
    field.picklist = values.iter().map(|value| (*value).to_owned()).collect();
    field
}

/// Fields every module with rows of its own has.
fn common(fields: &mut Vec<Field>) {
    fields.extend([
        Field::new("Owner", DataType::Owner, 120),
        Field::new("Created_By", DataType::User, 120).read_only(),
        Field::new("Modified_By", DataType::User, 120).read_only(),
        datetime("Created_Time").read_only(),
        datetime("Modified_Time").read_only(),
        textarea("Description"),
        array("Tag"),
        picklist("Record_Status__s", &["Available"]).read_only(),
        boolean("Locked__s").read_only(),
    ]);
}

/// Fields of the modules people and companies live in.
fn social(fields: &mut Vec<Field>) {
    fields.extend([
        datetime("Last_Activity_Time").read_only(),
        datetime("Change_Log_Time__s").read_only(),
        Field::new("Record_Image", DataType::System, 255).read_only(),
        picklist("Enrich_Status__s", &["Available", "Enriched"]).read_only(),
        datetime("Last_Enriched_Time__s").read_only(),
    ]);
}

fn multi_currency(fields: &mut Vec<Field>) {
    fields.extend([picklist("Currency", &[]), double("Exchange_Rate")]);
}

fn address(fields: &mut Vec<Field>, prefix: &str) {
    let named = |part: &str| format!("{prefix}{part}");
    fields.extend([
        text(&named("Street"), 250),
        text(&named("City"), 100),
        text(&named("State"), 100),
        text(&named("Code"), 30),
        text(&named("Country"), 100),
    ]);
}

fn module(
    api_name: &str,
    singular: &str,
    upsert_field: &str,
    inventory: bool,
    mut fields: Vec<Field>,
) -> Module {
    fields.insert(0, bigint("id").read_only());
    let title = match api_name {
        "Leads" | "Contacts" => "Full_Name",
        _ => fields
            .iter()
            .find(|field| field.mandatory)
            .map_or("id", |field| field.api_name.as_str()),
    };
    Module {
        title: title.to_owned(),
        api_name: api_name.to_owned(),
        id: String::new(),
        singular: singular.to_owned(),
        plural: api_name.replace('_', " "),
        fields,
        upsert_field: Some(upsert_field.to_owned()),
        kind: Kind::Records,
        inventory,
    }
}

/// All standard modules, in the order the metadata lists them.
pub(super) fn modules() -> Vec<Module> {
    vec![
        leads(),
        contacts(),
        accounts(),
        deals(),
        products(),
        quotes(),
        sales_orders(),
        purchase_orders(),
        invoices(),
        vendors(),
        price_books(),
        lines("Quoted_Items", "Quotes"),
        lines("Ordered_Items", "Sales_Orders"),
        lines("Purchase_Items", "Purchase_Orders"),
        lines("Invoiced_Items", "Invoices"),
        notes(),
        attachments(),
        users(),
    ]
}
