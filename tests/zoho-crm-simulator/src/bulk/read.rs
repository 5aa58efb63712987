//! Bulk read: jobs that write a module's records into a CSV file.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::criteria::Criteria;
use super::{archive, callback_url, cells, is_finished, not_found};
use crate::coql::Path;
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::user_reference;
use crate::schema::{DataType, Kind, Module};
use crate::store::Record;
use crate::views;
use crate::watch;
use crate::world::World;

/// Pages that can be asked for by number.
const MOST_PAGES: u64 = 50;

/// A job.
#[derive(Debug)]
pub(crate) struct Job {
    query: Json,
    created: Timestamp,
    looks: u32,
    outcome: Result<Done, Failure>,
}

/// What a job that succeeded wrote.
#[derive(Debug)]
struct Done {
    page: u64,
    count: usize,
    next_page_token: Option<String>,
    archive: Bytes,
}

/// Where a page token goes on.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    query: Json,
    number: u64,
}

fn refuse(code: &'static str, message: &str, details: Object) -> Failure {
    Failure::new(400, code, message, details).wrapped_in("data")
}

/// `POST /crm/bulk/v8/read`.
pub(crate) fn create(
    world: &mut World,
    body: Result<Json, Failure>,
    call: &Call,
) -> Result<Answer, Failure> {
    let content_type = call.header("content-type").unwrap_or_default();
    if !content_type.starts_with("application/json") {
        let message = "the media type is not supported";
        let details = object! {};
        return Err(Failure::new(
            415,
            "MEDIA_TYPE_NOT_SUPPORTED",
            message,
            details,
        ));
    }
    if call.body.is_empty() {
        return Err(refuse(
            "REQUEST_BODY_IS_EMPTY",
            "the body is empty",
            object! {},
        ));
    }
    let body = body.map_err(|_| {
        refuse(
            "REQUEST_BODY_NOT_READABLE",
            "the body cannot be read",
            object! {},
        )
    })?;
    let callback = callback_url(&body)?;
    if body.get("file_type").and_then(Json::as_str) == Some("ics") {
        let message = "only events can be read as ICS";
        return Err(refuse("NOT_SUPPORTED_FEATURE", message, object! {}));
    }
    let page = requested_page(world, &body)?;
    let outcome = if world.settings.behaviour.bulk_jobs_fail {
        let message = "an internal error occurred";
        Err(Failure::new(
            500,
            "INTERNAL_SERVER_ERROR",
            message,
            object! {},
        ))
    } else {
        Ok(run(world, &page)?)
    };
    let id = world.store.next_id().to_string();
    let job = Job {
        query: shown_query(&page),
        created: world.stamp(),
        looks: 0,
        outcome,
    };
    world.bulk.read.insert(id.clone(), job);
    if let Some(url) = callback {
        report(world, &id, &url);
    }
    let details = object! {
        "id" => id,
        "operation" => "read",
        "state" => "ADDED",
        "created_by" => user_reference(world, &world.settings.api_user(), false),
        "created_time" => world.time_text(world.stamp()),
    };
    let row = object! {
        "status" => "success", "code" => "ADDED_SUCCESSFULLY", "message" => "Added successfully.", "details" => details,
    };
    Ok(Answer::json(
        201,
        object! { "data" => vec![row], "info" => object! {} },
    ))
}

/// A job with a callback is finished when its receiver hears of it.
fn report(world: &mut World, id: &str, url: &str) {
    let finished = world.settings.behaviour.bulk_job_looks;
    if let Some(job) = world.bulk.read.get_mut(id) {
        job.looks = finished;
    }
    let Some(job) = world.bulk.read.get(id) else {
        return;
    };
    let mut body = object! { "job_id" => id };
    for (name, value) in render(world, id, job).iter() {
        body.set(name, value.clone());
    }
    watch::enqueue(world, url, &Json::Object(body));
}

