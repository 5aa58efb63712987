//! Writes of many rows: calls one after the other, outcomes by position.

use std::sync::Arc;

use super::{
    Failure, Outgoing, Received, RecordError, RecordErrorCause, WriteOutcomes, Written,
    outcome::RowOutcome,
};
use crate::{
    client::ZohoClient,
    error::{Error, ErrorKind},
};

/// One call of a write.
#[derive(Debug)]
pub(super) struct WriteCall {
    /// Positions of its rows among all rows.
    pub(super) rows: Vec<usize>,
    pub(super) outgoing: Outgoing,
    pub(super) parse: fn(&Received, usize) -> Result<Vec<RowOutcome>, Failure>,
}

/// Sends the calls in order and puts each outcome where its row was. A call is made when it is its turn, so that no two
/// bodies need be held at once.
pub(super) async fn run(
    client: &ZohoClient,
    calls: impl IntoIterator<Item = WriteCall, IntoIter: Send>,
) -> Result<WriteOutcomes, Error> {
    let mut outcomes: Vec<Option<Result<Written, RecordError>>> = Vec::new();
    let mut failures: Vec<(Vec<usize>, Error)> = Vec::new();
    let mut unsent: Vec<usize> = Vec::new();
    let mut answered = false;
    for call in calls {
        let needed = call.rows.iter().max().map_or(0, |last| last + 1);
        if outcomes.len() < needed {
            outcomes.resize_with(needed, || None);
        }
        if failures.last().is_some_and(|(_, error)| would_recur(error)) {
            unsent.extend(call.rows);
            continue;
        }
        let (rows, parse) = (call.rows, call.parse);
        let sent = client
            .send(call.outgoing, |received| parse(received, rows.len()))
            .await;
        match sent {
            Ok(results) => {
                answered = true;
                for (row, result) in rows.into_iter().zip(results) {
                    let rejected = |error| RecordError::new(RecordErrorCause::Rejected(error));
                    outcomes[row] = Some(result.map_err(rejected));
                }
            }
            Err(error) => failures.push((rows, error)),
        }
    }
    if !answered && !outcomes.is_empty() {
        return Err(gravest(failures));
    }
    let mut last = None;
    for (rows, error) in failures {
        let error = Arc::new(error);
        for row in rows {
            let cause = RecordErrorCause::Call(Arc::clone(&error));
            outcomes[row] = Some(Err(RecordError::new(cause)));
        }
        last = Some(error);
    }
    if let Some(error) = last {
        for row in unsent {
            let cause = RecordErrorCause::NotSent(Arc::clone(&error));
            outcomes[row] = Some(Err(RecordError::new(cause)));
        }
    }
    Ok(WriteOutcomes::new(outcomes.into_iter().flatten().collect()))
}

/// Whether the next call would fail in the same way. A refusal may be due to one call's rows.
fn would_recur(error: &Error) -> bool {
    error.kind() != ErrorKind::Api || error.is_retryable()
}

/// The one that leaves most in doubt.
fn gravest(failures: Vec<(Vec<usize>, Error)>) -> Error {
    let errors = failures.into_iter().map(|(_, error)| error);
    errors
        .reduce(|first, other| {
            if other.may_have_been_applied() && !first.may_have_been_applied() {
                other
            } else {
                first
            }
        })
        .unwrap_or_else(|| Error::invalid("zoho.records.write", "there was nothing to send"))
}
