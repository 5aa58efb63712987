//! Customers.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::Address;
use crate::ids::{CategoryCode, CountryCode, CurrencyCode, CustomerCode, FieldName, LanguageCode};

/// A customer with what belongs to its business partner. Empty text means that X3 holds nothing: its texts are never
/// null. Source: reference sage-x3 section 3.11.
#[derive(Clone)]
#[non_exhaustive]
pub struct Customer {
    /// Code, shared with the business partner.
    pub code: CustomerCode,
    /// Category.
    pub category: Option<CategoryCode>,
    /// First company name (of the business partner).
    pub company_name_1: String,
    /// Second company name (of the business partner).
    pub company_name_2: String,
    /// Short company name (of the business partner).
    pub short_company_name: String,
    /// VAT number in the European Union (of the business partner).
    pub european_union_vat_number: String,
    /// Country (of the business partner).
    pub country: Option<CountryCode>,
    /// Language (of the business partner).
    pub language: Option<LanguageCode>,
    /// Whether the customer is active. X3 deactivates rather than deletes.
    pub is_active: Option<bool>,
    /// Currency.
    pub currency: Option<CurrencyCode>,
    /// Credit control, by the name of the enumeration's member.
    pub credit_control: Option<String>,
    /// Authorised credit, in the currency that the site's risk management uses.
    pub authorized_credit_amount: Option<Decimal>,
    /// Smallest order, in the customer's currency.
    pub minimum_order_amount: Option<Decimal>,
    /// Notes.
    pub notes: String,
    /// The default address.
    pub default_address: Option<Address>,
    /// All addresses, if they were asked for.
    pub addresses: Option<Vec<Address>>,
    /// When the customer was created.
    pub created_at: Option<Timestamp>,
    /// When the customer's own row was last changed. Rows of its addresses and its business partner have stamps of
    /// their own. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// When the row of its business partner was last changed.
    pub partner_updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

impl fmt::Debug for Customer {
    /// Shows which customer it is and no personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer")
            .field("code", &self.code)
            .field("updated_at", &self.updated_at)
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
