//! Products at sites.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    graphql::{filter::Filter, node_path::NodePath, operations::product_site_page as wire},
    ids::{FieldName, InvalidName, ProductCode, RecordId, SiteCode},
    model::{Extra, debug_by_key, nodes_of, rest_of},
    nodes::{Stock, stock::stock_of},
    page::Cursor,
    records::{
        ChangeSource, Collection, Feed, Meta, Node, Query, RecordKey, Records, meta,
        sealed::{Key, Typed},
    },
};

/// The products of an endpoint at their sites.
pub type ProductSites = Records<ProductSite>;

impl Query<ProductSite> {
    /// With the stock of each product at its site.
    pub fn with_stock(self) -> Self {
        self.with_children()
    }
}

/// The key of a product at a site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductSiteKey {
    /// The product.
    pub product: ProductCode,
    /// The site.
    pub site: SiteCode,
}

impl Key for ProductSiteKey {}

impl RecordKey for ProductSiteKey {
    fn record_id(&self) -> RecordId {
        RecordId::joined(self.product.as_str(), self.site.as_str())
    }

    fn from_record_id(id: RecordId) -> Result<Self, InvalidName> {
        let (product, site) = id.two_parts("key of a product at a site")?;
        Ok(Self {
            product: ProductCode::new(product)?,
            site: SiteCode::new(site)?,
        })
    }
}

/// A product at a site (node `productSite`, table `ITMFACILIT`).
#[derive(Clone)]
#[non_exhaustive]
pub struct ProductSite {
    /// Product and site.
    pub key: ProductSiteKey,
    /// How stock is managed, by the name of the enumeration's member.
    pub stock_management: Option<String>,
    /// Whether it is being counted.
    pub is_being_counted: Option<bool>,
    /// Class by turnover, by the name of the enumeration's member.
    pub abc_class: Option<String>,
    /// Whether stock is kept by location.
    pub is_location_managed: Option<bool>,
    /// Reordering policy.
    pub reordering_policy: String,
    /// Safety stock.
    pub safety_stock: Option<Decimal>,
    /// Stock at which it is reordered.
    pub reordering_threshold: Option<Decimal>,
    /// Most that is stocked.
    pub maximum_stock: Option<Decimal>,
    /// Economic order quantity.
    pub economic_order_quantity: Option<Decimal>,
    /// Valuation method.
    pub valuation_method: String,
    /// Stock unit.
    pub stock_unit: String,
    /// Sum of the stock, if the site's schema has it.
    pub stock_quantity: Option<Decimal>,
    /// The stock, if it was asked for.
    pub stock: Option<Vec<Stock>>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(ProductSite, key);

impl Node for ProductSite {
    type Key = ProductSiteKey;

    fn key(&self) -> &ProductSiteKey {
        &self.key
    }
}

/// The key by the references to product and site, or by the record's own.
pub(super) fn key_of_site(
    product: Option<String>,
    site: Option<String>,
    id: Option<String>,
) -> Result<ProductSiteKey, InvalidName> {
    match (product, site) {
        (Some(product), Some(site)) => Ok(ProductSiteKey {
            product: ProductCode::new(product)?,
            site: SiteCode::new(site)?,
        }),
        _ => ProductSiteKey::from_record_id(RecordId::new(id.unwrap_or_default())?),
    }
}

/// A product at a site without its stock, whichever node's fragment it was read by.
macro_rules! product_site_of {
    ($fields:expr) => {{
        let fields = $fields;
        $crate::nodes::product_site::key_of_site(
            fields.product.and_then(|product| product.id),
            fields.stock_site.and_then(|site| site.id),
            fields.id,
        )
        .map(|key| $crate::nodes::ProductSite {
            key,
            stock_management: $crate::model::member(fields.stock_management_mode),
            is_being_counted: fields.is_being_counted,
            abc_class: $crate::model::member(fields.abc_class),
            is_location_managed: fields.is_location_managed,
            reordering_policy: $crate::model::text(fields.reordering_policy),
            safety_stock: $crate::model::decimal(fields.safety_stock),
            reordering_threshold: $crate::model::decimal(fields.reordering_threshold),
            maximum_stock: $crate::model::decimal(fields.reordering_maximum_stock),
            economic_order_quantity: $crate::model::decimal(fields.economic_order_quantity),
            valuation_method: $crate::model::text(fields.valuation_method),
            stock_unit: $crate::model::text(fields.stock_unit_code),
            stock_quantity: $crate::model::decimal(fields.distinct_count_of_stock_quantity),
            stock: None,
            created_at: $crate::model::instant(fields.create_stamp),
            updated_at: $crate::model::instant(fields.update_stamp),
            etag: fields.etag,
            extra: $crate::model::Extra::new(),
        })
    }};
}
pub(super) use product_site_of;

impl Typed for ProductSite {
    type Fields = wire::ProductSiteFields;
    type Child = wire::StockFields;

    const META: &'static Meta = &meta!(
        "x3MasterData" / "productSite",
        file: product_site_page,
        key: None,
        children: Some(Collection { name: "stock", fragment: "StockFields" }),
        feeds: &[
            Feed::own(ChangeSource::ProductSite, NodePath::new("x3MasterData", "productSite"), "productSite.keys"),
            Feed::children(ChangeSource::Stock, NodePath::new("x3StockData", "stock"), "stock.keys", &["product"]),
        ]
    );

    fn from_fields(mut fields: wire::ProductSiteFields, extra: Extra) -> Result<Self, InvalidName> {
        let stock = nodes_of!(fields.stock.take())
            .map(|nodes| nodes.into_iter().map(|stock| stock_of!(stock)).collect())
            .transpose()?;
        let site = product_site_of!(fields)?;
        Ok(Self {
            stock,
            extra,
            ..site
        })
    }

    fn rest_of(fields: &wire::ProductSiteFields) -> Option<Option<Cursor>> {
        rest_of!(fields.stock)
    }

    fn extend(&mut self, items: Vec<wire::StockFields>) -> Result<(), InvalidName> {
        let all = self.stock.get_or_insert_default();
        for stock in items {
            all.push(stock_of!(stock)?);
        }
        Ok(())
    }

    fn with_keys(keys: &[RecordId]) -> Filter {
        Filter::any(keys.iter().map(|key| {
            let mut parts = key.parts();
            let mut part = || parts.next().unwrap_or_default();
            Filter::all([
                Filter::field("product.code").eq(part()),
                Filter::field("stockSite.code").eq(part()),
            ])
        }))
    }
}
