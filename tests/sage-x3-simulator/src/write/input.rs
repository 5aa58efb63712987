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
pub(crate) const CUSTOMER_PARTNER: [&str; 5] = [
    "shortCompanyName",
    "country",
    "language",
    "europeanUnionVatNumber",
    "isProspect",
];

/// Members of the supplier's input that stand in the business partner's row.
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

/// Members of the sales order that stand in its header, its id aside; the customer and the site come first.
pub(crate) const ORDER: [&str; 16] = [
    "salesOrderType",
    "category",
    "company",
    "billToCustomer",
    "shipToCustomerAddress",
    "customerOrderReference",
    "additionnalReference",
    "orderDate",
    "shipmentDate",
    "requestedDeliveryDate",
    "deliveryLeadTime",
    "currency",
    "taxRule",
    "paymentTerm",
    "shippingSite",
    "priceIncludingOrExcludingTax",
];

/// Those of them that an existing order lets change.
pub(crate) const ORDER_CHANGEABLE: [&str; 8] = [
    "shipToCustomerAddress",
    "customerOrderReference",
    "additionnalReference",
    "shipmentDate",
    "requestedDeliveryDate",
    "deliveryLeadTime",
    "paymentTerm",
    "shippingSite",
];

/// Members of a line of the sales order, its number aside.
pub(crate) const ORDER_LINE: [&str; 20] = [
    "product",
    "salesUnit",
    "quantityInSalesUnitOrdered",
    "grossPrice",
    "discountOrCharge1",
    "discountOrCharge2",
    "discountOrCharge3",
    "discountOrCharge4",
    "discountOrCharge5",
    "discountOrCharge6",
    "discountOrCharge7",
    "discountOrCharge8",
    "discountOrCharge9",
    "productDescriptionInUserLanguage",
    "productDescriptionInCustomerLanguage",
    "shippingSite",
    "taxLevel1",
    "requestedDeliveryDate",
    "expectedDeliveryDate",
    "shipmentDate",
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
    let members = match node.name {
        "customer" => customer_members(node, model, settings, schema),
        "salesOrder" => order_members(node, model, settings, schema),
        _ => record_members(node, model, settings, schema),
    };
    schema.add(&name, TypeKind::Input(members));
    name
}

/// Everything in the node's table that is not worked out, and the rows that are written with it.
fn record_members(
    node: &Node,
    model: &Model,
    settings: &Settings,
    schema: &mut Schema,
) -> Vec<InputDef> {
    let mut members = identity();
    for property in node.properties.iter().filter(|known| !known.computed) {
        members.extend(definition(property, schema));
        let child = match &property.kind {
            Kind::Children { node: child, .. }
                if node.written_with.contains(&property.name.as_ref()) =>
            {
                model.node(child)
            }
            _ => None,
        };
        if let Some(child) = child {
            let name = format!("{}_Input", child.type_name);
            let mut rows = record_members(child, model, settings, schema);
            rows.push(text("_action"));
            schema.add(&name, TypeKind::Input(rows));
            let list = TypeRef::named(&name).non_null().list();
            members.push(InputDef::new(property.name.as_ref(), list));
        }
    }
    if node.name == "supplier" {
        let own = |name: &str| node.property(name).is_some();
        let names = published_names(settings).into_iter();
        members.extend(names.filter(|name| !own(name)).map(text));
        if let Some(partner) = model.node("businessPartner") {
            let shared = PARTNER.iter().filter(|name| !own(name));
            members.extend(defined(partner, shared, schema));
        }
        if let Some(address) = model.node("supplierAddress") {
            members.push(address_members(address, schema));
        }
    }
    members
}

fn identity() -> Vec<InputDef> {
    vec![
        InputDef::new("_id", TypeRef::named("Id")),
        InputDef::new("_etag", TypeRef::named("String")),
    ]
}

fn order_members(
    node: &Node,
    model: &Model,
    settings: &Settings,
    schema: &mut Schema,
) -> Vec<InputDef> {
    let mut members = identity();
    let header = ["id", "soldToCustomer", "salesSite"];
    members.extend(defined(node, header.iter().chain(&ORDER), schema));
    members.extend(own_fields(node.name, settings));
    if let Some(line) = model.node("salesOrderLine") {
        let mut row = vec![
            InputDef::new("_id", TypeRef::named("Id")),
            text("_action"),
            InputDef::new("lineNumber", TypeRef::named("Int")),
            InputDef::new("sequenceNumber", TypeRef::named("Int")),
        ];
        row.extend(defined(line, ORDER_LINE.iter(), schema));
        row.extend(own_fields(line.name, settings));
        schema.add("SalesOrderLine_Input", TypeKind::Input(row));
        members.push(InputDef::new(
            settings.sales_order_lines.name(),
            TypeRef::named("SalesOrderLine_Input").non_null().list(),
        ));
    }
    members
}

fn defined<'a>(
    node: &Node,
    members: impl Iterator<Item = &'a &'static str>,
    schema: &mut Schema,
) -> Vec<InputDef> {
    members
        .filter_map(|member| definition(node.property(member)?, schema))
        .collect()
}

fn own_fields(node: &str, settings: &Settings) -> Vec<InputDef> {
    let fields = settings.custom_fields.iter();
    fields
        .filter(|field| field.node == node)
        .map(|field| text(&field.name))
        .collect()
}

fn customer_members(
    node: &Node,
    model: &Model,
    settings: &Settings,
    schema: &mut Schema,
) -> Vec<InputDef> {
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
            CUSTOMER_PARTNER
                .iter()
                .filter_map(|member| definition(partner.property(member)?, schema)),
        );
    }
    members.extend(
        CUSTOMER
            .iter()
            .filter_map(|member| definition(node.property(member)?, schema)),
    );
    members.extend(own_fields(node.name, settings));
    if let Some(address) = model.node("customerAddress") {
        members.push(address_members(address, schema));
    }
    members
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
            "{}{}_Input",
            address.type_name,
            crate::settings::capitalised(member)
        );
        members.push(slots(member, &type_name, value, schema));
    }
    let name = format!("{}_Input", address.type_name);
    schema.add(&name, TypeKind::Input(members));
    InputDef::new("addresses", TypeRef::named(&name).non_null().list())
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
