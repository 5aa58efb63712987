//! The records, and what a caller who knows their fields declares.

use client_core::ExactDecimal;
use serde::{Deserialize, Serialize};
use zoho_crm_client::{DateTime, Model, RecordId, TypedModule, WriteRow};

/// Records read in a round.
pub(crate) const RECORDS: u32 = 20_000;
/// Records written in a round.
pub(crate) const ROWS: u32 = 10_000;
/// Rounds in a run.
pub(crate) const ROUNDS: u32 = 4;
/// Records on a page.
pub(crate) const PAGE: u32 = 200;
/// Rows of a bulk read's page, and its pages.
pub(crate) const BULK_ROWS: u32 = 200_000;
pub(crate) const BULK_PAGES: u32 = 5;

/// One struct for the floor and for the client: both read the same fields into the same types.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "some fields are only read from JSON")]
pub(crate) struct Company {
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<RecordId>,
    #[serde(rename = "Account_Name")]
    pub(crate) account_name: String,
    #[serde(rename = "X3_Code")]
    pub(crate) x3_code: String,
    pub(crate) phone: Option<String>,
    pub(crate) website: Option<String>,
    pub(crate) industry: Option<String>,
    #[serde(rename = "Account_Type")]
    pub(crate) account_type: Option<String>,
    #[serde(rename = "Billing_Street")]
    pub(crate) billing_street: Option<String>,
    #[serde(rename = "Billing_City")]
    pub(crate) billing_city: Option<String>,
    #[serde(rename = "Billing_Code")]
    pub(crate) billing_code: Option<String>,
    #[serde(rename = "Billing_Country")]
    pub(crate) billing_country: Option<String>,
    #[serde(rename = "Annual_Revenue")]
    pub(crate) annual_revenue: Option<ExactDecimal>,
    pub(crate) employees: Option<i64>,
    pub(crate) description: Option<String>,
    #[serde(rename = "Credit_Limit")]
    pub(crate) credit_limit: Option<ExactDecimal>,
    #[serde(rename = "Payment_Terms")]
    pub(crate) payment_terms: Option<String>,
    #[serde(skip_serializing)]
    pub(crate) owner: Option<Person>,
    #[serde(rename = "Created_Time", skip_serializing)]
    pub(crate) created_time: Option<DateTime>,
    #[serde(rename = "Modified_Time", skip_serializing)]
    pub(crate) modified_time: Option<DateTime>,
}

#[derive(Clone, Deserialize)]
#[expect(dead_code, reason = "only read from JSON")]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

pub(crate) const FIELDS: &[&str] = &[
    "Account_Name",
    "X3_Code",
    "Phone",
    "Website",
    "Industry",
    "Account_Type",
    "Billing_Street",
    "Billing_City",
    "Billing_Code",
    "Billing_Country",
    "Annual_Revenue",
    "Employees",
    "Description",
    "Credit_Limit",
    "Payment_Terms",
    "Owner",
    "Created_Time",
    "Modified_Time",
];

impl Model for Company {
    fn record_id(&self) -> Option<RecordId> {
        self.id.clone()
    }

    fn fields() -> &'static [&'static str] {
        FIELDS
    }
}

impl WriteRow for Company {}

impl TypedModule for Company {
    const API_NAME: &'static str = "Accounts";
}

/// A record as Zoho lists it.
pub(crate) fn record(number: u32) -> String {
    format!(
        r#"{{"Account_Name":"Müller & Söhne {number} GmbH","X3_Code":"BP{number:06}","Phone":"+41 44 555 {number:04}","Website":"https://www.example-{number}.ch","Industry":"Manufacturing","Account_Type":"Customer","Billing_Street":"Bahnhofstrasse {number}","Billing_City":"Zürich","Billing_Code":"8001","Billing_Country":"Switzerland","Annual_Revenue":1{number}25.50,"Employees":{number},"Description":null,"Credit_Limit":50000.00,"Payment_Terms":"NET30","Owner":{{"name":"Patricia Boyle","id":"5725767000000411001","email":"p.boyle@example.com"}},"Created_Time":"2026-03-04T10:11:12+01:00","Modified_Time":"2026-11-20T11:00:00+01:00","id":"57257670000{number:08}"}}"#
    )
}

/// Records to be written.
pub(crate) fn companies() -> Vec<Company> {
    let read = |number| serde_json::from_str::<Company>(&record(number)).unwrap();
    let fresh = |number| Company {
        id: None,
        ..read(number)
    };
    (0..ROWS).map(fresh).collect()
}
