//! Zoho's invoices become customer invoices in X3's accounting, with lines on accounts.
//!
//! | row | X3 (`customerInvoiceHeader`) | Zoho (`Invoices`) | direction |
//! |---|---|---|---|
//! | `number` | `id` | the number field, `X3_Invoice` | to Zoho |
//! | `status` | `status` | `X3_Status`, if configured | to Zoho |
//! | `ready` | | status and site, as configured | |
//! | `customer` | `billToCustomer` | `Account_Name`, through the flow `customers` | to X3 |
//! | `site` | `financialSite` | the site field, or the default | to X3 |
//! | `date` | `accountingDate` | `Invoice_Date` | to X3 |
//! | `source_date` | `sourceDocumentDate` | `Invoice_Date` | on creation |
//! | `reference` | `sourceDocument` | `Invoice_Number`, unless the key is there | on creation |
//! | `currency` | `currency` | `Currency`, or the organisation's | to X3 |
//! | `payment_term` | `paymentTerm` | as configured | on creation |
//! | `tax_rule` | `taxRule` | as configured | on creation |
//! | `lines` | `lines` | `Invoiced_Items`, discount, tax and adjustment, by the [table of accounts](super::AccountTable) | to X3 |
//! | `total` | `totalAmountIncludingTax` | `Grand_Total` | to X3 |
//!
//! X3 does not change an invoice that is made. What is changed at Zoho afterwards, and a total that X3 works out otherwise,
//! therefore parks the invoice with both values, or, with [`Changed::Ignored`], is left as it is.

use std::sync::Arc;

use super::{
    posting::{PostingRules, member},
    source::{CURRENCY, Changed, POSTING, READY, SITE, TOTAL},
};
use crate::{
    flow::{CreateRule, Identity, KeyRule, Policy},
    flows::codes::CodeTables,
    ids::{FieldName, FlowName},
    mapping::{Codes, Direction, Kind, Lines, Mapping, MappingError, Row},
    merge::Adoption,
    side::{Side, Sides},
    value::Value,
};

/// Decimals that amounts are compared with: more than any currency has, as they are rounded to their own before.
const SCALE: u32 = 4;

/// By what an invoice is found again in X3, so that it is made once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvoiceKey {
    /// Its number: the prefix and Zoho's id in short form, 14 characters with a prefix of one. X3 itself refuses a second
    /// invoice with that number, so that no lost answer can make one. The invoice type must let the number be given.
    Number {
        /// The prefix, in capitals.
        prefix: String,
    },
    /// Its source document, in the same form; X3 numbers the invoice. Nothing at X3 keeps two invoices from having one
    /// source document, so that the look-up before each create is all that does: a create whose answer was lost and that
    /// X3 carries out after the look-up makes a second one, and both are then parked.
    SourceDocumentLookUpOnly {
        /// The prefix, in capitals.
        prefix: String,
    },
}

/// What differs from site to site.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// By what an invoice is found again in X3.
    pub key: InvoiceKey,
    /// Which invoices are posted, and to which accounts.
    pub posting: PostingRules,
    /// The flow that pairs X3's customers with Zoho's accounts.
    pub customers: FlowName,
    /// X3's currencies and Zoho's.
    pub currencies: Codes,
    /// Zoho's field with the payment term, and what its values are in X3. `None`: X3 takes the customer's.
    pub payment_term: Option<(FieldName, Codes)>,
    /// Zoho's field with the tax rule, and what its values are in X3. `None`: X3 takes the customer's.
    pub tax_rule: Option<(FieldName, Codes)>,
    /// Zoho's field that shows the status in X3.
    pub status_field: Option<FieldName>,
    /// Characters that X3 keeps of a line's text.
    pub line_text_length: usize,
}

impl Default for Options {
    /// By number with prefix `Z`; the customer's payment term and tax rule; flow `customers`; changes park.
    fn default() -> Self {
        Self {
            key: InvoiceKey::Number {
                prefix: "Z".to_owned(),
            },
            posting: PostingRules::default(),
            customers: FlowName::from("customers"),
            currencies: CodeTables::default().currencies,
            payment_term: None,
            tax_rule: None,
            status_field: None,
            line_text_length: 30,
        }
    }
}

impl Options {
    /// Zoho's fields that the flow reads or writes, the lines apart.
    #[must_use]
    pub fn zoho_fields(&self) -> Vec<FieldName> {
        let mut fields = self.posting.source.fields();
        let standard = ["Subject", "Account_Name", "Invoice_Date", "Invoice_Number"];
        fields.extend(standard.map(FieldName::from));
        fields.extend(self.status_field.clone());
        for (field, _) in [&self.payment_term, &self.tax_rule].into_iter().flatten() {
            fields.push(field.clone());
        }
        fields
    }

    /// Those of them that the flow writes.
    #[must_use]
    pub fn written_zoho_fields(&self) -> Vec<FieldName> {
        let mut fields = vec![self.posting.source.number_field.clone()];
        fields.extend(self.status_field.clone());
        fields
    }
}

