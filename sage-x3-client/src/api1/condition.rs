//! `where` clauses.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{names::ColumnName, settings::DateLiteral};
use crate::{StampField, error::InvalidRequest, scalar::Scalar};

/// A condition on records, in the language of `api1`. Built from the operators that Sage documents and those of the SData
/// grammar; whatever a value holds, it cannot change the condition's meaning. Source: reference sage-x3 section 4.2.
///
/// ```
/// use sage_x3_client::api1::Where;
///
/// let french = Where::all([
///     Where::column("CRY").eq("FR"),
///     Where::any([Where::column("BPCNUM").starts_with("NA"), Where::column("BPCSTA").eq(true)]),
/// ]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Where(Node);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    All(Vec<Where>),
    Any(Vec<Where>),
    Compare(String, &'static str, Scalar),
    Like(String, String),
}

impl Where {
    /// Every record.
    #[must_use]
    pub fn everything() -> Self {
        Self(Node::All(Vec::new()))
    }

    /// Begins a condition on a column by its code. Only columns that the representation shows can be used; X3 answers 500
    /// to others.
    pub fn column(code: impl Into<String>) -> ColumnCondition {
        ColumnCondition(code.into())
    }

    /// Records that were last changed at `since` or later and at `until` or before, by a column that tells it: `UPDDATTIM`
    /// where the representation shows it, else `UPDDAT` with [`Precision::Day`](crate::Precision::Day). Days are widened by
    /// one on either side, because X3 writes them in a time zone of its own, so the last days come with every poll. Instants
    /// stand in conditions to the second, so say [`Precision::Second`](crate::Precision::Second) of those. Source: reference
    /// sage-x3 section 5.3.
    ///
    /// ```
    /// use sage_x3_client::{FieldName, Precision, StampField, api1::{Api1Query, Where}};
    ///
    /// let stamp = StampField::custom(FieldName::new("UPDDAT")?, Precision::Day);
    /// let seen: jiff::Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    /// let changed = Api1Query::new().filter(Where::changed(&stamp, seen, None));
    /// # Ok::<(), sage_x3_client::InvalidName>(())
    /// ```
    #[must_use]
    pub fn changed(
        stamp: &StampField,
        since: impl Into<Option<Timestamp>>,
        until: impl Into<Option<Timestamp>>,
    ) -> Self {
        let column = || Self::column(stamp.name());
        let since = since.into().map(|since| column().ge(stamp.floor(since)));
        let until = until.into().map(|until| column().le(stamp.ceiling(until)));
        Self::all(since.into_iter().chain(until))
    }

    /// All of `conditions`.
    #[must_use]
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        let parts = conditions
            .into_iter()
            .filter(|part| *part != Self::everything());
        Self(Node::All(parts.collect()))
    }

    /// At least one of `conditions`; nothing meets none of none.
    #[must_use]
    pub fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        let parts: Vec<Self> = conditions.into_iter().collect();
        if parts.contains(&Self::everything()) {
            return Self::everything();
        }
        Self(Node::Any(parts))
    }

    /// Whether no record can meet this, so that asking is a waste.
    #[must_use]
    pub fn is_never(&self) -> bool {
        match &self.0 {
            Node::All(parts) => parts.iter().any(Self::is_never),
            Node::Any(parts) => parts.iter().all(Self::is_never),
            Node::Compare(..) | Node::Like(..) => false,
        }
    }

    /// The clause; none for every record.
    pub(super) fn render(&self, dates: DateLiteral) -> Result<Option<String>, InvalidRequest> {
        if *self == Self::everything() {
            return Ok(None);
        }
        let mut clause = String::new();
        self.write(&mut clause, dates)?;
        Ok(Some(clause))
    }

    fn write(&self, clause: &mut String, dates: DateLiteral) -> Result<(), InvalidRequest> {
        match &self.0 {
            Node::All(parts) => join(parts, " and ", clause, dates),
            Node::Any(parts) => {
                let possible: Vec<&Self> = parts.iter().filter(|part| !part.is_never()).collect();
                join(possible, " or ", clause, dates)
            }
            Node::Compare(column, operator, value) => {
                let column = ColumnName::new(column.as_str())?;
                if *operator == LEFT {
                    let Scalar::Text(start) = value else {
                        return Err(InvalidRequest::new("only text begins with something"));
                    };
                    let length = start.chars().count();
                    let _ = write!(clause, "left({column},{length}) eq ");
                } else {
                    let _ = write!(clause, "{column} {operator} ");
                }
                write_value(value, clause, dates)
            }
            Node::Like(column, text) => {
                let column = ColumnName::new(column.as_str())?;
                if text.contains(['%', '_']) {
                    return Err(InvalidRequest::new(format!(
                        "`%` and `_` stand for other letters in a search in `{column}`, and api1 has no way to mean them \
                         literally"
                    )));
                }
                let _ = write!(clause, "{column} like ");
                write_text(&format!("%{text}%"), clause)
            }
        }
    }
}