/// The query of a request and the page it asks for, by number or by token.
fn requested_page(world: &World, body: &Json) -> Result<Page, Failure> {
    let query = body
        .get("query")
        .filter(|query| query.as_object().is_some());
    let query = query.ok_or_else(|| {
        let details = object! { "api_name" => "query", "json_path" => "$.query" };
        refuse("INVALID_REQUEST", "the query is missing", details)
    })?;
    if let Some(token) = query.get("page_token") {
        let known = token.as_str().and_then(|token| world.bulk.pages.get(token));
        return known.cloned().ok_or_else(|| {
            let details = object! { "api_name" => "page_token", "module" => Json::Null };
            refuse("INVALID_REQUEST", "the page token is invalid", details)
        });
    }
    let number = match query.get("page").filter(|page| !page.is_null()) {
        None => 1,
        Some(page) => page
            .as_i64()
            .and_then(|page| u64::try_from(page).ok())
            .filter(|page| (1..=MOST_PAGES).contains(page))
            .ok_or_else(|| {
                let details = object! { "api_name" => "page", "module" => Json::Null };
                refuse("PAGE_RANGE_EXCEEDED", "the page is out of range", details)
            })?,
    };
    Ok(Page {
        query: query.clone(),
        number,
    })
}

fn shown_query(page: &Page) -> Json {
    let mut query = page.query.as_object().cloned().unwrap_or_default();
    query.set("page", page.number);
    Json::Object(query)
}

/// A column of the file.
enum Column {
    Field(Box<Path>),
    /// A property of the user in a field.
    User {
        field: String,
        property: String,
    },
}

