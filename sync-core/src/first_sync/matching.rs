//! Who belongs to whom, over complete listings. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::{PlanEntry, PlannedAction};
use crate::{
    endpoint::Record,
    engine::MOST_CANDIDATES,
    flow::{Flow, MatchRule},
    ids::RecordId,
    mapping::{MapError, References},
    side::{Side, Sides},
    value::Document,
};

/// A listed record, as far as the plan needs it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) id: RecordId,
    pub(super) document: Result<Document, MapError>,
    /// The partner that it names.
    names: Option<RecordId>,
    modified_at: Option<Timestamp>,
}

impl Listed {
    pub(super) fn new(flow: &Flow, side: Side, record: Record, references: &References) -> Self {
        let names = flow.identity.keys.get(side).partner_of(&record.fields);
        let document = flow.mapping.project_with(side, &record.fields, references);
        Self {
            id: record.id,
            document,
            names,
            modified_at: record.modified_at,
        }
    }
}

/// Where the change feeds start after a listing that was read between two instants of the engine's clock.
///
/// A record may have been changed after it was listed and before the last one was. The newest stamp less the time that
/// the listing took is no later than its beginning, by the system's own clock, whatever that shows.
pub(super) fn feeds_from(
    listed: &[Listed],
    started: Timestamp,
    ended: Timestamp,
) -> Option<Timestamp> {
    let newest = listed
        .iter()
        .filter_map(|listed| listed.modified_at)
        .max()?;
    let begun = newest.checked_sub(ended.duration_since(started));
    Some(begun.unwrap_or(Timestamp::MIN).min(started))
}

/// The result of matching. Numbers are places in the listings.
#[derive(Debug, Default)]
pub(super) struct Groups {
    pub(super) pairs: Vec<(usize, usize)>,
    pub(super) alone: Vec<(Side, usize)>,
    /// Entries that need no further thought: pairs already linked, ambiguous groups, copies.
    pub(super) settled: Vec<PlanEntry>,
}

/// Matches by links, then by the partner that a record names, then by the flow's rules.
pub(super) fn pair_up(
    flow: &Flow,
    sides: &Sides<Vec<Listed>>,
    linked: &[Sides<Option<RecordId>>],
) -> Groups {
    let mut matcher = Matcher::new(sides);
    matcher.take_linked(linked);
    for side in Side::BOTH {
        matcher.take_named(side);
    }
    for rule in &flow.identity.matching {
        matcher.take_matching(rule);
    }
    matcher.finish(flow)
}

struct Matcher<'a> {
    sides: &'a Sides<Vec<Listed>>,
    index: Sides<HashMap<&'a RecordId, usize>>,
    taken: Sides<HashSet<usize>>,
    groups: Groups,
}

impl<'a> Matcher<'a> {
    fn new(sides: &'a Sides<Vec<Listed>>) -> Self {
        let index = sides.as_ref().map(|listed| {
            listed
                .iter()
                .enumerate()
                .map(|(at, listed)| (&listed.id, at))
                .collect()
        });
        Self {
            sides,
            index,
            taken: Sides::default(),
            groups: Groups::default(),
        }
    }

    fn is_free(&self, side: Side, at: usize) -> bool {
        !self.taken.get(side).contains(&at)
    }

    fn take(&mut self, side: Side, at: usize) {
        self.taken.get_mut(side).insert(at);
    }

    fn take_linked(&mut self, linked: &[Sides<Option<RecordId>>]) {
        for ids in linked {
            for side in Side::BOTH {
                let at = ids
                    .get(side)
                    .as_ref()
                    .and_then(|id| self.index.get(side).get(id).copied());
                if let Some(at) = at {
                    self.take(side, at);
                }
            }
            let entry = PlanEntry {
                action: PlannedAction::AlreadyLinked,
                ids: ids.clone(),
                differences: Vec::new(),
            };
            self.groups.settled.push(entry);
        }
    }

    fn take_named(&mut self, side: Side) {
        self.report_fellow_namers(side);
        for at in 0..self.sides.get(side).len() {
            let named = self.sides.get(side)[at].names.as_ref();
            let partner = named.and_then(|name| self.index.get(side.other()).get(name).copied());
            if let Some(partner) = partner
                .filter(|partner| self.is_free(side, at) && self.is_free(side.other(), *partner))
            {
                self.take(side, at);
                self.take(side.other(), partner);
                let pair = if side == Side::Left {
                    (at, partner)
                } else {
                    (partner, at)
                };
                self.groups.pairs.push(pair);
            }
        }
    }

