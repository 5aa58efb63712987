//! Stopping a flow before it does harm, and letting it go on.

use std::{
    collections::{BTreeSet, HashMap},
    ops::AddAssign,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Engine, batch::Work, observe::Observation, rolling::Rolling};
use crate::{
    audit::{AuditEntry, AuditEvent},
    error::Error,
    flow::Flow,
    guard::{Allowance, Guards, Limit, StopReason, Stopped},
    ids::{FieldName, FlowName},
    job::Cause,
    mutant::bug,
    side::{Side, Sides},
};

/// What one batch wants to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) deletes: u64,
    pub(super) updates: u64,
}

impl Wanted {
    pub(super) const DELETE: Self = Self {
        deletes: 1,
        updates: 0,
    };
    pub(super) const UPDATE: Self = Self {
        deletes: 0,
        updates: 1,
    };
}

impl AddAssign for Wanted {
    fn add_assign(&mut self, other: Self) {
        self.deletes += other.deletes;
        self.updates += other.updates;
    }
}

/// What is kept of a flow's guards.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Watch {
    stopped: Option<Stopped>,
    deletes: Rolling,
    updates: Rolling,
    allowance: Allowance,
    /// An allowance holds for a window.
    allowance_until: Option<Timestamp>,
}

impl Watch {
    fn move_to(&mut self, now: Timestamp, guards: &Guards) {
        self.deletes.move_to(now, guards.window);
        self.updates.move_to(now, guards.window);
        if self.allowance_until.is_none_or(|until| until < now) {
            self.allowance = Allowance::default();
        }
    }

    /// Counts what is wanted, or says why it must not be done.
    fn admit(
        &mut self,
        wanted: Wanted,
        guards: &Guards,
        linked: u64,
        now: Timestamp,
    ) -> Result<(), StopReason> {
        let over = |rolling: &Rolling, wanted: u64, limit: Limit, extra: u64| {
            let allowed = limit.of(linked).saturating_add(extra);
            let total = rolling.sum().saturating_add(wanted);
            (wanted > 0 && total > allowed).then_some((total, allowed))
        };
        let Allowance { deletes, updates } = self.allowance;
        if let Some((wanted, allowed)) =
            over(&self.deletes, wanted.deletes, guards.deletes, deletes)
        {
            return Err(StopReason::Deletes { wanted, allowed });
        }
        if let Some((wanted, allowed)) =
            over(&self.updates, wanted.updates, guards.updates, updates)
        {
            return Err(StopReason::Updates { wanted, allowed });
        }
        self.deletes.add(now, guards.window, wanted.deletes);
        self.updates.add(now, guards.window, wanted.updates);
        Ok(())
    }
}

/// How long a count of pairs is believed. Before a flow is stopped they are counted anew.
const COUNT_HOLDS: SignedDuration = SignedDuration::from_secs(60);

/// How many pairs each flow had when they were counted last, and when that was.
#[derive(Debug, Default)]
pub(super) struct PairCounts(Mutex<HashMap<FlowName, (u64, Timestamp)>>);

impl PairCounts {
    fn lock(&self) -> MutexGuard<'_, HashMap<FlowName, (u64, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A count that is not too old.
    fn recent(&self, flow: &FlowName, now: Timestamp) -> Option<u64> {
        let (pairs, counted_at) = self.lock().get(flow).copied()?;
        let age = now.duration_since(counted_at);
        (!age.is_negative() && age < COUNT_HOLDS).then_some(pairs)
    }

    fn note(&self, flow: &FlowName, pairs: u64, now: Timestamp) {
        self.lock().insert(flow.clone(), (pairs, now));
    }
}

/// Fields that each side was seen to offer.
#[derive(Debug, Default)]
pub(super) struct SeenFields(Mutex<HashMap<(FlowName, Side), BTreeSet<FieldName>>>);

