//! Checks a row's values against the module's fields, the way Zoho reports it row by row.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::lines;
use crate::failure::Failure;
use crate::files;
use crate::json::{Json, Object, object};
use crate::schema::{DataType, Field, Module};
use crate::store::{Id, Line, Record};
use crate::world::World;

/// Who writes.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) user: String,
    /// May say when a record was created and changed, as seeds do.
    pub(crate) backdates: bool,
}

/// A row's values after the check, in stored form.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) values: BTreeMap<String, Json>,
    pub(crate) owner: Option<String>,
    pub(crate) lines: BTreeMap<String, Vec<Line>>,
}

/// Checks a row; `existing` is the record it updates.
pub(crate) fn check_row(
    world: &mut World,
    module: &Module,
    row: &Object,
    index: usize,
    existing: Option<&Record>,
) -> Result<Checked, Failure> {
    let mut checked = Checked::default();
    let mut failures = Vec::new();
    for (name, value) in row.iter() {
        // Names that are no field, and fields only Zoho sets, are ignored.
        let Some(field) = module
            .field(name)
            .filter(|field| !field.read_only && world.settings.offers_field(field))
        else {
            continue;
        };
        let path = format!("$.data[{index}].{name}");
        if let DataType::Subform(line_module) = &field.data_type {
            let old = existing
                .and_then(|record| record.lines.get(name))
                .map(Vec::as_slice)
                .unwrap_or_default();
            match lines::apply(world, line_module, old, value, &path) {
                Ok(lines) => {
                    checked.lines.insert(name.to_owned(), lines);
                }
                Err(failure) => failures.push(failure),
            }
            continue;
        }
        if field.data_type == DataType::File {
            let old = existing.map_or(&Json::Null, |record| record.value(name));
            match files::fields::apply(world, field, old, value, &path) {
                Ok(held) => drop(checked.values.insert(name.to_owned(), held)),
                Err(failure) => failures.push(failure),
            }
            continue;
        }
        match check_value(world, field, value, &path) {
            Ok(Json::String(user)) if field.data_type == DataType::Owner => {
                checked.owner = Some(user)
            }
            Ok(_) if field.data_type == DataType::Owner => {}
            Ok(stored) => {
                let stored = append_if_asked(row, existing, field, stored);
                checked.values.insert(name.to_owned(), stored);
            }
            Err(failure) => failures.push(failure),
        }
    }
    failures.extend(wrong_stage(world, module, &checked, index, existing));
    if let Err(failure) = settle_currency(world, module, &mut checked, index, existing.is_none()) {
        failures.push(failure);
    }
    failures.extend(missing_values(
        world,
        module,
        row,
        index,
        existing.is_none(),
    ));
    Failure::combined(failures).map_or(Ok(checked), Err)
}

/// A deal's stage must be one of its pipeline's, where that has stages of its own.
fn wrong_stage(
    world: &World,
    module: &Module,
    checked: &Checked,
    index: usize,
    existing: Option<&Record>,
) -> Option<Failure> {
    if module.api_name != "Deals" {
        return None;
    }
    let value = |field: &str| {
        let new = checked.values.get(field);
        let value = new.or_else(|| existing.map(|record| record.value(field)));
        value.and_then(Json::as_str)
    };
    let stages = world.schema.pipelines.get(value("Pipeline")?)?;
    let stage = value("Stage")?;
    if stages.iter().any(|other| other == stage) {
        return None;
    }
    let place = |field: &str| {
        object! { "api_name" => field, "json_path" => format!("$.data[{index}].{field}") }
    };
    let mut details = place("Stage");
    details.set("dependee", place("Pipeline"));
    let message = "Pipeline doesn't contain the Stage";
    Some(Failure::new(400, "MAPPING_MISMATCH", message, details))
}

/// With multi-currency every record of a module that has amounts bears a currency and its rate to the home currency; a
/// new one without gets the home currency, and a rate follows the currency unless it is given.
fn settle_currency(
    world: &World,
    module: &Module,
    checked: &mut Checked,
    index: usize,
    is_new: bool,
) -> Result<(), Failure> {
    if !world.settings.org.multi_currency || module.field("Currency").is_none() {
        return Ok(());
    }
    let home = &world.settings.org.iso_code;
    let given = checked.values.get("Currency").and_then(Json::as_str);
    let iso_code = match given {
        Some(given) => given.to_owned(),
        None if is_new => home.clone(),
        None => return Ok(()),
    };
    let path = format!("$.data[{index}].Currency");
    let rate = world.settings.exchange_rate(&iso_code);
    let rate = rate.ok_or_else(|| Failure::wrong_type("picklist", "Currency", &path))?;
    let rate = rate.trim_end_matches('0').trim_end_matches('.').to_owned();
    let missing = |name: &str| checked.values.get(name).is_none_or(Json::is_null);
    if missing("Exchange_Rate") {
        checked
            .values
            .insert("Exchange_Rate".into(), Json::Number(rate));
    }
    checked
        .values
        .insert("Currency".into(), Json::from(iso_code));
    Ok(())
}

