//! The operator's configuration file.

mod place;
mod policies;
mod secret;
mod soap;

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use self::policies::PolicyConfig;
pub(crate) use self::{secret::Secret, soap::SoapConfig};
use crate::{
    failure::Failure,
    flows::{
        self, codes::CodesConfig, contacts::ContactsConfig, credit::CreditConfig,
        customers::CustomersConfig, fulfilment::FulfilmentConfig, invoices::InvoicesConfig,
        leads::LeadsConfig, orders::OrdersConfig, products::ProductsConfig,
        purchase_orders::PurchaseOrdersConfig, suppliers::SuppliersConfig,
    },
};

/// Configuration of sync-service.
// Unknown keys are errors: a misspelt key must not be ignored silently.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Names this pair of systems in the database.
    #[serde(default = "default_connection")]
    pub(crate) connection: String,
    /// The SQLite file. Relative to the configuration file.
    pub(crate) database: Option<PathBuf>,
    /// Instead of a file: the address of a PostgreSQL database that any number of instances share. It may hold a
    /// password, so it is a secret.
    pub(crate) database_url: Option<Secret>,
    pub(crate) x3: X3Config,
    pub(crate) zoho: ZohoConfig,
    /// Keeps credentials and tokens encrypted in the database.
    pub(crate) secrets: Option<SecretsConfig>,
    pub(crate) webhook: Option<WebhookConfig>,
    /// Probes, figures and the status page.
    pub(crate) admin: Option<AdminConfig>,
    #[serde(default)]
    pub(crate) timing: TimingConfig,
    /// Tables of codes that flows share.
    #[serde(default)]
    pub(crate) codes: CodesConfig,
    // One section a flow. All but customers are off unless their section is there.
    #[serde(default)]
    pub(crate) customers: CustomersConfig,
    pub(crate) credit: Option<CreditConfig>,
    pub(crate) products: Option<ProductsConfig>,
    pub(crate) contacts: Option<ContactsConfig>,
    pub(crate) leads: Option<LeadsConfig>,
    pub(crate) suppliers: Option<SuppliersConfig>,
    #[serde(rename = "purchase-orders")]
    pub(crate) purchase_orders: Option<PurchaseOrdersConfig>,
    pub(crate) orders: Option<Box<OrdersConfig>>,
    pub(crate) fulfilment: Option<FulfilmentConfig>,
    pub(crate) invoices: Option<InvoicesConfig>,
    /// What flows may do, by their names.
    #[serde(default)]
    policies: BTreeMap<String, PolicyConfig>,
    #[serde(skip)]
    source: Source,
}

/// The file that a configuration was read from.
#[derive(Debug, Default)]
struct Source {
    file: PathBuf,
    text: String,
}

/// Sage X3.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct X3Config {
    /// Address of the server, such as `http://x3.example:8124`; of the customer's X3 in the cloud.
    pub(crate) url: Url,
    /// The Syracuse endpoint's name, which need not be the folder's code; the folder's name in the cloud.
    pub(crate) endpoint: String,
    /// The release.
    #[serde(default)]
    pub(crate) generation: Generation,
    /// The field that says when a row was changed.
    #[serde(default = "default_stamp")]
    pub(crate) stamp: String,
    pub(crate) credential: X3Credential,
    /// PEM file of a private certificate authority.
    pub(crate) ca_file: Option<PathBuf>,
    /// Web services for what GraphQL does not offer.
    pub(crate) soap: Option<Box<SoapConfig>>,
}

/// A release of X3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum Generation {
    /// 2021 R2 to 2023 R2.
    #[serde(rename = "2021-2023")]
    Second,
    /// 2024 R1 and later.
    #[default]
    #[serde(rename = "2024+")]
    Third,
}

/// How X3 is entered. A secret that is not named here is taken from the encrypted store: `sync-service connect x3`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum X3Credential {
    /// A connected application (Administration > Settings > Authentication > Connected applications).
    ConnectedApp {
        client_id: String,
        secret: Option<Secret>,
        /// The Syracuse login to act as.
        user: Option<String>,
        /// Compared literally with what is registered; empty in Sage's own samples.
        #[serde(default)]
        audience: String,
    },
    /// A user's name and password, where the server allows that.
    Basic {
        user: String,
        password: Option<Secret>,
    },
    /// A pairing with a customer of the multi-tenant cloud, made by `sync-service connect x3`.
    Cloud {
        /// Such as `https://api.eu-prod-sagex3.com/v1`.
        gateway: Url,
        /// The application's id at the gateway.
        client_id: String,
        secret: Option<Secret>,
        /// Addresses beside Sage's own gateways that secrets may be sent to, for simulators and proxies.
        #[serde(default)]
        allowed_hosts: Vec<Url>,
    },
}

