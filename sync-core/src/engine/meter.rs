//! Counting what calls cost, before they are made.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Engine,
    rolling::{Rolling, step},
};
use crate::{
    budget::{Budget, BudgetStatus, Call, Cost, Priority},
    endpoint::{EndpointError, EndpointErrorKind},
    error::Error,
    flow::Flow,
    mutant::bug,
    side::Side,
};

/// Of a hundred parts, so many are set aside for the priorities.
const SET_ASIDE: u64 = 70;
/// A worker takes out a part of the budget in advance, so that not each call changes the store.
const PORTION: u64 = 200;

/// What was spent, by priority; calls, credits and bytes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Spent {
    lanes: BTreeMap<Priority, [Rolling; 3]>,
}

impl Spent {
    fn move_to(&mut self, now: Timestamp, window: Duration) {
        for rolling in self.lanes.values_mut().flatten() {
            rolling.move_to(now, window);
        }
    }

    fn of(&self, lane: Priority, part: usize) -> u64 {
        let rolling = self.lanes.get(&lane).and_then(|lane| lane.get(part));
        rolling.map_or(0, Rolling::sum)
    }

    fn total(&self, part: usize) -> u64 {
        let lanes = self.lanes.values().filter_map(|lane| lane.get(part));
        lanes.fold(0, |sum, rolling| sum.saturating_add(rolling.sum()))
    }

    /// How much a lane may spend now of one part.
    fn room(&self, limit: u64, part: usize, lane: Priority, lanes: &[Priority]) -> u64 {
        let limit = limit.saturating_add(u64::from(bug!(BudgetOffByOne)));
        let left = limit.saturating_sub(self.total(part));
        let weights: u64 = lanes.iter().map(|lane| lane.weight()).sum();
        let set_aside = |lane: Priority| {
            let share = u128::from(limit) * u128::from(SET_ASIDE * lane.weight());
            let share = share / u128::from((100 * weights).max(1));
            u64::try_from(share).unwrap_or(u64::MAX)
        };
        let unused = |lane: Priority| set_aside(lane).saturating_sub(self.of(lane, part));
        let others = lanes.iter().filter(|other| **other != lane);
        let kept: u64 = others.map(|other| unused(*other)).sum();
        left.saturating_sub(kept).max(unused(lane).min(left))
    }

    /// When the oldest that makes the difference will be out of the window.
    fn freed_at(&self, window: Duration) -> Option<Timestamp> {
        let rollings = self.lanes.values().flatten();
        rollings
            .filter_map(|rolling| rolling.freed_at(window, 1))
            .min()
    }
}

/// What was counted for a call before it is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct SetAside {
    /// The most that it can cost.
    pub(super) most: Cost,
    /// When it had been counted.
    at: Timestamp,
}

/// What this worker has taken out and not yet spent.
#[derive(Debug, Default)]
pub(super) struct Purses(Mutex<HashMap<(Side, String, Priority), Purse>>);

#[derive(Clone, Copy, Debug)]
struct Purse {
    left: Cost,
    /// The step in which it was taken out. Later it would be spent outside of what it was counted for.
    until: Timestamp,
}

impl Purses {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(Side, String, Priority), Purse>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes `cost` out of the purse. If it does not hold enough, what it holds is handed over, to be filled up.
    fn pay(
        &self,
        key: &(Side, String, Priority),
        cost: Cost,
        now: Timestamp,
    ) -> Result<(), Option<Purse>> {
        let mut purses = self.lock();
        let Some(purse) = purses.get_mut(key).filter(|purse| now <= purse.until) else {
            return Err(None);
        };
        let mut rest = purse.left.parts();
        for (rest, cost) in rest.iter_mut().zip(cost.parts()) {
            match rest.checked_sub(cost) {
                Some(less) => *rest = less,
                None => return Err(purses.remove(key)),
            }
        }
        purse.left = Cost::of_parts(rest);
        Ok(())
    }

    /// Puts back what was not spent, unless the purse was filled after `newest`: it would be spent outside of what it was
    /// counted for.
    fn put_back(&self, key: &(Side, String, Priority), set_aside: Cost, spent: Cost, newest: i64) {
        let mut purses = self.lock();
        let Some(purse) = purses
            .get_mut(key)
            .filter(|purse| purse.until.as_second() <= newest)
        else {
            return;
        };
        let mut left = purse.left.parts();
        let unspent = set_aside.parts().into_iter().zip(spent.parts());
        for (left, (set_aside, spent)) in left.iter_mut().zip(unspent) {
            *left = left.saturating_add(set_aside.saturating_sub(spent));
        }
        purse.left = Cost::of_parts(left);
    }

