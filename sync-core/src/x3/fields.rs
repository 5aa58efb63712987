//! The fields of a customer: how each is read, searched for and written.

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use sage_x3_client::{
    Address, CategoryCode, CountryCode, CurrencyCode, Customer, CustomerPatch, InvalidName,
    LanguageCode, Patch, Scalar,
};
use serde_json::value::RawValue;

use super::{
    addresses::AddressChanges,
    settings::{CustomField, CustomFieldKind},
    table::NodeField,
};
use crate::value::Value;

/// A field that customers have at every site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standard {
    Code,
    Category,
    Name1,
    Name2,
    ShortName,
    VatNumber,
    Country,
    Language,
    Currency,
    IsActive,
    IsProspect,
    CreditControl,
    AuthorizedCredit,
    MinimumOrder,
    Notes,
    AddressCode,
    Address(InAddress),
}

/// A field of the default address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InAddress {
    Description,
    Line(u8),
    ZipCode,
    City,
    State,
    Country,
    Phone(u8),
    Email(u8),
    Website,
}

use InAddress::{Email, Line, Phone};

/// Every standard field with the engine's name and where it stands in X3's records.
pub(super) const STANDARD: [(&str, Standard, &str); 35] = [
    ("code", Standard::Code, "code.code"),
    (
        "customerCategory",
        Standard::Category,
        "customerCategory.code",
    ),
    ("companyName1", Standard::Name1, "code.companyName1"),
    ("companyName2", Standard::Name2, "code.companyName2"),
    (
        "shortCompanyName",
        Standard::ShortName,
        "code.shortCompanyName",
    ),
    (
        "europeanUnionVatNumber",
        Standard::VatNumber,
        "code.europeanUnionVatNumber",
    ),
    ("country", Standard::Country, "code.country.code"),
    ("language", Standard::Language, "code.language.code"),
    ("currency", Standard::Currency, "currency.code"),
    ("isActive", Standard::IsActive, "isActive"),
    ("isProspect", Standard::IsProspect, "code.isProspect"),
    ("creditControl", Standard::CreditControl, "creditControl"),
    (
        "authorizedCreditAmount",
        Standard::AuthorizedCredit,
        "authorizedCreditAmount",
    ),
    (
        "minimumOrderAmount",
        Standard::MinimumOrder,
        "minimumOrderAmount",
    ),
    ("notes", Standard::Notes, "notes.value"),
    ("address.code", Standard::AddressCode, "defaultAddress.code"),
    (
        "address.description",
        Standard::Address(InAddress::Description),
        "defaultAddress.description",
    ),
    (
        "address.line1",
        Standard::Address(Line(1)),
        "defaultAddress.addressLines",
    ),
    (
        "address.line2",
        Standard::Address(Line(2)),
        "defaultAddress.addressLines",
    ),
    (
        "address.line3",
        Standard::Address(Line(3)),
        "defaultAddress.addressLines",
    ),
    (
        "address.zipCode",
        Standard::Address(InAddress::ZipCode),
        "defaultAddress.zipCode",
    ),
    (
        "address.city",
        Standard::Address(InAddress::City),
        "defaultAddress.city",
    ),
    (
        "address.state",
        Standard::Address(InAddress::State),
        "defaultAddress.state",
    ),
    (
        "address.country",
        Standard::Address(InAddress::Country),
        "defaultAddress.country.code",
    ),
    (
        "address.website",
        Standard::Address(InAddress::Website),
        "defaultAddress.website",
    ),
    (
        "address.phone",
        Standard::Address(Phone(1)),
        "defaultAddress.addressPhoneNumbers",
    ),
    (
        "address.phone2",
        Standard::Address(Phone(2)),
        "defaultAddress.addressPhoneNumbers",
    ),
    (
        "address.phone3",
        Standard::Address(Phone(3)),
        "defaultAddress.addressPhoneNumbers",
    ),
    (
        "address.phone4",
        Standard::Address(Phone(4)),
        "defaultAddress.addressPhoneNumbers",
    ),
    (
        "address.phone5",
        Standard::Address(Phone(5)),
        "defaultAddress.addressPhoneNumbers",
    ),
    (
        "address.email",
        Standard::Address(Email(1)),
        "defaultAddress.addressEmails",
    ),
    (
        "address.email2",
        Standard::Address(Email(2)),
        "defaultAddress.addressEmails",
    ),
    (
        "address.email3",
        Standard::Address(Email(3)),
        "defaultAddress.addressEmails",
    ),
    (
        "address.email4",
        Standard::Address(Email(4)),
        "defaultAddress.addressEmails",
    ),
    (
        "address.email5",
        Standard::Address(Email(5)),
        "defaultAddress.addressEmails",
    ),
];

