//! Records without a type.

use std::{collections::BTreeMap, fmt};

use client_core::{DecodeError, ExactDecimal, decode_json};
use rust_decimal::Decimal;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    graphql::connection::Connection,
    ids::{FieldName, RecordId},
    page::Cursor,
};

/// A record as JSON, digit by digit.
#[derive(Clone)]
pub struct DynamicRecord(Box<RawValue>);

impl fmt::Debug for DynamicRecord {
    /// Shows which record it is and none of its values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynamicRecord").field(&self.id()).finish()
    }
}

/// Items of a record's collection.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Connection<Box<RawValue>>")]
#[non_exhaustive]
pub struct DynamicItems {
    /// The items.
    pub items: Vec<DynamicRecord>,
    /// Where the collection goes on, if it does: the rest is read with
    /// [`DynamicNode::children`](super::DynamicNode::children).
    pub next: Option<Cursor>,
}

impl TryFrom<Connection<Box<RawValue>>> for DynamicItems {
    type Error = &'static str;

    fn try_from(connection: Connection<Box<RawValue>>) -> Result<Self, &'static str> {
        let edges = connection.edges.ok_or("the collection has no edges")?;
        let items = edges
            .whole()
            .ok_or("an item of the collection is missing")?
            .into_iter()
            .map(DynamicRecord)
            .collect();
        let info = connection.page_info.unwrap_or_default();
        let next = match (info.has_next_page, info.end_cursor) {
            (Some(false), _) => None,
            (Some(true), Some(cursor)) => Some(Cursor::new(cursor)),
            _ => return Err("the collection does not say where it goes on"),
        };
        Ok(Self { items, next })
    }
}

impl DynamicRecord {
    pub(super) fn new(raw: Box<RawValue>) -> Self {
        Self(raw)
    }

    /// Its key, if it has one.
    #[must_use]
    pub fn id(&self) -> Option<RecordId> {
        let text: Option<String> = self.decode_at("_id").ok()?;
        RecordId::new(text?).ok()
    }

    /// The whole record as JSON.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.0.get()
    }

    /// Reads the whole record into a type. Amounts that must be exact are read as [`ExactDecimal`].
    ///
    /// # Errors
    /// [`DecodeError`] naming the place.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        decode_json(self.0.get().as_bytes())
    }

    /// Reads what stands at `path`, in which references are parted by dots, into a type. Null, and whatever lies below
    /// null, is none; so is a field that was not selected.
    ///
    /// # Errors
    /// [`DecodeError`] naming the place.
    pub fn decode_at<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, DecodeError> {
        let mut at: Box<RawValue> = self.0.clone();
        for segment in path.split('.') {
            let members: Option<BTreeMap<String, Box<RawValue>>> =
                decode_json(at.get().as_bytes())?;
            match members.and_then(|mut members| members.remove(segment)) {
                Some(value) => at = value,
                None => return Ok(None),
            }
        }
        decode_json(at.get().as_bytes())
    }

    /// The text at `path`.
    ///
    /// # Errors
    /// As for [`decode_at`](Self::decode_at).
    pub fn text(&self, path: &str) -> Result<Option<String>, DecodeError> {
        self.decode_at(path)
    }

    /// The number at `path`, exactly.
    ///
    /// # Errors
    /// As for [`decode_at`](Self::decode_at).
    pub fn decimal(&self, path: &str) -> Result<Option<Decimal>, DecodeError> {
        let found: Option<ExactDecimal> = self.decode_at(path)?;
        Ok(found.map(|number| number.0))
    }

    /// The items of a collection that came with the record. None when the collection was not selected.
    ///
    /// # Errors
    /// As for [`decode_at`](Self::decode_at); also for a collection with a hole, or one that goes on without saying where.
    pub fn collection(&self, field: &FieldName) -> Result<Option<DynamicItems>, DecodeError> {
        #[derive(Deserialize)]
        struct Collection {
            query: Option<DynamicItems>,
        }
        let found: Option<Collection> = self.decode_at(field.as_str())?;
        Ok(found.and_then(|collection| collection.query))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(json: &str) -> DynamicRecord {
        DynamicRecord(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn values_are_found_below_references_and_kept_exactly() {
        let record = record(
            r#"{"_id":"V1","amount":99999999999999.99,"customer":{"code":{"code":"NA001"}},"site":null}"#,
        );
        assert_eq!(record.id().unwrap().as_str(), "V1");
        assert_eq!(
            record.text("customer.code.code").unwrap().as_deref(),
            Some("NA001")
        );
        assert_eq!(
            record.decimal("amount").unwrap().unwrap().to_string(),
            "99999999999999.99"
        );
        assert_eq!(record.text("site.code").unwrap(), None);
        assert_eq!(record.text("nothing").unwrap(), None);
        assert!(record.decimal("customer").is_err());
        assert_eq!(
            format!("{record:?}"),
            r#"DynamicRecord(Some(RecordId("V1")))"#
        );
    }

    #[test]
    fn a_collection_says_whether_it_goes_on_and_never_has_a_hole() {
        let lines = FieldName::new("lines").unwrap();
        let with =
            |items: &str| record(&format!(r#"{{"lines":{{"query":{items}}}}}"#)).collection(&lines);
        let found = with(
            r#"{"edges":[{"node":{"_id":"1"}}],"pageInfo":{"hasNextPage":true,"endCursor":"c"}}"#,
        )
        .unwrap()
        .unwrap();
        assert_eq!((found.items.len(), found.next), (1, Some(Cursor::new("c"))));
        let found = with(r#"{"edges":[],"pageInfo":{"hasNextPage":false,"endCursor":"c"}}"#)
            .unwrap()
            .unwrap();
        assert_eq!(found.next, None);
        for broken in [
            r#"{"edges":[{"node":null}],"pageInfo":{"hasNextPage":false}}"#,
            r#"{"edges":null,"pageInfo":{"hasNextPage":false}}"#,
            r#"{"edges":[],"pageInfo":{"hasNextPage":true,"endCursor":null}}"#,
            r#"{"edges":[]}"#,
        ] {
            assert!(with(broken).is_err(), "{broken}");
        }
        assert!(record("{}").collection(&lines).unwrap().is_none());
    }
}
