//! The input types: their one definition, for the schema and for the writing code.
//!
//! Sage publishes that the customer is writable, not the members of its input, so all of them are assumptions: they
//! carry the names of the output. Denormalised rows are objects with an optional `denormalizedIndex`, as the published
//! client typings have them for other nodes. Recorded for `update`: rows of a list carry `_action`.

use crate::graphql::ast::TypeRef;
use crate::graphql::types::{InputDef, Schema, TypeKind};
use crate::model::{Kind, Model, Node, Property};
use crate::schema::add_menu;
use crate::settings::{CompanyNames, Settings};

/// Members of the customer that stand in its own row.
pub(crate) const CUSTOMER: [&str; 18] = [
    "customerCategory",
    "isActive",
    "ourSupplierCode",
    "currency",
    "paymentTerm",
    "rateType",
    "exemptionTaxNumber",
    "priceOrAmountType",
    "creditControl",
    "authorizedCreditAmount",
    "minimumOrderAmount",
    "creditInsuranceAmount",
    "insuranceDate",
    "insuranceCompany",
    "minimumReminderAmount",
    "canBeMatched",
    "isLoanAllowed",
    "notes",
];

/// Members of the customer's input that stand in the business partner's row.
pub(crate) const PARTNER: [&str; 4] = [
    "shortCompanyName",
    "country",
    "language",
    "europeanUnionVatNumber",
];

/// Members of an address, its code aside.
pub(crate) const ADDRESS: [&str; 8] = [
    "description",
    "zipCode",
    "city",
    "state",
    "country",
    "website",
    "externalIdentifier",
    "isValid",
];

/// Denormalised members of an address and the member of their rows that holds the value.
pub(crate) const ADDRESS_SLOTS: [(&str, &str); 3] = [
    ("addressLines", "addressLine"),
    ("addressPhoneNumbers", "addressPhoneNumber"),
    ("addressEmails", "addressEmail"),
];

/// The members that carry the company's names: input name, property of the business partner.
///
/// The schema has those of the published form only; people's edits may use any.
pub(crate) const NAMES: [(&str, &str); 3] = [
    ("companyName1", "companyName1"),
    ("companyName2", "companyName2"),
    ("companyName", "companyName1"),
];

/// The name members the schema has.
pub(crate) fn published_names(settings: &Settings) -> Vec<&'static str> {
    let mut out = Vec::new();
    for form in settings.names_published() {
        match form {
            CompanyNames::Numbered => out.extend(["companyName1", "companyName2"]),
            CompanyNames::Single => out.push("companyName"),
            CompanyNames::Collection => {}
        }
    }
    out
}

/// Adds the input types of a writable node; returns the name of the outermost.
pub(crate) fn add_types(
    node: &Node,
    model: &Model,
    settings: &Settings,
    schema: &mut Schema,
) -> String {
    let name = format!("{}_Input", node.type_name);
    let mut members = vec![
        InputDef::new("_id", TypeRef::named("Id")),
        InputDef::new("_etag", TypeRef::named("String")),
        InputDef::new("code", TypeRef::named("ExternalReference")),
    ];
    members.extend(published_names(settings).into_iter().map(text));
    if settings
        .names_published()
        .contains(&CompanyNames::Collection)
    {
        members.push(slots(
            "companyNames",
            "CustomerCompanyNames_Input",
            "companyName",
            schema,
        ));
    }
    if let Some(partner) = model.node("businessPartner") {
        members.extend(
            PARTNER
                .iter()
                .filter_map(|member| definition(partner.property(member)?, schema)),
        );
    }
    members.extend(
        CUSTOMER
            .iter()
            .filter_map(|member| definition(node.property(member)?, schema)),
    );
    for field in settings
        .custom_fields
        .iter()
        .filter(|field| field.node == node.name)
    {
        members.push(text(&field.name));
    }
    if let Some(address) = model.node("customerAddress") {
        members.push(address_members(address, schema));
    }
    schema.add(&name, TypeKind::Input(members));
    name
}

fn text(name: &str) -> InputDef {
    InputDef::new(name, TypeRef::named("String"))
}

fn address_members(address: &Node, schema: &mut Schema) -> InputDef {
    let mut members = vec![
        InputDef::new("_id", TypeRef::named("Id")),
        text("_action"),
        text("code"),
        InputDef::new("isDefault", TypeRef::named("Boolean")),
    ];
    members.extend(
        ADDRESS
            .iter()
            .filter_map(|member| definition(address.property(member)?, schema)),
    );
    for (member, value) in ADDRESS_SLOTS {
        let type_name = format!(
            "CustomerAddress{}_Input",
            crate::settings::capitalised(member)
        );
        members.push(slots(member, &type_name, value, schema));
    }
    schema.add("CustomerAddress_Input", TypeKind::Input(members));
    InputDef::new(
        "addresses",
        TypeRef::named("CustomerAddress_Input").non_null().list(),
    )
}

fn slots(member: &str, type_name: &str, value: &str, schema: &mut Schema) -> InputDef {
    let members = vec![
        InputDef::new("denormalizedIndex", TypeRef::named("Int")),
        text(value),
    ];
    schema.add(type_name, TypeKind::Input(members));
    InputDef::new(member, TypeRef::named(type_name).non_null().list())
}

fn definition(property: &Property, schema: &mut Schema) -> Option<InputDef> {
    let ty = match &property.kind {
        Kind::Text { .. } => "String",
        Kind::Stream { .. } => "_InputTextStream",
        Kind::Int => "Int",
        Kind::Decimal => "Decimal",
        Kind::Boolean => "Boolean",
        Kind::Date => "Date",
        Kind::Reference { .. } => "ExternalReference",
        Kind::Menu(menu) => {
            let name = format!("{}_EnumInput", menu.name);
            add_menu(menu, &name, schema);
            return Some(InputDef::new(property.name.as_ref(), TypeRef::named(name)));
        }
        Kind::Children { .. } | Kind::Slots { .. } => return None,
    };
    Some(InputDef::new(property.name.as_ref(), TypeRef::named(ty)))
}
