//! What users know: the things that records are about, and every value they ever entered.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    ids::RecordId,
    side::{Side, Sides},
    value::Value,
};

/// A row of the mapping that users edit, with its field on each side.
pub(super) struct Edited {
    pub(super) row: &'static str,
    pub(super) left: &'static str,
    pub(super) right: &'static str,
}

impl Edited {
    pub(super) fn field(&self, side: Side) -> &'static str {
        match side {
            Side::Left => self.left,
            Side::Right => self.right,
        }
    }
}

/// What users edit. Where they do not compete, the first half belongs to the left side, the second to the right.
pub(super) const EDITED: [Edited; 4] = [
    Edited {
        row: "name",
        left: "name",
        right: "Name",
    },
    Edited {
        row: "phone",
        left: "phone",
        right: "Phone",
    },
    Edited {
        row: "city",
        left: "city",
        right: "City",
    },
    Edited {
        row: "vat",
        left: "vat",
        right: "VAT",
    },
];

/// The field that says which thing a record is about.
pub(super) fn tag_field(side: Side) -> &'static str {
    match side {
        Side::Left => "tag",
        Side::Right => "Tag",
    }
}

/// A thing of the world; it may have a record on each side.
#[derive(Default)]
pub(super) struct Thing {
    /// Every value a user gave a field, by row and side, in order.
    pub(super) entered: BTreeMap<&'static str, Vec<(Side, Value)>>,
    /// Somebody deleted a record of it.
    pub(super) deleted: bool,
    /// The sides whose record was deleted while it was linked.
    pub(super) gone: Vec<Side>,
    pub(super) restored: bool,
    /// A user of each side made it: which values are taken over then is another matter.
    pub(super) made_twice: bool,
    /// Records that the engine made of it.
    pub(super) made_by_engine: Sides<u32>,
    /// Records of it that users deleted.
    pub(super) deletions: Sides<u32>,
}

/// An effect of the engine on a system.
pub(super) struct Effect {
    pub(super) side: Side,
    pub(super) id: RecordId,
    pub(super) kind: EffectKind,
}

pub(super) enum EffectKind {
    /// The key that finds it.
    Created(String),
    Changed,
    Deleted,
}

/// A value that a user entered and the engine wrote over before anybody saw it.
pub(super) struct Overwritten {
    /// The thing's number.
    pub(super) about: Option<usize>,
    pub(super) side: Side,
    pub(super) id: RecordId,
    pub(super) row: &'static str,
    pub(super) value: Value,
}

/// All that users and systems have seen.
#[derive(Default)]
pub(super) struct Things {
    pub(super) all: Vec<Thing>,
    pub(super) edits: u64,
    /// Deleted records.
    pub(super) bin: Vec<(usize, Side, RecordId)>,
    pub(super) effects: Vec<Effect>,
    /// What a user made of a field of a record, until a worker was shown the record.
    pub(super) unseen: BTreeMap<(Side, RecordId, &'static str), Value>,
    /// Every value of a field that workers were shown.
    pub(super) shown: BTreeSet<(Side, RecordId, &'static str, String)>,
    pub(super) overwritten: Vec<Overwritten>,
}

impl Things {
    /// The thing that a record with this tag is about.
    pub(super) fn of_tag(&mut self, tag: Option<&Value>) -> Option<&mut Thing> {
        let number = number_of(tag?)?;
        self.all.get_mut(number)
    }
}

pub(super) fn tag(number: usize) -> Value {
    Value::text(format!("T{number}"))
}

pub(super) fn number_of(tag: &Value) -> Option<usize> {
    tag.as_text()?.strip_prefix('T')?.parse().ok()
}

/// Values as the mapping compares them: some rows are codes, and some systems write capitals.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    one == other
        || match (one.as_text(), other.as_text()) {
            (Some(one), Some(other)) => one.to_uppercase() == other.to_uppercase(),
            _ => false,
        }
}
