//! What each flow may do: what a deletion leads to, whose values count at the first meeting, and what stops the flow.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{DeleteRule, Direction, Document, Flow, Limit, Row, Side};

use crate::flows::orders;

/// `[policies.FLOW]`: what a flow may do. What is not named stays as the flow has it.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PolicyConfig {
    /// What becomes of Zoho's record when its partner is deleted in X3.
    pub(crate) deleted_in_x3: Option<Deleted>,
    /// What becomes of X3's record when its partner is deleted in Zoho.
    pub(crate) deleted_in_zoho: Option<Deleted>,
    /// Whose values are taken when two records meet for the first time and differ.
    pub(crate) first_meeting: Option<Preferred>,
    /// Changes within the window that need nobody's consent.
    pub(crate) changes: Option<LimitConfig>,
    /// Deletions, and deactivations for them, within the window that need nobody's consent.
    pub(crate) deletions: Option<LimitConfig>,
    /// Linked records that a full listing may lack and still be believed.
    pub(crate) missing: Option<LimitConfig>,
    /// The rolling window in which changes and deletions are counted.
    pub(crate) window_seconds: Option<u64>,
}

/// What a deletion leads to on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Deleted {
    /// Nothing; the audit trail says so.
    Ignore,
    /// The partner is marked as inactive.
    Deactivate,
    /// The two are no longer a pair.
    Unlink,
    /// The partner is deleted.
    Delete,
}

/// A system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Preferred {
    X3,
    Zoho,
}

/// So many per cent of a flow's pairs, but at least so many records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitConfig {
    /// Per cent of the pairs, 0 to 100.
    #[schemars(range(max = 100))]
    percent: u32,
    /// As many are always allowed.
    at_least: u64,
}

impl From<LimitConfig> for Limit {
    fn from(limit: LimitConfig) -> Self {
        Self::new(limit.percent, limit.at_least)
    }
}

impl PolicyConfig {
    /// What cannot be, with the key that says it.
    pub(super) fn fault(&self) -> Option<(&'static str, &'static str)> {
        let limits = [
            ("changes.percent", self.changes),
            ("deletions.percent", self.deletions),
            ("missing.percent", self.missing),
        ];
        if self.window_seconds == Some(0) {
            return Some(("window_seconds", "it must be at least 1"));
        }
        let above = limits
            .into_iter()
            .find(|(_, limit)| limit.is_some_and(|limit| limit.percent > 100));
        above.map(|(key, _)| (key, "it must be at most 100"))
    }

    /// Puts what is named in the place of what the flow has. What cannot be comes back with the key that asks for it.
    pub(crate) fn apply(&self, flow: &mut Flow) -> Result<(), (&'static str, String)> {
        for (side, key, deleted) in [
            (Side::Left, "deleted_in_x3", self.deleted_in_x3),
            (Side::Right, "deleted_in_zoho", self.deleted_in_zoho),
        ] {
            if let Some(deleted) = deleted {
                let rule = delete_rule(flow, side, deleted).map_err(|error| (key, error))?;
                *flow.policy.deleted.get_mut(side) = rule;
            }
        }
        if let Some(preferred) = self.first_meeting {
            flow.policy.adoption.prefer = match preferred {
                Preferred::X3 => Side::Left,
                Preferred::Zoho => Side::Right,
            };
        }
        let guards = &mut flow.policy.guards;
        let limits = [
            (self.changes, &mut guards.updates),
            (self.deletions, &mut guards.deletes),
            (self.missing, &mut guards.missing),
        ];
        for (wanted, limit) in limits {
            *limit = wanted.map_or(*limit, Limit::from);
        }
        guards.window = self
            .window_seconds
            .map_or(guards.window, Duration::from_secs);
        Ok(())
    }
}

/// The row that says whether a record is in use, in every standard table that has one.
const ACTIVE: &str = "active";

/// What follows where a record was deleted on `side`.
fn delete_rule(flow: &Flow, side: Side, deleted: Deleted) -> Result<DeleteRule, String> {
    let partner = side.other();
    let system = match partner {
        Side::Left => "X3",
        Side::Right => "Zoho",
    };
    match deleted {
        Deleted::Ignore => Ok(DeleteRule::Ignore),
        Deleted::Unlink => Ok(DeleteRule::Unlink),
        // X3 offers no deletion of what the flows write: customers, contacts and suppliers are deactivated there.
        Deleted::Delete if partner == Side::Left => {
            Err("nothing is deleted in X3: ignore, deactivate or unlink".to_owned())
        }
        // What a deal became is no reason to lose the deal.
        Deleted::Delete if flow.name.as_str() == orders::DEFINITION.name => {
            Err("no deal is deleted with its order: ignore or unlink".to_owned())
        }
        Deleted::Delete => Ok(DeleteRule::Delete),
        Deleted::Deactivate => {
            let mut rows = flow.mapping.rows().iter();
            let row = rows.find(|row| row.name.as_str() == ACTIVE);
            let writes =
                |row: &Row| row.direction == Direction::Both || row.direction.owner() == Some(side);
            if row.is_some_and(writes) {
                Ok(DeleteRule::Deactivate(Document::new().with(ACTIVE, false)))
            } else {
                Err(format!(
                    "the flow has no row `{ACTIVE}` that it writes in {system}: ignore or unlink"
                ))
            }
        }
    }
}
