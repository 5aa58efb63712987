//! How long a change in Zoho takes to X3 when Zoho announces it: from the user's save to the value in X3's table, through
//! the callback, the durable queue, reading both sides, merging, and the write.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::json;
use tokio::time::sleep;

use crate::{
    database::{Database, Kind},
    instances::Instances,
    world::{ENDPOINT, Start, World},
};

#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Changes a second, each announced by a callback of its own.
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// How long.
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// Customers that are changed in turn.
    #[arg(long, default_value_t = 2_000)]
    customers: usize,
    /// The service's database.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: Kind,
}

/// Feeds are polled so rarely that only callbacks can bring a change over.
const POLL_SECONDS: u64 = 3_600;
/// A change that has not arrived after this is lost.
const LOST: Duration = Duration::from_secs(30);
/// How often X3's table is looked at: the figures are exact to this.
const LOOK: Duration = Duration::from_millis(2);
/// So many of the oldest changes are looked for at a time, so that the trial itself does not use up the machine.
const LOOKED_FOR: usize = 20;

struct Change {
    code: String,
    note: String,
    at: Instant,
}

/// Runs the trial. Whether every change arrived.
pub(crate) async fn run(options: &Options) -> bool {
    let world = World::open(Start {
        customers: options.customers,
        ..Start::default()
    })
    .await;
    let database = Database::start(options.database, world.folder());
    let mut instances = Instances::polling(&world, &database, POLL_SECONDS).await;
    instances.first_sync().await;
    instances.start_all();
    while world.zoho.channel_ids().is_empty() {
        sleep(Duration::from_millis(50)).await;
    }
    sleep(Duration::from_secs(3)).await;

    let all = u64::from(options.rate) * u64::from(options.seconds);
    let started = Instant::now();
    let (mut made, mut waiting) = (0u64, VecDeque::<Change>::new());
    let mut took: Vec<Duration> = Vec::new();
    let mut lost = 0u64;
    while made < all || !waiting.is_empty() {
        let due = started.elapsed().as_millis() * u128::from(options.rate) / 1_000;
        while made < all && u128::from(made) < due {
            waiting.push_back(change(&world, made));
            made += 1;
        }
        for _ in 0..LOOKED_FOR.min(waiting.len()) {
            let Some(change) = waiting.pop_front() else {
                break;
            };
            if has_arrived(&world, &change) {
                took.push(change.at.elapsed());
            } else if change.at.elapsed() > LOST {
                lost += 1;
            } else {
                waiting.push_front(change);
                waiting.rotate_left(1);
            }
        }
        sleep(LOOK).await;
    }
    instances.stop_all().await;
    took.sort_unstable();
    let percentile = |hundredths: usize| {
        let place = (took.len() * hundredths / 100).min(took.len().saturating_sub(1));
        took.get(place).map(Duration::as_millis)
    };
    let counters = world.zoho.counters();
    println!(
        "{}",
        json!({
            "changes": made,
            "a_second": options.rate,
            "arrived": took.len(),
            "lost": lost,
            "callbacks_delivered": counters.callbacks_delivered,
            "callbacks_failed": counters.callbacks_failed,
            "p50_ms": percentile(50),
            "p99_ms": percentile(99),
            "max_ms": took.last().map(Duration::as_millis),
        })
    );
    lost == 0 && counters.callbacks_failed == 0
}

fn has_arrived(world: &World, change: &Change) -> bool {
    let customer = world.x3.customer(ENDPOINT, &change.code).unwrap();
    customer.unwrap().notes == change.note
}

/// A sales representative writes a note that nobody wrote before.
fn change(world: &World, number: u64) -> Change {
    let place = usize::try_from(number).unwrap() % world.pairs.len();
    let (code, id) = &world.pairs[place];
    let note = format!("Note {number}");
    let at = Instant::now();
    world
        .zoho
        .edit_as_user("Accounts", id, json!({"Description": note}))
        .unwrap();
    Change {
        code: code.clone(),
        note,
        at,
    }
}
