//! `replay`: looks again at every record that something was decided about since then.

use clap::Args;
use serde_json::json;

use super::audit;
use crate::{
    cli::Configured, config::Config, failure::Failure, names::When, progress::Activity,
    setup::Setup,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Since then: an instant, or how long ago, such as 2h.
    #[arg(long)]
    since: When,
    /// Until then; now unless said otherwise.
    #[arg(long)]
    until: Option<When>,
    /// Only this flow.
    #[arg(long)]
    flow: Option<String>,
    #[command(flatten)]
    configured: Configured,
}

/// Queues the records; `run` takes them up. What is applied already changes nothing.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let setup = Setup::unasked(Config::read(&arguments.configured.config)?).await?;
    let engine = setup.engine("replay")?;
    let (since, until) = (
        Some(arguments.since.instant()),
        arguments.until.as_ref().map(When::instant),
    );
    let activity = Activity::new(arguments.configured.json, "looking through the audit:");
    let mut read = 0;
    let mut range: Option<(u64, u64)> = None;
    audit::each(&engine, None, since, until, |stored| {
        let sequence = stored.sequence;
        read += 1;
        activity.count(read, "entries");
        range = Some(match range {
            None => (sequence, sequence),
            Some((first, last)) => (first.min(sequence), last.max(sequence)),
        });
        Ok(())
    })
    .await?;
    let mut queued = Vec::new();
    for flow in setup.wanted(arguments.flow.as_deref())? {
        activity.of(format!("queueing records of {flow}:"));
        let count = match range {
            None => 0,
            Some((first, last)) => {
                engine
                    .replay_range(flow, first.checked_sub(1), Some(last))
                    .await?
            }
        };
        queued.push((flow, count));
    }
    activity.finish();
    if arguments.configured.json {
        let flows = queued
            .iter()
            .map(|(flow, count)| json!({"flow": flow.as_str(), "queued": count}));
        out!("{}", json!({ "flows": flows.collect::<Vec<_>>() }));
        return Ok(());
    }
    for (flow, count) in queued {
        out!("{flow}: {count} records queued to be looked at again");
    }
    Ok(())
}