/// Mandatory fields: needed by a new record, and not to be emptied in an old one.
fn missing_values(
    world: &World,
    module: &Module,
    row: &Object,
    index: usize,
    is_new: bool,
) -> Vec<Failure> {
    let mut failures = Vec::new();
    for field in module.fields.iter().filter(|field| field.mandatory) {
        let missing = match row.get(&field.api_name) {
            None => is_new,
            Some(value) => value.is_blank(),
        };
        if missing {
            failures.push(Failure::mandatory(
                &field.api_name,
                &format!("$.data[{index}].{}", field.api_name),
            ));
        }
    }
    if world.settings.behaviour.lines_required && is_new {
        for (field, _) in module.subforms() {
            let rows = row
                .get(&field.api_name)
                .and_then(Json::as_array)
                .unwrap_or_default();
            if rows.is_empty() {
                failures.push(Failure::mandatory(
                    &field.api_name,
                    &format!("$.data[{index}].{}", field.api_name),
                ));
            }
        }
    }
    failures
}

/// `$append_values` adds to a multi-select picklist instead of replacing it.
fn append_if_asked(row: &Object, existing: Option<&Record>, field: &Field, stored: Json) -> Json {
    let asked = row
        .get("$append_values")
        .and_then(|names| names.get(&field.api_name))
        .and_then(Json::as_bool);
    if field.data_type != DataType::MultiPicklist || asked != Some(true) {
        return stored;
    }
    let mut values = existing
        .and_then(|record| record.value(&field.api_name).as_array())
        .unwrap_or_default()
        .to_vec();
    for value in stored.as_array().unwrap_or_default() {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    Json::Array(values)
}

/// Checks one value and brings it into stored form: look-ups become the id, instants UTC, blank text `null`.
pub(crate) fn check_value(
    world: &World,
    field: &Field,
    value: &Json,
    path: &str,
) -> Result<Json, Failure> {
    if value.is_blank() {
        return Ok(Json::Null);
    }
    let name = field.api_name.as_str();
    let wrong = |expected: &str| Failure::wrong_type(expected, name, path);
    match &field.data_type {
        DataType::Text
        | DataType::Textarea
        | DataType::Email
        | DataType::Phone
        | DataType::Website
        | DataType::Autonumber => {
            let text = value
                .as_str()
                .ok_or_else(|| wrong(field.data_type.word()))?;
            check_text(field, text, path)
        }
        DataType::Integer | DataType::Bigint => check_whole_number(field, value, path),
        DataType::Double | DataType::Percent | DataType::Currency => {
            let number = value
                .number_text()
                .ok_or_else(|| wrong(field.data_type.json_type()))?;
            let digits = number.split(['.', 'e', 'E']).next().unwrap_or_default();
            if digits.bytes().filter(u8::is_ascii_digit).count() > field.length {
                return Err(Failure::too_long(field.length, name, path));
            }
            Ok(value.clone())
        }
        DataType::Boolean => value
            .as_bool()
            .map(Json::Bool)
            .ok_or_else(|| wrong("boolean")),
        DataType::Date => {
            let text = value
                .as_str()
                .filter(|text| text.len() == 10 && text.parse::<Date>().is_ok());
            text.map(Json::from).ok_or_else(|| wrong("date"))
        }
        DataType::Datetime => {
            let instant: Option<Timestamp> = value.as_str().and_then(|text| text.parse().ok());
            let instant = instant.ok_or_else(|| wrong("datetime"))?;
            Ok(Json::String(
                crate::clock::whole_second(instant).to_string(),
            ))
        }
        DataType::Picklist => {
            let text = value.as_str().ok_or_else(|| wrong("picklist"))?;
            check_picklist(world, field, text, path)
        }
        DataType::MultiPicklist => {
            let items = value.as_array().ok_or_else(|| wrong("jsonarray"))?;
            let check = |item: &Json| {
                check_picklist(
                    world,
                    field,
                    item.as_str().ok_or_else(|| wrong("string"))?,
                    path,
                )
            };
            Ok(Json::Array(
                items.iter().map(check).collect::<Result<_, _>>()?,
            ))
        }
        DataType::Lookup(module) => check_lookup(world, field, module, value, path),
        DataType::Owner | DataType::User => check_user(world, field, value, path),
        DataType::AnyRecord => check_any_record(world, name, value, path),
        DataType::Array => value
            .as_array()
            .map(|items| Json::Array(items.to_vec()))
            .ok_or_else(|| wrong("jsonarray")),
        DataType::Subform(_) | DataType::File | DataType::System => Ok(Json::Null),
    }
}

fn check_text(field: &Field, text: &str, path: &str) -> Result<Json, Failure> {
    let name = field.api_name.as_str();
    if text.chars().count() > field.length {
        return Err(Failure::too_long(field.length, name, path));
    }
    let good = match field.data_type {
        DataType::Phone => is_phone(text),
        DataType::Email => is_email(text),
        DataType::Website => is_website(text),
        _ => true,
    };
    if good {
        Ok(Json::from(text))
    } else {
        Err(Failure::wrong_type(field.data_type.word(), name, path))
    }
}

fn check_whole_number(field: &Field, value: &Json, path: &str) -> Result<Json, Failure> {
    let name = field.api_name.as_str();
    let wrong = || Failure::wrong_type(field.data_type.word(), name, path);
    // Wide numbers may come as strings, since many programs cannot hold them otherwise.
    let text = match field.data_type {
        DataType::Bigint => value.as_id_text(),
        _ => value.number_text(),
    };
    let text = text.ok_or_else(wrong)?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    if digits.len() > field.length {
        return Err(Failure::too_long(field.length, name, path));
    }
    Ok(Json::Number(text.to_owned()))
}

fn check_picklist(world: &World, field: &Field, text: &str, path: &str) -> Result<Json, Failure> {
    if text == "-None-" {
        return Ok(Json::Null);
    }
    let unknown = !field.picklist.is_empty() && !field.picklist.iter().any(|value| value == text);
    if unknown && world.settings.behaviour.strict_picklists {
        let details = object! {
            "expected_data_type" => field.data_type.word(),
            "api_name" => field.api_name.as_str(),
            "json_path" => path,
            "supported_values" => field.picklist.iter().map(String::as_str).collect::<Vec<_>>(),
        };
        return Err(Failure::new(400, "INVALID_DATA", "invalid data", details));
    }
    if text.chars().count() > field.length {
        return Err(Failure::too_long(field.length, &field.api_name, path));
    }
    Ok(Json::from(text))
}

/// The id inside a look-up: `{"id": …}`, or the bare id.
fn reference_id(value: &Json) -> Option<&str> {
    match value {
        Json::Object(object) => object.get("id").and_then(Json::as_id_text),
        _ => value.as_id_text(),
    }
}

fn check_lookup(
    world: &World,
    field: &Field,
    module: &str,
    value: &Json,
    path: &str,
) -> Result<Json, Failure> {
    let name = field.api_name.as_str();
    let id = reference_id(value).ok_or_else(|| Failure::wrong_type("jsonobject", name, path))?;
    let known = id
        .parse::<Id>()
        .is_ok_and(|id| world.store.record(module, id).is_some());
    if known {
        Ok(Json::from(id))
    } else {
        Err(Failure::invalid_id(name, path))
    }
}

/// A record of any module; when the module is named, it must be the record's.
fn check_any_record(world: &World, name: &str, value: &Json, path: &str) -> Result<Json, Failure> {
    let id = reference_id(value).ok_or_else(|| Failure::wrong_type("jsonobject", name, path))?;
    let holder = id.parse().ok().and_then(|id| world.store.module_of(id));
    let holder = holder.ok_or_else(|| Failure::invalid_id(name, path))?;
    let named = value
        .get("module")
        .and_then(|module| module.get("api_name"))
        .and_then(Json::as_str);
    if named.is_some_and(|named| named != holder) {
        return Err(Failure::invalid_id(name, path));
    }
    Ok(Json::from(id))
}

fn check_user(world: &World, field: &Field, value: &Json, path: &str) -> Result<Json, Failure> {
    let name = field.api_name.as_str();
    let by_email = value.get("email").and_then(Json::as_str);
    let user = match (reference_id(value), by_email) {
        (Some(id), _) => world.settings.user(id),
        (None, Some(email)) => world
            .settings
            .users
            .iter()
            .find(|user| user.email.eq_ignore_ascii_case(email)),
        (None, None) => return Err(Failure::wrong_type("jsonobject", name, path)),
    };
    user.map(|user| Json::from(user.id.as_str()))
        .ok_or_else(|| Failure::invalid_id(name, path))
}

/// Digits with the usual punctuation, an extension after a letter or semicolon; free text is refused.
fn is_phone(text: &str) -> bool {
    let allowed =
        |character: char| character.is_ascii_digit() || "+-.()/;#,xX ".contains(character);
    text.chars().all(allowed) && text.chars().any(|character| character.is_ascii_digit())
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let clean =
        |part: &str| !part.is_empty() && !part.contains([' ', '@', ',', '<', '>', '(', ')']);
    clean(local)
        && clean(domain)
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
}

fn is_website(text: &str) -> bool {
    !text.contains(char::is_whitespace) && text.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_emails_and_websites_are_told_from_free_text() {
        assert!(is_phone("+33 (0)1 44 55-66.77"));
        assert!(is_phone("044 123 45 67;12"));
        assert!(!is_phone("ask for Anna"));
        assert!(is_email("anna.berg@example.com"));
        assert!(!is_email("anna.berg at example.com"));
        assert!(!is_email("anna@localhost"));
        assert!(is_website("https://example.com/a?b=c"));
        assert!(!is_website("our shop"));
    }
}
