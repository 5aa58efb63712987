//! Customers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    config::Site,
    graphql::{node_path::NodePath, operations::customer_page as wire},
    ids::{
        CategoryCode, CountryCode, CurrencyCode, CustomerCode, FieldName, InvalidName,
        LanguageCode, RecordId,
    },
    model::{
        Address, CustomerPatch, Extra, Input, NewCustomer, address_of, code, debug_by_key, decimal,
        instant, nodes_of, rest_of, text,
    },
    page::Cursor,
    records::{
        ChangeSource, Collection, Creatable, Feed, Meta, Node, Query, Records, Updatable, meta,
        sealed::{NewRecord, RecordPatch, Typed},
    },
};

/// The customers of an endpoint.
pub type Customers = Records<Customer>;

/// Which customers to list, and how.
pub type CustomerQuery = Query<Customer>;

impl CustomerQuery {
    /// With all addresses of each customer.
    pub fn with_addresses(self) -> Self {
        self.with_children()
    }
}

/// A customer with what belongs to its business partner. Empty text means that X3 holds nothing: its texts are never
/// null. Source: reference sage-x3 section 3.11.
#[derive(Clone)]
#[non_exhaustive]
pub struct Customer {
    /// Code, shared with the business partner.
    pub code: CustomerCode,
    /// Category.
    pub category: Option<CategoryCode>,
    /// First company name (of the business partner).
    pub company_name_1: String,
    /// Second company name (of the business partner).
    pub company_name_2: String,
    /// Short company name (of the business partner).
    pub short_company_name: String,
    /// VAT number in the European Union (of the business partner).
    pub european_union_vat_number: String,
    /// Country (of the business partner).
    pub country: Option<CountryCode>,
    /// Language (of the business partner).
    pub language: Option<LanguageCode>,
    /// Whether the customer is active. X3 deactivates rather than deletes.
    pub is_active: Option<bool>,
    /// Whether it is a prospect (of the business partner).
    pub is_prospect: Option<bool>,
    /// Currency.
    pub currency: Option<CurrencyCode>,
    /// Credit control, by the name of the enumeration's member.
    pub credit_control: Option<String>,
    /// Authorised credit, in the currency that the site's risk management uses.
    pub authorized_credit_amount: Option<Decimal>,
    /// Smallest order, in the customer's currency.
    pub minimum_order_amount: Option<Decimal>,
    /// Notes.
    pub notes: String,
    /// The default address.
    pub default_address: Option<Address>,
    /// All addresses, if they were asked for.
    pub addresses: Option<Vec<Address>>,
    /// When the customer was created.
    pub created_at: Option<Timestamp>,
    /// When the customer's own row was last changed. Rows of its addresses and its business partner have stamps of
    /// their own. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// When the row of its business partner was last changed.
    pub partner_updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(Customer, code);

impl Node for Customer {
    type Key = CustomerCode;

    fn key(&self) -> &CustomerCode {
        &self.code
    }
}

impl Typed for Customer {
    type Fields = wire::CustomerFields;
    type Child = wire::AddressFields;

    const META: &'static Meta = &meta!(
        "x3MasterData" / "customer",
        file: customer_page,
        key: Some("code.code"),
        children: Some(Collection { name: "addresses", fragment: "AddressFields" }),
        feeds: &[
            Feed::own(ChangeSource::Customer, NodePath::new("x3MasterData", "customer"), "customer.keys"),
            Feed {
                source: ChangeSource::BusinessPartner,
                node: NodePath::new("x3MasterData", "businessPartner"),
                parent: &[],
                only_if: Some("isCustomer"),
                operation: "businessPartner.keys",
            },
            Feed::children(
                ChangeSource::CustomerAddress,
                NodePath::new("x3MasterData", "customerAddress"),
                "customerAddress.keys",
                &["customer"],
            ),
        ]
    );

    fn from_fields(fields: wire::CustomerFields, extra: Extra) -> Result<Self, InvalidName> {
        let partner = fields.code.unwrap_or_default();
        let code_text = partner.code.or(fields.id).unwrap_or_default();
        Ok(Self {
            code: CustomerCode::new(code_text)?,
            category: code(fields.customer_category.and_then(|category| category.code)),
            company_name_1: text(partner.company_name1),
            company_name_2: text(partner.company_name2),
            short_company_name: text(partner.short_company_name),
            european_union_vat_number: text(partner.european_union_vat_number),
            country: code(partner.country.and_then(|country| country.code)),
            language: code(partner.language.and_then(|language| language.code)),
            is_active: fields.is_active,
            is_prospect: partner.is_prospect,
            currency: code(fields.currency.and_then(|currency| currency.code)),
            credit_control: fields.credit_control,
            authorized_credit_amount: decimal(fields.authorized_credit_amount),
            minimum_order_amount: decimal(fields.minimum_order_amount),
            notes: text(fields.notes.and_then(|notes| notes.value)),
            default_address: fields.default_address.map(|address| address_of!(address)),
            addresses: nodes_of!(fields.addresses).map(|nodes| {
                nodes
                    .into_iter()
                    .map(|address| address_of!(address))
                    .collect()
            }),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            partner_updated_at: instant(partner.update_stamp),
            etag: fields.etag,
            extra,
        })
    }

    fn rest_of(fields: &wire::CustomerFields) -> Option<Option<Cursor>> {
        rest_of!(fields.addresses)
    }

    fn extend(&mut self, items: Vec<wire::AddressFields>) -> Result<(), InvalidName> {
        let items = items.into_iter().map(|address| address_of!(address));
        self.addresses.get_or_insert_default().extend(items);
        Ok(())
    }
}

impl Creatable for Customer {
    type New = NewCustomer;
}

impl Updatable for Customer {
    type Patch = CustomerPatch;
}

impl NewRecord for NewCustomer {
    fn chosen_key(&self) -> Option<RecordId> {
        self.chosen_code().map(RecordId::from)
    }

    fn to_create_input(&self, site: &Site) -> Input {
        self.to_input(site.company_names)
    }
}

impl RecordPatch for CustomerPatch {
    fn to_update_input(&self, key: &RecordId, site: &Site) -> Input {
        self.to_update_input(key, site.company_names)
    }
}
