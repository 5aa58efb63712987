//! `sweep`: compares everything, and queues what differs.

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use crate::{cli::Configured, config::Config, failure::Failure, progress::Activity, setup::Setup};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only this flow.
    #[arg(long)]
    flow: Option<String>,
    #[command(flatten)]
    configured: Configured,
}

/// Lists both systems completely. Nothing is written to either: `run` takes up what is queued.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let setup = Setup::open(Config::read(&arguments.configured.config)?).await?;
    let activity = Arc::new(Activity::new(arguments.configured.json, "comparing"));
    let observer: Arc<Activity> = Arc::clone(&activity);
    let engine = setup.engine_observed("sweep", &[], observer)?;
    let mut flows = Vec::new();
    for flow in setup.wanted(arguments.flow.as_deref())? {
        activity.of(format!("comparing {flow}:"));
        let swept = engine.sweep(flow).await?;
        if arguments.configured.json {
            flows.push(json!({
                "flow": flow.as_str(),
                "listed": {"x3": swept.listed.left, "zoho": swept.listed.right},
                "missing": {"x3": swept.missing.left, "zoho": swept.missing.right},
                "queued": swept.queued,
            }));
        } else {
            activity.aside(|| {
                out!(
                    "{flow}: {} records in X3 and {} in Zoho compared, {} and {} are gone; {} queued",
                    swept.listed.left,
                    swept.listed.right,
                    swept.missing.left,
                    swept.missing.right,
                    swept.queued
                );
            });
        }
    }
    activity.finish();
    if arguments.configured.json {
        out!("{}", json!({ "flows": flows }));
    }
    Ok(())
}
