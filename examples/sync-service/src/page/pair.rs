//! A pair: what both systems say now, what they last agreed on, and how each field came by its value.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use sync_core::{Document, FieldName, Flow, FlowName, Inspected, JobKey, Seen, Side, StoredAudit};

use super::{
    Page,
    form::{self, Submitted, Wanted, address, record_fields},
    layout::{Part, View},
    session::{Notice, Session},
    show::{self, Kind, badge, exact, maybe, table},
    trouble::Trouble,
};
use crate::words::{self, system};

/// Entries of a field's history that are shown.
const SHOWN: usize = 200;

/// The form that asks for a record and, once it is named, its pair.
pub(super) async fn show(
    State(page): State<Arc<Page>>,
    Extension(session): Extension<Session>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let live = page.service.live();
    let names: Vec<&FlowName> = live.setup.names().collect();
    let id = wanted.id.trim();
    let found = match id.is_empty() {
        true => {
            html! { p { "Name a record by its identity: X3's code, or the long number in Zoho's address of it." } }
        }
        false => {
            let key = form::key(&wanted.flow, &wanted.side, id)?;
            let flow = live.engine.flow(&key.flow)?;
            let seen = live.engine.inspect(&key.flow, key.side, &key.id).await?;
            body(&session, flow, &key, &seen)
        }
    };
    let content = html! {
        form.search method="get" action="/pair" role="search" {
            p { label for="flow" { "Flow" } (show::flow_choice(names, &wanted.flow)) }
            p { label for="side" { "System" } (show::side_choice(&wanted.side)) }
            p { label for="id" { "Identity" } input #id name="id" value=(id) required autocomplete="off"; }
            button { "Show the pair" }
        }
        (found)
    };
    let title = match id.is_empty() {
        true => "Pairs".to_owned(),
        false => format!("Pair of {id}"),
    };
    Ok(View::new(Part::Pairs, &title, content).answer(&page, &session))
}

fn body(session: &Session, flow: &Flow, key: &JobKey, seen: &Inspected) -> Markup {
    let content = seen.link.as_ref().map(|link| &link.content);
    let base = content.and_then(|content| content.base.as_ref());
    html! {
        dl.facts {
            @for side in Side::BOTH {
                dt { (system(side)) }
                dd { (half(seen.sides.get(side))) }
            }
            dt { "Pair" }
            dd {
                @match content {
                    None => (badge(Kind::Care, "no pair")),
                    Some(content) if content.detached.is_some() => { (badge(Kind::Care, "kept apart")) " a partner was deleted; nothing is written any more" },
                    Some(content) if content.intent.is_some() => (badge(Kind::Plain, "being created")),
                    Some(_) => (badge(Kind::Good, "linked")),
                }
            }
        }
        h2 { "As it is now" }
        (values_table(flow, key, seen.sides.left.fields(), base, seen.sides.right.fields()))
        div.actions {
            form method="post" action="/pair/replay" {
                (form::token(session)) (record_fields(key))
                button { "Compare and settle now" }
            }
            a href=(address("/audit", key, &[])) { "Everything that was done with it" }
        }
    }
}

fn half(seen: &Seen) -> Markup {
    match seen {
        Seen::Nothing => html! { span.faint { "has no record of this pair" } },
        Seen::Gone(id) => html! { bdi { (id) } " " (badge(Kind::Bad, "gone")) },
        Seen::There { id, .. } => html! { bdi { (id) } },
        Seen::Unknown { id, message } => html! {
            bdi { (id) } " " (badge(Kind::Bad, "could not be asked")) " " span.said { (message) }
        },
    }
}

/// Both sides and the base next to each other, a row for each field. Each field leads to its history.
pub(super) fn values_table(
    flow: &Flow,
    key: &JobKey,
    left: Option<&Document>,
    base: Option<&Document>,
    right: Option<&Document>,
) -> Markup {
    let rows = flow.mapping.rows().iter().map(|row| {
        let of = |document: Option<&'_ Document>| {
            document.and_then(|document| document.get(row.name.as_str()).cloned())
        };
        (row, of(left), of(base), of(right))
    });
    let body = html! {
        thead { tr {
            th scope="col" { "Field" } th scope="col" { "X3" } th scope="col" { "Last agreed" } th scope="col" { "Zoho" } th scope="col" { "" span.unseen { "Comparison" } }
        } }
        tbody {
            @for (row, left, base, right) in rows {
                @let differs = left.is_some() && right.is_some() && left != right;
                tr.differs[differs] {
                    th scope="row" {
                        a href=(address("/pair/history", key, &[("field", row.name.as_str())])) { (row.name) span.unseen { ": history" } }
                    }
                    td { (maybe(left.as_ref())) }
                    td { (maybe(base.as_ref())) }
                    td { (maybe(right.as_ref())) }
                    td { @if differs { (badge(Kind::Care, "differs")) } }
                }
            }
        }
    };
    table("The fields of both sides", &body)
}

