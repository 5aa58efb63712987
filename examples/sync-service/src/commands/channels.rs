//! `channels`: the channels by which Zoho announces changes.

use clap::Args;
use serde_json::{Value, json};
use sync_core::ChannelHealth;
use zoho_crm_client::{ChannelListing, Error as ZohoError};

use crate::{
    cli::Configured,
    config::Config,
    failure::Failure,
    setup::{FlowChannel, Setup},
    words::instant,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Ends the channels instead of showing them, for example before the service is taken away for good.
    #[arg(long)]
    close: bool,
    #[command(flatten)]
    configured: Configured,
}

/// Shows what Zoho knows of this connection's channels next to what the store knows.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let setup = Setup::open(Config::read(&arguments.configured.config)?).await?;
    let Some(webhook) = &setup.config.webhook else {
        return Err(Failure::input(
            "there is no [webhook] section: changes in Zoho are found by polling alone",
        ));
    };
    let own = setup.channels(webhook)?;
    if arguments.close {
        return close(&setup, &own, &arguments.configured).await;
    }
    let engine = setup.engine_with("channels", &own)?;
    let health = engine.health().await?.channels;
    let listed = setup
        .systems
        .zoho
        .channels()
        .list()
        .await
        .map_err(|error| Failure::input_because("Zoho does not list its channels", &error))?;
    let mut shown = Vec::new();
    for channel in &own {
        let live: Vec<&ChannelListing> = listed
            .iter()
            .filter(|listing| listing.channel_id == channel.channel.id)
            .collect();
        let health = health.iter().find(|health| health.flow == channel.flow);
        if arguments.configured.json {
            shown.push(as_json(channel, &live, health));
        } else {
            print(channel, &live, health);
        }
    }
    if arguments.configured.json {
        out!("{}", json!({ "channels": shown }));
    }
    Ok(())
}

async fn close(setup: &Setup, own: &[FlowChannel], configured: &Configured) -> Result<(), Failure> {
    let mut closed = Vec::new();
    for channel in own {
        let id = channel.channel.id.clone();
        match setup.systems.zoho.channels().disable(&[id]).await {
            Ok(()) => closed.push(channel.flow.as_str()),
            Err(ZohoError::ChannelLost { .. }) => {}
            Err(error) => {
                return Err(Failure::input_because(
                    format!("the channel of {} could not be ended", channel.flow),
                    &error,
                ));
            }
        }
    }
    if configured.json {
        out!("{}", json!({ "closed": closed }));
    } else {
        out!("{} channels ended.", closed.len());
    }
    Ok(())
}

fn print(channel: &FlowChannel, live: &[&ChannelListing], health: Option<&ChannelHealth>) {
    let state = if live.is_empty() { "not open" } else { "open" };
    let ends = health.and_then(|health| health.ends_at);
    let ends = ends
        .map(|at| format!(" until {}", instant(at)))
        .unwrap_or_default();
    out!(
        "{}: channel {} is {state}{ends}",
        channel.flow,
        channel.channel.id
    );
    if let Some(at) = health.and_then(|health| health.last_event_at) {
        out!("  last notification: {}", instant(at));
    }
    if let Some(since) = health.and_then(|health| health.silent_since) {
        out!(
            "  silent since {}: records changed and nothing announced it",
            instant(since)
        );
    }
}

fn as_json(
    channel: &FlowChannel,
    live: &[&ChannelListing],
    health: Option<&ChannelHealth>,
) -> Value {
    let at = |choose: fn(&ChannelHealth) -> Option<jiff::Timestamp>| {
        health.and_then(choose).map(|at| at.to_string())
    };
    json!({
        "flow": channel.flow.as_str(),
        "channel_id": channel.channel.id.as_str(),
        "open": !live.is_empty(),
        "modules": live.iter().filter_map(|listing| listing.module.as_ref()).map(|module| module.as_str()).collect::<Vec<_>>(),
        "opened_at": at(|health| health.opened_at),
        "ends_at": at(|health| health.ends_at),
        "last_event_at": at(|health| health.last_event_at),
        "silent_since": at(|health| health.silent_since),
    })
}
