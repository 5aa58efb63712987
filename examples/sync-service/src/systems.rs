//! Both systems: clients for them, and what they offer.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::Arc,
    time::Duration,
};

use client_core::{HttpTransport, ReqwestTransport};
use sage_x3_client::{
    ConnectedApp, Credential, Generation as X3Generation, Offer, SiteConfig, SiteReport, Support,
    X3Client,
};
use secrecy::SecretString;
use sql_store::SqlStore;
use sync_core::zoho;
use zoho_crm_client::{
    ClientCredentials, DataCenter, Edition, Error as ZohoError, FieldMeta, ModuleMeta, ZohoClient,
    ZohoClientBuilder,
};

use crate::{
    config::{Config, Generation, Secret, X3Credential},
    failure::{Failure, with_causes},
    flows,
};

/// Both systems, and what they offer.
#[derive(Debug)]
pub(crate) struct Systems {
    pub(crate) x3: X3Client,
    pub(crate) zoho: ZohoClient,
    pub(crate) facts: Facts,
}

/// What both systems offer, asked once at start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// Zoho's edition, if it says so.
    pub(crate) edition: Option<Edition>,
    modules: Option<Vec<ModuleMeta>>,
    fields: BTreeMap<&'static str, Vec<FieldMeta>>,
    /// What X3's schema says, if X3 was asked.
    pub(crate) site: Option<SiteReport>,
}

/// Whether a system offers something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It does.
    There,
    /// It does not, or not to this user.
    Missing,
    /// It was not asked, or does not let this user ask.
    Unknown,
}

impl From<Support> for Presence {
    fn from(support: Support) -> Self {
        match support {
            Support::Offered => Self::There,
            Support::Missing => Self::Missing,
            Support::Unknown => Self::Unknown,
        }
    }
}

impl Facts {
    /// Whether this user can use a Zoho module: the edition has it, and the user's profile shows it.
    pub(crate) fn module(&self, name: &str) -> Presence {
        match &self.modules {
            None => Presence::Unknown,
            Some(modules) => presence(
                modules
                    .iter()
                    .any(|module| module.api_name.as_str() == name && module.is_usable()),
            ),
        }
    }

    /// A field of a Zoho module that a flow [named](flows::Definition::zoho_modules). `None`: it is not there, or not known.
    pub(crate) fn field(&self, module: &str, field: &str) -> Option<&FieldMeta> {
        let mut fields = self.fields.get(module)?.iter();
        fields.find(|known| known.api_name.as_str() == field)
    }

    /// Whether a Zoho module has a field.
    #[allow(
        dead_code,
        reason = "asked by flows with fields that only some organisations have"
    )]
    pub(crate) fn has_field(&self, module: &str, field: &str) -> Presence {
        match self.fields.contains_key(module) {
            false => Presence::Unknown,
            true => presence(self.field(module, field).is_some()),
        }
    }

    /// Whether records of an X3 node, such as `salesOrder`, can be read.
    pub(crate) fn x3_query(&self, node: &str) -> Presence {
        self.x3(node, |offer| offer.query)
    }

    /// Whether X3 offers `create` or `update` of a node, or another operation below it.
    pub(crate) fn x3_operation(&self, node: &str, operation: &str) -> Presence {
        self.x3(node, |offer| match operation {
            "create" => offer.create,
            "update" => offer.update,
            _ if offer.query == Support::Unknown => Support::Unknown,
            _ if offer.operations.contains(operation) => Support::Offered,
            _ => Support::Missing,
        })
    }

    fn x3(&self, node: &str, ask: impl Fn(&Offer) -> Support) -> Presence {
        let offer = self.site.as_ref().and_then(|site| site.offer(node));
        offer.map_or(Presence::Unknown, |offer| ask(offer).into())
    }
}

fn presence(there: bool) -> Presence {
    match there {
        true => Presence::There,
        false => Presence::Missing,
    }
}

/// Whether secrets are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secrets {
    /// They are.
    Read,
    /// No: nothing is sent.
    NotNeeded,
}

impl Secrets {
    fn read(self, secret: &Secret, what: &str) -> Result<SecretString, Failure> {
        match self {
            Self::Read => secret.read(what),
            Self::NotNeeded => Ok(SecretString::from("not read")),
        }
    }
}

impl Systems {
    /// Clients for both systems. Nothing is sent, no secret is read, nothing is known of what they offer: for what can be
    /// told from the store alone.
    pub(crate) fn unasked(config: &Config, store: &SqlStore) -> Result<Self, Failure> {
        Self::clients(config, store, Secrets::NotNeeded)
    }

    /// Clients for both systems, and what these offer. Nothing is written.
    pub(crate) async fn ask(config: &Config, store: &SqlStore) -> Result<Self, Failure> {
        let mut systems = Self::clients(config, store, Secrets::Read)?;
        let modules = modules_of_interest(config);
        let (zoho, x3) = tokio::join!(
            zoho_facts(&systems.zoho, &modules),
            systems.x3.site_report()
        );
        let mut problems = Vec::new();
        match x3 {
            Ok(site) => systems.facts.site = Some(site),
            Err(error) => problems.push(with_causes(format!("X3: {error}"), &error)),
        }
        match zoho {
            Ok(facts) => {
                let site = systems.facts.site.take();
                systems.facts = Facts { site, ..facts };
            }
            Err(error) => problems.push(with_causes(format!("Zoho: {error}"), &error)),
        }
        match problems.is_empty() {
            true => {
                tracing::info!(edition = ?systems.facts.edition, "both systems were asked what they offer");
                Ok(systems)
            }
            false => Err(Failure::all(&problems)),
        }
    }

