//! How everything stands, for people and for alarms.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Engine, SideHealth, sweep};
use crate::{
    budget::BudgetStatus,
    channel::ChannelHealth,
    error::Error,
    flow::Flow,
    guard::Stopped,
    ids::{FeedName, FlowName},
    job::JobKey,
    side::{Side, Sides},
    store::Counts,
};

/// The last success is written down at most so often.
const NOTE_EVERY: Duration = Duration::from_secs(60);

/// Parked jobs in a page.
const PAGE: usize = 500;

/// How everything stands. Read from the store, apart from [`FlowHealth::sides`], which this engine has seen itself.
#[derive(Clone, Debug)]
pub struct Health {
    /// Each flow.
    pub flows: Vec<FlowHealth>,
    /// What is left of each budget.
    pub budgets: Vec<BudgetStatus>,
    /// Each channel.
    pub channels: Vec<ChannelHealth>,
}

/// How a flow stands.
#[derive(Clone, Debug)]
pub struct FlowHealth {
    /// The flow.
    pub flow: FlowName,
    /// Whether it may run: its first-sync plan was approved, or none is asked for.
    pub approved: bool,
    /// Why it is stopped, if it is.
    pub stopped: Option<Stopped>,
    /// How much there is of everything.
    pub counts: Counts,
    /// How long the oldest job has been waiting.
    pub oldest_job: Option<Duration>,
    /// Parked records by [reason](crate::ParkReason::name).
    pub parked: BTreeMap<&'static str, u64>,
    /// Each feed that is read.
    pub feeds: Vec<FeedHealth>,
    /// How each system does.
    pub sides: Sides<SideHealth>,
    /// When a batch last ended without a failure; noted once a minute.
    pub last_success: Option<Timestamp>,
    /// When everything was last compared.
    pub last_sweep: Option<Timestamp>,
    /// When everything will be compared again.
    pub next_sweep: Option<Timestamp>,
}

/// How far a feed is behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedHealth {
    /// The side.
    pub side: Side,
    /// The feed.
    pub feed: FeedName,
    /// How long ago it was last read to its end. `None`: never.
    pub lag: Option<Duration>,
    /// When it is to be read again.
    pub next_poll: Option<Timestamp>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Progress {
    last_success: Option<Timestamp>,
}

/// When this engine last wrote down a success.
#[derive(Debug, Default)]
pub(super) struct Successes(Mutex<HashMap<FlowName, Timestamp>>);

impl Successes {
    /// Whether it is time to write one down.
    fn is_due(&self, flow: &FlowName, now: Timestamp) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = noted
            .get(flow)
            .is_some_and(|last| *last <= now && now < *last + NOTE_EVERY);
        if !recent {
            noted.insert(flow.clone(), now);
        }
        !recent
    }
}

fn document_name(flow: &FlowName) -> String {
    format!("progress/{flow}")
}

impl Engine {
    /// How everything stands.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn health(&self) -> Result<Health, Error> {
        let mut flows = Vec::with_capacity(self.flows.len());
        for flow in &self.flows {
            flows.push(self.flow_health(flow).await?);
        }
        Ok(Health {
            flows,
            budgets: self.budgets().await?,
            channels: self.channel_health().await?,
        })
    }

    async fn flow_health(&self, flow: &Flow) -> Result<FlowHealth, Error> {
        let now = self.clock.now();
        let since = |at: Timestamp| Duration::try_from(now.duration_since(at)).unwrap_or_default();
        let counts = self.store.counts(&self.connection, &flow.name).await?;
        let (progress, _) = self
            .read_document::<Progress>(&document_name(&flow.name))
            .await?;
        let (sweeps, _) = self
            .read_document::<sweep::Sweeps>(&sweep::document_name(&flow.name))
            .await?;
        let mut feeds = Vec::new();
        for (side, feed, read_at, next_poll) in self.feed_times(flow).await? {
            let lag = read_at.map(since);
            feeds.push(FeedHealth {
                side,
                feed,
                lag,
                next_poll,
            });
        }
        Ok(FlowHealth {
            flow: flow.name.clone(),
            approved: self.may_run(flow).await?,
            stopped: self.stopped(&flow.name).await?,
            counts,
            oldest_job: counts.oldest_queued_at.map(since),
            parked: self.parked_by_reason(&flow.name).await?,
            feeds,
            sides: Sides::new(Side::Left, Side::Right)
                .map(|side| self.breakers.health(&flow.name, side)),
            last_success: progress.last_success,
            last_sweep: sweeps.ended,
            next_sweep: sweeps.next,
        })
    }

    async fn parked_by_reason(
        &self,
        flow: &FlowName,
    ) -> Result<BTreeMap<&'static str, u64>, Error> {
        let mut by_reason = BTreeMap::new();
        let mut after: Option<JobKey> = None;
        loop {
            let page = self.parked(flow, after.as_ref(), PAGE).await?;
            for job in &page {
                *by_reason.entry(job.parked.reason.name()).or_default() += 1;
            }
            match page.into_iter().last() {
                Some(last) => after = Some(last.key),
                None => return Ok(by_reason),
            }
        }
    }

    /// Writes down that a batch went well. It is only shown, so failures are left alone.
    pub(super) async fn note_success(&self, flow: &Flow) {
        let now = self.clock.now();
        if !self.successes.is_due(&flow.name, now) {
            return;
        }
        let name = document_name(&flow.name);
        let noted = self
            .change_document(&name, |progress: &mut Progress| {
                progress.last_success = Some(now);
                Some(())
            })
            .await;
        if let Err(error) = noted {
            tracing::debug!(flow = %flow.name, %error, "a success could not be written down");
        }
    }
}
