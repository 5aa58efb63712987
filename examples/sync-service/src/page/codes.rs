//! Codes of parked records that no table has.

use std::sync::Arc;

use axum::{Extension, extract::State, response::Response};
use maud::{Markup, html};
use sync_core::{CodeScan, JobKey, UnmappedCode};

use super::{
    Page,
    form::address,
    layout::{Part, View},
    session::Session,
    show::{count, table},
    trouble::Trouble,
};
use crate::words::{record, system};

/// The view. Reads the parked records anew, so that what was put right is gone from it.
pub(super) async fn list(
    State(page): State<Arc<Page>>,
    Extension(session): Extension<Session>,
) -> Result<Response, Trouble> {
    let live = page.service.live();
    let mut found = Vec::new();
    for flow in live.setup.names() {
        found.extend(live.engine.unmapped_codes(flow, CodeScan::Parked).await?);
    }
    let content = html! {
        p {
            "Codes of parked records that no table of the configuration has. Add them there; the records are then looked at again. "
            a href="/parked" { "All parked records" } "."
        }
        @if found.is_empty() {
            p { "No code is missing from a table." }
        } @else {
            (codes_table(&found))
        }
    };
    Ok(View::new(Part::Parked, "Codes without a pair", content).answer(&page, &session))
}

fn codes_table(found: &[UnmappedCode]) -> Markup {
    let body = html! {
        thead { tr {
            th scope="col" { "Flow" } th scope="col" { "Table" } th scope="col" { "System" }
            th scope="col" { "Code" } th scope="col" { "Records" } th scope="col" { "Such as" }
        } }
        tbody {
            @for code in found {
                tr {
                    td { (code.flow) }
                    td { (code.missing.table) br; span.faint { "in " (code.row) } }
                    td { (system(code.missing.side)) }
                    td { bdi { (code.missing.code) } }
                    td { (count(code.records)) }
                    td { (samples(code)) }
                }
            }
        }
    };
    table("Codes without a pair", &body)
}

fn samples(code: &UnmappedCode) -> Markup {
    let keys = code.samples.iter().map(|id| JobKey {
        flow: code.flow.clone(),
        side: code.missing.side,
        id: id.clone(),
    });
    html! {
        @for key in keys {
            a href=(address("/pair", &key, &[])) { (record(&key)) } " "
        }
    }
}
