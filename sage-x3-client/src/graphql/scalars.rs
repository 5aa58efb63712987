//! How the scalars of the schema are read.

use std::fmt;

use client_core::ExactDecimal;
use jiff::{
    Timestamp, civil,
    tz::{Offset, TimeZone},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use serde_json::value::RawValue;

/// `Id`: the natural key as text.
pub(crate) type Id = String;

/// Members of enumerations, by name.
macro_rules! enumerations {
    ($($name:ident),*) => {
        $(pub(crate) type $name = String;)*
    };
}

enumerations!(
    DeliveryCategory,
    EnumMember,
    InvoiceStatus,
    InvoiceType,
    ModuleTable,
    OrderCategory,
    ProductAbcClass,
    ProductStatus,
    PurchaseOrderType,
    StockManagement,
    WorkInProgressControl
);

/// A number in either of its forms; empty text is no number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decimal(pub(crate) Option<ExactDecimal>);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Borrowed, so only text in memory can be read: a page has thousands of numbers, and answers are whole anyway.
        let token = <&RawValue>::deserialize(deserializer)?.get();
        if token == "null"
            || token
                .strip_prefix('"')
                .is_some_and(|rest| rest.trim_matches([' ', '"']).is_empty())
        {
            return Ok(Self(None));
        }
        ExactDecimal::parse_json(token)
            .map(|value| Self(Some(value)))
            .map_err(|error| de::Error::custom(format_args!("not an exact decimal: {error}")))
    }
}

impl serde::Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(value) => serializer.collect_str(&value),
            None => serializer.serialize_unit(),
        }
    }
}

/// An instant. Without a zone it is UTC, a day is its beginning, and the database's "no date" is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Datetime(pub(crate) Option<Timestamp>);

impl<'de> Deserialize<'de> for Datetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_option(TextOrNone(parse_instant))
            .map(Self)
    }
}

/// A day. The database's "no date" is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Date(pub(crate) Option<civil::Date>);

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_option(TextOrNone(parse_day))
            .map(Self)
    }
}

/// Reads text by a function, without a copy of it. Null is none.
struct TextOrNone<F>(F);

impl<'de, T, F: Fn(&str) -> Result<Option<T>, jiff::Error>> Visitor<'de> for TextOrNone<F> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        (self.0)(text).map_err(E::custom)
    }
}

/// Yes or no, as a Boolean or as the member of an enumeration. Source: reference sage-x3 section 6, 20.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BooleanOrEnum(pub(crate) bool);

impl<'de> Deserialize<'de> for BooleanOrEnum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Boolean(bool),
            Member(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Boolean(value) => Ok(Self(value)),
            Form::Member(member) => match member.as_str() {
                "yes" => Ok(Self(true)),
                "no" => Ok(Self(false)),
                other => Err(de::Error::custom(format!(
                    "`{other}` is neither yes nor no"
                ))),
            },
        }
    }
}

/// What SQL Server and Oracle databases of X3 hold where there is no date. Source: reference sage-x3 section 4.8.
const NO_DATE: [civil::Date; 2] = [civil::date(1753, 1, 1), civil::date(1599, 12, 31)];

/// An instant after all of them, which spares nearly every other one the way back to a day: 1800-01-01.
const AFTER_NO_DATE: Timestamp = Timestamp::constant(-5_364_662_400, 0);

/// Reads a day, of which a time of day is no part.
fn parse_day(text: &str) -> Result<Option<civil::Date>, jiff::Error> {
    let text = text.trim();
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    if day.is_empty() {
        return Ok(None);
    }
    let day = day.parse::<civil::Date>()?;
    Ok(Some(day).filter(|day| !NO_DATE.contains(day)))
}

/// Reads an instant or a day.
pub(crate) fn parse_instant(text: &str) -> Result<Option<Timestamp>, jiff::Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let instant = match text.parse::<Timestamp>() {
        Ok(instant) => instant,
        Err(_) => text
            .parse::<civil::DateTime>()?
            .to_zoned(TimeZone::UTC)?
            .timestamp(),
    };
    let is_no_date = || NO_DATE.contains(&Offset::UTC.to_datetime(instant).date());
    Ok(Some(instant).filter(|instant| *instant > AFTER_NO_DATE || !is_no_date()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(json: &str) -> Option<Timestamp> {
        serde_json::from_str::<Datetime>(json).unwrap().0
    }

    #[test]
    fn instants_are_read_in_every_form_that_occurs() {
        let expected: Timestamp = "2023-03-17T08:45:23.469Z".parse().unwrap();
        for json in [
            r#""2023-03-17T08:45:23.469Z""#,
            r#""2023-03-17T09:45:23.469+01:00""#,
            r#""2023-03-17T08:45:23.469""#,
            r#""2023-03-17 08:45:23.469""#,
        ] {
            assert_eq!(instant(json), Some(expected), "{json}");
        }
        assert_eq!(
            instant(r#""2023-03-17""#),
            Some("2023-03-17T00:00:00Z".parse().unwrap())
        );
        assert!(serde_json::from_str::<Datetime>(r#""soon""#).is_err());
    }

    #[test]
    fn the_databases_own_no_date_is_none() {
        for json in [
            "null",
            r#""""#,
            r#""1753-01-01T00:00:00.000Z""#,
            r#""1753-01-01T23:59:59.999Z""#,
            r#""1599-12-31T00:00:00Z""#,
            r#""1753-01-01""#,
        ] {
            assert_eq!(instant(json), None, "{json}");
        }
    }

    #[test]
    fn days_stay_days_whatever_follows_them() {
        let day = |json: &str| serde_json::from_str::<Date>(json).unwrap().0;
        let expected = Some(civil::date(2024, 5, 1));
        assert_eq!(day(r#""2024-05-01""#), expected);
        assert_eq!(day(r#""2024-05-01T00:00:00.000Z""#), expected);
        for json in [
            "null",
            r#""""#,
            r#"" ""#,
            r#""1753-01-01""#,
            r#""1599-12-31""#,
        ] {
            assert_eq!(day(json), None, "{json}");
        }
        assert!(serde_json::from_str::<Date>(r#""01.05.2024""#).is_err());
    }

    #[test]
    fn yes_and_no_are_read_in_both_forms() {
        let read = |json: &str| serde_json::from_str::<BooleanOrEnum>(json).map(|value| value.0);
        assert!(read("true").unwrap() && read(r#""yes""#).unwrap());
        assert!(!read("false").unwrap() && !read(r#""no""#).unwrap());
        assert!(read(r#""maybe""#).is_err());
    }

    #[test]
    fn decimals_are_read_exactly_as_text_or_number() {
        let read = |json: &str| {
            serde_json::from_str::<Decimal>(json)
                .unwrap()
                .0
                .map(|value| value.to_string())
        };
        assert_eq!(
            read("99999999999999.99").as_deref(),
            Some("99999999999999.99")
        );
        assert_eq!(
            read(r#""12.5000000000000""#).as_deref(),
            Some("12.5000000000000")
        );
        assert_eq!(read("null"), None);
        assert_eq!(read(r#""""#), None);
        assert!(serde_json::from_str::<Decimal>(r#""1,5""#).is_err());
    }
}
