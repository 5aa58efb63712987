//! From the types of the generated code to values of this crate.

use std::collections::BTreeMap;

use client_core::{DecodeError, decode_json};
use serde_json::value::RawValue;

use crate::{
    graphql::scalars::{Date, Datetime, Decimal},
    ids::FieldName,
};

/// The site's own fields that were asked for, as JSON, digit by digit.
pub(crate) type Extra = BTreeMap<FieldName, Box<RawValue>>;

/// Picks the fields `wanted` that came with a node.
pub(crate) fn pick(raw: &RawValue, wanted: &[FieldName]) -> Result<Extra, DecodeError> {
    let members: BTreeMap<String, &RawValue> = decode_borrowed(raw)?;
    let picked = wanted
        .iter()
        .filter_map(|name| Some((name.clone(), (*members.get(name.as_str())?).to_owned())));
    Ok(picked.collect())
}

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
pub(crate) fn code<T: TryFrom<String>>(code: Option<String>) -> Option<T> {
    T::try_from(code?).ok()
}

/// The member of an enumeration, or none when nothing is set.
pub(crate) fn member(member: Option<String>) -> Option<String> {
    member.filter(|member| !member.trim().is_empty())
}

pub(crate) fn decimal(value: Option<Decimal>) -> Option<rust_decimal::Decimal> {
    Some(value?.0?.0)
}

pub(crate) fn instant(value: Option<Datetime>) -> Option<jiff::Timestamp> {
    value?.0
}

pub(crate) fn day(value: Option<Date>) -> Option<jiff::civil::Date> {
    value?.0
}

/// The key of a reference `{ _id }`.
macro_rules! key_of {
    ($reference:expr) => {
        $crate::model::code($reference.and_then(|reference| reference.id))
    };
}
pub(crate) use key_of;

/// Shows which record it is and none of its values.
macro_rules! debug_by_key {
    ($record:ident, $key:ident) => {
        impl std::fmt::Debug for $record {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($record))
                    .field(stringify!($key), &self.$key)
                    .field("updated_at", &self.updated_at)
                    .field("extra", &self.extra.keys().collect::<Vec<_>>())
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use debug_by_key;

/// The filled places of an array column. A row without an index stands where it came.
pub(crate) fn slots(
    rows: impl Iterator<Item = Option<(Option<i64>, Option<String>)>>,
) -> BTreeMap<u8, String> {
    let filled = rows.zip(1_i64..).filter_map(|(row, position)| {
        let (index, value) = row?;
        let place = u8::try_from(index.unwrap_or(position)).ok()?;
        Some((place, text(value))).filter(|(_, value)| !value.is_empty())
    });
    // One by one, because `collect` would sort them in a list first; mostly there is one.
    let mut slots = BTreeMap::new();
    slots.extend(filled);
    slots
}

/// The nodes of the collection `$collection`, in order, if it came.
macro_rules! nodes_of {
    ($collection:expr) => {
        $collection
            .and_then(|collection| collection.query)
            .map(|connection| {
                let edges = connection.edges.unwrap_or_default();
                edges
                    .into_iter()
                    .flatten()
                    .filter_map(|edge| edge.node)
                    .collect::<Vec<_>>()
            })
    };
}
pub(crate) use nodes_of;

/// Where the collection `$collection` goes on, when not all of it came: `Some(None)` when that cannot be told, because it
/// has a hole or no cursor.
macro_rules! rest_of {
    ($collection:expr) => {
        $collection.as_ref().and_then(|collection| {
            let Some(connection) = collection.query.as_ref() else {
                return Some(None);
            };
            let whole = connection.edges.as_ref().is_some_and(|edges| {
                edges
                    .iter()
                    .all(|edge| edge.as_ref().is_some_and(|edge| edge.node.is_some()))
            });
            match connection.page_info.as_ref() {
                Some(info) if whole => match info.has_next_page {
                    Some(false) => None,
                    Some(true) => Some(info.end_cursor.clone().map($crate::page::Cursor::new)),
                    None => Some(None),
                },
                _ => Some(None),
            }
        })
    };
}
pub(crate) use rest_of;

/// The filled places of an array column's collection.
macro_rules! slots_of {
    ($collection:expr, $value:ident) => {
        $crate::model::slots(
            $collection
                .and_then(|collection| collection.query?.edges)
                .unwrap_or_default()
                .into_iter()
                .map(|edge| {
                    let node = edge?.node?;
                    Some((node.denormalized_index, node.$value))
                }),
        )
    };
}
pub(crate) use slots_of;

/// An address, whichever node's fragment it was read by.
macro_rules! address_of {
    ($fields:ident) => {
        $crate::model::Address {
            code: $crate::model::text($fields.code),
            description: $crate::model::text($fields.description),
            is_default: $fields.is_default,
            lines: $crate::model::slots_of!($fields.address_lines, address_line),
            zip_code: $crate::model::text($fields.zip_code),
            city: $crate::model::text($fields.city),
            state: $crate::model::text($fields.state),
            country: $crate::model::code($fields.country.and_then(|country| country.code)),
            phones: $crate::model::slots_of!($fields.address_phone_numbers, address_phone_number),
            emails: $crate::model::slots_of!($fields.address_emails, address_email),
            website: $crate::model::text($fields.website),
            updated_at: $crate::model::instant($fields.update_stamp),
        }
    };
}
pub(crate) use address_of;

/// The discounts and charges of a line that are not zero, by their place.
macro_rules! discounts_of {
    ($fields:expr) => {
        $crate::model::filled([
            $fields.discount_or_charge1,
            $fields.discount_or_charge2,
            $fields.discount_or_charge3,
            $fields.discount_or_charge4,
            $fields.discount_or_charge5,
            $fields.discount_or_charge6,
            $fields.discount_or_charge7,
            $fields.discount_or_charge8,
            $fields.discount_or_charge9,
        ])
    };
}
pub(crate) use discounts_of;

/// The numbers that are not zero, by their place counted from 1.
pub(crate) fn filled(numbers: [Option<Decimal>; 9]) -> BTreeMap<u8, rust_decimal::Decimal> {
    let numbers = (1_u8..).zip(numbers.map(decimal));
    numbers
        .filter_map(|(place, number)| Some((place, number.filter(|number| !number.is_zero())?)))
        .collect()
}