    /// Several records that name one partner: which of them is meant is for a person to say.
    fn report_fellow_namers(&mut self, side: Side) {
        let mut namers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, listed) in self.sides.get(side).iter().enumerate() {
            let partner = listed
                .names
                .as_ref()
                .and_then(|name| self.index.get(side.other()).get(name).copied());
            if let Some(partner) = partner
                .filter(|partner| self.is_free(side, at) && self.is_free(side.other(), *partner))
            {
                namers.entry(partner).or_default().push(at);
            }
        }
        for (partner, namers) in namers.into_iter().filter(|(_, namers)| namers.len() > 1) {
            let mut members = Sides::default();
            *members.get_mut(side) = namers;
            *members.get_mut(side.other()) = vec![partner];
            self.take_group(members);
        }
    }

    fn take_matching(&mut self, rule: &MatchRule) {
        let mut groups: BTreeMap<String, Sides<Vec<usize>>> = BTreeMap::new();
        for side in Side::BOTH {
            for (at, listed) in self.sides.get(side).iter().enumerate() {
                let print = listed
                    .document
                    .as_ref()
                    .ok()
                    .and_then(|document| rule.fingerprint(document));
                if let Some(print) = print.filter(|_| self.is_free(side, at)) {
                    groups.entry(print).or_default().get_mut(side).push(at);
                }
            }
        }
        for members in groups.into_values() {
            self.take_group(members);
        }
    }

    fn take_group(&mut self, members: Sides<Vec<usize>>) {
        if let ([left], [right]) = (members.left.as_slice(), members.right.as_slice()) {
            self.groups.pairs.push((*left, *right));
        } else if members.left.len() + members.right.len() > 1 {
            self.report_group(&members);
        } else {
            return;
        }
        for side in Side::BOTH {
            for at in members.get(side) {
                self.take(side, *at);
            }
        }
    }

    /// Every member of a group that a person must sort out gets an entry.
    fn report_group(&mut self, members: &Sides<Vec<usize>>) {
        let mut all: Vec<(Side, RecordId)> = Vec::new();
        for side in Side::BOTH {
            all.extend(
                members
                    .get(side)
                    .iter()
                    .map(|at| (side, self.sides.get(side)[*at].id.clone())),
            );
        }
        let on_both_sides = !members.left.is_empty() && !members.right.is_empty();
        let mut shown: Vec<(Side, RecordId)> = Vec::new();
        for side in Side::BOTH {
            let of_side = all.iter().filter(|(of, _)| *of == side);
            shown.extend(of_side.take(MOST_CANDIDATES).cloned());
        }
        let action = if on_both_sides {
            PlannedAction::Ambiguous { candidates: shown }
        } else {
            PlannedAction::Duplicate {
                copies: shown.into_iter().map(|(_, id)| id).collect(),
            }
        };
        for (side, id) in all {
            let mut ids = Sides::default();
            *ids.get_mut(side) = Some(id);
            self.groups.settled.push(PlanEntry {
                action: action.clone(),
                ids,
                differences: Vec::new(),
            });
        }
    }

    fn finish(mut self, flow: &Flow) -> Groups {
        for side in Side::BOTH {
            for at in 0..self.sides.get(side).len() {
                if !self.is_free(side, at) {
                    continue;
                }
                let listed = &self.sides.get(side)[at];
                let openly = flow.identity.keys.get(side).names_partner_openly();
                match listed.names.as_ref().filter(|_| openly) {
                    Some(name) => self.groups.settled.push(nameless(side, listed, name)),
                    None => self.groups.alone.push((side, at)),
                }
            }
        }
        self.groups
    }
}

/// The record names a partner that does not exist, or that belongs to another record.
fn nameless(side: Side, listed: &Listed, name: &RecordId) -> PlanEntry {
    let mut ids = Sides::default();
    *ids.get_mut(side) = Some(listed.id.clone());
    let action = PlannedAction::Problem(format!(
        "it names the partner `{name}`, which does not exist or belongs to another"
    ));
    PlanEntry {
        action,
        ids,
        differences: Vec::new(),
    }
}
