//! From the configuration to two clients, a flow and an engine.

use std::{fs, sync::Arc, time::Duration};

use client_core::{HttpTransport, ReqwestTransport};
use sage_x3_client::{
    CategoryCode, ChangeSource, ConnectedApp, Credential, FieldName as X3Field,
    Generation as X3Generation, Precision, SiteConfig, StampField, X3Client,
};
use secrecy::ExposeSecret;
use sql_store::SqlStore;
use sync_core::{
    ConflictRule, Direction, Endpoint, Engine, FieldName, Flow, FlowName, Kind, Mapping, Policy,
    Row, Settings, Side, Sides, SystemClock,
    flows::customers::{self, CustomerOptions},
    x3::{CustomField, CustomFieldKind, CustomerEndpoint, CustomerSettings},
    zoho::{self, ModuleSettings, ZohoEndpoint},
};
use zoho_crm_client::{ClientCredentials, DataCenter, ZohoClient, ZohoClientBuilder};

use crate::{
    config::{Config, Generation, RowConfig, RowDirection, RowKind, RowRule, X3Credential},
    failure::{Failure, with_causes},
    plan::system,
};

/// The flow's name in the store.
pub(crate) const CUSTOMERS: &str = "customers";

/// Both systems, reached and found to be set up as needed.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) zoho: ZohoClient,
    flow: Flow,
    store: SqlStore,
}

/// Builds the clients and checks both systems. Nothing is written anywhere.
pub(crate) async fn connect(config: &Config) -> Result<Connected, Failure> {
    let options = options(config);
    let mapping = mapping(config, &options)?;
    let x3 = x3_client(config)?;
    let tokens = zoho_builder(config)?;
    let store = open_store(config).await?;
    let zoho = tokens
        .token_store(Arc::new(store.token_store()))
        .build()
        .map_err(|error| Failure::input_because("[zoho]", &error))?;
    let customers: Arc<dyn Endpoint> = Arc::new(x3_customers(config, x3)?);
    let accounts: Arc<dyn Endpoint> = Arc::new(zoho_accounts(zoho.clone(), &options, &mapping));
    let endpoints = Sides::new(customers, accounts);
    check(&endpoints).await?;
    let identity = customers::identity(&options);
    let flow = Flow {
        name: FlowName::from(CUSTOMERS),
        endpoints,
        mapping,
        identity,
        policy: Policy::default(),
    };
    flow.check()
        .map_err(|error| Failure::input(error.to_string()))?;
    Ok(Connected { zoho, flow, store })
}

impl Connected {
    /// An engine on the configured store.
    pub(crate) fn engine(&self, config: &Config, worker: &str) -> Result<Engine, Failure> {
        let store = Arc::new(self.store.clone());
        let engine = Engine::builder(config.connection.as_str(), store, Arc::new(SystemClock))
            .flow(self.flow.clone())
            .worker(format!("{worker}-{}", std::process::id()))
            .scratch(Arc::new(sql_store::TemporaryFiles))
            .settings(Settings {
                ..config.timing.settings()
            })
            .build()?;
        Ok(engine)
    }

    pub(crate) fn flow_name(&self) -> FlowName {
        self.flow.name.clone()
    }
}

/// Opens the store, and makes it if it is not there.
pub(crate) async fn open_store(config: &Config) -> Result<SqlStore, Failure> {
    let opened = match (&config.database, &config.database_url) {
        (Some(file), _) => {
            let opened = SqlStore::open_sqlite(file).await;
            opened.map_err(|error| {
                (
                    format!("cannot open the database {}", file.display()),
                    error,
                )
            })
        }
        (None, Some(url)) => {
            let url = url.read("the address of the database")?;
            let opened = SqlStore::open_postgres(url.expose_secret()).await;
            opened.map_err(|error| ("cannot open the database at database_url".to_owned(), error))
        }
        (None, None) => return Err(Failure::input("no database is configured".to_owned())),
    };
    opened.map_err(|(message, error)| Failure::input_because(message, &error))
}

async fn check(endpoints: &Sides<Arc<dyn Endpoint>>) -> Result<(), Failure> {
    let mut problems = Vec::new();
    for side in Side::BOTH {
        match endpoints.get(side).check().await {
            Ok(found) => problems.extend(
                found
                    .into_iter()
                    .map(|problem| format!("{}: {}", system(side), problem.message)),
            ),
            Err(error) => problems.push(with_causes(format!("{}: {error}", system(side)), &error)),
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Failure::input(problems.join("\n              ")))
    }
}

fn options(config: &Config) -> CustomerOptions {
    let mut options = CustomerOptions::default();
    let wanted = &config.customers;
    if let Some(field) = &wanted.zoho_key_field {
        options.zoho_key_field.clone_from(field);
    }
    if let Some(prefix) = &wanted.code_prefix {
        options.code_prefix.clone_from(prefix);
    }
    if let Some(length) = wanted.name_length {
        options.name_length = length;
    }
    for (code, name) in &wanted.countries {
        options.countries.add(code, name);
    }
    options
}