#[derive(Debug, Deserialize)]
pub(super) struct OfField {
    flow: String,
    side: String,
    id: String,
    field: String,
}

/// Why a field has the value that it has.
pub(super) async fn history(
    State(page): State<Arc<Page>>,
    Extension(session): Extension<Session>,
    Query(wanted): Query<OfField>,
) -> Result<Response, Trouble> {
    let key = form::key(&wanted.flow, &wanted.side, &wanted.id)?;
    let field = FieldName::from(wanted.field.as_str());
    let engine = Arc::clone(&page.service.live().engine);
    engine.flow(&key.flow)?;
    let entries = engine.explain(&key.flow, key.side, &key.id, &field).await?;
    let content = html! {
        p {
            "Why " strong { (field) } " of " a href=(address("/pair", &key, &[])) { (words::record(&key)) }
            " has the value that it has, the newest first."
        }
        @if entries.is_empty() {
            p { "The audit has no entry about it." }
        } @else {
            (entries_table(&field, &entries))
        }
        @if entries.len() > SHOWN {
            p { (entries.len() - SHOWN) " older entries are not shown." }
        }
    };
    let title = format!("History of {field}");
    Ok(View::new(Part::Pairs, &title, content).answer(&page, &session))
}

fn entries_table(field: &FieldName, entries: &[StoredAudit]) -> Markup {
    let body = html! {
        thead { tr {
            th scope="col" { "When" } th scope="col" { "What was done" } th scope="col" { "X3" }
            th scope="col" { "Agreed before" } th scope="col" { "Zoho" } th scope="col" { "Result" } th scope="col" { "Why" }
        } }
        tbody {
            @for stored in entries.iter().take(SHOWN) {
                @let entry = &stored.entry;
                @let decision = entry.fields.iter().find(|decision| decision.field == *field);
                tr {
                    td { (exact(entry.at)) }
                    td { bdi { (words::event(&entry.event)) } br; span.faint { "by " (words::cause(&entry.cause)) } }
                    @match decision {
                        Some(decision) => {
                            td { (show::value(&decision.left)) }
                            td { (maybe(decision.base.as_ref())) }
                            td { (show::value(&decision.right)) }
                            td { (maybe(decision.result.as_ref())) }
                            td { (words::verdict(decision.verdict)) }
                        },
                        None => {
                            td { } td { } td { }
                            td { (maybe(entry.agreed.get(field.as_str()))) }
                            td { "agreed" }
                        },
                    }
                }
            }
        }
    };
    table("History of the field", &body)
}

/// Looks at a pair again.
pub(super) async fn replay(
    State(page): State<Arc<Page>>,
    form: Submitted,
) -> Result<Response, Trouble> {
    let key = form.key()?;
    let engine = Arc::clone(&page.service.live().engine);
    engine.flow(&key.flow)?;
    engine.replay(std::slice::from_ref(&key)).await?;
    let done = "It is compared and settled within a moment. Load the page anew to see the result.";
    page.sessions
        .notify(&form.session, Notice::Done(done.to_owned()));
    Ok(Redirect::to(&address("/pair", &key, &[])).into_response())
}
