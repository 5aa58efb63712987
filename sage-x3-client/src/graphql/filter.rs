//! Filters as strict JSON.

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{error::InvalidRequest, ids::FieldName, scalar::Scalar};

/// Path to a field: `isActive`, or through references, `code.europeanUnionVatNumber`.
///
/// Text is split at dots. Bad names are reported when a request is built with the path, not before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<String>);

impl FieldPath {
    pub(crate) fn segments(&self) -> &[String] {
        &self.0
    }

    pub(crate) fn check(&self) -> Result<(), InvalidRequest> {
        for segment in &self.0 {
            FieldName::new(segment.as_str())?;
        }
        Ok(())
    }
}

impl From<&str> for FieldPath {
    fn from(text: &str) -> Self {
        Self(text.split('.').map(str::to_owned).collect())
    }
}

impl From<&FieldName> for FieldPath {
    fn from(name: &FieldName) -> Self {
        Self(vec![name.as_str().to_owned()])
    }
}

/// A condition on the records of a node. Rendered as strict, deterministic JSON and sent through a variable, so that
/// no value can change its meaning.
///
/// Operators: reference sage-x3 section 3.5.
///
/// ```
/// use sage_x3_client::Filter;
///
/// let filter = Filter::all([
///     Filter::field("isActive").eq(true),
///     Filter::field("code.code").is_in(["NA001", "NA002"]),
/// ]);
/// assert_eq!(
///     filter.to_json().unwrap(),
///     r#"{"_and":[{"isActive":{"_eq":true}},{"code":{"code":{"_in":["NA001","NA002"]}}}]}"#
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(Node);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Field(FieldPath, Vec<(&'static str, Operand)>),
    Collection(FieldPath, Quantifier, Box<Filter>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operand {
    One(Scalar),
    Many(Vec<Scalar>),
}

/// For how many items of a collection a condition must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quantifier {
    /// At least so many.
    AtLeast(u32),
    /// At most so many. Known from the framework, not seen at X3.
    AtMost(u32),
    /// All of them.
    Every,
    /// None of them.
    None,
}

impl Filter {
    /// Every record.
    #[must_use]
    pub fn everything() -> Self {
        Self(Node::All(Vec::new()))
    }

    /// Records that meet all of `filters`.
    #[must_use]
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        let mut parts = Vec::new();
        for filter in filters {
            match filter.0 {
                Node::All(inner) => parts.extend(inner),
                node => parts.push(Self(node)),
            }
        }
        match <[Self; 1]>::try_from(parts) {
            Ok([only]) => only,
            Err(parts) => Self(Node::All(parts)),
        }
    }

    /// Records that meet any of `filters`; no record when there are none.
    #[must_use]
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        let parts: Vec<Self> = filters.into_iter().collect();
        match <[Self; 1]>::try_from(parts) {
            Ok([only]) => only,
            Err(parts) => Self(Node::Any(parts)),
        }
    }

    /// Begins a condition on a field.
    pub fn field(path: impl Into<FieldPath>) -> FieldCondition {
        FieldCondition(path.into())
    }

    /// Records whose collection holds items that meet `condition` in the stated quantity.
    pub fn collection(path: impl Into<FieldPath>, quantifier: Quantifier, condition: Self) -> Self {
        Self(Node::Collection(
            path.into(),
            quantifier,
            Box::new(condition),
        ))
    }

    /// Whether no record can meet this filter, so that asking is a waste.
    #[must_use]
    pub fn is_never(&self) -> bool {
        match &self.0 {
            Node::All(parts) => parts.iter().any(Self::is_never),
            Node::Any(parts) => parts.iter().all(Self::is_never),
            Node::Field(_, conditions) => conditions.iter().any(|(operator, operand)| {
                *operator == "_in" && *operand == Operand::Many(Vec::new())
            }),
            Node::Collection(..) => false,
        }
    }

    /// The filter as X3 takes it.
    ///
    /// # Errors
    /// [`InvalidRequest`] when a field's name is none.
    pub fn to_json(&self) -> Result<String, InvalidRequest> {
        self.check()?;
        let json = serde_json::to_string(self)
            .map_err(|_| InvalidRequest::new("the filter cannot be written as JSON"))?;
        // Legal in JSON, but line ends to an older JavaScript parser. They can only stand inside strings.
        Ok(json
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029"))
    }

    fn check(&self) -> Result<(), InvalidRequest> {
        match &self.0 {
            Node::All(parts) | Node::Any(parts) => parts.iter().try_for_each(Self::check),
            Node::Field(path, _) => path.check(),
            Node::Collection(path, _, condition) => {
                path.check()?;
                condition.check()
            }
        }
    }
}

/// A field that a condition is being put on.
#[derive(Clone, Debug)]
#[must_use = "a field alone is no condition"]
pub struct FieldCondition(FieldPath);

impl FieldCondition {
    /// Equal to `value`.
    #[must_use]
    pub fn eq(self, value: impl Into<Scalar>) -> Filter {
        self.one("_eq", value)
    }

    /// Not equal to `value`.
    #[must_use]
    pub fn ne(self, value: impl Into<Scalar>) -> Filter {
        self.one("_ne", value)
    }

    /// Greater than `value`.
    #[must_use]
    pub fn gt(self, value: impl Into<Scalar>) -> Filter {
        self.one("_gt", value)
    }

    /// Greater than or equal to `value`.
    #[must_use]
    pub fn gte(self, value: impl Into<Scalar>) -> Filter {
        self.one("_gte", value)
    }

    /// Less than `value`.
    #[must_use]
    pub fn lt(self, value: impl Into<Scalar>) -> Filter {
        self.one("_lt", value)
    }

    /// Less than or equal to `value`.
    #[must_use]
    pub fn lte(self, value: impl Into<Scalar>) -> Filter {
        self.one("_lte", value)
    }

    /// From `low` to `high`, both included.
    #[must_use]
    pub fn between(self, low: impl Into<Scalar>, high: impl Into<Scalar>) -> Filter {
        Filter(Node::Field(
            self.0,
            vec![
                ("_gte", Operand::One(low.into())),
                ("_lte", Operand::One(high.into())),
            ],
        ))
    }

    /// One of `values`; nothing is one of none.
    #[must_use]
    pub fn is_in<T: Into<Scalar>>(self, values: impl IntoIterator<Item = T>) -> Filter {
        self.many("_in", values)
    }

    /// None of `values`.
    #[must_use]
    pub fn not_in<T: Into<Scalar>>(self, values: impl IntoIterator<Item = T>) -> Filter {
        self.many("_nin", values)
    }

    /// Matches a regular expression.
    #[must_use]
    pub fn matches(self, pattern: Pattern) -> Filter {
        self.one("_regex", pattern.0)
    }

    fn one(self, operator: &'static str, value: impl Into<Scalar>) -> Filter {
        Filter(Node::Field(
            self.0,
            vec![(operator, Operand::One(value.into()))],
        ))
    }

    fn many<T: Into<Scalar>>(
        self,
        operator: &'static str,
        values: impl IntoIterator<Item = T>,
    ) -> Filter {
        let values = values.into_iter().map(Into::into).collect();
        Filter(Node::Field(self.0, vec![(operator, Operand::Many(values))]))
    }
}

/// A regular expression of JavaScript. X3 offers no "contains": this is how to search in text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Text that contains `text`, letter by letter.
    #[must_use]
    pub fn contains(text: &str) -> Self {
        Self(escape(text))
    }

    /// Text that begins with `text`, letter by letter.
    #[must_use]
    pub fn starts_with(text: &str) -> Self {
        Self(format!("^{}", escape(text)))
    }

    /// The source text of a regular expression. The caller answers for its meaning.
    #[must_use]
    pub fn expression(source: impl Into<String>) -> Self {
        Self(source.into())
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\^$.|?*+()[]{}".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Node::All(parts) if parts.is_empty() => serializer.serialize_map(Some(0))?.end(),
            Node::All(parts) => one_member(serializer, "_and", parts),
            // There is no documented way to say "nothing"; no record's key is one of none.
            Node::Any(parts) if parts.is_empty() => {
                Self::field("_id").is_in::<&str>([]).serialize(serializer)
            }
            Node::Any(parts) => one_member(serializer, "_or", parts),
            Node::Field(path, conditions) => {
                Nested(path.segments(), &Conditions(conditions)).serialize(serializer)
            }
            Node::Collection(path, quantifier, condition) => {
                Nested(path.segments(), &Quantified(*quantifier, condition)).serialize(serializer)
            }
        }
    }
}