fn run(world: &mut World, page: &Page) -> Result<Done, Failure> {
    let module = queried_module(world, &page.query)?;
    let (header, columns) = columns(world, &module, &page.query)?;
    let mut rows = world.store.rows(&module);
    if let Some(view) = page.query.get("cvid").and_then(Json::as_str) {
        let shown = views::selection(world, &module, view, object! { "api_name" => "cvid" })
            .map_err(|failure| failure.wrapped_in("data"))?;
        rows.retain(|record| shown.shows(world, &module, record));
    }
    if let Some(criteria) = page.query.get("criteria").filter(|value| !value.is_null()) {
        let criteria = Criteria::read(world, &module, criteria)?;
        rows.retain(|record| criteria.matches(world, record));
    }
    let per_page = usize::try_from(world.settings.limits.bulk_read_rows).unwrap_or(usize::MAX);
    let skip = usize::try_from(page.number - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(per_page);
    let more = rows.len() > skip.saturating_add(per_page);
    let mut lines = vec![header];
    for record in rows.iter().skip(skip).take(per_page) {
        let line = columns
            .iter()
            .map(|column| cell(world, &module, record, column));
        lines.push(line.collect());
    }
    let next_page_token = more.then(|| {
        let token = format!("{}{}", world.rng.hex(), world.rng.hex());
        let next = Page {
            query: page.query.clone(),
            number: page.number + 1,
        };
        world.bulk.pages.insert(token.clone(), next);
        token
    });
    let file = archive::csv_of(&lines);
    Ok(Done {
        page: page.number,
        count: lines.len() - 1,
        next_page_token,
        archive: archive::pack(&format!("{}.csv", module.api_name), &file),
    })
}

fn queried_module(world: &World, query: &Json) -> Result<Arc<Module>, Failure> {
    let name = query
        .get("module")
        .and_then(|module| module.get("api_name"))
        .and_then(Json::as_str)
        .unwrap_or_default();
    let module = world.module(name).map_err(|_| {
        let details = object! { "api_name" => Json::Null, "module" => name };
        refuse(
            "MODULE_NOT_AVAILABLE",
            "the module is not available",
            details,
        )
    })?;
    if module.kind == Kind::Elsewhere {
        let details = object! { "api_name" => Json::Null, "module" => name };
        return Err(refuse(
            "MODULE_NOT_SUPPORTED",
            "the module is not supported",
            details,
        ));
    }
    Ok(module)
}

fn columns(
    world: &World,
    module: &Arc<Module>,
    query: &Json,
) -> Result<(Vec<String>, Vec<Column>), Failure> {
    let names: Vec<String> = match query.get("fields").and_then(Json::as_array) {
        Some(names) if !names.is_empty() => names
            .iter()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect(),
        _ => module
            .fields
            .iter()
            .filter(|field| world.settings.offers_field(field))
            .filter(|field| Path::resolve(world, module, &field.api_name).is_ok())
            .map(|field| field.api_name.clone())
            .collect(),
    };
    let mut columns = Vec::with_capacity(names.len());
    for name in &names {
        let column = column(world, module, name).ok_or_else(|| {
            let details = object! { "api_name" => name, "module" => module.api_name.as_str() };
            refuse("FIELD_NOT_AVAILABLE", "the field is not available", details)
        })?;
        columns.push(column);
    }
    let id_column = &world.settings.behaviour.bulk_id_column;
    let header = names.into_iter().map(|name| {
        if name.eq_ignore_ascii_case("id") {
            id_column.clone()
        } else {
            name
        }
    });
    Ok((header.collect(), columns))
}

fn column(world: &World, module: &Arc<Module>, name: &str) -> Option<Column> {
    let name = if name == "Id" { "id" } else { name };
    if let Some((field, property)) = name.split_once('.') {
        let of_user = module
            .field(field)
            .is_some_and(|field| matches!(field.data_type, DataType::Owner | DataType::User));
        if of_user {
            let known = matches!(
                property,
                "id" | "first_name" | "last_name" | "full_name" | "email"
            );
            return known.then(|| Column::User {
                field: field.to_owned(),
                property: property.to_owned(),
            });
        }
    }
    let path = Path::resolve(world, module, name).ok()?;
    let offered = world.settings.offers_field(&path.field);
    offered.then(|| Column::Field(Box::new(path)))
}

fn cell(world: &World, module: &Module, record: &Arc<Record>, column: &Column) -> String {
    match column {
        Column::Field(path) => cells::write(&path.render(world, record)),
        Column::User { field, property } => {
            let Some(field) = module.field(field) else {
                return String::new();
            };
            let shown = crate::records::field_value(world, module, record, field);
            let id = shown.get("id").and_then(Json::as_str).unwrap_or_default();
            let Some(user) = world.settings.user(id) else {
                return String::new();
            };
            match property.as_str() {
                "first_name" => user.first_name.clone(),
                "last_name" => user.last_name.clone(),
                "email" => user.email.clone(),
                "full_name" => user.full_name(),
                _ => user.id.clone(),
            }
        }
    }
}

/// `GET /crm/bulk/v8/read/{id}`.
pub(crate) fn show(world: &mut World, id: &str) -> Result<Answer, Failure> {
    let job = world.bulk.read.get_mut(id).ok_or_else(|| not_found(id))?;
    job.looks = job.looks.saturating_add(1);
    let job = world.bulk.read.get(id).ok_or_else(|| not_found(id))?;
    let shown = render(world, id, job);
    Ok(Answer::json(200, object! { "data" => vec![shown] }))
}

fn render(world: &World, id: &str, job: &Job) -> Object {
    let finished = is_finished(world, job.looks);
    let state = match (&job.outcome, finished) {
        (_, false) => "IN PROGRESS",
        (Ok(_), true) => "COMPLETED",
        (Err(_), true) => "FAILURE",
    };
    let mut shown = object! {
        "id" => id,
        "operation" => "read",
        "state" => state,
        "query" => job.query.clone(),
        "created_by" => user_reference(world, &world.settings.api_user(), false),
        "created_time" => world.time_text(job.created),
        "file_type" => "csv",
    };
    match &job.outcome {
        Ok(done) if finished => shown.set(
            "result",
            object! {
                "page" => done.page,
                "per_page" => world.settings.limits.bulk_read_rows,
                "count" => done.count,
                "download_url" => format!("/crm/bulk/v8/read/{id}/result"),
                "more_records" => done.next_page_token.is_some(),
                "next_page_token" => done.next_page_token.as_deref(),
            },
        ),
        Err(failure) if finished => {
            shown.set("result", object! { "error_message" => failure.to_json() });
        }
        _ => {}
    }
    shown
}

/// `GET /crm/bulk/v8/read/{id}/result`.
pub(crate) fn result(world: &World, id: &str) -> Result<Answer, Failure> {
    let job = world.bulk.read.get(id).ok_or_else(|| not_found(id))?;
    match &job.outcome {
        Ok(done) if is_finished(world, job.looks) => {
            let name = format!("{id}.zip");
            Ok(
                Answer::file(&name, "application/x-download", done.archive.clone())
                    .rows(done.count),
            )
        }
        _ => Err(not_found(id)),
    }
}
