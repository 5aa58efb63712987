//! The first meeting of two systems that are both full: planned in the open, approved by a person, then done.

mod apply;
mod entries;
mod forecast;
mod listing;
mod matching;
mod survey;
mod writing;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    apply::is_approved,
    survey::{Survey, Surveys},
};
use self::{
    entries::{bare_entry, lone_entry, nameless_entry, pair_entry},
    listing::{Listed, Listing, Printer, records_at, shelf},
    matching::Matcher,
    writing::{ENTRIES, Writing},
};
use crate::{
    audit::FieldDecision,
    budget::Cost,
    engine::{Engine, MOST_CANDIDATES},
    error::Error,
    flow::{Flow, UnknownPartner},
    ids::{FlowName, PageToken, RecordId},
    link::LinkId,
    mapping::References,
    scratch::ScratchArea,
    side::{Side, Sides},
};

/// Records that are worked on at once.
const CHUNK: usize = 500;

/// What would be done to bring two systems together. Making it writes nothing to either.
///
/// It may be larger than memory: its entries lie in the engine's [`Scratch`](crate::Scratch), and are read page by page.
#[derive(Clone, Debug)]
pub struct FirstSyncPlan {
    /// The flow.
    pub flow: FlowName,
    /// Records found on each side.
    pub listed: Sides<u64>,
    /// Write calls that carrying it out takes on each side, at least.
    pub write_calls: Sides<u64>,
    /// What carrying it out costs on each side: looks, searches, writes and second looks. A forecast; failures and edits
    /// made meanwhile add to it.
    pub forecast: Sides<Cost>,
    summary: PlanSummary,
    hash: String,
    area: Arc<dyn ScratchArea>,
    /// Where the change feeds start afterwards.
    feeds_from: Sides<Option<Timestamp>>,
}

/// Some entries of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanPage {
    /// They: one for each pair, and for each record without one. Those of a kind stand together, in order of identity.
    pub entries: Vec<PlanEntry>,
    /// The next page, or none.
    pub next: Option<PageToken>,
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
        self.summary
    }

    /// Names what was reviewed. Equal plans have equal hashes; a plan that would do anything else has another.
    #[must_use]
    pub fn hash(&self) -> String {
        self.hash.clone()
    }

    /// At most so many entries, from where `page` says.
    ///
    /// # Errors
    /// [`Error::Store`] when the scratch area fails.
    pub async fn entries(&self, page: Option<&PageToken>, limit: usize) -> Result<PlanPage, Error> {
        let after = page.map(PageToken::as_str);
        let rows = self.area.page(ENTRIES, after, limit.max(1)).await?;
        let next = rows.last().filter(|_| rows.len() >= limit.max(1));
        let next = next.map(|row| PageToken::new(row.key.clone()));
        let entries = rows.iter().map(|row| writing::decode(&row.body));
        Ok(PlanPage {
            entries: entries.collect::<Result<_, _>>()?,
            next,
        })
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
    /// Reads both sides completely and says what would be done. Writes nothing to either.
    ///
    /// The records themselves go through the engine's [`Scratch`](crate::Scratch); a few dozen bytes of each stay in
    /// memory.
    ///
    /// # Errors
    /// [`Error::Side`] when a side could not be read to its end; a partial listing is never planned with.
    pub async fn plan_first_sync(
        &self,
        flow: &FlowName,
        progress: OnProgress<'_>,
    ) -> Result<FirstSyncPlan, Error> {
        let listings = self.list_both(self.flow(flow)?, progress).await?;
        self.plan_of(self.flow(flow)?, listings).await
    }

    /// Both sides, read to their ends.
    async fn list_both(&self, flow: &Flow, progress: OnProgress<'_>) -> Result<Listings, Error> {
        let area = self.scratch.area().await?;
        let printer = Printer::default();
        let mut references = References::default();
        let mut listed = Vec::with_capacity(2);
        for side in Side::BOTH {
            let listing = self.list_all(flow, side, &*area, &printer, &mut references, progress);
            listed.push(listing.await?);
        }
        let (right, left) = (listed.pop(), listed.pop());
        let (Some(left), Some(right)) = (left, right) else {
            return Err(Error::UnknownFlow(flow.name.clone()));
        };
        Ok(Listings {
            sides: Sides::new(left, right),
            area,
            printer,
            references,
        })
    }

    async fn plan_of(&self, flow: &Flow, listings: Listings) -> Result<FirstSyncPlan, Error> {
        let Listings {
            sides,
            area,
            printer,
            references,
        } = listings;
        let feeds_from = sides.as_ref().map(|listing| listing.feeds_from);
        let mut matcher = Matcher::new(sides.map(|listing| listing.prints));
        let counts = matcher.counts();
        let mut writing = Writing::new(&*area);
        self.take_linked(flow, &printer, &mut matcher, &mut writing)
            .await?;
        let planning = Planning {
            flow,
            references: &references,
            area: &*area,
        };
        planning.write_all(matcher, &mut writing).await?;
        for side in Side::BOTH {
            area.clear(shelf(side)).await?;
        }
        let written = writing.finish(flow, self.settings.batch).await?;
        Ok(FirstSyncPlan {
            flow: flow.name.clone(),
            listed: counts,
            write_calls: written.write_calls,
            forecast: written.forecast,
            summary: written.summary,
            hash: written.hash,
            area,
            feeds_from,
        })
    }

    /// Pairs that are complete. What is still being created is planned by what it is about.
    async fn take_linked(
        &self,
        flow: &Flow,
        printer: &Printer,
        matcher: &mut Matcher,
        writing: &mut Writing<'_>,
    ) -> Result<(), Error> {
        let mut after: Option<LinkId> = None;
        loop {
            let links = self
                .store
                .all_links(&self.connection, &flow.name, after, CHUNK)
                .await?;
            after = links.last().map(|link| link.id);
            let complete = links.len() < CHUNK;
            for link in links {
                let Some(ids) = link.content.bound() else {
                    continue;
                };
                matcher.take_linked(ids.map(|id| printer.print(id.as_str())));
                writing.add(&PlanEntry {
                    action: PlannedAction::AlreadyLinked,
                    ids: link.content.ids,
                    differences: Vec::new(),
                })?;
            }
            writing.flush_full().await?;
            if complete {
                return Ok(());
            }
        }
    }
}

