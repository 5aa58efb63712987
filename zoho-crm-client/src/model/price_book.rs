//! Price Books.

use super::{DateTime, Lookup, PricingRange, Text};

zoho_model! {
    /// A record of `Price_Books`: a price list (reference: Zoho v8 section 4.3, read 2026-11). `Price_Book_Name` and `Pricing_Model` are mandatory. Not in every edition. Its products are a related list.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct PriceBook of "Price_Books" {
        /// Name. Upserts match by it unless told otherwise.
        price_book_name: Text = "Price_Book_Name",
        /// `Flat` or `Differential`: how the discounts of the ranges apply.
        pricing_model: Text = "Pricing_Model",
        /// Whether it applies.
        active: bool = "Active",
        /// Free text, not usable in COQL conditions.
        description: Text = "Description",
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
        /// Discounts by quantity. With `get` only.
        pricing_details: PricingRange = "Pricing_Details",
    }
}
