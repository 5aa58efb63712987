//! Search criteria that no value can break out of (reference: Zoho v8 section 2.8, read 2026-11).

use client_core::ExactDecimal;
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

use crate::{
    error::Error,
    model::DateTime,
    names::{FieldName, RecordId},
};

/// Conditions of one search: Zoho's pages speak of 10 and of 15.
const MAX_CONDITIONS: usize = 10;
/// Values of an `in`.
const MAX_VALUES: usize = 100;

/// What a search or count looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchBy {
    /// Conditions on fields.
    Criteria(Criteria),
    /// An address in any e-mail field.
    Email(String),
    /// A number in any phone field, 3 characters or more.
    Phone(String),
    /// A word in any text field, 2 characters or more.
    Word(String),
}

impl From<Criteria> for SearchBy {
    fn from(criteria: Criteria) -> Self {
        Self::Criteria(criteria)
    }
}

impl SearchBy {
    /// Name and value of the parameter.
    pub(crate) fn parameter(
        &self,
        operation: &'static str,
    ) -> Result<(&'static str, String), Error> {
        let long_enough = |name: &'static str, text: &String, least: usize| {
            let text = text.trim();
            if text.chars().count() < least {
                return Err(Error::invalid(
                    operation,
                    format!("a {name} to search for has at least {least} characters"),
                ));
            }
            Ok((name, text.to_owned()))
        };
        match self {
            Self::Criteria(criteria) => Ok(("criteria", criteria.text(operation)?)),
            Self::Email(text) => long_enough("email", text, 1),
            Self::Phone(text) => long_enough("phone", text, 3),
            Self::Word(text) => long_enough("word", text, 2),
        }
    }
}

/// Conditions on fields, at most 10 in one search. Values are escaped; one that cannot be written safely is refused when
/// the search is sent.
///
/// ```
/// use zoho_crm_client::Criteria;
///
/// let criteria = Criteria::equals("Account_Name", "Müller (Köln)")
///     .and(Criteria::between("Modified_Time", 1, 2).or(Criteria::equals("Active", true)));
/// # let _ = criteria;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "criteria do nothing until they are sent"]
pub struct Criteria(Node);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Test(FieldName, &'static str, Vec<String>),
    Join(Box<Self>, &'static str, Box<Self>),
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchValue(String);

macro_rules! tests {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(field: impl Into<FieldName>, value: impl Into<SearchValue>) -> Self {
            Self(Node::Test(field.into(), stringify!($name), vec![value.into().0]))
        }
    )*};
}

impl Criteria {
    tests! {
        /// `field` is `value`. For texts Zoho also finds records that merely contain it, and takes many signs for one
        /// another (`a-b@x` finds `a_b@x`): compare what comes back.
        equals;
        /// `field` is not `value`.
        not_equal;
        /// The text `field` starts with `value`.
        starts_with;
        /// `field` is greater or later than `value`.
        greater_than;
        /// `field` is `value`, greater or later.
        greater_equal;
        /// `field` is smaller or earlier than `value`.
        less_than;
        /// `field` is `value`, smaller or earlier.
        less_equal;
    }

    /// `field` lies between `low` and `high`.
    pub fn between(
        field: impl Into<FieldName>,
        low: impl Into<SearchValue>,
        high: impl Into<SearchValue>,
    ) -> Self {
        let values = vec![low.into().0, high.into().0];
        Self(Node::Test(field.into(), "between", values))
    }

    /// `field` is one of `values`, 1 to 100 of them.
    pub fn in_<V: Into<SearchValue>>(
        field: impl Into<FieldName>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(|value| value.into().0).collect();
        Self(Node::Test(field.into(), "in", values))
    }

    /// Both hold.
    pub fn and(self, other: Self) -> Self {
        Self(Node::Join(Box::new(self.0), "and", Box::new(other.0)))
    }

    /// At least one holds.
    pub fn or(self, other: Self) -> Self {
        Self(Node::Join(Box::new(self.0), "or", Box::new(other.0)))
    }

    fn text(&self, operation: &'static str) -> Result<String, Error> {
        let conditions = self.0.conditions();
        if conditions > MAX_CONDITIONS {
            return Err(Error::invalid(
                operation,
                format!("{conditions} conditions are more than {MAX_CONDITIONS}"),
            ));
        }
        let mut text = String::new();
        self.0.write(operation, &mut text)?;
        Ok(text)
    }
}

impl Node {
    fn conditions(&self) -> usize {
        match self {
            Self::Test(..) => 1,
            Self::Join(left, _, right) => left.conditions() + right.conditions(),
        }
    }

