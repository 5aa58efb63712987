//! Test doubles and laws. Not covered by semver.

mod recording;
mod time;
mod token_laws;
mod transport;

pub use recording::RecordingTransport;
pub use time::{ManualClock, RecordingSleep};
pub use token_laws::{
    concurrent_swaps_have_one_winner, delete_then_swap_starts_anew, round_trip,
    stale_swap_changes_nothing,
};
pub use transport::{InProcessTransport, ScriptedTransport};
