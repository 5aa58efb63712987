//! What can be told from the audit alone.

use std::collections::{BTreeMap, BTreeSet};

use super::Engine;
use crate::{
    audit::{AuditEntry, AuditEvent, AuditQuery, StoredAudit},
    error::Error,
    flow::Flow,
    ids::{FieldName, FlowName, RecordId},
    job::{Cause, Finish, Hint, JobKey},
    link::LinkContent,
    side::{Side, Sides},
    store::{Commit, LinkWrite},
};

/// Entries in a page.
const PAGE: usize = 500;

/// What was rebuilt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Links that were missing and are there again.
    pub links: u64,
    /// Pairs of which a link is there already, for at least one of the records. These are left as they are.
    pub kept: u64,
}

impl Engine {
    /// A page of the audit trail.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn audit(&self, query: &AuditQuery) -> Result<Vec<StoredAudit>, Error> {
        Ok(self.store.audit(&self.connection, query).await?)
    }

    /// Why a field of a record has the value it has: every entry that settled it, carried it over or found it agreed, the
    /// newest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn explain(
        &self,
        flow: &FlowName,
        side: Side,
        id: &RecordId,
        field: &FieldName,
    ) -> Result<Vec<StoredAudit>, Error> {
        let record = Some((side, id.clone()));
        let mut found = Vec::new();
        self.each_entry(None, record, |stored| {
            let entry = &stored.entry;
            let settles = entry.fields.iter().any(|decision| decision.field == *field);
            let carries = entry.agreed.get(field.as_str()).is_some();
            if entry.flow == *flow && (settles || carries) {
                found.push(stored);
            }
            true
        })
        .await?;
        found.reverse();
        Ok(found)
    }

    /// Looks again at every record of a flow that has entries after `after` up to and including `until`. Returns how many
    /// records.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn replay_range(
        &self,
        flow: &FlowName,
        after: Option<u64>,
        until: Option<u64>,
    ) -> Result<u64, Error> {
        let mut keys: BTreeSet<JobKey> = BTreeSet::new();
        self.each_entry(after, None, |stored| {
            if until.is_some_and(|until| stored.sequence > until) {
                return false;
            }
            let entry = stored.entry;
            let mut ids = Side::BOTH.into_iter();
            let first = ids.find_map(|side| Some((side, entry.ids.get(side).clone()?)));
            if let Some((side, id)) = first.filter(|_| entry.flow == *flow) {
                let flow = entry.flow;
                keys.insert(JobKey { flow, side, id });
            }
            true
        })
        .await?;
        let count = keys.len() as u64;
        let hints: Vec<Hint> = keys
            .into_iter()
            .map(|key| Hint {
                key,
                cause: Cause::Replay,
            })
            .collect();
        for chunk in hints.chunks(PAGE) {
            self.ingest(chunk).await?;
        }
        Ok(count)
    }

    /// Makes the links and bases of a flow that the store lost anew from its audit. Run it before anything else is done
    /// with such a store. Fingerprints of mirrors and values that were redacted are not in the audit; both are found
    /// again by the next look.
    ///
    /// # Errors
    /// [`Error::UnknownFlow`], [`Error::Store`].
    pub async fn rebuild(&self, flow: &FlowName) -> Result<Rebuilt, Error> {
        self.restore(self.trail(flow).await?).await
    }

    /// The pairs of a flow as the store's audit tells them.
    ///
    /// # Errors
    /// [`Error::UnknownFlow`], [`Error::Store`].
    pub async fn trail(&self, flow: &FlowName) -> Result<Trail, Error> {
        let mut trail = Trail::of(self.flow(flow)?.name.clone());
        self.each_entry(None, None, |stored| {
            trail.take_in(stored.entry);
            true
        })
        .await?;
        Ok(trail)
    }

    /// What [`restore`](Self::restore) would do, without doing it.
    ///
    /// # Errors
    /// [`Error::UnknownFlow`], [`Error::Store`].
    pub async fn missing_of(&self, trail: &Trail) -> Result<Rebuilt, Error> {
        let flow = self.flow(&trail.flow)?;
        let contents: Vec<&LinkContent> = trail.pairs.pairs.values().collect();
        let mut rebuilt = Rebuilt::default();
        for chunk in contents.chunks(PAGE) {
            let mut keys = Vec::with_capacity(2 * chunk.len());
            for content in chunk {
                for side in Side::BOTH {
                    keys.extend(content.ids.get(side).clone().map(|id| (side, id)));
                }
            }
            let links = self
                .store
                .links(&self.connection, &flow.name, &keys)
                .await?;
            let there: BTreeSet<&(Side, RecordId)> = keys
                .iter()
                .zip(links)
                .filter_map(|(key, link)| link.map(|_| key))
                .collect();
            for content in chunk {
                let is_there = Side::BOTH.into_iter().any(|side| {
                    let id = content.ids.get(side).clone();
                    id.is_some_and(|id| there.contains(&(side, id)))
                });
                match is_there {
                    true => rebuilt.kept += 1,
                    false => rebuilt.links += 1,
                }
            }
        }
        Ok(rebuilt)
    }

    /// Makes the links and bases anew that a trail tells of and the store lacks. Those that it has stay as they are.
    ///
    /// # Errors
    /// [`Error::UnknownFlow`], [`Error::Store`].
    pub async fn restore(&self, trail: Trail) -> Result<Rebuilt, Error> {
        let flow = self.flow(&trail.flow)?;
        let mut rebuilt = Rebuilt::default();
        let contents: Vec<LinkContent> = trail.pairs.pairs.into_values().collect();
        for chunk in contents.chunks(PAGE) {
            let made = self.insert_missing(flow, chunk).await?;
            rebuilt.links += made;
            rebuilt.kept += chunk.len() as u64 - made;
        }
        Ok(rebuilt)
    }

    async fn insert_missing(&self, flow: &Flow, contents: &[LinkContent]) -> Result<u64, Error> {
        let commits: Vec<Commit> = contents
            .iter()
            .map(|content| Commit {
                held: Vec::new(),
                link: Some(LinkWrite::Insert(content.clone())),
                finish: Finish::Done,
                wake: Vec::new(),
                audit: Vec::new(),
            })
            .collect();
        let now = self.clock.now();
        let outcomes = self
            .store
            .commit(&self.connection, &flow.name, &commits, now)
            .await?;
        let made = outcomes.iter().filter(|outcome| outcome.is_ok());
        Ok(made.count() as u64)
    }

    /// Calls `f` with every entry after `after`, oldest first, until it returns false.
    async fn each_entry(
        &self,
        mut after: Option<u64>,
        record: Option<(Side, RecordId)>,
        mut f: impl FnMut(StoredAudit) -> bool + Send,
    ) -> Result<(), Error> {
        loop {
            let query = AuditQuery {
                after,
                record: record.clone(),
                limit: PAGE,
            };
            let page = self.audit(&query).await?;
            let complete = page.len() < PAGE;
            for stored in page {
                after = Some(stored.sequence);
                if !f(stored) {
                    return Ok(());
                }
            }
            if complete {
                return Ok(());
            }
        }
    }
}

