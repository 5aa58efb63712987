//! Which related lists a module has.

use crate::schema::{DataType, Kind, Module};
use crate::world::World;

/// A related list of a module.
#[derive(Debug, Clone)]
pub(crate) struct RelatedList {
    pub(crate) api_name: String,
    pub(crate) label: String,
    /// The module whose records the list shows.
    pub(crate) module: String,
    pub(crate) source: Source,
}

/// Where a list's records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Their look-up of that name points here.
    Lookup(String),
    /// They are linked.
    Link,
    Notes,
    Attachments,
}

/// Modules whose records are linked with each other.
const LINKED: [(&str, &str); 5] = [
    ("Price_Books", "Products"),
    ("Accounts", "Products"),
    ("Contacts", "Products"),
    ("Leads", "Products"),
    ("Deals", "Products"),
];

/// The related lists of a module the organisation may use.
pub(crate) fn lists_of(world: &World, module: &Module) -> Vec<RelatedList> {
    if module.kind != Kind::Records || module.api_name == "Notes" {
        return Vec::new();
    }
    let mut lists = vec![
        RelatedList {
            api_name: "Notes".to_owned(),
            label: "Notes".to_owned(),
            module: "Notes".to_owned(),
            source: Source::Notes,
        },
        RelatedList {
            api_name: "Attachments".to_owned(),
            label: "Attachments".to_owned(),
            module: "Attachments".to_owned(),
            source: Source::Attachments,
        },
    ];
    let others = world.schema.all();
    for other in others.filter(|other| world.settings.offers_module(other)) {
        lists.extend(pointing_lists(module, other));
        let linked = LINKED.iter().any(|(left, right)| {
            let names = (module.api_name.as_str(), other.api_name.as_str());
            names == (*left, *right) || names == (*right, *left)
        });
        if linked {
            lists.push(RelatedList {
                api_name: other.api_name.clone(),
                label: other.plural.clone(),
                module: other.api_name.clone(),
                source: Source::Link,
            });
        }
    }
    lists
}

/// The lists of records of `other` whose look-ups point to `module`: the first bears the other module's name.
fn pointing_lists(module: &Module, other: &Module) -> Vec<RelatedList> {
    if other.kind != Kind::Records {
        return Vec::new();
    }
    let points_here = DataType::Lookup(module.api_name.clone());
    let fields = other
        .fields
        .iter()
        .filter(|field| field.data_type == points_here && !field.read_only);
    fields
        .enumerate()
        .map(|(position, field)| {
            let name = match (field.api_name.as_str(), position) {
                ("Parent_Account", _) => "Child_Accounts".to_owned(),
                (_, 0) if other.api_name != module.api_name => other.api_name.clone(),
                (field, _) => format!("{}_{field}", other.api_name),
            };
            RelatedList {
                label: name.replace('_', " "),
                api_name: name,
                module: other.api_name.clone(),
                source: Source::Lookup(field.api_name.clone()),
            }
        })
        .collect()
}
