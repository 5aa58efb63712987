//! What to write.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Input;
use crate::{
    config::CompanyNames,
    ids::{
        AddressCode, CategoryCode, CountryCode, CurrencyCode, CustomerCode, LanguageCode, RecordId,
    },
    patch::Patch,
};

/// Setters of a patch's fields.
macro_rules! setters {
    ($($(#[$doc:meta])* $field:ident: $kind:ty,)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $field(mut self, value: impl Into<$crate::Patch<$kind>>) -> Self {
                self.$field = value.into();
                self
            }
        )*
    };
}
pub(crate) use setters;

/// A patch: its fields with their setters and how each is written, and the site's own fields beside them. Fields that are
/// written in a way of their own have no member named; more fields may follow, for which the patch has methods of its own.
macro_rules! patch {
    (
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$field_doc:meta])* $field:ident: $kind:ty $(=> $how:ident $member:literal)?,)*
        }
        $(and $more:ident: $more_kind:ty;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($field: $crate::Patch<$kind>,)*
            $($more: $more_kind,)*
            extra: ::std::collections::BTreeMap<$crate::FieldName, $crate::Scalar>,
        }

        impl $name {
            /// No change.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            $crate::model::setters! {
                $($(#[$field_doc])* $field: $kind,)*
            }

            /// Sets a field of the site, under its own name.
            #[must_use]
            pub fn extra(
                mut self,
                name: $crate::FieldName,
                value: impl Into<$crate::Scalar>,
            ) -> Self {
                self.extra.insert(name, value.into());
                self
            }

            /// Whether nothing is to change.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                *self == Self::default()
            }

            /// Writes the fields whose members are named, and the site's own.
            fn write_fields(&self, input: &mut $crate::model::Input) {
                $($(input.$how($member, &self.$field);)?)*
                for (name, value) in &self.extra {
                    input.set(name.as_str(), value.clone());
                }
            }
        }
    };
}
pub(crate) use patch;

patch! {
    /// The fields of a customer to change. What is not stated keeps its value.
    ///
    /// ```
    /// use sage_x3_client::{AddressCode, AddressPatch, CustomerPatch, Patch};
    ///
    /// let patch = CustomerPatch::new()
    ///     .company_name_1("Müller & Söhne")
    ///     .notes(Patch::Clear)
    ///     .address(AddressPatch::update(AddressCode::new("A1")?).city("Köln").phone(1, "+49 221 1"));
    /// # Ok::<(), sage_x3_client::InvalidName>(())
    /// ```
    ///
    /// The names of the input's members are not published by Sage: they are taken to equal the output's (crate
    /// documentation, "assumptions").
    CustomerPatch {
        /// First company name.
        company_name_1: String,
        /// Second company name.
        company_name_2: String,
        /// Short company name.
        short_company_name: String => patch_text "shortCompanyName",
        /// VAT number in the European Union.
        european_union_vat_number: String => patch_text "europeanUnionVatNumber",
        /// Country.
        country: CountryCode => patch_code "country",
        /// Language.
        language: LanguageCode => patch_code "language",
        /// Category. On creation use [`NewCustomer::new`].
        category: CategoryCode => patch_code "customerCategory",
        /// Whether the customer is active.
        is_active: bool => patch_scalar "isActive",
        /// Whether it is a prospect: somebody who has bought nothing yet (of the business partner).
        is_prospect: bool => patch_scalar "isProspect",
        /// Currency.
        currency: CurrencyCode => patch_code "currency",
        /// Credit control, by the name of the enumeration's member.
        credit_control: String => patch_scalar "creditControl",
        /// Authorised credit.
        authorized_credit_amount: Decimal => patch_scalar "authorizedCreditAmount",
        /// Smallest order.
        minimum_order_amount: Decimal => patch_scalar "minimumOrderAmount",
        /// Notes.
        notes: String => patch_stream "notes",
    }
    and addresses: Vec<AddressPatch>;
}

impl CustomerPatch {
    /// Adds or changes an address.
    #[must_use]
    pub fn address(mut self, address: AddressPatch) -> Self {
        self.addresses.push(address);
        self
    }

    /// The input of an update of `code`.
    pub(crate) fn to_update_input(&self, code: &RecordId, names: CompanyNames) -> Input {
        let mut input = Input::default();
        input.set("code", code);
        self.write(&mut input, names, AddressPatch::to_update_input);
        input
    }

    fn write(
        &self,
        input: &mut Input,
        names: CompanyNames,
        address: impl Fn(&AddressPatch) -> Input,
    ) {
        match names {
            CompanyNames::Numbered => {
                input.patch_text("companyName1", &self.company_name_1);
                input.patch_text("companyName2", &self.company_name_2);
            }
            CompanyNames::Collection => {
                let names = [
                    (1, self.company_name_1.clone()),
                    (2, self.company_name_2.clone()),
                ];
                input.set_list("companyNames", slots("companyName", &names.into()));
            }
        }
        self.write_fields(input);
        input.set_list("addresses", self.addresses.iter().map(address).collect());
    }
}

