//! One file of a bulk write: its mappings, and writing its lines as records or as lines of records.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cells;
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::{self, Change};
use crate::schema::{DataType, Field, Kind, Module};
use crate::store::Id;
use crate::world::World;

/// Most columns of a file.
const MOST_COLUMNS: usize = 200;

/// What a job does with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Insert,
    Update,
    Upsert,
}

/// Which column, or which fixed value, fills a field.
#[derive(Debug, Clone)]
struct Mapping {
    field: Field,
    index: Option<usize>,
    format: Option<String>,
    find_by: Option<String>,
    default: Option<Json>,
    parent_column: Option<usize>,
}

/// A file with what is to be done with it.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) module: Arc<Module>,
    pub(super) file_name: String,
    find_by: Option<String>,
    ignore_empty: bool,
    mappings: Vec<Mapping>,
    header: Vec<String>,
    lines: Vec<Vec<String>>,
}

/// What became of a line.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) status: &'static str,
    pub(super) id: Option<Id>,
    pub(super) errors: String,
}

/// What became of a file.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) written: Vec<Written>,
}

impl Outcome {
    pub(super) fn count(&self, status: &str) -> usize {
        self.written
            .iter()
            .filter(|written| written.status == status)
            .count()
    }
}

fn invalid_field(name: &str, path: String) -> Failure {
    let message = format!("invalid mapping. invalid api_name {name}.");
    let details = object! { "api_name" => name, "json_path" => path };
    Failure::new(400, "INVALID_FIELD", &message, details)
}

fn missing_key(key: &str, path: String) -> Failure {
    let message = format!("required key {key} is not found in request body.");
    let details = object! { "api_name" => key, "json_path" => path };
    Failure::new(400, "MISSING_REQUIRED_KEY", &message, details)
}

impl Resource {
    /// Reads `resource[index]` of a job's body, whose file has these lines.
    pub(super) fn read(
        json: &Json,
        index: usize,
        module: Arc<Module>,
        file_name: &str,
        action: Action,
        mut lines: Vec<Vec<String>>,
    ) -> Result<Self, Failure> {
        let header = if lines.is_empty() {
            Vec::new()
        } else {
            lines.remove(0)
        };
        if header.len() > MOST_COLUMNS {
            let message = "the file has too many columns";
            return Err(Failure::new(
                400,
                "HEADER_LIMIT_EXCEEDED",
                message,
                object! {},
            ));
        }
        let path = format!("$.resource[{index}]");
        let mappings = match json.get("field_mappings").and_then(Json::as_array) {
            Some(given) => given
                .iter()
                .enumerate()
                .map(|(number, mapping)| {
                    let path = format!("{path}.field_mappings[{number}]");
                    read_mapping(&module, mapping, header.len(), path)
                })
                .collect::<Result<Vec<_>, _>>()?,
            // Without mappings the header names the fields.
            None => by_header(&module, &header)?,
        };
        let find_by = json
            .get("find_by")
            .and_then(Json::as_str)
            .map(str::to_owned);
        let resource = Self {
            find_by,
            ignore_empty: json.get("ignore_empty").and_then(Json::as_bool) == Some(true),
            file_name: file_name.to_owned(),
            module,
            mappings,
            header,
            lines,
        };
        resource.check(action, &path)?;
        Ok(resource)
    }

    pub(super) const fn len(&self) -> usize {
        self.lines.len()
    }

    fn check(&self, action: Action, path: &str) -> Result<(), Failure> {
        let module = &self.module;
        if module.kind == Kind::Records && action != Action::Insert {
            let path = format!("{path}.find_by");
            let name = self.find_by.as_deref();
            let name = name.ok_or_else(|| Failure::mandatory("find_by", &path))?;
            let can_find = name == "id"
                || module.upsert_field.as_deref() == Some(name)
                || module.unique_fields().any(|field| field.api_name == name);
            let mapped = self
                .mappings
                .iter()
                .any(|mapping| mapping.field.api_name == name);
            if !can_find || !mapped {
                return Err(invalid_field(name, path));
            }
        }
        let mapped = |field: &Field| {
            self.mappings
                .iter()
                .any(|mapping| mapping.field.api_name == field.api_name)
        };
        if action != Action::Update
            && !module
                .fields
                .iter()
                .filter(|field| field.mandatory)
                .all(mapped)
        {
            let message = "All mandatory fields are not mapped for the layout";
            let details = object! { "module" => module.api_name.as_str() };
            return Err(Failure::new(
                400,
                "MANDATORY_FIELDS_NOT_MAPPED",
                message,
                details,
            ));
        }
        Ok(())
    }

