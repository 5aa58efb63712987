//! Every exchange between our client and the simulated Zoho in the target `it`, judged by Zoho's OpenAPI documents.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::io::Write as _;

use zoho_crm_simulator::conformance::{self, ConformanceError, KnownFault, Sides};

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
    let verdict = match judged {
        Err(ConformanceError::Missing(path)) if !conformance::is_required() => {
            // Past the test harness, which shows nothing of a test that passes.
            writeln!(
                std::io::stderr(),
                "\nSKIPPED: {} is not there; the exchanges were not judged by Zoho's OpenAPI documents",
                path.display()
            )
            .unwrap();
            return;
        }
        judged => judged.unwrap(),
    };
    assert!(verdict.judged > 100, "{} exchanges", verdict.judged);
    let complaints = verdict.complaints(KNOWN);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
