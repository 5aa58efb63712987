//! Suppliers to be created and changed.

use super::Supplier;
use crate::{
    config::{CompanyNames, Site},
    ids::{CountryCode, CurrencyCode, LanguageCode, RecordId, SupplierCode},
    model::{AddressPatch, Input, patch},
    records::{
        Creatable, Updatable,
        sealed::{NewRecord, RecordPatch},
    },
};

impl Creatable for Supplier {
    type New = NewSupplier;
}

impl Updatable for Supplier {
    type Patch = SupplierPatch;
}

patch! {
    /// The fields of a supplier to change. What is not stated keeps its value.
    ///
    /// Sage's pages call suppliers read-only: they are written where the site has defined and activated an API operation, or
    /// through SOAP or a class. The names of the input's members are taken to equal the output's (crate documentation,
    /// "assumptions"). Source: reference sage-x3 section 3.9.
    SupplierPatch {
        /// First company name (of the business partner).
        company_name_1: String,
        /// Second company name (of the business partner). Releases before 2024 R1 take no second name of a supplier.
        company_name_2: String,
        /// Short company name (of the business partner).
        short_company_name: String => patch_text "shortCompanyName",
        /// VAT number in the European Union (of the business partner).
        european_union_vat_number: String => patch_text "europeanUnionVatNumber",
        /// Country (of the business partner).
        country: CountryCode => patch_code "country",
        /// Language (of the business partner).
        language: LanguageCode => patch_code "language",
        /// Category. On creation use [`NewSupplier::new`].
        category: RecordId => patch_code "category",
        /// Whether the supplier is active.
        is_active: bool => patch_scalar "isActive",
        /// Currency.
        currency: CurrencyCode => patch_code "currency",
        /// The number by which the supplier knows us, up to 20 letters.
        our_customer_number: String => patch_text "ourCustomerNumberForSupplier",
    }
    and addresses: Vec<AddressPatch>;
}

impl SupplierPatch {
    /// Adds or changes an address.
    #[must_use]
    pub fn address(mut self, address: AddressPatch) -> Self {
        self.addresses.push(address);
        self
    }

    fn write(&self, input: &mut Input, site: &Site, address: impl Fn(&AddressPatch) -> Input) {
        // Before the names were numbered, a supplier had a single one: reference sage-x3 section 3.11.
        let first = match site.company_names {
            CompanyNames::Numbered => "companyName1",
            CompanyNames::Collection => "companyName",
        };
        input.patch_text(first, &self.company_name_1);
        input.patch_text("companyName2", &self.company_name_2);
        self.write_fields(input);
        input.set_list("addresses", self.addresses.iter().map(address).collect());
    }
}

impl RecordPatch for SupplierPatch {
    fn to_update_input(&self, key: &RecordId, site: &Site) -> Input {
        let mut input = Input::default();
        input.set("code", key);
        self.write(&mut input, site, AddressPatch::to_update_input);
        input
    }
}

/// A supplier to be created. Its business partner is created with it, or shared with the customer of the same code.
///
/// ```
/// use sage_x3_client::{AddressCode, AddressPatch, NewSupplier, RecordId, SupplierCode, SupplierPatch};
///
/// let supplier = NewSupplier::new(RecordId::new("STD")?)
///     .code(SupplierCode::new("MILL01")?)
///     .values(SupplierPatch::new().company_name_1("Moulin du Nord").address(
///         AddressPatch::create(AddressCode::new("MAIN")?).city("Lille").phone(1, "+33 3 20 1"),
///     ));
/// # Ok::<(), sage_x3_client::InvalidName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSupplier {
    code: Option<SupplierCode>,
    category: RecordId,
    values: SupplierPatch,
}

impl NewSupplier {
    /// A supplier of `category`. Without a [`code`](Self::code) X3 numbers it, if the category has a sequence counter.
    #[must_use]
    pub fn new(category: RecordId) -> Self {
        Self {
            code: None,
            category,
            values: SupplierPatch::default(),
        }
    }

    /// Chooses the code. It makes a repeated create safe: X3 refuses a second supplier with the same code.
    #[must_use]
    pub fn code(mut self, code: SupplierCode) -> Self {
        self.code = Some(code);
        self
    }

    /// Sets the values.
    #[must_use]
    pub fn values(mut self, values: SupplierPatch) -> Self {
        self.values = values;
        self
    }

    /// The code that was chosen.
    #[must_use]
    pub fn chosen_code(&self) -> Option<&SupplierCode> {
        self.code.as_ref()
    }
}

impl NewRecord for NewSupplier {
    fn chosen_key(&self) -> Option<RecordId> {
        self.code.as_ref().map(RecordId::from)
    }

    fn to_create_input(&self, site: &Site) -> Input {
        let mut input = Input::default();
        if let Some(code) = &self.code {
            input.set("code", code);
        }
        self.values
            .write(&mut input, site, AddressPatch::to_create_input);
        input.set("category", &self.category);
        input
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{AddressCode, Generation, Patch, SiteConfig, graphql::canned::site};

    fn address(make: fn(AddressCode) -> AddressPatch) -> AddressPatch {
        make(AddressCode::new("MAIN").unwrap()).city("Lille")
    }

    #[test]
    fn a_supplier_is_created_in_its_category_with_plain_addresses() {
        let new = NewSupplier::new(RecordId::new("STD").unwrap())
            .code(SupplierCode::new("MILL01").unwrap())
            .values(
                SupplierPatch::new()
                    .company_name_1("Moulin")
                    .our_customer_number("4711")
                    .address(address(AddressPatch::create)),
            );
        let site = site(SiteConfig::new("http://x3", "SEED"));
        assert_eq!(
            serde_json::to_value(new.to_create_input(&site)).unwrap(),
            json!({"code":"MILL01","companyName1":"Moulin","ourCustomerNumberForSupplier":"4711",
                "addresses":[{"code":"MAIN","city":"Lille"}],"category":"STD"})
        );
    }

    #[test]
    fn a_change_names_its_supplier_and_says_what_is_done_with_addresses() {
        let patch = SupplierPatch::new()
            .currency(Patch::Clear)
            .short_company_name(Patch::Clear)
            .address(address(AddressPatch::update));
        let site = site(SiteConfig::new("http://x3", "SEED"));
        let id = RecordId::new("MILL01").unwrap();
        assert_eq!(
            serde_json::to_value(patch.to_update_input(&id, &site)).unwrap(),
            json!({"code":"MILL01","shortCompanyName":"","currency":null,
                "addresses":[{"_action":"update","code":"MAIN","city":"Lille"}]})
        );
        assert!(SupplierPatch::new().is_empty());
    }

    #[test]
    fn older_releases_have_a_single_name() {
        let site = site(SiteConfig::new("http://x3", "SEED").generation(Generation::Gen2));
        let patch = SupplierPatch::new().company_name_1("Moulin");
        let id = RecordId::new("MILL01").unwrap();
        assert_eq!(
            serde_json::to_value(patch.to_update_input(&id, &site)).unwrap(),
            json!({"code":"MILL01","companyName":"Moulin"})
        );
    }
}
