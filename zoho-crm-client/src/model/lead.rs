//! Leads.

use client_core::ExactDecimal;

use super::{DateTime, Lookup, Text};

zoho_model! {
    /// A record of `Leads`: somebody who may become a customer (reference: Zoho v8 section 4.3, read 2026-11). `Last_Name` is mandatory, `Company` by the default layout.
    ///
    /// Further standard fields and custom ones are in `other`.
    pub struct Lead of "Leads" {
        /// First name.
        first_name: Text = "First_Name",
        /// Last name.
        last_name: Text = "Last_Name",
        /// First and last name. Read only.
        full_name: Text = "Full_Name",
        /// Form of address, from a picklist.
        salutation: Text = "Salutation",
        /// Name of the company.
        company: Text = "Company",
        /// Position.
        designation: Text = "Designation",
        /// Line of business, from a picklist.
        industry: Text = "Industry",
        /// Revenue a year of the company.
        annual_revenue: ExactDecimal = "Annual_Revenue",
        /// Number of employees.
        employees: i64 = "No_of_Employees",
        /// Where the lead came from, from a picklist.
        lead_source: Text = "Lead_Source",
        /// How far it is, from a picklist.
        lead_status: Text = "Lead_Status",
        /// Rating, from a picklist.
        rating: Text = "Rating",
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
        /// Fax number.
        fax: Text = "Fax",
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
        /// Whether it was converted. Read only.
        converted: bool = "Converted__s",
        /// When it was converted. Read only.
        converted_time: DateTime = "Converted_Date_Time",
        /// The account that it became. Read only.
        converted_account: Box<Lookup> = "Converted_Account",
        /// The contact that it became. Read only.
        converted_contact: Box<Lookup> = "Converted_Contact",
        /// The deal that it became. Read only.
        converted_deal: Box<Lookup> = "Converted_Deal",
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
    }
}
