//! What a lead could become.

use super::Record;

zoho_model! {
    /// What a lead could be converted into (reference: Zoho v8 OpenAPI `conversion_option`, read 2026-11).
    pub struct ConversionOptions {
        /// Accounts that match.
        accounts: Vec<Record> = "Accounts",
        /// Contacts that match.
        contacts: Vec<Record> = "Contacts",
        /// Deals that match.
        deals: Vec<Record> = "Deals",
    }
}
