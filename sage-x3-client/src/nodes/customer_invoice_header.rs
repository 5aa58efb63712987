//! Customer invoices of accounting.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::customer_invoice_header_page as wire},
    ids::{
        BusinessPartnerCode, CompanyCode, CurrencyCode, CustomerCode, FieldName, InvalidName,
        InvoiceId, PaymentTermCode, RecordId, SiteCode,
    },
    model::{Extra, day, debug_by_key, decimal, instant, key_of, member, text},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The customer invoices in an endpoint's accounting.
pub type CustomerInvoiceHeaders = Records<CustomerInvoiceHeader>;

/// A customer's invoice in accounting (node `customerInvoiceHeader`, table `SINVOICE`): of a sales invoice, or entered directly.
#[derive(Clone)]
#[non_exhaustive]
pub struct CustomerInvoiceHeader {
    /// Number.
    pub id: InvoiceId,
    /// Category, by the name of the enumeration's member.
    pub category: Option<String>,
    /// Invoice type.
    pub invoice_type: Option<RecordId>,
    /// Module that it comes from, by the name of the enumeration's member.
    pub source_module: Option<String>,
    /// Who is invoiced.
    pub bill_to_customer: Option<CustomerCode>,
    /// Who pays.
    pub pay_by_business_partner: Option<BusinessPartnerCode>,
    /// Control account.
    pub control_account: String,
    /// Company.
    pub company: Option<CompanyCode>,
    /// Financial site.
    pub financial_site: Option<SiteCode>,
    /// Day in accounting.
    pub accounting_date: Option<Date>,
    /// Internal number.
    pub internal_number: Option<i64>,
    /// Number of what it was made from.
    pub source_document: String,
    /// Day of what it was made from.
    pub source_document_date: Option<Date>,
    /// Day from which due dates are counted.
    pub due_date_start: Option<Date>,
    /// Currency.
    pub currency: Option<CurrencyCode>,
    /// Payment term.
    pub payment_term: Option<PaymentTermCode>,
    /// Whether it was entered directly.
    pub is_direct: Option<bool>,
    /// Status, by the name of the enumeration's member: posted or not.
    pub status: Option<String>,
    /// Number of the invoice that this one corrects.
    pub original_invoice_number: String,
    /// 1 for a debit, -1 for a credit.
    pub debit_or_credit: Option<i64>,
    /// Total without tax, in its currency.
    pub total_amount_excluding_tax: Option<Decimal>,
    /// Total with tax, in its currency.
    pub total_amount_including_tax: Option<Decimal>,
    /// Total without tax, in the company's currency.
    pub total_amount_excluding_tax_in_company_currency: Option<Decimal>,
    /// Total with tax, in the company's currency.
    pub total_amount_including_tax_in_company_currency: Option<Decimal>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(CustomerInvoiceHeader, id);

impl Node for CustomerInvoiceHeader {
    type Key = InvoiceId;

    fn key(&self) -> &InvoiceId {
        &self.id
    }
}

impl Typed for CustomerInvoiceHeader {
    type Fields = wire::CustomerInvoiceHeaderFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3InvoicingData" / "customerInvoiceHeader",
        file: customer_invoice_header_page,
        key: Some("id"),
        children: None,
        feeds: &[
            Feed::own(ChangeSource::CustomerInvoiceHeader, NodePath::new("x3InvoicingData", "customerInvoiceHeader"), "customerInvoiceHeader.keys"),
        ]
    );

    fn from_fields(
        fields: wire::CustomerInvoiceHeaderFields,
        extra: Extra,
    ) -> Result<Self, InvalidName> {
        Ok(Self {
            id: InvoiceId::new(fields.id.unwrap_or_default())?,
            category: member(fields.category),
            invoice_type: key_of!(fields.customer_invoice_type),
            source_module: member(fields.source_module),
            bill_to_customer: key_of!(fields.bill_to_customer),
            pay_by_business_partner: key_of!(fields.pay_by_business_partner),
            control_account: text(fields.control),
            company: key_of!(fields.company),
            financial_site: key_of!(fields.financial_site),
            accounting_date: day(fields.accounting_date),
            internal_number: fields.internal_number,
            source_document: text(fields.source_document),
            source_document_date: day(fields.source_document_date),
            due_date_start: day(fields.due_date_calculation_start_date),
            currency: key_of!(fields.currency),
            payment_term: key_of!(fields.payment_term),
            is_direct: fields.is_direct_invoice,
            status: member(fields.status),
            original_invoice_number: text(fields.original_invoice_number),
            debit_or_credit: fields.debit_or_credit,
            total_amount_excluding_tax: decimal(fields.total_amount_excluding_tax),
            total_amount_including_tax: decimal(fields.total_amount_including_tax),
            total_amount_excluding_tax_in_company_currency: decimal(
                fields.total_amount_excluding_tax_in_company_currency,
            ),
            total_amount_including_tax_in_company_currency: decimal(
                fields.total_amount_including_tax_in_company_currency,
            ),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}
