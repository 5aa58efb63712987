//! `run`: keeps the systems in agreement until it is stopped.

mod channel;

use std::sync::Arc;

use zoho_crm_client::webhook::WebhookVerifier;

use self::channel::ChannelKeeper;
use crate::{cli::Configured, config::Config, connect, failure::Failure, webhook};

/// Polls, receives notifications and works until SIGINT or SIGTERM.
pub(crate) async fn run(configured: &Configured) -> Result<(), Failure> {
    let config = Config::read(&configured.config)?;
    let connected = connect::connect(&config).await?;
    let engine = Arc::new(connected.engine(&config, "run")?);
    warn_without_approval(&engine).await?;
    let keeper = match &config.webhook {
        Some(webhook) => {
            let keeper = ChannelKeeper::new(connected.zoho.clone(), webhook)?;
            let verifier =
                WebhookVerifier::new(keeper.channel_id().clone(), keeper.token().clone());
            let path = webhook.public_url.path();
            let receiver = Arc::clone(&engine);
            let address = webhook::serve(
                webhook.listen,
                path,
                verifier,
                receiver,
                connected.flow_name(),
            )
            .await?;
            tracing::info!(%address, "listening for notifications");
            Some(keeper)
        }
        None => {
            tracing::info!("no [webhook] section: changes in Zoho are found by polling alone");
            None
        }
    };
    let stop = stop_signal();
    let keep_channel = async move {
        match keeper {
            Some(keeper) => keeper.keep().await,
            None => std::future::pending().await,
        }
    };
    tracing::info!(connection = %config.connection, "running");
    tokio::select! {
        ended = engine.run(tokio::time::sleep, stop) => ended.map_err(Failure::from),
        () = keep_channel => Ok(()),
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
