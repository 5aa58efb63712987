//! `connect x3`.

use axum::http::Method;
use clap::Args;
use serde_json::json;

use sage_x3_client::{
    Error as X3Error,
    cloud::{PairingCallback, PairingScope},
};

use super::{PATIENCE, Return, open, secret_to_try};
use crate::{
    cli::Configured,
    config::{Config, X3Credential},
    failure::{Failure, with_causes},
    receiver::Callbacks,
    systems::{x3_client, x3_gateway},
    vault::{Credential, Vault},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    to: Return,
    #[command(flatten)]
    configured: Configured,
}

pub(super) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (config, vault) = open(&arguments.configured).await?;
    let (configured, question, is_cloud) = match &config.x3.credential {
        X3Credential::ConnectedApp {
            client_id, secret, ..
        } => (
            secret.as_ref(),
            format!("Secret of the connected application {client_id}"),
            false,
        ),
        X3Credential::Basic { user, password } => {
            (password.as_ref(), format!("X3 password of {user}"), false)
        }
        X3Credential::Cloud {
            client_id, secret, ..
        } => (
            secret.as_ref(),
            format!("Secret of the application {client_id}"),
            true,
        ),
    };
    let secret = secret_to_try(&vault, configured, Credential::X3Secret, &question).await?;
    // Clients find it in the vault, so it is put there to be tried; a wrong one is replaced by the next attempt.
    if configured.is_none() {
        vault.keep(Credential::X3Secret, &secret).await?;
    }
    if is_cloud {
        pair(&config, &vault, arguments).await?;
    }
    report(&config, &vault, &arguments.configured).await
}

/// Sends a user of the customer to the gateway, and waits until it calls back.
async fn pair(config: &Config, vault: &Vault, arguments: &Arguments) -> Result<(), Failure> {
    let failed = |error: X3Error| Failure::input_because("X3 in the cloud was not paired", &error);
    let gateway = x3_gateway(config, vault).await?;
    let mut callbacks = Callbacks::listen(arguments.to.listen).await?;
    let redirect_url = arguments.to.url(callbacks.address);
    let customer = config.x3.url.as_str().trim_end_matches('/');
    let request = gateway
        .request_pairing(customer, &redirect_url, &[PairingScope::Graphql])
        .await
        .map_err(failed)?;
    if !arguments.configured.json {
        out!(
            "The gateway will call {redirect_url}: it must be registered with the application, and reachable for it."
        );
    }
    arguments.to.show(request.url(), &arguments.configured);
    loop {
        let callback = callbacks.next(PATIENCE).await?;
        let parsed = match callback.method == Method::POST {
            true => PairingCallback::parse(&callback.body).ok(),
            false => None,
        };
        let Some(parsed) = parsed else {
            callback.refuse();
            continue;
        };
        match gateway.complete(&request, &parsed).await {
            Ok(_) => {
                callback.accept();
                return Ok(());
            }
            // Somebody else's call. The right one may still come.
            Err(error @ X3Error::Invalid(_)) => {
                tracing::warn!(error = %with_causes(&error, &error), "a callback was refused");
                callback.refuse();
            }
            Err(error) => {
                callback.refuse();
                return Err(failed(error));
            }
        }
    }
}

/// Asks X3 what it offers, so that the credential is known to work.
async fn report(config: &Config, vault: &Vault, configured: &Configured) -> Result<(), Failure> {
    let x3 = x3_client(config, vault).await?;
    let site = x3.site_report().await.map_err(|error| {
        Failure::input(with_causes(
            format!("X3: the credential was tried and does not work: {error}"),
            &error,
        ))
    })?;
    let packages = site.packages.as_ref().map(std::collections::BTreeMap::len);
    if configured.json {
        out!(
            "{}",
            json!({"connected": config.x3.url.as_str(), "endpoint": config.x3.endpoint, "packages": packages})
        );
        return Ok(());
    }
    out!(
        "Connected to {} (endpoint {}).",
        config.x3.url,
        config.x3.endpoint
    );
    match packages {
        Some(count) => out!("It shows {count} packages to this user."),
        None => out!(
            "It does not let this user look at its schema; what it offers shows when it is used."
        ),
    }
    Ok(())
}
