//! Instants as Zoho writes them.

use std::fmt;

use jiff::{Timestamp, tz::Offset};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant. Read with any offset (Zoho uses the user's), written in UTC and whole seconds, rounded down:
/// `2026-11-20T10:00:00+00:00`. Zoho keeps no fractions (reference: Zoho v8 section 3, read 2026-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(pub Timestamp);

impl From<Timestamp> for DateTime {
    fn from(instant: Timestamp) -> Self {
        Self(instant)
    }
}

impl From<DateTime> for Timestamp {
    fn from(instant: DateTime) -> Self {
        instant.0
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut second = self.0.as_second();
        if self.0.subsec_nanosecond() < 0 {
            second -= 1;
        }
        let whole = Timestamp::from_second(second).unwrap_or(self.0);
        whole.display_with_offset(Offset::UTC).fmt(f)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = DateTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an instant with offset, such as 2026-11-20T10:00:00+01:00")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<DateTime, E> {
                let instant = text.parse().map(DateTime);
                instant.map_err(|_| {
                    E::custom("not an instant with offset, such as 2026-11-20T10:00:00+01:00")
                })
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn any_offset_is_read_and_utc_is_written() {
        let read: DateTime = serde_json::from_str("\"2023-05-10T01:10:47-07:00\"").unwrap();
        assert_eq!(
            serde_json::to_string(&read).unwrap(),
            "\"2023-05-10T08:10:47+00:00\""
        );
        assert!(serde_json::from_str::<DateTime>("\"2023-05-10\"").is_err());
        assert!(serde_json::from_str::<DateTime>("\"2023-05-10T01:10:47\"").is_err());
    }

    #[test]
    fn fractions_are_cut_towards_the_past() {
        for (given, written) in [
            ("2026-11-20T10:00:00.999Z", "2026-11-20T10:00:00+00:00"),
            ("1960-01-01T00:00:00.5Z", "1960-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(DateTime(given.parse().unwrap()).to_string(), written);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_to_the_second(millis in -5_000_000_000_000_i64..5_000_000_000_000) {
            let instant = Timestamp::from_millisecond(millis).unwrap();
            let json = serde_json::to_string(&DateTime(instant)).unwrap();
            let read: DateTime = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.0.as_millisecond(), millis.div_euclid(1000) * 1000);
        }
    }
}