    fn put(&self, key: (Side, String, Priority), purse: Purse) {
        self.lock().insert(key, purse);
    }
}

fn document_name(side: Side, budget: &Budget) -> String {
    format!("budget/{side}/{}", budget.name)
}

impl Engine {
    /// Counts a call that is about to be made.
    ///
    /// # Errors
    /// [`EndpointErrorKind::BudgetSpent`] when there is nothing left for it: it must not be made.
    pub(super) async fn spend(
        &self,
        flow: &Flow,
        side: Side,
        call: Call,
    ) -> Result<SetAside, EndpointError> {
        let cost = flow.endpoints.get(side).most_cost(call);
        for budget in self.settings.budgets.get(side) {
            if !self.is_within(flow, budget, cost) {
                return Err(too_small(budget, call, cost));
            }
            let mut counted_at = self.clock.now();
            loop {
                let refused = self
                    .take_out(flow.policy.priority, side, budget, cost)
                    .await
                    .map_err(not_counted)?;
                if let Some(until) = refused {
                    return Err(self.spent(budget, until));
                }
                // A worker that was held up counts again: the call belongs to the window in which it is made.
                let now = self.clock.now();
                if now.duration_since(counted_at) <= self.longest_call() {
                    break;
                }
                counted_at = now;
            }
        }
        let at = self.clock.now();
        Ok(SetAside { most: cost, at })
    }

    /// What a call did not cost of what was set aside for it is there for the next one.
    pub(super) fn give_back(&self, flow: &Flow, side: Side, aside: SetAside, cost: Cost) {
        for budget in self.settings.budgets.get(side) {
            let key = (side, budget.name.clone(), flow.policy.priority);
            let newest = aside.at.as_second().saturating_add(step(budget.window));
            self.purses.put_back(&key, aside.most, cost, newest);
        }
    }

    /// So many of `most` rows at most that a call about them fits into the budgets of a side at all.
    pub(super) fn affordable(
        &self,
        flow: &Flow,
        side: Side,
        most: usize,
        call: impl Fn(usize) -> Call,
    ) -> usize {
        let endpoint = flow.endpoints.get(side);
        let budgets = self.settings.budgets.get(side);
        let mut rows = most.max(1);
        while rows > 1 && !budgets.is_empty() {
            let cost = endpoint.most_cost(call(rows));
            if budgets
                .iter()
                .all(|budget| self.is_within(flow, budget, cost))
            {
                break;
            }
            rows /= 2;
        }
        rows
    }

    /// Whether a budget of which nothing is spent has room for it.
    fn is_within(&self, flow: &Flow, budget: &Budget, cost: Cost) -> bool {
        let (lanes, unspent) = (self.lanes(), Spent::default());
        let parts = cost.parts().into_iter().zip(budget.limits()).enumerate();
        parts
            .filter_map(|(part, (cost, limit))| Some((part, cost, limit?)))
            .all(|(part, cost, limit)| {
                cost <= unspent.room(limit, part, flow.policy.priority, &lanes)
            })
    }

    fn longest_call(&self) -> SignedDuration {
        SignedDuration::try_from(self.settings.longest_call).unwrap_or(SignedDuration::MAX)
    }

