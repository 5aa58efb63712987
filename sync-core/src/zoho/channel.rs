//! A notification channel as the engine looks after it.

use async_trait::async_trait;
use jiff::Timestamp;
use zoho_crm_client::{Channel, Error, ZohoClient};

use super::errors::endpoint_error;
use crate::{
    channel::{ChannelState, EventSource},
    endpoint::EndpointError,
};

/// A channel by which Zoho announces changes to a URL of yours. It ends after a week at the latest; the engine renews it.
///
/// What comes in at the URL is verified with [`WebhookVerifier`](zoho_crm_client::webhook::WebhookVerifier), turned into
/// keys by [`hints()`](super::hints()) and queued by [`Engine::ingest`](crate::Engine::ingest) before it is answered.
#[derive(Clone, Debug)]
pub struct NotificationChannel {
    client: ZohoClient,
    channel: Channel,
}

impl NotificationChannel {
    /// The channel, opened by `client`. Its `expires_at` is left to this type: it asks for as long as Zoho grants.
    #[must_use]
    pub fn new(client: ZohoClient, mut channel: Channel) -> Self {
        channel.expires_at = None;
        Self { client, channel }
    }
}

#[async_trait]
impl EventSource for NotificationChannel {
    async fn open(&self, _now: Timestamp) -> Result<Option<Timestamp>, EndpointError> {
        let enabled = self.client.channels().enable(&self.channel).await;
        Ok(enabled.map_err(endpoint_error)?.expires_at)
    }

    async fn renew(&self, _now: Timestamp) -> Result<ChannelState, EndpointError> {
        match self.client.channels().renew(&self.channel).await {
            Ok(renewed) => Ok(ChannelState::Open {
                ends: renewed.expires_at,
            }),
            Err(Error::ChannelLost { .. }) => Ok(ChannelState::Lost),
            Err(error) => Err(endpoint_error(error)),
        }
    }

    async fn look(&self) -> Result<ChannelState, EndpointError> {
        let listed = self
            .client
            .channels()
            .list()
            .await
            .map_err(endpoint_error)?;
        let own = listed
            .into_iter()
            .filter(|listing| listing.channel_id == self.channel.id);
        // One listing a module; the earliest end counts.
        let mut ends = None;
        let mut is_there = false;
        for listing in own {
            is_there = true;
            let end = listing.expires_at.map(Timestamp::from);
            ends = match (ends, end) {
                (Some(known), Some(end)) => Some(end.min(known)),
                (known, end) => known.or(end),
            };
        }
        Ok(match is_there {
            true => ChannelState::Open { ends },
            false => ChannelState::Lost,
        })
    }
}
