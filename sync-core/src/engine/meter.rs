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

    /// Takes `cost` out of the purse, if it is in it.
    fn pay(&self, key: &(Side, String, Priority), cost: Cost, now: Timestamp) -> bool {
        let mut purses = self.lock();
        let Some(purse) = purses.get_mut(key).filter(|purse| now <= purse.until) else {
            return false;
        };
        let left = purse.left.parts();
        let mut rest = left;
        for (rest, cost) in rest.iter_mut().zip(cost.parts()) {
            match rest.checked_sub(cost) {
                Some(less) => *rest = less,
                None => return false,
            }
        }
        purse.left = Cost::of_parts(rest);
        true
    }

    fn put(&self, key: (Side, String, Priority), left: Cost, until: Timestamp) {
        self.lock().insert(key, Purse { left, until });
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
    ) -> Result<Cost, EndpointError> {
        let cost = flow.endpoints.get(side).cost(call);
        for budget in self.settings.budgets.get(side) {
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
        Ok(cost)
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
        if self.purses.pay(&key, cost, now) {
            return Ok(None);
        }
        let lanes = self.lanes();
        let window = budget.window;
        let outcome = self
            .change_document(&document_name(side, budget), |spent: &mut Spent| {
                spent.move_to(now, window);
                let mut taken = [0; 3];
                let parts = taken.iter_mut().zip(cost.parts()).zip(budget.limits());
                for (part, ((taken, cost), limit)) in parts.enumerate() {
                    let Some(limit) = limit else { continue };
                    let room = spent.room(limit, part, lane, &lanes);
                    if cost > room {
                        return Some(Err(spent.freed_at(window)));
                    }
                    *taken = cost.max((limit / PORTION).min(room));
                }
                let rollings = spent.lanes.entry(lane).or_default();
                for (rolling, taken) in rollings.iter_mut().zip(taken) {
                    rolling.add(now, window, taken);
                }
                Some(Ok(taken))
            })
            .await?;
        match outcome {
            Some(Ok(taken)) => {
                // What has no limit is not counted.
                let mut left = [u64::MAX; 3];
                let limited = budget.limits().map(|limit| limit.is_some());
                for (part, left) in left.iter_mut().enumerate() {
                    if limited[part] {
                        *left = taken[part].saturating_sub(cost.parts()[part]);
                    }
                }
                let until = now.as_second() + step(window);
                let until = Timestamp::from_second(until).unwrap_or(now);
                self.purses.put(key, Cost::of_parts(left), until);
                Ok(None)
            }
            Some(Err(freed)) => Ok(Some(freed.unwrap_or(now + window))),
            None => Ok(Some(now + window)),
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
