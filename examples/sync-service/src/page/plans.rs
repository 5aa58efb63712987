//! First-sync plans: what the first meeting of two full systems would do, and a person's approval of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Extension,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use sync_core::{
    Engine, FirstSyncPlan, FlowName, FlowStatus, PageToken, PlanEntry, PlanProgress, PlannedAction,
    Side, Sides,
};

use super::{
    Page,
    form::{self, Submitted},
    layout::{Part, View},
    overview::REFRESH,
    session::{Notice, Session},
    show::{Kind, ago, badge, count, exact, maybe, pair_links, table, value},
    trouble::Trouble,
};
use crate::words::{system, verdict};

/// Entries in a page.
const SHOWN: usize = 50;

/// The plans that are being made, reviewed and taken up, one a flow.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk(Arc<Mutex<BTreeMap<FlowName, Stage>>>);

/// How far a plan is.
#[derive(Clone, Debug)]
enum Stage {
    /// Both systems are being read; so many records so far.
    Reading(Sides<u64>),
    /// It waits for approval.
    Ready {
        plan: Arc<FirstSyncPlan>,
        at: Timestamp,
    },
    /// It was approved and is being made anew, then taken up; so many entries of all.
    Applying { done: u64, all: u64 },
    /// It was taken up.
    Applied { hash: String, at: Timestamp },
    /// It came to nothing.
    Failed { message: String, at: Timestamp },
}

impl Stage {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Reading(_) | Self::Applying { .. })
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<FlowName, Stage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, flow: &FlowName) -> Option<Stage> {
        self.lock().get(flow).cloned()
    }

    /// Begins something with a flow unless something is going on.
    fn begin(&self, flow: &FlowName, stage: Stage) -> bool {
        let mut all = self.lock();
        if all.get(flow).is_some_and(Stage::is_busy) {
            return false;
        }
        all.insert(flow.clone(), stage);
        true
    }

    fn set(&self, flow: &FlowName, stage: Stage) {
        self.lock().insert(flow.clone(), stage);
    }

    fn progress(&self, flow: &FlowName, progress: PlanProgress) {
        let mut all = self.lock();
        let Some(stage) = all.get_mut(flow) else {
            return;
        };
        match (stage, progress) {
            (Stage::Reading(read), PlanProgress::Listed(side, records)) => {
                *read.get_mut(side) = records;
            }
            (Stage::Applying { done, all }, PlanProgress::Applied(now_done, of_all)) => {
                (*done, *all) = (now_done, of_all);
            }
            _ => {}
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    flow: String,
    page: Option<String>,
}

/// All flows, and the plan of one of them.
pub(super) async fn list(
    State(page): State<Arc<Page>>,
    Extension(session): Extension<Session>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let live = page.service.live();
    let statuses = live.engine.status().await?;
    let chosen = statuses
        .iter()
        .find(|status| status.flow.as_str() == wanted.flow);
    let first = || statuses.iter().find(|status| !status.approved);
    let chosen = chosen.or_else(first).or_else(|| statuses.first());
    let Some(chosen) = chosen else {
        let content = html! { p { "No flow is on." } };
        return Ok(View::new(Part::Plans, "First sync", content).answer(&page, &session));
    };
    let stage = page.plans.of(&chosen.flow);
    let is_busy = stage.as_ref().is_some_and(Stage::is_busy);
    let at = wanted.page.as_deref().map(PageToken::from);
    let content = html! {
        p { "Nothing of a flow is written until a person has approved what its first sync would do." }
        nav.tabs aria-label="Flows" {
            ul {
                @for status in &statuses {
                    li {
                        a href={ "/plans?flow=" (status.flow) } aria-current=[(status.flow == chosen.flow).then_some("true")] {
                            (status.flow) " " span.count { @if status.approved { "approved" } @else { "waits" } }
                        }
                    }
                }
            }
        }
        (standing(chosen, stage.as_ref(), &page, &session))
        @if let Some(Stage::Ready { plan, .. }) = &stage {
            (review(plan, at.as_ref(), &session).await?)
        }
    };
    Ok(View::new(Part::Plans, "First sync", content)
        .refresh(is_busy.then_some(REFRESH / 2))
        .answer(&page, &session))
}

fn standing(status: &FlowStatus, stage: Option<&Stage>, page: &Page, session: &Session) -> Markup {
    let now = page.service.now();
    let flow = &status.flow;
    let (make, explanation) = match stage {
        Some(Stage::Ready { .. }) => (
            "Make it anew",
            "Makes the plan anew, from what the systems hold now.",
        ),
        _ if status.approved => (
            "See what a first sync would do now",
            "The flow runs. A new plan shows what is not settled.",
        ),
        _ => (
            "Make the plan",
            "Reads both systems completely and writes nothing.",
        ),
    };
    html! {
        p {
            @match stage {
                None if status.approved => { (badge(Kind::Good, "approved")) " " (flow) " runs." },
                None => { (badge(Kind::Care, "waits")) " " (flow) " has no approved plan." },
                Some(Stage::Reading(read)) => {
                    (badge(Kind::Plain, "being made")) " " (count(read.left)) " records of X3 and " (count(read.right)) " of Zoho are read. This page loads itself anew."
                },
                Some(Stage::Ready { at, .. }) => { (badge(Kind::Care, "to be reviewed")) " The plan was made " (ago(now, Some(*at))) "." },
                Some(Stage::Applying { done, all }) => {
                    (badge(Kind::Plain, "being taken up")) " "
                    @if *all == 0 { "Both systems are read once more, to see whether the plan still holds." }
                    @else { (count(*done)) " of " (count(*all)) " entries." }
                    " This page loads itself anew."
                },
                Some(Stage::Applied { hash, at }) => { (badge(Kind::Good, "taken up")) " Plan " code { (hash) } " was taken up " (ago(now, Some(*at))) ". What it queued is being worked on." },
                Some(Stage::Failed { message, at }) => { (badge(Kind::Bad, "failed")) " " (exact(*at)) ": " span.said { (message) } },
            }
        }
        @if !stage.is_some_and(Stage::is_busy) {
            form method="post" action="/plans/make" {
                (form::token(session))
                input type="hidden" name="flow" value=(flow);
                p.hint { (explanation) }
                button { (make) }
            }
        }
    }
}

async fn review(
    plan: &FirstSyncPlan,
    at: Option<&PageToken>,
    session: &Session,
) -> Result<Markup, Trouble> {
    let read = plan.entries(at, SHOWN).await?;
    let address = |token: &PageToken| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("flow", plan.flow.as_str());
        query.append_pair("page", token.as_str());
        format!("/plans?{}", query.finish())
    };
    Ok(html! {
        (summary(plan))
        h2 { "Entry by entry" }
        (entries_table(&plan.flow, &read.entries))
        @if let Some(next) = &read.next { p { a href=(address(next)) { "More entries" } } }
        h2 { "Approve" }
        form method="post" action="/plans/approve" {
            (form::token(session))
            input type="hidden" name="flow" value=(plan.flow);
            input type="hidden" name="hash" value=(plan.hash());
            p { "Plan " code { (plan.hash()) } }
            p {
                input #reviewed type="checkbox" name="reviewed" value="yes" required;
                label for="reviewed" { "I have reviewed this plan" }
            }
            p.hint { "If the systems have changed so that anything else would be done, nothing is done, and a new plan is to be reviewed." }
            button { "Approve it" }
        }
    })
}