/// Zoho CRM.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ZohoConfig {
    /// `us`, `eu`, `in`, `au`, `jp`, `cn`, `ca`, `sa` or `uk`. Not needed with `accounts_url`.
    pub(crate) data_center: Option<String>,
    /// Replaces the data centre's accounts server, for proxies and simulators.
    pub(crate) accounts_url: Option<Url>,
    /// Hosts (`name:port`) beside the known data centres that tokens may be sent to.
    #[serde(default)]
    pub(crate) allowed_hosts: Vec<String>,
    /// Of the client in Zoho's API console.
    pub(crate) client_id: String,
    /// Taken from the encrypted store unless it is named here.
    pub(crate) client_secret: Option<Secret>,
    /// Taken from the encrypted store, where `sync-service connect zoho` puts it, unless it is named here.
    pub(crate) refresh_token: Option<Secret>,
    /// Has Zoho refuse an update of a record that was changed after it was read; it is read again and merged. Costs a
    /// call and a credit for each record that is updated, instead of a credit for ten. Zoho compares whole seconds, and
    /// not all of its documents have the header: where it is ignored, writes are as without it. Flows that only show
    /// X3's records do not read Zoho's, and deals are not concerned.
    #[serde(default)]
    pub(crate) conditional_updates: bool,
    /// After each update asks Zoho what it replaced, and puts into the audit a value that somebody entered between the
    /// reading and the update. Costs a call and a credit for each record that is updated, and needs scope
    /// `ZohoCRM.users.READ` and a Zoho user of the service's own. Lookups and lines are not looked at; flows that only
    /// show X3's records and deals are not concerned.
    #[serde(default)]
    pub(crate) looks_back: bool,
    /// Credits that may be spent in a rolling day, by all flows and instances together. Leave some to other programs.
    pub(crate) credits_per_day: Option<u64>,
}

/// Keeps credentials and tokens encrypted in the database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretsConfig {
    /// The key: a file that only the service's user can read, or a variable. `sync-service connect` makes the file.
    pub(crate) key: Secret,
}

/// Notifications from Zoho. Without this section changes are found by polling alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookConfig {
    /// Where to listen, such as `0.0.0.0:8080`.
    #[schemars(with = "String")]
    pub(crate) listen: SocketAddr,
    /// The address under which Zoho reaches it, with a path that nobody guesses.
    pub(crate) public_url: Url,
    /// Echoed by Zoho in each notification; at most 50 characters.
    pub(crate) token: Secret,
    /// Digits that name the channel of the first flow at Zoho; the others count on from it.
    #[serde(default = "default_channel")]
    pub(crate) channel_id: String,
    /// Notifications that are taken from one caller in a second, in the long run. Zoho calls from few addresses.
    #[serde(default = "default_calls")]
    pub(crate) calls_per_second: u32,
    /// A notification must have arrived within so many seconds.
    #[serde(default = "default_patience")]
    pub(crate) patience_seconds: u64,
    /// Addresses of proxies in front, whose word about the caller (`X-Forwarded-For`) is believed.
    #[serde(default)]
    pub(crate) proxies: Vec<IpAddr>,
}

/// Where the operator is served: probes, figures, and the status page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdminConfig {
    /// Where to listen. Probes and figures are told to everybody who reaches it.
    #[serde(default = "default_admin")]
    pub(crate) listen: SocketAddr,
    /// Opens the status page; without it there is none. At least 12 characters.
    pub(crate) password: Option<Secret>,
    /// The address by which browsers reach the status page, where a proxy stands in between.
    pub(crate) public_url: Option<Url>,
}