    fn clients(config: &Config, store: &SqlStore, secrets: Secrets) -> Result<Self, Failure> {
        let x3 = x3_client(config, secrets)?;
        let zoho = zoho_builder(config, secrets)?
            .token_store(Arc::new(store.token_store()))
            .build()
            .map_err(|error| Failure::input_because("[zoho]", &error))?;
        Ok(Self {
            x3,
            zoho,
            facts: Facts::default(),
        })
    }
}

/// The Zoho modules of the flows that the configuration asks for.
fn modules_of_interest(config: &Config) -> BTreeSet<&'static str> {
    let wanted = flows::ALL
        .iter()
        .filter(|definition| (definition.wanted)(config));
    wanted
        .flat_map(|definition| definition.zoho_modules)
        .copied()
        .collect()
}

async fn zoho_facts(
    zoho: &ZohoClient,
    modules: &BTreeSet<&'static str>,
) -> Result<Facts, ZohoError> {
    let edition = if_allowed(zoho.org().await)?.and_then(|org| org.edition());
    let mut facts = Facts {
        edition,
        modules: if_allowed(zoho.modules().await)?,
        ..Facts::default()
    };
    for module in modules {
        if facts.module(module) == Presence::Missing {
            continue;
        }
        if let Some(fields) = if_allowed(zoho.fields(*module).await)? {
            facts.fields.insert(module, fields);
        }
    }
    Ok(facts)
}

/// What Zoho will not tell this user stays unknown.
fn if_allowed<T>(answer: Result<T, ZohoError>) -> Result<Option<T>, ZohoError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ZohoError::Api { error, .. })
            if matches!(
                error.code(),
                "OAUTH_SCOPE_MISMATCH" | "NO_PERMISSION" | "INVALID_MODULE"
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn x3_client(config: &Config, secrets: Secrets) -> Result<X3Client, Failure> {
    let x3 = &config.x3;
    let generation = match x3.generation {
        Generation::Second => X3Generation::Gen2,
        Generation::Third => X3Generation::Gen3,
    };
    let credential = match &x3.credential {
        X3Credential::ConnectedApp {
            client_id,
            secret,
            user,
            audience,
        } => {
            let secret = secrets.read(secret, "the connected application's secret")?;
            let app = ConnectedApp::new(client_id.as_str(), secret).audience(audience.as_str());
            match user {
                Some(user) => Credential::from(app.user(user.as_str())),
                None => Credential::from(app),
            }
        }
        X3Credential::Basic { user, password } => Credential::Basic {
            user: user.clone(),
            password: secrets.read(password, "the X3 password")?,
        },
    };
    let site = SiteConfig::new(x3.url.as_str(), x3.endpoint.as_str()).generation(generation);
    let built = X3Client::builder(site)
        .credential(credential)
        .transport(x3_transport(config)?)
        .build();
    built.map_err(|error| Failure::input_because("[x3]", &error))
}

fn x3_transport(config: &Config) -> Result<Arc<dyn HttpTransport>, Failure> {
    let mut builder = ReqwestTransport::builder();
    if let Some(file) = &config.x3.ca_file {
        let pem = fs::read(file).map_err(|error| {
            Failure::input(format!(
                "[x3] ca_file {} cannot be read: {error}",
                file.display()
            ))
        })?;
        builder = builder.root_certificate_pem(pem);
    }
    let transport = builder
        .build()
        .map_err(|error| Failure::input_because("[x3] ca_file", &error))?;
    Ok(Arc::new(transport))
}

fn zoho_builder(config: &Config, secrets: Secrets) -> Result<ZohoClientBuilder, Failure> {
    let wanted = &config.zoho;
    let data_center = match (&wanted.accounts_url, &wanted.data_center) {
        (Some(url), _) => DataCenter::custom(url.as_str())
            .map_err(|error| Failure::input_because("[zoho] accounts_url", &error))?,
        (None, Some(name)) => name.parse().map_err(|error| {
            Failure::input_because(format!("[zoho] data_center `{name}`"), &error)
        })?,
        (None, None) => return Err(Failure::input("[zoho] needs data_center or accounts_url")),
    };
    let credentials = ClientCredentials::new(
        wanted.client_id.as_str(),
        secrets.read(&wanted.client_secret, "Zoho's client secret")?,
    );
    let mut builder = ZohoClient::builder(data_center, credentials)
        .refresh_token(secrets.read(&wanted.refresh_token, "Zoho's refresh token")?)
        .retry(zoho::retry_policy())
        .timeout(Duration::from_secs(20));
    for host in &wanted.allowed_hosts {
        builder = builder.allow_host(host);
    }
    Ok(builder)
}
