//! Calls that Zoho makes when a bulk job has ended.

use client_core::decode_json;
use serde::Deserialize;

use super::{WebhookError, WebhookVerifier};
use crate::{api::JobState, names::RecordId};

/// A call to the callback URL of a bulk job: it has ended (reference: Zoho v8 sections 7.1 and 7.2, read 2026-11).
///
/// Such a call carries no token and is not signed, so that anybody who knows the URL can make one: take it as a hint to
/// ask for the job, with [`ZohoClient::bulk_read_job`](crate::ZohoClient::bulk_read_job) or
/// [`ZohoClient::bulk_write_job`](crate::ZohoClient::bulk_write_job), and make the URL hard to guess.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Call")]
#[non_exhaustive]
pub struct BulkJobCall {
    /// The job.
    pub job: RecordId,
    /// Whether it read or wrote, where the call says so.
    pub kind: Option<BulkJobKind>,
    /// How it ended.
    pub state: JobState,
}

/// What a bulk job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkJobKind {
    /// It reads.
    Read,
    /// It inserts, updates or upserts.
    Write,
}

impl BulkJobCall {
    /// Reads the body of a call of at most [`WebhookVerifier::DEFAULT_MAX_BYTES`].
    ///
    /// # Errors
    /// [`WebhookError::TooLarge`] and [`WebhookError::Malformed`].
    pub fn parse(body: &[u8]) -> Result<Self, WebhookError> {
        let limit = WebhookVerifier::DEFAULT_MAX_BYTES;
        if body.len() > limit {
            let length = body.len();
            return Err(WebhookError::TooLarge { length, limit });
        }
        decode_json(body).map_err(WebhookError::Malformed)
    }
}

/// The job stands at the root, or in `data` as in the answer to a question for it.
#[derive(Deserialize)]
struct Call {
    data: Option<Vec<Job>>,
    #[serde(flatten)]
    root: Job,
}

#[derive(Deserialize)]
struct Job {
    job_id: Option<RecordId>,
    id: Option<RecordId>,
    operation: Option<String>,
    /// Of a job that reads.
    state: Option<JobState>,
    /// Of a job that writes.
    status: Option<JobState>,
}

impl TryFrom<Call> for BulkJobCall {
    type Error = &'static str;

    fn try_from(call: Call) -> Result<Self, Self::Error> {
        let named = call.root.job_id.clone();
        let inner = call.data.into_iter().flatten().next();
        let job = inner.unwrap_or(call.root);
        let kind = job.operation.map(|operation| match operation.as_str() {
            "read" => BulkJobKind::Read,
            _ => BulkJobKind::Write,
        });
        Ok(Self {
            job: named.or(job.job_id).or(job.id).ok_or("no job is named")?,
            kind,
            state: job.state.or(job.status).ok_or("no state is told")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(body: &str) -> Result<BulkJobCall, WebhookError> {
        BulkJobCall::parse(body.as_bytes())
    }

    #[test]
    fn the_job_is_found_wherever_it_stands() {
        let read = r#"{"id":"5725767000000900001","operation":"read","state":"COMPLETED","query":{"module":{"api_name":"Accounts"}},
            "result":{"page":1,"count":2,"more_records":false,"download_url":"/crm/bulk/v8/read/5725767000000900001/result"}}"#;
        let wanted = BulkJobCall {
            job: "5725767000000900001".parse().unwrap(),
            kind: Some(BulkJobKind::Read),
            state: JobState::Completed,
        };
        assert_eq!(call(read).unwrap(), wanted);
        assert_eq!(call(&format!(r#"{{"data":[{read}]}}"#)).unwrap(), wanted);
        let named = read.replacen('{', r#"{"job_id":"5725767000000900001","#, 1);
        assert_eq!(call(&named).unwrap(), wanted);
        let number = read.replace("\"5725767000000900001\"", "5725767000000900001");
        assert_eq!(call(&number).unwrap(), wanted);
        let write = r#"{"job_id":"77","operation":"upsert","status":"FAILED","resource":[]}"#;
        let write = call(write).unwrap();
        assert_eq!(write.job, "77");
        assert_eq!(
            (write.kind, write.state),
            (Some(BulkJobKind::Write), JobState::Failed)
        );
    }

    #[test]
    fn what_names_no_job_and_floods_are_refused() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"state":"COMPLETED"}"#,
            r#"{"id":"1"}"#,
            r#"{"id":"x","state":"COMPLETED"}"#,
        ] {
            assert!(
                matches!(call(body), Err(WebhookError::Malformed(_))),
                "{body}"
            );
        }
        let flood = " ".repeat(WebhookVerifier::DEFAULT_MAX_BYTES + 1);
        assert!(matches!(call(&flood), Err(WebhookError::TooLarge { .. })));
    }
}
