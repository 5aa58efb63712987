//! Orders as strict JSON, in which the order of members counts.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::filter::FieldPath;
use crate::error::InvalidRequest;

/// Which way to sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// How records are sorted. The key `_id` is always added at the end, because only a total order can be paged through
/// without loss. Source: reference sage-x3 section 3.6.
///
/// ```
/// use sage_x3_client::OrderBy;
///
/// let order = OrderBy::descending("_updateStamp").then_ascending("code.code");
/// assert_eq!(order.to_json().unwrap(), r#"{"_updateStamp":-1,"code":{"code":1},"_id":1}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderBy(Vec<(FieldPath, Direction)>);

impl OrderBy {
    /// By key.
    #[must_use]
    pub fn key() -> Self {
        Self::default()
    }

    /// By `path`, smallest first.
    pub fn ascending(path: impl Into<FieldPath>) -> Self {
        Self(vec![(path.into(), Direction::Ascending)])
    }

    /// By `path`, largest first.
    pub fn descending(path: impl Into<FieldPath>) -> Self {
        Self(vec![(path.into(), Direction::Descending)])
    }

    /// Among equals, by `path`, smallest first.
    #[must_use]
    pub fn then_ascending(mut self, path: impl Into<FieldPath>) -> Self {
        self.0.push((path.into(), Direction::Ascending));
        self
    }

    /// Among equals, by `path`, largest first.
    #[must_use]
    pub fn then_descending(mut self, path: impl Into<FieldPath>) -> Self {
        self.0.push((path.into(), Direction::Descending));
        self
    }

    /// The order as X3 takes it.
    ///
    /// # Errors
    /// [`InvalidRequest`] when a field's name is none, a field stands twice, or fields of one reference are parted by
    /// another field, which JSON cannot express.
    pub fn to_json(&self) -> Result<String, InvalidRequest> {
        let mut tree = Tree::default();
        for (path, direction) in &self.0 {
            path.check()?;
            tree.insert(path.segments(), *direction)?;
        }
        if !tree.0.iter().any(|(name, _)| name == "_id") {
            tree.0
                .push(("_id".to_owned(), Branch::Leaf(Direction::Ascending)));
        }
        serde_json::to_string(&tree)
            .map_err(|_| InvalidRequest::new("the order cannot be written as JSON"))
    }
}

#[derive(Default)]
struct Tree(Vec<(String, Branch)>);

enum Branch {
    Leaf(Direction),
    Inner(Tree),
}

impl Tree {
    fn insert(&mut self, path: &[String], direction: Direction) -> Result<(), InvalidRequest> {
        let [first, rest @ ..] = path else {
            return Err(InvalidRequest::new("an order needs a field"));
        };
        let last = self.0.len().saturating_sub(1);
        let found = self
            .0
            .iter_mut()
            .enumerate()
            .find(|(_, (name, _))| name == first);
        match (found, rest.is_empty()) {
            (None, true) => self.0.push((first.clone(), Branch::Leaf(direction))),
            (None, false) => {
                let mut inner = Self::default();
                inner.insert(rest, direction)?;
                self.0.push((first.clone(), Branch::Inner(inner)));
            }
            (Some((index, (_, Branch::Inner(inner)))), false) if index == last => {
                inner.insert(rest, direction)?
            }
            (Some(_), _) => {
                return Err(InvalidRequest::new(format!(
                    "`{first}` stands twice in the order, or apart from its other fields"
                )));
            }
        }
        Ok(())
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, branch) in &self.0 {
            match branch {
                Branch::Leaf(Direction::Ascending) => map.serialize_entry(name, &1)?,
                Branch::Leaf(Direction::Descending) => map.serialize_entry(name, &-1)?,
                Branch::Inner(inner) => map.serialize_entry(name, inner)?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    proptest! {
        /// Whatever is given as a field, the order holds that very name, or none at all.
        #[test]
        fn no_field_changes_the_meaning(field in any::<String>()) {
            if let Ok(json) = OrderBy::descending(field.as_str()).to_json() {
                let parsed: Value = serde_json::from_str(&json).unwrap();
                let pointer = format!("/{}", field.replace('.', "/"));
                prop_assert_eq!(parsed.pointer(&pointer), Some(&Value::from(-1)));
                let plain = field
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'));
                prop_assert!(plain);
            }
        }

        #[test]
        fn every_name_is_taken_as_it_is(field in "[a-z][A-Za-z0-9_]{0,12}(\\.[a-z][A-Za-z0-9_]{0,12}){0,2}") {
            let json = OrderBy::descending(field.as_str()).to_json().unwrap();
            let parsed: Value = serde_json::from_str(&json).unwrap();
            let pointer = format!("/{}", field.replace('.', "/"));
            prop_assert_eq!(parsed.pointer(&pointer), Some(&Value::from(-1)));
            prop_assert_eq!(&parsed["_id"], &Value::from(1));
        }
    }

    #[test]
    fn the_key_always_comes_last_and_once() {
        assert_eq!(OrderBy::key().to_json().unwrap(), r#"{"_id":1}"#);
        assert_eq!(
            OrderBy::ascending("_updateStamp").to_json().unwrap(),
            r#"{"_updateStamp":1,"_id":1}"#
        );
        assert_eq!(
            OrderBy::descending("_id").to_json().unwrap(),
            r#"{"_id":-1}"#
        );
    }

    #[test]
    fn fields_of_one_reference_share_an_object() {
        let order = OrderBy::ascending("code.country.code")
            .then_descending("code.companyName1")
            .then_ascending("isActive");
        assert_eq!(
            order.to_json().unwrap(),
            r#"{"code":{"country":{"code":1},"companyName1":-1},"isActive":1,"_id":1}"#
        );
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        assert!(
            OrderBy::ascending("a")
                .then_descending("a")
                .to_json()
                .is_err()
        );
        assert!(
            OrderBy::ascending("a.x")
                .then_ascending("b")
                .then_ascending("a.y")
                .to_json()
                .is_err()
        );
        assert!(OrderBy::ascending("_and").to_json().is_err());
    }
}
