//! The way of a request: faults, limits, token, credits, operation, and faults again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;

use crate::exchange::{Answer, Body, Call};
use crate::failure::Failure;
use crate::faults::{self, FaultKind};
use crate::journal::LogEntry;
use crate::json::{Json, Object, object};
use crate::limits::{self, Place};
use crate::routes::Route;
use crate::schema::{Kind, Module};
use crate::world::{Shared, World};
use crate::{
    bulk, composite, convert, coql, external, files, locks, mass, metadata, multipart, oauth,
    organisation, owners, records, recycle_bin, related, search, tags, timeline, watch,
};

/// A gateway's error page.
const GATEWAY_PAGE: &str = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>";

/// What leaves the server.
#[derive(Debug)]
pub(crate) enum Delivery {
    Send {
        answer: Answer,
        spoiled: Option<Spoiled>,
    },
    /// The connection is closed without an answer.
    Close,
}

/// How an answer is damaged on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoiled {
    Truncated,
    WrongContentType,
    Garbled,
}

impl Delivery {
    const fn whole(answer: Answer) -> Self {
        Self::Send {
            answer,
            spoiled: None,
        }
    }
}

/// A request to the records API, looked at before it is carried out.
struct Plan {
    route: Result<Route, Failure>,
    body: Result<Json, Failure>,
    credits: u64,
    heavy: bool,
}

impl Plan {
    fn new(call: &Call, wrong_method: u16) -> Self {
        let route = Route::find(&call.method, &call.segments, wrong_method);
        let has_body = call.method != Method::GET && call.method != Method::DELETE;
        let is_json = has_body && call.parts.is_empty() && !call.body.is_empty();
        let body = if is_json {
            call.json()
        } else if has_body && call.parts.is_empty() {
            Err(Failure::unparsable_body())
        } else {
            Ok(Json::Null)
        };
        let count = |name: &str| {
            let list = body.as_ref().ok().and_then(|body| body.get(name));
            list.and_then(Json::as_array).map_or(0, <[_]>::len)
        };
        let rows = count("data");
        let (credits, heavy) = match &route {
            Ok(route) => {
                let coql_limit = match (&body, route) {
                    (Ok(body), Route::Coql) => coql::asked_limit(body),
                    _ => 0,
                };
                (
                    limits::cost(route, call, rows, count("ids"), coql_limit),
                    limits::is_heavy(route, call, rows),
                )
            }
            Err(_) => (1, false),
        };
        Self {
            route,
            body,
            credits,
            heavy,
        }
    }
}

/// Serves a request outside the admin routes.
pub(crate) async fn serve(shared: Arc<Shared>, mut call: Call) -> Delivery {
    call.parts = multipart::read(&call).await;
    let (struck, at) = {
        let mut world = shared.world();
        let world = &mut *world;
        (
            faults::strike(&mut world.faults, &call, &mut world.rng),
            world.now.to_string(),
        )
    };
    let mut entry = LogEntry {
        at,
        method: call.method.to_string(),
        path: call.path.clone(),
        query: call.query_text.clone(),
        kind: String::new(),
        module: None,
        status: None,
        credits: 0,
        request_bytes: call.body.len(),
        rows: 0,
        fault: struck.last().map(|kind| format!("{kind:?}")),
    };
    let delivery = carry_out(&shared, &call, &struck, &mut entry).await;
    if let Delivery::Send { answer, .. } = &delivery {
        entry.status = Some(answer.status);
        entry.rows = answer.rows;
    }
    if let (
        Some(capture),
        Delivery::Send {
            answer,
            spoiled: None,
        },
    ) = (&shared.capture, &delivery)
        && struck.is_empty()
    {
        capture.write(&call, answer);
    }
    let mut world = shared.world();
    world.journal.record(entry);
    drop(world);
    shared.wake.notify_one();
    delivery
}

