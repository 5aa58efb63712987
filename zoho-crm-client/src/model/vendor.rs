//! Vendors.

use super::{DateTime, Lookup, Text};

zoho_model! {
    /// A record of `Vendors`: a supplier (reference: Zoho v8 section 4.3, read 2026-11). `Vendor_Name` is mandatory. Not in every edition.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct Vendor of "Vendors" {
        /// Name. Upserts match by it unless told otherwise.
        vendor_name: Text = "Vendor_Name",
        /// Category.
        category: Text = "Category",
        /// Ledger account, from a picklist.
        gl_account: Text = "GL_Account",
        /// E-mail address; Zoho refuses text that is none.
        email: Text = "Email",
        /// Whether it wants no mails.
        email_opt_out: bool = "Email_Opt_Out",
        /// Telephone number; Zoho refuses text that is none.
        phone: Text = "Phone",
        /// Web address.
        website: Text = "Website",
        /// Street.
        street: Text = "Street",
        /// City.
        city: Text = "City",
        /// State.
        state: Text = "State",
        /// Postal code.
        zip_code: Text = "Zip_Code",
        /// Country.
        country: Text = "Country",
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
    }
}
