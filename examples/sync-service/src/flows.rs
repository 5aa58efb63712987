//! The flows that this program knows, and which of them are on.
//!
//! A flow is one file: its section of the configuration, and how it is built from what both systems offer. To add one,
//! write the file, name it in [`ALL`], and give [`Config`] its section.

pub(crate) mod codes;
pub(crate) mod contacts;
pub(crate) mod credit;
pub(crate) mod customers;
pub(crate) mod fulfilment;
pub(crate) mod invoices;
pub(crate) mod leads;
pub(crate) mod orders;
pub(crate) mod products;
pub(crate) mod purchase_orders;
mod rows;
pub(crate) mod suppliers;
mod wiring;

use std::collections::BTreeSet;

use sync_core::{Flow, FlowName};

use crate::{config::Config, failure::Failure, systems::Systems};

/// All flows. Their places count: the notification channels are numbered by them, so new ones go to the end.
pub(crate) const ALL: &[Definition] = &[
    customers::DEFINITION,
    products::DEFINITION,
    contacts::DEFINITION,
    suppliers::DEFINITION,
    purchase_orders::DEFINITION,
    leads::DEFINITION,
    orders::DEFINITION,
    fulfilment::DEFINITION,
    invoices::DEFINITION,
];

/// A flow that this program knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Definition {
    /// Its name, which is also its section of the configuration.
    pub(crate) name: &'static str,
    /// Whether the configuration asks for it.
    pub(crate) wanted: fn(&Config) -> bool,
    /// The Zoho modules whose fields it must know. The first holds its records.
    pub(crate) zoho_modules: &'static [&'static str],
    /// The Zoho module whose changes it wants to be told of, if it takes any.
    pub(crate) watched: Option<&'static str>,
    /// Zoho's fields of numbers that it writes beside those that its mapping names, in the first module.
    pub(crate) beside_mapping: fn(&Flow) -> &'static [&'static str],
    /// Builds it from what both systems offer.
    pub(crate) build: fn(&Config, &Systems) -> Result<FlowState, Failure>,
}

/// Whether a flow can run.
#[derive(Debug)]
pub(crate) enum FlowState {
    /// It can.
    On {
        /// The flow.
        flow: Box<Flow>,
        /// What an operator should know, such as that it goes one way only, and why.
        notes: Vec<String>,
    },
    /// It cannot.
    Off {
        /// Why, and what would have to be different.
        reason: String,
    },
}

impl FlowState {
    /// The flow can run.
    pub(crate) fn on(flow: Flow) -> Self {
        Self::On {
            flow: Box::new(flow),
            notes: Vec::new(),
        }
    }

    /// The flow cannot run, for this reason.
    pub(crate) fn off(reason: impl Into<String>) -> Self {
        Self::Off {
            reason: reason.into(),
        }
    }

    /// Adds all that an operator should know of a flow that is on.
    pub(crate) fn notes(self, notes: impl IntoIterator<Item = String>) -> Self {
        notes.into_iter().fold(self, Self::note)
    }

    /// Adds what an operator should know of a flow that is on.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        if let Self::On { notes, .. } = &mut self {
            notes.push(note.into());
        }
        self
    }
}

/// A flow that is on.
#[derive(Debug)]
pub(crate) struct On {
    pub(crate) flow: Flow,
    pub(crate) notes: Vec<String>,
    /// Its place in [`ALL`].
    pub(crate) place: usize,
}

/// A flow that is off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Off {
    pub(crate) name: FlowName,
    pub(crate) reason: String,
    /// Whether the configuration asks for it all the same.
    pub(crate) wanted: bool,
}

/// What became of all flows.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    /// Those that are on, parents first: what a flow refers to comes before it.
    pub(crate) on: Vec<On>,
    pub(crate) off: Vec<Off>,
}

/// What this program knows under a flow's name; the names that there are if it knows none.
pub(crate) fn named(name: &str) -> Result<&'static Definition, String> {
    let found = ALL.iter().find(|definition| definition.name == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = ALL.iter().map(|definition| definition.name).collect();
        format!("there is no flow `{name}`; there are: {}", known.join(", "))
    })
}

/// Builds every flow that the configuration asks for.
pub(crate) fn build(config: &Config, systems: &Systems) -> Result<Flows, Failure> {
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for (place, definition) in ALL.iter().enumerate() {
        let name = FlowName::from(definition.name);
        if !(definition.wanted)(config) {
            let reason = format!("[{name}] does not turn it on");
            off.push(Off {
                name,
                reason,
                wanted: false,
            });
            continue;
        }
        match (definition.build)(config, systems)? {
            FlowState::On { mut flow, notes } => {
                config.apply_policy(&mut flow)?;
                flow.check()
                    .map_err(|error| Failure::input(error.to_string()))?;
                on.push(On {
                    flow: *flow,
                    notes,
                    place,
                });
            }
            FlowState::Off { reason } => off.push(Off {
                name,
                reason,
                wanted: true,
            }),
        }
    }
    let on = order(on, &mut off);
    Ok(Flows { on, off })
}

