//! Records linked with each other outside of look-ups, with values of the link such as a product's price in a book.

use std::collections::BTreeMap;

use crate::json::Object;
use crate::store::Id;

/// All links. A link has no direction: it shows in the related list of either record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links(BTreeMap<(Id, Id), Object>);

/// Ids are unique across modules, so the pair in rising order names a link.
const fn pair(one: Id, other: Id) -> (Id, Id) {
    if one < other {
        (one, other)
    } else {
        (other, one)
    }
}

impl Links {
    /// Links two records, or adds values to their link.
    pub(crate) fn join(&mut self, one: Id, other: Id, values: Object) {
        let link = self.0.entry(pair(one, other)).or_default();
        for (name, value) in values.iter() {
            link.set(name, value.clone());
        }
    }

    /// Takes a link away; false if there is none.
    pub(crate) fn part(&mut self, one: Id, other: Id) -> bool {
        self.0.remove(&pair(one, other)).is_some()
    }

    /// The records linked with a record, of any module.
    pub(crate) fn of(&self, id: Id) -> impl Iterator<Item = (Id, &Object)> {
        self.0.iter().filter_map(move |((one, other), values)| {
            if *one == id {
                Some((*other, values))
            } else if *other == id {
                Some((*one, values))
            } else {
                None
            }
        })
    }
}
