//! From the types of the generated code to the records of this crate.

use std::collections::BTreeMap;

use client_core::{DecodeError, decode_json};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Address, Customer};
use crate::{
    graphql::{
        operations::customer_page as wire,
        scalars::{Datetime, Decimal},
    },
    ids::{CustomerCode, FieldName, InvalidName},
    page::Cursor,
};

/// A customer as it came: read straight into its fields, or kept as text when fields of the site are to be picked out.
pub(crate) trait CustomerNode: DeserializeOwned + Send {
    /// The fields, and those of `extra` that came.
    fn read(self, extra: &[FieldName]) -> Result<(wire::CustomerFields, Extra), DecodeError>;
}

impl CustomerNode for wire::CustomerFields {
    fn read(self, _extra: &[FieldName]) -> Result<(wire::CustomerFields, Extra), DecodeError> {
        Ok((self, Extra::new()))
    }
}

impl CustomerNode for Box<RawValue> {
    fn read(self, extra: &[FieldName]) -> Result<(wire::CustomerFields, Extra), DecodeError> {
        let fields = decode_json(self.get().as_bytes())?;
        let members: BTreeMap<String, &RawValue> = decode_borrowed(&self)?;
        let picked = extra
            .iter()
            .filter_map(|name| Some((name.clone(), (*members.get(name.as_str())?).to_owned())));
        Ok((fields, picked.collect()))
    }
}

pub(crate) type Extra = BTreeMap<FieldName, Box<RawValue>>;

/// The members of an object without a copy of their values.
fn decode_borrowed(raw: &RawValue) -> Result<BTreeMap<String, &RawValue>, DecodeError> {
    // Reading it again the owned way is how to get the same error with its place.
    serde_json::from_str(raw.get()).or_else(|_| {
        decode_json::<serde::de::IgnoredAny>(raw.get().as_bytes()).map(|_| BTreeMap::new())
    })
}

/// Text of X3: an Oracle database keeps a single space for nothing.
pub(crate) fn text(text: Option<String>) -> String {
    text.filter(|text| text != " ").unwrap_or_default()
}

/// A code of a reference, or none when there is none.
fn code<T: TryFrom<String>>(code: Option<String>) -> Option<T> {
    T::try_from(code?).ok()
}

fn decimal(value: Option<Decimal>) -> Option<rust_decimal::Decimal> {
    Some(value?.0?.0)
}

fn instant(value: Option<Datetime>) -> Option<jiff::Timestamp> {
    value?.0
}

/// Converts a customer.
///
/// # Errors
/// When it has no code.
pub(crate) fn customer(
    fields: wire::CustomerFields,
    extra: Extra,
) -> Result<Customer, InvalidName> {
    let partner = fields.code.unwrap_or_default();
    let code_text = partner.code.or(fields.id).unwrap_or_default();
    Ok(Customer {
        code: CustomerCode::new(code_text)?,
        category: code(fields.customer_category.and_then(|category| category.code)),
        company_name_1: text(partner.company_name1),
        company_name_2: text(partner.company_name2),
        short_company_name: text(partner.short_company_name),
        european_union_vat_number: text(partner.european_union_vat_number),
        country: code(partner.country.and_then(|country| country.code)),
        language: code(partner.language.and_then(|language| language.code)),
        is_active: fields.is_active,
        currency: code(fields.currency.and_then(|currency| currency.code)),
        credit_control: fields.credit_control,
        authorized_credit_amount: decimal(fields.authorized_credit_amount),
        minimum_order_amount: decimal(fields.minimum_order_amount),
        notes: text(fields.notes.and_then(|notes| notes.value)),
        default_address: fields.default_address.map(address),
        addresses: fields
            .addresses
            .and_then(|addresses| addresses.query)
            .map(|connection| {
                let edges = connection.edges.unwrap_or_default();
                edges
                    .into_iter()
                    .flatten()
                    .filter_map(|edge| edge.node)
                    .map(address)
                    .collect()
            }),
        created_at: instant(fields.create_stamp),
        updated_at: instant(fields.update_stamp),
        partner_updated_at: instant(partner.update_stamp),
        etag: fields.etag,
        extra,
    })
}

/// Converts an address.
pub(crate) fn address(fields: wire::AddressFields) -> Address {
    let lines = fields
        .address_lines
        .and_then(|lines| lines.query?.edges)
        .unwrap_or_default();
    let phones = fields
        .address_phone_numbers
        .and_then(|phones| phones.query?.edges)
        .unwrap_or_default();
    let emails = fields
        .address_emails
        .and_then(|emails| emails.query?.edges)
        .unwrap_or_default();
    Address {
        code: text(fields.code),
        description: text(fields.description),
        is_default: fields.is_default,
        lines: slots(lines.into_iter().map(|edge| {
            let node = edge?.node?;
            Some((node.denormalized_index, node.address_line))
        })),
        zip_code: text(fields.zip_code),
        city: text(fields.city),
        state: text(fields.state),
        country: code(fields.country.and_then(|country| country.code)),
        phones: slots(phones.into_iter().map(|edge| {
            let node = edge?.node?;
            Some((node.denormalized_index, node.address_phone_number))
        })),
        emails: slots(emails.into_iter().map(|edge| {
            let node = edge?.node?;
            Some((node.denormalized_index, node.address_email))
        })),
        website: text(fields.website),
        updated_at: instant(fields.update_stamp),
    }
}

/// The filled places of an array column. A row without an index stands where it came.
fn slots(
    rows: impl Iterator<Item = Option<(Option<i64>, Option<String>)>>,
) -> BTreeMap<u8, String> {
    rows.zip(1_i64..)
        .filter_map(|(row, position)| {
            let (index, value) = row?;
            let place = u8::try_from(index.unwrap_or(position)).ok()?;
            Some((place, text(value))).filter(|(_, value)| !value.is_empty())
        })
        .collect()
}

/// Where the customer's addresses go on, when not all of them came with it.
pub(crate) fn more_addresses(fields: &wire::CustomerFields) -> Option<Option<Cursor>> {
    let info = fields
        .addresses
        .as_ref()?
        .query
        .as_ref()?
        .page_info
        .as_ref()?;
    (info.has_next_page == Some(true)).then(|| info.end_cursor.clone().map(Cursor::new))
}
