//! Data centres, their hosts, and which hosts a token may go to.

use std::{fmt, str::FromStr};

use client_core::AuthError;
use http::{Uri, uri::Authority};
use url::Url;

use crate::error::Error;

/// A Zoho data centre: where an organisation lives, for ever (reference: Zoho v8 section 1.1, read 2026-11).
///
/// Hosts are irregular (Canada), so they are listed, not derived.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataCenter {
    /// United States, `accounts.zoho.com`.
    Us,
    /// Europe, `accounts.zoho.eu`.
    Eu,
    /// India, `accounts.zoho.in`.
    In,
    /// Australia, `accounts.zoho.com.au`.
    Au,
    /// Japan, `accounts.zoho.jp`.
    Jp,
    /// China, `accounts.zoho.com.cn`.
    Cn,
    /// Canada, `accounts.zohocloud.ca`.
    Ca,
    /// Saudi Arabia, `accounts.zoho.sa`.
    Sa,
    /// United Kingdom, `accounts.zoho.uk`. Its API host is not confirmed by Zoho; the token answer names the true one.
    Uk,
    /// A server that is not one of Zoho's: a simulator or a proxy.
    Custom(CustomServer),
}

/// Which organisation of a data centre: the real one, or a copy for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// The real organisation.
    Production,
    /// A sandbox of it.
    Sandbox,
    /// A developer organisation.
    Developer,
}

/// The accounts server of [`DataCenter::Custom`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomServer {
    accounts_url: Url,
}

struct Hosts {
    code: &'static str,
    accounts: &'static str,
    /// Without the leading `www.`, which becomes `sandbox.` or `developer.` for the other environments.
    api: &'static str,
    content: Option<&'static str>,
}

impl DataCenter {
    /// Zoho's own data centres.
    pub const ALL: [Self; 9] = [
        Self::Us,
        Self::Eu,
        Self::In,
        Self::Au,
        Self::Jp,
        Self::Cn,
        Self::Ca,
        Self::Sa,
        Self::Uk,
    ];

    /// A simulator or proxy that answers token requests at `accounts_url`.
    ///
    /// Client secret and tokens are sent there, and to an API on the same host and port, because the caller says so.
    /// Plain `http` is accepted.
    ///
    /// # Errors
    /// [`Error::Configuration`] when `accounts_url` is no `http` or `https` URL.
    pub fn custom(accounts_url: &str) -> Result<Self, Error> {
        let unusable =
            |why: &str| Error::Configuration(format!("accounts URL `{accounts_url}`: {why}"));
        let url = Url::parse(accounts_url).map_err(|error| unusable(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(unusable(
                "write it as https://host or http://127.0.0.1:port",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unusable("it must not contain a user name or password"));
        }
        Ok(Self::Custom(CustomServer { accounts_url: url }))
    }

    /// The server that issues tokens, without a trailing slash, such as `https://accounts.zoho.eu`.
    #[must_use]
    pub fn accounts_url(&self) -> String {
        match self {
            Self::Custom(server) => server
                .accounts_url
                .as_str()
                .trim_end_matches('/')
                .to_owned(),
            known => format!("https://{}", known.hosts().accounts),
        }
    }

    /// Where API calls go when the token answer does not say: `None` for a custom server.
    #[must_use]
    pub fn api_domain(&self, environment: Environment) -> Option<ApiDomain> {
        let host = self.api_host(environment)?;
        ApiDomain::parse(&format!("https://{host}"))
    }

    /// The host for uploads to bulk write, where it is known.
    #[must_use]
    pub fn content_host(&self) -> Option<&'static str> {
        match self {
            Self::Custom(_) => None,
            known => known.hosts().content,
        }
    }

    /// The data centre that a redirect's `location` names, such as `eu`.
    pub(crate) fn from_location(location: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| known.hosts().code == location)
    }

    fn api_host(&self, environment: Environment) -> Option<String> {
        if matches!(self, Self::Custom(_)) {
            return None;
        }
        let prefix = match environment {
            Environment::Production => "www",
            Environment::Sandbox => "sandbox",
            Environment::Developer => "developer",
        };
        Some(format!("{prefix}.{}", self.hosts().api))
    }

