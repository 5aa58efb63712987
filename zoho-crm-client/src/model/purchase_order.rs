//! Purchase Orders.

use client_core::ExactDecimal;
use jiff::civil::Date;

use super::{LineItem, Lookup, Text};

inventory_model! {
    /// A record of `Purchase_Orders`: an order at a supplier (reference: Zoho v8 section 4.3, read 2026-11). `Subject`, `Vendor_Name` and lines are mandatory. Not in every edition.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct PurchaseOrder of "Purchase_Orders" {
        /// What it is about. Upserts match by it unless told otherwise: name a unique field.
        subject: Text = "Subject",
        /// Number, given by Zoho if so configured.
        number: Text = "PO_Number",
        /// How far it is, from a picklist.
        status: Text = "Status",
        /// The supplier.
        vendor: Box<Lookup> = "Vendor_Name",
        /// The person.
        contact: Box<Lookup> = "Contact_Name",
        /// When it was ordered.
        order_date: Date = "PO_Date",
        /// When it is due.
        due_date: Date = "Due_Date",
        /// Number of the requisition.
        requisition_number: Text = "Requisition_No",
        /// Number to track the delivery by.
        tracking_number: Text = "Tracking_Number",
        /// Carrier, from a picklist.
        carrier: Text = "Carrier",
        /// Excise duty.
        excise_duty: ExactDecimal = "Excise_Duty",
        /// Commission.
        sales_commission: ExactDecimal = "Sales_Commission",
    } with rows {
        /// The lines. With `get` only.
        purchase_items: LineItem = "Purchase_Items",
    }
}
