//! The overview: what needs a person, and how everything stands.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use client_core::StoredToken;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use sync_core::{
    Allowance, BudgetStatus, ChannelHealth, FlowHealth, FlowName, Health, Side, StopReason,
};

use super::{
    Page,
    form::{self, Submitted},
    layout::{Part, View},
    session::{Notice, Session},
    show::{self, Kind, ago, badge, count, span, table},
    trouble::Trouble,
};
use crate::{
    failure::Failure,
    pace::{self, Pace},
    service::{Live, Service},
    tokens::{self, Held},
    words::system,
};

/// Seconds between two loads of a view that keeps itself fresh.
pub(super) const REFRESH: u32 = 10;

/// Whether a view is to keep itself fresh.
#[derive(Debug, Deserialize)]
pub(super) struct Freshness {
    #[serde(default)]
    live: u8,
}

impl Freshness {
    pub(super) fn refresh(&self) -> Option<u32> {
        (self.live > 0).then_some(REFRESH)
    }
}

/// The switch for it. Off unless it is asked for: a page that moves by itself disturbs who reads it slowly.
pub(super) fn freshness_switch(path: &str, is_live: bool) -> Markup {
    html! {
        p.aside {
            @if is_live {
                "Loaded anew every " (REFRESH) " seconds. "
                a href=(path) { "Stop that" }
            } @else {
                a href={ (path) "?live=1" } { "Load anew every " (REFRESH) " seconds" }
            }
        }
    }
}

/// The view.
pub(super) async fn show(
    State(page): State<Arc<Page>>,
    Extension(session): Extension<Session>,
    Query(freshness): Query<Freshness>,
) -> Result<Response, Trouble> {
    let live = page.service.live();
    let health = live.engine.health().await?;
    let held = tokens::held(&live.setup).await;
    let now = page.service.now();
    let refresh = freshness.refresh();
    let content = html! {
        (attention(&page.service, &live, &health, &session))
        (flows(&health, now))
        (switched_off(&live))
        (credits(&health, &page.service.metrics.pace, now))
        (channels(&health, now))
        (token_table(&held, now))
        (instance(&page.service, &live, now))
        (stop_form(&live, &session))
        (freshness_switch("/", refresh.is_some()))
    };
    Ok(View::new(Part::Overview, "Overview", content)
        .refresh(refresh)
        .answer(&page, &session))
}

/// What a person should look at, the worst first.
fn attention(service: &Service, live: &Live, health: &Health, session: &Session) -> Markup {
    let stopped: Vec<&FlowHealth> = health
        .flows
        .iter()
        .filter(|flow| flow.stopped.is_some())
        .collect();
    let waiting: Vec<&FlowHealth> = health.flows.iter().filter(|flow| !flow.approved).collect();
    let parked: u64 = health.flows.iter().map(|flow| flow.counts.parked).sum();
    let failing = failing(health);
    let silent = health
        .channels
        .iter()
        .filter(|channel| channel.silent_since.is_some());
    let silent: Vec<&ChannelHealth> = silent.collect();
    let refused = service.refused();
    let is_well = stopped.is_empty()
        && waiting.is_empty()
        && parked == 0
        && failing.is_empty()
        && silent.is_empty()
        && refused.is_none();
    html! {
        section aria-labelledby="attention" {
            h2 #attention { "Needs you" }
            @if is_well {
                p { (badge(Kind::Good, "All is well")) " Nothing waits for you." }
            } @else {
                ul.attention {
                    @for flow in &stopped { li { (stopped_flow(flow, session)) } }
                    @if let Some(refused) = &refused {
                        li {
                            (badge(Kind::Bad, "Configuration")) " The changed configuration was not taken up; the one before it is in force. "
                            span.said { (refused.reason) }
                        }
                    }
                    @for (name, message) in &failing {
                        li { (badge(Kind::Bad, "Failing")) " " (name) ": " span.said { (message) } }
                    }
                    @for flow in &waiting {
                        li {
                            (badge(Kind::Care, "Waits")) " " (flow.flow) " does nothing until its first-sync plan is approved: "
                            a href={ "/plans?flow=" (flow.flow) } { "see the plan of " (flow.flow) } "."
                        }
                    }
                    @for channel in &silent {
                        li { (badge(Kind::Care, "Silent")) " " (system(channel.side)) " changes records of " (channel.flow) " without announcing it. Polling finds them meanwhile." }
                    }
                    @if parked > 0 {
                        li {
                            (badge(Kind::Care, "Parked")) " "
                            a href="/parked" { (count(parked)) @if parked == 1 { " record waits" } @else { " records wait" } " for a decision" } "."
                        }
                    }
                }
            }
            @for on in &live.setup.flows.on {
                @for note in &on.notes {
                    p.aside { (on.flow.name) ": " (note) }
                }
            }
        }
    }
}