/// Stands for `left(COLUMN,n) eq`.
const LEFT: &str = "left";

fn join<'a>(
    parts: impl IntoIterator<Item = &'a Where>,
    word: &str,
    clause: &mut String,
    dates: DateLiteral,
) -> Result<(), InvalidRequest> {
    let mut separator = "";
    for part in parts {
        clause.push_str(separator);
        separator = word;
        let is_compound = matches!(part.0, Node::All(_) | Node::Any(_));
        if is_compound {
            clause.push('(');
        }
        part.write(clause, dates)?;
        if is_compound {
            clause.push(')');
        }
    }
    Ok(())
}

fn write_value(
    value: &Scalar,
    clause: &mut String,
    dates: DateLiteral,
) -> Result<(), InvalidRequest> {
    let date = |text: &str| match dates {
        DateLiteral::At => format!("@{text}@"),
        DateLiteral::Quoted => format!("'{text}'"),
    };
    match value {
        Scalar::Null => {
            return Err(InvalidRequest::new(
                "X3's columns are never null: compare with empty text, 0 or the date that means none",
            ));
        }
        // Menu 1: no is 1, yes is 2.
        Scalar::Boolean(value) => clause.push(if *value { '2' } else { '1' }),
        Scalar::Integer(value) => {
            let _ = write!(clause, "{value}");
        }
        Scalar::Decimal(value) => {
            let _ = write!(clause, "{value}");
        }
        Scalar::Text(text) => return write_text(text, clause),
        Scalar::Date(day) => clause.push_str(&date(&day.to_string())),
        Scalar::Instant(instant) => clause.push_str(&date(&format!("{instant:.0}"))),
    }
    Ok(())
}

/// Quotes are doubled, as SData has it. How the server's parser takes a backslash is not documented, so none is sent.
fn write_text(text: &str, clause: &mut String) -> Result<(), InvalidRequest> {
    if text
        .chars()
        .any(|letter| letter == '\\' || letter.is_control())
    {
        return Err(InvalidRequest::new(
            "a where clause cannot hold a backslash or a control character safely",
        ));
    }
    clause.push('\'');
    clause.push_str(&text.replace('\'', "''"));
    clause.push('\'');
    Ok(())
}

/// A column that a condition is being put on.
#[derive(Clone, Debug)]
#[must_use = "a column alone is no condition"]
pub struct ColumnCondition(String);

impl ColumnCondition {
    /// Equal to `value`. A Boolean is taken for menu 1.
    #[must_use]
    pub fn eq(self, value: impl Into<Scalar>) -> Where {
        self.compare("eq", value)
    }

    /// Not equal to `value`.
    #[must_use]
    pub fn ne(self, value: impl Into<Scalar>) -> Where {
        self.compare("ne", value)
    }

    /// Greater than `value`.
    #[must_use]
    pub fn gt(self, value: impl Into<Scalar>) -> Where {
        self.compare("gt", value)
    }

    /// Greater than or equal to `value`.
    #[must_use]
    pub fn ge(self, value: impl Into<Scalar>) -> Where {
        self.compare("ge", value)
    }