    fn hosts(&self) -> Hosts {
        let (code, accounts, api, content) = match self {
            Self::Us => (
                "us",
                "accounts.zoho.com",
                "zohoapis.com",
                Some("content.zohoapis.com"),
            ),
            Self::Eu => (
                "eu",
                "accounts.zoho.eu",
                "zohoapis.eu",
                Some("content.zohoapis.eu"),
            ),
            Self::In => (
                "in",
                "accounts.zoho.in",
                "zohoapis.in",
                Some("content.zohoapis.in"),
            ),
            Self::Au => (
                "au",
                "accounts.zoho.com.au",
                "zohoapis.com.au",
                Some("content.zohoapis.com.au"),
            ),
            Self::Jp => (
                "jp",
                "accounts.zoho.jp",
                "zohoapis.jp",
                Some("content.zohoapis.jp"),
            ),
            Self::Cn => (
                "cn",
                "accounts.zoho.com.cn",
                "zohoapis.com.cn",
                Some("content.zohoapis.com.cn"),
            ),
            Self::Ca => (
                "ca",
                "accounts.zohocloud.ca",
                "zohoapis.ca",
                Some("upload.zohocloud.ca"),
            ),
            Self::Sa => (
                "sa",
                "accounts.zoho.sa",
                "zohoapis.sa",
                Some("files.zoho.sa"),
            ),
            Self::Uk => ("uk", "accounts.zoho.uk", "zohoapis.uk", None),
            Self::Custom(_) => ("custom", "", "", None),
        };
        Hosts {
            code,
            accounts,
            api,
            content,
        }
    }
}

impl FromStr for DataCenter {
    type Err = Error;

    /// A two-letter code such as `eu`, or the URL of a custom accounts server.
    fn from_str(text: &str) -> Result<Self, Error> {
        let code = text.trim().to_ascii_lowercase();
        if let Some(known) = Self::ALL
            .into_iter()
            .find(|known| known.hosts().code == code)
        {
            return Ok(known);
        }
        if code.contains("://") {
            return Self::custom(text.trim());
        }
        let codes: Vec<&str> = Self::ALL.iter().map(|known| known.hosts().code).collect();
        Err(Error::Configuration(format!(
            "`{text}` is no data centre: use one of {}, or the URL of an accounts server",
            codes.join(", ")
        )))
    }
}

impl fmt::Display for DataCenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(server) => f.write_str(server.accounts_url.as_str()),
            known => f.write_str(known.hosts().code),
        }
    }
}

/// The base of all API URLs, such as `https://www.zohoapis.eu`. Each token answer names the one its token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiDomain {
    url: Url,
}

impl ApiDomain {
    /// `None` when `text` is not an `http` or `https` URL with a host and without credentials.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let usable = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none();
        usable.then_some(Self { url })
    }

    /// The URL without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// The full URI of `path_and_query`, which starts with a slash.
    pub(crate) fn join(&self, path_and_query: &str) -> Result<Uri, http::uri::InvalidUri> {
        format!("{}{path_and_query}", self.as_str()).parse()
    }

    /// Where files of organisations with this API domain go. A server that is not one of Zoho's takes them itself, and so
    /// does a data centre whose host for files is not known.
    pub(crate) fn content(&self) -> Self {
        let (host, _) = self.host_and_port();
        let center = DataCenter::ALL.iter().find(|center| {
            ENVIRONMENTS
                .iter()
                .any(|environment| center.api_host(*environment).as_deref() == Some(&host))
        });
        center
            .and_then(DataCenter::content_host)
            .and_then(|host| Self::parse(&format!("https://{host}")))
            .unwrap_or_else(|| self.clone())
    }

    fn host_and_port(&self) -> (String, Option<u16>) {
        let host = self.url.host_str().unwrap_or_default().to_ascii_lowercase();
        (host, self.url.port_or_known_default())
    }
}

