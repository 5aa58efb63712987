//! Locking records by hand (reference: zoho-crm-v8 section 12.1, record_locking.json).

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::user_reference;
use crate::routes::RelatedPath;
use crate::rows;
use crate::schema::Module;
use crate::store::Id;
use crate::world::World;

/// A lock on a record.
#[derive(Debug, Clone)]
pub(crate) struct Lock {
    id: Id,
    reason: Option<String>,
    at: Timestamp,
    by: String,
}

/// All locks, by record.
pub(crate) type Locks = BTreeMap<Id, Lock>;

/// Refuses to do something to a locked record.
pub(crate) fn check(world: &World, record: Id, action: &str) -> Result<(), Failure> {
    if !world.locks.contains_key(&record) {
        return Ok(());
    }
    let details = object! { "action" => action, "id" => record.to_string() };
    let message = "the record is locked";
    Err(Failure::new(400, "RECORD_LOCKED", message, details))
}

/// All verbs of `/{module}/{id}/Locking_Information__s[/{lock}]`.
pub(crate) fn handle(
    world: &mut World,
    module: &Module,
    path: &RelatedPath,
    body: Result<Json, Failure>,
    call: &Call,
) -> Result<Answer, Failure> {
    let record: Id = path.id.parse().unwrap_or_default();
    if world.store.record(&module.api_name, record).is_none() {
        return Err(invalid(1));
    }
    match (call.method.as_str(), path.related.as_deref()) {
        ("GET", related) => {
            let lock = world.locks.get(&record);
            let lock = lock.filter(|lock| related.is_none_or(|id| lock.id.to_string() == id));
            let Some(lock) = lock else {
                return Ok(Answer::empty(204));
            };
            let shown = render(world, module, record, lock);
            let info =
                object! { "per_page" => 200, "count" => 1, "page" => 1, "more_records" => false };
            Ok(Answer::json(
                200,
                object! { "data" => vec![shown], "info" => info },
            ))
        }
        ("POST", None) => {
            let result = lock(world, record, &entry_of(&body?)?);
            Ok(rows::answer("data", vec![result], 201, 207))
        }
        ("PUT", Some(id)) => {
            let entry = entry_of(&body?)?;
            let lock = world.locks.get_mut(&record);
            let lock = lock.filter(|lock| lock.id.to_string() == id);
            let lock = lock.ok_or_else(|| invalid(3))?;
            lock.reason = reason_of(&entry);
            let lock = lock.clone();
            let row = rows::success(details(world, &lock), "record updated");
            Ok(rows::answer("data", vec![Ok(row)], 200, 207))
        }
        ("DELETE", Some(id)) => {
            let known = world.locks.get(&record).map(|lock| lock.id.to_string());
            if known.as_deref() != Some(id) {
                return Err(invalid(3));
            }
            let lock = world.locks.remove(&record).ok_or_else(|| invalid(3))?;
            let row = rows::success(details(world, &lock), "record deleted");
            Ok(rows::answer("data", vec![Ok(row)], 200, 207))
        }
        _ => Err(Failure::invalid_method(
            world.settings.behaviour.wrong_method_status,
            2,
        )),
    }
}

fn invalid(index: usize) -> Failure {
    let details = object! { "resource_path_index" => index };
    Failure::new(400, "INVALID_DATA", "Invalid data", details)
}

fn entry_of(body: &Json) -> Result<Object, Failure> {
    let entries = rows::entries(body, "data", 1)?;
    entries
        .into_iter()
        .next()
        .ok_or_else(|| Failure::mandatory("data", "$.data"))
}

fn reason_of(entry: &Object) -> Option<String> {
    let reason = entry.get("Locked_Reason__s").and_then(Json::as_str);
    reason.map(str::to_owned)
}

fn lock(world: &mut World, record: Id, entry: &Object) -> Result<Json, Failure> {
    check(world, record, "lock")?;
    let lock = Lock {
        id: world.store.next_id(),
        reason: reason_of(entry),
        at: world.stamp(),
        by: world.settings.api_user(),
    };
    world.locks.insert(record, lock.clone());
    Ok(rows::success(details(world, &lock), "record added"))
}

fn details(world: &World, lock: &Lock) -> Object {
    let user = user_reference(world, &lock.by, false);
    object! {
        "Modified_Time" => world.time_text(lock.at),
        "Modified_By" => user.clone(),
        "Created_Time" => world.time_text(lock.at),
        "id" => lock.id.to_string(),
        "Created_By" => user,
    }
}

/// The documents spell the names in two ways; both are there.
fn render(world: &World, module: &Module, record: Id, lock: &Lock) -> Object {
    let user = user_reference(world, &lock.by, true);
    let module = object! { "api_name" => module.api_name.as_str(), "id" => module.id.as_str() };
    let locked = object! {
        "name" => crate::records::lookup_name(world, world.store.module_of(record).unwrap_or_default(), &record.to_string()),
        "id" => record.to_string(),
        "module" => module,
    };
    let mut shown = details(world, lock);
    for (names, value) in [
        (["Lock_Source__s", "lock_source__s"], Json::from("Manual")),
        (["Locked_By__s", "locked_by__s"], user),
        (["Locked_For__s", "locked_for_s"], Json::Object(locked)),
        (
            ["Locked_Reason__s", "locked_reason__s"],
            Json::from(lock.reason.clone()),
        ),
        (
            ["Locked_Time__s", "Locked_time__s"],
            Json::from(world.time_text(lock.at)),
        ),
    ] {
        for name in names {
            shown.set(name, value.clone());
        }
    }
    shown
}
