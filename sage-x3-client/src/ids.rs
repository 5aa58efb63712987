//! Codes and names as X3 knows them. All are text.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text that cannot be the code or name it was meant to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: {reason}")]
pub struct InvalidName {
    pub(crate) what: &'static str,
    pub(crate) text: String,
    pub(crate) reason: &'static str,
}

/// A code: any text that is not empty and holds no control character. X3 keeps most codes in upper case; the text is
/// taken as it is, because only the server knows its own rules.
macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes `text` as it is.
            ///
            /// # Errors
            /// [`InvalidName`] when it is blank or holds a control character.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
                check_code($what, text.into()).map(Self)
            }

            /// The code as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidName;

            fn try_from(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

code! {
    /// Key of a record of any node: what its `_id` holds. For most nodes it is the record's code; keys of several parts are
    /// joined by `|`. Source: reference sage-x3 section 3.7.
    RecordId, "record key"
}
code! {
    /// Code of a customer (column `BPCNUM`), shared with its business partner. Also the node's `_id`.
    CustomerCode, "customer code"
}
code! {
    /// Code of a business partner (column `BPRNUM`), shared by its roles of customer and supplier.
    BusinessPartnerCode, "business partner code"
}
code! {
    /// Code of a supplier (column `BPSNUM`), shared with its business partner.
    SupplierCode, "supplier code"
}
code! {
    /// Code of a product (column `ITMREF`).
    ProductCode, "product code"
}
code! {
    /// Code of a unit of measure, such as `UN`.
    UnitCode, "unit code"
}
code! {
    /// Code of a site (column `FCY`), such as `FR011`.
    SiteCode, "site code"
}
code! {
    /// Code of a company (column `CPY`).
    CompanyCode, "company code"
}
code! {
    /// Code of a payment term (column `PTE`).
    PaymentTermCode, "payment term code"
}
code! {
    /// Code of a sales order type (column `SOHTYP`), which drives category and numbering.
    OrderTypeCode, "sales order type code"
}
code! {
    /// Number of a sales order (column `SOHNUM`).
    SalesOrderId, "sales order number"
}
code! {
    /// Number of a delivery (column `SDHNUM`).
    SalesDeliveryId, "delivery number"
}
code! {
    /// Number of a sales invoice (column `NUM`), which is also the number of its document in accounting.
    InvoiceId, "invoice number"
}
code! {
    /// Number of a purchase order (column `POHNUM`).
    PurchaseOrderId, "purchase order number"
}
code! {
    /// Code of a chart of accounts (column `COA`).
    ChartCode, "chart of accounts code"
}
code! {
    /// Code of an account of the general ledger within its chart (column `ACC`).
    AccountCode, "account code"
}
code! {
    /// Code of a customer category (column `BCGCOD`), which supplies a new customer's defaults.
    CategoryCode, "customer category code"
}
code! {
    /// Code of a currency, such as `EUR`.
    CurrencyCode, "currency code"
}
code! {
    /// Code of a country, such as `FR`.
    CountryCode, "country code"
}
code! {
    /// Code of a language, such as `FRA`.
    LanguageCode, "language code"
}
code! {
    /// Code of a contact within its business partner (column `CCNCRM`).
    ContactCode, "contact code"
}
code! {
    /// Code of a tax (column `VAT`).
    TaxCode, "tax code"
}
code! {
    /// Code of an address within its customer (column `BPAADD`), such as `A1`.
    AddressCode, "address code"
}

/// Codes that are the whole key of their node.
macro_rules! record_keys {
    ($($name:ident),*) => {
        $(
            impl From<&$name> for RecordId {
                fn from(code: &$name) -> Self {
                    Self(code.0.clone())
                }
            }

            impl crate::records::sealed::Key for $name {}

            impl crate::RecordKey for $name {
                fn record_id(&self) -> RecordId {
                    self.into()
                }

                fn from_record_id(id: RecordId) -> Result<Self, InvalidName> {
                    Ok(Self(id.0))
                }
            }
        )*
    };
}

record_keys!(
    BusinessPartnerCode,
    CompanyCode,
    CurrencyCode,
    CustomerCode,
    InvoiceId,
    PaymentTermCode,
    ProductCode,
    PurchaseOrderId,
    SalesDeliveryId,
    SalesOrderId,
    SiteCode,
    SupplierCode
);

impl RecordId {
    /// The key of a record whose key has several parts. An empty part is written as a single space. Source: reference
    /// sage-x3 section 3.7.
    ///
    /// ```
    /// use sage_x3_client::RecordId;
    ///
    /// assert_eq!(RecordId::of_parts(["PROD01", ""])?.as_str(), "PROD01| ");
    /// # Ok::<(), sage_x3_client::InvalidName>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidName`] when all parts are blank, or one holds a control character or the separator.
    pub fn of_parts<T: AsRef<str>>(
        parts: impl IntoIterator<Item = T>,
    ) -> Result<Self, InvalidName> {
        let mut text = String::new();
        let mut separator = "";
        for part in parts {
            let part = part.as_ref();
            if part.contains('|') {
                return Err(InvalidName {
                    what: "part of a record key",
                    text: part.to_owned(),
                    reason: "it holds the separator of parts",
                });
            }
            text.push_str(separator);
            text.push_str(if part.is_empty() { " " } else { part });
            separator = "|";
        }
        Self::new(text)
    }

    /// The parts of the key; an empty part is empty text.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0
            .split('|')
            .map(|part| if part == " " { "" } else { part })
    }

    /// The key of two codes, which are neither blank nor hold the separator where X3 made them.
    pub(crate) fn joined(first: &str, second: &str) -> Self {
        Self(format!("{first}|{second}"))
    }

    /// The key as exactly two parts.
    pub(crate) fn two_parts(&self, what: &'static str) -> Result<(&str, &str), InvalidName> {
        let mut parts = self.parts();
        match (parts.next(), parts.next(), parts.next()) {
            (Some(first), Some(second), None) => Ok((first, second)),
            _ => Err(InvalidName {
                what,
                text: self.0.clone(),
                reason: "it does not have two parts",
            }),
        }
    }
}

