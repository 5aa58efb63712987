//! How the members of an input find their places in another form of the record.

use std::collections::{BTreeMap, BTreeSet};

use crate::{error::InvalidRequest, model::Leaf, scalar::Scalar};

/// Places by the names that members have in the node's GraphQL input: `addresses.city` for a member of rows, and
/// `companyNames.companyName#2` for one place of an array column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Placement<P> {
    places: BTreeMap<String, P>,
    ignored: BTreeSet<String>,
}

impl<P> Placement<P> {
    pub(crate) fn new() -> Self {
        Self {
            places: BTreeMap::new(),
            ignored: BTreeSet::new(),
        }
    }

    pub(crate) fn place(&mut self, member: impl Into<String>, place: P) {
        self.places.insert(member.into(), place);
    }

    pub(crate) fn ignore(&mut self, member: impl Into<String>) {
        self.ignored.insert(member.into());
    }

    pub(crate) fn places(&self) -> &BTreeMap<String, P> {
        &self.places
    }

    /// The place of a value; none when it is to be left out.
    ///
    /// # Errors
    /// When nothing is said about it: a value must never be dropped in silence.
    pub(crate) fn find(&self, leaf: &Leaf<'_>, name: &str) -> Result<Option<&P>, InvalidRequest> {
        if let Some(slot) = leaf.slot
            && let Some(place) = self.places.get(&format!("{}#{slot}", leaf.path))
        {
            return Ok(Some(place));
        }
        if let Some(place) = self.places.get(&leaf.path) {
            return Ok(Some(place));
        }
        let removes_row = leaf.path.ends_with("._action") && *leaf.value == Scalar::from("delete");
        if removes_row {
            return Err(InvalidRequest::new(format!(
                "rows cannot be removed through {name}: only GraphQL says that a row is to go"
            )));
        }
        if self.ignored.contains(&leaf.path) {
            return Ok(None);
        }
        Err(InvalidRequest::new(format!(
            "`{}` has no place in {name}: say in the configuration where it goes, or that it is left out",
            leaf.path
        )))
    }
}

/// How a value changes on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conversion {
    values: BTreeMap<String, String>,
    last_key_part: bool,
}

impl Conversion {
    pub(crate) fn value(&mut self, from: impl Into<String>, to: impl Into<String>) {
        self.values.insert(from.into(), to.into());
    }

    pub(crate) fn last_key_part(&mut self) {
        self.last_key_part = true;
    }

    /// # Errors
    /// When the value is none of those that were listed.
    pub(crate) fn convert(&self, leaf: &Leaf<'_>) -> Result<Scalar, InvalidRequest> {
        let Scalar::Text(text) = leaf.value else {
            return Ok(leaf.value.clone());
        };
        let text = match text.rsplit_once('|') {
            Some((_, last)) if self.last_key_part => last,
            _ => text,
        };
        if self.values.is_empty() || text.is_empty() {
            return Ok(Scalar::Text(text.to_owned()));
        }
        let known = self.values.get(text).ok_or_else(|| {
            InvalidRequest::new(format!(
                "the value of `{}` is none of those that the configuration lists",
                leaf.path
            ))
        })?;
        Ok(Scalar::Text(known.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf<'a>(path: &str, slot: Option<usize>, value: &'a Scalar) -> Leaf<'a> {
        Leaf {
            path: path.to_owned(),
            row: None,
            slot,
            value,
        }
    }

    #[test]
    fn the_most_exact_name_counts_and_nothing_is_dropped_in_silence() {
        let mut placement = Placement::new();
        placement.place("names.name", "any");
        placement.place("names.name#2", "second");
        placement.ignore("code");
        let value = Scalar::Null;
        let find = |path, slot| {
            placement
                .find(&leaf(path, slot, &value), "x")
                .map(Option::<&&str>::copied)
        };
        assert_eq!(find("names.name", Some(2)), Ok(Some("second")));
        assert_eq!(find("names.name", Some(1)), Ok(Some("any")));
        assert_eq!(find("code", None), Ok(None));
        assert!(
            find("city", None)
                .unwrap_err()
                .to_string()
                .contains("`city` has no place")
        );
    }

    #[test]
    fn names_of_choices_become_numbers_and_composite_keys_their_last_part() {
        let mut menu = Conversion::default();
        menu.value("hold", "3");
        let (hold, odd, key) = ("hold".into(), "odd".into(), "NA001|A1".into());
        assert_eq!(menu.convert(&leaf("a", None, &hold)).unwrap(), "3".into());
        assert!(menu.convert(&leaf("a", None, &odd)).is_err());
        let mut last = Conversion::default();
        last.last_key_part();
        assert_eq!(last.convert(&leaf("a", None, &key)).unwrap(), "A1".into());
    }
}