/// The standard field that the engine calls `name`.
pub(super) fn standard(name: &str) -> Option<Standard> {
    STANDARD
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, field, _)| *field)
}

impl Standard {
    /// Whether X3 can search by it: not in collections and text streams.
    pub(super) fn is_searchable(self) -> bool {
        !matches!(
            self,
            Self::Notes | Self::Address(Line(_) | Phone(_) | Email(_))
        )
    }

    /// The field's value; `Null` where X3 holds nothing.
    pub(super) fn read(self, customer: &Customer) -> Value {
        match self {
            Self::Code => code(Some(&customer.code)),
            Self::Category => code(customer.category.as_ref()),
            Self::Name1 => Value::text(customer.company_name_1.as_str()),
            Self::Name2 => Value::text(customer.company_name_2.as_str()),
            Self::ShortName => Value::text(customer.short_company_name.as_str()),
            Self::VatNumber => Value::text(customer.european_union_vat_number.as_str()),
            Self::Country => code(customer.country.as_ref()),
            Self::Language => code(customer.language.as_ref()),
            Self::Currency => code(customer.currency.as_ref()),
            Self::IsActive => customer.is_active.into(),
            Self::IsProspect => customer.is_prospect.into(),
            Self::CreditControl => customer.credit_control.clone().into(),
            Self::AuthorizedCredit => customer.authorized_credit_amount.into(),
            Self::MinimumOrder => customer.minimum_order_amount.into(),
            Self::Notes => Value::text(customer.notes.as_str()),
            Self::AddressCode | Self::Address(_) => customer
                .default_address
                .as_ref()
                .map_or(Value::Null, |address| self.of_address(address)),
        }
    }

    /// The value in an address; `Null` for what addresses do not have.
    fn of_address(self, address: &Address) -> Value {
        match self {
            Self::AddressCode => Value::text(address.code.as_str()),
            Self::Address(field) => field.read(address),
            _ => Value::Null,
        }
    }
}

impl InAddress {
    fn read(self, address: &Address) -> Value {
        let slot = |slots: &std::collections::BTreeMap<u8, String>, place| {
            slots
                .get(&place)
                .map_or(Value::Null, |text| Value::text(text.as_str()))
        };
        match self {
            Self::Description => Value::text(address.description.as_str()),
            Line(place) => slot(&address.lines, place),
            Self::ZipCode => Value::text(address.zip_code.as_str()),
            Self::City => Value::text(address.city.as_str()),
            Self::State => Value::text(address.state.as_str()),
            Self::Country => code(address.country.as_ref()),
            Phone(place) => slot(&address.phones, place),
            Email(place) => slot(&address.emails, place),
            Self::Website => Value::text(address.website.as_str()),
        }
    }
}

/// The fields of a default address under the names that customers give them, for a node whose records have theirs at
/// `member`. Sites differ in what of it they publish.
pub(super) fn address_fields<N: 'static>(
    member: &str,
    address: fn(&N) -> Option<&Address>,
) -> Vec<NodeField<N>> {
    let of_address = STANDARD.iter().filter_map(|(name, field, path)| {
        let rest = path.strip_prefix("defaultAddress.")?;
        let field = *field;
        let read = NodeField::new(*name, format!("{member}.{rest}"), move |record| {
            address(record).map_or(Value::Null, |address| field.of_address(address))
        });
        Some(match field.is_searchable() {
            true => read.optional(),
            false => read.optional().not_searchable(),
        })
    });
    of_address.collect()
}

