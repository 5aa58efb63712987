//! `connect zoho`.

use axum::http::Method;
use clap::Args;
use secrecy::SecretString;
use serde_json::json;
use zoho_crm_client::{Connection, Error as ZohoError, Onboarding};

use super::{PATIENCE, Return, open, secret_to_try};
use crate::{
    cli::Configured,
    config::Config,
    failure::Failure,
    receiver::Callbacks,
    systems::{if_allowed, zoho_builder, zoho_client},
    vault::{Credential, Vault},
};

/// What the flows, and `doctor`, need. Source: reference zoho-crm-v8 section 1.2.
const SCOPES: [&str; 7] = [
    "ZohoCRM.modules.ALL",
    "ZohoCRM.settings.ALL",
    "ZohoCRM.org.READ",
    "ZohoCRM.users.READ",
    "ZohoCRM.coql.READ",
    "ZohoCRM.notifications.ALL",
    "ZohoCRM.bulk.ALL",
];

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A code that was made by hand for a self client in the API console, instead of consent in a browser. Such codes
    /// live for some minutes. `-` reads it from standard input.
    #[arg(long)]
    code: Option<String>,
    /// Scopes to ask for, separated by commas; everything that the flows need unless said otherwise.
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<String>,
    #[command(flatten)]
    to: Return,
    #[command(flatten)]
    configured: Configured,
}

pub(super) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (config, vault) = open(&arguments.configured).await?;
    let configured = config.zoho.client_secret.as_ref();
    let question = format!("Secret of Zoho's client {}", config.zoho.client_id);
    let secret = secret_to_try(&vault, configured, Credential::ZohoClientSecret, &question).await?;
    let onboarding = zoho_builder(&config, secret.clone())?
        .token_store(vault.tokens())
        .token_key(Vault::zoho_key(&config))
        .onboarding()
        .map_err(|error| Failure::input_because("[zoho]", &error))?;
    let connection = match &arguments.code {
        Some(code) => by_code(&onboarding, code).await?,
        None => by_consent(&onboarding, arguments).await?,
    };
    if configured.is_none() {
        vault.keep(Credential::ZohoClientSecret, &secret).await?;
    }
    report(&config, &vault, &connection, &arguments.configured).await
}

async fn by_code(onboarding: &Onboarding, code: &str) -> Result<Connection, Failure> {
    let code = match code {
        "-" => super::ask("Code of the self client")?
            .ok_or_else(|| Failure::input("there is no code on standard input"))?,
        code => SecretString::from(code),
    };
    let connected = onboarding.self_client(code).await;
    connected.map_err(|error| Failure::input_because("Zoho does not take the code", &error))
}

/// Sends a person to the consent page, and waits until the browser comes back.
async fn by_consent(onboarding: &Onboarding, arguments: &Arguments) -> Result<Connection, Failure> {
    let mut callbacks = Callbacks::listen(arguments.to.listen).await?;
    let redirect_url = arguments.to.url(callbacks.address);
    let consent = match arguments.scopes.is_empty() {
        true => onboarding.authorize(SCOPES, &redirect_url),
        false => onboarding.authorize(&arguments.scopes, &redirect_url),
    };
    let consent = consent.map_err(|error| Failure::input_because("no consent page", &error))?;
    if !arguments.configured.json {
        out!("{redirect_url} must be registered for this client in Zoho's API console.");
    }
    arguments.to.show(consent.url(), &arguments.configured);
    loop {
        let callback = callbacks.next(PATIENCE).await?;
        if callback.method != Method::GET || callback.uri.query().is_none() {
            callback.refuse();
            continue;
        }
        match onboarding
            .complete(&consent, &callback.uri.to_string())
            .await
        {
            Ok(connection) => {
                callback.accept();
                return Ok(connection);
            }
            // Not what was asked for: somebody else's redirect, or an old one. The right one may still come.
            Err(error @ ZohoError::InvalidRequest { .. }) => {
                tracing::warn!(%error, "a redirect was refused");
                callback.refuse();
            }
            Err(error) => {
                callback.refuse();
                return Err(Failure::input_because("Zoho was not connected", &error));
            }
        }
    }
}

/// Makes the first call, so that it is known to work.
async fn report(
    config: &Config,
    vault: &Vault,
    connection: &Connection,
    configured: &Configured,
) -> Result<(), Failure> {
    let zoho = zoho_client(config, vault).await?;
    let org = if_allowed(zoho.org().await);
    let org = org.map_err(|error| {
        Failure::input_because("Zoho is connected, but the first call failed", &error)
    })?;
    let name = org.as_ref().and_then(|org| org.company_name.as_deref());
    let name = name.unwrap_or("an organisation");
    let edition = org.as_ref().and_then(|org| org.edition());
    let edition = edition.map(|edition| format!("{edition:?}"));
    if configured.json {
        out!(
            "{}",
            json!({
                "connected": name, "edition": edition,
                "accounts_server": connection.accounts_server, "api_domain": connection.api_domain,
            })
        );
        return Ok(());
    }
    let edition = edition.unwrap_or_else(|| "unknown".to_owned());
    out!(
        "Connected to {name} (edition {edition}) at {}.",
        connection.api_domain
    );
    if config.zoho.refresh_token.is_some() {
        out!("The kept token is used from now on; refresh_token can be taken out of [zoho].");
    }
    Ok(())
}
