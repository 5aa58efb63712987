//! A token as JSON, for the stores that keep bytes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{RefreshLease, StoredToken};

#[derive(Serialize, Deserialize)]
pub(super) struct TokenForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_lease: Option<LeaseForm>,
}

#[derive(Serialize, Deserialize)]
struct LeaseForm {
    holder: String,
    until: Timestamp,
}

impl From<&StoredToken> for TokenForm {
    fn from(token: &StoredToken) -> Self {
        let text = |secret: &SecretString| secret.expose_secret().to_owned();
        Self {
            access_token: token.access_token.as_ref().map(text),
            expires_at: token.expires_at,
            refresh_token: token.refresh_token.as_ref().map(text),
            refresh_expires_at: token.refresh_expires_at,
            attributes: token.attributes.clone(),
            refresh_lease: token.refresh_lease.as_ref().map(|lease| LeaseForm {
                holder: lease.holder.clone(),
                until: lease.until,
            }),
        }
    }
}

impl From<&TokenForm> for StoredToken {
    fn from(token: &TokenForm) -> Self {
        Self {
            access_token: token.access_token.clone().map(SecretString::from),
            expires_at: token.expires_at,
            refresh_token: token.refresh_token.clone().map(SecretString::from),
            refresh_expires_at: token.refresh_expires_at,
            attributes: token.attributes.clone(),
            refresh_lease: token.refresh_lease.as_ref().map(|lease| RefreshLease {
                holder: lease.holder.clone(),
                until: lease.until,
            }),
        }
    }
}
