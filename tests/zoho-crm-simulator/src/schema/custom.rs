//! Custom fields, as a test or an admin call describes them.

use serde::{Deserialize, Serialize};

use super::field::{DataType, Field, Unique};

/// A custom field of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomField {
    /// Module the field belongs to.
    pub module: String,
    /// API name.
    pub api_name: String,
    /// Type by its metadata word: text, textarea, email, phone, website, integer, bigint, double, percent, currency,
    /// boolean, date, datetime, picklist, multiselectpicklist, fileupload, lookup.
    pub data_type: String,
    /// Longest text, or most digits; `None` takes the type's default.
    #[serde(default)]
    pub length: Option<usize>,
    /// Whether duplicate values are refused.
    #[serde(default)]
    pub unique: bool,
    /// Whether case counts when looking for duplicates.
    #[serde(default)]
    pub case_sensitive: bool,
    /// Whether a record needs a value.
    #[serde(default)]
    pub mandatory: bool,
    /// Values of a picklist.
    #[serde(default)]
    pub picklist: Vec<String>,
    /// Module a look-up refers to.
    #[serde(default)]
    pub lookup: Option<String>,
    /// Label people see; made from the API name when absent.
    #[serde(default)]
    pub label: Option<String>,
    /// Whether its values may stand for record ids in the header `X-EXTERNAL`; such a field is unique.
    #[serde(default)]
    pub external: bool,
    /// API name of the global picklist whose values a picklist offers.
    #[serde(default)]
    pub global_picklist: Option<String>,
}

impl CustomField {
    /// A field of that type, optional and not unique.
    #[must_use]
    pub fn new(module: &str, api_name: &str, data_type: &str) -> Self {
        Self {
            module: module.to_owned(),
            api_name: api_name.to_owned(),
            data_type: data_type.to_owned(),
            length: None,
            unique: false,
            case_sensitive: false,
            mandatory: false,
            picklist: Vec::new(),
            lookup: None,
            label: None,
            external: false,
            global_picklist: None,
        }
    }

    /// Refuses duplicate values, whatever their case.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Sets the greatest length.
    #[must_use]
    pub const fn length(mut self, length: usize) -> Self {
        self.length = Some(length);
        self
    }

    /// Requires a value.
    #[must_use]
    pub const fn mandatory(mut self) -> Self {
        self.mandatory = true;
        self
    }

    /// Sets the values of a picklist.
    #[must_use]
    pub fn values(mut self, values: &[&str]) -> Self {
        self.picklist = values.iter().map(|value| (*value).to_owned()).collect();
        self
    }

    /// Sets the module a look-up refers to.
    #[must_use]
    pub fn to_module(mut self, module: &str) -> Self {
        self.lookup = Some(module.to_owned());
        self
    }

    /// Lets its values stand for record ids.
    #[must_use]
    pub const fn external(mut self) -> Self {
        self.external = true;
        self
    }

    /// Takes the values of a picklist from a global one.
    #[must_use]
    pub fn values_of(mut self, global_picklist: &str) -> Self {
        self.global_picklist = Some(global_picklist.to_owned());
        self
    }

    /// The custom fields every simulated organisation starts with: an ERP's code, its credit data and its VAT number on
    /// accounts, and unique keys on the modules an ERP writes to.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        vec![
            Self::new("Accounts", "X3_Code", "text").length(50).unique(),
            Self::new("Accounts", "X3_Credit_Limit", "currency"),
            Self::new("Accounts", "X3_Credit_Balance", "currency"),
            Self::new("Accounts", "X3_Credit_Status", "text").length(50),
            Self::new("Accounts", "VAT_Number", "text").length(30),
            Self::new("Accounts", "X3_Currency", "text").length(3),
            Self::new("Accounts", "X3_Active", "boolean"),
            Self::new("Contacts", "X3_Code", "text").length(50).unique(),
            Self::new("Leads", "X3_Code", "text").length(50).unique(),
            Self::new("Deals", "X3_Order_Number", "text")
                .length(50)
                .unique(),
            Self::new("Products", "X3_Code", "text").length(50).unique(),
            Self::new("Vendors", "X3_Code", "text").length(50).unique(),
            Self::new("Sales_Orders", "X3_Code", "text")
                .length(50)
                .unique(),
            Self::new("Purchase_Orders", "X3_Code", "text")
                .length(50)
                .unique(),
            Self::new("Invoices", "X3_Code", "text").length(50).unique(),
        ]
    }

    /// The field's definition; `None` for an unknown type or a look-up without a module.
    pub(crate) fn to_field(&self) -> Option<Field> {
        let (data_type, length) = match self.data_type.as_str() {
            "text" => (DataType::Text, 255),
            "textarea" => (DataType::Textarea, 32_000),
            "email" => (DataType::Email, 100),
            "phone" => (DataType::Phone, 30),
            "website" => (DataType::Website, 450),
            "integer" => (DataType::Integer, 9),
            "bigint" => (DataType::Bigint, 18),
            "double" => (DataType::Double, 16),
            "percent" => (DataType::Percent, 5),
            "currency" => (DataType::Currency, 16),
            "boolean" => (DataType::Boolean, 5),
            "date" => (DataType::Date, 20),
            "datetime" => (DataType::Datetime, 120),
            "picklist" => (DataType::Picklist, 120),
            "multiselectpicklist" => (DataType::MultiPicklist, 2_000),
            "fileupload" => (DataType::File, 255),
            "lookup" => (DataType::Lookup(self.lookup.clone()?), 120),
            _ => return None,
        };
        let mut field = Field::new(&self.api_name, data_type, self.length.unwrap_or(length));
        field.custom = true;
        field.mandatory = self.mandatory;
        field.picklist.clone_from(&self.picklist);
        field.global_picklist.clone_from(&self.global_picklist);
        if let Some(label) = &self.label {
            field.label.clone_from(label);
        }
        field.external = self.external;
        field.unique = (self.unique || self.external).then_some(Unique {
            case_sensitive: self.case_sensitive,
        });
        Some(field)
    }
}
