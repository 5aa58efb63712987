//! How records, and points in time, are named on the command line.

use std::{fmt, str::FromStr};

use jiff::{Span, Timestamp, tz::TimeZone};
use sync_core::{Clock as _, JobKey, RecordId, Side, SystemClock};

/// A record of one side of a flow, such as `customers/x3/NA001` or `customers/zoho/4876876000000333001`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordName(pub(crate) JobKey);

impl FromStr for RecordName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("`{text}` names no record: write FLOW/x3/ID or FLOW/zoho/ID, as lists show it")
        };
        let mut parts = text.splitn(3, '/');
        let (Some(flow), Some(side), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let side = match side {
            "x3" => Side::Left,
            "zoho" => Side::Right,
            _ => return Err(wrong()),
        };
        if flow.is_empty() || id.is_empty() {
            return Err(wrong());
        }
        Ok(Self(JobKey {
            flow: flow.into(),
            side,
            id: RecordId::from(id),
        }))
    }
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let JobKey { flow, side, id } = &self.0;
        write!(f, "{flow}/{}/{id}", side_name(*side))
    }
}

/// A side in names and JSON.
pub(crate) fn side_name(side: Side) -> &'static str {
    match side {
        Side::Left => "x3",
        Side::Right => "zoho",
    }
}

/// A point in time: an instant such as `2026-11-27T10:00:00Z`, or how long ago, such as `2h` or `3 days`.
#[derive(Clone, Debug)]
pub(crate) enum When {
    At(Timestamp),
    Ago(Span),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        match text.parse::<Span>() {
            Ok(span) if !span.is_negative() => Ok(Self::Ago(span)),
            _ => Err(format!(
                "`{text}` is no point in time: write an instant such as 2026-11-27T10:00:00Z, or how long ago, such as 2h"
            )),
        }
    }
}

impl When {
    /// The instant.
    pub(crate) fn instant(&self) -> Timestamp {
        self.before(SystemClock.now())
    }

    fn before(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => *at,
            Self::Ago(span) => now
                .to_zoned(TimeZone::UTC)
                .checked_sub(*span)
                .map_or(Timestamp::MIN, |at| at.timestamp()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_as_lists_show_it() {
        for text in [
            "customers/x3/NA001",
            "orders/zoho/4876876000000333001",
            "products/x3/A/B",
        ] {
            assert_eq!(text.parse::<RecordName>().unwrap().to_string(), text);
        }
        for text in [
            "NA001",
            "customers/NA001",
            "customers/sage/NA001",
            "/x3/1",
            "customers/x3/",
        ] {
            assert!(text.parse::<RecordName>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_point_in_time_is_an_instant_or_how_long_ago() {
        let now: Timestamp = "2026-11-28T10:00:00Z".parse().unwrap();
        for (text, instant) in [
            ("2026-11-27T10:00:00Z", "2026-11-27T10:00:00Z"),
            ("2h", "2026-11-28T08:00:00Z"),
            ("1 day", "2026-11-27T10:00:00Z"),
            ("1w", "2026-11-21T10:00:00Z"),
        ] {
            let when: When = text.parse().unwrap();
            assert_eq!(
                when.before(now),
                instant.parse::<Timestamp>().unwrap(),
                "{text}"
            );
        }
        assert!("yesterday".parse::<When>().is_err());
    }
}
