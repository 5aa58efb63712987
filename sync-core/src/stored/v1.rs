//! Version 1. Closed by the first release: from then on what it means never changes, and it never gains a field. A new
//! field makes a new version.

mod audit;
mod job;
mod link;
mod value;

pub(super) use self::{
    audit::AuditEntry,
    job::{Cause, Parked},
    link::Link,
};

use serde::{Deserialize, Serialize};

use crate::{ids::RecordId, side};

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    Left,
    Right,
}

impl From<side::Side> for Side {
    fn from(side: side::Side) -> Self {
        match side {
            side::Side::Left => Self::Left,
            side::Side::Right => Self::Right,
        }
    }
}

impl From<Side> for side::Side {
    fn from(side: Side) -> Self {
        match side {
            Side::Left => Self::Left,
            Side::Right => Self::Right,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sides<T> {
    left: T,
    right: T,
}

impl<T> Sides<T> {
    /// The stored pair of a pair that the engine works with.
    fn of<'a, S, U>(sides: &'a side::Sides<S>, form: impl Fn(&'a S) -> U) -> Self
    where
        U: Into<T>,
    {
        Self {
            left: form(&sides.left).into(),
            right: form(&sides.right).into(),
        }
    }

    /// The pair that the engine works with.
    fn open<U>(self, form: impl Fn(T) -> U) -> side::Sides<U> {
        side::Sides {
            left: form(self.left),
            right: form(self.right),
        }
    }
}

/// The identities of a pair as far as they are known.
type Ids = Sides<Option<String>>;

impl From<&side::Sides<Option<RecordId>>> for Ids {
    fn from(ids: &side::Sides<Option<RecordId>>) -> Self {
        Self::of(ids, |id| id.as_ref().map(|id| id.as_str().to_owned()))
    }
}

impl From<Ids> for side::Sides<Option<RecordId>> {
    fn from(ids: Ids) -> Self {
        ids.open(|id| id.map(RecordId::from))
    }
}
