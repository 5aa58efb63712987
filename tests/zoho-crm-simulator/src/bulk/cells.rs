//! CSV cells: how a value is written, and how a cell is read as a field's value.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::json::{Json, object};
use crate::schema::{DataType, Field};
use crate::world::World;

/// A value as a cell: look-ups as ids, several values joined by semicolons, nothing as nothing.
pub(super) fn write(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::Bool(value) => value.to_string(),
        Json::Number(text) | Json::String(text) => text.clone(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(write).collect();
            items.join(";")
        }
        Json::Object(object) => object
            .get("id")
            .or_else(|| object.get("name"))
            .map(write)
            .unwrap_or_default(),
    }
}

/// A cell as the value a row of the records API would carry. What does not fit is left as text, and refused there.
pub(super) fn read(world: &World, field: &Field, cell: &str, format: Option<&str>) -> Json {
    let text = cell.trim();
    if text.is_empty() {
        return Json::Null;
    }
    match &field.data_type {
        DataType::Integer
        | DataType::Bigint
        | DataType::Double
        | DataType::Percent
        | DataType::Currency => {
            if text.parse::<rust_decimal::Decimal>().is_ok() {
                Json::Number(text.to_owned())
            } else {
                Json::from(text)
            }
        }
        DataType::Boolean => match text.to_lowercase().as_str() {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            _ => Json::from(text),
        },
        DataType::Date => {
            Json::from(date(text, format).map_or_else(|| text.to_owned(), |date| date.to_string()))
        }
        DataType::Datetime => {
            let instant = instant(world, text, format);
            Json::from(instant.map_or_else(|| text.to_owned(), |instant| instant.to_string()))
        }
        DataType::MultiPicklist => Json::from(text.split(';').map(str::trim).collect::<Vec<_>>()),
        DataType::Owner | DataType::User if text.contains('@') => {
            Json::Object(object! { "email" => text })
        }
        DataType::Lookup(_) | DataType::AnyRecord | DataType::Owner | DataType::User => {
            Json::Object(object! { "id" => text })
        }
        _ => Json::from(cell),
    }
}

/// Zoho's format letters as `strftime` has them.
fn pattern(format: &str) -> String {
    let mut pattern = format.to_owned();
    for (theirs, ours) in [
        ("yyyy", "%Y"),
        ("MM", "%m"),
        ("dd", "%d"),
        ("HH", "%H"),
        ("mm", "%M"),
        ("ss", "%S"),
    ] {
        pattern = pattern.replace(theirs, ours);
    }
    pattern.replace(['\'', 'Z'], "")
}

fn date(text: &str, format: Option<&str>) -> Option<Date> {
    let pattern = pattern(format.unwrap_or("MM/dd/yyyy"));
    Date::strptime(&pattern, text)
        .ok()
        .or_else(|| format.is_none().then(|| text.parse().ok()).flatten())
}

/// An instant; without an offset it is meant in the organisation's zone.
fn instant(world: &World, text: &str, format: Option<&str>) -> Option<Timestamp> {
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let pattern = pattern(format.unwrap_or("MM/dd/yyyy HH:mm:ss"));
    let zone = TimeZone::fixed(world.settings.org.offset());
    let local = DateTime::strptime(&pattern, text).ok()?;
    Some(local.to_zoned(zone).ok()?.timestamp())
}