async fn carry_out(
    shared: &Arc<Shared>,
    call: &Call,
    struck: &[FaultKind],
    entry: &mut LogEntry,
) -> Delivery {
    if !Route::is_api(&call.segments) {
        entry.kind = oauth_kind(call).to_owned();
        sleep_before(struck).await;
        if let Some(delivery) = fails_before_effect(struck) {
            return delivery;
        }
        let answer = accounts(shared, call);
        return after_effect(struck, answer).await;
    }
    let (wrong_method, latency) = {
        let behaviour = &shared.world().settings.behaviour;
        (behaviour.wrong_method_status, behaviour.latency_millis)
    };
    let translated = external::with_ids(&shared.world(), call);
    let call = match &translated {
        Ok(Some(translated)) => translated,
        Ok(None) => call,
        Err(failure) => return Delivery::whole(failure.clone().into()),
    };
    let plan = Plan::new(call, wrong_method);
    if let Ok(route) = &plan.route {
        entry.kind = route.kind().to_owned();
        entry.module = route.module().map(str::to_owned);
    }
    let _place = match Place::take(shared, plan.heavy) {
        Ok(place) => place,
        Err(failure) => return Delivery::whole(failure.into()),
    };
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    sleep_before(struck).await;
    if let Some(delivery) = fails_before_effect(struck) {
        return delivery;
    }
    let answer = execute(&mut shared.world(), call, plan, entry);
    after_effect(struck, answer).await
}

async fn sleep_before(struck: &[FaultKind]) {
    for kind in struck {
        if let FaultKind::Delay {
            millis,
            after_effect: false,
        } = kind
        {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
        }
    }
}

/// Faults that answer instead of the operation.
fn fails_before_effect(struck: &[FaultKind]) -> Option<Delivery> {
    struck.iter().find_map(|kind| match kind {
        FaultKind::Status {
            status,
            html,
            after_effect: false,
        } => Some(Delivery::whole(error_page(*status, *html))),
        FaultKind::TooManyRequests => Some(Delivery::whole(Failure::too_many_requests().into())),
        FaultKind::InvalidToken => Some(Delivery::whole(Failure::invalid_token().into())),
        FaultKind::DropBeforeEffect => Some(Delivery::Close),
        _ => None,
    })
}

fn error_page(status: u16, html: bool) -> Answer {
    if html {
        Answer::html(status, GATEWAY_PAGE)
    } else {
        Failure::internal(status).into()
    }
}

/// Faults that strike the answer of an operation that took effect.
async fn after_effect(struck: &[FaultKind], answer: Answer) -> Delivery {
    for kind in struck {
        if let FaultKind::Delay {
            millis,
            after_effect: true,
        } = kind
        {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
        }
    }
    let damage = struck
        .iter()
        .find(|kind| !matches!(kind, FaultKind::Delay { .. }));
    let spoiled = match damage {
        Some(FaultKind::DropAfterEffect) => return Delivery::Close,
        Some(FaultKind::Status { status, html, .. }) => {
            return Delivery::whole(error_page(*status, *html));
        }
        Some(FaultKind::TruncatedBody) => Some(Spoiled::Truncated),
        Some(FaultKind::WrongContentType) => Some(Spoiled::WrongContentType),
        Some(FaultKind::GarbledBody) => Some(Spoiled::Garbled),
        _ => None,
    };
    Delivery::Send { answer, spoiled }
}

fn oauth_kind(call: &Call) -> &'static str {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["oauth", "v2", "token"] => "token",
        ["oauth", "v2", "token", "revoke"] => "revoke",
        ["oauth", "v2", "auth"] => "authorize",
        _ => "",
    }
}

/// The accounts server's paths, which need no token.
fn accounts(shared: &Arc<Shared>, call: &Call) -> Answer {
    match (call.method.as_str(), oauth_kind(call)) {
        ("POST", "token") => {
            let params = oauth::read_form(call);
            oauth::token(&mut shared.world(), &params)
        }
        ("POST", "revoke") => {
            let params = oauth::read_form(call);
            oauth::revoke(&mut shared.world(), &params)
        }
        ("GET", "authorize") => oauth::authorize(&mut shared.world(), call),
        (_, "") => Failure::invalid_url().into(),
        _ => Failure::invalid_method(405, 2).into(),
    }
}

/// Token, credits, operation.
fn execute(world: &mut World, call: &Call, plan: Plan, entry: &mut LogEntry) -> Answer {
    let needed = plan
        .route
        .as_ref()
        .map(|route| route.scopes(&call.method))
        .unwrap_or_default();
    if let Err(failure) = oauth::authenticate(world, call, &needed) {
        return failure.into();
    }
    let left = match limits::charge(world, plan.credits) {
        Ok(left) => left,
        Err(failure) => return failure.into(),
    };
    entry.credits = plan.credits;
    let result = plan
        .route
        .and_then(|route| operate(world, call, &route, plan.body));
    let mut answer = result.unwrap_or_else(Answer::from);
    if let Some(left) = left {
        answer
            .headers
            .push(("x-api-credits-remaining", left.to_string()));
    }
    answer
}