fn mapping(config: &Config, options: &CustomerOptions) -> Result<Mapping, Failure> {
    let wrong = |error: sync_core::MappingError| Failure::input(format!("[customers]: {error}"));
    let mut mapping = customers::mapping(options).map_err(wrong)?;
    for name in &config.customers.without {
        mapping = mapping.without(name).map_err(wrong)?;
    }
    for row in &config.customers.rows {
        mapping = mapping.with(standard_row(row)).map_err(wrong)?;
    }
    Ok(mapping)
}

fn standard_row(config: &RowConfig) -> Row {
    let kind = match config.kind {
        RowKind::Text => Kind::Text,
        RowKind::Code => Kind::Code,
        RowKind::Decimal => Kind::Decimal {
            scale: config.scale.unwrap_or(2),
        },
        RowKind::Boolean => Kind::Boolean,
        RowKind::Date => Kind::Date,
        RowKind::Instant => Kind::Instant,
    };
    let direction = match config.direction {
        RowDirection::Both => Direction::Both,
        RowDirection::ToZoho => Direction::ToRight,
        RowDirection::ToX3 => Direction::ToLeft,
        RowDirection::CreateOnly => Direction::CreateOnly,
    };
    let rule = match config.rule {
        RowRule::X3 => ConflictRule::Left,
        RowRule::Zoho => ConflictRule::Right,
        RowRule::Newest => ConflictRule::Newest,
        RowRule::Park => ConflictRule::Park,
    };
    let mut row = Row::new(
        config.name.as_str(),
        config.x3.as_str(),
        config.zoho.as_str(),
        kind,
    );
    row = row.direction(direction).rule(rule);
    if let Some(length) = config.x3_length {
        row = row.max_length(Side::Left, length);
    }
    if let Some(length) = config.zoho_length {
        row = row.max_length(Side::Right, length);
    }
    row
}

fn x3_client(config: &Config) -> Result<X3Client, Failure> {
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
            let secret = secret.read("the connected application's secret")?;
            let app = ConnectedApp::new(client_id.as_str(), secret).audience(audience.as_str());
            match user {
                Some(user) => Credential::from(app.user(user.as_str())),
                None => Credential::from(app),
            }
        }
        X3Credential::Basic { user, password } => Credential::Basic {
            user: user.clone(),
            password: password.read("the X3 password")?,
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

fn zoho_builder(config: &Config) -> Result<ZohoClientBuilder, Failure> {
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
        wanted.client_secret.read("Zoho's client secret")?,
    );
    let mut builder = ZohoClient::builder(data_center, credentials)
        .refresh_token(wanted.refresh_token.read("Zoho's refresh token")?)
        .retry(zoho::retry_policy())
        .timeout(Duration::from_secs(20));
    for host in &wanted.allowed_hosts {
        builder = builder.allow_host(host);
    }
    Ok(builder)
}

fn x3_customers(config: &Config, client: X3Client) -> Result<CustomerEndpoint, Failure> {
    let wrong =
        |what: &str, error: &dyn std::fmt::Display| Failure::input(format!("{what}: {error}"));
    let category = CategoryCode::new(config.x3.customer_category.as_str())
        .map_err(|error| wrong("[x3] customer_category", &error))?;
    let mut settings = CustomerSettings::new().create_in(category);
    if config.x3.stamp != StampField::update_stamp().name() {
        let name =
            X3Field::new(config.x3.stamp.as_str()).map_err(|error| wrong("[x3] stamp", &error))?;
        let precision = if config.x3.stamp == "UPDDAT" {
            Precision::Day
        } else {
            Precision::Second
        };
        for source in [
            ChangeSource::Customer,
            ChangeSource::BusinessPartner,
            ChangeSource::CustomerAddress,
        ] {
            settings = settings.stamp(source, StampField::custom(name.clone(), precision));
        }
    }
    let standard: Vec<FieldName> = CustomerEndpoint::new(client.clone(), CustomerSettings::new())
        .field_names()
        .collect();
    for row in config
        .customers
        .rows
        .iter()
        .filter(|row| !standard.iter().any(|known| known.as_str() == row.x3))
    {
        let name = X3Field::new(row.x3.as_str())
            .map_err(|error| wrong(&format!("[[customers.rows]] `{}`: x3", row.name), &error))?;
        settings = settings.custom_field(CustomField::new(name, custom_kind(row.kind)));
    }
    Ok(CustomerEndpoint::new(client, settings))
}

fn custom_kind(kind: RowKind) -> CustomFieldKind {
    match kind {
        RowKind::Text | RowKind::Code => CustomFieldKind::Text,
        RowKind::Decimal => CustomFieldKind::Decimal,
        RowKind::Boolean => CustomFieldKind::Boolean,
        RowKind::Date => CustomFieldKind::Date,
        RowKind::Instant => CustomFieldKind::Instant,
    }
}

fn zoho_accounts(client: ZohoClient, options: &CustomerOptions, mapping: &Mapping) -> ZohoEndpoint {
    let written: Vec<FieldName> = mapping
        .rows()
        .iter()
        .filter(|row| row.direction.fills(Side::Right))
        .map(|row| row.fields.right.clone())
        .collect();
    let settings = ModuleSettings::new(
        "Accounts",
        options.zoho_key_field.as_str(),
        mapping.fields(Side::Right),
    );
    ZohoEndpoint::new(client, settings.written_fields(&written))
}
