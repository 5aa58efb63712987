//! What the first sync of many customers costs: the peak of memory, and calls beside the fewest that the two systems' own
//! limits allow. `README.md` says what these count.

use clap::Args;
use serde_json::json;

use crate::{
    database::{Database, Kind},
    instances::Instances,
    world::{Start, World},
};

#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Customers in X3, none of which Zoho knows.
    #[arg(long, default_value_t = 100_000)]
    customers: usize,
    /// The service's database.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: Kind,
}

/// Rows that one call takes or gives: pages of X3 and Zoho, keys in a read of X3, values in a search of Zoho, rows in a
/// write to Zoho.
const X3_PAGE: usize = 1_000;
const KEYS_IN_READ: usize = 100;
const VALUES_IN_SEARCH: usize = 50;
const ROWS_IN_WRITE: usize = 100;
/// More memory than this, in KiB, is too much.
const MEMORY: u64 = 200 * 1024;
/// Calls that are made however few customers there are: both commands ask at start for tokens' users, fields, offered
/// operations, and try the reading that they depend on.
const AT_START: u64 = 20;

/// Most calls of a side: 2 % more than the fewest, or what is asked at start if that is more.
fn most(fewest: u64) -> u64 {
    fewest + AT_START.max(fewest / 50)
}

/// Runs the trial. Whether every customer has an account, and calls and memory stayed within their bounds.
pub(crate) async fn run(options: &Options) -> bool {
    let count = options.customers;
    let world = World::open(Start {
        customers: count,
        only_in_x3: count,
        ..Start::default()
    })
    .await;
    let database = Database::start(options.database, world.folder());
    let instances = Instances::polling(&world, &database, 3_600).await;
    world.x3.reset_counters();
    world.zoho.reset_counters();
    let peak = instances.first_sync().await;
    let (x3, zoho) = (world.x3.counters(), world.zoho.counters());
    let calls = |rows: usize, in_call: usize| u64::try_from(rows.div_ceil(in_call)).unwrap();
    // Both are listed for the plan, and again when it is approved, to see that it still holds. Then each customer is read
    // as it is now, looked up in Zoho by its key, and written.
    let fewest_x3 = 2 * calls(count, X3_PAGE) + calls(count, KEYS_IN_READ);
    let fewest_zoho = 2 + calls(count, VALUES_IN_SEARCH) + calls(count, ROWS_IN_WRITE);
    let (made_x3, made_zoho) = (x3.queries + x3.mutations, zoho.total_calls());
    let accounts = world.zoho.records("Accounts").len();
    println!(
        "{}",
        json!({
            "customers": count,
            "accounts": accounts,
            "x3_calls": made_x3,
            "x3_fewest": fewest_x3,
            "x3_most": most(fewest_x3),
            "zoho_calls": made_zoho,
            "zoho_fewest": fewest_zoho,
            "zoho_most": most(fewest_zoho),
            "zoho_calls_by_kind": zoho.calls,
            "zoho_credits": zoho.credits_spent,
            "peak_memory_kib": peak,
        })
    );
    let few = made_x3 <= most(fewest_x3) && made_zoho <= most(fewest_zoho);
    accounts == count && few && peak <= MEMORY
}
