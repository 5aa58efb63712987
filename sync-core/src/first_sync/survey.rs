//! What complete listings spare: searches for partners that were not there, and have not come since.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::listing::{Listing, Printer};
use crate::{
    ids::FlowName,
    side::{Side, Sides},
};

/// What the listings of both sides tell about who can be matched by the flow's rules.
#[derive(Debug)]
pub(crate) struct Survey {
    printer: Printer,
    /// Halves of the prints of what the records of a side match by, in order, for each rule. Of a million records one in
    /// four thousand others has the half print of one of them, and is searched for in vain; that saves eight bytes a pair.
    matched_by: Sides<Vec<Vec<u32>>>,
    /// What was changed on a side since then may not have been listed as it is; `None`: all of it.
    since: Sides<Option<Timestamp>>,
}

impl Survey {
    pub(super) fn new(printer: &Printer, listings: Sides<&Listing>) -> Self {
        let prints = |listing: &Listing| {
            let rules = listing.prints.rules.iter().zip(&listing.prints.strays);
            let sorted = rules.map(|(prints, strays)| {
                let of_records = prints.iter().filter(|print| **print != 0);
                let mut all = Vec::with_capacity(prints.len() + strays.len());
                all.extend(of_records.chain(strays).copied().map(half));
                all.sort_unstable();
                all.dedup();
                all.shrink_to_fit();
                all
            });
            sorted.collect()
        };
        Self {
            printer: printer.clone(),
            matched_by: listings.map(prints),
            since: listings.map(|listing| listing.feeds_from),
        }
    }

    /// Whether a record of `side` was listed that the rule in this place would match by `fingerprint`.
    pub(crate) fn may_hold(&self, side: Side, rule: usize, fingerprint: &str) -> bool {
        let print = half(self.printer.print(fingerprint));
        let of_rule = self.matched_by.get(side).get(rule);
        of_rule.is_none_or(|prints| prints.binary_search(&print).is_ok())
    }

    /// Since when changes on a side may be news. `None`: since ever.
    pub(crate) fn since(&self, side: Side) -> Option<Timestamp> {
        *self.since.get(side)
    }
}

/// Enough of a print to say that a record was not listed.
fn half(print: u64) -> u32 {
    u32::try_from(print >> 32).unwrap_or_default()
}

/// The surveys of flows whose plans are being carried out.
#[derive(Debug, Default)]
pub(crate) struct Surveys(Mutex<HashMap<FlowName, Arc<Survey>>>);

impl Surveys {
    fn lock(&self) -> MutexGuard<'_, HashMap<FlowName, Arc<Survey>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn of(&self, flow: &FlowName) -> Option<Arc<Survey>> {
        self.lock().get(flow).map(Arc::clone)
    }

    pub(crate) fn keep(&self, flow: &FlowName, survey: Arc<Survey>) {
        self.lock().insert(flow.clone(), survey);
    }

    /// The plan is carried out, or more has changed since than can be told.
    pub(crate) fn forget(&self, flow: &FlowName) {
        self.lock().remove(flow);
    }
}
