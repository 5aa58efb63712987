//! What several flows read from the configuration and say of what they found.

use std::collections::BTreeMap;

use sage_x3_client::{FieldName as X3Field, Precision, StampField};
use sync_core::Codes;

use crate::{
    config::Config,
    failure::Failure,
    systems::{Presence, Systems},
};

/// The stamp by which X3 is polled, where it is another than every node's own.
pub(super) fn stamp(config: &Config) -> Result<Option<StampField>, Failure> {
    let stamp = config.x3.stamp.as_str();
    if stamp == StampField::update_stamp().name() {
        return Ok(None);
    }
    let name = X3Field::new(stamp).map_err(|error| config.wrong("x3.stamp", error))?;
    let precision = if stamp == "UPDDAT" {
        Precision::Day
    } else {
        Precision::Second
    };
    Ok(Some(StampField::custom(name, precision)))
}

/// The table of codes `name`, unless it is empty.
pub(super) fn codes(name: &str, pairs: &BTreeMap<String, String>) -> Option<Codes> {
    let pairs = (!pairs.is_empty()).then(|| pairs.iter())?;
    Some(Codes::new(pairs.map(|(x3, zoho)| (x3.as_str(), zoho.as_str()))).named(name))
}

/// Why a flow is off that needs this Zoho module, which only higher editions have.
pub(super) fn without_module(systems: &Systems, module: &str) -> Option<String> {
    if systems.facts.module(module) != Presence::Missing {
        return None;
    }
    let edition = match &systems.facts.edition {
        Some(edition) => format!("this organisation has {edition:?}"),
        None => "this organisation does not say which it has".to_owned(),
    };
    Some(format!(
        "Zoho shows this user no module {module}: it comes with the Professional edition ({edition}), and the user's profile \
         must show it"
    ))
}

/// Why a flow is off that needs to read this X3 node.
pub(super) fn without_node(systems: &Systems, node: &str) -> Option<String> {
    (systems.facts.x3_query(node) == Presence::Missing).then(|| {
        format!("X3 does not offer `{node}.query`: activate it for this node in function GESAPIOPE")
    })
}