fn summary(plan: &FirstSyncPlan) -> Markup {
    let sum = plan.summary();
    let rows = [
        ("are pairs already", sum.already_linked, Kind::Plain),
        ("are recognised as pairs and agree", sum.link, Kind::Good),
        ("are recognised as pairs and differ", sum.update, Kind::Care),
        ("are to be created in X3", sum.create.left, Kind::Care),
        ("are to be created in Zoho", sum.create.right, Kind::Care),
        (
            "could have more than one partner: parked",
            sum.ambiguous,
            Kind::Bad,
        ),
        (
            "look like copies of each other: parked",
            sum.duplicate,
            Kind::Bad,
        ),
        (
            "cannot be carried over as they are: parked",
            sum.problem,
            Kind::Bad,
        ),
        ("are left alone by the rules", sum.skip, Kind::Plain),
    ];
    let body = html! {
        thead { tr { th.number scope="col" { "Records" } th scope="col" { "What becomes of them" } } }
        tbody {
            @for (words, number, kind) in rows {
                @if number > 0 {
                    tr { td.number { (badge(kind, &count(number))) } td { (words) } }
                }
            }
        }
    };
    html! {
        h2 { "What it would do" }
        p { (count(plan.listed.left)) " records in X3, " (count(plan.listed.right)) " in Zoho." }
        (table("What the plan would do", &body))
        dl.facts {
            @for side in Side::BOTH {
                @let forecast = plan.forecast.get(side);
                dt { "Cost at " (system(side)) }
                dd {
                    "some " (count(forecast.calls)) " calls"
                    @if forecast.credits > 0 { " and " (count(forecast.credits)) " credits" }
                    ", at least " (count(*plan.write_calls.get(side))) " of them writes"
                }
            }
        }
    }
}