/// A customer to be created.
///
/// X3 takes most values from the category: currency, language, payment term and more. It also creates the business
/// partner, and a ship-to customer for the default address. Source: reference sage-x3 section 4.9.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCustomer {
    code: Option<CustomerCode>,
    category: CategoryCode,
    values: CustomerPatch,
}

impl NewCustomer {
    /// A customer of `category`. Without a [`code`](Self::code) X3 numbers it, if the category has a sequence counter.
    #[must_use]
    pub fn new(category: CategoryCode) -> Self {
        Self {
            code: None,
            category,
            values: CustomerPatch::default(),
        }
    }

    /// Chooses the code. The category must not have a sequence counter then. It is also what makes a repeated create
    /// safe: X3 refuses a second record with the same code.
    #[must_use]
    pub fn code(mut self, code: CustomerCode) -> Self {
        self.code = Some(code);
        self
    }

    /// Sets the values.
    #[must_use]
    pub fn values(mut self, values: CustomerPatch) -> Self {
        self.values = values;
        self
    }

    /// The code that was chosen.
    #[must_use]
    pub fn chosen_code(&self) -> Option<&CustomerCode> {
        self.code.as_ref()
    }

    /// The input of the create.
    pub(crate) fn to_input(&self, names: CompanyNames) -> Input {
        let mut input = Input::default();
        if let Some(code) = &self.code {
            input.set("code", code);
        }
        self.values
            .write(&mut input, names, AddressPatch::to_create_input);
        input.set("customerCategory", &self.category);
        input
    }
}

/// Whether an address is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressAction {
    /// It is new: X3 refuses it when the customer has one with this code.
    Create,
    /// It is there.
    Update,
}

/// An address of a customer or supplier to add or change. What is not stated keeps its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPatch {
    action: AddressAction,
    code: AddressCode,
    description: Patch<String>,
    is_default: Patch<bool>,
    zip_code: Patch<String>,
    city: Patch<String>,
    state: Patch<String>,
    country: Patch<CountryCode>,
    website: Patch<String>,
    lines: BTreeMap<u8, Patch<String>>,
    phones: BTreeMap<u8, Patch<String>>,
    emails: BTreeMap<u8, Patch<String>>,
}

impl AddressPatch {
    /// A new address with `code`.
    #[must_use]
    pub fn create(code: AddressCode) -> Self {
        Self::with_action(AddressAction::Create, code)
    }

    /// A change of the address with `code`.
    #[must_use]
    pub fn update(code: AddressCode) -> Self {
        Self::with_action(AddressAction::Update, code)
    }

    fn with_action(action: AddressAction, code: AddressCode) -> Self {
        Self {
            action,
            code,
            description: Patch::Keep,
            is_default: Patch::Keep,
            zip_code: Patch::Keep,
            city: Patch::Keep,
            state: Patch::Keep,
            country: Patch::Keep,
            website: Patch::Keep,
            lines: BTreeMap::new(),
            phones: BTreeMap::new(),
            emails: BTreeMap::new(),
        }
    }

    setters! {
        /// Description.
        description: String,
        /// Whether it is the customer's default address.
        is_default: bool,
        /// Postal code.
        zip_code: String,
        /// City.
        city: String,
        /// State or region.
        state: String,
        /// Country.
        country: CountryCode,
        /// Web site.
        website: String,
    }

    /// Sets the address line at `place`, counted from 1. Lines that are not stated keep their text.
    #[must_use]
    pub fn line(mut self, place: u8, value: impl Into<Patch<String>>) -> Self {
        self.lines.insert(place, value.into());
        self
    }

    /// Sets the telephone number at `place`, counted from 1.
    #[must_use]
    pub fn phone(mut self, place: u8, value: impl Into<Patch<String>>) -> Self {
        self.phones.insert(place, value.into());
        self
    }

    /// Sets the e-mail address at `place`, counted from 1.
    #[must_use]
    pub fn email(mut self, place: u8, value: impl Into<Patch<String>>) -> Self {
        self.emails.insert(place, value.into());
        self
    }

    /// In an update each child row says what is to be done with it. Source: reference sage-x3 section 3.9.
    pub(crate) fn to_update_input(&self) -> Input {
        let mut input = Input::default();
        input.set(
            "_action",
            match self.action {
                AddressAction::Create => "create",
                AddressAction::Update => "update",
            },
        );
        self.write(&mut input);
        input
    }

    /// In a create the list is plain.
    pub(crate) fn to_create_input(&self) -> Input {
        let mut input = Input::default();
        self.write(&mut input);
        input
    }

    fn write(&self, input: &mut Input) {
        input.set("code", &self.code);
        input.patch_text("description", &self.description);
        input.patch_scalar("isDefault", &self.is_default);
        input.set_list("addressLines", slots("addressLine", &self.lines));
        input.patch_text("zipCode", &self.zip_code);
        input.patch_text("city", &self.city);
        input.patch_text("state", &self.state);
        input.patch_code("country", &self.country);
        input.patch_text("website", &self.website);
        input.set_list(
            "addressPhoneNumbers",
            slots("addressPhoneNumber", &self.phones),
        );
        input.set_list("addressEmails", slots("addressEmail", &self.emails));
    }
}

