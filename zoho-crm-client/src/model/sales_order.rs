//! Sales Orders.

use client_core::ExactDecimal;
use jiff::civil::Date;

use super::{DateTime, LineItem, LineTax, Lookup, Text};

zoho_model! {
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
        ordered_items: LineItem = "Ordered_Items",
    }
}
