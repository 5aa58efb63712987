//! Keeps a notification channel alive: Zoho's end after a week at the latest, and may be lost at any time.

use std::time::Duration;

use secrecy::SecretString;
use sync_core::{Clock as _, SystemClock};
use zoho_crm_client::{Channel, ChannelEvent, ChannelId, Error, ZohoClient};

use crate::{config::WebhookConfig, failure::Failure};

/// Asked-for life of a channel. Zoho grants a week at most.
const LIFE: Duration = Duration::from_secs(6 * 24 * 3600);
/// Renewed this long before its end.
const MARGIN: Duration = Duration::from_secs(24 * 3600);
/// Pause between looks at the channel: whether it is still there, and whether it must be renewed.
const LOOK: Duration = Duration::from_secs(600);
/// Pause after a failure.
const AGAIN: Duration = Duration::from_secs(30);

/// What a look at the channel showed.
enum Seen {
    Open,
    Lost,
}

/// One channel.
#[derive(Debug)]
pub(crate) struct ChannelKeeper {
    zoho: ZohoClient,
    channel: Channel,
}

impl ChannelKeeper {
    pub(crate) fn new(zoho: ZohoClient, config: &WebhookConfig) -> Result<Self, Failure> {
        let token = config.token.read("the notification token")?;
        let id: ChannelId = config
            .channel_id
            .parse()
            .map_err(|error| Failure::input_because("[webhook] channel_id", &error))?;
        let events = [ChannelEvent::all("Accounts")];
        Ok(Self {
            zoho,
            channel: Channel::new(id, events, config.public_url.as_str(), token),
        })
    }

    pub(crate) fn channel_id(&self) -> &ChannelId {
        &self.channel.id
    }

    pub(crate) fn token(&self) -> &SecretString {
        &self.channel.token
    }

    /// Opens the channel and keeps it open. Polling finds what is missed meanwhile, so failures are only told.
    pub(crate) async fn keep(mut self) {
        let mut open = false;
        loop {
            let pause = match self.look(open).await {
                Ok(Seen::Open) => {
                    open = true;
                    LOOK
                }
                Ok(Seen::Lost) | Err(Error::ChannelLost { .. }) => {
                    tracing::warn!("the notification channel was lost; opening it again");
                    open = false;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, "the notification channel could not be looked after; polling goes on");
                    AGAIN
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn look(&mut self, open: bool) -> Result<Seen, Error> {
        let now = SystemClock.now();
        if !open {
            self.channel.expires_at = Some(now + LIFE);
            let enabled = self.zoho.channels().enable(&self.channel).await?;
            self.channel.expires_at = enabled.expires_at;
            tracing::info!(expires_at = ?enabled.expires_at, "notification channel open");
            return Ok(Seen::Open);
        }
        if self.channel.expires_at.is_none_or(|end| end < now + MARGIN) {
            let renewed = self
                .zoho
                .channels()
                .renew(&self.channel.clone().expiring_at(now + LIFE))
                .await?;
            self.channel.expires_at = renewed.expires_at;
            tracing::info!(expires_at = ?renewed.expires_at, "notification channel renewed");
            return Ok(Seen::Open);
        }
        let listed = self.zoho.channels().list().await?;
        let there = listed
            .iter()
            .any(|listing| listing.channel_id == self.channel.id);
        Ok(if there { Seen::Open } else { Seen::Lost })
    }
}
