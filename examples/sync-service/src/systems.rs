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
    WritePath, X3Client,
    cloud::{CloudApp, CloudGateway},
};
use secrecy::SecretString;
use sync_core::zoho;
use zoho_crm_client::{
    ClientCredentials, DataCenter, Edition, Error as ZohoError, FieldMeta, ModuleMeta, ZohoClient,
    ZohoClientBuilder,
};

use crate::{
    config::{Config, Generation, X3Credential},
    failure::{Failure, with_causes},
    flows::{self, orders::OrdersConfig},
    vault::{Credential as Kept, Vault},
};

/// No attempt at a call takes longer: leases must not lapse meanwhile.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(20);

/// Both systems, and what they offer.
#[derive(Clone, Debug)]
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
    /// The modules that Zoho shows this user.
    modules: Option<Vec<ModuleMeta>>,
    fields: BTreeMap<&'static str, Vec<FieldMeta>>,
    /// What X3's schema says, if X3 was asked.
    pub(crate) site: Option<SiteReport>,
    /// How many credit memos X3 has that are not shown in Zoho, if invoices are.
    pub(crate) credits_left_out: Option<u64>,
    /// The X3 nodes that are written by another path than GraphQL, if that does not offer it.
    written_otherwise: BTreeSet<&'static str>,
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

    /// The same with what X3's schema says, the other paths by which `x3` writes, and what it is asked for beside its schema.
    pub(crate) async fn with_site(self, site: SiteReport, config: &Config, x3: &X3Client) -> Self {
        let nodes = [
            "customer",
            "customerInvoiceHeader",
            "salesOrder",
            "supplier",
        ]
        .into_iter();
        Self {
            site: Some(site),
            credits_left_out: flows::invoices::credits_left_out(config, x3).await,
            written_otherwise: nodes.filter(|node| x3.has_other_write_path(node)).collect(),
            ..self
        }
    }

    /// Whether records of an X3 node, such as `salesOrder`, can be read.
    pub(crate) fn x3_query(&self, node: &str) -> Presence {
        self.x3(node, |offer| offer.query)
    }

    /// Whether X3 offers `create` or `update` of a node, by whichever path, or another operation below it.
    pub(crate) fn x3_operation(&self, node: &str, operation: &str) -> Presence {
        if ["create", "update"].contains(&operation) && self.written_otherwise.contains(node) {
            return Presence::There;
        }
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

impl Systems {
    /// Clients for both systems. Nothing is sent, no secret is read, nothing is known of what they offer: for what can be
    /// told from the store alone.
    pub(crate) fn unasked(config: &Config) -> Result<Self, Failure> {
        let unread = || SecretString::from("not read");
        let site = SiteConfig::new(config.x3.url.as_str(), config.x3.endpoint.as_str());
        let x3 = X3Client::builder(site)
            .credential(Credential::Basic {
                user: "nobody".to_owned(),
                password: unread(),
            })
            .build()
            .map_err(|error| Failure::input_because("[x3]", &error))?;
        let zoho = zoho_builder(config, unread())?
            .refresh_token(unread())
            .build()
            .map_err(|error| Failure::input_because("[zoho]", &error))?;
        Ok(Self {
            x3,
            zoho,
            facts: Facts::default(),
        })
    }

    /// Clients for both systems, and what these offer. Nothing is written.
    pub(crate) async fn ask(config: &Config, vault: &Vault) -> Result<Self, Failure> {
        let (x3, zoho) = (
            x3_client(config, vault).await?,
            zoho_client(config, vault).await?,
        );
        let modules = modules_of_interest(config);
        let (of_zoho, site) = tokio::join!(zoho_facts(&zoho, &modules), x3.site_report());
        let mut problems = Vec::new();
        let site = site
            .map_err(|error| problems.push(with_causes(format!("X3: {error}"), &error)))
            .ok();
        let facts = of_zoho
            .map_err(|error| problems.push(with_causes(format!("Zoho: {error}"), &error)))
            .unwrap_or_default();
        if !problems.is_empty() {
            return Err(Failure::all(&problems));
        }
        let facts = match site {
            Some(site) => facts.with_site(site, config, &x3).await,
            None => facts,
        };
        tracing::info!(edition = ?facts.edition, "both systems were asked what they offer");
        Ok(Self { x3, zoho, facts })
    }
}

/// The Zoho modules of the flows that the configuration asks for.
pub(crate) fn modules_of_interest(config: &Config) -> BTreeSet<&'static str> {
    let wanted = flows::ALL
        .iter()
        .filter(|definition| (definition.wanted)(config));
    wanted
        .flat_map(|definition| definition.zoho_modules)
        .copied()
        .collect()
}

