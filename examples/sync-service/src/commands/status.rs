//! `status`: how things stand, from the store alone.

use std::time::Duration;

use serde_json::{Value, json};
use sync_core::{Engine, FlowHealth, FlowName, Health, ParkedJob};

use super::parked;
use crate::{
    cli::Configured,
    config::Config,
    failure::Failure,
    flows::Off,
    names::{RecordName, side_name},
    setup::Setup,
    style::{self, paint},
    words::{instant, plain, reason, system},
};

/// Parked records of a flow that are shown.
const SHOWN: usize = 20;

/// Prints how each flow stands. Works while the service runs, and when it does not.
pub(crate) async fn show(configured: &Configured) -> Result<(), Failure> {
    let setup = Setup::unasked(Config::read(&configured.config)?).await?;
    let channels = setup.channels_to_look_at()?;
    let engine = setup.engine_with("status", &channels)?;
    let health = engine.health().await?;
    let mut flows = Vec::new();
    for flow in &health.flows {
        let parked = engine.parked(&flow.flow, None, SHOWN).await?;
        let mut off = setup.known.off.iter();
        let able = Able {
            off: off.find(|off| off.name == flow.flow),
            notes: setup.known.notes_of(&flow.flow),
        };
        if configured.json {
            flows.push(flow_json(flow, &parked, &able));
        } else {
            print_flow(flow, &parked, &able);
        }
    }
    let off = setup.flows.off.iter().filter(|off| off.wanted);
    if configured.json {
        let off: Vec<Value> = off
            .map(|off| json!({"flow": off.name.as_str(), "reason": off.reason}))
            .collect();
        let mut json = rest_json(&health);
        json["flows"] = flows.into();
        json["off"] = off.into();
        out!("{json}");
        return Ok(());
    }
    for off in off {
        out!(
            "{} {}",
            paint(style::WARNING, format!("{} is off:", off.name)),
            off.reason
        );
    }
    print_rest(&health);
    Ok(())
}

/// What both systems let a flow do, as they last said.
struct Able<'a> {
    /// Why it is off, if it is.
    off: Option<&'a Off>,
    /// What it does less than it could, and why.
    notes: &'a [String],
}

fn print_flow(flow: &FlowHealth, parked: &[ParkedJob], able: &Able<'_>) {
    let counts = &flow.counts;
    out!(
        "{}: {} pairs, {} queued, {} parked",
        paint(style::TITLE, &flow.flow),
        counts.linked,
        counts.queued,
        counts.parked
    );
    if let Some(off) = able.off {
        out!("  {} {}", paint(style::WARNING, "off:"), off.reason);
    }
    for note in able.notes {
        out!("  {} {note}", paint(style::WARNING, "note:"));
    }
    if !flow.approved {
        out!(
            "  {}",
            paint(
                style::WARNING,
                "no plan was taken up yet: it writes nothing"
            )
        );
    }
    if let Some(stopped) = &flow.stopped {
        let title = format!("stopped since {}:", instant(stopped.since));
        out!("  {} {}", paint(style::BAD, title), stopped.reason);
        out!("  look into it, then: sync-service release {}", flow.flow);
    }
    if let Some(oldest) = flow.oldest_job {
        out!("  the oldest has waited {}", span(oldest));
    }
    for feed in &flow.feeds {
        let read = match feed.lag {
            Some(lag) => format!("read to its end {} ago", span(lag)),
            None => "not read yet".to_owned(),
        };
        out!("  {} {}: {read}", system(feed.side), feed.feed);
    }
    if let Some(at) = flow.last_success {
        out!("  last work without a failure: {}", instant(at));
    }
    if let Some(at) = flow.last_sweep {
        out!("  everything last compared: {}", instant(at));
    }
    for job in parked {
        let name = paint(style::WARNING, RecordName(job.key.clone()));
        out!("  {name}: {}", plain(&reason(&job.parked.reason)));
    }
    if counts.parked > parked.len() as u64 {
        out!(
            "  ... and more: sync-service parked list --flow {}",
            flow.flow
        );
    }
}

fn print_rest(health: &Health) {
    for channel in &health.channels {
        let state = match (channel.opened_at, channel.ends_at) {
            (None, _) => "not open".to_owned(),
            (Some(_), Some(end)) => format!("open until {}", instant(end)),
            (Some(_), None) => "open".to_owned(),
        };
        out!("channel of {}: {state}", channel.flow);
        if let Some(since) = channel.silent_since {
            out!("  {} since {}", paint(style::BAD, "silent"), instant(since));
        }
    }
    for status in &health.budgets {
        let spent = &status.spent;
        out!(
            "budget {} of {}: {} calls, {} credits spent",
            status.budget.name,
            system(status.side),
            spent.calls,
            spent.credits
        );
    }
}

/// Hours, minutes and seconds, as far as they say something.
fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn flow_json(flow: &FlowHealth, parked: &[ParkedJob], able: &Able<'_>) -> Value {
    let counts = &flow.counts;
    let feeds = flow.feeds.iter().map(|feed| {
        json!({
            "side": side_name(feed.side), "feed": feed.feed.as_str(),
            "lag_seconds": feed.lag.map(|lag| lag.as_secs()),
            "next_poll": feed.next_poll.map(|at| at.to_string()),
        })
    });
    json!({
        "flow": flow.flow.as_str(),
        "approved": flow.approved,
        "off": able.off.map(|off| &off.reason),
        "notes": able.notes,
        "stopped": flow.stopped.as_ref().map(|stopped| json!({
            "since": stopped.since.to_string(), "reason": stopped.reason.to_string(),
        })),
        "counts": {
            "linked": counts.linked, "half_linked": counts.half_linked,
            "queued": counts.queued, "parked": counts.parked,
            "oldest_queued_at": counts.oldest_queued_at.map(|at| at.to_string()),
        },
        "parked_by_reason": flow.parked,
        "feeds": feeds.collect::<Vec<_>>(),
        "last_success": flow.last_success.map(|at| at.to_string()),
        "last_sweep": flow.last_sweep.map(|at| at.to_string()),
        "next_sweep": flow.next_sweep.map(|at| at.to_string()),
        "parked": parked.iter().map(parked::as_json).collect::<Vec<_>>(),
    })
}

fn rest_json(health: &Health) -> Value {
    let channels = health.channels.iter().map(|channel| {
        json!({
            "flow": channel.flow.as_str(),
            "opened_at": channel.opened_at.map(|at| at.to_string()),
            "ends_at": channel.ends_at.map(|at| at.to_string()),
            "last_event_at": channel.last_event_at.map(|at| at.to_string()),
            "silent_since": channel.silent_since.map(|at| at.to_string()),
        })
    });
    let budgets = health.budgets.iter().map(|status| {
        json!({
            "side": side_name(status.side), "name": status.budget.name,
            "calls": status.spent.calls, "credits": status.spent.credits,
            "calls_allowed": status.budget.calls, "credits_allowed": status.budget.credits,
        })
    });
    json!({
        "channels": channels.collect::<Vec<_>>(),
        "budgets": budgets.collect::<Vec<_>>(),
    })
}

/// The parked records of flows.
pub(crate) async fn parked(
    engine: &Engine,
    flows: impl Iterator<Item = &FlowName>,
) -> Result<Vec<ParkedJob>, Failure> {
    let mut parked = Vec::new();
    for flow in flows {
        parked.extend(engine.parked(flow, None, usize::MAX / 2).await?);
    }
    Ok(parked)
}
