//! What was done, and how things stand.

use std::ops::AddAssign;

use jiff::Timestamp;

use super::breaker::SideHealth;
use crate::{ids::FlowName, side::Sides, store::Counts};

/// The result of one tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tick {
    /// A batch was worked on; there may be more.
    Worked(Report),
    /// Nothing is due.
    Idle {
        /// When something will be. `None`: nothing is queued.
        next_due: Option<Timestamp>,
    },
}

/// Counts of what was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Keys looked at.
    pub looked_at: u64,
    /// Pairs that were found in agreement.
    pub settled: u64,
    /// Pairs of existing records that were recognised.
    pub linked: u64,
    /// Records created, by side.
    pub created: Sides<u64>,
    /// Records changed, by side.
    pub updated: Sides<u64>,
    /// Records deleted or deactivated, by side.
    pub deleted: Sides<u64>,
    /// Keys parked.
    pub parked: u64,
    /// Keys to be looked at again after a failure.
    pub failed: u64,
}

impl AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        self.looked_at += other.looked_at;
        self.settled += other.settled;
        self.linked += other.linked;
        for (mine, theirs) in [
            (&mut self.created, other.created),
            (&mut self.updated, other.updated),
            (&mut self.deleted, other.deleted),
        ] {
            mine.left += theirs.left;
            mine.right += theirs.right;
        }
        self.parked += other.parked;
        self.failed += other.failed;
    }
}

/// How a flow stands.
#[derive(Clone, Debug)]
pub struct FlowStatus {
    /// The flow.
    pub flow: FlowName,
    /// Whether it may run: its first-sync plan was approved, or none is asked for.
    pub approved: bool,
    /// How much there is of everything.
    pub counts: Counts,
    /// How each system does.
    pub sides: Sides<SideHealth>,
}
