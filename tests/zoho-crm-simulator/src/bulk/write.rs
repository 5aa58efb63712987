//! Bulk write: uploads, and jobs that write the lines of CSV files as records.

use bytes::Bytes;
use jiff::Timestamp;

use super::resource::{Action, Outcome, Resource, render_file};
use super::{archive, callback_url, is_finished, not_found};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::user_reference;
use crate::schema::Kind;
use crate::watch;
use crate::world::World;

/// A job.
#[derive(Debug)]
pub(crate) struct Job {
    body: Object,
    created: Timestamp,
    looks: u32,
    files: Vec<(Resource, Option<Outcome>)>,
    /// Why the job failed as a whole.
    failed: Option<&'static str>,
    archive: Bytes,
}

/// `POST /crm/v8/upload`: takes a ZIP archive.
pub(crate) fn upload(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    let right_headers = call.header("feature") == Some("bulk-write")
        && call.header("x-crm-org") == Some(world.settings.org.zgid.as_str());
    if !right_headers {
        let body = object! {
            "ERROR_MESSAGE" => "Bad Request",
            "ERROR_CODE" => 400,
            "x-error" => "check if headers [feature, X-CRM-ORG] are present and valid",
            "info" => "Forbidden",
            "x-info" => "Link not valid",
            "http_status" => "400",
        };
        return Ok(Answer::json(400, body));
    }
    let file = call.parts.iter().find(|part| part.name == "file");
    let file = file.ok_or_else(|| Failure::mandatory("file", "$.file"))?;
    if file.bytes.len() > world.settings.limits.bulk_write_bytes {
        let message = "File size too large to process";
        return Err(Failure::new(413, "FILE_TOO_LARGE", message, object! {}));
    }
    if !archive::is_archive(&file.bytes) {
        let message = "invalid file format. only zip format is supported";
        return Err(Failure::new(
            400,
            "INVALID_FILE_FORMAT",
            message,
            object! {},
        ));
    }
    let id = world.store.next_id().to_string();
    world.bulk.uploads.insert(id.clone(), file.bytes.clone());
    let details = object! { "file_id" => id, "created_time" => world.time_text(world.stamp()) };
    Ok(Answer::json(
        200,
        object! {
            "status" => "success", "code" => "FILE_UPLOAD_SUCCESS", "message" => "file uploaded.", "details" => details,
        },
    ))
}

/// `POST /crm/bulk/v8/write`.
pub(crate) fn create(world: &mut World, body: &Json, call: &Call) -> Result<Answer, Failure> {
    if let Some(org) = call.header("x-crm-org")
        && org != world.settings.org.zgid
    {
        let message = "the organisation is not the token's";
        return Err(Failure::new(400, "INVALID_DATA", message, object! {}));
    }
    let missing = |key: &str| {
        let message = format!("required key {key} is not found in request body.");
        Failure::new(
            400,
            "MISSING_REQUIRED_KEY",
            &message,
            object! { "api_name" => key },
        )
    };
    let action = match body.get("operation").and_then(Json::as_str) {
        Some("insert") => Action::Insert,
        Some("update") => Action::Update,
        Some("upsert") => Action::Upsert,
        Some(_) => return Err(Failure::wrong_type("string", "operation", "$.operation")),
        None => return Err(missing("operation")),
    };
    let callback = callback_url(body)?;
    let given = body.get("resource").and_then(Json::as_array);
    let given = given.filter(|given| !given.is_empty());
    let mut files = Vec::new();
    for (index, resource) in given.ok_or_else(|| missing("resource"))?.iter().enumerate() {
        files.push(resource_of(world, resource, index, action)?);
    }
    let id = world.store.next_id().to_string();
    let job = run(world, body, files, action);
    world.bulk.write.insert(id.clone(), job);
    if let Some(url) = callback {
        report(world, &id, &url);
    }
    let details = object! {
        "id" => id,
        "created_by" => user_reference(world, &world.settings.api_user(), false),
    };
    Ok(Answer::json(
        201,
        object! { "status" => "success", "code" => "SUCCESS", "message" => "success", "details" => details },
    ))
}

fn resource_of(
    world: &World,
    json: &Json,
    index: usize,
    action: Action,
) -> Result<Resource, Failure> {
    let name = json
        .get("module")
        .and_then(|module| module.get("api_name"))
        .and_then(Json::as_str)
        .unwrap_or_default();
    let module = world.module(name).ok();
    let module = module.filter(|module| module.kind != Kind::Elsewhere);
    let module = module.ok_or_else(|| {
        let message = format!("Requested module '{name}' is not available.");
        Failure::new(400, "MODULE_NOT_AVAILABLE", &message, object! {})
    })?;
    let file_id = json.get("file_id").and_then(Json::as_id_text);
    let archive = file_id.and_then(|id| world.bulk.uploads.get(id));
    let archive = archive
        .ok_or_else(|| Failure::new(400, "INVALID_FILE_ID", "improper file id", object! {}))?;
    let file_name = json
        .get("file_names")
        .and_then(Json::as_array)
        .and_then(<[Json]>::first)
        .and_then(Json::as_str);
    let content = archive::unpack(archive, file_name).ok_or_else(|| {
        let message = "the archive has no file of that name";
        Failure::new(
            400,
            "FILE_NOT_FOUND",
            message,
            object! { "api_name" => "file_names" },
        )
    })?;
    let lines = archive::lines(&content).ok_or_else(|| {
        let message = "File not supported for bulk write";
        Failure::new(400, "FILE_NOT_SUPPORTED", message, object! {})
    })?;
    let shown = file_name.map_or_else(|| format!("{name}.csv"), str::to_owned);
    Resource::read(json, index, module, &shown, action, lines)
}