/// Each trouble of a system once, with the flows that have it.
fn failing(health: &Health) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for flow in &health.flows {
        for side in Side::BOTH {
            if let Some(error) = &flow.sides.get(side).last_error {
                let who = format!("{} ({})", system(side), flow.flow);
                all.push((who, error.to_string()));
            }
        }
    }
    all
}

fn stopped_flow(flow: &FlowHealth, session: &Session) -> Markup {
    let Some(stopped) = &flow.stopped else {
        return html! {};
    };
    let beyond = beyond(&stopped.reason);
    html! {
        (badge(Kind::Bad, "Stopped")) " " (flow.flow) ": " span.said { (stopped.reason) } " Nothing of it is written; its queue fills, and nothing is lost. "
        details {
            summary { "Let " (flow.flow) " go on" }
            form method="post" action="/flow/release" {
                (form::token(session))
                input type="hidden" name="flow" value=(flow.flow);
                @if let Some((what, number)) = beyond {
                    p {
                        input #{ "allow-" (flow.flow) } type="checkbox" name="allow" value=(number);
                        label for={ "allow-" (flow.flow) } { "I have looked into it: allow " (count(number)) " " (what) " more than the guard does, within its window" }
                    }
                    p.hint { "Without this it is stopped again where it stood." }
                }
                button { "Let it go on" }
            }
        }
    }
}

/// How much more than the guard allows was wanted, and of what.
fn beyond(reason: &StopReason) -> Option<(&'static str, u64)> {
    match reason {
        StopReason::Deletes { wanted, allowed } => {
            Some(("deletions", wanted.saturating_sub(*allowed)))
        }
        StopReason::Updates { wanted, allowed } => {
            Some(("changes", wanted.saturating_sub(*allowed)))
        }
        _ => None,
    }
}

fn state(flow: &FlowHealth) -> Markup {
    let is_failing = Side::BOTH
        .into_iter()
        .any(|side| flow.sides.get(side).last_error.is_some());
    match () {
        () if flow.stopped.is_some() => badge(Kind::Bad, "stopped"),
        () if !flow.approved => badge(Kind::Care, "waits for its plan"),
        () if is_failing => badge(Kind::Bad, "a system fails"),
        () => badge(Kind::Good, "runs"),
    }
}

fn lag(flow: &FlowHealth, side: Side) -> Markup {
    let mut feeds = flow
        .feeds
        .iter()
        .filter(|feed| feed.side == side)
        .peekable();
    if feeds.peek().is_none() {
        return html! { span.faint { "not polled" } };
    }
    let lags: Option<Vec<_>> = feeds.map(|feed| feed.lag).collect();
    match lags.and_then(|lags| lags.into_iter().max()) {
        Some(lag) => html! { (span(lag)) },
        None => html! { span.faint { "not read yet" } },
    }
}

fn flows(health: &Health, now: Timestamp) -> Markup {
    let body = html! {
        thead { tr {
            th scope="col" { "Flow" } th scope="col" { "State" }
            th.number scope="col" { "Pairs" } th.number scope="col" { "Queued" } th.number scope="col" { "Oldest" }
            th.number scope="col" { "Parked" } th.number scope="col" { "X3 read" } th.number scope="col" { "Zoho read" }
            th scope="col" { "Last success" } th scope="col" { "All compared" }
        } }
        tbody {
            @for flow in &health.flows {
                tr {
                    th scope="row" { (flow.flow) }
                    td { (state(flow)) }
                    td.number { (count(flow.counts.linked)) }
                    td.number { (count(flow.counts.queued)) }
                    td.number { @match flow.oldest_job { Some(age) => (span(age)), None => span.faint { "–" } } }
                    td.number {
                        @if flow.counts.parked > 0 {
                            a href={ "/parked?flow=" (flow.flow) } { (count(flow.counts.parked)) span.unseen { " parked records of " (flow.flow) } }
                        } @else { "0" }
                    }
                    td.number { (lag(flow, Side::Left)) }
                    td.number { (lag(flow, Side::Right)) }
                    td { (ago(now, flow.last_success)) }
                    td { (ago(now, flow.last_sweep)) }
                }
            }
        }
    };
    html! {
        section aria-labelledby="flows" {
            h2 #flows { "Flows" }
            (table("Flows and how they stand", &body))
            p.hint { "“Read” is how long ago all changes of that system were last read to the end." }
        }
    }
}

