//! Conditions and the values in them.

use std::fmt::Write as _;

use client_core::ExactDecimal;
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

use super::{column, invalid};
use crate::{
    error::Error,
    model::DateTime,
    names::{FieldName, RecordId},
};

/// Values of an `in`.
const MAX_VALUES: usize = 50;

/// A condition on rows. Built from its functions; values are quoted here and nowhere else.
#[derive(Clone, Debug)]
pub struct Filter(Node);

#[derive(Clone, Debug)]
enum Node {
    Compare(FieldName, &'static str, Literal),
    Among(FieldName, &'static str, Vec<Literal>),
    Between(FieldName, &'static str, Literal, Literal),
    Like(FieldName, Pattern, String),
    Test(FieldName, &'static str),
    Join(&'static str, Vec<Filter>),
}

#[derive(Clone, Copy, Debug)]
enum Pattern {
    Contains,
    ContainsNot,
    StartsWith,
    EndsWith,
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident => $operator:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name(field: impl Into<FieldName>, value: impl Into<Literal>) -> Self {
            Self(Node::Compare(field.into(), $operator, value.into()))
        }
    )*};
}

impl Filter {
    comparisons! {
        /// `field` equals `value`.
        eq => "=";
        /// `field` differs from `value`.
        ne => "!=";
        /// `field` is greater than `value`.
        gt => ">";
        /// `field` is at least `value`.
        ge => ">=";
        /// `field` is less than `value`.
        lt => "<";
        /// `field` is at most `value`.
        le => "<=";
    }

    /// `field` equals one of `values`, 1 to 50 of them.
    pub fn in_<L: Into<Literal>>(
        field: impl Into<FieldName>,
        values: impl IntoIterator<Item = L>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        Self(Node::Among(field.into(), "in", values))
    }

    /// `field` equals none of `values`, 1 to 50 of them.
    pub fn not_in<L: Into<Literal>>(
        field: impl Into<FieldName>,
        values: impl IntoIterator<Item = L>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        Self(Node::Among(field.into(), "not in", values))
    }

    /// `field` lies between `low` and `high`, both included.
    pub fn between(
        field: impl Into<FieldName>,
        low: impl Into<Literal>,
        high: impl Into<Literal>,
    ) -> Self {
        Self(Node::Between(
            field.into(),
            "between",
            low.into(),
            high.into(),
        ))
    }

    /// `field` lies below `low` or above `high`.
    pub fn not_between(
        field: impl Into<FieldName>,
        low: impl Into<Literal>,
        high: impl Into<Literal>,
    ) -> Self {
        Self(Node::Between(
            field.into(),
            "not between",
            low.into(),
            high.into(),
        ))
    }

    /// The text `field` holds `part` anywhere. A part with `%`, COQL's wildcard, cannot be asked for.
    pub fn contains(field: impl Into<FieldName>, part: impl Into<String>) -> Self {
        Self(Node::Like(field.into(), Pattern::Contains, part.into()))
    }

    /// The text `field` holds `part` nowhere. A part with `%` cannot be asked for.
    pub fn not_contains(field: impl Into<FieldName>, part: impl Into<String>) -> Self {
        Self(Node::Like(field.into(), Pattern::ContainsNot, part.into()))
    }

    /// The text `field` starts with `part`. A part with `%` cannot be asked for.
    pub fn starts_with(field: impl Into<FieldName>, part: impl Into<String>) -> Self {
        Self(Node::Like(field.into(), Pattern::StartsWith, part.into()))
    }

    /// The text `field` ends with `part`. A part with `%` cannot be asked for.
    pub fn ends_with(field: impl Into<FieldName>, part: impl Into<String>) -> Self {
        Self(Node::Like(field.into(), Pattern::EndsWith, part.into()))
    }

    /// `field` is empty.
    pub fn is_null(field: impl Into<FieldName>) -> Self {
        Self(Node::Test(field.into(), "is null"))
    }

    /// `field` is not empty.
    pub fn is_not_null(field: impl Into<FieldName>) -> Self {
        Self(Node::Test(field.into(), "is not null"))
    }

    /// Both conditions hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::all([self, other])
    }

    /// At least one of the conditions holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::any([self, other])
    }

    /// All of `filters` hold. At least one must be given.
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        Self(Node::Join("and", filters.into_iter().collect()))
    }

    /// At least one of `filters` holds. At least one must be given.
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        Self(Node::Join("or", filters.into_iter().collect()))
    }

    pub(super) fn conditions(&self) -> usize {
        match &self.0 {
            Node::Join(_, filters) => filters.iter().map(Self::conditions).sum(),
            _ => 1,
        }
    }

    pub(super) fn write(&self, text: &mut String) -> Result<(), Error> {
        match &self.0 {
            Node::Compare(field, operator, value) => {
                let _ = write!(text, "{} {operator} {}", column(field)?, value.text);
            }
            Node::Among(field, operator, values) => {
                if !(1..=MAX_VALUES).contains(&values.len()) {
                    return Err(invalid(format!(
                        "`{operator}` takes 1 to {MAX_VALUES} values, not {}",
                        values.len()
                    )));
                }
                let values: Vec<&str> = values.iter().map(|value| value.text.as_str()).collect();
                let _ = write!(
                    text,
                    "{} {operator} ({})",
                    column(field)?,
                    values.join(", ")
                );
            }
            Node::Between(field, operator, low, high) => {
                let field = column(field)?;
                let _ = write!(text, "{field} {operator} {} and {}", low.text, high.text);
            }
            Node::Like(field, pattern, part) => {
                if part.is_empty() || part.contains('%') {
                    return Err(invalid(
                        "a text is matched by a part that is not empty and holds no `%`",
                    ));
                }
                let (operator, pattern) = match pattern {
                    Pattern::Contains => ("like", format!("%{part}%")),
                    Pattern::ContainsNot => ("not like", format!("%{part}%")),
                    Pattern::StartsWith => ("like", format!("{part}%")),
                    Pattern::EndsWith => ("like", format!("%{part}")),
                };
                let pattern = Literal::quoted(&pattern);
                let _ = write!(text, "{} {operator} {}", column(field)?, pattern.text);
            }
            Node::Test(field, test) => {
                let _ = write!(text, "{} {test}", column(field)?);
            }
            Node::Join(operator, filters) => join(operator, filters, text)?,
        }
        Ok(())
    }
}