    /// Writes the lines one by one. `parents` are the files of the same job that were written before.
    pub(super) fn write(
        &self,
        world: &mut World,
        action: Action,
        parents: &[(Self, Outcome)],
    ) -> Outcome {
        let mut changes = Vec::new();
        let mut failed = 0;
        let mut written = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            let row = self.row(world, line);
            let result = match &self.module.kind {
                Kind::Lines { parent, field } => {
                    let (parent, field) = (parent.clone(), field.clone());
                    self.append(world, &parent, &field, row, line, parents)
                }
                _ => self.write_record(world, action, &row),
            };
            written.push(match result {
                Ok((status, change)) => {
                    let id = change.id;
                    changes.push(change);
                    Written {
                        status,
                        id: Some(id),
                        errors: String::new(),
                    }
                }
                Err(failure) => {
                    failed += 1;
                    Written {
                        status: "skipped",
                        id: None,
                        errors: errors_of(&failure),
                    }
                }
            });
        }
        let module = Arc::clone(&self.module);
        records::settle(world, &module, &changes, failed);
        Outcome { written }
    }

    /// A line as a row of the records API.
    fn row(&self, world: &World, line: &[String]) -> Object {
        let mut row = Object::new();
        for mapping in &self.mappings {
            let cell = mapping.index.and_then(|index| line.get(index));
            let cell = cell.map(String::as_str).unwrap_or_default();
            let mut value = match &mapping.find_by {
                Some(by) if by != "id" => found_by(world, &mapping.field, by, cell),
                _ => cells::read(world, &mapping.field, cell, mapping.format.as_deref()),
            };
            if value.is_null() {
                match &mapping.default {
                    Some(default) => value = default.clone(),
                    None if self.ignore_empty => continue,
                    None => {}
                }
            }
            if mapping.field.api_name == "id" && value.is_null() {
                continue;
            }
            row.set(mapping.field.api_name.as_str(), value);
        }
        row
    }

    fn write_record(
        &self,
        world: &mut World,
        action: Action,
        row: &Object,
    ) -> Result<(&'static str, Change), Failure> {
        let actor = records::api_actor(world);
        let found = self.find_by.as_deref().and_then(|field| {
            let value = row.get(field)?;
            let table = world.store.table(&self.module.api_name)?;
            if field == "id" {
                let id: Id = value.as_id_text()?.parse().ok()?;
                return table.get(id).map(|record| record.id);
            }
            table.find(field, value).first().copied()
        });
        match (action, found) {
            (Action::Update | Action::Upsert, Some(id)) => {
                let change = records::update_record(world, &self.module, id, row, 0, None, &actor)?;
                Ok(("updated", change))
            }
            (Action::Update, None) => {
                let name = self.find_by.as_deref().unwrap_or("id");
                Err(Failure::invalid_id(name, "$.data[0]"))
            }
            (Action::Insert | Action::Upsert, _) => {
                let change = records::insert_record(world, &self.module, row, 0, &actor)?;
                Ok(("added", change))
            }
        }
    }

    /// Adds a line to the subform of its parent.
    fn append(
        &self,
        world: &mut World,
        parent: &str,
        subform: &str,
        row: Object,
        line: &[String],
        parents: &[(Self, Outcome)],
    ) -> Result<(&'static str, Change), Failure> {
        let missing = || Failure::invalid_id("Parent_Id", "$.data[0].Parent_Id");
        let module = world.module(parent)?;
        let mapping = self
            .mappings
            .iter()
            .find(|mapping| mapping.field.api_name == "Parent_Id");
        let in_file = mapping.and_then(|mapping| {
            let wanted = line.get(mapping.index?)?;
            let column = mapping.parent_column?;
            let (file, outcome) = parents
                .iter()
                .find(|(file, _)| file.module.api_name == parent)?;
            let position = file
                .lines
                .iter()
                .position(|line| line.get(column) == Some(wanted))?;
            outcome.written.get(position)?.id
        });
        let by_id = || {
            let id = row.get("Parent_Id")?.get("id")?.as_id_text()?;
            id.parse().ok()
        };
        let id: Id = in_file.or_else(by_id).ok_or_else(missing)?;
        let mut entry = Object::new();
        for (name, value) in row.iter().filter(|(name, _)| *name != "Parent_Id") {
            entry.set(name, value.clone());
        }
        let change = object! { subform => vec![entry] };
        let actor = records::api_actor(world);
        let change = records::update_record(world, &module, id, &change, 0, None, &actor)?;
        Ok(("added", change))
    }

    /// The result file: the first three mapped columns, then what became of the line.
    pub(super) fn result_lines(&self, outcome: &Outcome) -> Vec<Vec<String>> {
        let columns: Vec<usize> = self
            .mappings
            .iter()
            .filter_map(|mapping| mapping.index)
            .take(3)
            .collect();
        let cells = |line: &[String]| -> Vec<String> {
            columns
                .iter()
                .map(|index| line.get(*index).cloned().unwrap_or_default())
                .collect()
        };
        let mut header = cells(&self.header);
        header.extend(["STATUS", "RECORD_ID", "ERRORS"].map(str::to_owned));
        let mut lines = vec![header];
        for (line, written) in self.lines.iter().zip(&outcome.written) {
            let mut cells = cells(line);
            cells.push(written.status.to_owned());
            cells.push(written.id.map(|id| id.to_string()).unwrap_or_default());
            cells.push(written.errors.clone());
            lines.push(cells);
        }
        lines
    }
}

