//! Invoices.

use client_core::ExactDecimal;
use jiff::civil::Date;

use super::{LineItem, Lookup, Text};

inventory_model! {
    /// A record of `Invoices`: an invoice to a customer (reference: Zoho v8 section 4.3, read 2026-11). `Subject`, `Account_Name` and lines are mandatory. Not in every edition.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct Invoice of "Invoices" {
        /// What it is about. Upserts match by it unless told otherwise: name a unique field.
        subject: Text = "Subject",
        /// Number, given by Zoho if so configured.
        number: Text = "Invoice_Number",
        /// How far it is, from a picklist.
        status: Text = "Status",
        /// The customer.
        account: Box<Lookup> = "Account_Name",
        /// The person.
        contact: Box<Lookup> = "Contact_Name",
        /// The deal it came from.
        deal: Box<Lookup> = "Deal_Name__s",
        /// The order it is made for.
        sales_order: Box<Lookup> = "Sales_Order",
        /// The customer's own order number: text, no reference.
        purchase_order: Text = "Purchase_Order",
        /// Day of the invoice.
        invoice_date: Date = "Invoice_Date",
        /// When it is to be paid.
        due_date: Date = "Due_Date",
        /// Excise duty.
        excise_duty: ExactDecimal = "Excise_Duty",
        /// Commission.
        sales_commission: ExactDecimal = "Sales_Commission",
    } with rows {
        /// The lines. With `get` only.
        invoiced_items: LineItem = "Invoiced_Items",
    }
}
