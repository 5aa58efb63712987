//! Products.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::product_page as wire},
    ids::{CompanyCode, FieldName, InvalidName, ProductCode, RecordId, UnitCode},
    model::{Extra, day, debug_by_key, decimal, instant, key_of, member, nodes_of, rest_of, text},
    nodes::{ProductSite, product_site::product_site_of},
    page::Cursor,
    records::{ChangeSource, Collection, Feed, Meta, Node, Query, Records, meta, sealed::Typed},
};

/// The products of an endpoint.
pub type Products = Records<Product>;

impl Query<Product> {
    /// With what each product is at its sites.
    pub fn with_sites(self) -> Self {
        self.with_children()
    }
}

/// A product (node `product`, table `ITMMASTER`). Empty text means that X3 holds nothing.
#[derive(Clone)]
#[non_exhaustive]
pub struct Product {
    /// Code.
    pub code: ProductCode,
    /// The company that the product is reserved for.
    pub company: Option<CompanyCode>,
    /// Category.
    pub category: Option<RecordId>,
    /// Search key.
    pub search_key: String,
    /// First description.
    pub description_1: String,
    /// Second description.
    pub description_2: String,
    /// Third description.
    pub description_3: String,
    /// First description in the API user's language.
    pub localized_description_1: String,
    /// Status, by the name of the enumeration's member, such as `active`.
    pub status: Option<String>,
    /// Bar code.
    pub upc: String,
    /// Unit of stock.
    pub stock_unit: Option<UnitCode>,
    /// Unit of purchase.
    pub purchase_unit: Option<UnitCode>,
    /// Unit of sale.
    pub sales_unit: Option<UnitCode>,
    /// Stock units in a purchase unit.
    pub purchase_unit_factor: Option<Decimal>,
    /// Stock units in a sales unit.
    pub sales_unit_factor: Option<Decimal>,
    /// Unit of the weight.
    pub weight_unit: Option<UnitCode>,
    /// Weight of a stock unit.
    pub weight: Option<Decimal>,
    /// Unit of the volume.
    pub volume_unit: Option<UnitCode>,
    /// Volume of a stock unit.
    pub volume: Option<Decimal>,
    /// Tax level.
    pub tax_level: Option<RecordId>,
    /// Accounting code.
    pub accounting_code: Option<RecordId>,
    /// Whether it is received.
    pub is_received: Option<bool>,
    /// Whether it is purchased.
    pub is_purchased: Option<bool>,
    /// Whether it is manufactured.
    pub is_manufactured: Option<bool>,
    /// How stock is managed, by the name of the enumeration's member.
    pub stock_management: Option<String>,
    /// First day of its life.
    pub service_life_start: Option<Date>,
    /// Last day of its life.
    pub service_life_end: Option<Date>,
    /// Base price for sales. None also where the site's schema has no such field.
    pub base_price: Option<Decimal>,
    /// Base price for purchases. None also where the site's schema has no such field.
    pub purchase_base_price: Option<Decimal>,
    /// Whether it is sold. None also where the site's schema has no such field.
    pub is_sold: Option<bool>,
    /// The product at its sites, if they were asked for.
    pub sites: Option<Vec<ProductSite>>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(Product, code);

impl Node for Product {
    type Key = ProductCode;

    fn key(&self) -> &ProductCode {
        &self.code
    }
}

impl Typed for Product {
    type Fields = wire::ProductFields;
    type Child = wire::ProductSiteFields;

    const META: &'static Meta = &meta!(
        "x3MasterData" / "product",
        file: product_page,
        key: Some("code"),
        children: Some(Collection { name: "productSites", fragment: "ProductSiteFields" }),
        feeds: &[
            Feed::own(ChangeSource::Product, NodePath::new("x3MasterData", "product"), "product.keys"),
            Feed::children(ChangeSource::ProductSite, NodePath::new("x3MasterData", "productSite"), "productSite.keys", &["product"]),
            Feed::children(ChangeSource::Stock, NodePath::new("x3StockData", "stock"), "stock.keys", &["product", "product"]),
        ]
    );

    fn from_fields(fields: wire::ProductFields, extra: Extra) -> Result<Self, InvalidName> {
        Ok(Self {
            code: ProductCode::new(fields.code.or(fields.id).unwrap_or_default())?,
            company: key_of!(fields.company),
            category: key_of!(fields.product_category),
            search_key: text(fields.search_key),
            description_1: text(fields.description1),
            description_2: text(fields.description2),
            description_3: text(fields.description3),
            localized_description_1: text(fields.localized_description1),
            status: member(fields.product_status),
            upc: text(fields.upc),
            stock_unit: key_of!(fields.stock_unit),
            purchase_unit: key_of!(fields.purchase_unit),
            sales_unit: key_of!(fields.sales_unit),
            purchase_unit_factor: decimal(fields.purchase_unit_to_stock_unit_conversion_factor),
            sales_unit_factor: decimal(fields.sales_unit_to_stock_unit_conversion_factor),
            weight_unit: key_of!(fields.weight_unit),
            weight: decimal(fields.product_weight),
            volume_unit: key_of!(fields.volume_unit),
            volume: decimal(fields.product_volume),
            tax_level: key_of!(fields.tax_level),
            accounting_code: key_of!(fields.accounting_code),
            is_received: fields.is_received,
            is_purchased: fields.is_purchased,
            is_manufactured: fields.is_manufactured,
            stock_management: member(fields.stock_management_mode),
            service_life_start: day(fields.service_life_start_date),
            service_life_end: day(fields.service_life_end_date),
            base_price: decimal(fields.base_price),
            purchase_base_price: decimal(fields.purchase_base_price),
            is_sold: fields.is_sold,
            sites: nodes_of!(fields.product_sites)
                .map(|nodes| {
                    nodes
                        .into_iter()
                        .map(|site| product_site_of!(site))
                        .collect()
                })
                .transpose()?,
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }

    fn rest_of(fields: &wire::ProductFields) -> Option<Option<Cursor>> {
        rest_of!(fields.product_sites)
    }

    fn extend(&mut self, items: Vec<wire::ProductSiteFields>) -> Result<(), InvalidName> {
        let all = self.sites.get_or_insert_default();
        for site in items {
            all.push(product_site_of!(site)?);
        }
        Ok(())
    }
}
