//! What tests and people do to the organisation from outside the API.

use jiff::Timestamp;

use crate::failure::Failure;
use crate::json::{Json, Object};
use crate::records::{self, Actor, Change, render_all};
use crate::schema::{CustomField, Module};
use crate::store::Id;
use crate::views;
use crate::watch;
use crate::world::World;

/// Why a seed or an edit was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No module of that name.
    #[error("there is no module {0}")]
    UnknownModule(String),
    /// No record of that id.
    #[error("there is no record {id} in {module}")]
    UnknownRecord {
        /// The module.
        module: String,
        /// The id.
        id: String,
    },
    /// The values do not fit the module's fields; the text is the error object the API would answer with.
    #[error("the values were refused: {0}")]
    Rejected(String),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Rejected(failure.to_json().to_string())
    }
}

/// A record as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRecord {
    /// The id.
    pub id: String,
    /// When it was created.
    pub created_time: Timestamp,
    /// When it was last changed, in whole seconds.
    pub modified_time: Timestamp,
    /// Id of the user who last changed it.
    pub modified_by: String,
    values: Object,
}

impl StoredRecord {
    /// A field as the API gives it; `None` for an unknown field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Json> {
        self.values.get(field)
    }

    /// A text field; `None` when it is empty or no text.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.get(field)?.as_str()
    }

    /// A number exactly as it was written; `None` when it is empty or no number.
    #[must_use]
    pub fn number(&self, field: &str) -> Option<&str> {
        self.get(field)?.number_text()
    }

    /// The id a look-up points to.
    #[must_use]
    pub fn reference(&self, field: &str) -> Option<&str> {
        self.get(field)?.get("id")?.as_str()
    }

    /// All fields, subforms included, as reading the record gives them.
    #[must_use]
    pub const fn values(&self) -> &Object {
        &self.values
    }

    pub(crate) fn into_values(self) -> Object {
        self.values
    }
}

fn module(world: &World, name: &str) -> Result<std::sync::Arc<Module>, Refusal> {
    world
        .schema
        .any(name)
        .cloned()
        .ok_or_else(|| Refusal::UnknownModule(name.to_owned()))
}

fn unknown(module: &str, id: &str) -> Refusal {
    Refusal::UnknownRecord {
        module: module.to_owned(),
        id: id.to_owned(),
    }
}

fn row_of(fields: &Json) -> Result<&Object, Refusal> {
    fields
        .as_object()
        .ok_or_else(|| Refusal::Rejected("a record must be a JSON object".to_owned()))
}

/// Writes records without notifications, counters or delay, as if they had been there for long.
pub(crate) fn seed(world: &mut World, name: &str, rows: &[Json]) -> Result<Vec<String>, Refusal> {
    let module = module(world, name)?;
    let actor = Actor {
        user: world.settings.screen_user(),
        backdates: true,
    };
    let delay = std::mem::replace(&mut world.settings.behaviour.search_delay_seconds, 0);
    let mut ids = Vec::with_capacity(rows.len());
    let mut refused = None;
    for (index, row) in rows.iter().enumerate() {
        let result = row_of(row)
            .and_then(|row| Ok(records::insert_record(world, &module, row, index, &actor)?));
        match result {
            Ok(change) => ids.push(change.id.to_string()),
            Err(refusal) => {
                refused = Some(refusal);
                break;
            }
        }
    }
    world.settings.behaviour.search_delay_seconds = delay;
    refused.map_or(Ok(ids), Err)
}

/// Creates a record as a user does in the screens.
pub(crate) fn create_as_user(
    world: &mut World,
    name: &str,
    fields: &Json,
) -> Result<String, Refusal> {
    let module = module(world, name)?;
    let actor = Actor {
        user: world.settings.screen_user(),
        backdates: false,
    };
    let change = records::insert_record(world, &module, row_of(fields)?, 0, &actor)?;
    let id = change.id.to_string();
    watch::notify(world, &[change]);
    Ok(id)
}

/// Changes a record as a user does in the screens.
pub(crate) fn edit_as_user(
    world: &mut World,
    name: &str,
    id: &str,
    fields: &Json,
) -> Result<(), Refusal> {
    let module = module(world, name)?;
    let number: Id = id.parse().map_err(|_| unknown(name, id))?;
    if world.store.record(name, number).is_none() {
        return Err(unknown(name, id));
    }
    let actor = Actor {
        user: world.settings.screen_user(),
        backdates: false,
    };
    let change = records::update_record(world, &module, number, row_of(fields)?, 0, None, &actor)?;
    watch::notify(world, &[change]);
    Ok(())
}

fn report(world: &mut World, change: Option<Change>, name: &str, id: &str) -> Result<(), Refusal> {
    let change = change.ok_or_else(|| unknown(name, id))?;
    watch::notify(world, &[change]);
    Ok(())
}

/// Deletes a record as a user does in the screens.
pub(crate) fn delete_as_user(
    world: &mut World,
    name: &str,
    id: &str,
    permanent: bool,
) -> Result<(), Refusal> {
    let module = module(world, name)?;
    let user = world.settings.screen_user();
    let change = id
        .parse()
        .ok()
        .and_then(|number| records::remove_record(world, &module, number, &user, permanent));
    report(world, change, name, id)
}

/// Takes a record out of the recycle bin as a user does.
pub(crate) fn restore_as_user(world: &mut World, name: &str, id: &str) -> Result<(), Refusal> {
    let module = module(world, name)?;
    let user = world.settings.screen_user();
    let change = id
        .parse()
        .ok()
        .and_then(|number| records::restore_record(world, &module, number, &user));
    report(world, change, name, id)
}

/// All records of a module, oldest first.
pub(crate) fn records(world: &World, name: &str) -> Result<Vec<StoredRecord>, Refusal> {
    let module = module(world, name)?;
    let rows = world.store.rows(&module);
    Ok(rows
        .iter()
        .map(|record| StoredRecord {
            id: record.id.to_string(),
            created_time: record.created,
            modified_time: record.modified,
            modified_by: record.modified_by.clone(),
            values: render_all(world, &module, record, None),
        })
        .collect())
}

/// Adds or replaces a custom field.
pub(crate) fn add_field(world: &mut World, field: &CustomField) -> bool {
    let added = world.schema.add_custom_field(field);
    world.store.follow(&world.schema);
    added
}

/// Removes a custom field; its values are kept but no longer shown.
pub(crate) fn remove_field(world: &mut World, module: &str, api_name: &str) -> bool {
    let removed = world.schema.remove_custom_field(module, api_name);
    world.store.follow(&world.schema);
    removed
}

/// Adds a custom view whose criteria are written as in search; says its id.
pub(crate) fn add_view(
    world: &mut World,
    name: &str,
    label: &str,
    criteria: &str,
) -> Result<String, Refusal> {
    let module = module(world, name)?;
    Ok(views::add(world, &module, label, criteria)?)
}
