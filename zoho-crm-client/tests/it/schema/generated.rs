zoho_crm_client::zoho_model! {
    /// A record of `Machines`.
    pub struct Machines of "Machines" {
        /// `Machine 'Name'`, text, must have a value.
        name: zoho_crm_client::Text = "Name",
        /// `Serial number`, text, unique.
        serial_no: zoho_crm_client::Text = "Serial_No",
        /// `Site`, lookup, of `Accounts`, must have a value.
        site: zoho_crm_client::Lookup = "Site",
        /// `Rent`, currency.
        rent: zoho_crm_client::ExactDecimal = "Rent",
        /// `Count`, integer.
        count: zoho_crm_client::Integer = "Count",
        /// `Bought`, date.
        bought: jiff::civil::Date = "Bought",
        /// `Modified Time`, datetime, read only.
        modified_time: zoho_crm_client::DateTime = "Modified_Time",
        /// `In use`, boolean.
        in_use: bool = "In_Use",
        /// `State`, picklist.
        state: zoho_crm_client::Text = "State",
        /// `Functions`, multiselectpicklist.
        functions: Vec<String> = "Functions",
        /// `Yearly`, formula, read only.
        yearly: zoho_crm_client::ExactDecimal = "Yearly",
        /// `Type`, text.
        r#type: zoho_crm_client::Text = "Type",
        /// `Machine Owner`, ownerlookup.
        owner: zoho_crm_client::Lookup = "Owner",
    } with rows {
        /// `Parts`, subform.
        parts: MachineParts = "Parts",
    }
}

/// What [`Machines`] was made from, for `ZohoClient::check_schema`.
pub const MACHINES: zoho_crm_client::schema::ExpectedModule = zoho_crm_client::schema::ExpectedModule {
    api_name: "Machines",
    fields: &[
        zoho_crm_client::schema::ExpectedField { api_name: "id", id: "5725767000000000001", data_type: "bigint", mandatory: false, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "Name", id: "5725767000000000002", data_type: "text", mandatory: true, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "Serial_No", id: "5725767000000000003", data_type: "text", mandatory: false, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "Site", id: "5725767000000000004", data_type: "lookup", mandatory: true, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "Rent", id: "5725767000000000005", data_type: "currency", mandatory: false, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "Count", id: "5725767000000000006", data_type: "integer", mandatory: false, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "Bought", id: "5725767000000000007", data_type: "date", mandatory: false, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "Modified_Time", id: "5725767000000000008", data_type: "datetime", mandatory: false, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "In_Use", id: "5725767000000000009", data_type: "boolean", mandatory: false, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "State", id: "5725767000000000010", data_type: "picklist", mandatory: false, picklist: &["new", "used"] },
        zoho_crm_client::schema::ExpectedField { api_name: "Functions", id: "5725767000000000011", data_type: "multiselectpicklist", mandatory: false, picklist: &["cut", "drill \"fast\""] },
        zoho_crm_client::schema::ExpectedField { api_name: "Yearly", id: "5725767000000000012", data_type: "formula", mandatory: false, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "Parts", id: "5725767000000000013", data_type: "subform", mandatory: false, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "Type", id: "5725767000000000014", data_type: "text", mandatory: false, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "Pictures", id: "5725767000000000015", data_type: "imageupload", mandatory: false, picklist: &[] },
        zoho_crm_client::schema::ExpectedField { api_name: "Owner", id: "5725767000000000016", data_type: "ownerlookup", mandatory: false, picklist: &[] },
    ],
};

zoho_crm_client::zoho_model! {
    /// A row of `Machine_Parts`.
    pub struct MachineParts {
        /// `Part number`, text.
        part_number: zoho_crm_client::Text = "Part_Number",
        /// `Quantity`, double.
        quantity: zoho_crm_client::ExactDecimal = "Quantity",
    }
}
