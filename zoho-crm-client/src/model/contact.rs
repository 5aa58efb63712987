//! Contacts.

use jiff::civil::Date;

use super::{DateTime, Lookup, Text};

zoho_model! {
    /// A record of `Contacts`: a person (reference: Zoho v8 section 4.3, read 2026-11). `Last_Name` is mandatory.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct Contact of "Contacts" {
        /// First name.
        first_name: Text = "First_Name",
        /// Last name.
        last_name: Text = "Last_Name",
        /// First and last name. Read only.
        full_name: Text = "Full_Name",
        /// Form of address, from a picklist.
        salutation: Text = "Salutation",
        /// The company that the person works for.
        account: Box<Lookup> = "Account_Name",
        /// The supplier that the person works for.
        vendor: Box<Lookup> = "Vendor_Name",
        /// Who the person reports to.
        reporting_to: Box<Lookup> = "Reporting_To",
        /// Position.
        title: Text = "Title",
        /// Department.
        department: Text = "Department",
        /// Where the contact came from, from a picklist.
        lead_source: Text = "Lead_Source",
        /// E-mail address; Zoho refuses text that is none. Upserts match by it unless told otherwise.
        email: Text = "Email",
        /// Second e-mail address.
        secondary_email: Text = "Secondary_Email",
        /// Whether the person wants no mails.
        email_opt_out: bool = "Email_Opt_Out",
        /// Telephone number; Zoho refuses text that is none.
        phone: Text = "Phone",
        /// Mobile number.
        mobile: Text = "Mobile",
        /// Telephone number at home.
        home_phone: Text = "Home_Phone",
        /// Another telephone number.
        other_phone: Text = "Other_Phone",
        /// Fax number.
        fax: Text = "Fax",
        /// Name of the assistant.
        assistant: Text = "Assistant",
        /// Telephone number of the assistant.
        assistant_phone: Text = "Asst_Phone",
        /// Day of birth.
        date_of_birth: Date = "Date_of_Birth",
        /// Street of the postal address.
        mailing_street: Text = "Mailing_Street",
        /// City of the postal address.
        mailing_city: Text = "Mailing_City",
        /// State of the postal address.
        mailing_state: Text = "Mailing_State",
        /// Postal code of the postal address.
        mailing_zip: Text = "Mailing_Zip",
        /// Country of the postal address.
        mailing_country: Text = "Mailing_Country",
        /// Street of the other address.
        other_street: Text = "Other_Street",
        /// City of the other address.
        other_city: Text = "Other_City",
        /// State of the other address.
        other_state: Text = "Other_State",
        /// Postal code of the other address.
        other_zip: Text = "Other_Zip",
        /// Country of the other address.
        other_country: Text = "Other_Country",
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
