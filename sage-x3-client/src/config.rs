//! Which X3 to talk to.

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderValue, Uri};
use url::Url;

use crate::{
    api1::Api1Settings, error::InvalidRequest, field_map::FieldMap, ids::EndpointName,
    soap::SoapSettings, write::WritePath,
};

/// Generation of the GraphQL schema, by the names of its root fields. Source: reference sage-x3 section 3.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Generation {
    /// 2021 R2 to 2023 R2: roots are called `xtremX3MasterData` and so on.
    Gen2,
    /// 2024 R1 and later: roots are called `x3MasterData` and so on.
    #[default]
    Gen3,
}

/// How a customer's input takes the company names. Names are always read from the business partner, which has them under
/// the same names in every release. Source: reference sage-x3 section 3.2, breaking changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CompanyNames {
    /// `companyName1` and `companyName2`: the newest releases.
    Numbered,
    /// `companyNames`, a list with a row each: 2023 and 2024.
    Collection,
}

/// What a sales order calls its lines in inputs. Not settled by any evidence: `lines` in generation 1, and
/// `purchaseOrderLines` is what a purchase order calls them. Source: reference sage-x3 section 3.11.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SalesOrderLinesName {
    /// `salesOrderLines`.
    #[default]
    SalesOrderLines,
    /// `lines`.
    Lines,
}

impl SalesOrderLinesName {
    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SalesOrderLines => "salesOrderLines",
            Self::Lines => "lines",
        }
    }
}

/// One endpoint of one X3 server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SiteConfig {
    /// Address of the Syracuse server, such as `http://x3.example.com:8124`; `/xtrem/api` is added when it is not there.
    pub base_url: String,
    /// Name of the Syracuse endpoint, such as `REPOSX3_SEED`.
    pub endpoint: String,
    /// Generation of the schema. Default: 3.
    pub generation: Generation,
    /// How customers take their company names. Default: numbered in generation 3, a collection in generation 2.
    pub company_names: Option<CompanyNames>,
    /// Fields that the site calls otherwise than recent releases. Default: none.
    pub field_map: FieldMap,
    /// What sales orders call their lines. Default: `salesOrderLines`.
    pub sales_order_lines: SalesOrderLinesName,
    /// Language of X3's messages and localised texts, as in `Accept-Language`. Default: the API user's own.
    pub locale: Option<String>,
    /// How long one exchange may take. Default: 120 s, because the first call after a pause starts an X3 process.
    pub timeout: Duration,
    /// How this server's `api1` service is addressed.
    pub api1: Api1Settings,
    /// How this server's SOAP web services are called, where they are.
    pub soap: Option<SoapSettings>,
    /// Whether `base_url` is the GraphQL service of a folder in the cloud, as it is: see [`SiteConfig::cloud`].
    pub in_cloud: bool,
    /// Creates or updates in one request. Default: 20. A site on which a failing row undoes its neighbours needs 1.
    pub write_batch: usize,
    /// The paths that writes try, in order. Default: [`WritePath::DEFAULT_ORDER`]. A path that is not configured, or does
    /// not know the node, is passed over.
    pub write_paths: Vec<WritePath>,
    /// The same for single nodes, by name, such as `salesOrder`.
    pub write_paths_of: BTreeMap<String, Vec<WritePath>>,
}