impl fmt::Display for ApiDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The hosts that tokens may be sent to: all of Zoho's, and those the caller named.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedHosts {
    allowed: Vec<AllowedHost>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct AllowedHost {
    host: String,
    /// `None`: any port.
    port: Option<u16>,
}

impl TrustedHosts {
    /// Trusts `host` or `host:port`.
    pub(crate) fn allow(&mut self, host: &str) -> Result<(), Error> {
        let authority: Authority = host.parse().map_err(|_| {
            Error::Configuration(format!(
                "allowed host `{host}`: write it as `host` or `host:port`"
            ))
        })?;
        self.allowed.push(AllowedHost {
            host: authority.host().to_ascii_lowercase(),
            port: authority.port_u16(),
        });
        Ok(())
    }

    /// Trusts the host and port of a custom accounts server.
    pub(crate) fn allow_server_of(&mut self, data_center: &DataCenter) {
        if let DataCenter::Custom(server) = data_center
            && let Some(host) = server.accounts_url.host_str()
        {
            self.allowed.push(AllowedHost {
                host: host.to_ascii_lowercase(),
                port: server.accounts_url.port_or_known_default(),
            });
        }
    }

    /// The API domain in `text`, if tokens may go there. Plain http only where the caller named the host.
    pub(crate) fn admit(&self, text: &str) -> Result<ApiDomain, AuthError> {
        let untrusted = || AuthError::UntrustedHost {
            host: text.to_owned(),
        };
        let domain = ApiDomain::parse(text).ok_or_else(untrusted)?;
        let (host, port) = domain.host_and_port();
        let known = domain.url.scheme() == "https" && port == Some(443) && is_zoho(&host);
        if known || self.names(&host, port) {
            Ok(domain)
        } else {
            Err(untrusted())
        }
    }

    /// The accounts server in `text`, without a trailing slash, if the client's secret may go there.
    pub(crate) fn admit_accounts(&self, text: &str) -> Result<String, AuthError> {
        let untrusted = || AuthError::UntrustedHost {
            host: text.to_owned(),
        };
        let server = ApiDomain::parse(text).ok_or_else(untrusted)?;
        if server.url.query().is_some() || server.url.fragment().is_some() {
            return Err(untrusted());
        }
        let (host, port) = server.host_and_port();
        let known = server.url.scheme() == "https"
            && port == Some(443)
            && server.url.path() == "/"
            && DataCenter::ALL
                .iter()
                .any(|center| center.hosts().accounts == host);
        if known || self.names(&host, port) {
            Ok(server.as_str().to_owned())
        } else {
            Err(untrusted())
        }
    }

    fn names(&self, host: &str, port: Option<u16>) -> bool {
        self.allowed.iter().any(|allowed| {
            allowed.host == host && allowed.port.is_none_or(|allowed| Some(allowed) == port)
        })
    }
}

const ENVIRONMENTS: [Environment; 3] = [
    Environment::Production,
    Environment::Sandbox,
    Environment::Developer,
];

