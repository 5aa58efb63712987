//! Values of records, there and back.

use rust_decimal::prelude::ToPrimitive;
use zoho_crm_client::{Lookup, Record as ZohoRecord, RowChanges};

use super::{
    errors::engine_id,
    lookups::{NAME, Named, Pointed},
    schema::{Schema, Shape, split},
    settings::ModuleSettings,
};
use crate::{
    endpoint::Record,
    ids::FieldName,
    value::{Document, Value},
};

/// The field that says when a record was changed.
pub(super) const MODIFIED: &str = "Modified_Time";

/// What the settings ask of a record, as the engine sees it; `None` when it has no id.
pub(super) fn record(
    record: &ZohoRecord,
    settings: &ModuleSettings,
    schema: &Schema,
    pointed: &Pointed,
) -> Option<Record> {
    let values = settings.fields.iter().filter_map(|field| {
        let value = match settings.columns_of(field) {
            Some(columns) => rows(record, field, columns, schema, pointed),
            None => column(record, field, schema, pointed),
        };
        Some((field.clone(), value?))
    });
    Some(Record {
        id: engine_id(record.id()?),
        modified_at: record.instant(MODIFIED).ok().flatten(),
        fields: values.collect(),
    })
}

/// The rows of a field; `None` when it is absent.
fn rows(
    record: &ZohoRecord,
    field: &FieldName,
    columns: &[FieldName],
    schema: &Schema,
    pointed: &Pointed,
) -> Option<Value> {
    let unknown = Schema::default();
    let schema = schema.columns(field.as_str()).unwrap_or(&unknown);
    let Ok(found) = record.rows(field.as_str()) else {
        return as_it_is(record, field.as_str());
    };
    if record.has_more_rows(field.as_str()) {
        // No list of lines, so that the mapping parks the record: a part is never taken for the whole.
        return Some(Value::text("more rows than Zoho sends with a record"));
    }
    let Some(found) = found else {
        let is_there = record.contains(field.as_str());
        return is_there.then(|| Value::List(Vec::new()));
    };
    let mut rows: Vec<ZohoRecord> = found.into_iter().collect();
    rows.sort_by_key(|row| row.integer("Sequence_Number").ok().flatten());
    let rows = rows.iter().map(|row| {
        let values = columns
            .iter()
            .filter_map(|name| Some((name.clone(), column(row, name, schema, pointed)?)));
        Value::Fields(values.collect())
    });
    Some(Value::List(rows.collect()))
}

/// A field of a record or row, or of what its lookup points to.
fn column(row: &ZohoRecord, path: &FieldName, schema: &Schema, pointed: &Pointed) -> Option<Value> {
    let (field, Some(beyond)) = split(path.as_str()) else {
        return value(row, path.as_str(), schema.shape(path.as_str()));
    };
    if !row.contains(field) {
        return None;
    }
    let Ok(Some(lookup)) = row.lookup(field) else {
        return Some(Value::Null);
    };
    if beyond == NAME {
        return Some(
            lookup
                .name
                .map_or(Value::Null, |name| Value::text(name.to_string())),
        );
    }
    let holder = pointed.holder(schema.points_to(field), &lookup, beyond);
    let found = holder.and_then(|holder| value(holder, beyond, Shape::Unknown));
    Some(found.unwrap_or(Value::Null))
}

/// `None` when the field is absent or holds no single value.
pub(super) fn value(record: &ZohoRecord, field: &str, shape: Shape) -> Option<Value> {
    if record.get(field)?.get() == "null" {
        return Some(Value::Null);
    }
    let typed = match shape {
        Shape::Text => record.text(field).ok().flatten().map(Value::text),
        // Empty text stands for an empty number in old records.
        Shape::Number | Shape::Integer => match record.decimal(field) {
            Ok(number) => Some(number.map_or(Value::Null, |number| Value::Decimal(number.0))),
            Err(_) => None,
        },
        Shape::Boolean => record.boolean(field).ok().flatten().map(Value::Boolean),
        Shape::Date => record.date(field).ok().flatten().map(Value::Date),
        Shape::Instant => record.instant(field).ok().flatten().map(Value::Instant),
        Shape::Reference => reference(record, field),
        Shape::List => list(record, field),
        Shape::Rows | Shape::Unsupported => return None,
        Shape::Unknown => None,
    };
    // What is not of the type that the module declares is passed on as what it is: the mapping parks the record and
    // names the field.
    typed.or_else(|| as_it_is(record, field))
}

fn as_it_is(record: &ZohoRecord, field: &str) -> Option<Value> {
    if let Ok(Some(text)) = record.text(field) {
        return Some(Value::text(text));
    }
    if let Ok(Some(flag)) = record.boolean(field) {
        return Some(Value::Boolean(flag));
    }
    if let Ok(Some(number)) = record.decimal(field) {
        return Some(Value::Decimal(number.0));
    }
    list(record, field)
        .or_else(|| reference(record, field))
        .or_else(|| objects(record, field))
}

