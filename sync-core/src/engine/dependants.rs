//! Records that wait for others, and what records refer to.

use super::Engine;
use crate::{
    flow::Flow,
    ids::{FlowName, RecordId},
    job::{Cause, Finish, Hint, JobKey, ParkReason},
    link::Link,
    mapping::References,
    side::{Side, Sides},
    store::{Commit, StoreError},
    value::Document,
};

/// Jobs that were parked until another record is synchronised.
#[derive(Debug, Default)]
pub(super) struct Waiting(Vec<Dependant>);

#[derive(Debug)]
struct Dependant {
    key: JobKey,
    parent: JobKey,
    /// Whether it was looked at because of a parent already: then the other parents are left to their own hints, lest
    /// two records that wait for each other keep each other busy.
    woken: bool,
}

impl Waiting {
    /// Those among `commits`.
    pub(super) fn among(commits: &[Commit]) -> Self {
        let mut waiting = Vec::new();
        for commit in commits {
            let Finish::Park(parked) = &commit.finish else {
                continue;
            };
            let Some(parent) = parent_of(&parked.reason) else {
                continue;
            };
            let caused = commit.audit.last().map(|entry| &entry.cause);
            waiting.extend(commit.held.iter().map(|held| Dependant {
                key: held.key.clone(),
                parent: parent.clone(),
                woken: caused == Some(&Cause::Dependency),
            }));
        }
        Self(waiting)
    }
}

impl Engine {
    /// Whether each of `parents` has a partner.
    pub(super) async fn have_partners(&self, parents: &[JobKey]) -> Result<Vec<bool>, StoreError> {
        let mut linked = Vec::with_capacity(parents.len());
        for parent in parents {
            let record = (parent.side, parent.id.clone());
            let links = self
                .store
                .links(&self.connection, &parent.flow, &[record])
                .await?;
            linked.push(links.into_iter().flatten().any(|link| is_pair(&link)));
        }
        Ok(linked)
    }

    /// A parent that was synchronised while its dependant was being parked has woken nobody, so it is asked for again. One
    /// that was not is put on the queue: it may be why nothing has come of it yet.
    pub(super) async fn see_to(&self, waiting: Waiting) -> Result<(), StoreError> {
        let Waiting(waiting) = waiting;
        if waiting.is_empty() {
            return Ok(());
        }
        let parents: Vec<JobKey> = waiting.iter().map(|one| one.parent.clone()).collect();
        let linked = self.have_partners(&parents).await?;
        let mut hints: Vec<Hint> = Vec::new();
        for (dependant, linked) in waiting.into_iter().zip(linked) {
            let key = match (linked, dependant.woken) {
                (true, _) => dependant.key,
                (false, false) => dependant.parent,
                (false, true) => continue,
            };
            if hints.iter().all(|hint| hint.key != key) {
                let cause = Cause::Dependency;
                hints.push(Hint { key, cause });
            }
        }
        let now = self.clock.now();
        self.store
            .enqueue(&self.connection, &hints, None, now)
            .await
    }

    /// The partners of the records that `records` refer to, as far as they have any.
    pub(crate) async fn references<'a>(
        &self,
        flow: &Flow,
        side: Side,
        records: impl Iterator<Item = &'a Document>,
    ) -> Result<References, StoreError> {
        let mut references = References::default();
        if flow.mapping.referenced_flows().is_empty() {
            return Ok(references);
        }
        let mut wanted: Vec<(FlowName, RecordId)> = records
            .flat_map(|record| flow.mapping.references(side, record))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        for of_flow in wanted.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((parent, _)) = of_flow.first() else {
                continue;
            };
            let keys: Vec<(Side, RecordId)> =
                of_flow.iter().map(|(_, id)| (side, id.clone())).collect();
            let links = self.store.links(&self.connection, parent, &keys).await?;
            for link in links.iter().flatten() {
                if let Some(ids) = link.content.bound() {
                    references.insert(parent, Sides::new(ids.left, ids.right));
                }
            }
        }
        Ok(references)
    }
}

/// The record that a job parked for this reason waits for.
pub(super) fn parent_of(reason: &ParkReason) -> Option<&JobKey> {
    match reason {
        ParkReason::WaitingFor { parent } => Some(parent),
        _ => None,
    }
}

fn is_pair(link: &Link) -> bool {
    link.content.bound().is_some()
}
