//! A system as a worker sees it through a bad network.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::FutureExt;
use jiff::Timestamp;

use super::{
    fault::FaultClass,
    promise::Promise,
    state::{Handle, State},
    thing::{EDITED, Effect, EffectKind, Overwritten, number_of, same, tag_field},
    world::{FLOW, GUARD_WINDOW},
};
use crate::{
    budget::Budget,
    clock::Clock,
    endpoint::{
        Capabilities, ChangesPage, ChangesRequest, Endpoint, EndpointError, EndpointErrorKind,
        FeedDescription, PastChange, Problem, Record, RecordsPage, Rejection, Write, WriteError,
        Written,
    },
    engine::Settings,
    ids::{FieldName, FlowName, PageToken, RecordId},
    job::{Cause, Hint, JobKey},
    side::Side,
    testing::{FakeSystem, ManualClock},
    value::{Document, Value},
};

/// A system behind a network that fails in every way a network can.
#[derive(Clone)]
pub(super) struct Network {
    pub(super) side: Side,
    pub(super) system: FakeSystem,
    pub(super) clock: ManualClock,
    pub(super) workers_clock: ManualClock,
    pub(super) budget: Option<Budget>,
    /// So many deletes are allowed within the guards' window.
    pub(super) deletes: u64,
    pub(super) handle: Handle,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("side", &self.side)
            .finish_non_exhaustive()
    }
}

/// What becomes of a call.
enum Fate {
    Served,
    Refused(EndpointError),
    /// It takes effect, on so many rows at most, and its answer is lost.
    Lost(usize),
    HangsBefore,
    HangsAfter,
}

impl Network {
    /// Counts a call that is sent.
    fn judge_budget(&self, state: &mut State) {
        let Some((budget, limit)) = self.budget.as_ref().and_then(|own| Some((own, own.calls?)))
        else {
            return;
        };
        let now = self.workers_clock.now();
        let calls = &mut state.systems.get_mut(self.side).calls;
        calls.push(now);
        // It was counted before it is sent, a little earlier.
        let made = recent(calls, now, budget.window - Settings::default().longest_call);
        // When the workers' clock jumps, windows mean little.
        if made > limit && state.counts.of(FaultClass::ClockJump) == 0 {
            let what = format!("{made} calls within the window, {limit} are allowed");
            state.violated(Promise::BudgetsKept, what);
        }
    }

    fn judge_delete(&self, state: &mut State) {
        let now = self.workers_clock.now();
        let deletes = &mut state.systems.get_mut(self.side).deletes;
        deletes.push(now);
        let made = recent(deletes, now, GUARD_WINDOW);
        if made > self.deletes && !state.calm && state.counts.of(FaultClass::ClockJump) == 0 {
            let what = format!(
                "{made} deletes within the window, {} are allowed",
                self.deletes
            );
            state.violated(Promise::GuardsKept, what);
        }
    }

    fn fate(&self, call: &str, rows: usize) -> Fate {
        let mut state = self.handle.lock();
        let fate = self.decide(&mut state, rows, call == "write");
        let side = self.side;
        let how = match &fate {
            Fate::Served => "served".to_owned(),
            Fate::Refused(error) => format!("refused: {:?}", error.kind),
            Fate::Lost(rows) => format!("answer lost, {rows} rows at most"),
            Fate::HangsBefore => "hangs before".to_owned(),
            Fate::HangsAfter => "hangs after".to_owned(),
        };
        state
            .trace
            .note(format_args!("{side}: {call} of {rows} rows {how}"));
        fate
    }