fn one_member<S: Serializer, T: Serialize + ?Sized>(
    serializer: S,
    name: &str,
    value: &T,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(name, value)?;
    map.end()
}

/// `{"a":{"b":inner}}` for the path `a.b`.
struct Nested<'a, T>(&'a [String], &'a T);

impl<T: Serialize> Serialize for Nested<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            [] => self.1.serialize(serializer),
            [first, rest @ ..] => one_member(serializer, first, &Nested(rest, self.1)),
        }
    }
}

struct Conditions<'a>(&'a [(&'static str, Operand)]);

impl Serialize for Conditions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(operator, operand)| (operator, operand)))
    }
}

/// The quantifier stands beside the condition, in the same object.
struct Quantified<'a>(Quantifier, &'a Filter);

impl Serialize for Quantified<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            Quantifier::AtLeast(count) => map.serialize_entry("_atLeast", &count)?,
            Quantifier::AtMost(count) => map.serialize_entry("_atMost", &count)?,
            Quantifier::Every => map.serialize_entry("_every", &true)?,
            Quantifier::None => map.serialize_entry("_none", &true)?,
        }
        match &self.1.0 {
            Node::All(parts) if parts.is_empty() => {}
            Node::All(parts) => map.serialize_entry("_and", parts)?,
            Node::Any(parts) => map.serialize_entry("_or", parts)?,
            Node::Field(path, conditions) => entry(&mut map, path, &Conditions(conditions))?,
            Node::Collection(path, quantifier, condition) => {
                entry(&mut map, path, &Quantified(*quantifier, condition))?;
            }
        }
        map.end()
    }
}