/// Zoho wants brackets around every pair: `((a and b) and c)`.
fn join(operator: &str, filters: &[Filter], text: &mut String) -> Result<(), Error> {
    let Some((first, others)) = filters.split_first() else {
        return Err(invalid(format!(
            "`{operator}` joins at least one condition"
        )));
    };
    text.push_str(&"(".repeat(others.len()));
    first.write(text)?;
    for other in others {
        let _ = write!(text, " {operator} ");
        other.write(text)?;
        text.push(')');
    }
    Ok(())
}

/// A value in a query.
#[derive(Clone, Debug)]
pub struct Literal {
    /// Ready to stand in the query.
    text: String,
}

impl Literal {
    /// Text in single quotes. A quote inside is doubled, which is Zoho's rule. A backslash is doubled too: nothing says
    /// whether Zoho takes it for an escape, and a doubled one ends the text under neither reading (but may fail to
    /// match a value with a backslash).
    fn quoted(text: &str) -> Self {
        let inner = text.replace('\\', r"\\").replace('\'', "''");
        Self {
            text: format!("'{inner}'"),
        }
    }

    fn bare(text: String) -> Self {
        Self { text }
    }
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self::quoted(text)
    }
}

impl From<String> for Literal {
    fn from(text: String) -> Self {
        Self::quoted(&text)
    }
}

impl From<&String> for Literal {
    fn from(text: &String) -> Self {
        Self::quoted(text)
    }
}

impl From<&RecordId> for Literal {
    fn from(id: &RecordId) -> Self {
        Self::quoted(id.as_str())
    }
}

impl From<RecordId> for Literal {
    fn from(id: RecordId) -> Self {
        Self::quoted(id.as_str())
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self::quoted(if value { "true" } else { "false" })
    }
}

impl From<i64> for Literal {
    fn from(value: i64) -> Self {
        Self::bare(value.to_string())
    }
}

impl From<i32> for Literal {
    fn from(value: i32) -> Self {
        Self::bare(value.to_string())
    }
}

impl From<Decimal> for Literal {
    fn from(value: Decimal) -> Self {
        Self::bare(value.to_string())
    }
}

impl From<ExactDecimal> for Literal {
    fn from(value: ExactDecimal) -> Self {
        value.0.into()
    }
}

impl From<Date> for Literal {
    fn from(date: Date) -> Self {
        Self::quoted(&date.to_string())
    }
}

impl From<Timestamp> for Literal {
    fn from(instant: Timestamp) -> Self {
        Self::quoted(&DateTime::from(instant).to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coql::Column;

    /// Reads a quoted text at the start of `input` as a server would: `''` is a quote; a backslash escapes the next
    /// character, or is nothing special. Returns what follows.
    fn after_text(input: &str, backslash_escapes: bool) -> Option<&str> {
        let mut rest = input.strip_prefix('\'')?;
        loop {
            let mut chars = rest.chars();
            match chars.next()? {
                '\'' => match chars.as_str().strip_prefix('\'') {
                    Some(inside) => rest = inside,
                    None => return Some(chars.as_str()),
                },
                '\\' if backslash_escapes => {
                    chars.next()?;
                    rest = chars.as_str();
                }
                _ => rest = chars.as_str(),
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_out_of_its_quotes(text in r"[a-z'\\ ();=-]{0,40}|\PC{0,40}") {
            let written = Literal::from(text.as_str()).text;
            for backslash_escapes in [false, true] {
                prop_assert_eq!(after_text(&written, backslash_escapes), Some(""));
            }
        }

        #[test]
        fn no_part_of_a_text_breaks_out_of_its_pattern(part in r"[a-z'\\ ();=-]{1,40}|\PC{1,40}") {
            prop_assume!(!part.contains('%'));
            for filter in [Filter::contains("a", part.as_str()), Filter::starts_with("a", part.as_str()), Filter::ends_with("a", part.as_str())] {
                let mut written = String::new();
                filter.write(&mut written).unwrap();
                let pattern = written.strip_prefix("a like ").unwrap();
                for backslash_escapes in [false, true] {
                    prop_assert_eq!(after_text(pattern, backslash_escapes), Some(""));
                }
            }
        }

        #[test]
        fn no_name_breaks_out_of_the_query(name in r"[a-zA-Z_$. ';()>=*-]{0,24}|\PC{0,16}") {
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_$.".contains(&byte)) && !name.is_empty();
            let mut written = String::new();
            prop_assert_eq!(Filter::is_null(name.as_str()).write(&mut written).is_ok(), plain);
            prop_assert_eq!(Column::sum(name.as_str()).to_text().is_ok(), plain);
            prop_assert_eq!(Column::polymorphic(name.as_str(), "Leads", "a").to_text().is_ok(), plain);
        }

        #[test]
        fn text_without_a_backslash_is_read_back_unchanged(text in r"[^\\]{0,40}") {
            let written = Literal::from(text.as_str()).text;
            let inner = written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap();
            prop_assert_eq!(inner.replace("''", "'"), text);
        }
    }
}