    /// Less than `value`.
    #[must_use]
    pub fn lt(self, value: impl Into<Scalar>) -> Where {
        self.compare("lt", value)
    }

    /// Less than or equal to `value`.
    #[must_use]
    pub fn le(self, value: impl Into<Scalar>) -> Where {
        self.compare("le", value)
    }

    /// From `low` to `high`, both included.
    #[must_use]
    pub fn between(self, low: impl Into<Scalar>, high: impl Into<Scalar>) -> Where {
        Where::all([self.clone().ge(low), self.le(high)])
    }

    /// One of `values`.
    #[must_use]
    pub fn is_in<T: Into<Scalar>>(self, values: impl IntoIterator<Item = T>) -> Where {
        Where::any(values.into_iter().map(|value| self.clone().eq(value)))
    }

    /// Text that begins with `start`, letter by letter.
    #[must_use]
    pub fn starts_with(self, start: &str) -> Where {
        if start.is_empty() {
            return Where::everything();
        }
        self.compare(LEFT, start)
    }

    /// Text that contains `part`. `%` and `_` cannot be searched for.
    #[must_use]
    pub fn contains(self, part: &str) -> Where {
        Where(Node::Like(self.0, part.to_owned()))
    }

    fn compare(self, operator: &'static str, value: impl Into<Scalar>) -> Where {
        Where(Node::Compare(self.0, operator, value.into()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn clause(condition: &Where) -> String {
        condition.render(DateLiteral::At).unwrap().unwrap()
    }

    #[test]
    fn changes_are_asked_for_by_day_or_to_the_second() {
        use crate::{FieldName, Precision};
        let stamp = |name, precision| StampField::custom(FieldName::new(name).unwrap(), precision);
        let instant = |text: &str| text.parse::<Timestamp>().unwrap();
        let (since, until) = (
            instant("2026-11-20T10:00:00.7Z"),
            instant("2026-11-20T11:00:00.2Z"),
        );
        let day = Where::changed(&stamp("UPDDAT", Precision::Day), since, until);
        assert_eq!(
            clause(&day),
            "UPDDAT ge @2026-11-19@ and UPDDAT le @2026-11-21@"
        );
        let second = stamp("UPDDATTIM", Precision::Second);
        assert_eq!(
            clause(&Where::changed(&second, since, until)),
            "UPDDATTIM ge @2026-11-20T10:00:00Z@ and UPDDATTIM le @2026-11-20T11:00:01Z@"
        );
        assert_eq!(Where::changed(&second, None, None), Where::everything());
    }

    #[test]
    fn each_operator_has_its_name() {
        let column = || Where::column("ORDMINAMT");
        let amount: rust_decimal::Decimal = "99999999999999.99".parse().unwrap();
        for (condition, expected) in [
            (column().eq(1), "ORDMINAMT eq 1"),
            (column().ne(1), "ORDMINAMT ne 1"),
            (column().gt(amount), "ORDMINAMT gt 99999999999999.99"),
            (column().lt(-1), "ORDMINAMT lt -1"),
            (column().between(1, 2), "ORDMINAMT ge 1 and ORDMINAMT le 2"),
            (column().is_in([1, 2]), "ORDMINAMT eq 1 or ORDMINAMT eq 2"),
            (column().eq(true), "ORDMINAMT eq 2"),
            (
                Where::column("BPCNAM").starts_with("L'É"),
                "left(BPCNAM,3) eq 'L''É'",
            ),
            (
                Where::column("BPCNAM").contains("a'b"),
                "BPCNAM like '%a''b%'",
            ),
            (
                Where::column("UPDDAT").ge(date(2026, 1, 31)),
                "UPDDAT ge @2026-01-31@",
            ),
        ] {
            assert_eq!(clause(&condition), expected);
        }
        let day = Where::column("UPDDAT").ge(date(2026, 1, 31));
        assert_eq!(
            day.render(DateLiteral::Quoted).unwrap().unwrap(),
            "UPDDAT ge '2026-01-31'"
        );
        let stamp: Timestamp = "2026-11-20T11:00:00.5+01:00".parse().unwrap();
        assert_eq!(
            clause(&Where::column("UPDDATTIM").gt(stamp)),
            "UPDDATTIM gt @2026-11-20T10:00:00Z@"
        );
    }

    #[test]
    fn combinations_nest_in_parentheses() {
        let a = || Where::column("A").eq(1);
        let b = || Where::column("B").eq(2);
        assert_eq!(Where::everything().render(DateLiteral::At).unwrap(), None);
        assert_eq!(clause(&Where::all([a(), Where::everything()])), "A eq 1");
        assert_eq!(
            clause(&Where::all([a(), Where::any([a(), b()])])),
            "A eq 1 and (A eq 1 or B eq 2)"
        );
        assert_eq!(
            clause(&Where::any([a(), Where::all([a(), b()]), Where::any([])])),
            "A eq 1 or (A eq 1 and B eq 2)"
        );
        assert_eq!(Where::any([a(), Where::everything()]), Where::everything());
        assert!(Where::all([a(), Where::any([])]).is_never());
        assert!(Where::column("A").is_in::<&str>([]).is_never());
        assert!(!a().is_never());
    }

    #[test]
    fn what_cannot_be_said_safely_is_refused_with_a_sentence() {
        for (condition, expected) in [
            (Where::column("bpcnum eq 'x' or A").eq(1), "capitals"),
            (Where::column("OR").eq(1), "word of the where language"),
            (Where::column("A").eq("a\\"), "backslash"),
            (Where::column("A").eq("a\nb"), "control character"),
            (Where::column("A").contains("50%"), "literally"),
            (Where::column("A").eq(Scalar::Null), "never null"),
        ] {
            let error = condition.render(DateLiteral::At).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    /// Reads a clause of the shape `A eq '..' and (B eq '..' or left(C,n) eq '..')` back into its texts.
    fn texts(clause: &str) -> Option<[String; 3]> {
        let mut rest = clause;
        let mut word = |expected: &str| {
            rest = rest.strip_prefix(expected)?;
            let mut text = String::new();
            let mut letters = rest.char_indices().peekable();
            while let Some((at, letter)) = letters.next() {
                if letter != '\'' {
                    text.push(letter);
                } else if letters.next_if(|(_, next)| *next == '\'').is_some() {
                    text.push('\'');
                } else {
                    rest = &rest[at + 1..];
                    return Some(text);
                }
            }
            None
        };
        let first = word("A eq '")?;
        let second = word(" and (B eq '")?;
        let third = word(&format!(" or left(C,{}) eq '", third_length(clause)?))?;
        (rest == ")").then_some([first, second, third])
    }

    fn third_length(clause: &str) -> Option<usize> {
        let (_, rest) = clause.rsplit_once("left(C,")?;
        rest.split_once(')')?.0.parse().ok()
    }

    proptest! {
        /// Read by the language's own rules, the clause has the structure that was built and the very values in it.
        #[test]
        fn no_value_changes_the_meaning(
            a in "[^\\\\\\p{Cc}]{0,12}", b in "['()@ a-z]{0,12}", c in "[^\\\\\\p{Cc}]{1,12}",
        ) {
            let condition = Where::all([
                Where::column("A").eq(a.as_str()),
                Where::any([Where::column("B").eq(b.as_str()), Where::column("C").starts_with(&c)]),
            ]);
            // The reader above finds the length by its last occurrence, which a value may imitate.
            prop_assume!(!c.contains("left(C,"));
            prop_assert_eq!(texts(&clause(&condition)), Some([a, b, c]));
        }

        #[test]
        fn any_value_is_sent_or_refused(value in any::<String>()) {
            let rendered = Where::column("A").eq(value.as_str()).render(DateLiteral::At);
            let unsafe_value = value.chars().any(|letter| letter == '\\' || letter.is_control());
            prop_assert_eq!(rendered.is_err(), unsafe_value);
        }
    }
}