fn run(world: &mut World, body: &Json, files: Vec<Resource>, action: Action) -> Job {
    let most = world.settings.limits.bulk_write_rows;
    let failed = if world.settings.behaviour.bulk_jobs_fail {
        Some("INTERNAL_SERVER_ERROR")
    } else if files.iter().any(|file| file.len() > most) {
        Some("LIMIT_EXCEEDED")
    } else {
        None
    };
    let mut written: Vec<(Resource, Outcome)> = Vec::new();
    let mut result = Vec::new();
    let mut untouched = Vec::new();
    for file in files {
        if failed.is_some() {
            untouched.push((file, None));
            continue;
        }
        let outcome = file.write(world, action, &written);
        result.extend(file.result_lines(&outcome));
        written.push((file, outcome));
    }
    let mut shown: Vec<(Resource, Option<Outcome>)> = written
        .into_iter()
        .map(|(file, outcome)| (file, Some(outcome)))
        .collect();
    shown.extend(untouched);
    Job {
        body: body.as_object().cloned().unwrap_or_default(),
        created: world.stamp(),
        looks: 0,
        files: shown,
        failed,
        archive: archive::pack("result.csv", &archive::csv_of(&result)),
    }
}

/// A job with a callback is finished when its receiver hears of it.
fn report(world: &mut World, id: &str, url: &str) {
    let finished = world.settings.behaviour.bulk_job_looks;
    if let Some(job) = world.bulk.write.get_mut(id) {
        job.looks = finished;
    }
    let Some(job) = world.bulk.write.get(id) else {
        return;
    };
    let mut body = object! { "job_id" => id };
    for (name, value) in render(world, id, job).iter() {
        body.set(name, value.clone());
    }
    watch::enqueue(world, url, &Json::Object(body));
}

/// `GET /crm/bulk/v8/write/{id}`.
pub(crate) fn show(world: &mut World, id: &str) -> Result<Answer, Failure> {
    let unknown = || Failure {
        status: 400,
        ..not_found(id)
    };
    let job = world.bulk.write.get_mut(id).ok_or_else(unknown)?;
    job.looks = job.looks.saturating_add(1);
    let job = world.bulk.write.get(id).ok_or_else(unknown)?;
    Ok(Answer::json(200, render(world, id, job)))
}

fn render(world: &World, id: &str, job: &Job) -> Object {
    let status = match (is_finished(world, job.looks), job.failed) {
        (false, _) => "IN PROGRESS",
        (true, None) => "COMPLETED",
        (true, Some(_)) => "FAILED",
    };
    let given = job.body.get("resource").and_then(Json::as_array);
    let resources: Vec<Object> = job
        .files
        .iter()
        .zip(given.unwrap_or_default())
        .map(|((file, outcome), given)| {
            let mut shown = given.as_object().cloned().unwrap_or_default();
            let mut counts = object! { "status" => status };
            let outcome = outcome.as_ref().filter(|_| status == "COMPLETED");
            for (name, value) in render_file(file, outcome) {
                counts.set(name, value);
            }
            shown.set("status", status);
            shown.set("file", counts);
            if let (Some(code), "FAILED") = (job.failed, status) {
                shown.set("code", code);
            }
            shown
        })
        .collect();
    let mut shown = object! {
        "id" => id,
        "status" => status,
        "character_encoding" => job.body.get("character_encoding").cloned().unwrap_or_else(|| Json::from("UTF-8")),
        "operation" => job.body.get("operation").cloned(),
        "resource" => resources,
        "created_by" => user_reference(world, &world.settings.api_user(), false),
        "created_time" => world.time_text(job.created),
    };
    if let Some(callback) = job.body.get("callback") {
        shown.set("callback", callback.clone());
    }
    if status == "COMPLETED" {
        let zgid = &world.settings.org.zgid;
        let url = format!("/v7/crm/org{zgid}/bulk-write/{id}/{id}.zip");
        shown.set("result", object! { "download_url" => url });
    }
    shown
}

/// `GET` of the address a finished job names.
pub(crate) fn result(world: &World, id: &str) -> Result<Answer, Failure> {
    let job = world.bulk.write.get(id).ok_or_else(|| not_found(id))?;
    if !is_finished(world, job.looks) || job.failed.is_some() {
        return Err(not_found(id));
    }
    let name = format!("{id}.zip");
    Ok(Answer::file(
        &name,
        "application/octet-stream",
        job.archive.clone(),
    ))
}
