//! What several flows read from the configuration and say of what they found.

use std::{collections::BTreeMap, sync::Arc};

use sage_x3_client::{FieldName as X3Field, Precision, StampField};
use sync_core::{
    Codes, Endpoint, Flow, Identity, Mapping, Policy, Sides,
    zoho::{ModuleSettings, ZohoEndpoint},
};

use crate::{
    config::Config,
    failure::Failure,
    systems::{Presence, Systems},
};

/// A flow's Zoho side: a module with the fields that the mapping names.
pub(super) fn module(
    config: &Config,
    systems: &Systems,
    module: &str,
    key_field: &str,
    mapping: &Mapping,
) -> Arc<dyn Endpoint> {
    let settings = ModuleSettings::of_mapping(module, key_field, mapping);
    let settings = guarded(config, settings);
    Arc::new(ZohoEndpoint::new(systems.zoho.clone(), settings))
}

/// A module's settings with what the configuration wants done about edits between the reading and the writing.
pub(super) fn guarded(config: &Config, mut settings: ModuleSettings) -> ModuleSettings {
    if config.zoho.conditional_updates {
        settings = settings.conditional_updates();
    }
    if config.zoho.looks_back {
        settings = settings.looks_back();
    }
    settings
}

/// A flow of its parts; `rules` say how partners find each other, and what may be done.
pub(super) fn flow(
    name: &str,
    endpoints: Sides<Arc<dyn Endpoint>>,
    mapping: Mapping,
    rules: (Identity, Policy),
) -> Flow {
    let (identity, policy) = rules;
    Flow {
        name: name.into(),
        endpoints,
        mapping,
        identity,
        policy,
    }
}

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

/// Whether X3 offers an operation that not every site has; if not, `notes` say what becomes of the flow without it.
pub(super) fn offered(
    systems: &Systems,
    node: &str,
    operation: &str,
    otherwise: &str,
    notes: &mut Vec<String>,
) -> bool {
    let is_missing = systems.facts.x3_operation(node, operation) == Presence::Missing;
    if is_missing {
        notes.push(format!(
            "{otherwise}: X3 does not offer `{node}.{operation}`, which the site must define and activate in function GESAPIOPE"
        ));
    }
    !is_missing
}
