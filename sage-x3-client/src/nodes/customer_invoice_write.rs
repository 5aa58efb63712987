//! Customer invoices of accounting to be created and changed.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{AccountKey, CustomerInvoiceHeader};
use crate::{
    config::Site,
    ids::{
        BusinessPartnerCode, CurrencyCode, CustomerCode, FieldName, InvoiceId, PaymentTermCode,
        RecordId, SiteCode, TaxCode,
    },
    model::{Input, patch},
    records::{
        Creatable, RecordKey as _, Updatable,
        sealed::{NewRecord, RecordPatch},
    },
    scalar::Scalar,
};

impl Creatable for CustomerInvoiceHeader {
    type New = NewCustomerInvoice;
}

impl Updatable for CustomerInvoiceHeader {
    type Patch = CustomerInvoicePatch;
}

patch! {
    /// The header fields of a customer invoice to change. What is not stated keeps its value.
    ///
    /// Sage's pages call the node read-only: it is written where the site has defined and activated an API operation, or
    /// through SOAP (object BIC) or a class. The names of the input's members are taken to equal the output's (crate
    /// documentation, "assumptions"). Source: reference sage-x3 sections 3.9 and 3.11.
    CustomerInvoicePatch {
        /// Invoice type, which drives numbering and journal. X3 takes the site's.
        invoice_type: RecordId => patch_code "customerInvoiceType",
        /// Day in accounting. X3 takes today.
        accounting_date: Date => patch_scalar "accountingDate",
        /// Number of what it was made from, up to 20 letters: the place for another system's key, by which the invoice is
        /// found again.
        source_document: String => patch_text "sourceDocument",
        /// Day of what it was made from.
        source_document_date: Date => patch_scalar "sourceDocumentDate",
        /// Day from which due dates are counted.
        due_date_start: Date => patch_scalar "dueDateCalculationStartDate",
        /// Currency. X3 takes the customer's.
        currency: CurrencyCode => patch_code "currency",
        /// Payment term. X3 takes the customer's.
        payment_term: PaymentTermCode => patch_code "paymentTerm",
        /// Who pays. X3 takes the customer's.
        pay_by_business_partner: BusinessPartnerCode => patch_code "payByBusinessPartner",
    }
}

impl RecordPatch for CustomerInvoicePatch {
    fn to_update_input(&self, key: &RecordId, _site: &Site) -> Input {
        let mut input = Input::default();
        input.set("id", key);
        self.write_fields(&mut input);
        input
    }
}

/// A customer invoice to be entered directly into accounting, with the accounts that its lines are posted to.
///
/// X3 takes dates, currency, payment term, control account and the company's currency from site and customer, and the taxes
/// from the lines' codes. It refuses accounts that are inactive, or that are control accounts.
///
/// ```
/// use rust_decimal::Decimal;
/// use sage_x3_client::{
///     AccountCode, AccountKey, ChartCode, CustomerCode, CustomerInvoicePatch, NewCustomerInvoice, NewCustomerInvoiceLine,
///     SiteCode, TaxCode,
/// };
///
/// let sales = AccountKey { chart: ChartCode::new("FRA")?, code: AccountCode::new("706000")? };
/// let invoice = NewCustomerInvoice::new(SiteCode::new("FR011")?, CustomerCode::new("NA001")?)
///     .values(CustomerInvoicePatch::new().source_document("INV-4711"))
///     .line(NewCustomerInvoiceLine::new(sales, Decimal::new(10050, 2)).tax(TaxCode::new("NOR")?));
/// # Ok::<(), sage_x3_client::InvalidName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCustomerInvoice {
    id: Option<InvoiceId>,
    financial_site: SiteCode,
    bill_to_customer: CustomerCode,
    values: CustomerInvoicePatch,
    lines: Vec<NewCustomerInvoiceLine>,
}

impl NewCustomerInvoice {
    /// An invoice to `bill_to_customer` at `financial_site`. Without an [`id`](Self::id) X3 numbers it.
    #[must_use]
    pub fn new(financial_site: SiteCode, bill_to_customer: CustomerCode) -> Self {
        Self {
            id: None,
            financial_site,
            bill_to_customer,
            values: CustomerInvoicePatch::default(),
            lines: Vec::new(),
        }
    }

    /// Chooses the number, where the invoice type allows it. It makes a repeated create safe: X3 refuses a second invoice
    /// with the same number.
    #[must_use]
    pub fn id(mut self, id: InvoiceId) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the header's values.
    #[must_use]
    pub fn values(mut self, values: CustomerInvoicePatch) -> Self {
        self.values = values;
        self
    }

