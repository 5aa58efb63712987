//! Contacts.

use jiff::civil::Date;

use super::{DateTime, Lookup};

zoho_model! {
    /// A record of `Contacts`: a person (reference: Zoho v8 section 4.3, read 2026-11). `Last_Name` is mandatory.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct Contact of "Contacts" {
        /// First name.
        first_name: String = "First_Name",
        /// Last name.
        last_name: String = "Last_Name",
        /// First and last name. Read only.
        full_name: String = "Full_Name",
        /// Form of address, from a picklist.
        salutation: String = "Salutation",
        /// The company that the person works for.
        account: Lookup = "Account_Name",
        /// The supplier that the person works for.
        vendor: Lookup = "Vendor_Name",
        /// Who the person reports to.
        reporting_to: Lookup = "Reporting_To",
        /// Position.
        title: String = "Title",
        /// Department.
        department: String = "Department",
        /// Where the contact came from, from a picklist.
        lead_source: String = "Lead_Source",
        /// E-mail address; Zoho refuses text that is none. Upserts match by it unless told otherwise.
        email: String = "Email",
        /// Second e-mail address.
        secondary_email: String = "Secondary_Email",
        /// Whether the person wants no mails.
        email_opt_out: bool = "Email_Opt_Out",
        /// Telephone number; Zoho refuses text that is none.
        phone: String = "Phone",
        /// Mobile number.
        mobile: String = "Mobile",
        /// Telephone number at home.
        home_phone: String = "Home_Phone",
        /// Another telephone number.
        other_phone: String = "Other_Phone",
        /// Fax number.
        fax: String = "Fax",
        /// Name of the assistant.
        assistant: String = "Assistant",
        /// Telephone number of the assistant.
        assistant_phone: String = "Asst_Phone",
        /// Day of birth.
        date_of_birth: Date = "Date_of_Birth",
        /// Street of the postal address.
        mailing_street: String = "Mailing_Street",
        /// City of the postal address.
        mailing_city: String = "Mailing_City",
        /// State of the postal address.
        mailing_state: String = "Mailing_State",
        /// Postal code of the postal address.
        mailing_zip: String = "Mailing_Zip",
        /// Country of the postal address.
        mailing_country: String = "Mailing_Country",
        /// Street of the other address.
        other_street: String = "Other_Street",
        /// City of the other address.
        other_city: String = "Other_City",
        /// State of the other address.
        other_state: String = "Other_State",
        /// Postal code of the other address.
        other_zip: String = "Other_Zip",
        /// Country of the other address.
        other_country: String = "Other_Country",
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
