//! Carrying an approved plan out.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CHUNK, FirstSyncPlan, OnProgress, PlanEntry, PlanProgress, PlannedAction};
use crate::{
    audit::{AuditEntry, AuditEvent},
    engine::Engine,
    error::Error,
    flow::Flow,
    ids::{FlowName, WorkerId},
    job::{Cause, Claim, Finish, Hint, JobKey, ParkReason, Parked},
    link::LinkContent,
    side::{Side, Sides},
    store::{Commit, DocumentWrite, Held, LinkWrite},
};

/// Proof that a plan was approved.
#[derive(Debug, Serialize, Deserialize)]
struct Approval {
    version: u32,
    hash: String,
    at: Timestamp,
}

fn document_name(flow: &FlowName) -> String {
    format!("first-sync/{flow}")
}

/// Whether a plan of the flow was approved and taken up.
pub(crate) async fn is_approved(engine: &Engine, flow: &FlowName) -> Result<bool, Error> {
    Ok(engine
        .store
        .document(&engine.connection, &document_name(flow))
        .await?
        .is_some())
}

impl Engine {
    /// Takes up the plan whose hash a person approved: pairs are linked, everything else is queued, and the flow may run.
    /// The ticks that follow do the writing.
    ///
    /// The plan is made anew first. If it would now do anything else than what was approved, nothing is done.
    ///
    /// # Errors
    /// [`Error::StalePlan`], or what [`plan_first_sync`](Self::plan_first_sync) and the store say. After an interruption
    /// a new plan shows what is left.
    pub async fn apply_first_sync(
        &self,
        flow: &FlowName,
        approved: &str,
        progress: OnProgress<'_>,
    ) -> Result<FirstSyncPlan, Error> {
        let flow = self.flow(flow)?;
        let listings = self.list_both(flow, progress).await?;
        let survey = listings.survey();
        let plan = self.plan_of(flow, listings).await?;
        let current = plan.hash();
        if current != approved {
            return Err(Error::StalePlan {
                approved: approved.to_owned(),
                current,
            });
        }
        self.park_unclear(flow, &plan).await?;
        let (total, mut done) = (plan.summary().total(), 0);
        let mut page = None;
        loop {
            let read = plan.entries(page.as_ref(), CHUNK).await?;
            self.take_up(flow, &read.entries).await?;
            done += read.entries.len() as u64;
            progress(PlanProgress::Applied(done, total));
            match read.next {
                Some(next) => page = Some(next),
                None => break,
            }
        }
        self.start_feeds(flow, plan.feeds_from).await?;
        if plan.summary().create != Sides::default() {
            self.surveys.keep(&flow.name, Arc::new(survey));
        }
        self.approve(flow, current).await?;
        Ok(plan)
    }

    async fn take_up(&self, flow: &Flow, entries: &[PlanEntry]) -> Result<(), Error> {
        let now = self.clock.now();
        let hints: Vec<Hint> = entries
            .iter()
            .filter(|entry| needs_work(&entry.action))
            .filter_map(|entry| hint(flow, entry))
            .collect();
        // First the looks, then the links: after an interruption a pair that is linked already is not planned anew.
        self.store
            .enqueue(&self.connection, &hints, None, now)
            .await?;
        let links: Vec<Commit> = entries
            .iter()
            .filter_map(|entry| link_of(flow, entry, now))
            .collect();
        // A refused link means that somebody linked the record since; the queued look sees to it.
        self.store
            .commit(&self.connection, &flow.name, &links, now)
            .await?;
        Ok(())
    }

    /// What a person must sort out is parked before anything can look at it.
    async fn park_unclear(&self, flow: &Flow, plan: &FirstSyncPlan) -> Result<(), Error> {
        // Somebody else's hints, which are claimed on the way: they are put back when ours are done, lest they be
        // claimed again.
        let mut put_back: Vec<Commit> = Vec::new();
        let mut page = None;
        loop {
            let read = plan.entries(page.as_ref(), CHUNK).await?;
            let unclear = read.entries.iter();
            let unclear =
                unclear.filter_map(|entry| Some((hint(flow, entry)?.key, park_reason(entry)?)));
            put_back.extend(self.park(flow, unclear.collect()).await?);
            match read.next {
                Some(next) => page = Some(next),
                None => break,
            }
        }
        for chunk in put_back.chunks(CHUNK) {
            self.store
                .commit(&self.connection, &flow.name, chunk, self.clock.now())
                .await?;
        }
        Ok(())
    }

