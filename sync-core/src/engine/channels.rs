//! Looking after channels: opening, renewing, and noticing when one is silent.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Engine, earlier, observe::Observation};
use crate::{
    channel::{ChannelHealth, ChannelState, EventSource},
    endpoint::{Change, EndpointError},
    error::Error,
    flow::Flow,
    ids::FlowName,
    job::{Cause, Hint},
    side::Side,
};

/// Pause between looks at a channel that seems to be well.
const LOOK_EVERY: Duration = Duration::from_secs(600);
/// Pause after a failure.
const AGAIN: Duration = Duration::from_secs(30);
/// A channel is renewed this long before its end, or a third of its life if that is shorter.
const MARGIN: Duration = Duration::from_secs(86_400);
/// An event may be so late, and the clocks so far apart.
const GRACE: Duration = Duration::from_secs(300);
/// The last event is written down at most so often.
const NOTE_EVERY: Duration = Duration::from_secs(10);

/// A channel of a flow's side.
#[derive(Debug)]
pub(super) struct Tended {
    pub(super) flow: FlowName,
    pub(super) side: Side,
    pub(super) source: Arc<dyn EventSource>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Life {
    opened: Option<Timestamp>,
    renewed: Option<Timestamp>,
    ends: Option<Timestamp>,
    looked: Option<Timestamp>,
    last_event: Option<Timestamp>,
    silent_since: Option<Timestamp>,
}

/// What a channel needs now.
enum Need {
    Opening,
    Renewal,
    Look,
    Nothing(Timestamp),
}

impl Life {
    fn need(&self, now: Timestamp) -> Need {
        let (Some(opened), Some(looked)) = (self.opened, self.looked) else {
            return Need::Opening;
        };
        let ended = self.ends.is_some_and(|ends| ends <= now);
        if ended || self.silent_since.is_some_and(|since| since >= opened) {
            return Need::Opening;
        }
        let renewal = self.renewal();
        if renewal.is_some_and(|at| at <= now) {
            return Need::Renewal;
        }
        let next_look = looked + LOOK_EVERY;
        if next_look <= now {
            return Need::Look;
        }
        Need::Nothing(renewal.map_or(next_look, |at| at.min(next_look)))
    }

    fn renewal(&self) -> Option<Timestamp> {
        let ends = self.ends?;
        let begun = self.renewed.or(self.opened)?;
        let life = Duration::try_from(ends.duration_since(begun)).unwrap_or_default();
        ends.checked_sub(MARGIN.min(life / 3)).ok()
    }
}

fn document_name(flow: &FlowName, side: Side) -> String {
    format!("channel/{flow}/{side}")
}

impl Engine {
    /// Opens, renews and looks at channels as far as that is due. Failures are told and tried again; polling finds what is
    /// missed meanwhile. Returns when something is due again.
    pub async fn tend_channels(&self) -> Option<Timestamp> {
        let mut next = None;
        for channel in &self.channels {
            let at = match self.tend(channel).await {
                Ok(at) => at,
                Err(error) => {
                    let (flow, side) = (&channel.flow, channel.side);
                    tracing::warn!(%flow, %side, %error, "a channel could not be looked after; polling goes on");
                    self.clock.now() + AGAIN
                }
            };
            next = earlier(next, Some(at));
        }
        next
    }

