//! The products of an X3 endpoint.

use sage_x3_client::{ChangeSource, Filter, Product, SiteCode, StampField, X3Client};

use super::{
    fields::{code, day},
    node::NodeEndpoint,
    settings::CustomField,
    stock::AvailableStock,
    table::{NodeField, NodeTable},
};
use crate::{ids::FieldName, value::Value};

/// The products of an X3 endpoint, to be read. A record's identity is the product's code.
///
/// | field | value |
/// |---|---|
/// | `code`, `searchKey`, `upc` | text |
/// | `description1` to `description3`, `localizedDescription1` | text; the last in the API user's language |
/// | `productStatus`, `stockManagementMode` | name of the enumeration's member |
/// | `productCategory`, `company`, `taxLevel`, `accountingCode` | code |
/// | `stockUnit`, `salesUnit`, `purchaseUnit` | code |
/// | `salesUnitFactor`, `purchaseUnitFactor` | stock units in such a unit |
/// | `weight`, `volume` | of a stock unit |
/// | `serviceLifeStart`, `serviceLifeEnd` | day |
/// | `isReceived`, `isPurchased`, `isManufactured` | boolean |
/// | `isSold`, `basePrice`, `purchaseBasePrice` | absent at sites that do not publish them |
/// | `stock.total`, `stock.<SITE>` | available stock, with [`ProductSettings::stock_of`] |
/// | fields of the site | as configured |
///
/// Changes are found by the feeds `product` and, with stock, `stock`: a change of a row of stock is one of its product.
pub type ProductEndpoint = NodeEndpoint<Product>;

impl ProductEndpoint {
    /// The products that `client` reaches.
    #[must_use]
    pub fn new(client: X3Client, settings: ProductSettings) -> Self {
        let mut table = product_table()
            .custom_fields(settings.custom)
            .mapped_fields(&settings.mapped)
            // Nothing is read of products at their sites.
            .without_feed(ChangeSource::ProductSite);
        if !settings.categories.is_empty() {
            table = table.scope(Filter::field("productCategory.code").is_in(settings.categories));
        }
        table = match settings.stock {
            Some(sites) => {
                let stock = AvailableStock::at(sites);
                table
                    .feed_only(ChangeSource::Stock, stock.filter())
                    .supplement(stock)
            }
            None => table.without_feed(ChangeSource::Stock),
        };
        for (source, stamp) in settings.stamps {
            table = table.stamp(source, stamp);
        }
        Self::of(client, table)
    }
}

/// How the products of a site are to be treated.
#[derive(Clone, Debug, Default)]
pub struct ProductSettings {
    custom: Vec<CustomField>,
    mapped: Vec<FieldName>,
    categories: Vec<String>,
    stock: Option<Vec<SiteCode>>,
    stamps: Vec<(ChangeSource, StampField)>,
}

impl ProductSettings {
    /// All products, without stock, by `_updateStamp`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Also reads the stock that is available at these sites, and its total: accepted stock less what is allocated, in
    /// stock units. The total is that of these sites; without any, of all sites.
    #[must_use]
    pub fn stock_of(mut self, sites: impl IntoIterator<Item = SiteCode>) -> Self {
        self.stock = Some(sites.into_iter().collect());
        self
    }

    /// Only products of these categories are there.
    #[must_use]
    pub fn categories<T: Into<String>>(mut self, categories: impl IntoIterator<Item = T>) -> Self {
        self.categories = categories.into_iter().map(Into::into).collect();
        self
    }

    /// Also reads a field of the site, under its own name.
    #[must_use]
    pub fn custom_field(mut self, field: CustomField) -> Self {
        self.custom.push(field);
        self
    }

    /// Names the fields that the flow uses: see [`NodeTable::mapped_fields`].
    #[must_use]
    pub fn mapped_fields<'a>(mut self, fields: impl IntoIterator<Item = &'a FieldName>) -> Self {
        self.mapped = fields.into_iter().cloned().collect();
        self
    }

    /// Polls a source by another stamp than `_updateStamp`.
    #[must_use]
    pub fn stamp(mut self, source: ChangeSource, stamp: StampField) -> Self {
        self.stamps.push((source, stamp));
        self
    }
}

fn product_table() -> NodeTable<Product> {
    let fields = vec![
        text("code", |it| it.code.as_str()),
        text("searchKey", |it| &it.search_key),
        text("description1", |it| &it.description_1),
        text("description2", |it| &it.description_2),
        text("description3", |it| &it.description_3),
        text("localizedDescription1", |it| &it.localized_description_1),
        text("upc", |it| &it.upc),
        plain("productStatus", "productStatus", |it| {
            it.status.clone().into()
        }),
        plain("stockManagementMode", "stockManagementMode", |it| {
            it.stock_management.clone().into()
        }),
        plain("productCategory", "productCategory.code", |it| {
            code(it.category.as_ref())
        }),
        plain("company", "company.code", |it| code(it.company.as_ref())),
        plain("taxLevel", "taxLevel.code", |it| {
            code(it.tax_level.as_ref())
        }),
        plain("accountingCode", "accountingCode.code", |it| {
            code(it.accounting_code.as_ref())
        }),
        plain("stockUnit", "stockUnit.code", |it| {
            code(it.stock_unit.as_ref())
        }),
        plain("salesUnit", "salesUnit.code", |it| {
            code(it.sales_unit.as_ref())
        }),
        plain("purchaseUnit", "purchaseUnit.code", |it| {
            code(it.purchase_unit.as_ref())
        }),
        plain(
            "salesUnitFactor",
            "salesUnitToStockUnitConversionFactor",
            |it| it.sales_unit_factor.into(),
        ),
        plain(
            "purchaseUnitFactor",
            "purchaseUnitToStockUnitConversionFactor",
            |it| it.purchase_unit_factor.into(),
        ),
        plain("weight", "productWeight", |it| it.weight.into()),
        plain("volume", "productVolume", |it| it.volume.into()),
        plain("serviceLifeStart", "serviceLifeStartDate", |it| {
            day(it.service_life_start)
        }),
        plain("serviceLifeEnd", "serviceLifeEndDate", |it| {
            day(it.service_life_end)
        }),
        plain("isReceived", "isReceived", |it| it.is_received.into()),
        plain("isPurchased", "isPurchased", |it| it.is_purchased.into()),
        plain("isManufactured", "isManufactured", |it| {
            it.is_manufactured.into()
        }),
        plain("isSold", "isSold", |it| it.is_sold.into()).optional(),
        plain("basePrice", "basePrice", |it| it.base_price.into()).optional(),
        plain("purchaseBasePrice", "purchaseBasePrice", |it| {
            it.purchase_base_price.into()
        })
        .optional(),
    ];
    NodeTable::new(
        "products",
        "code",
        fields,
        |product| product.updated_at,
        |product| &product.extra,
    )
}

fn plain(
    name: &'static str,
    path: &'static str,
    read: fn(&Product) -> Value,
) -> NodeField<Product> {
    NodeField::new(name, path, read)
}

fn text(name: &'static str, read: fn(&Product) -> &str) -> NodeField<Product> {
    NodeField::new(name, name, move |product| Value::text(read(product)))
}
