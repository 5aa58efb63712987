//! Bulk read and bulk write (reference: zoho-crm-v8 section 7).
//!
//! A job does its work when it is created and shows it only after it was looked at a few times, so that a client has to
//! poll and a test need not wait.

mod archive;
mod cells;
mod criteria;
pub(crate) mod read;
mod resource;
pub(crate) mod write;

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::failure::Failure;
use crate::json::{Json, object};
use crate::world::World;

/// All jobs and uploaded files.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    read: BTreeMap<String, read::Job>,
    write: BTreeMap<String, write::Job>,
    /// Uploaded archives, by file id.
    uploads: BTreeMap<String, Bytes>,
    /// Queries that go on with a page, by page token.
    pages: BTreeMap<String, read::Page>,
}

/// Whether a job that was looked at that often is finished.
fn is_finished(world: &World, looks: u32) -> bool {
    looks >= world.settings.behaviour.bulk_job_looks
}

fn not_found(id: &str) -> Failure {
    let message = "The requested resource doesn't exist.";
    Failure::new(
        404,
        "RESOURCE_NOT_FOUND",
        message,
        object! { "resource" => id },
    )
}

/// The address of a `callback`, which must be posted to.
fn callback_url(body: &Json) -> Result<Option<String>, Failure> {
    let Some(callback) = body.get("callback").filter(|callback| !callback.is_null()) else {
        return Ok(None);
    };
    let url = callback.get("url").and_then(Json::as_str);
    let url = url.filter(|text| url::Url::parse(text).is_ok_and(|url| url.has_host()));
    let url = url.ok_or_else(|| {
        let message = "the callback url is invalid";
        Failure::new(400, "INVALID_CALLBACK_URL", message, object! {})
    })?;
    let method = callback.get("method").and_then(Json::as_str);
    if method.is_some_and(|method| method.eq_ignore_ascii_case("post")) {
        return Ok(Some(url.to_owned()));
    }
    let message = "the callback method is invalid";
    let details = object! { "supported_callback_methods" => vec!["post"] };
    Err(Failure::new(
        400,
        "INVALID_CALLBACK_METHOD",
        message,
        details,
    ))
}
