//! How a faulty store goes wrong.

use jiff::Timestamp;
use sync_core::{
    AuditEntry, Claim, Commit, ConnectionId, FencingToken, Finish, FlowName, Held, Hint, Job,
    JobKey, Link, LinkContent, LinkWrite, Prepare, RecordId, Refused, Revision, Side, Store,
};

use super::{Fault, FaultyStore, SECOND};

impl FaultyStore {
    pub(super) async fn hints(
        &self,
        connection: &ConnectionId,
        hints: &[Hint],
        now: Timestamp,
    ) -> Vec<Hint> {
        let mut kept = Vec::new();
        for hint in hints {
            let mut hint = hint.clone();
            let links = self
                .inner
                .links(
                    connection,
                    &hint.key.flow,
                    &[(hint.key.side, hint.key.id.clone())],
                )
                .await;
            let half = matches!(&links.unwrap()[0], Some(link) if link.content.ids.left.is_none());
            let parked = self
                .inner
                .parked(connection, &hint.key.flow, None, 100)
                .await
                .unwrap();
            let lease = self.memory().leases.get(&hint.key).cloned();
            let is_new = self.memory().hinted.insert(hint.key.clone());
            if self.has(Fault::DropsRepeatedHints) && !is_new
                || self.has(Fault::ParkedJobsIgnoreHints)
                    && parked.iter().any(|job| job.key == hint.key)
            {
                continue;
            }
            if self.has(Fault::FilesHalfLinksUnderNothing) && half {
                hint.key = JobKey {
                    side: Side::Left,
                    id: RecordId::from(""),
                    ..hint.key
                };
            }
            if self.has(Fault::HintDefeatsBackOff) && self.memory().failed.contains(&hint.key) {
                self.memory().hurry = true;
            }
            if let Some((job, _)) = lease.filter(|_| self.has(Fault::HintBreaksALease)) {
                let finish = Finish::Again {
                    at: now,
                    failed: false,
                    cause: None,
                };
                let _ = self
                    .inner
                    .commit(connection, &hint.key.flow, &[ending(&job, finish)], now)
                    .await;
            }
            kept.push(hint);
        }
        kept
    }

    fn held(&self, held: &Held) -> Held {
        let mut held = held.clone();
        let memory = self.memory();
        if self.has(Fault::TokensStartAnew) {
            let life = memory
                .lives
                .get(&held.key)
                .filter(|(outward, _)| *outward == held.token.0);
            held.token = life.map_or(FencingToken(u64::MAX), |(_, token)| *token);
        }
        held
    }

    async fn link_write(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        write: &LinkWrite,
    ) -> LinkWrite {
        let mut write = write.clone();
        if self.has(Fault::IgnoresRevisions) || self.has(Fault::RevisionsStandStill) {
            let links = self
                .inner
                .all_links(connection, flow, None, 1000)
                .await
                .unwrap();
            if let LinkWrite::Replace { id, expected, .. } | LinkWrite::Remove { id, expected } =
                &mut write
                && let Some(link) = links.iter().find(|link| link.id == *id)
            {
                *expected = link.revision;
            }
        }
        if let (LinkWrite::Remove { id, expected }, true) =
            (&write, self.has(Fault::RemovedLinksStay))
        {
            let links = self
                .inner
                .all_links(connection, flow, None, 1000)
                .await
                .unwrap();
            let content = links
                .into_iter()
                .find(|link| link.id == *id)
                .map(|link| link.content)
                .unwrap_or_default();
            write = LinkWrite::Replace {
                id: *id,
                expected: *expected,
                content,
            };
        }
        write
    }

    /// Whether an identity was used before by whatever link.
    fn uses_old_identity(&self, flow: &FlowName, write: &LinkWrite) -> Option<Refused> {
        let LinkWrite::Insert(content) = write else {
            return None;
        };
        let mut refused = None;
        for side in Side::BOTH {
            let Some(id) = content.ids.get(side).clone() else {
                continue;
            };
            let is_new = self.memory().identities.insert((flow.clone(), side, id));
            if !is_new && self.has(Fault::NeverFreesIdentities) {
                refused = Some(Refused::AlreadyLinked { side });
            }
        }
        refused
    }

    pub(super) async fn prepare_one(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entry: &Prepare,
        now: Timestamp,
    ) -> Result<Link, Refused> {
        let mut entry = entry.clone();
        entry.held = self.held(&entry.held);
        if let (Some((job, _)), true) = (
            self.memory().leases.get(&entry.held.key),
            self.has(Fault::StaleLeasesPrepare),
        ) {
            entry.held.token = job.token;
        }
        entry.link = self.link_write(connection, flow, &entry.link).await;
        if let Some(refused) = self.uses_old_identity(flow, &entry.link) {
            return Err(refused);
        }
        if self.has(Fault::PrepareLosesAudit) {
            entry.audit.clear();
        }
        let mut outcome = self
            .inner
            .prepare(connection, flow, &[entry.clone()], now)
            .await
            .unwrap()
            .remove(0);
        if let (Err(Refused::AlreadyLinked { side }), true) =
            (&outcome, self.has(Fault::LinksTwice))
            && let LinkWrite::Insert(content) | LinkWrite::Replace { content, .. } = &mut entry.link
        {
            let wanted = content.clone();
            blur(content, *side);
            outcome = self
                .inner
                .prepare(connection, flow, &[entry], now)
                .await
                .unwrap()
                .remove(0);
            outcome = outcome.map(|link| Link {
                content: wanted,
                ..link
            });
        }
        outcome.map(|link| self.shown(link))
    }

