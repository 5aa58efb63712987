//! Purchase Orders.

use client_core::ExactDecimal;
use jiff::civil::Date;

use super::{DateTime, LineItem, LineTax, Lookup, Text};

zoho_model! {
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
        /// Sum of the lines. Computed by Zoho.
        sub_total: ExactDecimal = "Sub_Total",
        /// Discount on the whole.
        discount: ExactDecimal = "Discount",
        /// Sum of the taxes.
        tax: ExactDecimal = "Tax",
        /// What is added, or taken off, at the end.
        adjustment: ExactDecimal = "Adjustment",
        /// What is to be paid. Computed by Zoho.
        grand_total: ExactDecimal = "Grand_Total",
        /// Excise duty.
        excise_duty: ExactDecimal = "Excise_Duty",
        /// Commission.
        sales_commission: ExactDecimal = "Sales_Commission",
        /// The taxes on the whole.
        line_tax: Vec<LineTax> = "$line_tax",
        /// Terms. Free text, not usable in COQL conditions.
        terms_and_conditions: Text = "Terms_and_Conditions",
        /// Street of the billing address.
        billing_street: Text = "Billing_Street",
        /// City of the billing address.
        billing_city: Text = "Billing_City",
        /// State of the billing address.
        billing_state: Text = "Billing_State",
        /// Postal code of the billing address.
        billing_code: Text = "Billing_Code",
        /// Country of the billing address.
        billing_country: Text = "Billing_Country",
        /// Street of the shipping address.
        shipping_street: Text = "Shipping_Street",
        /// City of the shipping address.
        shipping_city: Text = "Shipping_City",
        /// State of the shipping address.
        shipping_state: Text = "Shipping_State",
        /// Postal code of the shipping address.
        shipping_code: Text = "Shipping_Code",
        /// Country of the shipping address.
        shipping_country: Text = "Shipping_Country",
        /// Free text, not usable in COQL conditions.
        description: Text = "Description",
        /// ISO code of its currency; only where the organisation has several.
        currency: Text = "Currency",
        /// Rate to the organisation's own currency; only where it has several.
        exchange_rate: ExactDecimal = "Exchange_Rate",
        /// The user in charge.
        owner: Box<Lookup> = "Owner",
        /// Who created it. Read only.
        created_by: Box<Lookup> = "Created_By",
        /// Who changed it last. Read only.
        modified_by: Box<Lookup> = "Modified_By",
        /// When it was created. Read only, whole seconds.
        created_time: DateTime = "Created_Time",
        /// When it was changed last. Read only, whole seconds.
        modified_time: DateTime = "Modified_Time",
    } with rows {
        /// The lines. With `get` only.
        purchase_items: LineItem = "Purchase_Items",
    }
}
