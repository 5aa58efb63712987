//! Every exchange between our client and the simulated Zoho in the target `it`, judged by Zoho's OpenAPI documents.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use zoho_crm_simulator::conformance::{self, KnownFault, Sides};

/// Where the documents contradict themselves, newer documents or observations.
const KNOWN: &[KnownFault] = &[];

#[test]
fn every_exchange_conforms_to_zohos_openapi_documents() {
    let judged = conformance::judge_run(
        env!("CARGO_PKG_NAME"),
        env!("CARGO_TARGET_TMPDIR"),
        "end-to-end",
        Sides::Both,
        KNOWN,
    );
    let Some(verdict) = judged.unwrap() else {
        return;
    };
    assert!(verdict.judged > 100, "{} exchanges", verdict.judged);
    let complaints = verdict.complaints(KNOWN);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
