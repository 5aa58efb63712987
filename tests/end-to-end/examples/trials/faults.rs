//! Both systems, several service instances on one database, people at work on both sides, and everything that can go
//! wrong going wrong at random: calls that fail or whose answers are lost, notifications that are dropped, doubled and
//! reordered, channels that vanish, instances killed without warning. When the weather has cleared, what both servers
//! hold is compared with what the people entered.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args;
use tokio::time::sleep;

use crate::{
    database::{Database, Kind},
    instances::{self, Instances},
    people::People,
    verdict::Verdict,
    weather::Weather,
    world::{Start, World},
};

#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// How long the weather is bad.
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// Which database the instances share.
    #[arg(long, value_enum, default_value = "sqlite")]
    pub(crate) database: Kind,
    /// Customers at the start.
    #[arg(long, default_value_t = 5_000)]
    pub(crate) customers: usize,
    /// Deals at the start.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) deals: usize,
    /// Edits a second, both sides together.
    #[arg(long, default_value_t = 20)]
    pub(crate) edits: u32,
    /// Service instances.
    #[arg(long, default_value_t = 2)]
    pub(crate) instances: usize,
    /// What happens when. The systems' own timing differs from run to run, so that a seed does not repeat a run exactly.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Writes what the instances say into this file instead of one that is removed.
    #[arg(long)]
    pub(crate) log: Option<PathBuf>,
}

/// How often the director looks.
const LOOK: Duration = Duration::from_millis(50);
/// Nothing was written and nothing is queued for so long: at rest.
const STILLNESS: Duration = Duration::from_secs(8);
/// Rest must come within this.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs the trial. Whether every promise was kept.
pub(crate) async fn run(options: &Options) -> bool {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    let random = fastrand::Rng::with_seed(seed);
    println!("seed {seed}");
    let world = World::open(Start {
        customers: options.customers,
        only_in_x3: options.customers / 10,
        deals: options.deals,
    })
    .await;
    let database = Database::start(options.database, world.folder());
    let mut instances = Instances::new(
        &world,
        &database,
        options.instances,
        options.log.clone(),
        random.clone(),
    )
    .await;
    instances.first_sync().await;
    let mut people = People::new(options.edits, random.clone());
    let mut weather = Weather::new(random);

    println!("bad weather for {} s", options.seconds);
    instances.start_all();
    let started = Instant::now();
    let bad = Duration::from_secs(options.seconds);
    while started.elapsed() < bad {
        people.work(&world, started.elapsed());
        weather.blow(&world, started.elapsed());
        instances.suffer(started.elapsed()).await;
        sleep(LOOK).await;
    }

    println!("the weather clears");
    weather.clear(&world);
    instances.start_all();
    let rested = rest(&world, &mut instances).await;
    let mut verdict = Verdict::new(rested);
    verdict.judge(&world, &people, &instances.store).await;
    instances.stop_all().await;
    verdict.search_for_secrets(&instances.said());
    verdict.print(
        options,
        seed,
        &people,
        &weather,
        &instances,
        started.elapsed(),
    );
    verdict.broken().is_empty()
}

/// Whether both systems came to rest.
async fn rest(world: &World, instances: &mut Instances) -> bool {
    let started = Instant::now();
    let mut still_since = Instant::now();
    let mut last = world.writes();
    while started.elapsed() < PATIENCE {
        sleep(Duration::from_millis(250)).await;
        instances.restart_dead();
        let now = world.writes();
        if now != last || instances::queued(&instances.store).await > 0 {
            still_since = Instant::now();
            last = now;
        }
        if still_since.elapsed() > STILLNESS {
            return true;
        }
    }
    false
}
