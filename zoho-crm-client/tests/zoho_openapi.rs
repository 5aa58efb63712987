//! Every exchange between the client and the simulator in the target `it`, judged by Zoho's OpenAPI documents.
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

const WHOLE: &str =
    "a request cannot hold what only Zoho knows: the document demands the whole resource";
const SAMPLE: &str = "the document takes a sample for the only value";

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
        "GET",
        "/v7/crm/*",
        "no document has this path",
        "the path comes from the job, the document has a placeholder [7.2]",
    ),
    fault(
        "POST",
        "/crm/bulk/v8/read",
        "'module' missing",
        "a further page is asked for by its token alone [7.1]",
    ),
    fault(
        "POST",
        "/crm/v8/*/actions/mass_convert",
        "'id' missing (inventory_mass_convert..module)",
        "a module is told by its name, here as in the conversion of one record",
    ),
    fault(
        "GET",
        "/crm/v8/*",
        "tags.Tag)",
        "records show tags by name, id and colour; the document means the tag's own resource [3]",
    ),
    fault(
        "GET",
        "/crm/v8/*/Locking_Information__s",
        "path:module_name",
        SAMPLE,
    ),
    fault("POST", "/crm/v8/Notes", "notes.Note)", WHOLE),
    fault("PUT", "/crm/v8/Notes", "notes.Note)", WHOLE),
    fault("POST", "/crm/v8/settings/tags", "tags.Tag)", WHOLE),
    fault("PUT", "/crm/v8/settings/tags", "tags.Tag)", WHOLE),
    fault("POST", "/crm/v8/settings/fields", "fields.fields)", WHOLE),
    fault(
        "GET",
        "/crm/v8/users",
        "query:type",
        "newer documents know more kinds of users [8]",
    ),
    fault(
        "GET",
        "/crm/v8/org/currencies",
        "'currencies' missing",
        "403 when not enabled is in newer documents only [8]",
    ),
    fault("POST", "/crm/v8/*/actions/add_tags", "tags.Tag)", WHOLE),
    fault(
        "POST",
        "/crm/v8/*/actions/remove_tags",
        "tags.Existing_Tag)",
        "tags are named by name alone: of name and id the document demands the id",
    ),
    fault("POST", "/crm/v8/*/actions/convert", "path:id", SAMPLE),
    fault(
        "POST",
        "/crm/v8/*/Locking_Information__s",
        "path:module_name",
        SAMPLE,
    ),
    fault(
        "PUT",
        "/crm/v8/*/Locking_Information__s/*",
        "path:module_name",
        SAMPLE,
    ),
    fault(
        "DELETE",
        "/crm/v8/*/Locking_Information__s/*",
        "path:module_name",
        SAMPLE,
    ),
    fault(
        "POST",
        "/crm/v8/*/Attachments",
        "'attachmentUrl' missing",
        "a file is attached without an address [9.2]",
    ),
    fault(
        "GET",
        "/crm/v8/*/Attachments",
        "'ids' missing",
        "all attachments are listed without naming them [9.2]",
    ),
    fault(
        "GET",
        "/crm/v8/*/Attachments/*",
        "Content-Type",
        "not every attachment is a PNG",
    ),
    fault(
        "DELETE",
        "/crm/v8/Notes",
        "notes.Success_Response.details)",
        "what is deleted has no times: newer documents show the id alone [2.4]",
    ),
    fault(
        "POST",
        "/crm/v8/*/actions/change_owner",
        "no property of the reply",
        "success is listed under 202 here and under 200 in newer documents [2.1]",
    ),
    fault(
        "GET",
        "/crm/v8/settings/modules",
        "'subform' not one of",
        "subform modules are documented elsewhere [8]",
    ),
    fault(
        "PATCH",
        "/crm/v8/actions/watch",
        "common.MandatoryError",
        "NOT_SUBSCRIBED was observed wrapped in `watch` [5.3]",
    ),
    fault(
        "PUT",
        "/crm/v8/actions/watch",
        "common.MandatoryError",
        "NOT_SUBSCRIBED was observed wrapped in `watch` [5.3]",
    ),
];

#[test]
fn every_exchange_conforms_to_zohos_openapi_documents() {
    let judged = conformance::judge_run(
        env!("CARGO_PKG_NAME"),
        env!("CARGO_TARGET_TMPDIR"),
        "zoho-crm-client",
        Sides::Both,
        KNOWN,
    );
    let Some(verdict) = judged.unwrap() else {
        return;
    };
    assert!(
        verdict.judged > 100,
        "{} exchanges: run the whole target `it` before this one",
        verdict.judged
    );
    let complaints = verdict.complaints(KNOWN);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