/// Objects in a list, such as the taxes on a line, by their plain members.
fn objects(record: &ZohoRecord, field: &str) -> Option<Value> {
    let objects = record.rows(field).ok().flatten()?;
    let members = objects.iter().map(|object| {
        let members = object.iter().filter_map(|(name, _)| {
            let name = name.as_str();
            // Text first: a number may be all that a name consists of.
            let value = match object.text(name) {
                Ok(Some(text)) => Value::text(text),
                _ => Value::Decimal(object.decimal(name).ok().flatten()?.0),
            };
            Some((FieldName::from(name), value))
        });
        Value::Fields(members.collect())
    });
    Some(Value::List(members.collect()))
}

fn list(record: &ZohoRecord, field: &str) -> Option<Value> {
    let texts = record.texts(field).ok().flatten()?;
    Some(Value::List(texts.into_iter().map(Value::text).collect()))
}

fn reference(record: &ZohoRecord, field: &str) -> Option<Value> {
    let lookup = record.lookup(field).ok().flatten()?;
    Some(Value::text(lookup.id.as_str()))
}

/// Changes to be sent: the record itself, and what its rows are to be.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pub(super) record: ZohoRecord,
    pub(super) rows: Vec<(FieldName, Vec<ZohoRecord>)>,
}

impl Outgoing {
    /// One record with all its rows, to be inserted.
    pub(super) fn into_new(self) -> ZohoRecord {
        let mut record = self.record;
        for (field, rows) in self.rows {
            let rows = rows.into_iter().fold(RowChanges::new(), RowChanges::append);
            record.change_rows(field.as_str(), rows);
        }
        record
    }
}

/// Changes as they are to be sent.
///
/// # Errors
/// Field and sentence, for a value that the field cannot hold.
pub(super) fn row(
    changes: &Document,
    schema: &Schema,
    named: &Named,
) -> Result<Outgoing, (FieldName, String)> {
    let mut outgoing = Outgoing::default();
    for (field, value) in changes.iter() {
        let at_field = |message| (field.clone(), message);
        if schema.shape(field.as_str()) == Shape::Rows {
            let columns = schema.columns(field.as_str());
            let rows = new_rows(value, columns, named).map_err(at_field)?;
            outgoing.rows.push((field.clone(), rows));
        } else {
            set(&mut outgoing.record, field, value, schema, named).map_err(at_field)?;
        }
    }
    Ok(outgoing)
}

/// Rows to be written. An error names the row, counted from 1.
fn new_rows(
    value: &Value,
    columns: Option<&Schema>,
    named: &Named,
) -> Result<Vec<ZohoRecord>, String> {
    let unknown = Schema::default();
    let columns = columns.unwrap_or(&unknown);
    let rows = match value {
        Value::Null => return Ok(Vec::new()),
        Value::List(rows) => rows,
        _ => return Err("the field takes rows only".to_owned()),
    };
    let mut made = Vec::with_capacity(rows.len());
    for (row, number) in rows.iter().zip(1..) {
        let Value::Fields(values) = row else {
            return Err(format!("row {number}: it is no group of fields"));
        };
        let mut record = ZohoRecord::new();
        for (column, value) in values.iter() {
            set(&mut record, column, value, columns, named)
                .map_err(|message| format!("row {number}, `{column}`: {message}"))?;
        }
        made.push(record);
    }
    Ok(made)
}

fn set(
    record: &mut ZohoRecord,
    field: &FieldName,
    value: &Value,
    schema: &Schema,
    named: &Named,
) -> Result<(), String> {
    let (name, pointed) = split(field.as_str());
    if let Some(beyond) = pointed {
        return point(record, (name, beyond), value, schema, named);
    }
    let shape = schema.shape(name);
    match (value, shape) {
        (Value::Null, _) => record.set_null(name),
        (Value::Text(_) | Value::Reference(_), Shape::Reference) => {
            let id = value
                .to_string()
                .parse()
                .map_err(|_| "a reference needs a record id".to_owned())?;
            record.set(name, Lookup::new(id));
        }
        (Value::Text(text), _) => record.set(name, text),
        (Value::Reference(id), _) => record.set(name, id.as_str()),
        (Value::Fields(_), _) => return Err("the field takes no group of fields".to_owned()),
        (Value::Decimal(number), Shape::Text) => record.set(name, number.to_string()),
        (Value::Decimal(number), Shape::Integer) => {
            let whole = number.is_integer().then(|| number.to_i64()).flatten();
            record.set(name, whole.ok_or("the field takes whole numbers only")?);
        }
        (Value::Decimal(number), _) => record.set(name, *number),
        (Value::Boolean(flag), _) => record.set(name, *flag),
        (Value::Date(day), _) => record.set(name, *day),
        (Value::Instant(instant), _) => record.set(name, *instant),
        (Value::List(values), _) => {
            let texts: Option<Vec<&str>> = values.iter().map(Value::as_text).collect();
            record.set(name, texts.ok_or("the field takes a list of texts only")?);
        }
    }
    Ok(())
}