/// Rhythms.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TimingConfig {
    /// Pause between polls of a feed.
    pub(crate) poll_seconds: u64,
    /// How far each poll reaches back.
    pub(crate) overlap_seconds: u64,
    /// How far polls stay behind the present, for rows that are committed late.
    pub(crate) lag_seconds: u64,
    /// When another worker takes over from a dead one.
    pub(crate) lease_seconds: u64,
    /// Pause before the second try of a record; doubles with each further one.
    pub(crate) retry_seconds: u64,
}

impl Default for TimingConfig {
    fn default() -> Self {
        Self {
            poll_seconds: 60,
            overlap_seconds: 180,
            lag_seconds: 30,
            lease_seconds: 50,
            retry_seconds: 2,
        }
    }
}

fn default_connection() -> String {
    "main".to_owned()
}

fn default_stamp() -> String {
    "_updateStamp".to_owned()
}

fn default_calls() -> u32 {
    200
}

fn default_patience() -> u64 {
    15
}

fn default_admin() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9090))
}

fn default_channel() -> String {
    "1000000068001".to_owned()
}

impl Config {
    /// Reads and checks the file. Paths in it become relative to its folder.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::input(format!(
                "cannot read the configuration {}: {error}",
                path.display()
            ))
        })?;
        let mut config = Self::parse(path, text)?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        config.database = config.database.map(|file| folder.join(file));
        config.x3.ca_file = config.x3.ca_file.map(|file| folder.join(file));
        for secret in config.secrets_mut() {
            secret.be_relative_to(&folder);
        }
        Ok(config)
    }

    fn parse(file: &Path, text: String) -> Result<Self, Failure> {
        // toml's message shows line, column and the faulty line itself; secrets are never in the file.
        let mut config: Self = toml::from_str(&text).map_err(|error| {
            Failure::input(format!(
                "the configuration {} is not right: {}",
                file.display(),
                error.to_string().trim_end()
            ))
        })?;
        config.source = Source {
            file: file.to_owned(),
            text,
        };
        config.check()?;
        Ok(config)
    }

    /// What stands at `path`, such as `customers.category`, cannot be: `message` says why. Names line and column.
    pub(crate) fn wrong(&self, path: &str, message: impl std::fmt::Display) -> Failure {
        let file = self.source.file.display();
        Failure::input(match place::find(&self.source.text, path) {
            Some(place) => format!(
                "the configuration {file} is not right at line {}, column {} ({path}): {message}",
                place.line, place.column
            ),
            None => format!("the configuration {file} is not right ({path}): {message}"),
        })
    }

    fn check(&self) -> Result<(), Failure> {
        if self.database.is_some() == self.database_url.is_some() {
            return Err(self.wrong(
                "database",
                "either database (a SQLite file) or database_url (a PostgreSQL address) is needed",
            ));
        }
        if self.zoho.data_center.is_none() && self.zoho.accounts_url.is_none() {
            return Err(self.wrong(
                "zoho",
                "data_center (such as \"eu\") or accounts_url is needed",
            ));
        }
        if self.zoho.client_id.trim().is_empty() {
            return Err(self.wrong("zoho.client_id", "it is empty"));
        }
        if self.x3.endpoint.trim().is_empty() {
            return Err(self.wrong(
                "x3.endpoint",
                "it is empty: it is the name of the Syracuse endpoint",
            ));
        }
        if let Some(webhook) = &self.webhook {
            let id = &webhook.channel_id;
            if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(self.wrong("webhook.channel_id", "it must be digits only"));
            }
        }
        if let Some(webhook) = &self.webhook {
            for (name, value) in [
                ("calls_per_second", u64::from(webhook.calls_per_second)),
                ("patience_seconds", webhook.patience_seconds),
            ] {
                if value == 0 {
                    return Err(self.wrong(&format!("webhook.{name}"), "it must be at least 1"));
                }
            }
        }
        for (flow, policy) in &self.policies {
            flows::named(flow).map_err(|error| self.wrong(&format!("policies.{flow}"), error))?;
            if let Some((key, message)) = policy.fault() {
                return Err(self.wrong(&format!("policies.{flow}.{key}"), message));
            }
        }
        self.codes.check(self)?;
        let timing = &self.timing;
        for (name, seconds) in [
            ("poll_seconds", timing.poll_seconds),
            ("lease_seconds", timing.lease_seconds),
            ("retry_seconds", timing.retry_seconds),
        ] {
            if seconds == 0 {
                return Err(self.wrong(&format!("timing.{name}"), "it must be at least 1"));
            }
        }
        Ok(())
    }

    fn secrets_mut(&mut self) -> Vec<&mut Secret> {
        let mut secrets: Vec<&mut Secret> = Vec::new();
        secrets.extend(&mut self.zoho.client_secret);
        secrets.extend(&mut self.zoho.refresh_token);
        match &mut self.x3.credential {
            X3Credential::ConnectedApp { secret, .. } | X3Credential::Cloud { secret, .. } => {
                secrets.extend(secret);
            }
            X3Credential::Basic { password, .. } => secrets.extend(password),
        }
        if let Some(webhook) = &mut self.webhook {
            secrets.push(&mut webhook.token);
        }
        if let Some(own) = &mut self.secrets {
            secrets.push(&mut own.key);
        }
        if let Some(admin) = &mut self.admin {
            secrets.extend(&mut admin.password);
        }
        secrets.extend(&mut self.database_url);
        secrets
    }
}

