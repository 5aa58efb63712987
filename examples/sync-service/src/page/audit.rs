//! The audit, the newest first.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;
use sync_core::{AuditEvent, JobKey, StoredAudit};

use super::{
    Page,
    form::{self, address},
    layout::{Part, View},
    overview::{REFRESH, freshness_switch},
    session::Session,
    show::{Kind, badge, exact, maybe, pair_links, table, value},
    trouble::Trouble,
};
use crate::{recent, words};

/// Entries in a page.
const SHOWN: usize = 100;

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    live: u8,
    /// Only entries before this one.
    before: Option<u64>,
    #[serde(default)]
    flow: String,
    #[serde(default)]
    side: String,
    #[serde(default)]
    id: String,
}

/// The view.
pub(super) async fn show(
    State(page): State<Arc<Page>>,
    Extension(session): Extension<Session>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let key = match wanted.id.is_empty() {
        true => None,
        false => Some(form::key(&wanted.flow, &wanted.side, &wanted.id)?),
    };
    let engine = Arc::clone(&page.service.live().engine);
    let entries = match &key {
        None => recent::entries(&engine, wanted.before, SHOWN).await?,
        Some(key) => recent::of_record(&engine, (key.side, key.id.clone()), SHOWN).await?,
    };
    let is_live = wanted.live > 0 && key.is_none() && wanted.before.is_none();
    let content = html! {
        @match &key {
            Some(key) => p { "Everything that was done with " a href=(address("/pair", key, &[])) { (words::record(key)) } ", the newest first." },
            None => (freshness_switch("/audit", is_live)),
        }
        @if entries.is_empty() {
            p { "There are no entries." }
        } @else {
            (entries_table(&entries))
        }
        (older(key.as_ref(), &entries))
    };
    Ok(View::new(Part::Audit, "Audit", content)
        .refresh(is_live.then_some(REFRESH))
        .answer(&page, &session))
}

fn older(key: Option<&JobKey>, entries: &[StoredAudit]) -> Markup {
    let last = entries.last().filter(|_| key.is_none());
    html! {
        @if let Some(last) = last {
            p { a href={ "/audit?before=" (last.sequence) } { "Older entries" } }
        }
    }
}

fn entries_table(entries: &[StoredAudit]) -> Markup {
    let body = html! {
        thead { tr {
            th scope="col" { "When" } th scope="col" { "Pair" } th scope="col" { "What was done" } th scope="col" { "Fields" }
        } }
        tbody {
            @for stored in entries {
                @let entry = &stored.entry;
                tr {
                    td { (exact(entry.at)) br; span.faint { "No. " (stored.sequence) } }
                    td { (entry.flow) br; (pair_links(&entry.flow, &entry.ids)) }
                    td {
                        (deed(&entry.event))
                        br; span.faint { "by " (words::cause(&entry.cause)) @if entry.attempt > 1 { ", try " (entry.attempt) } }
                    }
                    td {
                        @if !entry.fields.is_empty() {
                            details {
                                summary { (entry.fields.len()) @if entry.fields.len() == 1 { " field" } @else { " fields" } }
                                dl {
                                    @for decision in &entry.fields {
                                        dt { (decision.field) }
                                        dd {
                                            "X3 " (value(&decision.left)) " · Zoho " (value(&decision.right))
                                            " → " (maybe(decision.result.as_ref())) " "
                                            span.faint { "(" (words::verdict(decision.verdict)) ")" }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    table("Audit entries", &body)
}

/// What was done, with a mark at what went wrong.
fn deed(event: &AuditEvent) -> Markup {
    match event {
        AuditEvent::Parked(why) => html! {
            (badge(Kind::Care, "parked")) " " bdi { (words::reason(why)) }
        },
        AuditEvent::WriteFailed { .. } | AuditEvent::FlowStopped { .. } => html! {
            (badge(Kind::Bad, "failed")) " " bdi { (words::event(event)) }
        },
        _ => html! { bdi { (words::event(event)) } },
    }
}
