//! The listeners of a running program.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};

use crate::{
    config::{AdminConfig, WebhookConfig},
    failure::Failure,
    http::{Rate, Server, admin, webhook},
    page,
    service::Service,
};

/// Fewer characters than this are no password.
const SHORTEST_PASSWORD: usize = 12;

/// The listeners that were started.
#[derive(Debug)]
pub(super) struct Servers(JoinSet<()>);

impl Servers {
    /// Waits until their connections have ended.
    pub(super) async fn finish(mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

/// Binds and serves what the configuration asks for.
pub(super) async fn start(
    service: &Arc<Service>,
    stopping: &watch::Receiver<bool>,
) -> Result<Servers, Failure> {
    let live = service.live();
    let mut servers = JoinSet::new();
    if let Some(config) = &live.setup.config.admin {
        let server = admin_server(config, service).await?;
        servers.spawn(server.run(stopping.clone()));
    } else {
        tracing::info!("no [admin] section: no probes, no figures, no status page");
    }
    if let Some(config) = &live.setup.config.webhook {
        let server = webhook_server(config, service).await?;
        servers.spawn(server.run(stopping.clone()));
    }
    Ok(Servers(servers))
}

async fn admin_server(config: &AdminConfig, service: &Arc<Service>) -> Result<Server, Failure> {
    let access = access(config)?;
    let has_page = access.is_some();
    let router = admin::router(Arc::clone(service), access);
    let server = Server::bind(config.listen, "for the operator", router).await?;
    let address = server.address()?;
    tracing::info!(%address, status_page = has_page, "listening for the operator");
    if !has_page {
        tracing::info!("[admin] has no password: the status page is off");
    }
    Ok(server)
}

fn access(config: &AdminConfig) -> Result<Option<page::Access>, Failure> {
    use secrecy::ExposeSecret as _;
    let Some(password) = &config.password else {
        return Ok(None);
    };
    let password = password.read("the password of the status page")?;
    // Exposes the secret: to count its characters.
    if password.expose_secret().chars().count() < SHORTEST_PASSWORD {
        return Err(Failure::input(format!(
            "the password of the status page has fewer than {SHORTEST_PASSWORD} characters"
        )));
    }
    let is_encrypted = config
        .public_url
        .as_ref()
        .is_some_and(|url| url.scheme() == "https");
    if !config.listen.ip().is_loopback() && !is_encrypted {
        tracing::warn!(
            "the status page's password crosses the network unencrypted: put a TLS proxy in front, and name its address as [admin] public_url"
        );
    }
    Ok(Some(page::Access {
        password,
        public_url: config.public_url.clone(),
    }))
}

async fn webhook_server(config: &WebhookConfig, service: &Arc<Service>) -> Result<Server, Failure> {
    let calls = config.calls_per_second;
    let gate = webhook::Gate {
        each: Rate::per_second(calls, calls.saturating_mul(5)),
        all: Rate::per_second(calls.saturating_mul(2), calls.saturating_mul(10)),
        proxies: config.proxies.clone(),
    };
    let path = config.public_url.path();
    let router = webhook::router(path, gate, Arc::clone(service));
    let server = Server::bind(config.listen, "for notifications", router).await?;
    let server = server.patience(Duration::from_secs(config.patience_seconds));
    let address = server.address()?;
    tracing::info!(%address, "listening for notifications");
    Ok(server)
}
