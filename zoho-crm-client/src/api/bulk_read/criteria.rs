//! Which records a bulk read takes.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{CREATE, Named};
use crate::{error::Error, model::FieldValue, names::FieldName};

/// Conditions that Zoho takes in one bulk read.
const MAX_CONDITIONS: usize = 25;
/// Values of one condition.
const MAX_VALUES: usize = 200;
/// How Zoho writes an empty value in criteria.
const EMPTY: &str = "${EMPTY}";

/// A condition on the records of a bulk read.
#[derive(Clone, Debug)]
pub struct BulkCriteria(Node);

#[derive(Clone, Debug)]
enum Node {
    Compare {
        field: FieldName,
        comparator: &'static str,
        value: Box<RawValue>,
        values: usize,
    },
    Group(&'static str, Vec<BulkCriteria>),
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident => $comparator:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name(field: impl Into<FieldName>, value: impl FieldValue) -> Self {
            Self::compare(field, $comparator, value, 1)
        }
    )*};
}

macro_rules! memberships {
    ($($(#[$doc:meta])* $name:ident => $comparator:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name<V: FieldValue>(field: impl Into<FieldName>, values: Vec<V>) -> Self {
            let count = values.len();
            Self::compare(field, $comparator, values, count)
        }
    )*};
}

macro_rules! ranges {
    ($($(#[$doc:meta])* $name:ident => $comparator:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name<V: FieldValue>(field: impl Into<FieldName>, low: V, high: V) -> Self {
            Self::compare(field, $comparator, vec![low, high], 1)
        }
    )*};
}

impl BulkCriteria {
    comparisons! {
        /// `field` equals `value`.
        equal => "equal";
        /// `field` differs from `value`.
        not_equal => "not_equal";
        /// `field` is less than `value`.
        less_than => "less_than";
        /// `field` is at most `value`.
        less_equal => "less_equal";
        /// `field` is greater than `value`.
        greater_than => "greater_than";
        /// `field` is at least `value`.
        greater_equal => "greater_equal";
        /// `field` contains `value`.
        contains => "contains";
        /// `field` does not contain `value`.
        not_contains => "not_contains";
        /// `field` begins with `value`.
        starts_with => "starts_with";
        /// `field` ends with `value`.
        ends_with => "ends_with";
    }

    memberships! {
        /// `field` equals one of `values`, 1 to 200 of them.
        in_ => "in";
        /// `field` equals none of `values`, 1 to 200 of them.
        not_in => "not_in";
    }

    ranges! {
        /// `field` lies between `low` and `high`.
        between => "between";
        /// `field` does not lie between `low` and `high`.
        not_between => "not_between";
    }

    /// `field` is empty.
    pub fn is_empty(field: impl Into<FieldName>) -> Self {
        Self::equal(field, EMPTY)
    }

    /// `field` is not empty.
    pub fn is_not_empty(field: impl Into<FieldName>) -> Self {
        Self::not_equal(field, EMPTY)
    }

    /// All of `criteria` hold.
    pub fn all(criteria: impl IntoIterator<Item = Self>) -> Self {
        Self(Node::Group("and", criteria.into_iter().collect()))
    }

    /// At least one of `criteria` holds.
    pub fn any(criteria: impl IntoIterator<Item = Self>) -> Self {
        Self(Node::Group("or", criteria.into_iter().collect()))
    }

    fn compare(
        field: impl Into<FieldName>,
        comparator: &'static str,
        value: impl FieldValue,
        values: usize,
    ) -> Self {
        Self(Node::Compare {
            field: field.into(),
            comparator,
            value: value.to_json(),
            values,
        })
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let conditions = self.count()?;
        if conditions > MAX_CONDITIONS {
            return Err(invalid(format!(
                "{conditions} conditions are more than the {MAX_CONDITIONS} that Zoho takes"
            )));
        }
        Ok(())
    }

    fn count(&self) -> Result<usize, Error> {
        match &self.0 {
            Node::Compare { field, values, .. } if !(1..=MAX_VALUES).contains(values) => {
                Err(invalid(format!(
                    "`{field}` is compared with {values} values: give 1 to {MAX_VALUES}"
                )))
            }
            Node::Compare { .. } => Ok(1),
            Node::Group(_, criteria) if criteria.is_empty() => {
                Err(invalid("a group of criteria is empty".to_owned()))
            }
            Node::Group(_, criteria) => criteria.iter().map(Self::count).sum(),
        }
    }
}

fn invalid(reason: String) -> Error {
    Error::invalid(CREATE, reason)
}

impl Serialize for BulkCriteria {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Compare<'a> {
            field: Named<'a>,
            comparator: &'a str,
            value: &'a RawValue,
        }
        #[derive(Serialize)]
        struct Group<'a> {
            group_operator: &'a str,
            group: &'a [BulkCriteria],
        }
        match &self.0 {
            Node::Compare {
                field,
                comparator,
                value,
                ..
            } => Compare {
                field: Named {
                    api_name: field.as_str(),
                },
                comparator,
                value,
            }
            .serialize(serializer),
            // Zoho wants no group around a single condition.
            Node::Group(_, group) if group.len() == 1 => group.first().serialize(serializer),
            Node::Group(group_operator, group) => Group {
                group_operator,
                group,
            }
            .serialize(serializer),
        }
    }
}
