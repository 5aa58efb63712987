//! Addresses of customers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::customer_address_page as wire},
    ids::{CustomerCode, FieldName, InvalidName, RecordId},
    model::{Address, Extra, address_of, debug_by_key, instant, key_of},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The addresses of an endpoint's customers.
pub type CustomerAddresses = Records<CustomerAddress>;

/// An address of a customer (node `customerAddress`, table `BPADDRESS`), by itself.
#[derive(Clone)]
#[non_exhaustive]
pub struct CustomerAddress {
    /// Key.
    pub id: RecordId,
    /// The customer.
    pub customer: Option<CustomerCode>,
    /// The address.
    pub address: Address,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(CustomerAddress, id);

impl Node for CustomerAddress {
    type Key = RecordId;

    fn key(&self) -> &RecordId {
        &self.id
    }
}

impl Typed for CustomerAddress {
    type Fields = wire::CustomerAddressFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3MasterData" / "customerAddress",
        file: customer_address_page,
        key: None,
        children: None,
        feeds: &[
            Feed::own(ChangeSource::CustomerAddress, NodePath::new("x3MasterData", "customerAddress"), "customerAddress.keys"),
        ]
    );

    fn from_fields(fields: wire::CustomerAddressFields, extra: Extra) -> Result<Self, InvalidName> {
        Ok(Self {
            id: RecordId::new(fields.id.clone().unwrap_or_default())?,
            customer: key_of!(fields.customer),
            address: address_of!(fields),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}