/// Where the error object for an unknown module stands: Zoho's samples wrap it for some operations.
fn place(route: &Route, failure: Failure) -> Failure {
    match route {
        Route::Insert(_) | Route::Upsert(_) | Route::Deleted(_) => failure.wrapped_in("data"),
        _ => failure,
    }
}

fn operate(
    world: &mut World,
    call: &Call,
    route: &Route,
    body: Result<Json, Failure>,
) -> Result<Answer, Failure> {
    let module = match route.module() {
        Some(name) => Some(
            world
                .module(name)
                .map_err(|failure| place(route, failure))?,
        ),
        None => None,
    };
    let module = module.as_deref();
    if module.is_some_and(|module| module.kind == Kind::Elsewhere) {
        let message = "the module is not supported by this API";
        return Err(Failure::new(400, "NOT_SUPPORTED", message, Object::new()));
    }
    match (route, module) {
        (Route::List(_), Some(module)) => records::list(world, module, call),
        (Route::GetOne(_, id), Some(module)) => records::get_one(world, module, id, call),
        (Route::Insert(_), Some(module)) => records::insert(world, module, &body?),
        (Route::UpdateMany(_), Some(module)) => records::update_many(world, module, &body?, call),
        (Route::UpdateOne(_, id), Some(module)) => {
            records::update_one(world, module, id, &body?, call)
        }
        (Route::Upsert(_), Some(module)) => records::upsert(world, module, &body?, call),
        (Route::DeleteMany(_), Some(module)) => records::delete_many(world, module, call),
        (Route::DeleteOne(_, id), Some(module)) => records::delete_one(world, module, id),
        (Route::Deleted(_), Some(module)) => records::deleted_list(world, module, call),
        (Route::Search(_), Some(module)) => search::search(world, module, call),
        (Route::Count(_), Some(module)) => search::count(world, module, call),
        (Route::DuplicateCheck, _) => Ok(Answer::empty(204)),
        (Route::RecycleBin, _) => recycle_bin::handle(world, call),
        (Route::RecycleBinItem(id), _) => recycle_bin::handle_one(world, id, call),
        (Route::BulkRead, _) => bulk::read::create(world, body, call),
        (Route::BulkReadJob(id), _) => bulk::read::show(world, id),
        (Route::BulkReadResult(id), _) => bulk::read::result(world, id),
        (Route::Upload, _) => bulk::write::upload(world, call),
        (Route::BulkWrite, _) => bulk::write::create(world, &body?, call),
        (Route::BulkWriteJob(id), _) => bulk::write::show(world, id),
        (Route::BulkWriteResult(id), _) => bulk::write::result(world, id),
        (Route::Tags, _) => tags::handle(world, body, call),
        (Route::Tag(id), _) => tags::handle_one(world, id, body, call),
        (Route::TagCount(id), _) => tags::records_count(world, id, call),
        (Route::TagMerge(id), _) => tags::merge(world, id, &body?),
        (Route::Files, _) => files::storage(world, call),
        (Route::Composite, _) => composite::handle(world, &body?, call),
        (_, Some(module)) => act_on_records(world, call, route, module, body),
        (Route::Coql, _) => coql::execute(world, &body?),
        (Route::Watch, _) => watch::handle(world, call),
        (Route::Users, _) => organisation::users(world, call),
        (Route::User(id), _) => Ok(organisation::user(world, id)),
        (Route::Org, _) => Ok(organisation::org(world)),
        (Route::Currencies, _) => organisation::currencies(world),
        (Route::AvailableCurrencies, _) => Ok(organisation::available_currencies()),
        (Route::Currency(id), _) => organisation::currency(world, id),
        _ => describe(world, call, route, body),
    }
}

