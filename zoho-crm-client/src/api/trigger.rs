//! Which automations a write sets off (reference: Zoho v8 section 2.4, read 2026-11).

use serde::Serialize;

/// Which automations of the organisation a write sets off. Zoho's own default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trigger {
    /// None: the right choice for a synchronisation, whose writes are no user's deeds.
    #[default]
    None,
    /// Only these.
    Only(Vec<TriggerKind>),
    /// All that apply.
    All,
}

/// A kind of automation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TriggerKind {
    /// Workflow rules.
    Workflow,
    /// Approval processes.
    Approval,
    /// Blueprints.
    Blueprint,
    /// Path finder.
    Pathfinder,
    /// Orchestrations.
    Orchestration,
}

impl Trigger {
    /// The body's `trigger`: absent means all, an empty list none.
    pub(super) fn kinds(&self) -> Option<&[TriggerKind]> {
        match self {
            Self::None => Some(&[]),
            Self::Only(kinds) => Some(kinds),
            Self::All => None,
        }
    }
}