    pub(super) async fn commit_one(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entry: &Commit,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let mut commit = entry.clone();
        commit.held = entry.held.iter().map(|held| self.held(held)).collect();
        if let Some(link) = &entry.link {
            let link = self.link_write(connection, flow, link).await;
            if let Some(refused) = self.uses_old_identity(flow, &link) {
                return Err(refused);
            }
            commit.link = Some(link);
        }
        self.spoil_commit(&mut commit, now);
        let audit = commit.audit.clone();
        if self.has(Fault::RefusedCommitsLoseAudit) {
            commit.audit.clear();
        }
        let lapsed = entry.held.iter().any(|held| {
            let memory = self.memory();
            memory
                .leases
                .get(&held.key)
                .is_some_and(|(job, until)| job.token == held.token && *until <= now)
        });
        if lapsed && self.has(Fault::LapsedLeasesAreRefused) {
            return Err(Refused::LeaseLost);
        }
        let mut outcome = self
            .inner
            .commit(connection, flow, &[commit.clone()], now)
            .await
            .unwrap()
            .remove(0);
        if let (Err(Refused::AlreadyLinked { side }), true) =
            (&outcome, self.has(Fault::LinksTwice))
            && let Some(LinkWrite::Insert(content) | LinkWrite::Replace { content, .. }) =
                &mut commit.link
        {
            blur(content, *side);
            commit.audit.clear();
            outcome = self
                .inner
                .commit(connection, flow, &[commit.clone()], now)
                .await
                .unwrap()
                .remove(0);
        }
        if outcome.is_ok() {
            self.after_commit(connection, flow, &commit, audit, now)
                .await;
            return Ok(());
        }
        if self.has(Fault::EndsRefusedJobs) {
            let ended = Commit {
                link: None,
                audit: Vec::new(),
                ..commit.clone()
            };
            let _ = self.inner.commit(connection, flow, &[ended], now).await;
        }
        if self.has(Fault::WakesOnRefusal) {
            let woken = Commit {
                held: Vec::new(),
                link: None,
                audit: Vec::new(),
                ..commit
            };
            let _ = self.inner.commit(connection, flow, &[woken], now).await;
        }
        if self.has(Fault::StaleLeasesCommit) && outcome == Err(Refused::LeaseLost) {
            Ok(())
        } else {
            outcome
        }
    }

    fn spoil_commit(&self, commit: &mut Commit, now: Timestamp) {
        if self.has(Fault::ChecksTheFirstLeaseOnly) {
            commit.held.truncate(1);
        }
        if self.has(Fault::WakesNobody) {
            commit.wake.clear();
        }
        if self.has(Fault::DoneKeepsTheJob) && commit.finish == Finish::Done {
            commit.finish = Finish::Again {
                at: now,
                failed: false,
                cause: None,
            };
        }
        if let Finish::Again { at, failed, cause } = &mut commit.finish {
            if self.has(Fault::LooksAgainAtOnce) {
                *at = now;
            }
            if self.has(Fault::ForgetsFailures) {
                *failed = false;
            }
            if self.has(Fault::KeepsTheCauseOfBefore) {
                *cause = None;
            }
        }
    }

    async fn after_commit(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        commit: &Commit,
        audit: Vec<AuditEntry>,
        now: Timestamp,
    ) {
        if self.has(Fault::RefusedCommitsLoseAudit) {
            self.inner.dismiss(connection, &[], &audit).await.unwrap();
        }
        for held in &commit.held {
            let mut memory = self.memory();
            memory.leases.remove(&held.key);
            if commit.finish == Finish::Done {
                memory.lives.remove(&held.key);
            }
            if matches!(commit.finish, Finish::Again { failed: true, .. }) {
                memory.failed.insert(held.key.clone());
            }
        }
        if self.has(Fault::EndsDespiteHints) && !matches!(commit.finish, Finish::Again { .. }) {
            let claim = Claim {
                flow: flow.clone(),
                worker: "fault".into(),
                limit: 100,
                now,
                lease_until: now + SECOND,
            };
            for job in self.inner.claim(connection, &claim).await.unwrap() {
                let again = Finish::Again {
                    at: now,
                    failed: false,
                    cause: None,
                };
                let was_held = commit.held.iter().any(|held| held.key == job.key);
                let finish = if was_held {
                    commit.finish.clone()
                } else {
                    again
                };
                let _ = self
                    .inner
                    .commit(connection, flow, &[ending(&job, finish)], now)
                    .await;
            }
        }
    }

    pub(super) fn shown(&self, mut link: Link) -> Link {
        if self.has(Fault::LosesPlans) {
            link.content.planned = None;
        }
        if self.has(Fault::RevisionsStandStill) {
            link.revision = Revision(1);
        }
        link
    }
}

fn ending(job: &Job, finish: Finish) -> Commit {
    Commit {
        held: vec![Held::from(job)],
        link: None,
        finish,
        wake: Vec::new(),
        audit: Vec::new(),
    }
}

/// Another identity that looks the same.
fn blur(content: &mut LinkContent, side: Side) {
    let id = content.ids.get_mut(side);
    *id = id
        .as_ref()
        .map(|id| RecordId::new(format!("{id} ({:?})", std::ptr::from_ref(id))));
}
