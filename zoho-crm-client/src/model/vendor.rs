//! Vendors.

use super::{DateTime, Lookup};

zoho_model! {
    /// A record of `Vendors`: a supplier (reference: Zoho v8 section 4.3, read 2026-11). `Vendor_Name` is mandatory. Not in every edition.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct Vendor of "Vendors" {
        /// Name. Upserts match by it unless told otherwise.
        vendor_name: String = "Vendor_Name",
        /// Category.
        category: String = "Category",
        /// Ledger account, from a picklist.
        gl_account: String = "GL_Account",
        /// E-mail address; Zoho refuses text that is none.
        email: String = "Email",
        /// Whether it wants no mails.
        email_opt_out: bool = "Email_Opt_Out",
        /// Telephone number; Zoho refuses text that is none.
        phone: String = "Phone",
        /// Web address.
        website: String = "Website",
        /// Street.
        street: String = "Street",
        /// City.
        city: String = "City",
        /// State.
        state: String = "State",
        /// Postal code.
        zip_code: String = "Zip_Code",
        /// Country.
        country: String = "Country",
        /// Free text, not usable in COQL conditions.
        description: String = "Description",
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
    }
}