impl SiteConfig {
    /// The endpoint `endpoint` of the server at `base_url`, with the defaults.
    #[must_use]
    pub fn new(base_url: impl Into<String>, endpoint: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            endpoint: endpoint.into(),
            generation: Generation::default(),
            company_names: None,
            field_map: FieldMap::default(),
            sales_order_lines: SalesOrderLinesName::default(),
            locale: None,
            timeout: Duration::from_secs(120),
            api1: Api1Settings::default(),
            soap: None,
            in_cloud: false,
            write_batch: 20,
            write_paths: WritePath::DEFAULT_ORDER.to_vec(),
            write_paths_of: BTreeMap::new(),
        }
    }

    /// Sets the paths that writes try, in order.
    #[must_use]
    pub fn write_paths(mut self, order: impl IntoIterator<Item = WritePath>) -> Self {
        self.write_paths = order.into_iter().collect();
        self
    }

    /// Sets the paths that writes of `node`, such as `salesOrder`, try, in order.
    #[must_use]
    pub fn write_paths_of(
        mut self,
        node: impl Into<String>,
        order: impl IntoIterator<Item = WritePath>,
    ) -> Self {
        self.write_paths_of
            .insert(node.into(), order.into_iter().collect());
        self
    }

    /// Replaces the generation.
    #[must_use]
    pub fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// Writes company names in another form.
    #[must_use]
    pub fn company_names(mut self, form: CompanyNames) -> Self {
        self.company_names = Some(form);
        self
    }

    /// Reads and writes fields under the site's own names.
    #[must_use]
    pub fn field_map(mut self, map: FieldMap) -> Self {
        self.field_map = map;
        self
    }

    /// Writes the lines of sales orders under another name.
    #[must_use]
    pub fn sales_order_lines(mut self, name: SalesOrderLinesName) -> Self {
        self.sales_order_lines = name;
        self
    }

    /// Asks for messages and texts in `locale`, such as `en-US`.
    #[must_use]
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// Bounds one exchange.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Addresses `api1` in another way.
    #[must_use]
    pub fn api1(mut self, settings: Api1Settings) -> Self {
        self.api1 = settings;
        self
    }

    /// Calls SOAP web services with `settings`.
    #[must_use]
    pub fn soap(mut self, settings: SoapSettings) -> Self {
        self.soap = Some(settings);
        self
    }

    /// Sets how many creates or updates one request carries; at least 1.
    #[must_use]
    pub fn write_batch(mut self, rows: usize) -> Self {
        self.write_batch = rows.max(1);
        self
    }
}

/// A checked [`SiteConfig`].
#[derive(Clone, Debug)]
#[allow(
    unnameable_types,
    reason = "stands in sealed traits, which nobody outside implements"
)]
pub struct Site {
    pub(crate) url: Uri,
    /// What `/api1`, `/soap-generic` and `/xtrem/api` are below of; without a slash at its end.
    pub(crate) base: String,
    pub(crate) api1: Api1Settings,
    pub(crate) soap: Option<SoapSettings>,
    pub(crate) endpoint: EndpointName,
    /// Names the endpoint; the cloud has it in the address.
    pub(crate) endpoint_header: Option<HeaderValue>,
    pub(crate) in_cloud: bool,
    pub(crate) locale: Option<HeaderValue>,
    pub(crate) generation: Generation,
    pub(crate) company_names: CompanyNames,
    pub(crate) field_map: FieldMap,
    pub(crate) sales_order_lines: SalesOrderLinesName,
    pub(crate) timeout: Duration,
    pub(crate) write_batch: usize,
    pub(crate) unencrypted: bool,
    write_paths: Vec<WritePath>,
    write_paths_of: BTreeMap<String, Vec<WritePath>>,
}

impl Site {
    /// The paths that writes of `node` try, in order.
    pub(crate) fn write_paths(&self, node: &str) -> &[WritePath] {
        self.write_paths_of.get(node).unwrap_or(&self.write_paths)
    }
}

impl TryFrom<SiteConfig> for Site {
    type Error = InvalidRequest;

