//! Reading lists page by page, and single records.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::render::{render_all, render_fields};
use crate::clock::plus_seconds;
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::schema::Module;
use crate::store::{Id, Record};
use crate::views;
use crate::world::World;

/// Most field names a list may ask for.
const MOST_FIELDS: usize = 50;
/// Greatest page.
const PER_PAGE: u64 = 200;
/// Life of a page token in seconds.
const TOKEN_LIFE: i64 = 24 * 3_600;
/// Page tokens kept before expired ones are looked for.
const TOKENS_KEPT: usize = 10_000;

/// Where a page token goes on: bound to every other parameter of the request it came from.
#[derive(Debug, Clone)]
pub(crate) struct PageToken {
    bound_to: String,
    after: Position,
    delivered: u64,
    expires: Timestamp,
}

/// A place in the sort order.
type Position = (i64, Id);

/// The `fields` parameter, which lists cannot do without.
pub(crate) fn requested_fields(call: &Call) -> Result<Vec<String>, Failure> {
    let text = call
        .param("fields")
        .ok_or_else(|| Failure::param_missing("fields"))?;
    let names: Vec<String> = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    if names.len() > MOST_FIELDS {
        return Err(Failure::limit_exceeded(50, "fields"));
    }
    Ok(names)
}

/// `page` and `per_page`, checked.
pub(crate) fn page_bounds(call: &Call) -> Result<(u64, u64), Failure> {
    let number = |name: &str, default: u64| match call.param(name) {
        None => Ok(default),
        Some(text) => {
            let wrong =
                || Failure::invalid_param(name, object! { "expected_data_type" => "integer" });
            text.parse::<u64>()
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(wrong)
        }
    };
    let (page, per_page) = (number("page", 1)?, number("per_page", PER_PAGE)?);
    if per_page > PER_PAGE {
        return Err(Failure::limit_exceeded(PER_PAGE, "per_page"));
    }
    Ok((page, per_page))
}

/// `If-Modified-Since` and `If-Unmodified-Since`: ISO 8601 with offset, not the HTTP date form.
pub(crate) fn since_header(call: &Call, name: &str) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = call.header(name) else {
        return Ok(None);
    };
    text.trim()
        .parse()
        .map(Some)
        .map_err(|_| Failure::pattern(name))
}

struct Request {
    fields: Vec<String>,
    page: u64,
    per_page: u64,
    since: Option<Timestamp>,
    sort_by: String,
    ascending: bool,
    ids: Option<Vec<Id>>,
    token: Option<String>,
    bound_to: String,
}

impl Request {
    fn read(call: &Call) -> Result<Self, Failure> {
        let fields = requested_fields(call)?;
        let token = call.param("page_token").map(str::to_owned);
        if token.is_some() && call.param("page").is_some() {
            return Err(Failure::ambiguous(
                "page and page_token exclude each other",
                &["page", "page_token"],
            ));
        }
        let (page, per_page) = page_bounds(call)?;
        let sort_by = call.param("sort_by").unwrap_or("id").to_owned();
        if call.param("cvid").is_some() && call.param("sort_by").is_some() {
            return Err(Failure::ambiguous(
                "cvid and sort_by exclude each other",
                &["cvid", "sort_by"],
            ));
        }
        let supported = ["id", "Created_Time", "Modified_Time"];
        if !supported.contains(&sort_by.as_str()) {
            let details = object! { "supported_values" => supported.to_vec() };
            return Err(Failure::invalid_param("sort_by", details));
        }
        let ascending = match call.param("sort_order") {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(_) => {
                let details = object! { "supported_values" => vec!["asc", "desc"] };
                return Err(Failure::invalid_param("sort_order", details));
            }
        };
        let ids = match call.param("ids") {
            None => None,
            Some(text) => Some(parse_ids(text)?),
        };
        let since = since_header(call, "if-modified-since")?;
        Ok(Self {
            fields,
            page,
            per_page,
            since,
            sort_by,
            ascending,
            ids,
            token,
            bound_to: bound_to(call),
        })
    }