fn is_zoho(host: &str) -> bool {
    DataCenter::ALL.iter().any(|center| {
        center.content_host() == Some(host)
            || ENVIRONMENTS
                .iter()
                .any(|environment| center.api_host(*environment).as_deref() == Some(host))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_to_the_data_centres_own_host_for_them() {
        for (api, content) in [
            ("https://www.zohoapis.eu", "https://content.zohoapis.eu"),
            (
                "https://sandbox.zohoapis.com",
                "https://content.zohoapis.com",
            ),
            ("https://www.zohoapis.ca", "https://upload.zohocloud.ca"),
            ("https://www.zohoapis.uk", "https://www.zohoapis.uk"),
            ("http://127.0.0.1:4200", "http://127.0.0.1:4200"),
        ] {
            assert_eq!(ApiDomain::parse(api).unwrap().content().as_str(), content);
        }
    }

    #[test]
    fn canada_breaks_the_pattern_of_the_others() {
        assert_eq!(
            DataCenter::Ca.accounts_url(),
            "https://accounts.zohocloud.ca"
        );
        let domain = DataCenter::Ca.api_domain(Environment::Production).unwrap();
        assert_eq!(domain.as_str(), "https://www.zohoapis.ca");
        assert_eq!(DataCenter::Ca.content_host(), Some("upload.zohocloud.ca"));
    }

    #[test]
    fn sandbox_and_developer_have_their_own_hosts() {
        let host = |environment| {
            DataCenter::Au
                .api_domain(environment)
                .unwrap()
                .as_str()
                .to_owned()
        };
        assert_eq!(
            host(Environment::Sandbox),
            "https://sandbox.zohoapis.com.au"
        );
        assert_eq!(
            host(Environment::Developer),
            "https://developer.zohoapis.com.au"
        );
    }

    #[test]
    fn a_data_center_is_read_from_its_code_or_a_url() {
        for center in DataCenter::ALL {
            assert_eq!(center.to_string().parse::<DataCenter>().unwrap(), center);
        }
        let custom: DataCenter = "http://127.0.0.1:4000/".parse().unwrap();
        assert_eq!(custom.accounts_url(), "http://127.0.0.1:4000");
        for wrong in ["mars", "", "ftp://x", "https://user:pw@host"] {
            assert!(wrong.parse::<DataCenter>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn tokens_go_to_zoho_over_tls_and_nowhere_else() {
        let hosts = TrustedHosts::default();
        assert!(hosts.admit("https://www.zohoapis.eu").is_ok());
        assert!(hosts.admit("https://sandbox.zohoapis.in/").is_ok());
        for text in [
            "http://www.zohoapis.eu",
            "https://www.zohoapis.eu:8443",
            "https://www.zohoapis.eu.evil.example",
            "https://evil.example",
            "https://www.zohoapis.eu@evil.example",
            "https://user@www.zohoapis.eu",
            "www.zohoapis.eu",
            "",
        ] {
            assert!(
                matches!(hosts.admit(text), Err(AuthError::UntrustedHost { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn secrets_go_to_zohos_accounts_servers_and_nowhere_else() {
        let hosts = TrustedHosts::default();
        for center in DataCenter::ALL {
            let url = center.accounts_url();
            assert_eq!(hosts.admit_accounts(&format!("{url}/")).unwrap(), url);
        }
        for text in [
            "http://accounts.zoho.eu",
            "https://accounts.zoho.eu:444",
            "https://accounts.zoho.eu.evil.example",
            "https://accounts.zoho.eu@evil.example",
            "https://accounts.zoho.eu/path",
            "https://accounts.zoho.eu?x=1",
            "https://www.zohoapis.eu",
            "https://evil.example",
            "accounts.zoho.eu",
            "",
        ] {
            assert!(
                matches!(
                    hosts.admit_accounts(text),
                    Err(AuthError::UntrustedHost { .. })
                ),
                "{text}"
            );
        }
        assert!(hosts.admit("https://accounts.zoho.eu").is_err());
    }

    #[test]
    fn a_named_host_is_trusted_on_the_named_port_even_without_tls() {
        let mut hosts = TrustedHosts::default();
        hosts.allow("127.0.0.1:1234").unwrap();
        hosts.allow("proxy.example").unwrap();
        assert!(hosts.admit("http://127.0.0.1:1234").is_ok());
        assert!(hosts.admit("http://127.0.0.1:1235").is_err());
        assert!(hosts.admit("https://proxy.example/zoho").is_ok());
        assert!(hosts.allow("not a host").is_err());

        let mut hosts = TrustedHosts::default();
        hosts.allow_server_of(&DataCenter::custom("http://127.0.0.1:4000").unwrap());
        assert!(hosts.admit("http://127.0.0.1:4000").is_ok());
        assert!(hosts.admit("http://127.0.0.1:4001").is_err());
    }

    #[test]
    fn a_path_before_the_api_is_kept() {
        let domain = ApiDomain::parse("https://proxy.example/zoho/").unwrap();
        assert_eq!(
            domain.join("/crm/v8/org?x=1").unwrap().to_string(),
            "https://proxy.example/zoho/crm/v8/org?x=1"
        );
    }
}