/// Complete listings of both sides. The records are in the scratch area.
struct Listings {
    sides: Sides<Listing>,
    area: Arc<dyn ScratchArea>,
    printer: Printer,
    references: References,
}

impl Listings {
    fn survey(&self) -> Survey {
        Survey::new(&self.printer, self.sides.as_ref())
    }
}

/// What entries are made of.
struct Planning<'a> {
    flow: &'a Flow,
    references: &'a References,
    area: &'a dyn ScratchArea,
}

impl Planning<'_> {
    async fn write_all(&self, matcher: Matcher, writing: &mut Writing<'_>) -> Result<(), Error> {
        let matches = matcher.finish();
        for group in &matches.groups {
            self.write_group(group, writing).await?;
        }
        for pairs in matches.pairs.chunks(CHUNK) {
            let left = pairs.iter().map(|(left, _)| *left);
            let left = records_at(self.area, Side::Left, left).await?;
            let right = pairs.iter().map(|(_, right)| *right);
            let right = records_at(self.area, Side::Right, right).await?;
            for (left, right) in left.iter().zip(&right) {
                if left.is_partner_of(right, self.flow) {
                    writing.add(&pair_entry(self.flow, self.references, left, right))?;
                } else {
                    // Two texts with the same print.
                    self.write_lone(Side::Left, left, writing)?;
                    self.write_lone(Side::Right, right, writing)?;
                }
            }
            writing.flush_full().await?;
        }
        for side in Side::BOTH {
            for places in matches.alone.get(side).chunks(CHUNK) {
                for listed in &records_at(self.area, side, places.iter().copied()).await? {
                    self.write_lone(side, listed, writing)?;
                }
                writing.flush_full().await?;
            }
        }
        Ok(())
    }

    fn write_lone(
        &self,
        side: Side,
        listed: &Listed,
        writing: &mut Writing<'_>,
    ) -> Result<(), Error> {
        let rule = self.flow.identity.keys.get(side);
        let openly = rule.names_partner_openly();
        let entry = match listed.names.as_ref().filter(|_| openly) {
            Some(_) if rule.unknown == UnknownPartner::LeaveAlone => {
                bare_entry(PlannedAction::Skip, side, listed.id.clone())
            }
            Some(name) => nameless_entry(side, listed, name),
            None => lone_entry(self.flow, self.references, side, listed),
        };
        writing.add(&entry)
    }

    /// Every member of a group that a person must sort out gets an entry.
    async fn write_group(
        &self,
        members: &Sides<Vec<u32>>,
        writing: &mut Writing<'_>,
    ) -> Result<(), Error> {
        let mut shown: Vec<(Side, RecordId)> = Vec::new();
        for side in Side::BOTH {
            let first = members.get(side).iter().copied().take(MOST_CANDIDATES);
            let first = records_at(self.area, side, first).await?;
            shown.extend(first.into_iter().map(|listed| (side, listed.id)));
        }
        let on_both_sides = !members.left.is_empty() && !members.right.is_empty();
        let action = if on_both_sides {
            PlannedAction::Ambiguous { candidates: shown }
        } else {
            PlannedAction::Duplicate {
                copies: shown.into_iter().map(|(_, id)| id).collect(),
            }
        };
        for side in Side::BOTH {
            for places in members.get(side).chunks(CHUNK) {
                for listed in records_at(self.area, side, places.iter().copied()).await? {
                    writing.add(&bare_entry(action.clone(), side, listed.id))?;
                }
                writing.flush_full().await?;
            }
        }
        Ok(())
    }
}
