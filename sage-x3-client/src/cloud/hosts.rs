//! Where secrets may go.

use client_core::AuthError;
use url::{Origin, Url};

/// Hosts that may see the application's secret and its tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct TrustedHosts {
    allowed: Vec<Origin>,
}

impl TrustedHosts {
    /// Also trusts the origin (scheme, host and port) of `url`.
    pub(super) fn allow(&mut self, url: &Url) {
        self.allowed.push(url.origin());
    }

    /// The URL that `text` is, if secrets may be sent there.
    ///
    /// # Errors
    /// [`AuthError::UntrustedHost`].
    pub(super) fn admit(&self, text: &str) -> Result<Url, AuthError> {
        let untrusted = |host: &str| AuthError::UntrustedHost {
            host: host.to_owned(),
        };
        let url = Url::parse(text).map_err(|_| untrusted("an address that is no URL"))?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        let host = url.host_str().unwrap_or_default();
        let is_sages = url.scheme() == "https" && url.port().is_none() && is_gateway(host);
        if !has_user && (is_sages || self.allowed.contains(&url.origin())) {
            return Ok(url);
        }
        Err(untrusted(host))
    }
}

/// `api.<region>-sagex3.com`, with regions such as `eu-prod`. Source: reference sage-x3 section 1.2.
fn is_gateway(host: &str) -> bool {
    host.strip_prefix("api.")
        .and_then(|rest| rest.strip_suffix("-sagex3.com"))
        .is_some_and(|region| {
            !region.is_empty()
                && region
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
}

/// The root of a gateway's API: without a path, `/v1` is meant.
pub(super) fn root(url: &Url) -> String {
    let path = match url.path().trim_end_matches('/') {
        "" => "/v1",
        path => path,
    };
    format!("{}{path}", url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sages_gateways_and_allowed_origins_are_trusted() {
        let mut hosts = TrustedHosts::default();
        hosts.allow(&Url::parse("http://127.0.0.1:8080/v1").unwrap());
        for good in [
            "https://api.eu-prod-sagex3.com/v1",
            "https://api.us-prod-sagex3.com",
            "http://127.0.0.1:8080/other",
        ] {
            assert!(hosts.admit(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.eu-prod-sagex3.com/v1",
            "https://api.eu-prod-sagex3.com:8443/v1",
            "https://user@api.eu-prod-sagex3.com/v1",
            "https://api.evil.com/-sagex3.com",
            "https://api.evil.com#-sagex3.com",
            "https://api.a.b-sagex3.com/",
            "https://api.-sagex3.com.evil.example",
            "https://sagex3.com",
            "https://evil-sagex3.com",
            "http://127.0.0.1:8081/v1",
            "https://127.0.0.1:8080/v1",
            "//api.eu-prod-sagex3.com",
            "nonsense",
        ] {
            assert!(hosts.admit(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bare_address_means_the_first_version() {
        let root_of = |text: &str| root(&Url::parse(text).unwrap());
        assert_eq!(
            root_of("https://api.eu-prod-sagex3.com"),
            "https://api.eu-prod-sagex3.com/v1"
        );
        assert_eq!(
            root_of("https://api.eu-prod-sagex3.com/v1/"),
            "https://api.eu-prod-sagex3.com/v1"
        );
    }
}
