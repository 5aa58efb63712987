//! Deleting records (reference: Zoho v8 section 2.7, read 2026-11).

use super::{
    Failure, Received, Trigger, WriteOutcomes, Written,
    calls::{WriteCall, run},
    outcome::{RowOutcome, parse_rows},
    outgoing::module_path,
    related,
};
use crate::{
    api_error::{ApiError, code},
    client::ZohoClient,
    error::Error,
    names::{ModuleName, RecordId},
};

const DELETE: &str = "zoho.records.delete";

/// Deletion of records by id.
#[derive(Clone, Debug)]
#[must_use = "call `send`"]
pub struct DeleteRequest {
    client: ZohoClient,
    module: ModuleName,
    ids: Vec<RecordId>,
    trigger: Trigger,
}

impl DeleteRequest {
    pub(super) fn new(client: ZohoClient, module: ModuleName, ids: Vec<RecordId>) -> Self {
        Self {
            client,
            module,
            ids,
            trigger: Trigger::None,
        }
    }

    /// Which automations to set off. Default: none. Zoho knows only all or none here: [`Trigger::Only`] counts as all.
    pub fn trigger(mut self, trigger: Trigger) -> Self {
        self.trigger = trigger;
        self
    }

    /// Deletes, 100 records in a call. An id that does not exist fails with `INVALID_DATA`, except when it was this
    /// very call that deleted it and its answer was lost.
    ///
    /// # Errors
    /// When no call was answered. Once one was, a later call that fails shows as the outcome of its rows.
    pub async fn send(self) -> Result<WriteOutcomes, Error> {
        let calls = delete_calls(&self.module, &self.ids, &self.trigger)?;
        run(&self.client, calls).await
    }
}

fn delete_calls(
    module: &ModuleName,
    ids: &[RecordId],
    trigger: &Trigger,
) -> Result<Vec<WriteCall>, Error> {
    let path = module_path(DELETE, module)?;
    let mut calls = related::delete_calls(DELETE, &path, module, ids);
    if *trigger == Trigger::None {
        for call in &mut calls {
            call.outgoing = call.outgoing.clone().query("wf_trigger", "false");
        }
    }
    Ok(calls)
}

/// After a lost answer, "no such record" means that the lost attempt deleted it.
pub(super) fn parse_deleted(
    received: &Received,
    expected: usize,
) -> Result<Vec<RowOutcome>, Failure> {
    let rows = parse_rows(received, expected)?;
    if !received.repeated {
        return Ok(rows);
    }
    let forgive = |error: ApiError| {
        let id = (error.code() == code::INVALID_DATA)
            .then(|| error.details().get("id")?.as_str()?.parse().ok())
            .flatten();
        match id {
            Some(id) => Ok(Written {
                id,
                action: None,
                duplicate_field: None,
                created_time: None,
                modified_time: None,
            }),
            None => Err(error),
        }
    };
    Ok(rows.into_iter().map(|row| row.or_else(forgive)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::answer::received;

    #[test]
    fn a_delete_names_its_ids() {
        let ids = ["12", "13"].map(|id| id.parse().unwrap());
        let calls = delete_calls(&"Accounts".into(), &ids, &Trigger::None).unwrap();
        let request = calls[0].outgoing.clone().into_request().unwrap();
        assert_eq!(request.method(), "DELETE");
        assert_eq!(
            request.uri(),
            "/crm/v8/Accounts?ids=12%2C13&wf_trigger=false"
        );
    }

    #[test]
    fn a_record_that_is_gone_counts_as_deleted_only_after_a_lost_answer() {
        let outcome = |repeated| {
            let mut answer = received(
                400,
                r#"{"data":[{"code":"INVALID_DATA","details":{"id":"12"},"message":"record not deleted","status":"error"}]}"#,
            );
            answer.repeated = repeated;
            parse_deleted(&answer, 1).unwrap().remove(0)
        };
        assert_eq!(outcome(false).unwrap_err().code(), "INVALID_DATA");
        assert_eq!(outcome(true).unwrap().id, "12");
    }
}