    fn decide(&self, state: &mut State, rows: usize, writes: bool) -> Fate {
        use EndpointErrorKind::{Misconfigured, Protocol, RateLimited, Unauthorized, Unavailable};
        let now = self.clock.now();
        let system = state.systems.get(self.side);
        if !state.calm {
            if system
                .credential_lost_until
                .is_some_and(|until| until > now)
            {
                return Fate::Refused(error(Unauthorized, "the token was revoked"));
            }
            if system
                .hidden
                .as_ref()
                .is_some_and(|(_, until)| *until > now)
            {
                return Fate::Refused(error(Misconfigured, "there is no such field"));
            }
            if system.down_until.is_some_and(|until| until > now) {
                return Fate::Refused(error(Unavailable, "connection refused"));
            }
        }
        if state.strikes(FaultClass::TooManyRequests, 60) {
            return Fate::Refused(error(RateLimited, "too many requests"));
        }
        if state.strikes(FaultClass::ServerError, 60) {
            return Fate::Refused(error(Unavailable, "internal server error"));
        }
        if state.strikes(FaultClass::HtmlAnswer, 90) {
            return Fate::Refused(error(Protocol, "the answer is not JSON"));
        }
        if state.strikes(FaultClass::Hang, 120) {
            return match state.random.one_in(2) {
                true => Fate::HangsBefore,
                false => Fate::HangsAfter,
            };
        }
        if writes && rows > 1 && state.strikes(FaultClass::PartialBatch, 25) {
            return Fate::Lost(state.random.index(rows));
        }
        if state.strikes(FaultClass::AnswerLost, if writes { 20 } else { 80 }) {
            return Fate::Lost(rows);
        }
        Fate::Served
    }

    /// A call that changes nothing.
    async fn ask<T>(
        &self,
        call: &str,
        rows: usize,
        answer: impl Future<Output = Result<T, EndpointError>> + Send,
    ) -> Result<T, EndpointError> {
        let asked_at = self.clock.now();
        self.judge_budget(&mut self.handle.lock());
        self.handle.pause().await;
        match self.fate(call, rows) {
            Fate::Served => {
                let answer = answer.await;
                self.handle.pause().await;
                match self.timed_out(asked_at) {
                    true => Err(error(EndpointErrorKind::Unavailable, "timed out")),
                    false => answer,
                }
            }
            Fate::Refused(error) => Err(error),
            Fate::Lost(_) => Err(error(EndpointErrorKind::Unavailable, "timed out")),
            Fate::HangsBefore | Fate::HangsAfter => std::future::pending().await,
        }
    }

    /// Whether the caller waits no longer: no call takes longer than the engine is told.
    fn timed_out(&self, asked_at: Timestamp) -> bool {
        let waited = self.clock.now().duration_since(asked_at);
        Duration::try_from(waited).is_ok_and(|waited| waited >= Settings::default().longest_call)
    }

    async fn carry_out(&self, write: &Write) -> Result<Written, WriteError> {
        let before = match write {
            Write::Create { .. } => None,
            Write::Update { id, .. } | Write::Delete { id } => self.system.record(id.clone()),
        };
        if let Some(error) = self.row_fault(write) {
            return Err(error);
        }
        let outcomes = self.system.write(std::slice::from_ref(write)).await;
        let outcome = outcomes
            .into_iter()
            .next()
            .unwrap_or(Err(WriteError::Missing));
        if let Ok(written) = &outcome {
            self.witness(write, written, before.as_ref());
        }
        outcome
    }

    fn row_fault(&self, write: &Write) -> Option<WriteError> {
        let mut state = self.handle.lock();
        if state.strikes(FaultClass::RowRejected, 80) {
            return Some(WriteError::Rejected(Rejection {
                field: None,
                code: None,
                message: "not now".to_owned(),
            }));
        }
        if state.strikes(FaultClass::RowLocked, 60) {
            return Some(WriteError::Later {
                reason: "the record is locked".to_owned(),
                after: None,
            });
        }
        if !matches!(write, Write::Create { .. }) && state.strikes(FaultClass::RowMissing, 40) {
            return Some(WriteError::Missing);
        }
        None
    }

    /// Judges an effect, and tells the workers of it as the system would.
    fn witness(&self, write: &Write, written: &Written, before: Option<&Record>) {
        let after = self.system.record(written.id.clone());
        let mut state = self.handle.lock();
        let (side, id) = (self.side, &written.id);
        state
            .trace
            .note(format_args!("{side}: {write:?} done as {id}"));
        let record = after.as_ref().or(before);
        let about = record.and_then(|record| record.fields.get(tag_field(side)).cloned());
        let kind = match write {
            Write::Create { key, .. } => {
                if written.created {
                    self.judge_create(&mut state, about.as_ref());
                }
                EffectKind::Created(key.value.clone())
            }
            Write::Update { fields, .. } => {
                self.note_overwritten(&mut state, id, fields, before);
                EffectKind::Changed
            }
            Write::Delete { .. } => {
                self.judge_delete(&mut state);
                EffectKind::Deleted
            }
        };
        if let Write::Create { fields, .. } | Write::Update { fields, .. } = write {
            self.judge_values(&mut state, about.as_ref(), fields);
        }
        state.things.effects.push(Effect {
            side,
            id: id.clone(),
            kind,
        });
        // Systems tell of what programs do, too.
        self.tell(&mut state, id);
    }