pub(crate) async fn zoho_facts(
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
pub(crate) fn if_allowed<T>(answer: Result<T, ZohoError>) -> Result<Option<T>, ZohoError> {
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

/// A client for X3. Sends nothing, unless X3 is in the cloud: then the gateway is asked for the folder.
pub(crate) async fn x3_client(config: &Config, vault: &Vault) -> Result<X3Client, Failure> {
    let x3 = &config.x3;
    let secret = |configured| vault.secret(configured, Kept::X3Secret);
    let own_site = || SiteConfig::new(x3.url.as_str(), x3.endpoint.as_str());
    let (credential, site) = match &x3.credential {
        X3Credential::ConnectedApp {
            client_id,
            secret: configured,
            user,
            audience,
        } => {
            let secret = secret(configured.as_ref()).await?;
            let app = ConnectedApp::new(client_id.as_str(), secret).audience(audience.as_str());
            let credential = match user {
                Some(user) => Credential::from(app.user(user.as_str())),
                None => Credential::from(app),
            };
            (credential, own_site())
        }
        X3Credential::Basic { user, password } => {
            let credential = Credential::Basic {
                user: user.clone(),
                password: secret(password.as_ref()).await?,
            };
            (credential, own_site())
        }
        X3Credential::Cloud { .. } => {
            let gateway = x3_gateway(config, vault).await?;
            let site = cloud_site(config, &gateway).await?;
            (Credential::from(gateway), site)
        }
    };
    let generation = match x3.generation {
        Generation::Second => X3Generation::Gen2,
        Generation::Third => X3Generation::Gen3,
    };
    let mut site = site.generation(generation);
    if let Some(soap) = &x3.soap {
        site = site.soap(soap.settings());
    }
    if config.orders.as_deref().is_some_and(OrdersConfig::by_soap) {
        site = site.write_paths_of("salesOrder", [WritePath::Soap]);
    }
    let mut builder = X3Client::builder(site)
        .credential(credential)
        .transport(x3_transport(config)?)
        .retry(sync_core::x3::retry_policy());
    for published in x3.soap.as_deref().iter().flat_map(|soap| soap.published()) {
        builder = builder.soap_publication(published.node, published.publication(config)?);
    }
    builder
        .build()
        .map_err(|error| Failure::input_because("[x3]", &error))
}

/// The gateway of X3 in the cloud. Sends nothing.
pub(crate) async fn x3_gateway(config: &Config, vault: &Vault) -> Result<CloudGateway, Failure> {
    let X3Credential::Cloud {
        gateway,
        client_id,
        secret,
        allowed_hosts,
    } = &config.x3.credential
    else {
        return Err(config.wrong("x3.credential", "X3 is not in the cloud"));
    };
    let secret = vault.secret(secret.as_ref(), Kept::X3Secret).await?;
    let app = CloudApp::new(client_id.as_str(), secret);
    let mut builder = CloudGateway::builder(gateway.as_str().trim_end_matches('/'), app)
        .token_store(vault.tokens())
        .token_key(Vault::x3_key(config))
        .transport(x3_transport(config)?);
    for host in allowed_hosts {
        builder = builder.allow_host(host.as_str());
    }
    builder
        .build()
        .map_err(|error| Failure::input_because("[x3] credential", &error))
}

/// The folder that the configuration names as its endpoint.
async fn cloud_site(config: &Config, gateway: &CloudGateway) -> Result<SiteConfig, Failure> {
    let folders = gateway.folders().await.map_err(|error| {
        Failure::input_because(
            "X3: the cloud does not list the folders (`sync-service connect x3` pairs anew)",
            &error,
        )
    })?;
    let wanted = &config.x3.endpoint;
    if let Some(folder) = folders.iter().find(|folder| folder.name == *wanted) {
        return Ok(SiteConfig::cloud(folder));
    }
    let names: Vec<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
    Err(config.wrong(
        "x3.endpoint",
        format!(
            "the customer has opened no folder `{wanted}` to this application; open are: {}",
            names.join(", ")
        ),
    ))
}

/// What carries requests to X3.
pub(crate) fn x3_transport(config: &Config) -> Result<Arc<dyn HttpTransport>, Failure> {
    let mut builder = ReqwestTransport::builder().timeout(LONGEST_ATTEMPT);
    if let Some(file) = &config.x3.ca_file {
        let pem = fs::read(file).map_err(|error| {
            config.wrong(
                "x3.ca_file",
                format!("{} cannot be read: {error}", file.display()),
            )
        })?;
        builder = builder.root_certificate_pem(pem);
    }
    let transport = builder
        .build()
        .map_err(|error| config.wrong("x3.ca_file", error))?;
    Ok(Arc::new(transport))
}

/// A client for Zoho. Sends nothing.
pub(crate) async fn zoho_client(config: &Config, vault: &Vault) -> Result<ZohoClient, Failure> {
    let secret = config.zoho.client_secret.as_ref();
    let secret = vault.secret(secret, Kept::ZohoClientSecret).await?;
    let key = Vault::zoho_key(config);
    let mut builder = zoho_builder(config, secret)?
        .token_store(vault.tokens())
        .token_key(key.clone());
    match &config.zoho.refresh_token {
        Some(token) => builder = builder.refresh_token(token.read("Zoho's refresh token")?),
        None => {
            let kept = vault.tokens().load(&key).await;
            let kept = kept.map_err(|error| {
                Failure::input_because("Zoho's kept token cannot be read", &error)
            })?;
            if kept.is_none() {
                return Err(Failure::input(
                    "Zoho's refresh token is neither configured nor kept: run `sync-service connect zoho`",
                ));
            }
        }
    }
    builder
        .build()
        .map_err(|error| Failure::input_because("[zoho]", &error))
}

/// What clients for Zoho, and consents, are made of.
pub(crate) fn zoho_builder(
    config: &Config,
    client_secret: SecretString,
) -> Result<ZohoClientBuilder, Failure> {
    let wanted = &config.zoho;
    let data_center = match (&wanted.accounts_url, &wanted.data_center) {
        (Some(url), _) => DataCenter::custom(url.as_str())
            .map_err(|error| config.wrong("zoho.accounts_url", error))?,
        (None, Some(name)) => name
            .parse()
            .map_err(|error| config.wrong("zoho.data_center", error))?,
        (None, None) => return Err(config.wrong("zoho", "data_center or accounts_url is needed")),
    };
    let credentials = ClientCredentials::new(wanted.client_id.as_str(), client_secret);
    let mut builder = ZohoClient::builder(data_center, credentials)
        .retry(zoho::retry_policy())
        .timeout(LONGEST_ATTEMPT);
    for host in &wanted.allowed_hosts {
        builder = builder.allow_host(host);
    }
    Ok(builder)
}