/// Rows of an array column: each names its place, so that the others stay as they are.
fn slots(name: &str, values: &BTreeMap<u8, Patch<String>>) -> Vec<Input> {
    let stated = values.iter().filter(|(_, value)| !value.is_keep());
    stated
        .map(|(place, value)| {
            let mut row = Input::default();
            row.set("denormalizedIndex", i64::from(*place));
            row.patch_text(name, value);
            row
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{FieldName, Scalar};

    fn json(input: &Input) -> Value {
        serde_json::to_value(input).unwrap()
    }

    fn code<T: TryFrom<&'static str>>(text: &'static str) -> T
    where
        T::Error: std::fmt::Debug,
    {
        T::try_from(text).unwrap()
    }

    #[test]
    fn an_update_sends_the_key_and_what_was_stated_and_nothing_else() {
        let patch = CustomerPatch::new()
            .company_name_1("Acme")
            .authorized_credit_amount("99999999999999.99".parse::<Decimal>().unwrap())
            .is_active(false);
        assert_eq!(
            json(&patch.to_update_input(&code("NA001"), CompanyNames::Numbered)),
            json!({"code":"NA001","companyName1":"Acme","isActive":false,"authorizedCreditAmount":"99999999999999.99"})
        );
    }

    #[test]
    fn clearing_text_and_clearing_anything_else_differ() {
        let patch = CustomerPatch::new()
            .short_company_name(Patch::Clear)
            .notes(Patch::Clear)
            .currency(Patch::Clear)
            .minimum_order_amount(Patch::Clear);
        assert_eq!(
            json(&patch.to_update_input(&code("NA001"), CompanyNames::Numbered)),
            json!({"code":"NA001","shortCompanyName":"","currency":null,"minimumOrderAmount":null,"notes":{"value":""}})
        );
    }

    #[test]
    fn a_create_has_plain_addresses_and_the_category() {
        let address = AddressPatch::create(code("A1"))
            .is_default(true)
            .line(1, "1 rue X")
            .country(code::<CountryCode>("FR"));
        let new = NewCustomer::new(code("DOM"))
            .code(code("C1"))
            .values(CustomerPatch::new().company_name_1("Acme").address(address));
        assert_eq!(
            json(&new.to_input(CompanyNames::Numbered)),
            json!({"code":"C1","companyName1":"Acme","customerCategory":"DOM","addresses":[
                {"code":"A1","isDefault":true,"country":"FR","addressLines":[{"denormalizedIndex":1,"addressLine":"1 rue X"}]}]})
        );
    }

    #[test]
    fn releases_with_a_list_of_names_get_one() {
        let patch = CustomerPatch::new()
            .company_name_1("Acme")
            .company_name_2(Patch::Clear);
        assert_eq!(
            json(&patch.to_update_input(&code("C1"), CompanyNames::Collection)),
            json!({"code":"C1","companyNames":[{"denormalizedIndex":1,"companyName":"Acme"},{"denormalizedIndex":2,"companyName":""}]})
        );
        assert_eq!(
            json(&CustomerPatch::new().to_update_input(&code("C1"), CompanyNames::Collection)),
            json!({"code":"C1"})
        );
    }

    #[test]
    fn without_a_code_the_member_is_left_out_so_that_x3_numbers_the_customer() {
        assert_eq!(
            json(&NewCustomer::new(code("DOM")).to_input(CompanyNames::Numbered)),
            json!({"customerCategory":"DOM"})
        );
    }

    #[test]
    fn changed_address_rows_say_so_and_name_their_places() {
        let address = AddressPatch::update(code("A1"))
            .city("Köln")
            .phone(2, "+49 221 1")
            .email(1, Patch::Clear)
            .line(3, Patch::Keep);
        assert_eq!(
            json(
                &CustomerPatch::new()
                    .address(address)
                    .to_update_input(&code("C1"), CompanyNames::Numbered)
            ),
            json!({"code":"C1","addresses":[{"_action":"update","code":"A1","city":"Köln",
                "addressPhoneNumbers":[{"denormalizedIndex":2,"addressPhoneNumber":"+49 221 1"}],
                "addressEmails":[{"denormalizedIndex":1,"addressEmail":""}]}]})
        );
    }

    #[test]
    fn fields_of_the_site_are_written_under_their_own_names() {
        let patch = CustomerPatch::new()
            .extra(FieldName::new("yZone").unwrap(), "N")
            .extra(FieldName::new("yScore").unwrap(), Scalar::Null);
        assert!(!patch.is_empty());
        assert_eq!(
            json(&patch.to_update_input(&code("C1"), CompanyNames::Numbered)),
            json!({"code":"C1","yScore":null,"yZone":"N"})
        );
    }
}
