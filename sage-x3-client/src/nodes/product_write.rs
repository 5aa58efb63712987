//! Products to be created and changed.

use rust_decimal::Decimal;

use super::Product;
use crate::{
    config::Site,
    ids::{ProductCode, RecordId, UnitCode},
    model::{Input, patch},
    records::{
        Creatable, Updatable,
        sealed::{NewRecord, RecordPatch},
    },
};

impl Creatable for Product {
    type New = NewProduct;
}

impl Updatable for Product {
    type Patch = ProductPatch;
}

patch! {
    /// The fields of a product to change. What is not stated keeps its value.
    ///
    /// The names of the input's members are not published by Sage: they are taken to equal the output's (crate
    /// documentation, "assumptions").
    ProductPatch {
        /// Category. On creation use [`NewProduct::new`].
        category: RecordId => patch_code "productCategory",
        /// First description, up to 30 letters.
        description_1: String => patch_text "description1",
        /// Second description.
        description_2: String => patch_text "description2",
        /// Third description.
        description_3: String => patch_text "description3",
        /// Search key.
        search_key: String => patch_text "searchKey",
        /// Bar code.
        upc: String => patch_text "upc",
        /// Status, by the name of the enumeration's member.
        status: String => patch_scalar "productStatus",
        /// Unit of stock. X3 takes the category's.
        stock_unit: UnitCode => patch_code "stockUnit",
        /// Unit of sale.
        sales_unit: UnitCode => patch_code "salesUnit",
        /// Unit of purchase.
        purchase_unit: UnitCode => patch_code "purchaseUnit",
        /// Base price for sales, where the site's node has it.
        base_price: Decimal => patch_scalar "basePrice",
    }
}

impl RecordPatch for ProductPatch {
    fn to_update_input(&self, key: &RecordId, _site: &Site) -> Input {
        let mut input = Input::default();
        input.set("code", key);
        self.write_fields(&mut input);
        input
    }
}

/// A product to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProduct {
    code: Option<ProductCode>,
    category: RecordId,
    values: ProductPatch,
}

impl NewProduct {
    /// A product of `category`. Without a [`code`](Self::code) X3 numbers it, if the category has a sequence counter.
    #[must_use]
    pub fn new(category: RecordId) -> Self {
        Self {
            code: None,
            category,
            values: ProductPatch::default(),
        }
    }

    /// Chooses the code. It makes a repeated create safe: X3 refuses a second product with the same code.
    #[must_use]
    pub fn code(mut self, code: ProductCode) -> Self {
        self.code = Some(code);
        self
    }

    /// Sets the values.
    #[must_use]
    pub fn values(mut self, values: ProductPatch) -> Self {
        self.values = values;
        self
    }
}

impl NewRecord for NewProduct {
    fn chosen_key(&self) -> Option<RecordId> {
        self.code.as_ref().map(RecordId::from)
    }

    fn to_create_input(&self, _site: &Site) -> Input {
        let mut input = Input::default();
        if let Some(code) = &self.code {
            input.set("code", code);
        }
        self.values.write_fields(&mut input);
        input.set("productCategory", &self.category);
        input
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Patch, SiteConfig, graphql::canned::site};

    #[test]
    fn a_product_is_created_in_its_category_and_changed_under_its_code() {
        let site = site(SiteConfig::new("http://x3", "SEED"));
        let new = NewProduct::new(RecordId::new("FINI").unwrap())
            .code(ProductCode::new("P1").unwrap())
            .values(ProductPatch::new().description_1("Chair"));
        assert_eq!(
            serde_json::to_value(new.to_create_input(&site)).unwrap(),
            json!({"code":"P1","description1":"Chair","productCategory":"FINI"})
        );
        let patch = ProductPatch::new()
            .base_price("9.90".parse::<Decimal>().unwrap())
            .upc(Patch::Clear);
        assert_eq!(
            serde_json::to_value(patch.to_update_input(&RecordId::new("P1").unwrap(), &site))
                .unwrap(),
            json!({"code":"P1","upc":"","basePrice":"9.90"})
        );
    }
}