fn switched_off(live: &Live) -> Markup {
    let off = &live.setup.flows.off;
    html! {
        @if !off.is_empty() {
            details {
                summary { "Flows that are off (" (off.len()) ")" }
                dl {
                    @for flow in off { dt { (flow.name) } dd { (flow.reason) } }
                }
            }
        }
    }
}

fn credits(health: &Health, pace: &Pace, now: Timestamp) -> Markup {
    let body = html! {
        thead { tr {
            th scope="col" { "System" } th scope="col" { "Budget" } th.number scope="col" { "May be spent" }
            th.number scope="col" { "Spent" } th.number scope="col" { "Left" } th.number scope="col" { "Last hour" } th scope="col" { "Forecast" }
        } }
        tbody { @for status in &health.budgets { (budget_rows(status, pace, now)) } }
    };
    html! {
        section aria-labelledby="credits" {
            h2 #credits { "Credits" }
            @if health.budgets.is_empty() {
                @let spent = pace.last_hour(Side::Right, now);
                p {
                    "No budget is set. In the last hour this instance made " (count(spent.calls)) " calls to Zoho for "
                    (count(spent.credits)) " credits, and " (count(pace.last_hour(Side::Left, now).calls)) " calls to X3."
                }
            } @else {
                (table("Budgets and how long they last", &body))
            }
        }
    }
}

fn budget_rows(status: &BudgetStatus, pace: &Pace, now: Timestamp) -> Markup {
    let budget = &status.budget;
    let hour = pace.last_hour(status.side, now);
    let units = [
        ("calls", budget.calls, status.spent.calls, hour.calls),
        (
            "credits",
            budget.credits,
            status.spent.credits,
            hour.credits,
        ),
        ("bytes", budget.bytes, status.spent.bytes, hour.bytes),
    ];
    html! {
        @for (unit, limit, spent, hour) in units {
            @if let Some(limit) = limit {
                @let left = limit.saturating_sub(spent);
                tr {
                    th scope="row" { (system(status.side)) }
                    td { (budget.name) " in " (span(budget.window)) }
                    td.number { (count(limit)) " " (unit) }
                    td.number { (count(spent)) }
                    td.number { (count(left)) }
                    td.number { (count(hour)) }
                    td {
                        @match pace::lasts(left, hour) {
                            None => span.faint { "nothing was spent in the last hour" },
                            Some(time) if time >= budget.window => { (badge(Kind::Good, "lasts")) },
                            Some(time) => { (badge(Kind::Care, "runs out")) " in " (span(time)) " at this pace" },
                        }
                    }
                }
            }
        }
    }
}

fn channels(health: &Health, now: Timestamp) -> Markup {
    let body = html! {
        thead { tr {
            th scope="col" { "Flow" } th scope="col" { "State" } th scope="col" { "Opened" } th scope="col" { "Ends unless renewed" } th scope="col" { "Last event" }
        } }
        tbody {
            @for channel in &health.channels {
                tr {
                    th scope="row" { (channel.flow) " from " (system(channel.side)) }
                    td {
                        @match (channel.opened_at, channel.silent_since) {
                            (None, _) => (badge(Kind::Care, "not open")),
                            (_, Some(_)) => (badge(Kind::Care, "silent")),
                            _ => (badge(Kind::Good, "open")),
                        }
                    }
                    td { (ago(now, channel.opened_at)) }
                    td { (ago(now, channel.ends_at)) }
                    td { (ago(now, channel.last_event_at)) }
                }
            }
        }
    };
    html! {
        section aria-labelledby="channels" {
            h2 #channels { "Channels" }
            @if health.channels.is_empty() {
                p { "There are none: changes are found by polling." }
            } @else {
                (table("Notification channels", &body))
            }
        }
    }
}