impl Config {
    /// Gives a flow the policy that is wanted.
    pub(crate) fn apply_policy(&self, flow: &mut sync_core::Flow) -> Result<(), Failure> {
        let name = flow.name.clone();
        let Some(policy) = self.policies.get(name.as_str()) else {
            return Ok(());
        };
        policy
            .apply(flow)
            .map_err(|(key, error)| self.wrong(&format!("policies.{name}.{key}"), error))
    }

    /// As the engine takes it.
    pub(crate) fn settings(&self) -> sync_core::Settings {
        let timing = &self.timing;
        let credits = self.zoho.credits_per_day;
        let budgets = credits.map(sync_core::Budget::credits_a_day);
        sync_core::Settings {
            poll_every: Duration::from_secs(timing.poll_seconds),
            overlap: Duration::from_secs(timing.overlap_seconds),
            lag: Duration::from_secs(timing.lag_seconds),
            lease: Duration::from_secs(timing.lease_seconds),
            retry_base: Duration::from_secs(timing.retry_seconds),
            budgets: sync_core::Sides::new(Vec::new(), budgets.into_iter().collect()),
            ..sync_core::Settings::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        database = "sync.db"
        [x3]
        url = "http://127.0.0.1:8124"
        endpoint = "SEED"
        credential = { kind = "basic", user = "u", password = { env = "X3_PASSWORD" } }
        [zoho]
        data_center = "eu"
        client_id = "1000.X"
        client_secret = { env = "ZOHO_SECRET" }
        refresh_token = { file = "refresh" }
    "#;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("sync.toml"), text.to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_shortest_configuration_is_enough() {
        let config = parse(GOOD).unwrap();
        assert_eq!(config.connection, "main");
        assert_eq!(config.x3.generation, Generation::Third);
        assert_eq!(config.timing.poll_seconds, 60);
    }

    #[test]
    fn the_commented_example_is_right() {
        parse(include_str!("../sync.example.toml")).unwrap();
        parse(include_str!("../simulators.toml")).unwrap();
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_line() {
        let error = parse(&GOOD.replace("endpoint =", "endpiont =")).unwrap_err();
        assert!(
            error.contains("endpiont") && error.contains("line 5"),
            "{error}"
        );
    }

    #[test]
    fn a_value_that_cannot_be_is_named_with_line_and_column() {
        let error = parse(&GOOD.replace("\"SEED\"", "\" \"")).unwrap_err();
        assert!(error.contains("line 5, column 20 (x3.endpoint)"), "{error}");
        let error = parse(&format!("{GOOD}\n[timing]\nlease_seconds = 0\n")).unwrap_err();
        assert!(error.contains("line 14, column 17"), "{error}");
    }

    #[test]
    fn a_secret_in_the_file_is_refused_and_not_repeated_in_words() {
        let error = parse(&GOOD.replace("{ env = \"ZOHO_SECRET\" }", "\"hunter2\"")).unwrap_err();
        assert!(error.contains("never the value itself"), "{error}");
    }

    #[test]
    fn a_zoho_section_needs_to_know_where_zoho_is() {
        let error = parse(&GOOD.replace("data_center = \"eu\"", "")).unwrap_err();
        assert!(error.contains("data_center"), "{error}");
    }
}
