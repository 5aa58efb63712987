//! What carrying out a plan costs.

use super::{PlanEntry, PlanSummary, PlannedAction};
use crate::{
    budget::{Call, Cost},
    flow::Flow,
    side::{Side, Sides},
};

/// Whether carrying out the entry writes on `side`.
pub(super) fn writes_on(entry: &PlanEntry, side: Side) -> bool {
    match &entry.action {
        PlannedAction::Create(target) => *target == side,
        PlannedAction::Update => entry.differences.iter().any(|decision| {
            let now = match side {
                Side::Left => &decision.left,
                Side::Right => &decision.right,
            };
            let result = decision.result.as_ref();
            result.is_some_and(|result| result != now)
        }),
        _ => false,
    }
}

/// How differently a system may spell a value that a record is searched by, at most.
const SPELLINGS: usize = 3;

/// The cost on each side of the looks, searches and writes that the entries lead to, shared by as many as a batch has and a
/// call takes. `updates` counts the entries that change a record of a side.
pub(super) fn forecast(
    flow: &Flow,
    summary: &PlanSummary,
    updates: Sides<u64>,
    batch: usize,
) -> Sides<Cost> {
    let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let pairs = size(summary.link + summary.update);
    let made = summary.create.map(size);
    let batches = (pairs + made.left + made.right).div_ceil(batch.max(1));
    Sides::new(Side::Left, Side::Right).map(|side| {
        let abilities = flow.endpoints.get(side).capabilities();
        let updates = size(*updates.get(side));
        let (creates, sources) = (*made.get(side), *made.get(side.other()));
        let mut bill = Bill {
            flow,
            side,
            batches,
            cost: Cost::default(),
        };
        let read = |records| Call::Read { records };
        bill.add(pairs + sources, abilities.read_batch, read);
        // Pairs that have just come about are looked at once more.
        bill.add(sources + creates, abilities.read_batch, read);
        // A partner is searched for by its key and by each rule. A plan has found the copies already.
        let find = |values| Call::Find { values };
        bill.add(creates, abilities.find_batch, find);
        let rules = match flow.listing_spares_searches(side) {
            true => 0,
            false => flow.identity.matching.len(),
        };
        for _ in 0..rules {
            bill.add(creates * SPELLINGS, abilities.find_batch, find);
        }
        bill.add(creates, abilities.write_batch, |creates| Call::Write {
            creates,
            updates: 0,
            deletes: 0,
        });
        bill.add(updates, abilities.write_batch, |updates| Call::Write {
            creates: 0,
            updates,
            deletes: 0,
        });
        bill.cost
    })
}

/// A cost that is added up.
struct Bill<'a> {
    flow: &'a Flow,
    side: Side,
    batches: usize,
    cost: Cost,
}

impl Bill<'_> {
    /// So many rows, spread over the batches, at most `most` in a call.
    fn add(&mut self, rows: usize, most: usize, call: impl Fn(usize) -> Call) {
        let batches = self.batches.min(rows);
        if batches == 0 {
            return;
        }
        let in_batch = rows.div_ceil(batches);
        let calls = in_batch.div_ceil(most.max(1));
        let cost = self
            .flow
            .endpoints
            .get(self.side)
            .cost(call(in_batch.div_ceil(calls)));
        let calls = u64::try_from(batches * calls).unwrap_or(u64::MAX);
        self.cost += cost.times(calls);
    }
}