fn read_mapping(
    module: &Module,
    json: &Json,
    columns: usize,
    path: String,
) -> Result<Mapping, Failure> {
    let name = json.get("api_name").and_then(Json::as_str);
    let name = name.ok_or_else(|| missing_key("api_name", format!("{path}.api_name")))?;
    // `Account_Name.id` names the field and how its record is found.
    let (name, suffix) = match name.split_once('.') {
        Some((name, suffix)) => (name, Some(suffix.to_owned())),
        None => (name, None),
    };
    let field = module
        .field(name)
        .filter(|field| !field.read_only || matches!(name, "id" | "Parent_Id"))
        .ok_or_else(|| invalid_field(name, format!("{path}.api_name")))?
        .clone();
    let number = |key: &str| {
        let number = json.get(key).and_then(Json::as_i64);
        number.and_then(|number| usize::try_from(number).ok())
    };
    let default = json
        .get("default_value")
        .and_then(|default| default.get("value"));
    let index = number("index");
    if index.is_none() && default.is_none() {
        let message = format!("required key index for field {name} is not found in request body.");
        let details = object! { "api_name" => name, "json_path" => format!("{path}.index") };
        return Err(Failure::new(400, "MISSING_REQUIRED_KEY", &message, details));
    }
    if index.is_some_and(|index| index >= columns) {
        let details = object! { "api_name" => name, "json_path" => format!("{path}.index") };
        let message = "the file has no column of that index";
        return Err(Failure::new(
            400,
            "COLUMN_INDEX_NOT_FOUND",
            message,
            details,
        ));
    }
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    Ok(Mapping {
        field,
        index,
        format: text("format"),
        find_by: text("find_by").or(suffix),
        default: default.cloned(),
        parent_column: number("parent_column_index"),
    })
}

fn by_header(module: &Module, header: &[String]) -> Result<Vec<Mapping>, Failure> {
    let mapping = |(index, name): (usize, &String)| {
        let name = if name == "Id" { "id" } else { name.as_str() };
        let field = module
            .field(name)
            .filter(|field| !field.read_only || name == "id");
        let field = field.ok_or_else(|| {
            let message = format!("invalid mapping. invalid api_name {name}.");
            Failure::new(
                400,
                "INVALID_FIELD_NAME",
                &message,
                object! { "api_name" => name },
            )
        })?;
        Ok(Mapping {
            field: field.clone(),
            index: Some(index),
            format: None,
            find_by: None,
            default: None,
            parent_column: None,
        })
    };
    header.iter().enumerate().map(mapping).collect()
}

/// The record a look-up's cell means, by the value of one of its fields. One that is not found stays as it is, and is
/// refused when the row is checked.
fn found_by(world: &World, field: &Field, by: &str, cell: &str) -> Json {
    let DataType::Lookup(target) = &field.data_type else {
        return cells::read(world, field, cell, None);
    };
    if cell.trim().is_empty() {
        return Json::Null;
    }
    let table = world.store.table(target);
    let indexed = table.map(|table| table.find(by, &Json::from(cell)));
    let found = indexed.unwrap_or_default().first().copied();
    let scanned = || {
        let mut records = table?.iter();
        let same = records.find(|record| record.value(by).as_str() == Some(cell.trim()))?;
        Some(same.id)
    };
    match found.or_else(scanned) {
        Some(id) => Json::Object(object! { "id" => id.to_string() }),
        None => Json::Object(object! { "id" => cell }),
    }
}

/// `CODE-Column:CODE-Column`.
fn errors_of(failure: &Failure) -> String {
    let one = |code: &str, details: Option<&Json>| {
        let name = details
            .and_then(|details| details.get("api_name"))
            .and_then(Json::as_str);
        match name {
            Some(name) => format!("{code}-{name}"),
            None => code.to_owned(),
        }
    };
    if let Some(errors) = failure.details.get("errors").and_then(Json::as_array) {
        let errors: Vec<String> = errors
            .iter()
            .map(|error| {
                let code = error.get("code").and_then(Json::as_str).unwrap_or_default();
                one(code, error.get("details"))
            })
            .collect();
        return errors.join(":");
    }
    one(failure.code, Some(&Json::Object(failure.details.clone())))
}

/// Counts of a file as its job shows them.
pub(super) fn render_file(
    resource: &Resource,
    outcome: Option<&Outcome>,
) -> BTreeMap<&'static str, Json> {
    let count = |status: &str| Json::from(outcome.map_or(0, |outcome| outcome.count(status)));
    BTreeMap::from([
        ("name", Json::from(resource.file_name.as_str())),
        ("added_count", count("added")),
        ("updated_count", count("updated")),
        ("skipped_count", count("skipped")),
        ("total_count", Json::from(resource.len())),
    ])
}