    fn try_from(config: SiteConfig) -> Result<Self, InvalidRequest> {
        let endpoint = EndpointName::new(config.endpoint)?;
        let endpoint_header = HeaderValue::from_str(endpoint.as_str())
            .map_err(|_| InvalidRequest::new("the endpoint name cannot stand in an HTTP header"))?;
        let locale = config
            .locale
            .map(|locale| {
                HeaderValue::from_str(&locale).map_err(|_| {
                    InvalidRequest::new(format!("locale `{locale}` cannot stand in an HTTP header"))
                })
            })
            .transpose()?;
        let base = parse_base_url(&config.base_url)?;
        Ok(Self {
            url: if config.in_cloud {
                parse_uri(&base)?
            } else {
                api_uri(&base)?
            },
            base: format!(
                "{}{}",
                base.origin().ascii_serialization(),
                base_path(&base)
            ),
            api1: config.api1,
            soap: config.soap,
            endpoint,
            endpoint_header: (!config.in_cloud).then_some(endpoint_header),
            in_cloud: config.in_cloud,
            locale,
            generation: config.generation,
            company_names: config.company_names.unwrap_or(match config.generation {
                Generation::Gen2 => CompanyNames::Collection,
                Generation::Gen3 => CompanyNames::Numbered,
            }),
            field_map: config.field_map,
            sales_order_lines: config.sales_order_lines,
            timeout: config.timeout,
            write_batch: config.write_batch.max(1),
            unencrypted: base.scheme() == "http" && !is_loopback(&base),
            write_paths: config.write_paths,
            write_paths_of: config.write_paths_of,
        })
    }
}

fn parse_base_url(whole: &str) -> Result<Url, InvalidRequest> {
    let example = "it looks like http://server:8124";
    // What stands before an @ may be a password.
    let text = whole.rsplit('@').next().unwrap_or(whole).trim();
    let url = Url::parse(whole.trim()).map_err(|error| {
        InvalidRequest::new(format!("base_url `{text}` is no URL ({error}): {example}"))
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(InvalidRequest::new(format!(
            "base_url `{text}` is no http or https address: {example}"
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidRequest::new(
            "base_url must not hold a user or password: they belong into the credential",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(InvalidRequest::new(format!(
            "base_url `{text}` has a query or fragment: {example}"
        )));
    }
    Ok(url)
}

fn base_path(base: &Url) -> &str {
    let path = base.path().trim_end_matches('/');
    path.strip_suffix("/xtrem/api").unwrap_or(path)
}

fn api_uri(base: &Url) -> Result<Uri, InvalidRequest> {
    let path = base_path(base);
    let mut url = base.clone();
    url.set_path(&format!("{path}/xtrem/api"));
    parse_uri(&url)
}

fn parse_uri(url: &Url) -> Result<Uri, InvalidRequest> {
    url.as_str()
        .parse()
        .map_err(|_| InvalidRequest::new(format!("base_url `{url}` cannot be used as an address")))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(base_url: &str) -> Result<Site, InvalidRequest> {
        SiteConfig::new(base_url, "SEED").try_into()
    }

    #[test]
    fn the_api_path_is_added_once_and_a_proxy_prefix_is_kept() {
        for (base, expected) in [
            ("http://x3:8124", "http://x3:8124/xtrem/api"),
            ("http://x3:8124/", "http://x3:8124/xtrem/api"),
            ("http://x3:8124/xtrem/api", "http://x3:8124/xtrem/api"),
            (
                "https://erp.example.com/x3/",
                "https://erp.example.com/x3/xtrem/api",
            ),
        ] {
            assert_eq!(site(base).unwrap().url.to_string(), expected);
        }
    }

    #[test]
    fn bad_addresses_get_a_sentence() {
        for (base, expected) in [
            ("x3:8124", "is no http or https address"),
            ("server", "is no URL"),
            ("http://admin:pw@x3", "must not hold a user or password"),
            ("admin:pw@x3", "is no"),
            ("http://x3/?a=b", "has a query or fragment"),
        ] {
            let message = site(base).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("pw"), "{message}");
        }
        let blank: Result<Site, _> = SiteConfig::new("http://x3", " ").try_into();
        assert_eq!(
            blank.unwrap_err().to_string(),
            "` ` is no endpoint name: it is blank"
        );
    }

    #[test]
    fn only_traffic_that_leaves_the_machine_counts_as_unencrypted() {
        assert!(site("http://x3:8124").unwrap().unencrypted);
        assert!(!site("https://x3").unwrap().unencrypted);
        assert!(!site("http://127.0.0.1:8124").unwrap().unencrypted);
    }
}
