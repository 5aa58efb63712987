//! One change to many records: by ids at once, by a custom view or as a conversion in a job (reference: zoho-crm-v8
//! sections 2.1 and 12.1).
//!
//! As with bulk jobs the work is done at once, and shown after a few looks.

use std::collections::BTreeMap;

use http::Method;

use crate::convert;
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::locks;
use crate::owners;
use crate::records::{self, Change};
use crate::rows;
use crate::schema::Module;
use crate::store::Id;
use crate::views;
use crate::world::World;

/// Most ids of a mass update or delete that names records.
const MOST_IDS: usize = 500;
/// Most records of a mass conversion.
const MOST_CONVERTED: usize = 50;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Update,
    Delete,
    Owner,
    Convert,
}

/// A job that ran.
#[derive(Debug)]
pub(crate) struct Job {
    kind: Kind,
    module: String,
    looks: u32,
    done: usize,
    failed: usize,
}

/// All jobs, by id.
pub(crate) type Jobs = BTreeMap<String, Job>;

/// `POST` and `GET /{module}/actions/mass_update`, `mass_delete`, `mass_change_owner` and `mass_convert`.
pub(crate) fn handle(
    world: &mut World,
    module: &Module,
    kind: Kind,
    body: Result<Json, Failure>,
    call: &Call,
) -> Result<Answer, Failure> {
    if call.method == Method::GET {
        return show(world, module, kind, call);
    }
    let body = body?;
    match kind {
        Kind::Update if body.get("ids").is_some() => return update_named(world, module, &body),
        Kind::Delete if body.get("ids").is_some() => return delete_named(world, module, &body),
        Kind::Convert => return convert_named(world, module, &body),
        _ => {}
    }
    let view = body.get("cvid").and_then(Json::as_id_text);
    let view = view.ok_or_else(|| Failure::mandatory("cvid", "$.cvid").wrapped_in("data"))?;
    let shown = views::selection(world, module, view, object! { "api_name" => "cvid" })
        .map_err(|failure| failure.wrapped_in("data"))?;
    let ids: Vec<Id> = world
        .store
        .rows(module)
        .iter()
        .filter(|record| shown.shows(world, module, record))
        .map(|record| record.id)
        .collect();
    let (message, task) = match kind {
        Kind::Update => (
            "mass update scheduled successfully",
            Task::Update(one_value(&body)?),
        ),
        Kind::Delete => ("mass delete scheduled successfully", Task::Delete),
        Kind::Owner | Kind::Convert => (
            "owner is successfully updated",
            Task::Owner(owners::owner_of(world, &body)?),
        ),
    };
    let (changes, failed) = run(world, module, &ids, &task);
    let id = keep_job(world, module, kind, changes.len(), failed);
    let details = object! { "job_id" => id, "id" => view };
    Ok(Answer::json(
        200,
        object! { "data" => vec![rows::success(details, message)] },
    ))
}

/// Keeps a job that has run, for those who ask.
fn keep_job(world: &mut World, module: &Module, kind: Kind, done: usize, failed: usize) -> String {
    let id = world.store.next_id().to_string();
    let job = Job {
        kind,
        module: module.api_name.clone(),
        looks: 0,
        done,
        failed,
    };
    world.mass_jobs.insert(id.clone(), job);
    id
}

enum Task {
    Update(Object),
    Delete,
    Owner(String),
}

/// A mass update sets exactly one field.
fn one_value(body: &Json) -> Result<Object, Failure> {
    let entries = rows::entries(body, "data", 1)?;
    let row = entries.into_iter().next().unwrap_or_default();
    match row.len() {
        1 => Ok(row),
        0 => {
            let message = "Specify Atleast one field";
            Err(Failure::new(400, "INVALID_DATA", message, object! {}).wrapped_in("data"))
        }
        _ => Err(Failure::limit_exceeded(1, "data").wrapped_in("data")),
    }
}

fn run(world: &mut World, module: &Module, ids: &[Id], task: &Task) -> (Vec<Change>, usize) {
    let mut changes = Vec::new();
    for id in ids {
        if let Ok(change) = apply(world, module, *id, task) {
            changes.push(change);
        }
    }
    let failed = ids.len() - changes.len();
    records::settle(world, module, &changes, failed);
    (changes, failed)
}

fn apply(world: &mut World, module: &Module, id: Id, task: &Task) -> Result<Change, Failure> {
    let actor = records::api_actor(world);
    match task {
        Task::Update(row) => records::update_record(world, module, id, row, 0, None, &actor),
        Task::Delete => {
            locks::check(world, id, "delete")?;
            let gone = || Failure::invalid_id("id", "$.id");
            records::remove_record(world, module, id, &actor.user, false).ok_or_else(gone)
        }
        Task::Owner(owner) => {
            locks::check(world, id, "update")?;
            let record = world.store.record(&module.api_name, id).cloned();
            let record = record.ok_or_else(|| Failure::invalid_id("id", "$.id"))?;
            Ok(records::set_owner(world, module, &record, owner))
        }
    }
}

