//! What a gateway offers, by its root.

use client_core::AuthError;
use serde::Deserialize;

use super::hosts::TrustedHosts;

/// The addresses that a gateway's root names. Source: reference sage-x3 section 2.2.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatewayLinks {
    /// Where a user accepts a pairing.
    pub authorise: String,
    /// Where tokens are had.
    pub token: String,
    /// The list of folders.
    pub folders: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Root {
    customer_access: CustomerAccess,
    customer_usage: CustomerUsage,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CustomerAccess {
    authorise: Option<String>,
    token: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CustomerUsage {
    folder: Option<String>,
}

impl GatewayLinks {
    /// Reads the answer of `root`. What it leaves out is at its documented place.
    ///
    /// # Errors
    /// [`AuthError`] when it is not a gateway's answer, or names a host that is not trusted.
    pub(super) fn read(root: &str, body: &[u8], hosts: &TrustedHosts) -> Result<Self, AuthError> {
        let links: Root =
            client_core::decode_json(body).map_err(|error| AuthError::Unavailable {
                reason: format!("{root} does not answer as a gateway does"),
                source: Some(error.into()),
            })?;
        let place = |link: Option<String>, path: &str| {
            let url = link.unwrap_or_else(|| format!("{root}{path}"));
            hosts.admit(&url).map(|_| url)
        };
        Ok(Self {
            authorise: place(links.customer_access.authorise, "/token/authorise")?,
            token: place(links.customer_access.token, "/token")?,
            folders: place(links.customer_usage.folder, "/folders")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "https://api.eu-prod-sagex3.com/v1";

    fn read(body: &str) -> Result<GatewayLinks, AuthError> {
        GatewayLinks::read(ROOT, body.as_bytes(), &TrustedHosts::default())
    }

    #[test]
    fn links_are_taken_from_the_answer_and_where_it_has_none_from_the_documentation() {
        let links = read(
            r#"{"customerAccess":{"token":"https://api.eu-prod-sagex3.com/v1/token2"},"apiDoc":"x","businessDomains":["ALL"]}"#,
        )
        .unwrap();
        assert_eq!(links.token, "https://api.eu-prod-sagex3.com/v1/token2");
        assert_eq!(links.authorise, format!("{ROOT}/token/authorise"));
        assert_eq!(links.folders, format!("{ROOT}/folders"));
    }

    #[test]
    fn a_link_to_a_strange_host_is_refused() {
        let error =
            read(r#"{"customerAccess":{"token":"https://evil.example/v1/token"}}"#).unwrap_err();
        assert!(error.to_string().contains("evil.example"), "{error}");
        assert!(read("<html>").is_err());
    }
}
