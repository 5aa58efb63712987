//! What can go wrong, and when.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use crate::{
    endpoint::{EndpointError, EndpointErrorKind, Rejection, WriteError},
    ids::FieldName,
    value::{Document, Value},
};

/// The kinds of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// Reading by identity.
    Read,
    /// Finding by a field.
    Find,
    /// Writing.
    Write,
    /// Asking what was changed in the past.
    History,
    /// Asking for changes.
    Changes,
    /// Listing.
    List,
}

/// A call that is about to be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its kind.
    pub kind: CallKind,
    /// How many rows it asks about; of pages, 1.
    pub rows: usize,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused before it has any effect.
    Refused(EndpointErrorKind),
    /// It is refused before it has any effect, with a pause that is asked for.
    RefusedFor(EndpointErrorKind, Duration),
    /// It is carried out, but its answer is lost.
    AnswerLost,
    /// Its first rows are carried out, the others are not, and its answer is lost.
    CutShortAfter(usize),
    /// It never returns and has no effect: what a crash looks like to the system.
    HangsBefore,
    /// It is carried out and never returns.
    HangsAfter,
}

/// What happens to one row of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowFault {
    /// The system will not have it.
    Rejected(Rejection),
    /// It may go later.
    Later {
        /// Pause asked for.
        after: Option<Duration>,
    },
    /// The record is said not to exist.
    Missing,
}

type Hook = Box<dyn FnMut(Call) -> Option<Fault> + Send>;

/// What is going to go wrong.
#[derive(Default)]
pub(super) struct Faults {
    queued: HashMap<CallKind, VecDeque<Fault>>,
    rows: Vec<(FieldName, Value, RowFault, u32)>,
    pub(super) down: Option<Fault>,
    pub(super) hook: Option<Hook>,
}

impl Faults {
    pub(super) fn queue(&mut self, kind: CallKind, fault: Fault) {
        self.queued.entry(kind).or_default().push_back(fault);
    }

    pub(super) fn add_row_fault(
        &mut self,
        field: FieldName,
        value: Value,
        fault: RowFault,
        times: u32,
    ) {
        self.rows.push((field, value, fault, times));
    }

    pub(super) fn forgive_rows(&mut self) {
        self.rows.clear();
    }

    /// The fault that the next call of this kind meets.
    pub(super) fn next(&mut self, kind: CallKind) -> Option<Fault> {
        let queued = self.queued.get_mut(&kind).and_then(VecDeque::pop_front);
        queued.or(self.down)
    }

    /// The fault that a write leading to `record` meets.
    pub(super) fn row(&mut self, record: &Document) -> Option<WriteError> {
        let met = |(field, value, _, times): &&mut (FieldName, Value, RowFault, u32)| {
            *times > 0 && record.get(field.as_str()) == Some(value)
        };
        let (_, _, fault, times) = self.rows.iter_mut().find(met)?;
        *times -= 1;
        Some(match fault.clone() {
            RowFault::Rejected(rejection) => WriteError::Rejected(rejection),
            RowFault::Later { after } => WriteError::Later {
                reason: "the record is locked".to_owned(),
                after,
            },
            RowFault::Missing => WriteError::Missing,
        })
    }
}

/// What the caller is told of a call that failed as a whole.
pub(super) fn error(fault: Fault) -> EndpointError {
    let (kind, retry_after, may_have_been_applied) = match fault {
        Fault::Refused(kind) => (kind, None, false),
        Fault::RefusedFor(kind, pause) => (kind, Some(pause), false),
        _ => (EndpointErrorKind::Unavailable, None, true),
    };
    EndpointError {
        kind,
        message: format!("the fake system was told to fail: {fault:?}"),
        retry_after,
        may_have_been_applied,
        source: None,
    }
}

/// The same failure for every row of a write.
pub(super) fn for_all<T>(error: EndpointError, rows: usize) -> Vec<Result<T, WriteError>> {
    let error = Arc::new(error);
    (0..rows)
        .map(|_| Err(WriteError::Call(Arc::clone(&error))))
        .collect()
}
