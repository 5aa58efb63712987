//! Values of record fields as JSON.

use std::collections::BTreeMap;

use client_core::ExactDecimal;
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{DateTime, Lookup, Text};
use crate::{
    api::FileId,
    names::{FieldName, RecordId},
};

/// What a field can be set to. `None` is JSON `null`, which empties the field.
pub trait FieldValue {
    /// The value as Zoho writes it.
    fn to_json(&self) -> Box<RawValue>;
}

/// The types given to this function are texts, numbers, and lists and objects of them, for which writing JSON cannot
/// fail.
#[expect(
    clippy::expect_used,
    reason = "only maps with odd keys and foreign types can fail, and neither gets here"
)]
pub(super) fn written<T: Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("plain values are always JSON")
}

macro_rules! written_as_it_is {
    ($($type:ty),*) => {$(
        impl FieldValue for $type {
            fn to_json(&self) -> Box<RawValue> {
                written(self)
            }
        }
    )*};
}

written_as_it_is!(
    str,
    String,
    bool,
    i32,
    i64,
    u32,
    u64,
    ExactDecimal,
    DateTime,
    RecordId,
    Text,
    FieldName,
    BTreeMap<FieldName, bool>
);

impl FieldValue for Decimal {
    fn to_json(&self) -> Box<RawValue> {
        written(&ExactDecimal(*self))
    }
}

impl FieldValue for Timestamp {
    fn to_json(&self) -> Box<RawValue> {
        written(&DateTime(*self))
    }
}

impl FieldValue for Date {
    fn to_json(&self) -> Box<RawValue> {
        written(&self.to_string())
    }
}

impl FieldValue for Lookup {
    /// The id alone: it is all that a write needs.
    fn to_json(&self) -> Box<RawValue> {
        #[derive(Serialize)]
        struct Reference<'a> {
            id: &'a RecordId,
        }
        written(&Reference { id: &self.id })
    }
}

impl FieldValue for FileId {
    fn to_json(&self) -> Box<RawValue> {
        #[derive(Serialize)]
        struct File<'a> {
            #[serde(rename = "File_Id__s")]
            id: &'a FileId,
        }
        written(&File { id: self })
    }
}

impl FieldValue for RawValue {
    fn to_json(&self) -> Box<RawValue> {
        self.to_owned()
    }
}

impl<T: FieldValue + ?Sized> FieldValue for &T {
    fn to_json(&self) -> Box<RawValue> {
        (**self).to_json()
    }
}

impl<T: FieldValue + ?Sized> FieldValue for Box<T> {
    fn to_json(&self) -> Box<RawValue> {
        (**self).to_json()
    }
}

impl<T: FieldValue> FieldValue for Option<T> {
    fn to_json(&self) -> Box<RawValue> {
        self.as_ref()
            .map_or_else(|| RawValue::NULL.to_owned(), FieldValue::to_json)
    }
}

impl<T: FieldValue> FieldValue for Vec<T> {
    fn to_json(&self) -> Box<RawValue> {
        let items: Vec<Box<RawValue>> = self.iter().map(FieldValue::to_json).collect();
        written(&items)
    }
}
