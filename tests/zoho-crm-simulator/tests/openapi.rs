//! Every response of the simulator, as the target `it` saw it, judged by Zoho's OpenAPI documents.
//!
//! The requests of `it` are not judged: many of them are wrong on purpose.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use zoho_crm_simulator::conformance::{self, KnownFault, Sides};

const fn fault(
    method: &'static str,
    path: &'static str,
    complaint: &'static str,
    reason: &'static str,
) -> KnownFault {
    KnownFault {
        method,
        path,
        complaint,
        reason,
    }
}

/// Where the documents contradict themselves, newer documents or observations (sections of the reference in brackets).
const KNOWN: &[KnownFault] = &[
    fault(
        "GET",
        "/crm/v8/*/*/actions/download_fields_attachment",
        "document has ['application/x-download']",
        "the document gives a refusal the type of the file; everywhere else it is JSON",
    ),
    fault(
        "POST",
        "/crm/v8/*/actions/mass_delete",
        "mass_delete_cvid.Success_Response.details)",
        "rows that failed stand beside those that did not [2.5]",
    ),
    fault(
        "POST",
        "/crm/v8/*/actions/mass_delete",
        "document allows only ['SUCCESS']",
        "rows that failed stand beside those that did not [2.5]",
    ),
    fault(
        "POST",
        "/crm/v8/*/actions/mass_delete",
        "'error' not one of",
        "rows that failed stand beside those that did not [2.5]",
    ),
    fault(
        "POST",
        "/crm/v8/upload",
        "'success' not one of",
        "details.id and created_by are demanded, samples have file_id [7.2]",
    ),
    fault(
        "POST",
        "/crm/v8/upload",
        "without an error object",
        "the form of a rejected upload that the SDK declares [7.2]",
    ),
    fault(
        "GET",
        "/v7/crm/*",
        "no document has this path",
        "the path comes from the job, the document has a placeholder [7.2]",
    ),
    fault(
        "GET",
        "/crm/v8/*",
        "tags.Tag)",
        "records show tags by name, id and colour; the document means the tag's own resource [3]",
    ),
    fault(
        "GET",
        "/crm/v8/org/currencies",
        "'currencies' missing",
        "403 when not enabled is in newer documents only [8]",
    ),
    fault(
        "POST",
        "/crm/v8/actions/watch",
        "$.watch[",
        "rows that failed stand in `watch` [5.3]",
    ),
    fault(
        "PUT",
        "/crm/v8/actions/watch",
        "common.MandatoryError",
        "NOT_SUBSCRIBED was observed wrapped in `watch` [5.3]",
    ),
    fault(
        "PATCH",
        "/crm/v8/actions/watch",
        "common.MandatoryError",
        "NOT_SUBSCRIBED was observed wrapped in `watch` [5.3]",
    ),
    fault(
        "DELETE",
        "/crm/v8/actions/watch",
        "common.MandatoryError",
        "NOT_SUBSCRIBED was observed wrapped in `watch` [5.3]",
    ),
    fault(
        "POST",
        "/crm/v8/Notes",
        "$.data[0]",
        "rows that failed are listed under the older status 202 [2.5]",
    ),
    fault(
        "POST",
        "/crm/v8/*/Notes",
        "method POST not in the documents",
        "newer documents have notes below records [12.2]",
    ),
    fault(
        "GET",
        "/crm/v8/Notes/*",
        "notes.Note)",
        "only the fields that were asked for are there, the document demands all",
    ),
    fault(
        "GET",
        "/crm/v8/settings/modules*",
        "'subform' not one of",
        "subform modules are documented elsewhere [8]",
    ),
    fault(
        "GET",
        "/crm/v8/*/Attachments",
        "attachments.Attachment)",
        "only the fields that were asked for are there, the document demands all",
    ),
    fault(
        "GET",
        "/crm/v8/*/Attachments/*",
        "Content-Type",
        "not every attachment is a PNG",
    ),
    fault(
        "DELETE",
        "/crm/v8/*/Attachments",
        "attachments.InvalidUrlError",
        "rows that failed stand in `data` [2.5]",
    ),
    fault(
        "POST",
        "/crm/v8/*/actions/change_owner",
        "no property of the reply",
        "success is listed under 202 here and under 200 in newer documents [2.1]",
    ),
    fault(
        "POST",
        "/crm/v8/settings/fields",
        "$.fields[",
        "mixed outcomes are not foreseen [2.5]",
    ),
    fault(
        "POST",
        "/crm/v8/settings/tags",
        "$.tags[",
        "mixed outcomes are not foreseen [2.5]",
    ),
    fault(
        "POST",
        "/crm/v8/*/actions/add_tags",
        "$.data[",
        "mixed outcomes are not foreseen [2.5]",
    ),
    fault(
        "GET",
        "/crm/bulk/v8/read/*",
        "bulk_read.Result)",
        "a failed job has an error message for its result [7.1]",
    ),
    fault(
        "POST",
        "/crm/v8/*/actions/clone",
        "no property of the reply",
        "a row that failed stands in `data` [2.5]",
    ),
    fault(
        "POST",
        "/crm/v8/*/Locking_Information__s",
        "not of type array",
        "the list of outcomes is nested once too often",
    ),
    fault(
        "POST",
        "/oauth/v2/token/revoke",
        "token reply",
        "the tool takes the revocation for a token request [1.2]",
    ),
];

#[test]
fn every_response_conforms_to_zohos_openapi_documents() {
    let judged = conformance::judge_run(
        env!("CARGO_PKG_NAME"),
        env!("CARGO_TARGET_TMPDIR"),
        "zoho-simulator",
        Sides::Responses,
        KNOWN,
    );
    let Some(verdict) = judged.unwrap() else {
        return;
    };
    assert!(verdict.judged > 500, "{} exchanges", verdict.judged);
    let complaints = verdict.complaints(KNOWN);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
