//! Figures for Prometheus: what is done is counted as it is done, how things stand is read when it is asked for.

use std::{fmt, time::Duration};

use jiff::{SignedDuration, Timestamp};
use prometheus_client::{
    encoding::{EncodeLabelSet, prometheus_text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry},
};
use sync_core::{FlowHealth, FlowName, Health, Observation, Observer, Report, Side};

use crate::{pace::Pace, words::system};

/// What became of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Its keys are in the durable queue.
    Queued,
    /// It is no notification.
    Malformed,
    /// It is of no channel of ours, or does not know its token.
    Forged,
    /// It is larger than any notification.
    TooLarge,
    /// Too many came at once.
    Limited,
    /// The store did not take it.
    NotStored,
}

impl Received {
    /// A word for logs and figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Malformed => "malformed",
            Self::Forged => "forged",
            Self::TooLarge => "too_large",
            Self::Limited => "limited",
            Self::NotStored => "not_stored",
        }
    }
}

type Labels = Vec<(&'static str, String)>;
type Counters = Family<Labels, Counter>;

/// What was done since the program began.
pub(crate) struct Metrics {
    registry: Registry,
    calls: Counters,
    credits: Counters,
    keys: Counters,
    writes: Counters,
    parked: Counters,
    feed_rows: Counters,
    feed_keys: Counters,
    stops: Counters,
    silent: Counters,
    webhooks: Counters,
    webhook_time: Histogram,
    logins: Counters,
    reloads: Counters,
    pub(crate) pace: Pace,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn register<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("sync");
        let mut counters =
            |name: &str, help: &str| register(&mut registry, name, help, Counters::default());
        Self {
            calls: counters("calls", "Calls to a system"),
            credits: counters("credits_spent", "Credits that calls were counted as"),
            keys: counters("keys", "Keys that were worked on, by how that ended"),
            writes: counters("writes", "Records that were written"),
            parked: counters("parks", "Keys that were parked"),
            feed_rows: counters("feed_rows", "Rows that change feeds delivered"),
            feed_keys: counters("feed_keys", "Keys that change feeds queued"),
            stops: counters("flow_stops", "Flows that were stopped"),
            silent: counters("channel_silences", "Channels found to announce nothing"),
            webhooks: counters("webhooks", "Notifications, by what became of them"),
            logins: counters("logins", "Attempts to open the status page"),
            reloads: counters("config_reloads", "Configurations read anew"),
            webhook_time: {
                let buckets = [
                    0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
                ];
                register(
                    &mut registry,
                    "webhook_seconds",
                    "Time from a notification's head to its answer",
                    Histogram::new(buckets),
                )
            },
            registry,
            pace: Pace::default(),
        }
    }
}

fn of_flow(flow: &FlowName) -> (&'static str, String) {
    ("flow", flow.to_string())
}

fn of_side(side: Side) -> (&'static str, String) {
    ("system", system(side).to_lowercase())
}

impl Metrics {
    /// Notes a notification.
    pub(crate) fn received(&self, received: Received, took: SignedDuration) {
        let outcome = ("outcome", received.name().to_owned());
        self.webhooks.get_or_create(&vec![outcome]).inc();
        self.webhook_time.observe(took.as_secs_f64().max(0.0));
    }

    /// Notes an attempt to open the status page.
    pub(crate) fn login(&self, outcome: &str) {
        let outcome = ("outcome", outcome.to_owned());
        self.logins.get_or_create(&vec![outcome]).inc();
    }

    /// Notes that the configuration was read anew, or was not because it is not right.
    pub(crate) fn reload(&self, is_good: bool) {
        let outcome = if is_good { "taken_up" } else { "refused" };
        let outcome = ("outcome", outcome.to_owned());
        self.reloads.get_or_create(&vec![outcome]).inc();
    }

    fn worked(&self, flow: &FlowName, report: &Report) {
        for (outcome, count) in [
            ("settled", report.settled),
            ("linked", report.linked),
            ("parked", report.parked),
            ("failed", report.failed),
            ("looked_at", report.looked_at),
        ] {
            let labels = vec![of_flow(flow), ("outcome", outcome.to_owned())];
            self.keys.get_or_create(&labels).inc_by(count);
        }
        for (action, counts) in [
            ("created", report.created),
            ("updated", report.updated),
            ("deleted", report.deleted),
        ] {
            for side in Side::BOTH {
                let count = *counts.get(side);
                if count > 0 {
                    let action = ("action", action.to_owned());
                    let labels = vec![of_flow(flow), of_side(side), action];
                    self.writes.get_or_create(&labels).inc_by(count);
                }
            }
        }
    }