/// A mass update that names its records is done at once, with an element a record.
fn update_named(world: &mut World, module: &Module, body: &Json) -> Result<Answer, Failure> {
    let row = one_value(body)?;
    let ids = named_ids(body, MOST_IDS)?;
    let actor = records::api_actor(world);
    let mut changes = Vec::new();
    let mut results = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        let number = id.parse().unwrap_or_default();
        let result = records::update_record(world, module, number, &row, index, None, &actor);
        results.push(result.map(|change| {
            let element = records::success(world, module, &change, "record updated");
            changes.push(change);
            element
        }));
    }
    let failed = results.len() - changes.len();
    records::settle(world, module, &changes, failed);
    Ok(rows::answer("data", results, 200, 207))
}

/// A mass delete that names its records is done at once too; the documents want the number of a job all the same.
fn delete_named(world: &mut World, module: &Module, body: &Json) -> Result<Answer, Failure> {
    let ids = named_ids(body, MOST_IDS)?;
    let job = world.store.next_id().to_string();
    let mut changes = Vec::new();
    let mut results = Vec::new();
    for id in &ids {
        let number = id.parse().unwrap_or_default();
        let result = apply(world, module, number, &Task::Delete);
        results.push(result.map(|change| {
            changes.push(change);
            let details = object! { "id" => id.as_str(), "job_id" => job.as_str() };
            rows::success(details, "record is deleted")
        }));
    }
    let failed = results.len() - changes.len();
    records::settle(world, module, &changes, failed);
    Ok(rows::answer("data", results, 200, 207))
}

fn convert_named(world: &mut World, module: &Module, body: &Json) -> Result<Answer, Failure> {
    let ids = named_ids(body, MOST_CONVERTED)?;
    let mut done = 0;
    for id in &ids {
        if convert::one_of_many(world, module, id, body).is_ok() {
            done += 1;
        }
    }
    let id = keep_job(world, module, Kind::Convert, done, ids.len() - done);
    let answer = object! {
        "code" => "SCHEDULED",
        "details" => object! { "job_id" => id },
        "message" => "Mass Convert scheduled successfully",
        "status" => "success",
    };
    let status = if module.api_name == "Leads" { 200 } else { 202 };
    Ok(Answer::json(status, answer))
}

/// The records that a body names: at least one.
fn named_ids(body: &Json, most: usize) -> Result<Vec<String>, Failure> {
    let ids = body.get("ids").and_then(Json::as_array);
    let ids = ids.filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| Failure::mandatory("ids", "$.ids"))?;
    if ids.len() > most {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        return Err(Failure::limit_exceeded(most, "ids"));
    }
    let ids = ids.iter().map(|id| id.as_id_text().unwrap_or_default());
    Ok(ids.map(str::to_owned).collect())
}

fn show(world: &mut World, module: &Module, kind: Kind, call: &Call) -> Result<Answer, Failure> {
    let id = call.param("job_id");
    let id = id.ok_or_else(|| Failure::param_missing("job_id"))?;
    let enough = world.settings.behaviour.bulk_job_looks;
    let job = world.mass_jobs.get_mut(id);
    let job = job.filter(|job| job.kind == kind && job.module == module.api_name);
    let job = job.ok_or_else(|| Failure::invalid_param("job_id", object! {}))?;
    job.looks = job.looks.saturating_add(1);
    let finished = job.looks >= enough;
    let (done, failed) = if finished {
        (job.done, job.failed)
    } else {
        (0, 0)
    };
    let mut shown = object! {
        "Status" => if finished { "COMPLETED" } else { "RUNNING" },
        "Failed_Count" => failed,
        "Total_Count" => job.done + job.failed,
    };
    match kind {
        Kind::Convert if module.api_name != "Leads" => {
            // Named in another way for quotes and orders.
            let status = if finished { "Completed" } else { "Running" };
            let shown = object! {
                "total_count" => job.done + job.failed,
                "converted_count" => done,
                "not_converted_count" => 0,
                "failed_count" => failed,
                "status" => status,
            };
            return Ok(Answer::json(200, shown));
        }
        Kind::Convert => {
            shown.set("Converted_Count", done);
            shown.set("Not_Converted_Count", 0);
        }
        Kind::Delete => shown.set("Deleted_Count", done),
        Kind::Update | Kind::Owner => {
            shown.set("Updated_Count", done);
            shown.set("Not_Updated_Count", 0);
        }
    }
    Ok(Answer::json(200, object! { "data" => vec![shown] }))
}