    fn position(&self, record: &Record) -> Position {
        let first = match self.sort_by.as_str() {
            "Created_Time" => record.created.as_second(),
            "Modified_Time" => record.modified.as_second(),
            _ => 0,
        };
        (first, record.id)
    }

    /// Whether `position` comes later in the order than `after`.
    fn is_after(&self, position: Position, after: Position) -> bool {
        if self.ascending {
            position > after
        } else {
            position < after
        }
    }
}

/// A comma-separated list of ids.
fn parse_ids(text: &str) -> Result<Vec<Id>, Failure> {
    let wrong = || {
        Failure::new(
            400,
            "UNABLE_TO_PARSE_DATA_TYPE",
            "invalid id list",
            object! { "param" => "ids" },
        )
    };
    text.split(',')
        .map(|id| id.trim().parse().map_err(|_| wrong()))
        .collect()
}

/// Everything of a request a page token is bound to.
fn bound_to(call: &Call) -> String {
    let mut parts: Vec<String> = call
        .query
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "page" | "page_token"))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parts.sort();
    parts.push(format!(
        "since={}",
        call.header("if-modified-since").unwrap_or_default()
    ));
    parts.push(call.path.clone());
    parts.join("&")
}

/// `GET /{module}`.
pub(crate) fn list(world: &mut World, module: &Module, call: &Call) -> Result<Answer, Failure> {
    let request = Request::read(call)?;
    let start = start_of(world, &request)?;
    let mut rows = matching_rows(world, module, &request);
    views::keep_shown(world, module, call.param("cvid"), &mut rows)?;
    keep_unconverted(module, call, &mut rows)?;
    rows.sort_by_key(|record| request.position(record));
    if !request.ascending {
        rows.reverse();
    }
    let (skip, delivered) = match start {
        Start::Offset(offset) => (offset, offset),
        Start::After(after, delivered) => {
            let skip =
                rows.partition_point(|record| !request.is_after(request.position(record), after));
            (u64::try_from(skip).unwrap_or(u64::MAX), delivered)
        }
    };
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let per_page = usize::try_from(request.per_page).unwrap_or(usize::MAX);
    let more = rows.len() > skip.saturating_add(per_page);
    let page: Vec<Arc<Record>> = rows.into_iter().skip(skip).take(per_page).collect();
    let Some(last) = page.last() else {
        return Ok(Answer::empty(if request.since.is_some() {
            304
        } else {
            204
        }));
    };
    let position = request.position(last);
    let count = page.len();
    let next = more.then(|| {
        let delivered = delivered + u64::try_from(count).unwrap_or(0);
        keep_token(world, &request, position, delivered)
    });
    let data: Vec<Json> = page
        .iter()
        .map(|record| Json::Object(render_fields(world, module, record, &request.fields)))
        .collect();
    let info = info(world, &request, count, more, next);
    Ok(Answer::json(200, object! { "data" => data, "info" => info }).rows(count))
}

enum Start {
    Offset(u64),
    After(Position, u64),
}

/// Where the page begins, by page number or by token.
fn start_of(world: &World, request: &Request) -> Result<Start, Failure> {
    let limits = &world.settings.limits;
    let Some(token) = &request.token else {
        if request.page.saturating_mul(request.per_page) > limits.page_records {
            let details = object! { "limit" => limits.page_records };
            let message = "pages reach no further; use the page token";
            return Err(Failure::new(
                400,
                "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
                message,
                details,
            ));
        }
        return Ok(Start::Offset((request.page - 1) * request.per_page));
    };
    let known = world
        .page_tokens
        .get(token)
        .ok_or_else(|| Failure::invalid_param("page_token", Object::new()))?;
    let details = || object! { "param_name" => "page_token" };
    if known.bound_to != request.bound_to {
        let message = "the page token belongs to another request";
        return Err(Failure::new(
            400,
            "TOKEN_BOUND_DATA_MISMATCH",
            message,
            details(),
        ));
    }
    if known.expires <= world.now {
        return Err(Failure::new(
            400,
            "EXPIRED_VALUE",
            "the page token has expired",
            details(),
        ));
    }
    if known.delivered >= limits.token_records {
        let details = object! { "limit" => limits.token_records };
        return Err(Failure::new(
            400,
            "PAGINATION_LIMIT_EXCEEDED",
            "page tokens reach no further",
            details,
        ));
    }
    Ok(Start::After(known.after, known.delivered))
}

