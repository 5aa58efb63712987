//! Currencies.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::currency_page as wire},
    ids::{CurrencyCode, FieldName, InvalidName},
    model::{Extra, day, debug_by_key, decimal, instant, text},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The currencies of an endpoint.
pub type Currencies = Records<Currency>;

/// A currency (node `currency`, table `TABCUR`).
#[derive(Clone)]
#[non_exhaustive]
pub struct Currency {
    /// Code, such as `EUR`.
    pub code: CurrencyCode,
    /// Description in the API user's language.
    pub description: String,
    /// Short description in the API user's language.
    pub short_description: String,
    /// Symbol.
    pub symbol: String,
    /// Code of ISO 4217.
    pub iso_code: String,
    /// Numeric code of ISO 4217.
    pub iso_numeric_code: String,
    /// Decimals of an amount.
    pub number_of_decimals: Option<i64>,
    /// Smallest step of an amount.
    pub rounding: Option<Decimal>,
    /// Whether it belongs to the euro.
    pub is_euro: Option<bool>,
    /// Last day on which it is used.
    pub end_date: Option<Date>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(Currency, code);

impl Node for Currency {
    type Key = CurrencyCode;

    fn key(&self) -> &CurrencyCode {
        &self.code
    }
}

impl Typed for Currency {
    type Fields = wire::CurrencyFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3MasterData" / "currency",
        file: currency_page,
        key: Some("code"),
        children: None,
        feeds: &[
            Feed::own(ChangeSource::Currency, NodePath::new("x3MasterData", "currency"), "currency.keys"),
        ]
    );

    fn from_fields(fields: wire::CurrencyFields, extra: Extra) -> Result<Self, InvalidName> {
        Ok(Self {
            code: CurrencyCode::new(fields.code.or(fields.id).unwrap_or_default())?,
            description: text(fields.localized_description),
            short_description: text(fields.localized_short_description),
            symbol: text(fields.symbol),
            iso_code: text(fields.iso_code),
            iso_numeric_code: text(fields.iso_numeric_code),
            number_of_decimals: fields.number_of_decimals,
            rounding: decimal(fields.rounding),
            is_euro: fields.is_euro,
            end_date: day(fields.currency_end_date),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}
