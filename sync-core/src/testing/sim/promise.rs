//! The promises that a run checks.

use std::fmt;

/// A promise of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Promise {
    /// I1: one link per identity; no two links share one on a side.
    OneLinkPerIdentity,
    /// I2: at most one record is made for a record, whatever happens.
    CreatedOnce,
    /// I3: a value that one side alone edited reaches the other, or is parked in sight.
    NoEditLost,
    /// I3: an edit between the engine's look and its write is in the audit trail, where a system's history tells of it.
    OverwrittenEditsAudited,
    /// I4: nothing is written that nobody entered.
    NothingInvented,
    /// I5, I12: at rest nothing is written, and looking at everything again changes nothing.
    RestIsRest,
    /// I6: guards are not exceeded.
    GuardsKept,
    /// I7: budgets are not exceeded.
    BudgetsKept,
    /// I8: at most one renewal of a credential is under way, over all processes.
    OneRenewal,
    /// I10: links and bases can be made anew from the audit trail.
    Rebuildable,
    /// I9: every effect is in the audit trail.
    EveryEffectAudited,
    /// L1: once faults stop, every pair agrees or is parked with a reason.
    Convergence,
    /// The engine keeps the limits that a system sets for one call.
    LimitsKept,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneLinkPerIdentity => "I1 one link per identity",
            Self::CreatedOnce => "I2 created once",
            Self::NoEditLost => "I3 no edit lost",
            Self::OverwrittenEditsAudited => "I3 overwritten edits audited",
            Self::NothingInvented => "I4 nothing invented",
            Self::RestIsRest => "I5 rest is rest",
            Self::GuardsKept => "I6 guards kept",
            Self::BudgetsKept => "I7 budgets kept",
            Self::OneRenewal => "I8 one renewal at a time",
            Self::Rebuildable => "I10 rebuildable",
            Self::EveryEffectAudited => "I9 every effect audited",
            Self::Convergence => "L1 convergence",
            Self::LimitsKept => "limits of a call kept",
        })
    }
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub promise: Promise,
    /// How.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.what)
    }
}