    /// A value that a user entered, that no worker has seen since, and that is gone now.
    fn note_overwritten(
        &self,
        state: &mut State,
        id: &RecordId,
        fields: &Document,
        before: Option<&Record>,
    ) {
        let side = self.side;
        let tag = before.and_then(|record| record.fields.get(tag_field(side)));
        let about = tag.and_then(number_of);
        for edited in &EDITED {
            let Some(written) = fields.get(edited.field(side)) else {
                continue;
            };
            let there = before.and_then(|record| record.fields.get(edited.field(side)));
            let unseen = state.things.unseen.remove(&(side, id.clone(), edited.row));
            // A value that somebody was shown once may be what the writer knows.
            let is_new = |lost: &Value| {
                let key = (side, id.clone(), edited.row, spelled(lost));
                !state.things.shown.contains(&key)
            };
            if let Some(lost) = unseen
                && there == Some(&lost)
                && !same(&lost, written)
                && is_new(&lost)
                && self.system.keeps_history()
            {
                state.trace.note(format_args!(
                    "{side}: {} {lost} of {id} is overwritten",
                    edited.row
                ));
                state.things.overwritten.push(Overwritten {
                    about,
                    side,
                    id: id.clone(),
                    row: edited.row,
                    value: lost,
                });
            }
        }
    }

    /// Workers know of what they were shown.
    fn shown(&self, records: &[&Record]) {
        let mut state = self.handle.lock();
        for record in records {
            for edited in &EDITED {
                let key = (self.side, record.id.clone(), edited.row);
                state.things.unseen.remove(&key);
                if let Some(value) = record.fields.get(edited.field(self.side)) {
                    let (side, id, row) = key;
                    state.things.shown.insert((side, id, row, spelled(value)));
                }
            }
        }
    }

    fn judge_create(&self, state: &mut State, about: Option<&Value>) {
        let side = self.side;
        let Some(thing) = state.things.of_tag(about) else {
            return state.violated(Promise::NothingInvented, "a record of nothing was made");
        };
        let made = thing.made_by_engine.get_mut(side);
        *made += 1;
        let allowed = 1 + thing.deletions.left + thing.deletions.right;
        if *made > allowed {
            let what = format!("{made} records were made for {about:?} on the {side} side");
            state.violated(Promise::CreatedOnce, what);
        }
    }

    fn judge_values(&self, state: &mut State, about: Option<&Value>, fields: &Document) {
        let side = self.side;
        for edited in &EDITED {
            let Some(value) = fields.get(edited.field(side)) else {
                continue;
            };
            let Some(thing) = state.things.of_tag(about) else {
                continue;
            };
            let entered = thing.entered.get(edited.row);
            let known = entered.is_some_and(|all| all.iter().any(|(_, known)| same(known, value)));
            if !known {
                let what = format!("{about:?}: nobody entered {} {value}", edited.row);
                state.violated(Promise::NothingInvented, what);
            }
        }
    }

    /// A notification of a change: sent, lost, late, or sent twice.
    pub(super) fn tell(&self, state: &mut State, id: &RecordId) {
        let now = self.clock.now();
        let channel = state.systems.get(self.side).channel_dead_until;
        if channel.is_some_and(|until| until > now) || state.strikes(FaultClass::EventLost, 4) {
            return;
        }
        let hint = Hint {
            key: JobKey {
                flow: FlowName::from(FLOW),
                side: self.side,
                id: id.clone(),
            },
            cause: Cause::Webhook,
        };
        let late = state.strikes(FaultClass::EventLate, 5);
        state.mail.send(hint.clone(), late);
        if state.strikes(FaultClass::EventDuplicated, 6) {
            state.mail.send(hint, false);
        }
    }

    fn within(&self, what: &str, rows: usize, limit: usize) {
        if rows > limit {
            let what = format!("{rows} {what} in one call, the limit is {limit}");
            self.handle.lock().violated(Promise::LimitsKept, what);
        }
    }
}

/// Equal for values that are the same.
fn spelled(value: &Value) -> String {
    value.to_string().to_uppercase()
}

