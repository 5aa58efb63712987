//! Parked records: what waits for a person, and what the person says.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use sync_core::{
    Direction, Document, Engine, Flow, JobKey, Kind as RowKind, ParkReason, ParkedJob, Row, Side,
    Value,
};

use super::{
    Page,
    form::{self, Submitted, Wanted, address, record_fields},
    layout::{Part, View},
    pair::values_table,
    session::{Notice, Session},
    show::{self, ago, exact, table},
    trouble::Trouble,
};
use crate::{
    values,
    words::{self, system},
};

/// Records in a page of the list.
const SHOWN: usize = 50;

/// Records that are searched at once.
const PAGE: usize = 500;

/// The list.
pub(super) async fn list(
    State(page): State<Arc<Page>>,
    Extension(session): Extension<Session>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let live = page.service.live();
    let health = live.engine.health().await?;
    let chosen = health
        .flows
        .iter()
        .find(|flow| flow.flow.as_str() == wanted.flow);
    let first = || health.flows.iter().find(|flow| flow.counts.parked > 0);
    let chosen = chosen.or_else(first).or_else(|| health.flows.first());
    let Some(chosen) = chosen else {
        let content = html! { p { "No flow is on." } };
        return Ok(View::new(Part::Parked, "Parked records", content).answer(&page, &session));
    };
    // The last record of the page before.
    let after = match wanted.id.is_empty() {
        true => None,
        false => Some(form::key(chosen.flow.as_str(), &wanted.side, &wanted.id)?),
    };
    let jobs = live
        .engine
        .parked(&chosen.flow, after.as_ref(), SHOWN)
        .await?;
    let next = jobs.last().filter(|_| jobs.len() == SHOWN);
    let content = html! {
        nav.tabs aria-label="Flows" {
            ul {
                @for flow in &health.flows {
                    li {
                        a href={ "/parked?flow=" (flow.flow) } aria-current=[(flow.flow == chosen.flow).then_some("true")] {
                            (flow.flow) " " span.count { (flow.counts.parked) span.unseen { " parked" } }
                        }
                    }
                }
            }
        }
        @if !chosen.parked.is_empty() {
            p.aside {
                "By reason: "
                @for (place, (reason, number)) in chosen.parked.iter().enumerate() {
                    @if place > 0 { ", " }
                    (reason.replace('_', " ")) " " (number)
                }
            }
        }
        @if chosen.parked.contains_key("unmappable") {
            p { a href="/parked/codes" { "Codes that no table has" } }
        }
        @if jobs.is_empty() {
            p { "Nothing of " (chosen.flow) " waits for you." }
        } @else {
            (jobs_table(&page, &session, &jobs))
        }
        @if let Some(last) = next {
            p { a href=(address("/parked", &last.key, &[])) { "More" } }
        }
    };
    Ok(View::new(Part::Parked, "Parked records", content).answer(&page, &session))
}

fn jobs_table(page: &Page, session: &Session, jobs: &[ParkedJob]) -> Markup {
    let now = page.service.now();
    let body = html! {
        thead { tr {
            th scope="col" { "Record" } th scope="col" { "Why it waits" } th scope="col" { "Since" }
            th.number scope="col" { "Tries" } th scope="col" { span.unseen { "Action" } }
        } }
        tbody {
            @for job in jobs {
                tr {
                    th scope="row" {
                        a href=(address("/parked/record", &job.key, &[])) { (system(job.key.side)) " " bdi { (job.key.id) } }
                        @if let Some(name) = name(job) { br; span.faint { bdi { (name) } } }
                    }
                    td { bdi { (words::reason(&job.parked.reason)) } }
                    td { (ago(now, Some(job.parked.since))) }
                    td.number { (job.attempts) }
                    td {
                        form method="post" action="/parked/replay" {
                            (form::token(session)) (record_fields(&job.key))
                            button { "Look again" span.unseen { " at " (job.key.id) } }
                        }
                    }
                }
            }
        }
    };
    table("Parked records", &body)
}

/// What people call the record, if a value looks like it.
fn name(job: &ParkedJob) -> Option<String> {
    let side = job.key.side;
    let sides = [side, side.other()];
    let documents = sides
        .into_iter()
        .filter_map(|side| job.parked.sides.get(side).as_ref());
    let mut names = documents.filter_map(|document| {
        let mut fields = document.iter();
        let (_, value) = fields.find(|(field, _)| field.as_str().contains("name"))?;
        value.as_text().map(str::to_owned)
    });
    names.next()
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    flow: String,
    side: String,
    id: String,
}

/// One record: both sides and the base as they were when it was parked, and what can be done.
pub(super) async fn show(
    State(page): State<Arc<Page>>,
    Extension(session): Extension<Session>,
    Query(named): Query<Named>,
) -> Result<Response, Trouble> {
    let key = form::key(&named.flow, &named.side, &named.id)?;
    let live = page.service.live();
    let flow = live.engine.flow(&key.flow)?;
    let job = find(&live.engine, &key).await?;
    let content = body(&page, &session, flow, &job);
    let title = format!("Parked: {}", words::record(&job.key));
    Ok(View::new(Part::Parked, &title, content).answer(&page, &session))
}

