//! Columns by their codes, with the values as they came.

use std::{borrow::Cow, fmt};

use client_core::{DecodeError, decode_json};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned, IgnoredAny, MapAccess, Visitor},
    ser::Error as _,
};
use serde_json::value::RawValue;

use super::value::{Amount, Day, LocalMenu, Moment};

/// Columns of a record by their codes, every digit kept. Beside columns it holds what X3 says about the record (`$uuid`,
/// `$etag`, `$key`) and the titles of references (`CUR_REF`).
///
/// A column is absent when the representation does not show it. Reads from text in memory only (`serde_json::from_slice`,
/// `from_str`).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// Names and values one after the other: one piece of memory a record instead of two a column.
    text: String,
    spans: Vec<Span>,
}

/// Where a name and its value stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    name: u32,
    value: u32,
    end: u32,
}

impl Columns {
    /// The codes, in the order in which they came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.spans
            .iter()
            .map(|span| self.part(span.name, span.value))
    }

    /// Number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no column.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The value of a column as JSON.
    #[must_use]
    pub fn json(&self, name: &str) -> Option<&str> {
        // The last of equal names counts, as everywhere in JSON.
        self.spans
            .iter()
            .rev()
            .find(|span| self.part(span.name, span.value) == name)
            .map(|span| self.part(span.value, span.end))
    }

    /// The value of a column, decoded; none when the column is not shown.
    ///
    /// # Errors
    /// When the value is no `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, DecodeError> {
        self.json(name)
            .map(|json| decode_json(json.as_bytes()))
            .transpose()
    }

    /// A text or code. A number is given by its digits: codes of digits are text too.
    ///
    /// # Errors
    /// When the value is neither text nor number.
    pub fn text(&self, name: &str) -> Result<Option<String>, DecodeError> {
        match self.json(name) {
            Some(json)
                if json.starts_with(|first: char| first == '-' || first.is_ascii_digit()) =>
            {
                Ok(Some(json.to_owned()))
            }
            Some("null") => Ok(Some(String::new())),
            _ => self.get(name),
        }
    }

    /// An exact number.
    ///
    /// # Errors
    /// When the value is no number.
    pub fn amount(&self, name: &str) -> Result<Option<Amount>, DecodeError> {
        self.get(name)
    }

    /// A day.
    ///
    /// # Errors
    /// When the value is no day.
    pub fn day(&self, name: &str) -> Result<Option<Day>, DecodeError> {
        self.get(name)
    }

    /// An instant.
    ///
    /// # Errors
    /// When the value is no instant.
    pub fn moment(&self, name: &str) -> Result<Option<Moment>, DecodeError> {
        self.get(name)
    }

    /// A choice of a local menu.
    ///
    /// # Errors
    /// When the value is no choice.
    pub fn menu(&self, name: &str) -> Result<Option<LocalMenu>, DecodeError> {
        self.get(name)
    }

    /// The rows of a child table, such as `SOHSOP`; none of them when the representation does not show it.
    ///
    /// # Errors
    /// When the value is no list of such rows.
    pub fn rows<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, DecodeError> {
        Ok(self
            .get::<Option<Vec<T>>>(name)?
            .flatten()
            .unwrap_or_default())
    }

    /// Adds a column. What does not fit (four gigabytes of text) is left out.
    pub(super) fn push(&mut self, name: &str, value: &RawValue) {
        let position = |text: &String| u32::try_from(text.len()).ok();
        let begin = self.text.len();
        let span = (|| {
            let name_at = position(&self.text)?;
            self.text.push_str(name);
            let value_at = position(&self.text)?;
            self.text.push_str(value.get());
            Some(Span {
                name: name_at,
                value: value_at,
                end: position(&self.text)?,
            })
        })();
        match span {
            Some(span) => self.spans.push(span),
            None => self.text.truncate(begin),
        }
    }

    fn part(&self, from: u32, to: u32) -> &str {
        let at = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
        self.text.get(at(from)..at(to)).unwrap_or_default()
    }
}

impl fmt::Debug for Columns {
    /// Shows no value: they are customers' data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl Serialize for Columns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries: Result<Vec<(&str, &RawValue)>, serde_json::Error> = self
            .spans
            .iter()
            .map(|span| {
                let value = serde_json::from_str(self.part(span.value, span.end))?;
                Ok((self.part(span.name, span.value), value))
            })
            .collect();
        serializer.collect_map(entries.map_err(S::Error::custom)?)
    }
}

/// A member's name, borrowed from the document unless it holds escapes.
pub(crate) struct MemberName<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for MemberName<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = MemberName<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(MemberName(Cow::Borrowed(name)))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
                Ok(MemberName(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Columns;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
                let mut columns = Columns::default();
                while let Some(MemberName(name)) = map.next_key()? {
                    columns.push(&name, map.next_value::<&'de RawValue>()?);
                }
                Ok(columns)
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// What a record says about itself, whatever else it holds.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pub(super) key: Option<String>,
    /// Whether anything of a record is there.
    pub(super) is_record: bool,
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = Identity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Identity, A::Error> {
                let mut identity = Identity::default();
                while let Some(MemberName(name)) = map.next_key()? {
                    identity.is_record |=
                        !name.starts_with('$') || name == "$key" || name == "$uuid";
                    if name == "$key" {
                        identity.key = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(identity)
            }
        }
        deserializer.deserialize_map(Look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"$uuid":"a-1","BPCNUM":"NA001","OSTAUZ":99999999999999.9900,"BPCSTA":2,"CREDAT":"1753-01-01",
        "CODE":4711,"SOHSOP":[{"ITMREF":"BMS001"},{"ITMREF":"BMS002"}],"n\u0061me":"x"}"#;

    #[test]
    fn every_column_is_kept_digit_by_digit_in_its_order() {
        let columns: Columns = serde_json::from_str(RECORD).unwrap();
        assert_eq!(
            columns.names().collect::<Vec<_>>(),
            [
                "$uuid", "BPCNUM", "OSTAUZ", "BPCSTA", "CREDAT", "CODE", "SOHSOP", "name"
            ]
        );
        assert_eq!(columns.json("OSTAUZ"), Some("99999999999999.9900"));
        let again: Columns =
            serde_json::from_str(&serde_json::to_string(&columns).unwrap()).unwrap();
        assert_eq!(again, columns);
    }

    #[test]
    fn values_are_read_as_what_they_are() {
        let columns: Columns = serde_json::from_str(RECORD).unwrap();
        assert_eq!(columns.text("BPCNUM").unwrap().unwrap(), "NA001");
        assert_eq!(columns.text("CODE").unwrap().unwrap(), "4711");
        assert_eq!(columns.menu("BPCSTA").unwrap(), Some(LocalMenu::YES));
        assert_eq!(columns.day("CREDAT").unwrap(), Some(Day(None)));
        assert_eq!(columns.day("NONE").unwrap(), None);
        assert!(columns.day("BPCNUM").is_err());
        let rows: Vec<Columns> = columns.rows("SOHSOP").unwrap();
        assert_eq!(rows[1].text("ITMREF").unwrap().unwrap(), "BMS002");
        assert!(columns.rows::<Columns>("NONE").unwrap().is_empty());
    }

    #[test]
    fn no_value_is_shown() {
        let columns: Columns = serde_json::from_str(RECORD).unwrap();
        let shown = format!("{columns:?}");
        assert!(
            shown.contains("BPCNUM") && !shown.contains("NA001"),
            "{shown}"
        );
    }
}
