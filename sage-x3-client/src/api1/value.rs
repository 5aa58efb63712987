//! Values as X3's columns hold them.

use std::fmt;

use client_core::ExactDecimal;
use jiff::{
    Timestamp,
    civil::{Date, DateTime, date},
    tz::TimeZone,
};
use rust_decimal::Decimal;
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

/// A choice from one of X3's local menus, counted from 1; 0 means "not set". Source: reference sage-x3 section 4.8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalMenu(pub u16);

impl LocalMenu {
    /// "Yes" of menu 1.
    pub const YES: Self = Self(2);
    /// "No" of menu 1.
    pub const NO: Self = Self(1);

    /// Whether a choice was made.
    #[must_use]
    pub fn is_set(self) -> bool {
        self.0 != 0
    }

    /// The choice of menu 1 (1 is no, 2 is yes); none when there is no choice, or it belongs to another menu.
    #[must_use]
    pub fn as_yes_no(self) -> Option<bool> {
        match self {
            Self::YES => Some(true),
            Self::NO => Some(false),
            _ => None,
        }
    }
}

impl From<bool> for LocalMenu {
    fn from(value: bool) -> Self {
        if value { Self::YES } else { Self::NO }
    }
}

/// A day, or none: X3 writes 1753-01-01 (SQL Server) or 1599-12-31 (Oracle) where there is no date. Source: reference
/// sage-x3 section 4.8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub Option<Date>);

/// An instant, or none, as for [`Day`]. Without an offset it is UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub Option<Timestamp>);

/// An exact number, written as number or text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(transparent)]
pub struct Amount(ExactDecimal);

impl Amount {
    /// The number.
    #[must_use]
    pub fn get(self) -> Decimal {
        self.0.0
    }
}

impl From<Decimal> for Amount {
    fn from(value: Decimal) -> Self {
        Self(ExactDecimal(value))
    }
}

const NO_DATE: [Date; 2] = [date(1753, 1, 1), date(1599, 12, 31)];

impl Day {
    /// Reads `YYYY-MM-DD` or `YYYYMMDD`; a time of day that follows is left out. Empty text, zeros and the sentinels are no
    /// day.
    ///
    /// # Errors
    /// When `text` is no day.
    pub(crate) fn parse(text: &str) -> Result<Self, jiff::Error> {
        let text = text.trim();
        let text = text.split_once('T').map_or(text, |(day, _)| day);
        if text.bytes().all(|byte| matches!(byte, b'0' | b'-')) {
            return Ok(Self(None));
        }
        let day: Date = text.parse()?;
        Ok(Self(Some(day).filter(|day| !NO_DATE.contains(day))))
    }
}

impl Moment {
    pub(crate) fn parse(text: &str) -> Result<Self, jiff::Error> {
        let text = text.trim();
        if text
            .bytes()
            .all(|byte| matches!(byte, b'0' | b'-' | b':' | b'T' | b'Z' | b'.'))
        {
            return Ok(Self(None));
        }
        if Day::parse(text).is_ok_and(|day| day.0.is_none()) {
            return Ok(Self(None));
        }
        let instant = match text.parse::<Timestamp>() {
            Ok(instant) => instant,
            Err(_) => TimeZone::UTC
                .to_ambiguous_timestamp(text.parse::<DateTime>()?)
                .compatible()?,
        };
        Ok(Self(Some(instant)))
    }
}

/// Text that is parsed, or null for "none".
struct Parsed<T>(&'static str, fn(&str) -> Result<T, jiff::Error>);

impl<T: Default> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).map_err(|_| E::custom(format_args!("not {}", self.0)))
    }

    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        Ok(T::default())
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Parsed("a day", Self::parse))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Parsed("an instant", Self::parse))
    }
}

struct MenuVisitor;

impl Visitor<'_> for MenuVisitor {
    type Value = LocalMenu;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a choice of a local menu")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<LocalMenu, E> {
        u16::try_from(value)
            .map(LocalMenu)
            .map_err(|_| E::custom("no choice of a local menu is that great"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<LocalMenu, E> {
        if text.trim().is_empty() {
            return Ok(LocalMenu::default());
        }
        text.trim()
            .parse()
            .map(LocalMenu)
            .map_err(|_| E::custom("not a choice of a local menu"))
    }

    /// A representation may show menu 1 as a Boolean.
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<LocalMenu, E> {
        Ok(value.into())
    }

    fn visit_unit<E: de::Error>(self) -> Result<LocalMenu, E> {
        Ok(LocalMenu::default())
    }
}

impl<'de> Deserialize<'de> for LocalMenu {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MenuVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: de::DeserializeOwned>(json: &str) -> T {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn dates_that_mean_none_are_none() {
        for json in [
            r#""1753-01-01""#,
            r#""1599-12-31""#,
            r#""1753-01-01T00:00:00Z""#,
            r#""""#,
            r#"" ""#,
            r#""0000-00-00""#,
            r#""00000000""#,
            "null",
        ] {
            assert_eq!(read::<Day>(json), Day(None), "{json}");
            assert_eq!(read::<Moment>(json), Moment(None), "{json}");
        }
    }

    #[test]
    fn days_and_instants_are_read_in_every_form_that_was_seen() {
        let day = Day(Some(date(2026, 11, 20)));
        assert_eq!(read::<Day>(r#""2026-11-20""#), day);
        assert_eq!(read::<Day>(r#""20261120""#), day);
        let instant = Moment(Some("2026-11-20T08:14:25Z".parse().unwrap()));
        assert_eq!(read::<Moment>(r#""2026-11-20T08:14:25Z""#), instant);
        assert_eq!(read::<Moment>(r#""2026-11-20T08:14:25.000Z""#), instant);
        assert_eq!(read::<Moment>(r#""2026-11-20T08:14:25""#), instant);
        assert!(serde_json::from_str::<Day>(r#""yesterday""#).is_err());
        assert!(serde_json::from_str::<Moment>("5").is_err());
    }

    #[test]
    fn local_menus_count_from_one() {
        assert_eq!(read::<LocalMenu>("2").as_yes_no(), Some(true));
        assert_eq!(read::<LocalMenu>(r#""1""#).as_yes_no(), Some(false));
        assert_eq!(read::<LocalMenu>("true"), LocalMenu::YES);
        assert!(!read::<LocalMenu>("0").is_set());
        assert!(!read::<LocalMenu>("null").is_set());
        assert_eq!(read::<LocalMenu>("7").as_yes_no(), None);
    }

    #[test]
    fn amounts_keep_every_digit() {
        for json in [
            "99999999999999.9900000000001",
            r#""99999999999999.9900000000001""#,
        ] {
            assert_eq!(
                read::<Amount>(json).get().to_string(),
                "99999999999999.9900000000001"
            );
        }
    }
}