fn entry<M: SerializeMap, T: Serialize>(
    map: &mut M,
    path: &FieldPath,
    inner: &T,
) -> Result<(), M::Error> {
    match path.segments() {
        [] => Ok(()),
        [first, rest @ ..] => map.serialize_entry(first, &Nested(rest, inner)),
    }
}

impl Serialize for Operand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(value) => FilterScalar(value).serialize(serializer),
            Self::Many(values) => serializer.collect_seq(values.iter().map(FilterScalar)),
        }
    }
}

/// In filters decimals are numbers, the form that samples show; written digit by digit.
struct FilterScalar<'a>(&'a Scalar);

impl Serialize for FilterScalar<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Scalar::Decimal(value) => client_core::ExactDecimal(*value).serialize(serializer),
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn parsed(filter: &Filter) -> Value {
        serde_json::from_str(&filter.to_json().unwrap()).unwrap()
    }

    #[test]
    fn every_operator_has_its_documented_name() {
        let field = || Filter::field("minimumOrderAmount");
        for (filter, expected) in [
            (field().eq(1), json!({"minimumOrderAmount":{"_eq":1}})),
            (field().ne(1), json!({"minimumOrderAmount":{"_ne":1}})),
            (field().gt(1), json!({"minimumOrderAmount":{"_gt":1}})),
            (field().gte(1), json!({"minimumOrderAmount":{"_gte":1}})),
            (field().lt(1), json!({"minimumOrderAmount":{"_lt":1}})),
            (field().lte(1), json!({"minimumOrderAmount":{"_lte":1}})),
            (
                field().is_in([1, 2]),
                json!({"minimumOrderAmount":{"_in":[1,2]}}),
            ),
            (
                field().not_in([Scalar::Null, "".into()]),
                json!({"minimumOrderAmount":{"_nin":[null,""]}}),
            ),
            (
                field().between(1, 2),
                json!({"minimumOrderAmount":{"_gte":1,"_lte":2}}),
            ),
        ] {
            assert_eq!(parsed(&filter), expected);
        }
    }

    #[test]
    fn combinations_nest_and_flatten() {
        let a = || Filter::field("a").eq(1);
        let b = || Filter::field("b").eq(2);
        assert_eq!(parsed(&Filter::everything()), json!({}));
        assert_eq!(parsed(&Filter::all([a()])), json!({"a":{"_eq":1}}));
        assert_eq!(
            parsed(&Filter::all([
                Filter::all([a(), b()]),
                Filter::everything()
            ])),
            json!({"_and":[{"a":{"_eq":1}},{"b":{"_eq":2}}]})
        );
        assert_eq!(
            parsed(&Filter::any([a(), b()])),
            json!({"_or":[{"a":{"_eq":1}},{"b":{"_eq":2}}]})
        );
        assert!(Filter::any([]).is_never());
        assert!(Filter::all([a(), Filter::field("b").is_in::<&str>([])]).is_never());
        assert!(!a().is_never());
    }

    #[test]
    fn quantifiers_stand_beside_the_condition() {
        let in_site = Filter::field("stockSite.code").eq("FR011");
        assert_eq!(
            parsed(&Filter::collection(
                "productSites",
                Quantifier::AtLeast(1),
                in_site
            )),
            json!({"productSites":{"_atLeast":1,"stockSite":{"code":{"_eq":"FR011"}}}})
        );
        assert_eq!(
            parsed(&Filter::collection(
                "stock",
                Quantifier::None,
                Filter::everything()
            )),
            json!({"stock":{"_none":true}})
        );
    }

    #[test]
    fn amounts_keep_every_digit() {
        let amount: rust_decimal::Decimal = "99999999999999.99".parse().unwrap();
        let json = Filter::field("authorizedCreditAmount")
            .gte(amount)
            .to_json()
            .unwrap();
        assert_eq!(
            json,
            r#"{"authorizedCreditAmount":{"_gte":99999999999999.99}}"#
        );
    }

    #[test]
    fn stamps_are_utc_with_milliseconds() {
        let stamp: Timestamp = "2026-11-20T11:00:00+01:00".parse().unwrap();
        assert_eq!(
            Filter::field("_updateStamp").gte(stamp).to_json().unwrap(),
            r#"{"_updateStamp":{"_gte":"2026-11-20T10:00:00.000Z"}}"#
        );
    }

    #[test]
    fn a_field_name_cannot_smuggle_in_syntax() {
        for name in ["_or", "a\"b", "", "a..b", "a{b}"] {
            assert!(Filter::field(name).eq(1).to_json().is_err(), "{name}");
        }
    }

    #[test]
    fn searched_text_is_taken_letter_by_letter() {
        assert_eq!(
            parsed(&Filter::field("a").matches(Pattern::contains("50% (net) [a.b]*"))),
            json!({"a":{"_regex":r"50% \(net\) \[a\.b\]\*"}})
        );
        assert_eq!(
            parsed(&Filter::field("a").matches(Pattern::starts_with("^x"))),
            json!({"a":{"_regex":r"^\^x"}})
        );
    }

    proptest! {
        /// Whatever stands in a value, the filter parses back to the same structure with that very value in it.
        #[test]
        fn no_value_changes_the_meaning(value in any::<String>(), other in any::<String>()) {
            let filter = Filter::all([
                Filter::field("code.code").eq(value.as_str()),
                Filter::any([Filter::field("city").is_in([other.as_str(), value.as_str()]), Filter::field("isActive").eq(true)]),
            ]);
            prop_assert_eq!(
                parsed(&filter),
                json!({"_and":[{"code":{"code":{"_eq":value}}},{"_or":[{"city":{"_in":[other,value]}},{"isActive":{"_eq":true}}]}]})
            );
        }

        /// Old JavaScript parsers end a line at these two.
        #[test]
        fn no_line_separator_is_left_bare(text in "[\u{2028}\u{2029}a'\"\\\\]{0,20}") {
            let json = Filter::field("a").eq(text.as_str()).to_json().unwrap();
            let bare = json.contains(['\u{2028}', '\u{2029}']);
            prop_assert!(!bare);
            prop_assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), json!({"a":{"_eq":text}}));
        }

        /// An escaped pattern has no operator left: removing the escapes gives back the text.
        #[test]
        fn escaped_patterns_mean_the_text(text in any::<String>()) {
            let escaped = escape(&text);
            let mut plain = String::new();
            let mut letters = escaped.chars();
            while let Some(letter) = letters.next() {
                if letter == '\\' {
                    plain.extend(letters.next());
                } else {
                    let operator = r"^$.|?*+()[]{}".contains(letter);
                    prop_assert!(!operator);
                    plain.push(letter);
                }
            }
            prop_assert_eq!(plain, text);
        }
    }
}