/// A code, or nothing.
pub(super) fn code<T: AsRef<str>>(code: Option<&T>) -> Value {
    code.map_or(Value::Null, |code| Value::text(code.as_ref()))
}

/// A day, or nothing.
pub(super) fn day(day: Option<Date>) -> Value {
    day.map_or(Value::Null, Value::Date)
}

/// The values to write to one customer.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    pub(super) patch: CustomerPatch,
    pub(super) address: AddressChanges,
    pub(super) category: Option<CategoryCode>,
    /// Whether the business partner's country is among the values.
    pub(super) names_country: bool,
}

impl Changes {
    /// Adds a value.
    ///
    /// # Errors
    /// A sentence, when the field cannot be written or does not take such a value.
    pub(super) fn set(&mut self, field: Standard, value: &Value) -> Result<(), String> {
        let patch = std::mem::take(&mut self.patch);
        self.patch = match field {
            Standard::Code => return Err("a customer's code cannot be changed".to_owned()),
            Standard::AddressCode => return Err("an address's code cannot be changed".to_owned()),
            Standard::Address(field) => {
                self.address.set(field, value)?;
                patch
            }
            Standard::Category => match as_code::<CategoryCode>(value)? {
                Patch::Set(category) => {
                    self.category = Some(category.clone());
                    patch.category(category)
                }
                _ => return Err("a customer must have a category".to_owned()),
            },
            Standard::Name1 => patch.company_name_1(text(value)?),
            Standard::Name2 => patch.company_name_2(text(value)?),
            Standard::ShortName => patch.short_company_name(text(value)?),
            Standard::VatNumber => patch.european_union_vat_number(text(value)?),
            Standard::Country => {
                let country = as_code::<CountryCode>(value)?;
                self.names_country = matches!(country, Patch::Set(_));
                patch.country(country)
            }
            Standard::Language => patch.language(as_code::<LanguageCode>(value)?),
            Standard::Currency => patch.currency(as_code::<CurrencyCode>(value)?),
            Standard::IsActive => patch.is_active(as_boolean(value)?),
            Standard::IsProspect => patch.is_prospect(as_boolean(value)?),
            Standard::CreditControl => patch.credit_control(text(value)?),
            Standard::AuthorizedCredit => patch.authorized_credit_amount(number(value)?),
            Standard::MinimumOrder => patch.minimum_order_amount(number(value)?),
            Standard::Notes => patch.notes(text(value)?),
        };
        Ok(())
    }

    /// Adds a value of a field of the site.
    pub(super) fn set_custom(&mut self, field: &CustomField, value: &Value) -> Result<(), String> {
        let scalar = field.kind.scalar(value)?;
        self.patch = std::mem::take(&mut self.patch).extra(field.name.clone(), scalar);
        Ok(())
    }
}

/// A text to write.
pub(super) fn text(value: &Value) -> Result<Patch<String>, String> {
    match value {
        Value::Null => Ok(Patch::Clear),
        Value::Text(text) => Ok(Patch::Set(text.clone())),
        other => Err(unexpected("text", other)),
    }
}

/// Yes or no, to write.
pub(super) fn as_boolean(value: &Value) -> Result<Patch<bool>, String> {
    match value {
        Value::Null => Ok(Patch::Clear),
        Value::Boolean(value) => Ok(Patch::Set(*value)),
        other => Err(unexpected("a boolean", other)),
    }
}

fn number(value: &Value) -> Result<Patch<Decimal>, String> {
    match value {
        Value::Null => Ok(Patch::Clear),
        Value::Decimal(number) => Ok(Patch::Set(*number)),
        other => Err(unexpected("a number", other)),
    }
}

