//! What is available of products.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use rust_decimal::Decimal;
use sage_x3_client::{Filter, Product, ProductCode, Query, SiteCode, Stock, X3Client};

use super::{error::endpoint_error, table::Supplement};
use crate::{
    endpoint::EndpointError,
    ids::FieldName,
    value::{Document, Value},
};

/// The stock of products that can be promised: accepted (status `A`, `A1` ...) and not allocated, in stock units. A product
/// whose stock is not managed has none.
///
/// X3 removes a row of stock when nothing is left in it, and a row that is gone has no stamp to follow: the last piece to
/// leave is noticed by the sweep, or when the product or another row of its stock changes.
#[derive(Debug)]
pub(super) struct AvailableStock {
    sites: Vec<SiteCode>,
}

/// Stock by site, of each product.
type BySite = BTreeMap<SiteCode, Decimal>;

const TOTAL: &str = "stock.total";

impl AvailableStock {
    /// At `sites`; at all sites where there are none.
    pub(super) fn at(sites: Vec<SiteCode>) -> Self {
        Self { sites }
    }

    /// The rows of stock that count.
    pub(super) fn filter(&self) -> Filter {
        if self.sites.is_empty() {
            return Filter::everything();
        }
        let sites = self.sites.iter().map(SiteCode::as_str);
        Filter::field("stockSite.code").is_in(sites)
    }

    async fn rows(
        &self,
        client: &X3Client,
        products: &[Product],
    ) -> Result<BTreeMap<ProductCode, BySite>, EndpointError> {
        let codes = products.iter().map(|product| product.code.as_str());
        let of_products = Filter::field("product.product.code").is_in(codes);
        let query: Query<Stock> = Query::new().filter(Filter::all([of_products, self.filter()]));
        let mut pages = client.stock().pages(query);
        let mut found: BTreeMap<ProductCode, BySite> = BTreeMap::new();
        while let Some(page) = pages.try_next().await.map_err(endpoint_error)? {
            for row in page.items.into_iter().filter(is_accepted) {
                let Some(key) = row.product else { continue };
                let free =
                    row.quantity.unwrap_or_default() - row.allocated_quantity.unwrap_or_default();
                let at = found.entry(key.product).or_default();
                *at.entry(row.site.unwrap_or(key.site)).or_default() += free;
            }
        }
        Ok(found)
    }

    fn fields_of(&self, product: &Product, found: &BTreeMap<ProductCode, BySite>) -> Document {
        let none = BySite::new();
        let by_site = found.get(&product.code).unwrap_or(&none);
        let is_managed = product.stock_management.as_deref() != Some("notManaged");
        let shown = |quantity: Decimal| {
            if is_managed {
                Value::Decimal(quantity)
            } else {
                Value::Null
            }
        };
        let total = by_site.values().copied().sum();
        let sites = self.sites.iter().map(|site| {
            let there = by_site.get(site).copied().unwrap_or_default();
            (field_of(site), shown(there))
        });
        sites
            .chain([(FieldName::from(TOTAL), shown(total))])
            .collect()
    }
}

#[async_trait]
impl Supplement<Product> for AvailableStock {
    fn fields(&self) -> Vec<FieldName> {
        let sites = self.sites.iter().map(field_of);
        sites.chain([FieldName::from(TOTAL)]).collect()
    }

    async fn read(
        &self,
        client: &X3Client,
        records: &[Product],
    ) -> Result<Vec<Document>, EndpointError> {
        let found = self.rows(client, records).await?;
        let documents = records
            .iter()
            .map(|product| self.fields_of(product, &found));
        Ok(documents.collect())
    }
}

fn field_of(site: &SiteCode) -> FieldName {
    FieldName::from(format!("stock.{site}"))
}

/// Whether a row of stock can be used. Rows without a status can.
fn is_accepted(row: &Stock) -> bool {
    let status = row.status.as_ref();
    status.is_none_or(|status| status.as_str().starts_with('A'))
}