fn entries_table(flow: &FlowName, entries: &[PlanEntry]) -> Markup {
    let body = html! {
        thead { tr { th scope="col" { "Records" } th scope="col" { "What is done" } th scope="col" { "Differences" } } }
        tbody {
            @for entry in entries {
                tr {
                    td { (pair_links(flow, &entry.ids)) }
                    td { (action(flow, &entry.action)) }
                    td {
                        @if !entry.differences.is_empty() {
                            dl {
                                @for decision in &entry.differences {
                                    dt { (decision.field) }
                                    dd {
                                        "X3 " (value(&decision.left)) " · Zoho " (value(&decision.right)) " → "
                                        @match &decision.result { Some(result) => (value(result)), None => { "you decide " (maybe(None)) } }
                                        " " span.faint { "(" (verdict(decision.verdict)) ")" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    table("Entries of the plan", &body)
}

fn action(flow: &FlowName, action: &PlannedAction) -> Markup {
    match action {
        PlannedAction::AlreadyLinked => html! { "nothing: they are a pair" },
        PlannedAction::Link => html! { "linked; they agree" },
        PlannedAction::Update => html! { "linked and made equal" },
        PlannedAction::Create(side) => html! { "created in " (system(*side)) },
        PlannedAction::Skip => html! { "nothing: the rules leave it alone" },
        PlannedAction::Problem(reason) => {
            html! { (badge(Kind::Bad, "parked")) " " bdi { (reason) } }
        }
        PlannedAction::Ambiguous { candidates } => html! {
            (badge(Kind::Bad, "parked")) " could belong to:"
            ul { @for (side, id) in candidates { li { (super::show::pair_link(flow, *side, id)) } } }
        },
        PlannedAction::Duplicate { copies } => html! {
            (badge(Kind::Bad, "parked")) " looks like a copy:"
            ul { @for id in copies { li { bdi { (id) } } } }
        },
        other => html! { (format!("{other:?}")) },
    }
}

/// Makes a plan. It goes on when the browser has left.
pub(super) async fn make(
    State(page): State<Arc<Page>>,
    form: Submitted,
) -> Result<Response, Trouble> {
    let flow = form.flow();
    let engine = Arc::clone(&page.service.live().engine);
    engine.flow(&flow)?;
    if page.plans.begin(&flow, Stage::Reading(Sides::default())) {
        let (desk, flow) = (page.plans.clone(), flow.clone());
        tokio::spawn(async move { make_on(&desk, &engine, &flow).await });
    }
    Ok(to_flow(&flow))
}

async fn make_on(desk: &Desk, engine: &Engine, flow: &FlowName) {
    let planned = engine
        .plan_first_sync(flow, &|step| desk.progress(flow, step))
        .await;
    let at = Timestamp::now();
    let stage = match planned {
        Ok(plan) => Stage::Ready {
            plan: Arc::new(plan),
            at,
        },
        Err(error) => Stage::Failed {
            message: Trouble::from(error).message().to_owned(),
            at,
        },
    };
    desk.set(flow, stage);
}

/// Takes up the plan that a person has reviewed.
pub(super) async fn approve(
    State(page): State<Arc<Page>>,
    form: Submitted,
) -> Result<Response, Trouble> {
    let flow = form.flow();
    let hash = form.get("hash").to_owned();
    let engine = Arc::clone(&page.service.live().engine);
    engine.flow(&flow)?;
    if form.get("reviewed") != "yes" || hash.is_empty() {
        let asked = Notice::Failed("Review the plan first. Nothing was done.".to_owned());
        page.sessions.notify(&form.session, asked);
    } else if page.plans.begin(&flow, Stage::Applying { done: 0, all: 0 }) {
        tracing::info!(%flow, hash, "a first-sync plan was approved on the status page");
        let (desk, flow) = (page.plans.clone(), flow.clone());
        tokio::spawn(async move { apply_on(&desk, &engine, &flow, &hash).await });
    }
    Ok(to_flow(&flow))
}

async fn apply_on(desk: &Desk, engine: &Engine, flow: &FlowName, hash: &str) {
    let applied = engine
        .apply_first_sync(flow, hash, &|step| desk.progress(flow, step))
        .await;
    let at = Timestamp::now();
    let stage = match applied {
        Ok(plan) => Stage::Applied {
            hash: plan.hash(),
            at,
        },
        Err(error) => Stage::Failed {
            message: Trouble::from(error).message().to_owned(),
            at,
        },
    };
    desk.set(flow, stage);
}

fn to_flow(flow: &FlowName) -> Response {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("flow", flow.as_str());
    Redirect::to(&format!("/plans?{}", query.finish())).into_response()
}