    /// All figures in Prometheus' text format. Without `health` the store could not be asked, which is a figure too.
    pub(crate) fn text(
        &self,
        health: Option<&Health>,
        now: Timestamp,
    ) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        prometheus_text::encode(&mut text, &standing(health, now))?;
        Ok(text)
    }
}

impl Observer for Metrics {
    fn observe(&self, observation: &Observation<'_>) {
        match *observation {
            Observation::Called {
                flow,
                side,
                call,
                cost,
                error,
            } => {
                let outcome = error.map_or("ok", |error| kind(error.kind));
                let what = ("call", call.name().to_owned());
                let labels = vec![
                    of_flow(flow),
                    of_side(side),
                    what,
                    ("outcome", outcome.to_owned()),
                ];
                self.calls.get_or_create(&labels).inc();
                if cost.credits > 0 {
                    let labels = vec![of_flow(flow), of_side(side)];
                    self.credits.get_or_create(&labels).inc_by(cost.credits);
                }
                self.pace.spend(side, cost, Timestamp::now());
            }
            Observation::Worked { flow, report } => self.worked(flow, report),
            Observation::Polled {
                flow,
                side,
                feed,
                rows,
                queued,
            } => {
                let labels = vec![of_flow(flow), of_side(side), ("feed", feed.to_string())];
                self.feed_rows.get_or_create(&labels).inc_by(rows);
                self.feed_keys.get_or_create(&labels).inc_by(queued);
            }
            Observation::Parked { key, reason } => {
                let reason = ("reason", reason.name().to_owned());
                let labels = vec![of_flow(&key.flow), reason];
                self.parked.get_or_create(&labels).inc();
            }
            Observation::Stopped { flow, .. } => {
                self.stops.get_or_create(&vec![of_flow(flow)]).inc();
            }
            Observation::ChannelSilent { flow, side } => {
                let labels = vec![of_flow(flow), of_side(side)];
                self.silent.get_or_create(&labels).inc();
            }
            _ => {}
        }
    }
}

fn kind(kind: sync_core::EndpointErrorKind) -> &'static str {
    use sync_core::EndpointErrorKind as Kind;
    match kind {
        Kind::Unavailable => "unavailable",
        Kind::RateLimited => "rate_limited",
        Kind::Unauthorized => "unauthorized",
        Kind::Misconfigured => "misconfigured",
        Kind::Protocol => "protocol",
        Kind::BudgetSpent => "budget_spent",
        _ => "other",
    }
}

/// Gauges of the moment.
struct Gauges {
    registry: Registry,
}