    /// Takes a call's cost out of a budget. Returns until when to wait if there is not enough.
    async fn take_out(
        &self,
        lane: Priority,
        side: Side,
        budget: &Budget,
        cost: Cost,
    ) -> Result<Option<Timestamp>, Error> {
        let now = self.clock.now();
        let key = (side, budget.name.clone(), lane);
        let held = match self.purses.pay(&key, cost, now) {
            Ok(()) => return Ok(None),
            Err(held) => held,
        };
        let in_hand = held.map_or([0; 3], |purse| purse.left.parts());
        let mut missing = cost.parts();
        for (missing, in_hand) in missing.iter_mut().zip(in_hand) {
            *missing = missing.saturating_sub(in_hand);
        }
        let lanes = self.lanes();
        let window = budget.window;
        let outcome = self
            .change_document(&document_name(side, budget), |spent: &mut Spent| {
                // Not before: what others counted while this worker waited would seem to be ahead of its time.
                let now = self.clock.now();
                spent.move_to(now, window);
                let mut taken = [0; 3];
                let parts = taken.iter_mut().zip(missing).zip(budget.limits());
                for (part, ((taken, missing), limit)) in parts.enumerate() {
                    let Some(limit) = limit else { continue };
                    let room = spent.room(limit, part, lane, &lanes);
                    if missing > room {
                        return Some(Err(spent.freed_at(window)));
                    }
                    *taken = missing.max((limit / PORTION).min(room));
                }
                let rollings = spent.lanes.entry(lane).or_default();
                for (rolling, taken) in rollings.iter_mut().zip(taken) {
                    rolling.add(now, window, taken);
                }
                Some(Ok(taken))
            })
            .await;
        let outcome = match outcome {
            Ok(Some(outcome)) => outcome,
            Ok(None) => Err(None),
            Err(error) => {
                held.into_iter()
                    .for_each(|purse| self.purses.put(key.clone(), purse));
                return Err(error);
            }
        };
        match outcome {
            Ok(taken) => {
                // What has no limit is not counted.
                let mut left = [u64::MAX; 3];
                let limited = budget.limits().map(|limit| limit.is_some());
                for (part, left) in left.iter_mut().enumerate() {
                    if limited[part] {
                        let have = taken[part].saturating_add(in_hand[part]);
                        *left = have.saturating_sub(cost.parts()[part]);
                    }
                }
                let until = now.as_second() + step(window);
                let until = Timestamp::from_second(until).unwrap_or(now);
                // What was in it already is to be spent as soon as it was.
                let until = held.map_or(until, |purse| purse.until.min(until));
                let left = Cost::of_parts(left);
                self.purses.put(key, Purse { left, until });
                Ok(None)
            }
            Err(freed) => {
                held.into_iter()
                    .for_each(|purse| self.purses.put(key.clone(), purse));
                Ok(Some(freed.unwrap_or(now + window)))
            }
        }
    }

    fn spent(&self, budget: &Budget, until: Timestamp) -> EndpointError {
        let wait = until.duration_since(self.clock.now());
        EndpointError {
            kind: EndpointErrorKind::BudgetSpent,
            message: format!(
                "the budget `{}` is spent; the first part of it is free again at {until}",
                budget.name
            ),
            retry_after: Duration::try_from(wait).ok(),
            may_have_been_applied: false,
            source: None,
        }
    }

    /// The priorities among the flows.
    fn lanes(&self) -> Vec<Priority> {
        let mut lanes: Vec<Priority> = self.flows.iter().map(|flow| flow.policy.priority).collect();
        lanes.sort_unstable();
        lanes.dedup();
        lanes
    }

    /// How the budgets stand.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn budgets(&self) -> Result<Vec<BudgetStatus>, Error> {
        let now = self.clock.now();
        let mut all = Vec::new();
        for side in Side::BOTH {
            for budget in self.settings.budgets.get(side) {
                let name = document_name(side, budget);
                let (mut spent, _) = self.read_document::<Spent>(&name).await?;
                spent.move_to(now, budget.window);
                let parts = [0, 1, 2].map(|part| spent.total(part));
                all.push(BudgetStatus {
                    side,
                    budget: budget.clone(),
                    spent: Cost::of_parts(parts),
                });
            }
        }
        Ok(all)
    }
}

/// A call that can never be made.
fn too_small(budget: &Budget, call: Call, cost: Cost) -> EndpointError {
    EndpointError {
        kind: EndpointErrorKind::Misconfigured,
        message: format!(
            "the budget `{}` is too small for a single call ({}: up to {} calls, {} credits, {} bytes): raise it",
            budget.name,
            call.name(),
            cost.calls,
            cost.credits,
            cost.bytes
        ),
        retry_after: None,
        may_have_been_applied: false,
        source: None,
    }
}

/// A call that cannot be counted is not made.
fn not_counted(error: Error) -> EndpointError {
    EndpointError {
        kind: EndpointErrorKind::Unavailable,
        message: "the call was not made: its budget cannot be counted".to_owned(),
        retry_after: None,
        may_have_been_applied: false,
        source: Some(Box::new(error)),
    }
}
