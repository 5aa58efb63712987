//! Pools and publications of classic web services.

use serde::{Deserialize, Serialize};

/// A pool of X3 processes that serves classic web services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoapPool {
    /// Its alias.
    pub alias: String,
    /// The endpoint whose data it serves.
    pub endpoint: String,
    /// Whether an administrator started it.
    pub started: bool,
}

/// An object published as a classic web service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoapPublication {
    /// The name the site gave it.
    pub public_name: String,
    /// The object: `BPC`, `SOH`, `BPS`, `ITM` or `BIC`.
    pub object: String,
}

impl SoapPublication {
    /// An object under a name.
    pub fn new(public_name: impl Into<String>, object: impl Into<String>) -> Self {
        Self {
            public_name: public_name.into(),
            object: object.into(),
        }
    }
}
