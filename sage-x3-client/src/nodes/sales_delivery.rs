//! Deliveries.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde_json::value::RawValue;

use crate::{
    error::Error,
    graphql::{node_path::NodePath, operations::sales_delivery_page as wire},
    ids::{
        CompanyCode, CustomerCode, FieldName, InvalidName, InvoiceId, RecordId, SalesDeliveryId,
        SiteCode,
    },
    model::{Extra, day, debug_by_key, instant, key_of, member},
    nodes::{SalesDeliveryLine, lines::lines_of},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The deliveries of an endpoint.
pub type SalesDeliveries = Records<SalesDelivery>;

/// A delivery to a customer (node `salesDelivery`, table `SDELIVERY`).
#[derive(Clone)]
#[non_exhaustive]
pub struct SalesDelivery {
    /// Number.
    pub id: SalesDeliveryId,
    /// Company.
    pub company: Option<CompanyCode>,
    /// Sales site.
    pub sales_site: Option<SiteCode>,
    /// Site that ships.
    pub shipping_site: Option<SiteCode>,
    /// Category, by the name of the enumeration's member.
    pub category: Option<String>,
    /// Whether the goods are lent.
    pub is_loan: Option<bool>,
    /// The invoice that it went into.
    pub sales_invoice: Option<InvoiceId>,
    /// Who ordered.
    pub sold_to_customer: Option<CustomerCode>,
    /// Who is invoiced.
    pub bill_to_customer: Option<CustomerCode>,
    /// Key of the ship-to address.
    pub ship_to_address: Option<RecordId>,
    /// Day of shipment.
    pub shipment_date: Option<Date>,
    /// Day of delivery.
    pub delivery_date: Option<Date>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(SalesDelivery, id);

impl Node for SalesDelivery {
    type Key = SalesDeliveryId;

    fn key(&self) -> &SalesDeliveryId {
        &self.id
    }
}

impl Typed for SalesDelivery {
    type Fields = wire::SalesDeliveryFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3Sales" / "salesDelivery",
        file: sales_delivery_page,
        key: Some("id"),
        children: None,
        feeds: &[
            Feed::own(ChangeSource::SalesDelivery, NodePath::new("x3Sales", "salesDelivery"), "salesDelivery.keys"), Feed::children(
                ChangeSource::SalesDeliveryLine,
                NodePath::new("x3Sales", "salesDeliveryLine"),
                "salesDeliveryLine.keys",
                &["salesDelivery"],
            )]
    );

    fn from_fields(fields: wire::SalesDeliveryFields, extra: Extra) -> Result<Self, InvalidName> {
        Ok(Self {
            id: SalesDeliveryId::new(fields.id.unwrap_or_default())?,
            company: key_of!(fields.company),
            sales_site: key_of!(fields.sales_site),
            shipping_site: key_of!(fields.shipping_site),
            category: member(fields.category),
            is_loan: fields.is_loan_delivery,
            sales_invoice: key_of!(fields.sales_invoice),
            sold_to_customer: key_of!(fields.sold_to_customer),
            bill_to_customer: key_of!(fields.bill_to_customer),
            ship_to_address: key_of!(fields.ship_to_customer_address),
            shipment_date: day(fields.shipment_date),
            delivery_date: day(fields.delivery_date),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}

impl SalesDeliveries {
    /// The lines of the deliveries `ids`, by number of the document, in order of their numbers: one list for each 100 documents.
    /// One without lines, or that does not exist, has an empty list.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// As for [`page`](Self::page).
    pub async fn lines(
        &self,
        ids: &[SalesDeliveryId],
    ) -> Result<BTreeMap<SalesDeliveryId, Vec<SalesDeliveryLine>>, Error> {
        lines_of(
            self.client(),
            "salesDelivery.id",
            ids,
            |line: &SalesDeliveryLine| line.sales_delivery.as_ref(),
            |line| (line.line_number, None),
        )
        .await
    }
}
