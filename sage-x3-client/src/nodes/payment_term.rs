//! Payment terms.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::payment_term_page as wire},
    ids::{FieldName, InvalidName, PaymentTermCode},
    model::{Extra, debug_by_key, instant, text},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The payment terms of an endpoint.
pub type PaymentTerms = Records<PaymentTerm>;

/// A payment term (node `paymentTerm`, table `TABPAYTERM`).
#[derive(Clone)]
#[non_exhaustive]
pub struct PaymentTerm {
    /// Code.
    pub code: PaymentTermCode,
    /// Description in the API user's language.
    pub description: String,
    /// Short description in the API user's language.
    pub short_description: String,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(PaymentTerm, code);

impl Node for PaymentTerm {
    type Key = PaymentTermCode;

    fn key(&self) -> &PaymentTermCode {
        &self.code
    }
}

impl Typed for PaymentTerm {
    type Fields = wire::PaymentTermFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3InvoicingData" / "paymentTerm",
        file: payment_term_page,
        key: Some("code"),
        children: None,
        feeds: &[
            Feed::own(ChangeSource::PaymentTerm, NodePath::new("x3InvoicingData", "paymentTerm"), "paymentTerm.keys"),
        ]
    );

    fn from_fields(fields: wire::PaymentTermFields, extra: Extra) -> Result<Self, InvalidName> {
        Ok(Self {
            code: PaymentTermCode::new(fields.code.or(fields.id).unwrap_or_default())?,
            description: text(fields.localized_description),
            short_description: text(fields.localized_short_description),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}
