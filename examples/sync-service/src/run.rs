//! `run`: keeps the systems in agreement until it is stopped.

mod reload;
mod servers;
mod signals;

use std::{path::Path, sync::Arc, time::Duration};

use tokio::sync::{mpsc, watch};
use zoho_crm_client::webhook::WebhookVerifier;

use crate::{
    cli::Configured,
    config::Config,
    failure::Failure,
    http::webhook::Announcements,
    metrics::Metrics,
    service::{Live, Service},
    setup::{FlowChannel, Setup},
};

/// Pauses between tries to ask the systems at start.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Polls, receives notifications and works until SIGINT or SIGTERM. A changed configuration is taken up between two
/// batches.
pub(crate) async fn run(configured: &Configured) -> Result<(), Failure> {
    let setup = Box::pin(open(&configured.config)).await?;
    let metrics = Arc::new(Metrics::default());
    let live = live(setup, &metrics)?;
    warn_without_approval(&live).await?;
    let (stop, stopping) = watch::channel(false);
    let service = Arc::new(Service::new(live, metrics, stopping.clone()));
    let servers = servers::start(&service, &stopping).await?;
    let (renewed, renewals) = mpsc::channel(1);
    let watching = tokio::spawn(reload::watch(
        configured.config.clone(),
        Arc::clone(&service),
        renewed,
    ));
    let signalled = tokio::spawn(async move {
        signals::stop().await;
        tracing::info!("stopping");
        stop.send_replace(true);
    });
    tracing::info!(connection = %service.live().setup.config.connection, "running");
    let ended = work(&service, renewals, stopping).await;
    watching.abort();
    signalled.abort();
    if ended.is_ok() {
        servers.finish().await;
    }
    tracing::info!("stopped");
    ended
}

/// Asks both systems what they offer. Where a first sync was approved they were set up rightly once: what fails now may
/// pass, and a service that gave up would stop silently. A set-up that never worked is told at once what is wrong with it.
async fn open(path: &Path) -> Result<Setup, Failure> {
    let config = || Config::read(path);
    let mut pause = SHORTEST_PAUSE;
    loop {
        match Setup::open(config()?).await {
            Err(failure) if Box::pin(has_worked(config()?)).await => {
                let pause_s = pause.as_secs();
                tracing::warn!(%failure, pause_s, "the systems cannot be asked what they offer; trying again");
                tokio::time::sleep(pause).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
            opened => return opened,
        }
    }
}

/// Whether a first sync of any flow was approved, by the store alone.
async fn has_worked(config: Config) -> bool {
    let status = async {
        let engine = Setup::unasked(config).await?.engine("start")?;
        Ok::<_, Failure>(engine.status().await?)
    };
    status
        .await
        .is_ok_and(|flows| flows.iter().any(|flow| flow.approved))
}

/// Works, with one configuration after the other. The batch in work is finished before anything ends.
async fn work(
    service: &Service,
    mut renewals: mpsc::Receiver<Live>,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), Failure> {
    loop {
        let engine = Arc::clone(&service.live().engine);
        let mut next: Option<Live> = None;
        let until = async {
            tokio::select! {
                Some(live) = renewals.recv() => next = Some(live),
                _ = stopping.wait_for(|stopped| *stopped) => {}
            }
        };
        engine.run(tokio::time::sleep, until).await?;
        let Some(live) = next else { return Ok(()) };
        service.replace(live);
        tracing::info!("the changed configuration is in force");
    }
}

/// What there is to work with, from a configuration that was found to be good.
fn live(setup: Setup, metrics: &Arc<Metrics>) -> Result<Live, Failure> {
    tell_what_is_on(&setup)?;
    let webhook = setup.config.webhook.as_ref();
    let channels = webhook.map(|webhook| setup.channels(webhook)).transpose()?;
    let channels = channels.unwrap_or_default();
    if webhook.is_none() {
        tracing::info!("no [webhook] section: changes in Zoho are found by polling alone");
    }
    let observer = Arc::clone(metrics);
    let engine = setup.engine_observed("run", &channels, observer)?;
    Ok(Live {
        engine: Arc::new(engine),
        announcements: channels.iter().map(announcements).collect(),
        since: jiff::Timestamp::now(),
        setup,
    })
}

fn announcements(own: &FlowChannel) -> Announcements {
    let (id, token) = (own.channel.id.clone(), own.channel.token.clone());
    Announcements {
        verifier: WebhookVerifier::new(id, token),
        flow: own.flow.clone(),
    }
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
async fn warn_without_approval(live: &Live) -> Result<(), Failure> {
    for status in live.engine.status().await? {
        if !status.approved {
            tracing::warn!(flow = %status.flow, "no first-sync plan was approved: nothing is written until `apply` was run");
        }
    }
    Ok(())
}
