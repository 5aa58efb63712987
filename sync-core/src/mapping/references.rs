//! Who the partners of referenced records are.

use std::collections::BTreeMap;

use crate::{
    ids::{FlowName, RecordId},
    side::{Side, Sides},
};

/// Pairs of other flows, as far as a mapping needs them to carry references over: a contact names its account by one
/// identity on the left and by another on the right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    partners: BTreeMap<(FlowName, Side, RecordId), RecordId>,
}

impl References {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pair of `flow`.
    pub fn insert(&mut self, flow: &FlowName, ids: Sides<&RecordId>) {
        for side in Side::BOTH {
            let key = (flow.clone(), side, (*ids.get(side)).clone());
            self.partners.insert(key, (*ids.get(side.other())).clone());
        }
    }

    /// The partner of a record of `side`.
    #[must_use]
    pub fn partner(&self, flow: &FlowName, side: Side, id: &RecordId) -> Option<&RecordId> {
        self.partners.get(&(flow.clone(), side, id.clone()))
    }

    /// Adds all that `other` knows.
    pub(crate) fn merge(&mut self, mut other: Self) {
        self.partners.append(&mut other.partners);
    }

    /// Takes over what `other` says of `wanted` records of `side`.
    pub(crate) fn take_over(&mut self, other: &Self, side: Side, wanted: &[(FlowName, RecordId)]) {
        for (flow, id) in wanted {
            if let Some(partner) = other.partner(flow, side, id) {
                let ids = match side {
                    Side::Left => Sides::new(id, partner),
                    Side::Right => Sides::new(partner, id),
                };
                self.insert(flow, ids);
            }
        }
    }
}
