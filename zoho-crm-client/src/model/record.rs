//! A record of any module, without loss.

use std::{collections::BTreeMap, fmt, mem};

use client_core::{DecodeError, ExactDecimal, decode_json};
use jiff::{Timestamp, civil::Date};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned, IgnoredAny},
};
use serde_json::value::RawValue;

use super::{DateTime, FieldValue, Lookup, Model, RowChanges, Rows};
use crate::names::{FieldName, RecordId};

/// A record: field names and their values as JSON text, so that nothing is lost or rounded on the way through.
///
/// A field that was not asked for is absent; one that is empty is there and null. Typed getters return `None` for both.
#[derive(Clone, Default)]
pub struct Record {
    /// In order of name, none twice. A tree would take ten times the memory for the few fields that a model does not know.
    fields: Vec<(FieldName, Box<RawValue>)>,
}

/// A field holds another type than was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}` holds {found}, not {expected}")]
pub struct FieldTypeError {
    /// The field.
    pub field: FieldName,
    /// What was asked for.
    pub expected: &'static str,
    /// The JSON type that is there.
    pub found: &'static str,
}

impl Record {
    /// An empty record.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The record with the fields of `model`.
    ///
    /// # Errors
    /// When `model` does not serialize to a JSON object.
    pub fn from_model<T: Serialize>(model: &T) -> Result<Self, DecodeError> {
        // What cannot be written is empty here and then fails to be read, with an error that says so.
        let json = serde_json::to_vec(model).unwrap_or_default();
        decode_json(&json)
    }

