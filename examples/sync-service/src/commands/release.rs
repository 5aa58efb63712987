//! `release`: lets a flow that a guard has stopped go on.

use clap::Args;
use serde_json::json;
use sync_core::Allowance;

use crate::{cli::Configured, config::Config, failure::Failure, setup::Setup};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The flow.
    flow: String,
    /// How many records more than its guard allows it may delete, once.
    #[arg(long, default_value_t = 0)]
    deletes: u64,
    /// How many records more than its guard allows it may change, once.
    #[arg(long, default_value_t = 0)]
    updates: u64,
    #[command(flatten)]
    configured: Configured,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let setup = Setup::unasked(Config::read(&arguments.configured.config)?).await?;
    let engine = setup.engine("release")?;
    let flow = &setup.flows.find(&arguments.flow)?.flow.name;
    let Some(stopped) = engine.stopped(flow).await? else {
        return Err(Failure::input(format!("flow {flow} is not stopped")));
    };
    let allowance = Allowance {
        deletes: arguments.deletes,
        updates: arguments.updates,
    };
    engine.release(flow, allowance).await?;
    if arguments.configured.json {
        out!(
            "{}",
            json!({"flow": flow.as_str(), "was_stopped_for": stopped.reason.to_string()})
        );
    } else {
        out!(
            "{flow} goes on. It was stopped since {}: {}",
            stopped.since,
            stopped.reason
        );
    }
    Ok(())
}