/// Puts parents before what refers to them. What refers to a flow that is off is off too.
fn order(on: Vec<On>, off: &mut Vec<Off>) -> Vec<On> {
    let (ordered, orphans) = parents_first(on, |on| {
        let parents = on.flow.mapping.referenced_flows();
        (on.flow.name.clone(), parents.into_iter().cloned().collect())
    });
    off.extend(orphans.into_iter().map(|(on, parent)| Off {
        name: on.flow.name,
        reason: format!("it refers to records of {parent}, which is off"),
        wanted: true,
    }));
    ordered
}

/// What stands after its parents, and what cannot, each with a parent that is not there. A flow may refer to itself.
fn parents_first<T>(
    mut left: Vec<T>,
    name_and_parents: impl Fn(&T) -> (FlowName, Vec<FlowName>),
) -> (Vec<T>, Vec<(T, FlowName)>) {
    let mut there: BTreeSet<FlowName> = BTreeSet::new();
    let mut ordered = Vec::with_capacity(left.len());
    let missing = |flow: &T, there: &BTreeSet<FlowName>| {
        let (name, parents) = name_and_parents(flow);
        let mut parents = parents.into_iter();
        parents.find(|parent| *parent != name && !there.contains(parent))
    };
    while let Some(place) = left.iter().position(|flow| missing(flow, &there).is_none()) {
        let flow = left.remove(place);
        there.insert(name_and_parents(&flow).0);
        ordered.push(flow);
    }
    let orphans = left.into_iter().filter_map(|flow| {
        let parent = missing(&flow, &there)?;
        Some((flow, parent))
    });
    (ordered, orphans.collect())
}

impl Flows {
    /// Flows that are on, in this order.
    pub(crate) fn of(on: Vec<On>) -> Self {
        Self {
            on,
            off: Vec::new(),
        }
    }

    /// Turns flows off, each for its reason, and with them those that refer to their records.
    pub(crate) fn turn_off(&mut self, reasons: Vec<(FlowName, String)>) {
        for (name, reason) in reasons {
            self.on.retain(|on| on.flow.name != name);
            self.off.push(Off {
                name,
                reason,
                wanted: true,
            });
        }
        self.on = order(std::mem::take(&mut self.on), &mut self.off);
    }

    /// The flow that is on under this name.
    pub(crate) fn find(&self, name: &str) -> Result<&On, Failure> {
        let mut on = self.on.iter();
        if let Some(found) = on.find(|on| on.flow.name.as_str() == name) {
            return Ok(found);
        }
        let mut off = self.off.iter();
        Err(match off.find(|off| off.name.as_str() == name) {
            Some(off) => Failure::input(format!("flow `{name}` is off: {}", off.reason)),
            None => {
                let why =
                    named(name).map_or_else(|error| error, |_| format!("flow `{name}` is off"));
                Failure::input(why)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Node = (&'static str, &'static [&'static str]);

    fn sort(flows: &[Node]) -> (Vec<&'static str>, Vec<(&'static str, String)>) {
        let (ordered, orphans) = parents_first(flows.to_vec(), |(name, parents)| {
            let parents = parents.iter().map(|parent| FlowName::from(*parent));
            (FlowName::from(*name), parents.collect())
        });
        let orphans = orphans
            .into_iter()
            .map(|((name, _), parent)| (name, parent.to_string()));
        (
            ordered.into_iter().map(|(name, _)| name).collect(),
            orphans.collect(),
        )
    }

    #[test]
    fn parents_come_before_what_refers_to_them() {
        let (ordered, orphans) = sort(&[
            ("orders", &["customers", "products"]),
            ("contacts", &["customers", "contacts"]),
            ("customers", &[]),
            ("products", &[]),
        ]);
        assert_eq!(ordered, ["customers", "contacts", "products", "orders"]);
        assert_eq!(orphans, []);
    }

    #[test]
    fn what_refers_to_a_flow_that_is_off_is_off_too_and_says_why() {
        let (ordered, orphans) = sort(&[("fulfilment", &["orders"]), ("orders", &["customers"])]);
        assert_eq!(ordered, [""; 0]);
        assert_eq!(
            orphans,
            [
                ("fulfilment", "orders".to_owned()),
                ("orders", "customers".to_owned())
            ]
        );
    }

    #[test]
    fn flows_have_names_of_their_own() {
        let names: BTreeSet<&str> = ALL.iter().map(|definition| definition.name).collect();
        assert_eq!(names.len(), ALL.len());
    }
}
