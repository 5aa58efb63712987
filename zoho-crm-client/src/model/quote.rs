//! Quotes.

use jiff::civil::Date;

use super::{LineItem, Lookup, Text};

inventory_model! {
    /// A record of `Quotes`: an offer (reference: Zoho v8 section 4.3, read 2026-11). `Subject`, `Account_Name` and lines are mandatory. Not in every edition.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct Quote of "Quotes" {
        /// What it is about. Upserts match by it unless told otherwise: name a unique field.
        subject: Text = "Subject",
        /// Number, given by Zoho if so configured.
        quote_number: Text = "Quote_Number",
        /// How far it is, from a picklist.
        quote_stage: Text = "Quote_Stage",
        /// The customer.
        account: Box<Lookup> = "Account_Name",
        /// The person.
        contact: Box<Lookup> = "Contact_Name",
        /// The deal it is made for.
        deal: Box<Lookup> = "Deal_Name",
        /// Last day of its validity.
        valid_till: Date = "Valid_Till",
        /// Team.
        team: Text = "Team",
        /// Carrier, from a picklist.
        carrier: Text = "Carrier",
    } with rows {
        /// The lines. With `get` only.
        quoted_items: LineItem = "Quoted_Items",
    }
}
