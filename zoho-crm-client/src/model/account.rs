//! Accounts.

use client_core::ExactDecimal;

use super::{DateTime, Lookup, Text};

zoho_model! {
    /// A record of `Accounts`: a company (reference: Zoho v8 section 4.3, read 2026-11). `Account_Name` is mandatory.
    ///
    /// Fields whose type differs between Zoho's own sources (`SIC_Code`, `Account_Number`, `Tag`) and custom fields are
    /// in `other`.
    pub struct Account of "Accounts" {
        /// Name of the company. Up to 200 characters unless the organisation says otherwise.
        account_name: Text = "Account_Name",
        /// Name of the site or branch.
        account_site: Text = "Account_Site",
        /// Kind of business relation, from a picklist.
        account_type: Text = "Account_Type",
        /// Telephone number; Zoho refuses text that is none.
        phone: Text = "Phone",
        /// Fax number.
        fax: Text = "Fax",
        /// Web address.
        website: Text = "Website",
        /// Line of business, from a picklist.
        industry: Text = "Industry",
        /// Form of ownership, from a picklist.
        ownership: Text = "Ownership",
        /// Rating, from a picklist.
        rating: Text = "Rating",
        /// Stock exchange symbol.
        ticker_symbol: Text = "Ticker_Symbol",
        /// Revenue a year, in the record's currency.
        annual_revenue: ExactDecimal = "Annual_Revenue",
        /// Number of employees.
        employees: i64 = "Employees",
        /// Free text, not usable in COQL conditions.
        description: Text = "Description",
        /// Street of the billing address.
        billing_street: Text = "Billing_Street",
        /// City of the billing address.
        billing_city: Text = "Billing_City",
        /// State of the billing address.
        billing_state: Text = "Billing_State",
        /// Postal code of the billing address.
        billing_code: Text = "Billing_Code",
        /// Country of the billing address.
        billing_country: Text = "Billing_Country",
        /// Street of the shipping address.
        shipping_street: Text = "Shipping_Street",
        /// City of the shipping address.
        shipping_city: Text = "Shipping_City",
        /// State of the shipping address.
        shipping_state: Text = "Shipping_State",
        /// Postal code of the shipping address.
        shipping_code: Text = "Shipping_Code",
        /// Country of the shipping address.
        shipping_country: Text = "Shipping_Country",
        /// The company it belongs to.
        parent_account: Box<Lookup> = "Parent_Account",
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::model::{Field, Record};

    const JSON: &str = r#"{"Account_Name":"Müller GmbH","Phone":null,"Annual_Revenue":99999999999999.99,"Employees":12,
        "Owner":{"name":"P Boyle","id":"5725767000000411001","email":"p@example.com"},"id":"5725767000000524157",
        "Modified_Time":"2026-11-20T11:00:00+01:00","X3_Code":"BP001","Credit_Limit":12345678901234567.89,
        "$approval_state":"approved","Tag":[{"name":"vip","id":"5725767000000600001","color_code":null}]}"#;

    #[test]
    fn known_fields_are_typed_and_unknown_ones_kept() {
        let account: Account = serde_json::from_str(JSON).unwrap();
        assert_eq!(account.account_name.value().unwrap(), "Müller GmbH");
        assert_eq!(account.phone, Field::Null);
        assert_eq!(account.fax, Field::Absent);
        assert_eq!(
            account.annual_revenue.value().unwrap().to_string(),
            "99999999999999.99"
        );
        assert_eq!(account.other.text("X3_Code").unwrap().unwrap(), "BP001");
    }

    #[test]
    fn nothing_is_lost_on_the_way_to_a_record_and_back() {
        let account: Account = serde_json::from_str(JSON).unwrap();
        let record = Record::try_from(&account).unwrap();
        assert_eq!(
            record.get("Credit_Limit").unwrap().get(),
            "12345678901234567.89"
        );
        assert!(record.is_null("Phone") && !record.contains("Fax"));
        assert_eq!(Account::try_from(&record).unwrap(), account);
        let original: Record = serde_json::from_str(JSON).unwrap();
        for (name, value) in original.iter() {
            if name != "Modified_Time" {
                let kept: Value =
                    serde_json::from_str(record.get(name.as_str()).unwrap().get()).unwrap();
                assert_eq!(
                    kept,
                    serde_json::from_str::<Value>(value.get()).unwrap(),
                    "{name}"
                );
            }
        }
        assert_eq!(
            record.instant("Modified_Time"),
            original.instant("Modified_Time")
        );
    }

    #[test]
    fn only_what_is_set_is_written() {
        let account = Account {
            account_name: "Müller GmbH".into(),
            phone: Field::Null,
            employees: 12.into(),
            ..Account::default()
        };
        assert_eq!(
            serde_json::to_string(&account).unwrap(),
            r#"{"Account_Name":"Müller GmbH","Phone":null,"Employees":12}"#
        );
    }

    #[test]
    fn a_wrong_type_names_the_field() {
        let error =
            client_core::decode_json::<Account>(br#"{"id":"1","Employees":"many"}"#).unwrap_err();
        assert_eq!(error.path, "Employees");
    }
}