fn check_code(what: &'static str, text: String) -> Result<String, InvalidName> {
    // Most codes are plain, and need no look at what Unicode says of them.
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text);
    }
    let reason = if text.trim().is_empty() {
        "it is blank"
    } else if text.chars().any(char::is_control) {
        "it holds a control character"
    } else {
        return Ok(text);
    };
    Err(InvalidName { what, text, reason })
}

/// Name of the Syracuse endpoint (dataset), which is not necessarily the folder's code. Sent as `x-xtrem-endpoint`.
/// Source: reference sage-x3 section 1.3.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointName(String);

impl EndpointName {
    /// Takes `text` as it is.
    ///
    /// # Errors
    /// [`InvalidName`] when it is blank or cannot stand in an HTTP header.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
        let what = "endpoint name";
        let text = check_code(what, text.into())?;
        if text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ')
            && text.trim() == text
        {
            return Ok(Self(text));
        }
        let reason = "only printable ASCII can stand in the x-xtrem-endpoint header";
        Err(InvalidName { what, text, reason })
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Name of a field of a node: letters, digits and underscores, as GraphQL has it, and not an operator of the filter
/// language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldName(String);

/// Members of a filter object that are operators and not fields. Source: reference sage-x3 section 3.5.
const OPERATORS: [&str; 21] = [
    "_and",
    "_or",
    "_not",
    "_nor",
    "_eq",
    "_ne",
    "_gt",
    "_gte",
    "_lt",
    "_lte",
    "_in",
    "_nin",
    "_regex",
    "_options",
    "_mod",
    "_atLeast",
    "_atMost",
    "_every",
    "_none",
    "_contains",
    "_fn",
];

impl FieldName {
    /// Takes `text` as it is.
    ///
    /// # Errors
    /// [`InvalidName`] when it is no GraphQL name, or an operator.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
        let text = text.into();
        let mut bytes = text.bytes();
        let first = bytes
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        let reason = if !first || !bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            "a field name consists of letters, digits and underscores and does not begin with a digit"
        } else if text.starts_with("__") {
            "names that begin with two underscores belong to introspection"
        } else if text.starts_with('_') && OPERATORS.contains(&text.as_str()) {
            "it is an operator of the filter language"
        } else {
            return Ok(Self(text));
        };
        Err(InvalidName {
            what: "field name",
            text,
            reason,
        })
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<&str> for FieldName {
    type Error = InvalidName;

    fn try_from(text: &str) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl TryFrom<String> for FieldName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl From<FieldName> for String {
    fn from(name: FieldName) -> Self {
        name.0
    }
}

impl std::borrow::Borrow<str> for FieldName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_codes_are_refused_with_a_sentence() {
        let error = CustomerCode::new("  ").unwrap_err();
        assert_eq!(error.to_string(), "`  ` is no customer code: it is blank");
        assert!(CustomerCode::new("NA\n001").is_err());
        assert_eq!(CustomerCode::new("NA001").unwrap().as_str(), "NA001");
    }

    #[test]
    fn an_endpoint_name_must_fit_into_a_header() {
        assert!(EndpointName::new("REPOSX3_SEED").is_ok());
        assert!(EndpointName::new("SÉED").is_err());
        assert!(EndpointName::new("SEED\r\nx: y").is_err());
    }

    #[test]
    fn operators_and_syntax_are_no_field_names() {
        assert!(FieldName::new("_updateStamp").is_ok());
        assert!(FieldName::new("yZone2").is_ok());
        for bad in ["", "2x", "a-b", "a b", "a{b}", "__typename", "_or", "_eq"] {
            assert!(FieldName::new(bad).is_err(), "{bad}");
        }
    }
}