fn body(page: &Page, session: &Session, flow: &Flow, job: &ParkedJob) -> Markup {
    let parked = &job.parked;
    html! {
        dl.facts {
            dt { "Why it waits" } dd { bdi { (words::reason(&parked.reason)) } }
            dt { "What ends it" } dd { (advice(&parked.reason)) }
            dt { "Flow" } dd { (job.key.flow) }
            dt { "Since" } dd { (exact(parked.since)) " (" (ago(page.service.now(), Some(parked.since))) ")" }
            dt { "Failed tries" } dd { (job.attempts) }
            dt { "Pair" } dd { (show::pair_links(&job.key.flow, &parked.ids)) }
        }
        h2 { "As it was when it was parked" }
        (values_table(
            flow,
            &job.key,
            parked.sides.left.as_ref(),
            parked.base.as_ref(),
            parked.sides.right.as_ref(),
        ))
        p { a href=(address("/pair", &job.key, &[])) { "See it as it is now, with the history of each field" } }
        h2 { "Change it" }
        (edit_form(session, flow, job))
        h2 { "Or" }
        div.actions {
            form method="post" action="/parked/replay" {
                (form::token(session)) (record_fields(&job.key))
                button { "Look again as it is" }
            }
            details {
                summary { "Dismiss it" }
                form method="post" action="/parked/dismiss" {
                    (form::token(session)) (record_fields(&job.key))
                    p { "It leaves this list without anything being written. It comes back with the next change of the record." }
                    button.danger { "Dismiss it" }
                }
            }
        }
    }
}

/// What would unpark it.
fn advice(reason: &ParkReason) -> &'static str {
    match reason {
        ParkReason::Rejected { .. } => {
            "Change what the system refuses, here or in the system; it is looked at again by itself when its data change."
        }
        ParkReason::Unmappable { .. } => {
            "Change the value, or the mapping; it is looked at again by itself when either changes."
        }
        ParkReason::Conflict { .. } => "Say which value is right.",
        ParkReason::Ambiguous { .. } => {
            "Make clear which of them is the partner: put the key there, or remove the copies."
        }
        ParkReason::DanglingKey { .. } => "Correct the key, or empty it.",
        ParkReason::PartnerTaken { .. } => "Correct the key of one of the two records.",
        ParkReason::FlipFlop => {
            "Find out which other program or rule changes it back, then look again."
        }
        ParkReason::AttemptsExhausted { .. } => "Put right what failed, then look again.",
        ParkReason::WaitingFor { .. } => {
            "Nothing to do here: it goes on when the record that it waits for has a partner."
        }
        _ => "Look into it, then look again.",
    }
}

/// Whether a person can type a value of this kind.
fn is_typed(kind: &RowKind) -> bool {
    !matches!(kind, RowKind::List(_) | RowKind::Lines(_))
}

/// Rows that a person may set.
fn is_set_by_people(row: &Row) -> bool {
    row.direction != Direction::None
}

fn on(job: &ParkedJob, side: Side, row: &Row) -> Option<Value> {
    let document = job.parked.sides.get(side).as_ref()?;
    document.get(row.name.as_str()).cloned()
}

/// Whether a person will want to see the field first.
fn is_pressing(job: &ParkedJob, row: &Row) -> bool {
    let named = match &job.parked.reason {
        ParkReason::Conflict { fields } => fields.contains(&row.name),
        ParkReason::Unmappable { field, .. } => *field == row.name,
        ParkReason::Rejected { rejection, side } => {
            rejection.field.as_ref() == Some(row.fields.get(*side))
        }
        _ => false,
    };
    let (left, right) = (on(job, Side::Left, row), on(job, Side::Right, row));
    named || (left.is_some() && right.is_some() && left != right)
}

fn edit_form(session: &Session, flow: &Flow, job: &ParkedJob) -> Markup {
    let rows = flow
        .mapping
        .rows()
        .iter()
        .filter(|row| is_set_by_people(row));
    let (pressing, others): (Vec<&Row>, Vec<&Row>) = rows.partition(|row| is_pressing(job, row));
    html! {
        form method="post" action="/parked/edit" {
            (form::token(session)) (record_fields(&job.key))
            @if pressing.is_empty() {
                p { "No field stands out. Any of them can be changed below." }
            }
            @for row in &pressing { (field(job, row)) }
            details {
                summary { "Other fields (" (others.len()) ")" }
                @for row in &others { (field(job, row)) }
            }
            p.hint { "A value is written to every system that may hold it, then the record is looked at again." }
            button { "Write and look again" }
        }
    }
}

