//! Input objects, built by hand: a generated struct cannot tell "leave" from "clear".

mod leaves;

use serde::{Serialize, Serializer};

pub(crate) use self::leaves::Leaf;

use crate::{patch::Patch, scalar::Scalar};

/// The members of an input object, in the order in which they were set. A member that was not set is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(
    unnameable_types,
    reason = "stands in sealed traits, which nobody outside implements"
)]
pub struct Input(Vec<(String, Member)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    Scalar(Scalar),
    Object(Input),
    List(Vec<Input>),
}

impl Input {
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Scalar>) {
        self.put(name, Member::Scalar(value.into()));
    }

    pub(crate) fn set_list(&mut self, name: &str, items: Vec<Self>) {
        if !items.is_empty() {
            self.put(name, Member::List(items));
        }
    }

    pub(crate) fn set_object(&mut self, name: &str, value: Self) {
        self.put(name, Member::Object(value));
    }

    /// Text: cleared by sending empty text, because X3's texts are never null.
    pub(crate) fn patch_text(&mut self, name: &str, patch: &Patch<String>) {
        match patch {
            Patch::Keep => {}
            Patch::Set(text) => self.set(name, text.as_str()),
            Patch::Clear => self.set(name, ""),
        }
    }

    /// A number, date, enumeration or reference: cleared by null.
    pub(crate) fn patch_scalar<T: Clone + Into<Scalar>>(&mut self, name: &str, patch: &Patch<T>) {
        match patch {
            Patch::Keep => {}
            Patch::Set(value) => self.set(name, value.clone()),
            Patch::Clear => self.set(name, Scalar::Null),
        }
    }

    /// A reference, written as the `_id` of its target; cleared by null. Source: reference sage-x3 section 3.7.
    pub(crate) fn patch_code(&mut self, name: &str, patch: &Patch<impl AsRef<str>>) {
        match patch {
            Patch::Keep => {}
            Patch::Set(code) => self.set(name, code.as_ref()),
            Patch::Clear => self.set(name, Scalar::Null),
        }
    }

    /// A long text, which X3 wraps in an object.
    pub(crate) fn patch_stream(&mut self, name: &str, patch: &Patch<String>) {
        if !patch.is_keep() {
            let mut stream = Self::default();
            stream.patch_text("value", patch);
            self.put(name, Member::Object(stream));
        }
    }

    /// Whether writing it a second time may add rows once more.
    pub(crate) fn adds_rows(&self) -> bool {
        self.0.iter().any(|(name, member)| match member {
            Member::Scalar(value) => name == "_action" && *value == Scalar::from("create"),
            Member::Object(input) => input.adds_rows(),
            Member::List(items) => items.iter().any(Self::adds_rows),
        })
    }

    /// The same under the names that `name` gives for paths such as `addresses.city`, where it gives one.
    pub(crate) fn renamed<'a>(&self, name: &impl Fn(&str) -> Option<&'a str>) -> Self {
        self.renamed_below("", name)
    }

    fn renamed_below<'a>(&self, prefix: &str, name: &impl Fn(&str) -> Option<&'a str>) -> Self {
        let members = self.0.iter().map(|(known, member)| {
            let path = format!("{prefix}{known}");
            let below = format!("{path}.");
            let member = match member {
                Member::Scalar(value) => Member::Scalar(value.clone()),
                Member::Object(input) => Member::Object(input.renamed_below(&below, name)),
                Member::List(items) => Member::List(
                    items
                        .iter()
                        .map(|item| item.renamed_below(&below, name))
                        .collect(),
                ),
            };
            (name(&path).unwrap_or(known).to_owned(), member)
        });
        Self(members.collect())
    }

    fn put(&mut self, name: &str, member: Member) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, place)) => *place = member,
            None => self.0.push((name.to_owned(), member)),
        }
    }
}

impl Serialize for Input {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, member)| (name, member)))
    }
}

impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Scalar(value) => value.serialize(serializer),
            Self::Object(input) => input.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
        }
    }
}
