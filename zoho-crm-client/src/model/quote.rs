//! Quotes.

use client_core::ExactDecimal;
use jiff::civil::Date;

use super::{DateTime, LineItem, LineTax, Lookup};

zoho_model! {
    /// A record of `Quotes`: an offer (reference: Zoho v8 section 4.3, read 2026-11). `Subject`, `Account_Name` and lines are mandatory. Not in every edition.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct Quote of "Quotes" {
        /// What it is about. Upserts match by it unless told otherwise: name a unique field.
        subject: String = "Subject",
        /// Number, given by Zoho if so configured.
        quote_number: String = "Quote_Number",
        /// How far it is, from a picklist.
        quote_stage: String = "Quote_Stage",
        /// The customer.
        account: Lookup = "Account_Name",
        /// The person.
        contact: Lookup = "Contact_Name",
        /// The deal it is made for.
        deal: Lookup = "Deal_Name",
        /// Last day of its validity.
        valid_till: Date = "Valid_Till",
        /// Team.
        team: String = "Team",
        /// Carrier, from a picklist.
        carrier: String = "Carrier",
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
        /// The taxes on the whole.
        line_tax: Vec<LineTax> = "$line_tax",
        /// Terms. Free text, not usable in COQL conditions.
        terms_and_conditions: String = "Terms_and_Conditions",
        /// Street of the billing address.
        billing_street: String = "Billing_Street",
        /// City of the billing address.
        billing_city: String = "Billing_City",
        /// State of the billing address.
        billing_state: String = "Billing_State",
        /// Postal code of the billing address.
        billing_code: String = "Billing_Code",
        /// Country of the billing address.
        billing_country: String = "Billing_Country",
        /// Street of the shipping address.
        shipping_street: String = "Shipping_Street",
        /// City of the shipping address.
        shipping_city: String = "Shipping_City",
        /// State of the shipping address.
        shipping_state: String = "Shipping_State",
        /// Postal code of the shipping address.
        shipping_code: String = "Shipping_Code",
        /// Country of the shipping address.
        shipping_country: String = "Shipping_Country",
        /// Free text, not usable in COQL conditions.
        description: String = "Description",
        /// ISO code of its currency; only where the organisation has several.
        currency: String = "Currency",
        /// Rate to the organisation's own currency; only where it has several.
        exchange_rate: ExactDecimal = "Exchange_Rate",
        /// The user in charge.
        owner: Lookup = "Owner",
        /// Who created it. Read only.
        created_by: Lookup = "Created_By",
        /// Who changed it last. Read only.
        modified_by: Lookup = "Modified_By",
        /// When it was created. Read only, whole seconds.
        created_time: DateTime = "Created_Time",
        /// When it was changed last. Read only, whole seconds.
        modified_time: DateTime = "Modified_Time",
    } with rows {
        /// The lines. With `get` only.
        quoted_items: LineItem = "Quoted_Items",
    }
}