#[cfg(feature = "zoho")]
impl Options {
    /// What Zoho's endpoint below [`PostableInvoices`](super::PostableInvoices) reads and writes.
    #[must_use]
    pub fn module_settings(&self) -> crate::zoho::ModuleSettings {
        let source = &self.posting.source;
        let (fields, columns) = (self.zoho_fields(), source.columns());
        crate::zoho::ModuleSettings::new("Invoices", source.number_field.clone(), &fields)
            .written_fields(&self.written_zoho_fields())
            .lines(super::LINES, &columns)
    }
}

/// The table above.
///
/// # Errors
/// [`MappingError`] when the options name one Zoho field twice.
pub fn mapping(options: &Options) -> Result<Mapping, MappingError> {
    let compared = match options.posting.source.changed {
        Changed::Parked => Direction::ToLeft,
        Changed::Ignored => Direction::CreateOnly,
    };
    let number = options.posting.source.number_field.clone();
    let customer = Kind::Reference {
        flow: options.customers.clone(),
    };
    let mut rows = vec![
        Row::new("number", "id", number, Kind::Code).direction(Direction::ToRight),
        // X3 has nothing of the kind: it is there for the rule that says which invoices are posted.
        Row::new("ready", READY, READY, Kind::Boolean).direction(Direction::ToRight),
        Row::new("customer", "billToCustomer", "Account_Name", customer)
            .direction(compared)
            .required(Side::Left),
        Row::new("site", "financialSite", SITE, Kind::Code)
            .direction(compared)
            .codes(options.posting.source.sites.clone())
            .required(Side::Left),
        Row::new("date", "accountingDate", "Invoice_Date", Kind::Date)
            .direction(compared)
            .required(Side::Left),
        Row::new(
            "source_date",
            "sourceDocumentDate",
            "Invoice_Date",
            Kind::Date,
        )
        .direction(Direction::ToLeft),
        Row::new("currency", "currency", CURRENCY, Kind::Code)
            .direction(compared)
            .codes(options.currencies.clone()),
        Row::new("lines", "lines", POSTING, Kind::Lines(columns(options)?))
            .direction(compared)
            .convert(Arc::new(options.posting.clone()))
            .required(Side::Left),
        Row::new(
            "total",
            "totalAmountIncludingTax",
            TOTAL,
            Kind::Decimal { scale: SCALE },
        )
        .direction(compared),
    ];
    if let InvoiceKey::Number { .. } = options.key {
        let reference = Row::new("reference", "sourceDocument", "Invoice_Number", Kind::Text);
        rows.push(
            reference
                .direction(Direction::CreateOnly)
                .max_length(Side::Left, 20),
        );
    }
    if let Some(field) = &options.status_field {
        let status = Row::new("status", "status", field.clone(), Kind::Text);
        rows.push(status.direction(Direction::ToRight));
    }
    for (name, left, field) in [
        ("payment_term", "paymentTerm", &options.payment_term),
        ("tax_rule", "taxRule", &options.tax_rule),
    ] {
        if let Some((field, codes)) = field {
            let row = Row::new(name, left, field.clone(), Kind::Code).codes(codes.clone());
            rows.push(row.direction(Direction::CreateOnly));
        }
    }
    Mapping::new(rows)
}

/// The columns of the lines.
fn columns(options: &Options) -> Result<Lines, MappingError> {
    let columns = Mapping::new(vec![
        Row::new("account", "account", member::ACCOUNT, Kind::Code),
        Row::new(
            "amount",
            "amountExcludingTax",
            member::AMOUNT,
            Kind::Decimal { scale: SCALE },
        ),
        Row::new("tax", "tax", member::TAX, Kind::Code),
        Row::new("text", "lineDescription", member::TEXT, Kind::Text)
            .max_length(Side::Left, options.line_text_length),
    ])?;
    Ok(Lines::new(columns))
}

/// How an invoice of Zoho and its invoice in X3 find each other: by the key alone.
#[must_use]
pub fn identity(options: &Options) -> Identity {
    let left = match &options.key {
        InvoiceKey::Number { prefix } => KeyRule::compact("id", prefix.as_str()),
        InvoiceKey::SourceDocumentLookUpOnly { prefix } => {
            KeyRule::compact("sourceDocument", prefix.as_str()).look_up_only()
        }
    };
    let right = KeyRule::plain(options.posting.source.number_field.clone());
    Identity {
        keys: Sides::new(left, right),
        matching: Vec::new(),
    }
}

/// Invoices that are ready are made in X3; nothing is made at Zoho, and nothing is deleted anywhere.
#[must_use]
pub fn policy() -> Policy {
    let ready = CreateRule::When {
        row: FieldName::from("ready"),
        equals: Value::Boolean(true),
    };
    Policy {
        create: Sides::new(ready, CreateRule::Never),
        adoption: Adoption {
            prefer: Side::Right,
            fill_blanks: false,
        },
        ..Policy::default()
    }
}