/// Makes a lookup point to the record that has `value` in its field.
fn point(
    record: &mut ZohoRecord,
    (lookup, field): (&str, &str),
    value: &Value,
    schema: &Schema,
    named: &Named,
) -> Result<(), String> {
    match value {
        Value::Null => record.set_null(lookup),
        Value::Text(text) => {
            let id = named.id(schema, lookup, field, text)?;
            record.set(lookup, Lookup::new(id));
        }
        other => {
            return Err(format!(
                "a record is named by text, not by {}",
                other.type_name()
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use rust_decimal::Decimal;
    use zoho_crm_client::FieldMeta;

    use super::*;

    fn schema() -> Schema {
        let field = |name: &str, data_type: &str| -> FieldMeta {
            let json = format!(r#"{{"api_name":"{name}","data_type":"{data_type}"}}"#);
            serde_json::from_str(&json).unwrap()
        };
        Schema::new(&[
            field("Account_Name", "text"),
            field("Revenue", "currency"),
            field("Employees", "integer"),
            field("Active", "boolean"),
            field("Founded", "date"),
            field("Seen", "datetime"),
            field("Parent", "lookup"),
            field("Tags", "multiselectpicklist"),
            field("Lines", "subform"),
            field("Gone", "text"),
        ])
    }

    fn read(record: &ZohoRecord, fields: &[FieldName]) -> Record {
        let mut settings = ModuleSettings::new("Accounts", "X3_Code", fields);
        settings.fields.remove(0);
        super::record(record, &settings, &schema(), &Pointed::default()).unwrap()
    }

    fn sent(changes: &Document) -> Result<String, (FieldName, String)> {
        let outgoing = row(changes, &schema(), &Named::default())?;
        Ok(serde_json::to_string(&outgoing.record).unwrap())
    }

    fn names(names: &[&str]) -> Vec<FieldName> {
        names.iter().copied().map(FieldName::from).collect()
    }

    #[test]
    fn values_have_the_types_that_the_module_declares() {
        let json = r#"{"id":"57","Modified_Time":"2026-11-20T11:00:00+01:00","Account_Name":"2026-11-20","Revenue":99999999999999.99,
            "Employees":12,"Active":true,"Founded":"1999-12-31","Seen":"2026-11-20T11:00:00+01:00","Parent":{"id":"58","name":"Mother"},
            "Tags":["a","b"],"Lines":[{"id":"1"}],"Empty":null,"Blank":"","Unknown":7}"#;
        let zoho: ZohoRecord = serde_json::from_str(json).unwrap();
        let fields = names(&[
            "Account_Name",
            "Revenue",
            "Employees",
            "Active",
            "Founded",
            "Seen",
            "Parent",
            "Tags",
            "Lines",
            "Empty",
            "Blank",
            "Unknown",
            "Gone",
        ]);
        let record = read(&zoho, &fields);
        let seen: jiff::Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let founded: Date = "1999-12-31".parse().unwrap();
        let expected = Document::new()
            .with("Account_Name", "2026-11-20")
            .with("Revenue", Decimal::new(9_999_999_999_999_999, 2))
            .with("Employees", Decimal::from(12))
            .with("Active", true)
            .with("Founded", Value::Date(founded))
            .with("Seen", Value::Instant(seen))
            .with("Parent", "58")
            .with("Tags", Value::List(vec!["a".into(), "b".into()]))
            .with("Empty", Value::Null)
            .with("Blank", Value::Null)
            .with("Unknown", Decimal::from(7));
        assert_eq!(record.fields, expected);
        assert_eq!(record.modified_at, Some(seen));
        assert_eq!(record.id.as_str(), "57");
    }

    #[test]
    fn a_value_of_another_type_is_passed_on_as_what_it_is() {
        let zoho: ZohoRecord =
            serde_json::from_str(r#"{"id":"57","Revenue":"much","Active":"yes"}"#).unwrap();
        let record = read(&zoho, &names(&["Revenue", "Active"]));
        let expected = Document::new()
            .with("Revenue", "much")
            .with("Active", "yes");
        assert_eq!(record.fields, expected);
    }

    #[test]
    fn changes_are_written_as_zoho_wants_them() {
        let day: Date = "2026-11-20".parse().unwrap();
        let changes = Document::new()
            .with("Account_Name", "Müller")
            .with("Revenue", Decimal::new(1050, 2))
            .with("Employees", Decimal::new(1200, 2))
            .with("Active", false)
            .with("Founded", Value::Date(day))
            .with("Parent", "58")
            .with("Tags", Value::List(vec!["a".into()]))
            .with("Gone", Value::Null);
        assert_eq!(
            sent(&changes).unwrap(),
            r#"{"Account_Name":"Müller","Active":false,"Employees":12,"Founded":"2026-11-20","Gone":null,"Parent":{"id":"58"},"Revenue":10.50,"Tags":["a"]}"#
        );
    }

    #[test]
    fn what_a_field_cannot_hold_is_refused_with_its_name() {
        let half = Document::new().with("Employees", Decimal::new(15, 1));
        let (field, message) = sent(&half).unwrap_err();
        assert_eq!(field.as_str(), "Employees");
        assert!(message.contains("whole numbers"));
        let name = Document::new().with("Parent", "Mother");
        assert_eq!(sent(&name).unwrap_err().0.as_str(), "Parent");
    }
}
