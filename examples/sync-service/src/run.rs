//! `run`: keeps the systems in agreement until it is stopped.

use std::sync::Arc;

use crate::{
    cli::Configured,
    config::Config,
    failure::Failure,
    setup::Setup,
    webhook::{self, Watched},
};

/// Polls, receives notifications and works until SIGINT or SIGTERM.
pub(crate) async fn run(configured: &Configured) -> Result<(), Failure> {
    let setup = Setup::open(Config::read(&configured.config)?).await?;
    tell_what_is_on(&setup)?;
    let webhook = setup.config.webhook.as_ref();
    let channels = webhook.map(|webhook| setup.channels(webhook)).transpose()?;
    let channels = channels.unwrap_or_default();
    let engine = Arc::new(setup.engine_with("run", &channels)?);
    warn_without_approval(&engine).await?;
    match webhook {
        Some(webhook) => {
            let watched = channels.iter().map(Watched::new).collect();
            let path = webhook.public_url.path();
            let receiver = Arc::clone(&engine);
            let address = webhook::serve(webhook.listen, path, watched, receiver).await?;
            tracing::info!(%address, "listening for notifications");
        }
        None => {
            tracing::info!("no [webhook] section: changes in Zoho are found by polling alone");
        }
    }
    tracing::info!(connection = %setup.config.connection, "running");
    let ended = engine.run(tokio::time::sleep, stop_signal()).await;
    ended.map_err(Failure::from)
}

/// What is off must not look like silence.
fn tell_what_is_on(setup: &Setup) -> Result<(), Failure> {
    for off in setup.flows.off.iter().filter(|off| off.wanted) {
        tracing::warn!(flow = %off.name, reason = %off.reason, "the flow is off");
    }
    for on in &setup.flows.on {
        for note in &on.notes {
            tracing::warn!(flow = %on.flow.name, "{note}");
        }
        tracing::info!(flow = %on.flow.name, "the flow is on");
    }
    match setup.flows.on.is_empty() {
        true => Err(Failure::input("no flow is on, so there is nothing to do")),
        false => Ok(()),
    }
}

/// A flow without an approved plan stands still; that must not look like silence.
async fn warn_without_approval(engine: &sync_core::Engine) -> Result<(), Failure> {
    for status in engine.status().await? {
        if !status.approved {
            tracing::warn!(flow = %status.flow, "no first-sync plan was approved: nothing is written until `apply` was run");
        }
    }
    Ok(())
}

async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be caught");
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
    tracing::info!("stopping");
}