    /// Parks these keys. Returns what puts back others that were claimed with them.
    async fn park(
        &self,
        flow: &Flow,
        mut unclear: HashMap<JobKey, ParkReason>,
    ) -> Result<Vec<Commit>, Error> {
        let mut put_back: Vec<Commit> = Vec::new();
        let hints: Vec<Hint> = unclear
            .keys()
            .map(|key| Hint {
                key: key.clone(),
                cause: Cause::Plan,
            })
            .collect();
        if !hints.is_empty() {
            self.store
                .enqueue(&self.connection, &hints, None, self.clock.now())
                .await?;
        }
        while !unclear.is_empty() {
            let now = self.clock.now();
            let claim = Claim {
                flow: flow.name.clone(),
                worker: WorkerId::from("first-sync"),
                limit: CHUNK,
                now,
                lease_until: now + self.settings.lease,
            };
            let jobs = self.store.claim(&self.connection, &claim).await?;
            if jobs.is_empty() {
                break;
            }
            let mut commits = Vec::with_capacity(jobs.len());
            for job in &jobs {
                match unclear.remove(&job.key) {
                    Some(reason) => commits.push(parking(flow, job, reason, now)),
                    None => put_back.push(ending(
                        vec![Held::from(job)],
                        Finish::Again {
                            at: now,
                            failed: false,
                            cause: None,
                        },
                    )),
                }
            }
            self.store
                .commit(&self.connection, &flow.name, &commits, now)
                .await?;
        }
        Ok(put_back)
    }

    async fn approve(&self, flow: &Flow, hash: String) -> Result<(), Error> {
        let name = document_name(&flow.name);
        let expected = self
            .store
            .document(&self.connection, &name)
            .await?
            .map(|(_, revision)| revision);
        let approval = Approval {
            version: 1,
            hash,
            at: self.clock.now(),
        };
        let body = serde_json::to_string(&approval).map_err(|source| Error::Document {
            name: name.clone(),
            source,
        })?;
        self.store
            .put_document(
                &self.connection,
                &DocumentWrite {
                    name,
                    expected,
                    body,
                },
            )
            .await?;
        Ok(())
    }
}

fn needs_work(action: &PlannedAction) -> bool {
    matches!(
        action,
        PlannedAction::Update
            | PlannedAction::Create(_)
            | PlannedAction::Link
            | PlannedAction::Problem(_)
    )
}

fn park_reason(entry: &PlanEntry) -> Option<ParkReason> {
    let own = Side::BOTH
        .into_iter()
        .find(|side| entry.ids.get(*side).is_some())?;
    match &entry.action {
        PlannedAction::Ambiguous { candidates } => {
            let others = candidates
                .iter()
                .filter(|(side, _)| *side != own)
                .map(|(_, id)| id.clone());
            Some(ParkReason::Ambiguous {
                side: own.other(),
                candidates: others.collect(),
            })
        }
        PlannedAction::Duplicate { copies } => Some(ParkReason::Ambiguous {
            side: own,
            candidates: copies.clone(),
        }),
        _ => None,
    }
}

/// The look at an entry's record; of a pair, at its left one.
fn hint(flow: &Flow, entry: &PlanEntry) -> Option<Hint> {
    let side = Side::BOTH
        .into_iter()
        .find(|side| entry.ids.get(*side).is_some())?;
    let id = entry.ids.get(side).clone()?;
    Some(Hint {
        key: JobKey {
            flow: flow.name.clone(),
            side,
            id,
        },
        cause: Cause::Plan,
    })
}

/// A recognised pair is linked at once; what differs is settled by the look that follows.
fn link_of(flow: &Flow, entry: &PlanEntry, now: Timestamp) -> Option<Commit> {
    if !matches!(entry.action, PlannedAction::Link | PlannedAction::Update) {
        return None;
    }
    let link = LinkWrite::Insert(LinkContent {
        ids: entry.ids.clone(),
        ..LinkContent::default()
    });
    let audit = vec![audit(flow, entry.ids.clone(), AuditEvent::Linked, now)];
    Some(Commit {
        link: Some(link),
        audit,
        ..ending(Vec::new(), Finish::Done)
    })
}

fn parking(flow: &Flow, job: &crate::job::Job, reason: ParkReason, now: Timestamp) -> Commit {
    let mut ids = Sides::default();
    *ids.get_mut(job.key.side) = Some(job.key.id.clone());
    let parked = Parked {
        reason: reason.clone(),
        sides: Sides::default(),
        base: None,
        ids: ids.clone(),
        since: now,
    };
    let entry = audit(flow, ids, AuditEvent::Parked(reason), now);
    Commit {
        audit: vec![entry],
        ..ending(vec![Held::from(job)], Finish::Park(Box::new(parked)))
    }
}

fn ending(held: Vec<Held>, finish: Finish) -> Commit {
    Commit {
        held,
        link: None,
        finish,
        wake: Vec::new(),
        audit: Vec::new(),
    }
}

fn audit(
    flow: &Flow,
    ids: Sides<Option<crate::ids::RecordId>>,
    event: AuditEvent,
    at: Timestamp,
) -> AuditEntry {
    AuditEntry::new(at, flow.name.clone(), ids, Cause::Plan, event)
}