/// How many of these instants are within the window that ends now.
fn recent(instants: &[Timestamp], now: Timestamp, window: Duration) -> u64 {
    let recent = instants
        .iter()
        .filter(|at| Duration::try_from(now.duration_since(**at)).is_ok_and(|ago| ago < window));
    u64::try_from(recent.count()).unwrap_or(u64::MAX)
}

fn error(kind: EndpointErrorKind, message: &str) -> EndpointError {
    EndpointError {
        kind,
        message: message.to_owned(),
        retry_after: None,
        may_have_been_applied: false,
        source: None,
    }
}

fn for_all(rows: usize, error: EndpointError) -> Vec<Result<Written, WriteError>> {
    let error = Arc::new(error);
    (0..rows)
        .map(|_| Err(WriteError::Call(Arc::clone(&error))))
        .collect()
}

#[async_trait]
impl Endpoint for Network {
    fn capabilities(&self) -> Capabilities {
        self.system.capabilities()
    }

    async fn check(&self) -> Result<Vec<Problem>, EndpointError> {
        self.system.check().await
    }

    async fn read(&self, ids: &[RecordId]) -> Result<Vec<Option<Record>>, EndpointError> {
        self.within("ids", ids.len(), self.capabilities().read_batch);
        let answer = self.system.read(ids).inspect(|answer| {
            let records = answer.iter().flatten().flatten();
            self.shown(&records.collect::<Vec<_>>());
        });
        self.ask("read", ids.len(), answer).await
    }

    async fn find(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError> {
        self.within("values", values.len(), self.capabilities().find_batch);
        let answer = self.system.find(field, values).inspect(|answer| {
            let records = answer.iter().flatten().flatten();
            self.shown(&records.collect::<Vec<_>>());
        });
        self.ask("find", values.len(), answer).await
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        self.within("writes", writes.len(), self.capabilities().write_batch);
        let asked_at = self.clock.now();
        self.judge_budget(&mut self.handle.lock());
        self.handle.pause().await;
        let fate = match self.timed_out(asked_at) {
            true => Fate::Lost(0),
            false => self.fate("write", writes.len()),
        };
        let reached = match &fate {
            Fate::Refused(_) | Fate::HangsBefore => 0,
            Fate::Lost(rows) => *rows,
            Fate::Served | Fate::HangsAfter => writes.len(),
        };
        let mut outcomes = Vec::with_capacity(reached);
        for write in writes.iter().take(reached) {
            outcomes.push(self.carry_out(write).await);
        }
        self.handle.pause().await;
        match fate {
            Fate::Served if !self.timed_out(asked_at) => outcomes,
            Fate::Refused(error) => for_all(writes.len(), error),
            Fate::Served | Fate::Lost(_) => for_all(
                writes.len(),
                EndpointError {
                    may_have_been_applied: true,
                    ..error(EndpointErrorKind::Unavailable, "timed out")
                },
            ),
            Fate::HangsBefore | Fate::HangsAfter => std::future::pending().await,
        }
    }

    fn keeps_history(&self) -> bool {
        self.system.keeps_history()
    }

    async fn history(
        &self,
        asked: &[(RecordId, Timestamp)],
    ) -> Result<Vec<Vec<PastChange>>, EndpointError> {
        self.within("ids", asked.len(), self.capabilities().read_batch);
        self.ask("history", asked.len(), self.system.history(asked))
            .await
    }

    fn feeds(&self) -> Vec<FeedDescription> {
        self.system.feeds()
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<ChangesPage, EndpointError> {
        if request.page.is_some() {
            let mut state = self.handle.lock();
            let moved = std::mem::take(&mut state.systems.get_mut(self.side).moved);
            if moved && state.is_allowed(FaultClass::PageShift) {
                state.counts.count(FaultClass::PageShift);
            }
            if state.strikes(FaultClass::PageTokenExpired, 12) {
                return Err(error(
                    EndpointErrorKind::Protocol,
                    "the page token has expired",
                ));
            }
        } else {
            self.handle.lock().systems.get_mut(self.side).moved = false;
        }
        self.ask("changes", 1, self.system.changes(request)).await
    }

    async fn list(&self, page: Option<&PageToken>) -> Result<RecordsPage, EndpointError> {
        let answer = self.system.list(page).inspect(|answer| {
            let records = answer.iter().flat_map(|page| &page.records);
            self.shown(&records.collect::<Vec<_>>());
        });
        self.ask("list", 1, answer).await
    }
}