fn field(job: &ParkedJob, row: &Row) -> Markup {
    let (choice, typed) = (format!("choice.{}", row.name), format!("text.{}", row.name));
    let described = format!("now.{}", row.name);
    let sides = Side::BOTH.map(|side| (side, on(job, side, row)));
    html! {
        fieldset {
            legend { (row.name) }
            p.hint id=(described) {
                @for (place, (side, value)) in sides.iter().enumerate() {
                    @if place > 0 { " · " }
                    (system(*side)) ": " (show::maybe(value.as_ref()))
                }
            }
            label for=(choice) { "Set to" }
            select id=(choice) name=(choice) aria-describedby=(described) {
                option value="keep" { "leave as it is" }
                @for (side, value) in &sides {
                    @if value.is_some() {
                        option value=(side) { "the value of " (system(*side)) }
                    }
                }
                @if !row.required.left && !row.required.right { option value="empty" { "empty" } }
                @if is_typed(&row.kind) { option value="typed" { "what I type" } }
            }
            @if is_typed(&row.kind) {
                label for=(typed) { "Typed value" }
                input id=(typed) name=(typed) autocomplete="off";
            }
        }
    }
}

/// What a person chose for a field, if it is to be changed.
fn chosen(form: &Submitted, job: &ParkedJob, row: &Row) -> Result<Option<Value>, String> {
    let choice = form.get(&format!("choice.{}", row.name));
    let typed = form.get(&format!("text.{}", row.name)).trim();
    let of = |side: Side| {
        on(job, side, row).ok_or_else(|| format!("{} has no such value", system(side)))
    };
    if !typed.is_empty() && !matches!(choice, "keep" | "" | "typed") {
        return Err("either choose a value or type one, not both".to_owned());
    }
    match choice {
        "left" => of(Side::Left).map(Some),
        "right" => of(Side::Right).map(Some),
        "empty" => Ok(Some(Value::Null)),
        "typed" if typed.is_empty() => Err("type the value, or choose another".to_owned()),
        _ if typed.is_empty() => Ok(None),
        _ => values::parse(&row.kind, typed).map(Some),
    }
}

/// Changes a record as a person says.
pub(super) async fn edit(
    State(page): State<Arc<Page>>,
    form: Submitted,
) -> Result<Response, Trouble> {
    let key = form.key()?;
    let live = page.service.live();
    let flow = live.engine.flow(&key.flow)?;
    let job = find(&live.engine, &key).await?;
    let mut values = Document::new();
    let mut wrong: BTreeMap<&str, String> = BTreeMap::new();
    for row in flow
        .mapping
        .rows()
        .iter()
        .filter(|row| is_set_by_people(row))
    {
        match chosen(&form, &job, row) {
            Ok(Some(value)) => values.set(row.name.clone(), value),
            Ok(None) => {}
            Err(message) => {
                wrong.insert(row.name.as_str(), message);
            }
        }
    }
    let outcome = if let Some((field, message)) = wrong.pop_first() {
        Notice::Failed(format!("{field}: {message}. Nothing was written."))
    } else if values.is_empty() {
        Notice::Failed("Choose or type at least one value. Nothing was written.".to_owned())
    } else {
        match live.engine.edit(&key, &values).await {
            Ok(()) => {
                let done = format!(
                    "{} was changed and is looked at again.",
                    words::record(&key)
                );
                page.sessions.notify(&form.session, Notice::Done(done));
                return Ok(to_list(&key));
            }
            Err(error) => Notice::Failed(Trouble::from(error).message().to_owned()),
        }
    };
    page.sessions.notify(&form.session, outcome);
    Ok(Redirect::to(&address("/parked/record", &key, &[])).into_response())
}

fn to_list(key: &JobKey) -> Response {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("flow", key.flow.as_str());
    Redirect::to(&format!("/parked?{}", query.finish())).into_response()
}

/// Looks at a record again.
pub(super) async fn replay(
    State(page): State<Arc<Page>>,
    form: Submitted,
) -> Result<Response, Trouble> {
    let key = form.key()?;
    let engine = Arc::clone(&page.service.live().engine);
    engine.flow(&key.flow)?;
    engine.replay(std::slice::from_ref(&key)).await?;
    let done = format!("{} is looked at again.", words::record(&key));
    page.sessions.notify(&form.session, Notice::Done(done));
    Ok(to_list(&key))
}

/// Takes a record off the list.
pub(super) async fn dismiss(
    State(page): State<Arc<Page>>,
    form: Submitted,
) -> Result<Response, Trouble> {
    let key = form.key()?;
    let engine = Arc::clone(&page.service.live().engine);
    engine.flow(&key.flow)?;
    let notice = match engine.dismiss(std::slice::from_ref(&key)).await? {
        0 => Notice::Failed(format!("{} was not parked any more.", words::record(&key))),
        _ => Notice::Done(format!("{} was dismissed.", words::record(&key))),
    };
    page.sessions.notify(&form.session, notice);
    Ok(to_list(&key))
}

/// The parked job of a record.
async fn find(engine: &Engine, key: &JobKey) -> Result<ParkedJob, Trouble> {
    let mut after: Option<JobKey> = None;
    loop {
        let jobs = engine.parked(&key.flow, after.as_ref(), PAGE).await?;
        let Some(last) = jobs.last().map(|job| job.key.clone()) else {
            let message = format!(
                "{} of {} is not parked (any more).",
                words::record(key),
                key.flow
            );
            return Err(Trouble::new(StatusCode::NOT_FOUND, message));
        };
        if let Some(job) = jobs.into_iter().find(|job| job.key == *key) {
            return Ok(job);
        }
        after = Some(last);
    }
}