    /// The fields read into a type of the caller's.
    ///
    /// # Errors
    /// [`DecodeError`] naming the field.
    pub fn to_model<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let json = serde_json::to_vec(self).unwrap_or_default();
        decode_json(&json)
    }

    /// The value of `field` as JSON, if the field is present.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&RawValue> {
        self.fields
            .get(self.find(field).ok()?)
            .map(|(_, value)| &**value)
    }

    /// Whether `field` is present, empty or not.
    #[must_use]
    pub fn contains(&self, field: &str) -> bool {
        self.find(field).is_ok()
    }

    /// Whether `field` is present and empty.
    #[must_use]
    pub fn is_null(&self, field: &str) -> bool {
        self.get(field).is_some_and(|value| value.get() == "null")
    }

    /// All fields in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&FieldName, &RawValue)> {
        self.fields.iter().map(|(name, value)| (name, &**value))
    }

    /// Number of fields present.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether no field is present.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The record's id.
    #[must_use]
    pub fn id(&self) -> Option<RecordId> {
        serde_json::from_str(self.get("id")?.get()).ok()
    }

    /// Text.
    ///
    /// # Errors
    /// [`FieldTypeError`] when the field holds no JSON string.
    pub fn text(&self, field: &str) -> Result<Option<String>, FieldTypeError> {
        self.read(field, "text")
    }

    /// An exact number, from a JSON number or a string with a number. Empty text counts as empty.
    ///
    /// # Errors
    /// [`FieldTypeError`] when the field holds no number, or one with more than 28 digits.
    pub fn decimal(&self, field: &str) -> Result<Option<ExactDecimal>, FieldTypeError> {
        if self.get(field).is_some_and(|value| value.get() == "\"\"") {
            return Ok(None);
        }
        self.read(field, "a number")
    }

    /// A whole number, from a JSON number or a string with one.
    ///
    /// # Errors
    /// [`FieldTypeError`] when the field holds no whole number.
    pub fn integer(&self, field: &str) -> Result<Option<i64>, FieldTypeError> {
        let number = self.read::<ExactDecimal>(field, "a whole number")?;
        number
            .map(|ExactDecimal(number)| {
                let whole = number.is_integer().then(|| i64::try_from(number).ok());
                whole
                    .flatten()
                    .ok_or_else(|| self.type_error(field, "a whole number"))
            })
            .transpose()
    }

    /// Yes or no.
    ///
    /// # Errors
    /// [`FieldTypeError`] when the field holds neither `true` nor `false`.
    pub fn boolean(&self, field: &str) -> Result<Option<bool>, FieldTypeError> {
        self.read(field, "true or false")
    }

    /// An instant.
    ///
    /// # Errors
    /// [`FieldTypeError`] when the field holds no date and time with offset.
    pub fn instant(&self, field: &str) -> Result<Option<Timestamp>, FieldTypeError> {
        let instant = self.read::<DateTime>(field, "a date and time with offset")?;
        Ok(instant.map(Timestamp::from))
    }

    /// A day.
    ///
    /// # Errors
    /// [`FieldTypeError`] when the field holds no date.
    pub fn date(&self, field: &str) -> Result<Option<Date>, FieldTypeError> {
        let text = self.read::<String>(field, "a date")?;
        text.map(|text| text.parse().map_err(|_| self.type_error(field, "a date")))
            .transpose()
    }

    /// A reference to another record, from `{"id", "name"}` or a bare id.
    ///
    /// # Errors
    /// [`FieldTypeError`] when the field holds neither.
    pub fn lookup(&self, field: &str) -> Result<Option<Lookup>, FieldTypeError> {
        self.read(field, "a reference to a record")
    }

    /// Several texts, as of a multi-select picklist.
    ///
    /// # Errors
    /// [`FieldTypeError`] when the field holds no list of strings.
    pub fn texts(&self, field: &str) -> Result<Option<Vec<String>>, FieldTypeError> {
        self.read(field, "a list of texts")
    }

    /// The rows of a subform. They come with [`get`](crate::ModuleApi::get) only, never with a list.
    ///
    /// # Errors
    /// [`FieldTypeError`] when the field holds no list of objects.
    pub fn rows(&self, field: &str) -> Result<Option<Rows<Self>>, FieldTypeError> {
        self.read(field, "a list of rows")
    }

    /// Sets `field`. `None` empties it.
    pub fn set(&mut self, field: impl Into<FieldName>, value: impl FieldValue) {
        self.insert_raw(field.into(), value.to_json());
    }

    /// Empties `field`.
    pub fn set_null(&mut self, field: impl Into<FieldName>) {
        self.set(field, RawValue::NULL);
    }

    /// The record with `field` set.
    #[must_use]
    pub fn with(mut self, field: impl Into<FieldName>, value: impl FieldValue) -> Self {
        self.set(field, value);
        self
    }

    /// Says what becomes of the rows of the subform `field`. No changes leave the rows alone.
    pub fn change_rows(&mut self, field: impl Into<FieldName>, changes: RowChanges) {
        if let Some(rows) = changes.into_json() {
            self.insert_raw(field.into(), rows);
        }
    }

    /// The record with what becomes of the rows of the subform `field`.
    #[must_use]
    pub fn with_row_changes(mut self, field: impl Into<FieldName>, changes: RowChanges) -> Self {
        self.change_rows(field, changes);
        self
    }

    /// Adds `values` to the multi-select picklist `field` instead of replacing what is selected there, in an update or
    /// upsert (`$append_values`; reference: Zoho v8 section 2.4, read 2026-11).
    pub fn append_values<V: FieldValue>(&mut self, field: impl Into<FieldName>, values: Vec<V>) {
        let field = field.into();
        let mut appended: BTreeMap<FieldName, bool> = self
            .get(APPEND_VALUES)
            .and_then(|value| serde_json::from_str(value.get()).ok())
            .unwrap_or_default();
        appended.insert(field.clone(), true);
        self.set(field, values);
        self.set(APPEND_VALUES, appended);
    }

    /// A field by which writing this record adds to what is there, so that writing it twice adds twice: rows without
    /// an id, links without one, appended values.
    pub(crate) fn growing_field(&self) -> Option<&FieldName> {
        self.fields
            .iter()
            .find(|(name, value)| grows(name.as_str(), value.get()))
            .map(|(name, _)| name)
    }

    /// Removes `field`, so that an update leaves it alone.
    pub fn remove(&mut self, field: &str) -> Option<Box<RawValue>> {
        let place = self.find(field).ok()?;
        Some(self.fields.remove(place).1)
    }

    /// Leaves only fields that `keep` says.
    pub(crate) fn retain(&mut self, keep: impl Fn(&FieldName) -> bool) {
        self.fields.retain(|(name, _)| keep(name));
    }

    /// Adds the fields of `other`, which win.
    pub(crate) fn extend(&mut self, other: Self) {
        for (name, value) in other.fields {
            self.insert_raw(name, value);
        }
    }

    /// Sets `field` to JSON read elsewhere.
    pub(crate) fn insert_raw(&mut self, field: FieldName, value: Box<RawValue>) {
        match self.find(field.as_str()) {
            Ok(place) => {
                if let Some((_, old)) = self.fields.get_mut(place) {
                    *old = value;
                }
            }
            Err(place) => {
                if self.fields.len() == self.fields.capacity() {
                    // Vec's own first step is four fields, more than most models leave over.
                    self.fields.reserve_exact((self.fields.len() / 2).max(1));
                }
                self.fields.insert(place, (field, value));
            }
        }
    }

    /// Where `field` is, or would be.
    fn find(&self, field: &str) -> Result<usize, usize> {
        self.fields
            .binary_search_by(|(name, _)| name.as_str().cmp(field))
    }

    fn read<T: DeserializeOwned>(
        &self,
        field: &str,
        expected: &'static str,
    ) -> Result<Option<T>, FieldTypeError> {
        let Some(value) = self.get(field) else {
            return Ok(None);
        };
        serde_json::from_str(value.get()).map_err(|_| self.type_error(field, expected))
    }

    fn type_error(&self, field: &str, expected: &'static str) -> FieldTypeError {
        let json = self.get(field).map_or("", RawValue::get);
        let found = match json.as_bytes().first() {
            Some(b'"') => "text",
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b't' | b'f') => "true or false",
            Some(b'n') | None => "nothing",
            Some(_) => "a number",
        };
        FieldTypeError {
            field: field.into(),
            expected,
            found,
        }
    }
}