impl SeenFields {
    /// Whether records of `side` that were just read all lack a field that earlier ones had. Then it is forgotten, so that
    /// it is asked about once.
    fn lost(&self, flow: &FlowName, side: Side, works: &[Work]) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = all.entry((flow.clone(), side)).or_default();
        let mut missing: BTreeSet<FieldName> = seen.clone();
        let mut any = false;
        for record in works
            .iter()
            .filter_map(|work| work.records.get(side).as_ref())
        {
            any = true;
            if record.fields.iter().map(|(field, _)| field).eq(&*seen) {
                missing.clear();
                continue;
            }
            missing.retain(|field| record.fields.get(field.as_str()).is_none());
            for (field, _) in record.fields.iter() {
                if !seen.contains(field) {
                    seen.insert(field.clone());
                }
            }
        }
        let lost = any && !missing.is_empty();
        if lost {
            seen.retain(|field| !missing.contains(field));
        }
        lost
    }
}

fn document_name(flow: &FlowName) -> String {
    format!("guard/{flow}")
}

impl Engine {
    /// Why a flow is stopped, if it is.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn stopped(&self, flow: &FlowName) -> Result<Option<Stopped>, Error> {
        let (watch, _) = self.read_document::<Watch>(&document_name(flow)).await?;
        Ok(watch.stopped)
    }

    /// Stops a flow until [`release`](Self::release): nothing is written, its queue fills.
    ///
    /// # Errors
    /// [`Error::UnknownFlow`], [`Error::Store`].
    pub async fn stop(&self, flow: &FlowName, message: impl Into<String>) -> Result<(), Error> {
        let flow = self.flow(flow)?;
        let message = message.into();
        self.stop_for(flow, StopReason::ByPerson { message }, Cause::Replay)
            .await
    }

    /// Lets a stopped flow go on. `allowance` is what it may do beyond its guards within their window: without any it is
    /// stopped again where it stood.
    ///
    /// # Errors
    /// [`Error::UnknownFlow`], [`Error::Store`].
    pub async fn release(&self, flow: &FlowName, allowance: Allowance) -> Result<(), Error> {
        let flow = self.flow(flow)?;
        self.let_go(flow, allowance, Cause::Replay).await
    }

    async fn let_go(&self, flow: &Flow, allowance: Allowance, cause: Cause) -> Result<(), Error> {
        let until = self.clock.now() + flow.policy.guards.window;
        let was_stopped = self
            .change_document(&document_name(&flow.name), |watch: &mut Watch| {
                watch.allowance = allowance;
                watch.allowance_until = Some(until);
                Some(watch.stopped.take().is_some())
            })
            .await?;
        if was_stopped == Some(true) {
            self.note_flow(flow, AuditEvent::FlowReleased, cause)
                .await?;
            tracing::info!(flow = %flow.name, "a stopped flow goes on");
        }
        Ok(())
    }

    pub(super) async fn stop_for(
        &self,
        flow: &Flow,
        reason: StopReason,
        cause: Cause,
    ) -> Result<(), Error> {
        let stopped = Stopped {
            reason,
            since: self.clock.now(),
        };
        let name = document_name(&flow.name);
        let is_new = self
            .change_document(&name, |watch: &mut Watch| {
                if watch.stopped.is_some() {
                    return None;
                }
                watch.stopped = Some(stopped.clone());
                Some(())
            })
            .await?;
        if is_new.is_none() {
            return Ok(());
        }
        tracing::error!(flow = %flow.name, reason = %stopped.reason, "a flow was stopped");
        self.observe(&Observation::Stopped {
            flow: &flow.name,
            reason: &stopped.reason,
        });
        let reason = stopped.reason.to_string();
        self.note_flow(flow, AuditEvent::FlowStopped { reason }, cause)
            .await
    }

    /// An entry in the audit that is about a flow and no record.
    async fn note_flow(&self, flow: &Flow, event: AuditEvent, cause: Cause) -> Result<(), Error> {
        let now = self.clock.now();
        let entry = AuditEntry::new(now, flow.name.clone(), Sides::default(), cause, event);
        self.note(flow, entry).await
    }

    /// Whether a batch may be carried out. What it wants is counted before it is done; if it is too much the flow stops.
    pub(super) async fn admits(&self, flow: &Flow, wanted: Wanted) -> Result<bool, Error> {
        if wanted == Wanted::default() {
            return Ok(self.stopped(&flow.name).await?.is_none());
        }
        let counted = self.pair_counts.recent(&flow.name, self.clock.now());
        let mut admitted = self.ask_watch(flow, wanted, counted.unwrap_or(0)).await?;
        if matches!(admitted, Some(Err(_))) {
            // More than is allowed for all that is known. Counting the pairs takes the longer the more there are, so it is
            // done only now.
            let linked = self.linked(flow).await?;
            admitted = self.ask_watch(flow, wanted, linked).await?;
        }
        match admitted {
            Some(Ok(())) => Ok(true),
            Some(Err(_)) if bug!(GuardIgnored) => Ok(true),
            Some(Err(reason)) => {
                self.stop_for(flow, reason, Cause::Guard).await?;
                Ok(false)
            }
            None => Ok(false),
        }
    }

    /// Takes back what was counted and certainly not done.
    pub(super) async fn refund(&self, flow: &Flow, wanted: Wanted) -> Result<(), Error> {
        if wanted == Wanted::default() {
            return Ok(());
        }
        self.change_document(&document_name(&flow.name), |watch: &mut Watch| {
            watch.deletes.take_back(wanted.deletes);
            watch.updates.take_back(wanted.updates);
            Some(())
        })
        .await?;
        Ok(())
    }

    /// Counts what is wanted, where there are so many pairs, or says why it must not be done. `None`: the flow is stopped.
    async fn ask_watch(
        &self,
        flow: &Flow,
        wanted: Wanted,
        linked: u64,
    ) -> Result<Option<Result<(), StopReason>>, Error> {
        let guards = &flow.policy.guards;
        let admit = |watch: &mut Watch| {
            if watch.stopped.is_some() {
                return None;
            }
            // Not before: what others counted while this worker waited would seem to be ahead of its time.
            let now = self.clock.now();
            watch.move_to(now, guards);
            Some(watch.admit(wanted, guards, linked, now))
        };
        self.change_document(&document_name(&flow.name), admit)
            .await
    }

    /// Counts the pairs.
    async fn linked(&self, flow: &Flow) -> Result<u64, Error> {
        let now = self.clock.now();
        let counts = self.store.counts(&self.connection, &flow.name).await?;
        self.pair_counts.note(&flow.name, counts.linked, now);
        Ok(counts.linked)
    }

    /// Asks both systems whether they are set up as the flow needs it. A flow whose systems are not is stopped; one that
    /// was stopped for that goes on when it is put right. Returns whether it is stopped now.
    ///
    /// # Errors
    /// [`Error::Side`] when a system cannot be asked, [`Error::UnknownFlow`], [`Error::Store`].
    pub async fn check_setup(&self, flow: &FlowName) -> Result<Option<Stopped>, Error> {
        let flow = self.flow(flow)?;
        for side in Side::BOTH {
            let problems = flow.endpoints.get(side).check().await;
            let problems = problems.map_err(|error| Error::Side {
                flow: flow.name.clone(),
                side,
                source: Arc::new(error),
            })?;
            if !problems.is_empty() {
                let problems = problems.into_iter().map(|problem| problem.message);
                let problems = problems.collect();
                let reason = StopReason::Setup { side, problems };
                self.stop_for(flow, reason, Cause::Guard).await?;
                return self.stopped(&flow.name).await;
            }
        }
        let stopped = self.stopped(&flow.name).await?;
        match &stopped {
            Some(Stopped {
                reason: StopReason::Setup { .. },
                ..
            }) => {
                self.let_go(flow, Allowance::default(), Cause::Guard)
                    .await?;
                Ok(None)
            }
            _ => Ok(stopped),
        }
    }

    /// Asks the systems themselves when the records of a batch all lack a field that records had before. Returns whether
    /// the flow is stopped.
    pub(super) async fn lost_a_field(&self, flow: &Flow, works: &[Work]) -> Result<bool, Error> {
        let lost = Side::BOTH.map(|side| self.seen_fields.lost(&flow.name, side, works));
        if !lost.contains(&true) {
            return Ok(false);
        }
        match self.check_setup(&flow.name).await {
            Ok(stopped) => Ok(stopped.is_some()),
            Err(Error::Store(error)) => Err(Error::Store(error)),
            Err(error) => {
                tracing::warn!(flow = %flow.name, %error, "a field is missing and the system cannot be asked why");
                Ok(false)
            }
        }
    }
}
