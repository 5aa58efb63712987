//! Decimals that never pass through binary floating point.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

/// A decimal that reads a JSON number or string from its text and writes a JSON number digit by digit.
///
/// serde_json hands numbers to other types in binary floating point, which turns `99999999999999.99` into
/// `100000000000000`; this type reads the token itself. It works with serde_json only, and not inside `#[serde(flatten)]` or untagged enums, where
/// serde buffers values: there it fails instead of rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExactDecimal(pub Decimal);

impl ExactDecimal {
    /// Parses plain (`-12.50`) or scientific (`1.5e3`) notation.
    ///
    /// # Errors
    /// When `text` is no decimal, or has more digits (about 28) or decimals (28) than can be held exactly.
    pub fn parse(text: &str) -> Result<Self, rust_decimal::Error> {
        // rust_decimal takes `1_000` for a thousand; no system on the wire means that.
        if text.contains('_') {
            return Err(rust_decimal::Error::from("not a decimal"));
        }
        let Some((digits, exponent)) = text.split_once(['e', 'E']) else {
            return Decimal::from_str_exact(text).map(Self);
        };
        let exponent: i32 = exponent
            .parse()
            .map_err(|_| rust_decimal::Error::from("not an exponent"))?;
        shifted(Decimal::from_str_exact(digits)?, exponent).map(Self)
    }

    /// Parses a JSON number, or a JSON string that holds a decimal and perhaps space around it.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    pub fn parse_json(token: &str) -> Result<Self, rust_decimal::Error> {
        let inner = token
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        Self::parse(inner.map_or(token, str::trim))
    }
}

/// `digits` times ten to the `exponent`, exactly. rust_decimal's own parser rounds long digits here.
fn shifted(digits: Decimal, exponent: i32) -> Result<Decimal, rust_decimal::Error> {
    let too_large = rust_decimal::Error::ExceedsMaximumPossibleValue;
    if digits.is_zero() {
        return Ok(Decimal::ZERO);
    }
    let mut value = digits.normalize();
    let scale = i64::from(value.scale()) - i64::from(exponent);
    if let Ok(scale) = u32::try_from(scale) {
        value.set_scale(scale)?;
        return Ok(value);
    }
    let zeros = u32::try_from(-scale).map_err(|_| too_large.clone())?;
    let factor = 10_i128
        .checked_pow(zeros)
        .and_then(|factor| Decimal::try_from_i128_with_scale(factor, 0).ok())
        .ok_or_else(|| too_large.clone())?;
    value.set_scale(0)?;
    value.checked_mul(factor).ok_or(too_large)
}

impl From<Decimal> for ExactDecimal {
    fn from(value: Decimal) -> Self {
        Self(value)
    }
}

impl From<ExactDecimal> for Decimal {
    fn from(value: ExactDecimal) -> Self {
        value.0
    }
}

impl FromStr for ExactDecimal {
    type Err = rust_decimal::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for ExactDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for ExactDecimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse_json(raw.get())
            .map_err(|error| de::Error::custom(format_args!("not an exact decimal: {error}")))
    }
}

impl Serialize for ExactDecimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

/// `#[serde(with = "client_core::decimal_as_string")]`: writes the decimal as a JSON string, as Sage X3 types it; reads
/// either form.
pub mod decimal_as_string {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::ExactDecimal;

    /// Writes a string.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        value: &ExactDecimal,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    /// Reads a string or a number.
    ///
    /// # Errors
    /// When the token is no decimal.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<ExactDecimal, D::Error> {
        ExactDecimal::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_beyond_binary_precision_survive_a_round_trip() {
        for text in [
            "99999999999999.99",
            "10.10",
            "12345678901234567890.12345678",
            "-0.0000000001",
            "0",
        ] {
            let value: ExactDecimal = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
        }
    }

    #[test]
    fn strings_and_exponents_are_read() {
        assert_eq!(
            serde_json::from_str::<ExactDecimal>("\" 12.50 \"")
                .unwrap()
                .to_string(),
            "12.50"
        );
        assert_eq!(
            serde_json::from_str::<ExactDecimal>("1.5e3").unwrap().0,
            Decimal::from(1500)
        );
        assert!(serde_json::from_str::<ExactDecimal>("\"\"").is_err());
        assert!(serde_json::from_str::<ExactDecimal>("true").is_err());
    }

    #[test]
    fn exponents_are_exact() {
        for (text, plain) in [
            ("1E+2", "100"),
            ("-2.50e-3", "-0.0025"),
            ("0e99", "0"),
            ("1e28", "10000000000000000000000000000"),
            ("1e-28", "0.0000000000000000000000000001"),
            ("10e-28", "0.0000000000000000000000000010"),
        ] {
            let parsed = ExactDecimal::parse(text).unwrap();
            assert_eq!(parsed.0, plain.parse::<Decimal>().unwrap(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_held_exactly_is_an_error_not_a_rounding() {
        for text in [
            "0.12345678901234567890123456789012345",
            "0.12345678901234567890123456789012345e3",
            "1e29",
            "1e-29",
            "1e2147483647",
            "1e-2147483648",
            "1e99999999999",
        ] {
            assert!(
                serde_json::from_str::<ExactDecimal>(text).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in [
            "1_000", "1,5", "12.5 EUR", "NaN", "e5", "1e", "0x10", "", "-",
        ] {
            assert!(ExactDecimal::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_decimal_is_written_as_number_or_as_string() {
        #[derive(Serialize, Deserialize)]
        struct Line {
            number: ExactDecimal,
            #[serde(with = "decimal_as_string")]
            string: ExactDecimal,
        }
        let json = r#"{"number":99999999999999.990,"string":"99999999999999.990"}"#;
        let line: Line = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&line).unwrap(), json);
    }

    proptest! {
        #[test]
        fn any_decimal_survives(mantissa in any::<i64>(), scale in 0u32..19) {
            let value = ExactDecimal(Decimal::new(mantissa, scale));
            let json = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<ExactDecimal>(&json).unwrap(), value);
        }

        #[test]
        fn any_text_is_parsed_or_refused_without_a_panic(text in "[-+0-9.eE_]{0,40}") {
            let _ = ExactDecimal::parse(&text);
        }
    }
}