/// Key that names the multi-select picklists whose values are added.
const APPEND_VALUES: &str = "$append_values";

/// Whether writing the member `name` with the value `json` adds to what is there, so that writing it twice adds twice.
pub(crate) fn grows(name: &str, json: &str) -> bool {
    name == APPEND_VALUES || has_new_rows(name, json)
}

/// Whether the value is a list with an object that has no id. Tags and taxes are named instead: a list of them is what
/// the record has afterwards.
fn has_new_rows(name: &str, json: &str) -> bool {
    #[derive(Deserialize)]
    struct Row {
        id: Option<IgnoredAny>,
    }
    json.starts_with('[')
        && !matches!(name, "Tag" | "Tax" | "$line_tax")
        && serde_json::from_str::<Vec<Row>>(json)
            .is_ok_and(|rows| rows.iter().any(|row| row.id.is_none()))
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Record;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
                let mut fields: Vec<(FieldName, Box<RawValue>)> = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                fields.sort_by(|(one, _), (other, _)| one.cmp(other));
                // Of a name that stands twice, the last value counts.
                fields.dedup_by(|later, earlier| {
                    let again = later.0 == earlier.0;
                    if again {
                        mem::swap(later, earlier);
                    }
                    again
                });
                fields.shrink_to_fit();
                Ok(Record { fields })
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

impl Model for Record {
    fn record_id(&self) -> Option<RecordId> {
        self.id()
    }
}

impl PartialEq for Record {
    /// Compares JSON texts: `1.0` and `1.00` differ.
    fn eq(&self, other: &Self) -> bool {
        self.fields.len() == other.fields.len()
            && self
                .iter()
                .zip(other.iter())
                .all(|(one, two)| one.0 == two.0 && one.1.get() == two.1.get())
    }
}

impl Eq for Record {}

impl fmt::Debug for Record {
    /// Shows id and field names, no values: records hold personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id().map_or_else(String::new, |id| id.to_string());
        write!(f, "Record {id} ")?;
        f.debug_list()
            .entries(self.fields.iter().map(|(name, _)| name.as_str()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn fields_are_in_order_and_none_is_there_twice() {
        let mut record: Record = serde_json::from_str(r#"{"b":1,"a":2,"b":3,"B":4}"#).unwrap();
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"B":4,"a":2,"b":3}"#
        );
        record.set("aa", 5_i64);
        record.set("a", 6_i64);
        record.extend(Record::new().with("b", 7_i64).with("A", 8_i64));
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"A":8,"B":4,"a":6,"aa":5,"b":7}"#
        );
        assert_eq!(record.remove("a").unwrap().get(), "6");
        assert!(!record.contains("a") && record.remove("a").is_none());
    }

    fn record() -> Record {
        serde_json::from_str(
            r#"{"id":5725767000000524157,"Account_Name":"Müller & Söhne","Annual_Revenue":99999999999999.99,"Employees":"12",
                "Active":true,"Modified_Time":"2026-11-20T11:00:00+01:00","Founded":"1999-12-31","Phone":null,
                "Owner":{"name":"P Boyle","id":"5725767000000411001","email":"p@example.com"},"Parent_Account":"5725767000000524158",
                "Tags":["a","b"],"$currency_symbol":"CHF","Code":"","Deep":{"x":[1,{"y":0.10}]}}"#,
        )
        .unwrap()
    }

    #[test]
    fn typed_getters_read_what_zoho_sends() {
        let record = record();
        assert_eq!(record.id().unwrap(), "5725767000000524157");
        assert_eq!(
            record.text("Account_Name").unwrap().unwrap(),
            "Müller & Söhne"
        );
        assert_eq!(
            record.decimal("Annual_Revenue").unwrap().unwrap().0,
            Decimal::new(9_999_999_999_999_999, 2)
        );
        assert_eq!(record.integer("Employees").unwrap(), Some(12));
        assert_eq!(record.boolean("Active").unwrap(), Some(true));
        assert_eq!(
            record.instant("Modified_Time").unwrap(),
            Some("2026-11-20T10:00:00Z".parse().unwrap())
        );
        assert_eq!(
            record.date("Founded").unwrap(),
            Some("1999-12-31".parse().unwrap())
        );
        let owner = record.lookup("Owner").unwrap().unwrap();
        assert_eq!(owner.name.as_deref(), Some("P Boyle"));
        assert_eq!(owner.email().as_deref(), Some("p@example.com"));
        assert_eq!(
            record.lookup("Parent_Account").unwrap().unwrap().id,
            "5725767000000524158"
        );
        assert_eq!(record.texts("Tags").unwrap().unwrap(), ["a", "b"]);
    }

    #[test]
    fn absent_and_empty_differ_but_neither_has_a_value() {
        let record = record();
        assert!(record.is_null("Phone") && record.contains("Phone"));
        assert!(!record.is_null("Fax") && !record.contains("Fax"));
        assert_eq!(record.text("Phone").unwrap(), None);
        assert_eq!(record.text("Fax").unwrap(), None);
        assert_eq!(record.decimal("Code").unwrap(), None);
    }

    #[test]
    fn another_type_is_an_error_that_names_field_and_types_but_no_value() {
        let error = record().integer("Annual_Revenue").unwrap_err();
        assert_eq!(
            error.to_string(),
            "field `Annual_Revenue` holds a number, not a whole number"
        );
        assert!(record().text("Owner").is_err());
        assert!(record().boolean("Account_Name").is_err());
        assert!(record().date("Account_Name").is_err());
        assert!(record().instant("Founded").is_err());
        assert!(record().lookup("Active").is_err());
    }

    #[test]
    fn setters_write_what_zoho_wants() {
        let instant: Timestamp = "2026-11-20T10:00:00.25Z".parse().unwrap();
        let day: Date = "2026-11-20".parse().unwrap();
        let owner = Lookup {
            name: Some("P Boyle".into()),
            ..Lookup::new("5725767000000411001".parse().unwrap())
        };
        let record = Record::new()
            .with("text", "a\"b")
            .with("decimal", Decimal::new(1050, 2))
            .with("integer", 7_i64)
            .with("boolean", false)
            .with("instant", instant)
            .with("date", day)
            .with("lookup", owner)
            .with("list", vec!["a", "b"])
            .with("none", None::<Decimal>);
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"boolean":false,"date":"2026-11-20","decimal":10.50,"instant":"2026-11-20T10:00:00+00:00","integer":7,"list":["a","b"],"lookup":{"id":"5725767000000411001"},"none":null,"text":"a\"b"}"#
        );
    }

    #[test]
    fn values_are_appended_only_to_the_fields_that_say_so() {
        let mut record = Record::new().with("Colours", vec!["red"]);
        record.append_values("Sizes", vec!["L"]);
        record.append_values("Uses", vec!["cut", "bend"]);
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"$append_values":{"Sizes":true,"Uses":true},"Colours":["red"],"Sizes":["L"],"Uses":["cut","bend"]}"#
        );
    }

    #[test]
    fn what_grows_when_written_twice_is_noticed() {
        let growing = |json: &str| {
            let record: Record = serde_json::from_str(json).unwrap();
            record.growing_field().map(ToString::to_string)
        };
        assert_eq!(
            growing(r#"{"Ordered_Items":[{"id":"1"},{"Quantity":1}]}"#).as_deref(),
            Some("Ordered_Items")
        );
        assert_eq!(
            growing(r#"{"Skills":[{"Skill":{"id":"1"},"id":null}]}"#).as_deref(),
            Some("Skills")
        );
        assert_eq!(
            growing(r#"{"$append_values":{"Sizes":true},"Sizes":["L"]}"#).as_deref(),
            Some("$append_values")
        );
        for json in [
            r#"{"Ordered_Items":[{"id":"1","Quantity":2},{"id":"2","_delete":null}]}"#,
            r#"{"Ordered_Items":[],"Sizes":["a","b"],"Numbers":[1,2],"Owner":{"name":"x"}}"#,
            r#"{"Tag":[{"name":"vip"}],"$line_tax":[{"name":"VAT","percentage":8.1}]}"#,
        ] {
            assert_eq!(growing(json), None, "{json}");
        }
    }

    #[test]
    fn debug_output_shows_no_values() {
        let text = format!("{:?}", record());
        assert!(text.contains("Account_Name") && text.contains("5725767000000524157"));
        assert!(!text.contains("Müller") && !text.contains("99999"));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-zA-Z_$]{1,8}", inner, 0..4)
                    .prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_record_survives_a_round_trip(fields in prop::collection::btree_map("[a-zA-Z_$]{1,12}", any_json(), 0..12)) {
            let before = serde_json::to_string(&fields).unwrap();
            let record: Record = serde_json::from_str(&before).unwrap();
            prop_assert_eq!(serde_json::to_string(&record).unwrap(), before);
        }

        #[test]
        fn any_number_keeps_its_digits(whole in any::<u64>(), fraction in "[0-9]{1,9}") {
            let before = format!(r#"{{"Amount":{whole}.{fraction}}}"#);
            let record: Record = serde_json::from_str(&before).unwrap();
            prop_assert_eq!(record.decimal("Amount").unwrap().unwrap().to_string(), format!("{whole}.{fraction}"));
            prop_assert_eq!(serde_json::to_string(&record).unwrap(), before);
        }
    }
}
