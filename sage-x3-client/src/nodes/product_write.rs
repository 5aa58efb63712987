//! Products to be created and changed.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Product;
use crate::{
    config::Site,
    ids::{FieldName, ProductCode, RecordId, UnitCode},
    model::{Input, code_text, setters},
    patch::Patch,
    records::{
        Creatable, Updatable,
        sealed::{NewRecord, RecordPatch},
    },
    scalar::Scalar,
};

impl Creatable for Product {
    type New = NewProduct;
}

impl Updatable for Product {
    type Patch = ProductPatch;
}

/// The fields of a product to change. What is not stated keeps its value.
///
/// The names of the input's members are not published by Sage: they are taken to equal the output's (crate
/// documentation, "assumptions").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductPatch {
    category: Patch<RecordId>,
    description_1: Patch<String>,
    description_2: Patch<String>,
    description_3: Patch<String>,
    search_key: Patch<String>,
    upc: Patch<String>,
    status: Patch<String>,
    stock_unit: Patch<UnitCode>,
    sales_unit: Patch<UnitCode>,
    purchase_unit: Patch<UnitCode>,
    base_price: Patch<Decimal>,
    extra: BTreeMap<FieldName, Scalar>,
}

impl ProductPatch {
    /// No change.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Category. On creation use [`NewProduct::new`].
        category: RecordId,
        /// First description, up to 30 letters.
        description_1: String,
        /// Second description.
        description_2: String,
        /// Third description.
        description_3: String,
        /// Search key.
        search_key: String,
        /// Bar code.
        upc: String,
        /// Status, by the name of the enumeration's member.
        status: String,
        /// Unit of stock. X3 takes the category's.
        stock_unit: UnitCode,
        /// Unit of sale.
        sales_unit: UnitCode,
        /// Unit of purchase.
        purchase_unit: UnitCode,
        /// Base price for sales, where the site's node has it.
        base_price: Decimal,
    }

    /// Sets a field of the site, under its own name.
    #[must_use]
    pub fn extra(mut self, name: FieldName, value: impl Into<Scalar>) -> Self {
        self.extra.insert(name, value.into());
        self
    }

    /// Whether nothing is to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn write(&self, input: &mut Input) {
        input.patch_scalar("productCategory", &code_text(&self.category));
        input.patch_text("description1", &self.description_1);
        input.patch_text("description2", &self.description_2);
        input.patch_text("description3", &self.description_3);
        input.patch_text("searchKey", &self.search_key);
        input.patch_text("upc", &self.upc);
        input.patch_scalar("productStatus", &self.status);
        input.patch_scalar("stockUnit", &code_text(&self.stock_unit));
        input.patch_scalar("salesUnit", &code_text(&self.sales_unit));
        input.patch_scalar("purchaseUnit", &code_text(&self.purchase_unit));
        input.patch_scalar("basePrice", &self.base_price);
        for (name, value) in &self.extra {
            input.set(name.as_str(), value.clone());
        }
    }
}

impl RecordPatch for ProductPatch {
    fn to_update_input(&self, key: &RecordId, _site: &Site) -> Input {
        let mut input = Input::default();
        input.set("code", key);
        self.write(&mut input);
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
        self.values.write(&mut input);
        input.set("productCategory", &self.category);
        input
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{SiteConfig, graphql::canned::site};

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
