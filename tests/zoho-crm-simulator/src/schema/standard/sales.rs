//! Accounts, contacts, leads and deals.

use super::{
    address, array, bigint, boolean, common, currency, date, datetime, email, integer, lookup,
    module, multi_currency, phone, picklist, social, text, website,
};
use crate::schema::Module;

const INDUSTRIES: &[&str] = &[
    "ASP (Application Service Provider)",
    "Data/Telecom OEM",
    "ERP (Enterprise Resource Planning)",
    "Government/Military",
    "Large Enterprise",
    "ManagementISV",
    "MSP (Management Service Provider)",
    "Network Equipment Enterprise",
    "Non-management ISV",
    "Optical Networking",
    "Service Provider",
    "Small/Medium Enterprise",
    "Storage Equipment",
    "Storage Service Provider",
    "Systems Integrator",
    "Wireless Industry",
    "Communications",
    "Consulting",
    "Education",
    "Financial Services",
    "Manufacturing",
    "Real Estate",
    "Technology",
    "Software",
];

const RATINGS: &[&str] = &[
    "Acquired",
    "Active",
    "Market Failed",
    "Project Cancelled",
    "Shut Down",
];

const LEAD_SOURCES: &[&str] = &[
    "Advertisement",
    "Cold Call",
    "Employee Referral",
    "External Referral",
    "Online Store",
    "Partner",
    "Public Relations",
    "Sales Email Alias",
    "Seminar Partner",
    "Internal Seminar",
    "Trade Show",
    "Web Download",
    "Web Research",
    "Chat",
];

const SALUTATIONS: &[&str] = &["Mr.", "Mrs.", "Ms.", "Dr.", "Prof."];

pub(super) fn accounts() -> Module {
    let mut fields = vec![
        text("Account_Name", 200).mandatory(),
        phone("Phone"),
        text("Fax", 30),
        website("Website"),
        text("Account_Site", 80),
        text("Ticker_Symbol", 30),
        picklist(
            "Account_Type",
            &[
                "Analyst",
                "Competitor",
                "Customer",
                "Distributor",
                "Integrator",
                "Investor",
                "Other",
                "Partner",
                "Press",
                "Prospect",
                "Reseller",
                "Supplier",
                "Vendor",
            ],
        ),
        picklist("Industry", INDUSTRIES),
        picklist(
            "Ownership",
            &[
                "Other",
                "Private",
                "Public",
                "Subsidiary",
                "Partnership",
                "Government",
            ],
        ),
        picklist("Rating", RATINGS),
        currency("Annual_Revenue"),
        integer("Employees"),
        bigint("SIC_Code"),
        bigint("Account_Number"),
        lookup("Parent_Account", "Accounts"),
        array("Territories"),
    ];
    address(&mut fields, "Billing_");
    address(&mut fields, "Shipping_");
    common(&mut fields);
    social(&mut fields);
    multi_currency(&mut fields);
    module("Accounts", "Account", "Account_Name", false, fields)
}

pub(super) fn contacts() -> Module {
    let mut fields = vec![
        text("Last_Name", 80).mandatory(),
        text("First_Name", 40),
        text("Full_Name", 150).read_only(),
        picklist("Salutation", SALUTATIONS),
        email("Email"),
        email("Secondary_Email"),
        phone("Phone"),
        phone("Mobile"),
        phone("Home_Phone"),
        phone("Other_Phone"),
        phone("Asst_Phone"),
        text("Assistant", 80),
        text("Department", 100),
        text("Title", 100),
        text("Fax", 30),
        text("Skype_ID", 50),
        text("Twitter", 50),
        text("Reports_To", 100),
        picklist("Lead_Source", LEAD_SOURCES),
        boolean("Email_Opt_Out"),
        date("Date_of_Birth"),
        lookup("Account_Name", "Accounts"),
        lookup("Reporting_To", "Contacts"),
        lookup("Vendor_Name", "Vendors"),
        array("Territories"),
    ];
    for prefix in ["Mailing_", "Other_"] {
        for (part, length) in [
            ("Street", 250),
            ("City", 100),
            ("State", 100),
            ("Zip", 30),
            ("Country", 100),
        ] {
            fields.push(text(&format!("{prefix}{part}"), length));
        }
    }
    common(&mut fields);
    social(&mut fields);
    multi_currency(&mut fields);
    module("Contacts", "Contact", "Email", false, fields)
}

pub(super) fn leads() -> Module {
    let mut fields = vec![
        text("Last_Name", 80).mandatory(),
        text("Company", 200).mandatory(),
        text("First_Name", 40),
        text("Full_Name", 150).read_only(),
        picklist("Salutation", SALUTATIONS),
        email("Email"),
        email("Secondary_Email"),
        phone("Phone"),
        phone("Mobile"),
        text("Fax", 30),
        website("Website"),
        text("Designation", 100),
        text("Skype_ID", 50),
        text("Twitter", 50),
        text("Street", 250),
        text("City", 100),
        text("State", 100),
        text("Zip_Code", 30),
        text("Country", 100),
        picklist("Industry", INDUSTRIES),
        picklist("Lead_Source", LEAD_SOURCES),
        picklist(
            "Lead_Status",
            &[
                "Attempted to Contact",
                "Contact in Future",
                "Contacted",
                "Junk Lead",
                "Lost Lead",
                "Not Contacted",
                "Pre-Qualified",
                "Not Qualified",
            ],
        ),
        picklist("Rating", RATINGS),
        currency("Annual_Revenue"),
        integer("No_of_Employees"),
        integer("Lead_Conversion_Time").read_only(),
        boolean("Email_Opt_Out"),
        boolean("Converted__s").read_only(),
        datetime("Converted_Date_Time").read_only(),
        lookup("Converted_Account", "Accounts").read_only(),
        lookup("Converted_Contact", "Contacts").read_only(),
        lookup("Converted_Deal", "Deals").read_only(),
        array("Territories"),
    ];
    common(&mut fields);
    social(&mut fields);
    multi_currency(&mut fields);
    module("Leads", "Lead", "Email", false, fields)
}

pub(super) fn deals() -> Module {
    let mut fields = vec![
        text("Deal_Name", 120).mandatory(),
        picklist(
            "Stage",
            &[
                "Qualification",
                "Needs Analysis",
                "Value Proposition",
                "Identify Decision Makers",
                "Proposal/Price Quote",
                "Negotiation/Review",
                "Closed Won",
                "Closed Lost",
                "Closed Lost to Competition",
            ],
        )
        .mandatory(),
        picklist("Pipeline", &["Standard (Standard)"]),
        date("Closing_Date"),
        currency("Amount"),
        currency("Expected_Revenue"),
        integer("Probability"),
        text("Next_Step", 100),
        picklist("Type", &["Existing Business", "New Business"]),
        picklist("Lead_Source", LEAD_SOURCES),
        picklist(
            "Reason_For_Loss__s",
            &[
                "Expectation Mismatch",
                "Price",
                "Unqualified Customer",
                "Missed Follow Ups",
                "Wrong Target",
                "Competition",
                "Future Interest",
                "Other",
            ],
        ),
        lookup("Account_Name", "Accounts"),
        lookup("Contact_Name", "Contacts"),
        integer("Lead_Conversion_Time").read_only(),
        integer("Overall_Sales_Duration").read_only(),
        integer("Sales_Cycle_Duration").read_only(),
        datetime("Last_Activity_Time").read_only(),
        datetime("Change_Log_Time__s").read_only(),
    ];
    common(&mut fields);
    multi_currency(&mut fields);
    module("Deals", "Deal", "Deal_Name", false, fields)
}
