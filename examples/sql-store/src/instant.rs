//! Instants as columns: nanoseconds since 1970, as SQLite's 64-bit integer. They sort, and keep what a clock tells
//! exactly from 1677 to 2262; due times beyond are kept as the nearest of these.

use jiff::Timestamp;

pub(crate) fn to_column(instant: Timestamp) -> i64 {
    let nanosecond = instant.as_nanosecond();
    i64::try_from(nanosecond).unwrap_or(if nanosecond < 0 { i64::MIN } else { i64::MAX })
}

pub(crate) fn from_column(nanosecond: i64) -> Timestamp {
    // All of i64 is in the range of instants, which ends in the year 9999.
    Timestamp::from_nanosecond(i128::from(nanosecond)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_come_back_exactly_and_in_order() {
        let texts = [
            "1677-10-01T00:00:00Z",
            "1969-12-31T23:59:59.999999999Z",
            "2026-03-01T10:00:00.000000001Z",
        ];
        let instants: Vec<Timestamp> = texts.iter().map(|text| text.parse().unwrap()).collect();
        let columns: Vec<i64> = instants.iter().map(|instant| to_column(*instant)).collect();
        assert!(columns.is_sorted());
        let back: Vec<Timestamp> = columns.iter().map(|column| from_column(*column)).collect();
        assert_eq!(back, instants);
    }

    #[test]
    fn instants_out_of_range_stay_far_away() {
        assert_eq!(to_column(Timestamp::MAX), i64::MAX);
        assert_eq!(to_column(Timestamp::MIN), i64::MIN);
        assert!(from_column(i64::MAX) > "2262-01-01T00:00:00Z".parse().unwrap());
        assert!(from_column(i64::MIN) < "1678-01-01T00:00:00Z".parse().unwrap());
    }
}
