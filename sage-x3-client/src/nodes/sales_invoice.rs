//! Sales invoices.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    error::Error,
    graphql::{node_path::NodePath, operations::sales_invoice_page as wire},
    ids::{
        BusinessPartnerCode, CompanyCode, CurrencyCode, CustomerCode, FieldName, InvalidName,
        InvoiceId, RecordId, SiteCode,
    },
    model::{Extra, day, debug_by_key, decimal, instant, key_of, member, text},
    nodes::{SalesInvoiceLine, lines::lines_of},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The sales invoices of an endpoint.
pub type SalesInvoices = Records<SalesInvoice>;

/// A sales invoice (node `salesInvoice`, table `SINVOICEV`) with what its document in accounting says.
#[derive(Clone)]
#[non_exhaustive]
pub struct SalesInvoice {
    /// Number, which is also that of its document in accounting.
    pub id: InvoiceId,
    /// Company.
    pub company: Option<CompanyCode>,
    /// Sales site.
    pub sales_site: Option<SiteCode>,
    /// Site that shipped.
    pub shipping_site: Option<SiteCode>,
    /// Who is invoiced.
    pub bill_to_customer: Option<CustomerCode>,
    /// Who ordered.
    pub sold_to_customer: Option<CustomerCode>,
    /// Who pays.
    pub pay_by_business_partner: Option<BusinessPartnerCode>,
    /// Invoice type.
    pub invoice_type: Option<RecordId>,
    /// Category, by the name of the enumeration's member: invoice, credit memo ...
    pub category: Option<String>,
    /// What it was made from, by the name of the enumeration's member: order, shipment ...
    pub source_category: Option<String>,
    /// Number of what it was made from.
    pub source_number: String,
    /// Day of what it was made from.
    pub source_date: Option<Date>,
    /// Day of the invoice.
    pub invoice_date: Option<Date>,
    /// Currency.
    pub currency: Option<CurrencyCode>,
    /// Status, by the name of the enumeration's member: posted or not.
    pub status: Option<String>,
    /// Whether a credit memo refers to it.
    pub is_on_credit_memo: Option<bool>,
    /// Internal reference.
    pub internal_reference: String,
    /// Number of lines.
    pub number_of_lines: Option<i64>,
    /// Day on which it was entered in accounting.
    pub accounting_date: Option<Date>,
    /// Total without tax, in its currency.
    pub total_amount_excluding_tax: Option<Decimal>,
    /// Total with tax, in its currency.
    pub total_amount_including_tax: Option<Decimal>,
    /// When the row of its document in accounting was last changed.
    pub header_updated_at: Option<Timestamp>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(SalesInvoice, id);

impl Node for SalesInvoice {
    type Key = InvoiceId;

    fn key(&self) -> &InvoiceId {
        &self.id
    }
}

impl Typed for SalesInvoice {
    type Fields = wire::SalesInvoiceFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3Sales" / "salesInvoice",
        file: sales_invoice_page,
        key: Some("id.id"),
        children: None,
        feeds: &[
            Feed::own(ChangeSource::SalesInvoice, NodePath::new("x3Sales", "salesInvoice"), "salesInvoice.keys"),
            Feed::own(ChangeSource::CustomerInvoiceHeader, NodePath::new("x3InvoicingData", "customerInvoiceHeader"), "customerInvoiceHeader.keys"), Feed::children(
                ChangeSource::SalesInvoiceLine,
                NodePath::new("x3Sales", "salesInvoiceLine"),
                "salesInvoiceLine.keys",
                &["salesInvoice"],
            )]
    );

    fn from_fields(fields: wire::SalesInvoiceFields, extra: Extra) -> Result<Self, InvalidName> {
        let header = fields.header.unwrap_or_default();
        Ok(Self {
            id: InvoiceId::new(fields.id.or(header.id).unwrap_or_default())?,
            company: key_of!(fields.company),
            sales_site: key_of!(fields.sales_site),
            shipping_site: key_of!(fields.shipping_site),
            bill_to_customer: key_of!(fields.bill_to_customer),
            sold_to_customer: key_of!(fields.sold_to_customer),
            pay_by_business_partner: key_of!(fields.pay_by_business_partner),
            invoice_type: key_of!(fields.invoice_type),
            category: member(fields.category),
            source_category: member(fields.source_document_category),
            source_number: text(fields.source_document_number),
            source_date: day(fields.source_document_date),
            invoice_date: day(fields.invoice_date),
            currency: key_of!(fields.currency),
            status: member(fields.status),
            is_on_credit_memo: fields.is_on_credit_memo,
            internal_reference: text(fields.internal_reference),
            number_of_lines: fields.number_of_lines,
            accounting_date: day(header.accounting_date),
            total_amount_excluding_tax: decimal(header.total_amount_excluding_tax),
            total_amount_including_tax: decimal(header.total_amount_including_tax),
            header_updated_at: instant(header.update_stamp),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}

impl SalesInvoices {
    /// The lines of the invoices `ids`, by number of the document, in order of their numbers: one list for each 100 documents.
    /// One without lines, or that does not exist, has an empty list.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// As for [`page`](Self::page).
    pub async fn lines(
        &self,
        ids: &[InvoiceId],
    ) -> Result<BTreeMap<InvoiceId, Vec<SalesInvoiceLine>>, Error> {
        lines_of(
            self.client(),
            "salesInvoice._id",
            ids,
            |line: &SalesInvoiceLine| line.sales_invoice.as_ref(),
            |line| (line.line_number, None),
        )
        .await
    }
}
