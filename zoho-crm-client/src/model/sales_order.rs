//! Sales Orders.

use client_core::ExactDecimal;
use jiff::civil::Date;

use super::{LineItem, Lookup, Text};

inventory_model! {
    /// A record of `Sales_Orders`: an order of a customer (reference: Zoho v8 section 4.3, read 2026-11). `Subject`, `Account_Name` and lines are mandatory. Not in every edition.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct SalesOrder of "Sales_Orders" {
        /// What it is about. Upserts match by it unless told otherwise: name a unique field.
        subject: Text = "Subject",
        /// Number, given by Zoho if so configured.
        number: Text = "SO_Number",
        /// How far it is, from a picklist.
        status: Text = "Status",
        /// The customer.
        account: Box<Lookup> = "Account_Name",
        /// The person.
        contact: Box<Lookup> = "Contact_Name",
        /// The deal it came from.
        deal: Box<Lookup> = "Deal_Name",
        /// The quote it came from.
        quote: Box<Lookup> = "Quote_Name",
        /// Number of the customer.
        customer_number: Text = "Customer_No",
        /// The customer's own order number: text, no reference.
        purchase_order: Text = "Purchase_Order",
        /// When it is due.
        due_date: Date = "Due_Date",
        /// What is still open.
        pending: Text = "Pending",
        /// Carrier, from a picklist.
        carrier: Text = "Carrier",
        /// Excise duty.
        excise_duty: ExactDecimal = "Excise_Duty",
        /// Commission.
        sales_commission: ExactDecimal = "Sales_Commission",
    } with rows {
        /// The lines. With `get` only.
        ordered_items: LineItem = "Ordered_Items",
    }
}