/// What is done to records beside reading and writing their values.
fn act_on_records(
    world: &mut World,
    call: &Call,
    route: &Route,
    module: &Module,
    body: Result<Json, Failure>,
) -> Result<Answer, Failure> {
    match route {
        Route::Related(path) => related::handle(world, module, path, body, call),
        Route::DeletedRelated(path) => related::of_deleted(world, module, path, call),
        Route::Attachments(path) => match &path.related {
            Some(id) => files::attachment(world, module, path, id, call),
            None => files::attachments(world, module, path, call),
        },
        Route::Locks(path) => locks::handle(world, module, path, body, call),
        Route::Photo(_, id) => files::photo(world, module, id, call),
        Route::FieldFile(_, id) => files::fields::download(world, module, id, call),
        Route::Timeline(_, id) => timeline::read(world, module, id, call),
        Route::Clone(_, id) => {
            let body = if call.body.is_empty() {
                None
            } else {
                Some(body?)
            };
            records::clone_one(world, module, id, body.as_ref())
        }
        Route::FullData(_, id) => {
            let fields = match call.param("fields") {
                Some(_) => Some(records::requested_fields(call)?),
                None => None,
            };
            Ok(records::full_data(world, module, id, fields.as_deref()))
        }
        Route::Convert(_, id) if module.api_name == "Leads" => convert::lead(world, id, &body?),
        Route::Convert(_, id) => convert::inventory(world, module, id, &body?),
        Route::ConversionOptions(_, id) => convert::options(world, id),
        Route::ChangeOwner(_, id) => owners::change_owner(world, module, id.as_deref(), &body?),
        Route::AddTags(_, id) => tags::of_records(world, module, id.as_deref(), &body?, call, true),
        Route::RemoveTags(_, id) => {
            tags::of_records(world, module, id.as_deref(), &body?, call, false)
        }
        Route::Mass(kind, _) => mass::handle(world, module, *kind, body, call),
        _ => Err(Failure::invalid_url()),
    }
}

/// Carries out a part of a composite request, which is charged with the whole.
pub(crate) fn carry_out_inner(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    let plan = Plan::new(call, world.settings.behaviour.wrong_method_status);
    let route = match plan.route {
        Ok(route) => route,
        Err(failure) => return Ok(failure.into()),
    };
    let with_files = matches!(
        route,
        Route::Composite
            | Route::Files
            | Route::Upload
            | Route::Photo(..)
            | Route::FieldFile(..)
            | Route::Attachments(_)
            | Route::BulkReadResult(_)
            | Route::BulkWriteResult(_)
    );
    if with_files {
        let message = "the API is not supported in a composite request";
        let details = object! { "allowed_services" => vec!["records", "related records", "coql"] };
        return Err(Failure::new(400, "NOT_SUPPORTED", message, details));
    }
    let answer = oauth::authenticate(world, call, &route.scopes(&call.method))
        .and_then(|()| operate(world, call, &route, plan.body));
    Ok(answer.unwrap_or_else(Answer::from))
}

/// The metadata.
fn describe(
    world: &mut World,
    call: &Call,
    route: &Route,
    body: Result<Json, Failure>,
) -> Result<Answer, Failure> {
    match route {
        Route::Modules => metadata::modules(world, call),
        Route::Module(name) => metadata::module(world, name),
        Route::Fields if call.method == Method::POST => {
            metadata::create_fields(world, &body?, call)
        }
        Route::Fields => metadata::fields(world, call),
        Route::Field(id) if call.method == Method::DELETE => {
            metadata::delete_field(world, id, call)
        }
        Route::Field(id) => metadata::field(world, id, call),
        Route::PicklistValues(id) => metadata::picklist_values(world, id, call),
        Route::Layouts => metadata::layouts(world, call),
        Route::Layout(id) => metadata::layout(world, id, call),
        Route::RelatedLists => metadata::related_lists(world, call),
        Route::RelatedList(id) => metadata::related_list(world, id, call),
        Route::CustomViews => metadata::custom_views(world, call),
        Route::CustomView(id) => metadata::custom_view(world, id, call),
        Route::Pipelines => metadata::pipelines(world, call),
        Route::Pipeline(id) => metadata::pipeline(world, id, call),
        Route::GlobalPicklists => Ok(metadata::global_picklists(world)),
        Route::GlobalPicklist(id) => Ok(metadata::global_picklist(world, id)),
        // Every record operation names a module.
        _ => Err(Failure::invalid_url()),
    }
}

/// The bytes of an answer's body, and their Content-Type.
pub(crate) fn body_bytes(body: &Body) -> Option<(Bytes, &str)> {
    match body {
        Body::Empty => None,
        Body::Json(json) => {
            let text = json.to_string();
            Some((Bytes::from(text), "application/json;charset=UTF-8"))
        }
        Body::Html(page) => Some((
            Bytes::from_static(page.as_bytes()),
            "text/html;charset=UTF-8",
        )),
        Body::File(file) => Some((file.bytes.clone(), &file.content_type)),
    }
}
