//! Addresses.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use crate::ids::CountryCode;

/// An address of a customer (node `customerAddress`, table `BPADDRESS`). Empty text means that X3 holds nothing.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Address {
    /// Code within the customer, such as `A1`.
    pub code: String,
    /// Description.
    pub description: String,
    /// Whether it is the customer's default address.
    pub is_default: Option<bool>,
    /// Address lines by their place, counted from 1. X3 has up to 3.
    pub lines: BTreeMap<u8, String>,
    /// Postal code.
    pub zip_code: String,
    /// City.
    pub city: String,
    /// State or region.
    pub state: String,
    /// Country.
    pub country: Option<CountryCode>,
    /// Telephone numbers by their place, counted from 1. X3 has up to 5.
    pub phones: BTreeMap<u8, String>,
    /// E-mail addresses by their place, counted from 1. X3 has up to 5.
    pub emails: BTreeMap<u8, String>,
    /// Web site.
    pub website: String,
    /// When the address was last changed. It has a stamp of its own: the customer's may not move with it.
    pub updated_at: Option<Timestamp>,
}

impl fmt::Debug for Address {
    /// Shows which address it is and no personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("code", &self.code)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}