    async fn tend(&self, channel: &Tended) -> Result<Timestamp, Error> {
        let name = document_name(&channel.flow, channel.side);
        let now = self.clock.now();
        let (life, _) = self.read_document::<Life>(&name).await?;
        let failed = |error: EndpointError| Error::Side {
            flow: channel.flow.clone(),
            side: channel.side,
            source: Arc::new(error),
        };
        let (state, renewed) = match life.need(now) {
            Need::Nothing(at) => return Ok(at),
            Need::Opening => (ChannelState::Lost, false),
            Need::Renewal => (channel.source.renew(now).await.map_err(failed)?, true),
            Need::Look => (channel.source.look().await.map_err(failed)?, false),
        };
        let (opened, ends) = match state {
            ChannelState::Open { ends } => (life.opened, ends.or(life.ends)),
            ChannelState::Lost => (Some(now), channel.source.open(now).await.map_err(failed)?),
        };
        let reopened = state == ChannelState::Lost;
        if reopened {
            tracing::info!(flow = %channel.flow, side = %channel.side, ?ends, "a channel was opened");
        }
        let changed = self
            .change_document(&name, |life: &mut Life| {
                *life = Life {
                    opened,
                    renewed: if renewed || reopened {
                        Some(now)
                    } else {
                        life.renewed
                    },
                    ends,
                    looked: Some(now),
                    // Silence ends with the next event; the channel is not opened again and again for it.
                    silent_since: life.silent_since.filter(|_| !reopened),
                    last_event: life.last_event,
                };
                Some(life.clone())
            })
            .await?;
        Ok(match changed.map(|life| life.need(now)) {
            Some(Need::Nothing(at)) => at,
            _ => now + AGAIN,
        })
    }

    /// Writes down that something was announced. What was announced is stored already, so failures only cost a false
    /// alarm.
    pub(super) async fn note_events(&self, hints: &[Hint]) {
        let now = self.clock.now();
        for channel in &self.channels {
            let announces = |hint: &&Hint| {
                hint.cause == Cause::Webhook
                    && hint.key.flow == channel.flow
                    && hint.key.side == channel.side
            };
            if hints.iter().find(announces).is_none() {
                continue;
            }
            let name = document_name(&channel.flow, channel.side);
            let noted = self
                .change_document(&name, |life: &mut Life| {
                    let recent = life.last_event.is_some_and(|last| last + NOTE_EVERY > now);
                    if recent && life.silent_since.is_none() {
                        return None;
                    }
                    life.last_event = Some(now);
                    life.silent_since = None;
                    Some(())
                })
                .await;
            if let Err(error) = noted {
                tracing::warn!(flow = %channel.flow, %error, "an event could not be written down");
            }
        }
    }

    /// Rows that changed a while ago and were not announced show that a channel is silent. Returns whether it has just
    /// become so.
    pub(super) async fn watch_channel(
        &self,
        flow: &Flow,
        side: Side,
        rows: &[Change],
    ) -> Result<bool, Error> {
        let is_own = |channel: &&Tended| channel.flow == flow.name && channel.side == side;
        if rows.is_empty() || self.channels.iter().find(is_own).is_none() {
            return Ok(false);
        }
        let now = self.clock.now();
        let overdue = rows.iter().filter_map(|row| row.stamp);
        let overdue = overdue.filter(|stamp| *stamp + GRACE < now).max();
        let Some(changed) = overdue else {
            return Ok(false);
        };
        let silent = self
            .change_document(&document_name(&flow.name, side), |life: &mut Life| {
                let listened = life.opened.is_some_and(|opened| opened + GRACE < changed);
                let heard = life.last_event.is_some_and(|last| last + GRACE >= changed);
                if !listened || heard || life.silent_since.is_some() {
                    return None;
                }
                life.silent_since = Some(now);
                Some(())
            })
            .await?;
        if silent.is_none() {
            return Ok(false);
        }
        tracing::error!(flow = %flow.name, %side, "records changed and nothing announced it: the channel is silent");
        self.observe(&Observation::ChannelSilent {
            flow: &flow.name,
            side,
        });
        Ok(true)
    }

    pub(super) async fn channel_health(&self) -> Result<Vec<ChannelHealth>, Error> {
        let mut all = Vec::with_capacity(self.channels.len());
        for channel in &self.channels {
            let name = document_name(&channel.flow, channel.side);
            let (life, _) = self.read_document::<Life>(&name).await?;
            all.push(ChannelHealth {
                flow: channel.flow.clone(),
                side: channel.side,
                opened_at: life.opened,
                ends_at: life.ends,
                last_event_at: life.last_event,
                silent_since: life.silent_since,
            });
        }
        Ok(all)
    }
}