/// The pairs of a flow as audit entries tell them: those of a store ([`Engine::trail`]), or of an export of it that
/// outlived the store.
#[derive(Debug)]
pub struct Trail {
    flow: FlowName,
    pairs: Pairs,
}

impl Trail {
    /// Tells of no pair yet.
    #[must_use]
    pub fn of(flow: FlowName) -> Self {
        Self {
            flow,
            pairs: Pairs::default(),
        }
    }

    /// Takes an entry in; entries must come in the order in which they were written. Those of other flows say nothing.
    pub fn take_in(&mut self, entry: AuditEntry) {
        if entry.flow == self.flow {
            self.pairs.take_in(entry);
        }
    }

    /// How many pairs it tells of.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs.pairs.len()
    }
}

/// Pairs as the audit tells them, by a number of their own.
#[derive(Debug, Default)]
struct Pairs {
    pairs: BTreeMap<usize, LinkContent>,
    by_record: BTreeMap<(Side, RecordId), usize>,
    next: usize,
}

impl Pairs {
    fn take_in(&mut self, entry: AuditEntry) {
        if entry.refused {
            return;
        }
        let (Some(left), Some(right)) = (&entry.ids.left, &entry.ids.right) else {
            return;
        };
        let place = match &entry.event {
            AuditEvent::Forgotten => return self.remove(left, right),
            event if event.is_of_a_pair() => self.place(left, right),
            _ => return,
        };
        let Some(content) = self.pairs.get_mut(&place) else {
            return;
        };
        match entry.event {
            AuditEvent::PartnerDeleted { side } => content.detached = Some(side),
            AuditEvent::DeletePropagated { side } => content.detached = Some(side.other()),
            AuditEvent::PartnerRestored { .. } => content.detached = None,
            _ => {}
        }
        if !entry.agreed.is_empty() {
            let base = content.base.get_or_insert_default();
            for (field, value) in entry.agreed {
                base.set(field, value);
            }
        }
    }

    /// The pair of two records; whatever pairs they were in before are none any more.
    fn place(&mut self, left: &RecordId, right: &RecordId) -> usize {
        let of = |side, id: &RecordId| self.by_record.get(&(side, id.clone())).copied();
        let (of_left, of_right) = (of(Side::Left, left), of(Side::Right, right));
        if let (Some(one), Some(other)) = (of_left, of_right)
            && one == other
        {
            return one;
        }
        self.remove(left, right);
        let place = self.next;
        self.next += 1;
        let ids = Sides::new(Some(left.clone()), Some(right.clone()));
        let content = LinkContent {
            ids,
            ..LinkContent::default()
        };
        self.pairs.insert(place, content);
        self.by_record.insert((Side::Left, left.clone()), place);
        self.by_record.insert((Side::Right, right.clone()), place);
        place
    }

    fn remove(&mut self, left: &RecordId, right: &RecordId) {
        for key in [(Side::Left, left.clone()), (Side::Right, right.clone())] {
            let Some(content) = self
                .by_record
                .get(&key)
                .and_then(|place| self.pairs.remove(place))
            else {
                continue;
            };
            for side in Side::BOTH {
                if let Some(id) = content.ids.get(side).clone() {
                    self.by_record.remove(&(side, id));
                }
            }
        }
    }
}
