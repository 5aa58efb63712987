//! The first meeting of two systems that are both full: planned in the open, approved by a person, then done.

mod apply;
mod forecast;
mod matching;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

pub(crate) use self::apply::is_approved;
use self::{
    forecast::{forecast, writes_on},
    matching::{Groups, Listed, pair_up},
};
use crate::{
    audit::FieldDecision,
    budget::Cost,
    engine::Engine,
    error::Error,
    flow::Flow,
    ids::{FlowName, RecordId},
    link::LinkId,
    mapping::References,
    plan::{Pair, Plan, plan},
    side::{Side, Sides},
};

/// What would be done to bring two systems together. Making it writes nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstSyncPlan {
    /// The flow.
    pub flow: FlowName,
    /// One entry for each pair, and for each record without one.
    pub entries: Vec<PlanEntry>,
    /// Records found on each side.
    pub listed: Sides<u64>,
    /// Write calls that carrying it out takes on each side, at least.
    pub write_calls: Sides<u64>,
    /// What carrying it out costs on each side: looks, searches, writes and second looks. A forecast; failures and edits
    /// made meanwhile add to it.
    pub forecast: Sides<Cost>,
    /// Where the change feeds start afterwards.
    feeds_from: Sides<Option<Timestamp>>,
}

/// What would be done about one pair or record.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanEntry {
    /// What.
    pub action: PlannedAction,
    /// The identities, as far as known.
    pub ids: Sides<Option<RecordId>>,
    /// Fields that differ, and how they would be settled.
    pub differences: Vec<FieldDecision>,
}

/// What would be done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PlannedAction {
    /// They are a pair already.
    AlreadyLinked,
    /// They are recognised as a pair and agree.
    Link,
    /// They are recognised as a pair and differ.
    Update,
    /// The record gets a partner on this side.
    Create(Side),
    /// More than one record could be the partner; a person must say.
    Ambiguous {
        /// The records that belong together somehow, on both sides; the first fifty of each.
        candidates: Vec<(Side, RecordId)>,
    },
    /// Records of one side look like copies of each other and have no partner; a person must say.
    Duplicate {
        /// The copies; the first fifty.
        copies: Vec<RecordId>,
    },
    /// Nothing: the flow's rules leave such records alone.
    Skip,
    /// The record cannot be carried over as it is.
    Problem(String),
}

/// How many entries of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanSummary {
    /// Pairs already.
    pub already_linked: u64,
    /// Recognised pairs that agree.
    pub link: u64,
    /// Recognised pairs that differ.
    pub update: u64,
    /// Records to be created, by side.
    pub create: Sides<u64>,
    /// Records whose partner is not clear.
    pub ambiguous: u64,
    /// Records that look like copies.
    pub duplicate: u64,
    /// Records left alone.
    pub skip: u64,
    /// Records that cannot be carried over as they are.
    pub problem: u64,
}

/// How far the making or the carrying out of a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanProgress {
    /// So many records of a side were read.
    Listed(Side, u64),
    /// So many entries of all were taken up.
    Applied(u64, u64),
}

/// Told of progress.
pub type OnProgress<'a> = &'a (dyn Fn(PlanProgress) + Send + Sync);

impl FirstSyncPlan {
    /// Counts by kind.
    #[must_use]
    pub fn summary(&self) -> PlanSummary {
        let mut summary = PlanSummary::default();
        for entry in &self.entries {
            let count = match &entry.action {
                PlannedAction::AlreadyLinked => &mut summary.already_linked,
                PlannedAction::Link => &mut summary.link,
                PlannedAction::Update => &mut summary.update,
                PlannedAction::Create(side) => summary.create.get_mut(*side),
                PlannedAction::Ambiguous { .. } => &mut summary.ambiguous,
                PlannedAction::Duplicate { .. } => &mut summary.duplicate,
                PlannedAction::Skip => &mut summary.skip,
                PlannedAction::Problem(_) => &mut summary.problem,
            };
            *count += 1;
        }
        summary
    }

    /// Names what was reviewed. Equal plans have equal hashes; a plan that would do anything else has another.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut lines: Vec<String> = self.entries.iter().map(PlanEntry::fingerprint).collect();
        lines.sort_unstable();
        let mut hasher = Sha256::new();
        hasher.update(self.flow.as_str());
        for line in lines {
            hasher.update([0]);
            hasher.update(line);
        }
        hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl PlanEntry {
    fn fingerprint(&self) -> String {
        // What would be overwritten is part of what was reviewed.
        let settled = self.differences.iter().map(|decision| {
            let values = (&decision.left, &decision.right, &decision.result);
            (&decision.field, values)
        });
        let results: BTreeMap<_, _> = settled.collect();
        format!("{:?} {:?} {results:?}", self.action, self.ids)
    }
}

impl Engine {
    /// Reads both sides completely and says what would be done. Writes nothing anywhere.
    ///
    /// # Errors
    /// [`Error::Side`] when a side could not be read to its end; a partial listing is never planned with.
    pub async fn plan_first_sync(
        &self,
        flow: &FlowName,
        progress: OnProgress<'_>,
    ) -> Result<FirstSyncPlan, Error> {
        let flow = self.flow(flow)?;
        let mut references = References::default();
        let (left, left_start) = self
            .list_all(flow, Side::Left, &mut references, progress)
            .await?;
        let (right, right_start) = self
            .list_all(flow, Side::Right, &mut references, progress)
            .await?;
        let linked = self.linked_pairs(flow).await?;
        let feeds_from = Sides::new(left_start, right_start);
        let counts = Sides::new(left.len() as u64, right.len() as u64);
        let sides = Sides::new(left, right);
        let groups = pair_up(flow, &sides, &linked);
        let entries = entries(flow, &references, &sides, groups);
        let write_calls = write_calls(flow, &entries);
        let forecast = forecast(flow, &entries, self.settings.batch);
        Ok(FirstSyncPlan {
            flow: flow.name.clone(),
            entries,
            listed: counts,
            write_calls,
            forecast,
            feeds_from,
        })
    }