fn token_table(held: &[Held], now: Timestamp) -> Markup {
    let body = html! {
        thead { tr {
            th scope="col" { "System" } th scope="col" { "Credential" } th scope="col" { "Access token" } th scope="col" { "Long-lived token" }
        } }
        tbody {
            @for held in held {
                tr {
                    th scope="row" { (system(held.side)) }
                    td { (held.kind) }
                    td { (access(held.token.as_ref(), now)) }
                    td { (long_lived(held.token.as_ref(), now)) }
                }
            }
        }
    };
    html! {
        section aria-labelledby="tokens" {
            h2 #tokens { "Tokens" }
            (table("Credentials and when they end", &body))
            p.hint { "Their values are never shown." }
        }
    }
}

fn access(token: Result<&Option<StoredToken>, &Failure>, now: Timestamp) -> Markup {
    match token {
        Err(_) => badge(Kind::Bad, "cannot be read"),
        Ok(None) => html! { span.faint { "made for each call" } },
        Ok(Some(token)) => match (&token.access_token, token.expires_at) {
            (None, _) => html! { span.faint { "none at the moment" } },
            (Some(_), Some(at)) if at <= now => {
                html! { "ended " (ago(now, Some(at))) "; renewed with the next call" }
            }
            (Some(_), at) => html! { "ends " (ago(now, at)) },
        },
    }
}

fn long_lived(token: Result<&Option<StoredToken>, &Failure>, now: Timestamp) -> Markup {
    match token {
        Ok(Some(token)) => match (&token.refresh_token, token.refresh_expires_at) {
            (None, _) => html! { span.faint { "in the configuration" } },
            (Some(_), None) => html! { "kept; does not end by itself" },
            (Some(_), at) => html! { "ends " (ago(now, at)) },
        },
        _ => html! { span.faint { "–" } },
    }
}

fn instance(service: &Service, live: &Live, now: Timestamp) -> Markup {
    html! {
        section aria-labelledby="instance" {
            h2 #instance { "This instance" }
            dl.facts {
                dt { "Version" } dd { (env!("CARGO_PKG_VERSION")) }
                dt { "Connection" } dd { (live.setup.config.connection) }
                dt { "Running since" } dd { (show::exact(service.started_at)) " (" (ago(now, Some(service.started_at))) ")" }
                dt { "Configuration of" } dd { (show::exact(live.since)) }
            }
        }
    }
}

fn stop_form(live: &Live, session: &Session) -> Markup {
    let names: Vec<&FlowName> = live.setup.names().collect();
    html! {
        details {
            summary { "Stop a flow" }
            form method="post" action="/flow/stop" {
                (form::token(session))
                p { "Nothing of it is written until you let it go on. Changes queue up, and nothing is lost." }
                p { label for="flow" { "Flow" } (show::flow_choice(names, "")) }
                p { label for="why" { "Why" } input #why name="why" required maxlength="200" autocomplete="off"; }
                button.danger { "Stop it" }
            }
        }
    }
}

/// Stops a flow.
pub(super) async fn stop(
    State(page): State<Arc<Page>>,
    form: Submitted,
) -> Result<Redirect, Trouble> {
    let why = form.get("why").trim();
    if why.is_empty() {
        return Err(Trouble::not_understood(
            "Say why, for those who find it stopped.",
        ));
    }
    let flow = form.flow();
    page.service.live().engine.stop(&flow, why).await?;
    let done = Notice::Done(format!("{flow} is stopped."));
    page.sessions.notify(&form.session, done);
    Ok(Redirect::to("/"))
}

/// Lets a stopped flow go on.
pub(super) async fn release(
    State(page): State<Arc<Page>>,
    form: Submitted,
) -> Result<Response, Trouble> {
    let flow = form.flow();
    let engine = Arc::clone(&page.service.live().engine);
    let more: u64 = form.get("allow").parse().unwrap_or_default();
    let reason = engine.stopped(&flow).await?.map(|stopped| stopped.reason);
    let allowance = match reason {
        Some(StopReason::Deletes { .. }) => Allowance {
            deletes: more,
            updates: 0,
        },
        Some(StopReason::Updates { .. }) => Allowance {
            deletes: 0,
            updates: more,
        },
        _ => Allowance::default(),
    };
    engine.release(&flow, allowance).await?;
    let done = Notice::Done(format!("{flow} goes on."));
    page.sessions.notify(&form.session, done);
    Ok(Redirect::to("/").into_response())
}