fn matching_rows(world: &World, module: &Module, request: &Request) -> Vec<Arc<Record>> {
    let mut rows = match &request.ids {
        Some(ids) => {
            let mut ids = ids.clone();
            ids.sort_unstable();
            ids.dedup();
            ids.into_iter()
                .filter_map(|id| world.store.row(module, id))
                .collect()
        }
        None => world.store.rows(module),
    };
    if let Some(since) = request.since {
        rows.retain(|record| record.modified > since);
    }
    rows
}

/// Converted leads show only when they are asked for.
fn keep_unconverted(
    module: &Module,
    call: &Call,
    rows: &mut Vec<Arc<Record>>,
) -> Result<(), Failure> {
    if module.field("Converted__s").is_none() {
        return Ok(());
    }
    let wanted = match call.param("converted") {
        None | Some("false") => false,
        Some("true") => true,
        Some("both") => return Ok(()),
        Some(_) => return Err(Failure::pattern("converted")),
    };
    rows.retain(|record| (record.value("Converted__s").as_bool() == Some(true)) == wanted);
    Ok(())
}

fn keep_token(world: &mut World, request: &Request, after: Position, delivered: u64) -> String {
    let now = world.now;
    if world.page_tokens.len() >= TOKENS_KEPT {
        world.page_tokens.retain(|_, token| token.expires > now);
    }
    let text = format!("{}{}", world.rng.hex(), world.rng.hex());
    let token = PageToken {
        bound_to: request.bound_to.clone(),
        after,
        delivered,
        expires: plus_seconds(now, TOKEN_LIFE),
    };
    world.page_tokens.insert(text.clone(), token);
    text
}

fn info(
    world: &World,
    request: &Request,
    count: usize,
    more: bool,
    next: Option<String>,
) -> Object {
    let expiry = next.is_some().then(|| {
        let expires = world
            .now
            .checked_add(SignedDuration::from_secs(TOKEN_LIFE))
            .unwrap_or(world.now);
        world.time_text(expires)
    });
    object! {
        "call" => false,
        "per_page" => request.per_page,
        "next_page_token" => next,
        "count" => count,
        "sort_by" => request.sort_by.as_str(),
        "page" => request.page,
        "previous_page_token" => Json::Null,
        "page_token_expiry" => expiry,
        "sort_order" => if request.ascending { "asc" } else { "desc" },
        "email" => false,
        "more_records" => more,
    }
}

/// `GET /{module}/{id}`: an unknown id gives an empty answer, not an error.
pub(crate) fn get_one(
    world: &World,
    module: &Module,
    id: &str,
    call: &Call,
) -> Result<Answer, Failure> {
    let since = since_header(call, "if-modified-since")?;
    let wrong = || Failure::invalid_id("id", "$.id");
    let id: Id = id.parse().map_err(|_| wrong())?;
    let Some(record) = world.store.row(module, id) else {
        return Ok(Answer::empty(204));
    };
    if since.is_some_and(|since| record.modified <= since) {
        return Ok(Answer::empty(304));
    }
    let fields = match call.param("fields") {
        Some(_) => Some(requested_fields(call)?),
        None => None,
    };
    let row = render_all(world, module, &record, fields.as_deref());
    Ok(Answer::json(200, object! { "data" => vec![Json::Object(row)] }).rows(1))
}
