//! How many keys are worked on at once: fewer, where looking at a whole batch costs more than a budget has.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::ids::FlowName;

/// The flows that work on fewer keys at once than the settings allow.
#[derive(Debug, Default)]
pub(super) struct Portions(Mutex<HashMap<FlowName, usize>>);

impl Portions {
    fn lock(&self) -> MutexGuard<'_, HashMap<FlowName, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Most keys in the flow's next batch.
    pub(super) fn of(&self, flow: &FlowName, most: usize) -> usize {
        let portion = self.lock().get(flow).copied();
        portion.map_or(most, |portion| portion.min(most))
    }

    /// So many could not be looked at with what the budget has.
    pub(super) fn shrink(&self, flow: &FlowName, keys: usize) {
        self.lock().insert(flow.clone(), (keys / 2).max(1));
    }

    /// All went well.
    pub(super) fn grow(&self, flow: &FlowName) {
        let mut portions = self.lock();
        if let Some(portion) = portions.get_mut(flow) {
            *portion = portion.saturating_mul(2);
        }
    }
}