    fn write(&self, operation: &'static str, text: &mut String) -> Result<(), Error> {
        text.push('(');
        match self {
            Self::Test(field, operator, values) => {
                if !field.is_plain() {
                    return Err(Error::invalid(
                        operation,
                        format!(
                            "`{field}` is no field API name: use letters, digits, `_`, `$` and `.`"
                        ),
                    ));
                }
                if !(1..=MAX_VALUES).contains(&values.len()) {
                    return Err(Error::invalid(
                        operation,
                        format!(
                            "`{operator}` takes 1 to {MAX_VALUES} values, not {}",
                            values.len()
                        ),
                    ));
                }
                let values: Option<Vec<String>> =
                    values.iter().map(|value| escaped(value)).collect();
                // The value itself may be personal data and stays out of the message.
                let values = values.ok_or_else(|| {
                    Error::invalid(
                        operation,
                        format!("the value for `{field}` is empty, or has a backslash before `(`, `)`, `,` or another one"),
                    )
                })?;
                text.push_str(&format!("{field}:{operator}:{}", values.join(",")));
            }
            Self::Join(left, word, right) => {
                left.write(operation, text)?;
                text.push_str(word);
                right.write(operation, text)?;
            }
        }
        text.push(')');
        Ok(())
    }
}

/// Brackets, commas and a final backslash get a backslash. What a backslash before one of these (or before another
/// backslash) means is not documented, and one of the readings would end the value early: `None` then.
fn escaped(value: &str) -> Option<String> {
    if value.trim().is_empty() {
        return None;
    }
    let mut escaped = String::new();
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('(' | ')' | ',', _) | ('\\', None) => escaped.push('\\'),
            ('\\', Some('(' | ')' | ',' | '\\')) => return None,
            _ => {}
        }
        escaped.push(character);
    }
    Some(escaped)
}

macro_rules! values {
    ($($kind:ty => $text:expr;)*) => {$(
        impl From<$kind> for SearchValue {
            fn from(value: $kind) -> Self {
                let text: fn($kind) -> String = $text;
                Self(text(value))
            }
        }
    )*};
}

values! {
    &str => |text| text.to_owned();
    &String => String::clone;
    String => |text| text;
    RecordId => |id| id.to_string();
    &RecordId => |id| id.to_string();
    bool => |value| value.to_string();
    i32 => |value| value.to_string();
    i64 => |value| value.to_string();
    Decimal => |value| value.to_string();
    ExactDecimal => |value| value.0.to_string();
    Date => |date| date.to_string();
    Timestamp => |instant| DateTime::from(instant).to_string();
    DateTime => |instant| instant.to_string();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(criteria: &Criteria) -> String {
        criteria.text("test").unwrap()
    }

    #[test]
    fn criteria_are_written_as_zoho_documents() {
        assert_eq!(
            text(&Criteria::equals("Last_Name", "O, (x)")),
            r"(Last_Name:equals:O\, \(x\))"
        );
        let instant: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let both = Criteria::greater_equal("Modified_Time", instant)
            .and(Criteria::in_("City", ["Köln", "Bonn"]).or(Criteria::between("Amount", 1, 20)));
        assert_eq!(
            text(&both),
            "((Modified_Time:greater_equal:2026-11-20T10:00:00+00:00)and((City:in:Köln,Bonn)or(Amount:between:1,20)))"
        );
    }

    #[test]
    fn what_cannot_be_written_safely_is_refused() {
        let field = Criteria::equals("Name:equals:x)or(Id", "x");
        let many = (0..10).fold(Criteria::equals("A", 1), |all, n| {
            all.and(Criteria::equals("A", n))
        });
        for criteria in [
            field,
            many,
            Criteria::equals("A", " "),
            Criteria::equals("A", r"x\)or(A:equals:y"),
            Criteria::equals("A", r"x\\"),
            Criteria::in_("A", Vec::<String>::new()),
            Criteria::in_("A", vec![1; 101]),
        ] {
            let error = criteria.text("test").unwrap_err();
            assert!(
                matches!(error, Error::InvalidRequest { .. }),
                "{criteria:?}"
            );
        }
        for by in [
            SearchBy::Phone("12".into()),
            SearchBy::Word("x".into()),
            SearchBy::Email(String::new()),
        ] {
            assert!(by.parameter("test").is_err());
        }
    }

    /// Reads a value as a server would, and returns what follows it. A backslash escapes any character, or only those
    /// that need it.
    fn after_value(input: &str, escapes_all: bool) -> Option<&str> {
        let mut rest = input;
        loop {
            let mut characters = rest.chars();
            match characters.next()? {
                '(' | ')' | ',' => return Some(rest),
                '\\' if escapes_all || characters.as_str().starts_with(['(', ')', ',', '\\']) => {
                    characters.next()?;
                }
                _ => {}
            }
            rest = characters.as_str();
        }
    }

    proptest! {
        #[test]
        fn no_value_ends_early(value in r"[a-z:\\(), ]{0,30}|\PC{0,30}") {
            if let Some(written) = escaped(&value) {
                let inside = format!("{written})");
                for escapes_all in [false, true] {
                    prop_assert_eq!(after_value(&inside, escapes_all), Some(")"));
                }
            }
        }

        #[test]
        fn every_value_without_a_backslash_can_be_searched(value in r"[^\\]{0,30}[a-z]") {
            prop_assert!(escaped(&value).is_some());
        }
    }
}