    async fn list_all(
        &self,
        flow: &Flow,
        side: Side,
        references: &mut References,
        progress: OnProgress<'_>,
    ) -> Result<(Vec<Listed>, Option<Timestamp>), Error> {
        let started = self.clock.now();
        let mut listed = Vec::new();
        let mut page = None;
        loop {
            let read = self
                .call_list(flow, side, page.as_ref())
                .await
                .map_err(|error| Error::Side {
                    flow: flow.name.clone(),
                    side,
                    source: Arc::new(error),
                })?;
            let fields = read.records.iter().map(|record| &record.fields);
            references.merge(self.references(flow, side, fields).await?);
            listed.extend(
                read.records
                    .into_iter()
                    .map(|record| Listed::new(flow, side, record, references)),
            );
            progress(PlanProgress::Listed(side, listed.len() as u64));
            match read.next {
                Some(next) => page = Some(next),
                None => break,
            }
        }
        let start = matching::feeds_from(&listed, started, self.clock.now());
        Ok((listed, start))
    }

    /// Pairs that are complete. What is still being created is planned by what it is about.
    async fn linked_pairs(&self, flow: &Flow) -> Result<Vec<Sides<Option<RecordId>>>, Error> {
        const PAGE: usize = 1000;
        let mut pairs = Vec::new();
        let mut after: Option<LinkId> = None;
        loop {
            let links = self
                .store
                .all_links(&self.connection, &flow.name, after, PAGE)
                .await?;
            after = links.last().map(|link| link.id);
            let complete = links.len() < PAGE;
            let bound = links
                .into_iter()
                .filter(|link| link.content.bound().is_some());
            pairs.extend(bound.map(|link| link.content.ids));
            if complete {
                return Ok(pairs);
            }
        }
    }
}

/// The groups as entries of the plan.
fn entries(
    flow: &Flow,
    references: &References,
    sides: &Sides<Vec<Listed>>,
    groups: Groups,
) -> Vec<PlanEntry> {
    let mut entries = groups.settled;
    for (left, right) in groups.pairs {
        let (left, right) = (&sides.left[left], &sides.right[right]);
        entries.push(pair_entry(flow, references, left, right));
    }
    for (side, index) in groups.alone {
        let listed = &sides.get(side)[index];
        entries.push(lone_entry(flow, references, side, listed));
    }
    entries
}

fn pair_entry(flow: &Flow, references: &References, left: &Listed, right: &Listed) -> PlanEntry {
    let ids = Sides::new(Some(left.id.clone()), Some(right.id.clone()));
    let (left_document, right_document) = match (&left.document, &right.document) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(error), _) | (_, Err(error)) => {
            let action = PlannedAction::Problem(error.to_string());
            return PlanEntry {
                action,
                ids,
                differences: Vec::new(),
            };
        }
    };
    let known = crate::link::LinkContent {
        ids: ids.clone(),
        ..Default::default()
    };
    let now = Sides::new(Some(left_document), Some(right_document));
    match plan(
        flow,
        &Pair {
            known: &known,
            now,
            newest: None,
            references,
            unread: None,
        },
    ) {
        Plan::Settled { decisions, .. } => PlanEntry {
            action: PlannedAction::Link,
            ids,
            differences: decisions,
        },
        Plan::Update(update) => PlanEntry {
            action: PlannedAction::Update,
            ids,
            differences: update.decisions,
        },
        Plan::Park(reason) => PlanEntry {
            action: problem(&reason),
            ids,
            differences: Vec::new(),
        },
        // Two documents are never a lone one.
        _ => PlanEntry {
            action: PlannedAction::Skip,
            ids,
            differences: Vec::new(),
        },
    }
}

fn lone_entry(flow: &Flow, references: &References, side: Side, listed: &Listed) -> PlanEntry {
    let mut ids = Sides::default();
    *ids.get_mut(side) = Some(listed.id.clone());
    let entry = |action| PlanEntry {
        action,
        ids: ids.clone(),
        differences: Vec::new(),
    };
    let document = match &listed.document {
        Ok(document) => document,
        Err(error) => return entry(PlannedAction::Problem(error.to_string())),
    };
    let known = crate::link::LinkContent {
        ids: ids.clone(),
        ..Default::default()
    };
    let mut now = Sides::default();
    *now.get_mut(side) = Some(document);
    match plan(
        flow,
        &Pair {
            known: &known,
            now,
            newest: None,
            references,
            unread: None,
        },
    ) {
        Plan::Create(create) => entry(PlannedAction::Create(create.target)),
        Plan::Park(reason) => entry(problem(&reason)),
        _ => entry(PlannedAction::Skip),
    }
}

fn problem(reason: &crate::job::ParkReason) -> PlannedAction {
    PlannedAction::Problem(match reason {
        crate::job::ParkReason::Unmappable { field, message } => {
            format!("field `{field}`: {message}")
        }
        crate::job::ParkReason::WaitingFor { parent } => format!(
            "it refers to the {} record `{}` of `{}`, which has no partner yet",
            parent.side, parent.id, parent.flow
        ),
        other => format!("{other:?}"),
    })
}

fn write_calls(flow: &Flow, entries: &[PlanEntry]) -> Sides<u64> {
    Sides::new(Side::Left, Side::Right).map(|side| {
        let writes = entries.iter().filter(|entry| writes_on(entry, side));
        let batch = flow.endpoints.get(side).capabilities().write_batch.max(1);
        writes.count().div_ceil(batch) as u64
    })
}
