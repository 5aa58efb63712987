//! A field's definition and its data type.

/// A field's type, by the word the fields metadata uses for it (reference: zoho-crm-v8 section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DataType {
    Text,
    Textarea,
    Email,
    Phone,
    Website,
    Autonumber,
    Integer,
    Bigint,
    Double,
    Percent,
    Currency,
    Boolean,
    Date,
    Datetime,
    Picklist,
    MultiPicklist,
    /// A look-up of that module.
    Lookup(String),
    Owner,
    User,
    /// A look-up of a record of any module.
    AnyRecord,
    /// Rows of that module.
    Subform(String),
    /// An array the simulator keeps as it is (taxes, tags, pricing details).
    Array,
    /// Files that were uploaded before.
    File,
    /// A picture or another value only Zoho sets.
    System,
}

impl DataType {
    /// The word in `data_type`.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Textarea => "textarea",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Website => "website",
            Self::Autonumber => "autonumber",
            Self::Integer => "integer",
            Self::Bigint => "bigint",
            Self::Double => "double",
            Self::Percent => "percent",
            Self::Currency => "currency",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Picklist => "picklist",
            Self::MultiPicklist => "multiselectpicklist",
            Self::Lookup(_) => "lookup",
            Self::Owner => "ownerlookup",
            Self::User => "userlookup",
            Self::AnyRecord => "multi_module_lookup",
            Self::Subform(_) => "subform",
            Self::Array => "jsonarray",
            Self::File => "fileupload",
            Self::System => "profileimage",
        }
    }

    /// The word in `json_type`.
    pub(crate) const fn json_type(&self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Double | Self::Percent | Self::Currency => "double",
            Self::Boolean => "boolean",
            Self::Lookup(_) | Self::Owner | Self::User | Self::AnyRecord => "jsonobject",
            Self::MultiPicklist | Self::Subform(_) | Self::Array | Self::File => "jsonarray",
            _ => "string",
        }
    }

    pub(crate) const fn is_text(&self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::Textarea
                | Self::Email
                | Self::Phone
                | Self::Website
                | Self::Autonumber
        )
    }

    pub(crate) const fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Integer | Self::Bigint | Self::Double | Self::Percent | Self::Currency
        )
    }

    pub(crate) const fn is_reference(&self) -> bool {
        matches!(
            self,
            Self::Lookup(_) | Self::Owner | Self::User | Self::AnyRecord
        )
    }
}

/// "Do not allow duplicate values".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unique {
    pub(crate) case_sensitive: bool,
}

/// A field's definition.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) api_name: String,
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) data_type: DataType,
    pub(crate) length: usize,
    pub(crate) decimals: Option<u32>,
    pub(crate) mandatory: bool,
    pub(crate) read_only: bool,
    pub(crate) custom: bool,
    pub(crate) unique: Option<Unique>,
    pub(crate) picklist: Vec<String>,
    /// Whether its values may stand for ids in `X-EXTERNAL`.
    pub(crate) external: bool,
    /// API name of the global picklist the values come from.
    pub(crate) global_picklist: Option<String>,
}

impl Field {
    pub(crate) fn new(api_name: &str, data_type: DataType, length: usize) -> Self {
        let decimals = match data_type {
            DataType::Currency | DataType::Double | DataType::Percent => Some(2),
            _ => None,
        };
        Self {
            api_name: api_name.to_owned(),
            id: String::new(),
            label: api_name.trim_end_matches("__s").replace('_', " "),
            data_type,
            length,
            decimals,
            mandatory: false,
            read_only: false,
            custom: false,
            unique: None,
            picklist: Vec::new(),
            external: false,
            global_picklist: None,
        }
    }

    /// Whether the field exists only with multi-currency.
    pub(crate) fn needs_multi_currency(&self) -> bool {
        matches!(self.api_name.as_str(), "Currency" | "Exchange_Rate")
    }

    pub(crate) const fn mandatory(mut self) -> Self {
        self.mandatory = true;
        self
    }

    pub(crate) const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Whether list reads leave the field out: subforms come only with one record (reference: section 2.2).
    pub(crate) const fn only_in_single_record(&self) -> bool {
        matches!(self.data_type, DataType::Subform(_))
    }
}
