//! What the engine knows of a pair.

use jiff::Timestamp;

use crate::{
    audit::{FieldDecision, Verdict},
    endpoint::Key,
    ids::{FieldName, RecordId},
    side::{Side, Sides},
    value::{Document, Value},
};

/// A link's identity in its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// The version of a link. Each write makes a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

/// A stored link.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Its identity.
    pub id: LinkId,
    /// Its version.
    pub revision: Revision,
    /// What is known.
    pub content: LinkContent,
}

/// What is known of a pair.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkContent {
    /// The two identities. One of them is missing while the partner is being created.
    pub ids: Sides<Option<RecordId>>,
    /// Set when a partner was deleted and the pair is kept apart: nothing is written any more.
    pub detached: Option<Side>,
    /// The values both sides last agreed on, under the mapping's names.
    pub base: Option<Document>,
    /// In a mirror: a fingerprint of what the target was last given. Mirrors keep no base.
    pub digest: Option<String>,
    /// The values that a write in progress wants both sides to have. Set before the first write, so that a crash between
    /// two writes is not mistaken for users disagreeing. When all are done it says what was written, until the pair is
    /// next found in agreement.
    pub planned: Option<Planned>,
    /// A create in progress. While it is set, the key is looked up at the target before anything is created.
    pub intent: Option<Intent>,
    /// Writes made since the pair was last found in agreement; bounds systems that undo each other.
    pub unsettled_writes: u32,
}

impl LinkContent {
    /// Writes since the pair was last found in agreement that it came to no rest after: when what was written last is
    /// still there, a new difference is a new edit and not the answer to a write.
    #[must_use]
    pub fn restless_writes(&self, now: Sides<&Document>) -> u32 {
        let stayed = |written: &Document, now: &Document| {
            let mut fields = written.iter();
            fields.all(|(field, value)| now.get(field.as_str()) == Some(value))
        };
        match &self.planned {
            Some(written)
                if written.has_arrived()
                    && stayed(&written.seen.left, now.left)
                    && stayed(&written.seen.right, now.right) =>
            {
                0
            }
            _ => self.unsettled_writes,
        }
    }

    /// Both identities, if both are known.
    #[must_use]
    pub fn bound(&self) -> Option<Sides<&RecordId>> {
        match &self.ids {
            Sides {
                left: Some(left),
                right: Some(right),
            } => Some(Sides { left, right }),
            _ => None,
        }
    }
}

/// The outcome of a merge while it is being written, and after.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Planned {
    /// The merged values that are on their way; none when all have arrived.
    pub agreed: Document,
    /// What each side held when the plan was made. When all values have arrived: those that were written to each side.
    pub seen: Sides<Document>,
    /// What the writes to each side were to replace, until the system's history has told whether that is what they
    /// replaced. Only of systems that keep a history.
    pub replaces: Sides<Replaces>,
    /// Until when whoever made the plan may still write, if it works under another key than the pair's: the lease on that
    /// key's job keeps nobody from working under the pair's own.
    pub until: Option<Timestamp>,
}

/// What a write is to replace, and by what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replaces {
    /// The values that were read before, of the fields that are written.
    pub read: Document,
    /// The values that are written.
    pub written: Document,
    /// When the record had been changed last, by its system's clock.
    pub as_of: Option<Timestamp>,
}

impl Planned {
    /// What was written to each side, all of it confirmed.
    #[must_use]
    pub fn arrived(written: Sides<Document>) -> Self {
        Self {
            agreed: Document::new(),
            seen: written,
            replaces: Sides::default(),
            until: None,
        }
    }

    /// Whether it is still to be found out what the writes replaced.
    pub(crate) fn is_to_be_looked_back_on(&self) -> bool {
        let open = |side: &Side| !self.replaces.get(*side).read.is_empty();
        Side::BOTH.iter().any(open)
    }

    /// Takes over what `other` says of the fields that `wanted` names, as far as they are on their way.
    pub(crate) fn take_over(&mut self, other: &Self, wanted: impl Fn(&FieldName) -> bool) {
        for (field, value) in other.agreed.iter().filter(|(field, _)| wanted(field)) {
            self.agreed.set(field.clone(), value.clone());
            for side in Side::BOTH {
                if let Some(seen) = other.seen.get(side).get(field.as_str()) {
                    self.seen.get_mut(side).set(field.clone(), seen.clone());
                }
            }
        }
    }

    /// The values that were on their way to `side`: what it held, and what it was to have instead.
    pub(crate) fn on_their_way(&self, side: Side, base: Option<&Document>) -> Vec<FieldDecision> {
        let empty = Value::Null;
        let decision = |(field, value): (&FieldName, &Value)| {
            let seen = |side: Side| self.seen.get(side).get(field.as_str()).unwrap_or(&empty);
            (seen(side) != value).then(|| FieldDecision {
                field: field.clone(),
                base: base.and_then(|base| base.get(field.as_str()).cloned()),
                left: seen(Side::Left).clone(),
                right: seen(Side::Right).clone(),
                result: Some(value.clone()),
                verdict: match side {
                    Side::Left => Verdict::RightChanged,
                    Side::Right => Verdict::LeftChanged,
                },
            })
        };
        self.agreed.iter().filter_map(decision).collect()
    }

    /// Whether it says what was written, and all of that is confirmed.
    fn has_arrived(&self) -> bool {
        !self.is_under_way()
            && Side::BOTH
                .iter()
                .any(|side| !self.seen.get(*side).is_empty())
    }

    /// Whether values are on their way still.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        !self.agreed.is_empty()
    }
}

/// A create in progress.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// Where the record is being created.
    pub target: Side,
    /// The key that finds it there.
    pub key: Key,
    /// Since when.
    pub since: Timestamp,
}