impl Gauges {
    fn add<L>(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (L, i64)>)
    where
        L: EncodeLabelSet + Clone + std::hash::Hash + Eq + fmt::Debug + Send + Sync + 'static,
    {
        let family = Family::<L, Gauge>::default();
        for (labels, value) in values {
            family.get_or_create(&labels).set(value);
        }
        self.registry.register(name, help, family);
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn seconds(time: Duration) -> i64 {
    whole(time.as_secs())
}

fn standing(health: Option<&Health>, now: Timestamp) -> Registry {
    let mut gauges = Gauges {
        registry: Registry::with_prefix("sync"),
    };
    let version = ("version", env!("CARGO_PKG_VERSION"));
    gauges.add("build_info", "The program", [([version], 1)]);
    let is_there = i64::from(health.is_some());
    let nothing: [(&str, &str); 0] = [];
    gauges.add(
        "store_up",
        "Whether the store answers",
        [(nothing, is_there)],
    );
    if let Some(health) = health {
        flows(&mut gauges, &health.flows);
        budgets(&mut gauges, health);
        channels(&mut gauges, health, now);
    }
    gauges.registry
}

fn flows(gauges: &mut Gauges, flows: &[FlowHealth]) {
    let each = |figure: fn(&FlowHealth) -> Option<i64>| {
        flows
            .iter()
            .filter_map(move |flow| Some(([of_flow(&flow.flow)], figure(flow)?)))
            .collect::<Vec<_>>()
    };
    gauges.add(
        "pairs",
        "Pairs of records",
        each(|flow| Some(whole(flow.counts.linked))),
    );
    gauges.add(
        "queued",
        "Keys that wait for work or are in work",
        each(|flow| Some(whole(flow.counts.queued))),
    );
    gauges.add(
        "oldest_job_seconds",
        "Age of the oldest key in the queue; 0: it is empty",
        each(|flow| Some(flow.oldest_job.map_or(0, seconds))),
    );
    gauges.add(
        "flow_stopped",
        "Whether a guard or a person stopped the flow",
        each(|flow| Some(i64::from(flow.stopped.is_some()))),
    );
    gauges.add(
        "flow_approved",
        "Whether the flow may run: its first-sync plan was approved",
        each(|flow| Some(i64::from(flow.approved))),
    );
    gauges.add(
        "last_success_timestamp_seconds",
        "When a batch last ended without a failure",
        each(|flow| Some(flow.last_success?.as_second())),
    );
    gauges.add(
        "last_sweep_timestamp_seconds",
        "When everything was last compared",
        each(|flow| Some(flow.last_sweep?.as_second())),
    );
    let parked = flows.iter().flat_map(|flow| {
        flow.parked.iter().map(|(reason, count)| {
            (
                [of_flow(&flow.flow), ("reason", (*reason).to_owned())],
                whole(*count),
            )
        })
    });
    gauges.add(
        "parked",
        "Records that wait for a person or a changed cause",
        parked,
    );
    let lag = flows.iter().flat_map(|flow| {
        flow.feeds.iter().filter_map(|feed| {
            let labels = [
                of_flow(&flow.flow),
                of_side(feed.side),
                ("feed", feed.feed.to_string()),
            ];
            Some((labels, seconds(feed.lag?)))
        })
    });
    gauges.add(
        "feed_lag_seconds",
        "Time since a change feed was last read to its end",
        lag,
    );
    let failures = flows.iter().flat_map(|flow| {
        Side::BOTH.map(|side| {
            let labels = [of_flow(&flow.flow), of_side(side)];
            (labels, i64::from(flow.sides.get(side).failures))
        })
    });
    gauges.add(
        "side_failures",
        "Calls that failed since the last success, as this instance saw it",
        failures,
    );
}

fn budgets(gauges: &mut Gauges, health: &Health) {
    let mut limits = Vec::new();
    let mut left = Vec::new();
    for status in &health.budgets {
        let budget = &status.budget;
        for (unit, limit, spent) in [
            ("calls", budget.calls, status.spent.calls),
            ("credits", budget.credits, status.spent.credits),
            ("bytes", budget.bytes, status.spent.bytes),
        ] {
            let Some(limit) = limit else { continue };
            let labels = [
                of_side(status.side),
                ("budget", budget.name.clone()),
                ("unit", unit.to_owned()),
            ];
            limits.push((labels.clone(), whole(limit)));
            left.push((labels, whole(limit.saturating_sub(spent))));
        }
    }
    gauges.add(
        "budget_limit",
        "What may be spent within the budget's window",
        limits,
    );
    gauges.add("budget_left", "What is left of it", left);
}

fn channels(gauges: &mut Gauges, health: &Health, now: Timestamp) {
    let each = |figure: &dyn Fn(&sync_core::ChannelHealth) -> Option<i64>| {
        health
            .channels
            .iter()
            .filter_map(|channel| {
                let labels = [of_flow(&channel.flow), of_side(channel.side)];
                Some((labels, figure(channel)?))
            })
            .collect::<Vec<_>>()
    };
    let age = |at: Timestamp| now.duration_since(at).as_secs();
    gauges.add(
        "channel_open",
        "Whether the notification channel is open",
        each(&|channel| Some(i64::from(channel.opened_at.is_some()))),
    );
    gauges.add(
        "channel_age_seconds",
        "Time since it was opened",
        each(&|channel| Some(age(channel.opened_at?))),
    );
    gauges.add(
        "channel_left_seconds",
        "Time until it ends unless it is renewed",
        each(&|channel| Some(-age(channel.ends_at?))),
    );
    gauges.add(
        "channel_last_event_seconds",
        "Time since something was announced",
        each(&|channel| Some(age(channel.last_event_at?))),
    );
    gauges.add(
        "channel_silent",
        "Whether rows change without being announced",
        each(&|channel| Some(i64::from(channel.silent_since.is_some()))),
    );
}
