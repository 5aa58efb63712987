//! Credits and concurrency (reference: zoho-crm-v8 section 10).

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::exchange::Call;
use crate::failure::Failure;
use crate::mass;
use crate::routes::Route;
use crate::world::{Shared, World};

/// Credits spent in the last 24 hours.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    spent: VecDeque<(Timestamp, u64)>,
    total: u64,
}

impl Ledger {
    /// Credits spent in the 24 hours before `now`.
    pub(crate) fn used(&mut self, now: Timestamp) -> u64 {
        let window = SignedDuration::from_hours(24);
        while let Some((at, credits)) = self.spent.front()
            && now.duration_since(*at) >= window
        {
            self.total -= credits;
            self.spent.pop_front();
        }
        self.total
    }

    fn spend(&mut self, now: Timestamp, credits: u64) {
        self.spent.push_back((now, credits));
        self.total += credits;
    }
}

/// What a call costs: `rows` is the number of rows in its body, `tagged` that of the records it tags, `coql_limit` the
/// rows a query asks for.
pub(crate) fn cost(route: &Route, call: &Call, rows: usize, tagged: usize, coql_limit: u64) -> u64 {
    match route {
        Route::Insert(_) | Route::UpdateMany(_) | Route::UpdateOne(..) | Route::Upsert(_) => {
            u64::try_from(rows.div_ceil(10)).unwrap_or(1).max(1)
        }
        Route::List(_) if call.param("cvid").is_some() => 3,
        Route::Deleted(_) => 2,
        Route::Convert(module, _) if module == "Leads" => 5,
        Route::AddTags(..) | Route::RemoveTags(..) => {
            u64::try_from(tagged.div_ceil(50)).unwrap_or(1).max(1)
        }
        Route::Mass(mass::Kind::Convert, _) if call.method == http::Method::POST => 200,
        Route::BulkRead => 50,
        Route::BulkWrite => 500,
        Route::Fields if call.method == http::Method::POST => 10,
        Route::Coql => match coql_limit {
            0..=200 => 1,
            201..=1_000 => 2,
            _ => 3,
        },
        _ => 1,
    }
}

/// Whether a call counts against the sub-concurrency limit.
pub(crate) fn is_heavy(route: &Route, call: &Call, rows: usize) -> bool {
    match route {
        Route::List(_) => call.param("cvid").is_some() || call.param("sort_by").is_some(),
        Route::Coql | Route::Composite => true,
        Route::Convert(module, _) => module == "Leads",
        other => other.writes_rows() && rows > 10,
    }
}

/// Charges a call, or refuses it when the day's credits do not suffice. Returns the credits left once half are used:
/// only then does Zoho say so.
pub(crate) fn charge(world: &mut World, credits: u64) -> Result<Option<u64>, Failure> {
    let limit = world.settings.daily_credits();
    let now = world.now;
    let used = world.ledger.used(now);
    if used + credits > limit {
        return Err(Failure::too_many_requests());
    }
    world.ledger.spend(now, credits);
    world.journal.counters.credits_spent += credits;
    let used = used + credits;
    Ok((used * 2 >= limit).then(|| limit - used))
}

/// A place among the calls in progress; given back on drop.
#[derive(Debug)]
pub(crate) struct Place {
    shared: Arc<Shared>,
    heavy: bool,
}

impl Place {
    /// Takes a place, or refuses when too many calls are in progress.
    pub(crate) fn take(shared: &Arc<Shared>, heavy: bool) -> Result<Self, Failure> {
        let mut world = shared.world();
        let all_taken = world.running >= world.settings.concurrency();
        let heavy_taken = heavy && world.running_heavy >= world.settings.limits.sub_concurrency;
        if all_taken || heavy_taken {
            return Err(Failure::too_many_requests());
        }
        world.running += 1;
        world.running_heavy += u32::from(heavy);
        let running = world.running;
        world.journal.counters.most_calls_at_once =
            world.journal.counters.most_calls_at_once.max(running);
        drop(world);
        Ok(Self {
            shared: Arc::clone(shared),
            heavy,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut world = self.shared.world();
        world.running = world.running.saturating_sub(1);
        world.running_heavy = world.running_heavy.saturating_sub(u32::from(self.heavy));
    }
}
