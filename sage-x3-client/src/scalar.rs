//! Values that go into filters and inputs.

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

/// A plain value as X3 takes it: in a filter, or for a field of the site.
///
/// Instants are sent in UTC with milliseconds and days as `YYYY-MM-DD` (reference sage-x3 section 3.7).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scalar {
    /// No value: empty numbers, dates and references. Empty text is `Text("")`, because X3's strings are never null.
    Null,
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// An exact number.
    Decimal(Decimal),
    /// Text, a code, or the name of an enumeration's member.
    Text(String),
    /// A day.
    Date(Date),
    /// An instant.
    Instant(Timestamp),
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for Scalar {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<i32> for Scalar {
    fn from(value: i32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<Decimal> for Scalar {
    fn from(value: Decimal) -> Self {
        Self::Decimal(value)
    }
}

impl From<&str> for Scalar {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Scalar {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Date> for Scalar {
    fn from(value: Date) -> Self {
        Self::Date(value)
    }
}

impl From<Timestamp> for Scalar {
    fn from(value: Timestamp) -> Self {
        Self::Instant(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Scalar {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! scalar_from_code {
    ($($code:ident),*) => {
        $(impl From<&crate::$code> for Scalar {
            fn from(code: &crate::$code) -> Self {
                Self::Text(code.as_str().to_owned())
            }
        })*
    };
}

scalar_from_code!(
    BusinessPartnerCode,
    ContactCode,
    CustomerCode,
    InvoiceId,
    SupplierCode,
    TaxCode,
    CategoryCode,
    CurrencyCode,
    CountryCode,
    LanguageCode,
    AddressCode,
    RecordId,
    ProductCode,
    SiteCode,
    UnitCode,
    PaymentTermCode,
    OrderTypeCode,
    SalesOrderId
);

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            // As text: a JavaScript server reads JSON numbers into binary floating point.
            Self::Decimal(value) => serializer.collect_str(value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Date(value) => serializer.collect_str(value),
            Self::Instant(value) => serializer.collect_str(&format_args!("{value:.3}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_the_form_that_x3_documents() {
        let json = |value: Scalar| serde_json::to_string(&value).unwrap();
        assert_eq!(json(Scalar::Null), "null");
        assert_eq!(json(true.into()), "true");
        assert_eq!(json(5.into()), "5");
        assert_eq!(
            json("99999999999999.99".parse::<Decimal>().unwrap().into()),
            r#""99999999999999.99""#
        );
        assert_eq!(
            json(jiff::civil::date(2026, 11, 20).into()),
            r#""2026-11-20""#
        );
        let instant: Timestamp = "2026-11-20T10:00:00.1239Z".parse().unwrap();
        assert_eq!(json(instant.into()), r#""2026-11-20T10:00:00.123Z""#);
    }
}