    /// Adds a line.
    #[must_use]
    pub fn line(mut self, line: NewCustomerInvoiceLine) -> Self {
        self.lines.push(line);
        self
    }

    /// The number that was chosen.
    #[must_use]
    pub fn chosen_id(&self) -> Option<&InvoiceId> {
        self.id.as_ref()
    }
}

impl NewRecord for NewCustomerInvoice {
    fn chosen_key(&self) -> Option<RecordId> {
        self.id.as_ref().map(RecordId::from)
    }

    fn to_create_input(&self, _site: &Site) -> Input {
        let mut input = Input::default();
        if let Some(id) = &self.id {
            input.set("id", id);
        }
        input.set("financialSite", &self.financial_site);
        input.set("billToCustomer", &self.bill_to_customer);
        self.values.write_fields(&mut input);
        let lines = self.lines.iter().map(NewCustomerInvoiceLine::to_input);
        input.set_list("lines", lines.collect());
        input
    }
}

/// A line of a customer invoice to be created: an amount on an account of the general ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCustomerInvoiceLine {
    account: AccountKey,
    amount_excluding_tax: Decimal,
    tax: Option<TaxCode>,
    description: Option<String>,
    extra: BTreeMap<FieldName, Scalar>,
}

impl NewCustomerInvoiceLine {
    /// So much on `account`, without tax, in the invoice's currency.
    #[must_use]
    pub fn new(account: AccountKey, amount_excluding_tax: Decimal) -> Self {
        Self {
            account,
            amount_excluding_tax,
            tax: None,
            description: None,
            extra: BTreeMap::new(),
        }
    }

    /// Sets the tax.
    #[must_use]
    pub fn tax(mut self, tax: TaxCode) -> Self {
        self.tax = Some(tax);
        self
    }

    /// Sets the text of the posting, up to 30 letters.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets a field of the site, under its own name.
    #[must_use]
    pub fn extra(mut self, name: FieldName, value: impl Into<Scalar>) -> Self {
        self.extra.insert(name, value.into());
        self
    }

    fn to_input(&self) -> Input {
        let mut input = Input::default();
        input.set("account", &self.account.record_id());
        input.set("amountExcludingTax", self.amount_excluding_tax);
        if let Some(tax) = &self.tax {
            input.set("tax", tax);
        }
        if let Some(description) = &self.description {
            input.set("lineDescription", description.as_str());
        }
        for (name, value) in &self.extra {
            input.set(name.as_str(), value.clone());
        }
        input
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{AccountCode, ChartCode, Patch, SiteConfig, graphql::canned::site};

    #[test]
    fn an_invoice_names_the_accounts_of_its_lines_and_keeps_amounts_exact() {
        let site = site(SiteConfig::new("http://x3", "SEED"));
        let account = AccountKey {
            chart: ChartCode::new("FRA").unwrap(),
            code: AccountCode::new("706000").unwrap(),
        };
        let line = NewCustomerInvoiceLine::new(account, "100.50".parse().unwrap())
            .tax(TaxCode::new("NOR").unwrap())
            .description("Consulting");
        let new = NewCustomerInvoice::new(
            SiteCode::new("FR011").unwrap(),
            CustomerCode::new("NA001").unwrap(),
        )
        .values(
            CustomerInvoicePatch::new()
                .source_document("Z-1")
                .accounting_date(jiff::civil::date(2026, 11, 20)),
        )
        .line(line);
        assert_eq!(
            serde_json::to_value(new.to_create_input(&site)).unwrap(),
            json!({"financialSite":"FR011","billToCustomer":"NA001","accountingDate":"2026-11-20","sourceDocument":"Z-1",
                "lines":[{"account":"FRA|706000","amountExcludingTax":"100.50","tax":"NOR","lineDescription":"Consulting"}]})
        );
    }

    #[test]
    fn a_change_names_its_invoice_and_clears_what_is_cleared() {
        let site = site(SiteConfig::new("http://x3", "SEED"));
        let patch = CustomerInvoicePatch::new()
            .source_document(Patch::Clear)
            .payment_term(Patch::Clear);
        let id = RecordId::new("CIN1").unwrap();
        assert_eq!(
            serde_json::to_value(patch.to_update_input(&id, &site)).unwrap(),
            json!({"id":"CIN1","sourceDocument":"","paymentTerm":null})
        );
        assert!(CustomerInvoicePatch::new().is_empty());
    }
}