/// A code to write.
pub(super) fn as_code<T: TryFrom<String, Error = InvalidName>>(
    value: &Value,
) -> Result<Patch<T>, String> {
    match value {
        Value::Null => Ok(Patch::Clear),
        Value::Text(text) => T::try_from(text.clone()).map(Patch::Set).map_err(sentence),
        other => Err(unexpected("a code", other)),
    }
}

fn unexpected(expected: &str, found: &Value) -> String {
    format!("expected {expected}, found {}", found.type_name())
}

fn sentence(error: InvalidName) -> String {
    error.to_string()
}

impl CustomFieldKind {
    /// A value as X3 takes it.
    pub(super) fn scalar(self, value: &Value) -> Result<Scalar, String> {
        match (self, value) {
            // X3's texts are never null.
            (Self::Text, Value::Null) => Ok(Scalar::Text(String::new())),
            (_, Value::Null) => Ok(Scalar::Null),
            (Self::Text, Value::Text(text)) => Ok(Scalar::Text(text.clone())),
            (Self::Boolean, Value::Boolean(value)) => Ok(Scalar::Boolean(*value)),
            (Self::Decimal, Value::Decimal(number)) => Ok(Scalar::Decimal(*number)),
            (Self::Date, Value::Date(date)) => Ok(Scalar::Date(*date)),
            (Self::Instant, Value::Instant(instant)) => Ok(Scalar::Instant(*instant)),
            (_, other) => Err(unexpected(self.expectation(), other)),
        }
    }

    /// X3's JSON as a value.
    ///
    /// # Errors
    /// A sentence without the value, when it is of another kind.
    pub(super) fn read(self, raw: &RawValue) -> Result<Value, String> {
        let token = raw.get();
        if token == "null" {
            return Ok(Value::Null);
        }
        let wrong = || format!("it does not hold {}", self.expectation());
        if self == Self::Boolean {
            return serde_json::from_str(token)
                .map(Value::Boolean)
                .map_err(|_| wrong());
        }
        // Numbers come as text too, and text is what the other kinds are written in.
        let text: String = if token.starts_with('"') {
            serde_json::from_str(token).map_err(|_| wrong())?
        } else {
            token.to_owned()
        };
        let text = text.trim();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        match self {
            Self::Text => Ok(Value::text(text)),
            Self::Decimal => client_core::ExactDecimal::parse(text)
                .map(|value| Value::Decimal(value.0))
                .map_err(|_| wrong()),
            Self::Date => text
                .get(..10)
                .unwrap_or(text)
                .parse()
                .map(no_date)
                .map_err(|_| wrong()),
            Self::Instant => text.parse().map(no_instant).map_err(|_| wrong()),
            Self::Boolean => Err(wrong()),
        }
    }

    fn expectation(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Boolean => "a boolean",
            Self::Decimal => "a number",
            Self::Date => "a date",
            Self::Instant => "an instant",
        }
    }
}

/// What X3's databases hold where there is no date. Source: reference sage-x3 section 4.8.
const NO_DATE: [Date; 2] = [
    jiff::civil::date(1753, 1, 1),
    jiff::civil::date(1599, 12, 31),
];

fn no_date(date: Date) -> Value {
    if NO_DATE.contains(&date) {
        Value::Null
    } else {
        Value::Date(date)
    }
}

fn no_instant(instant: Timestamp) -> Value {
    let date = jiff::tz::Offset::UTC.to_datetime(instant).date();
    if NO_DATE.contains(&date) {
        Value::Null
    } else {
        Value::Instant(instant)
    }
}

/// A value to search for, as X3 takes it in a filter; none for values that no field holds.
pub(super) fn filter_scalar(value: &Value) -> Option<Scalar> {
    Some(match value {
        Value::Boolean(value) => Scalar::Boolean(*value),
        Value::Decimal(number) => Scalar::Decimal(*number),
        Value::Text(text) => Scalar::Text(text.clone()),
        Value::Date(date) => Scalar::Date(*date),
        Value::Instant(instant) => Scalar::Instant(*instant),
        _ => return None,
    })
}
