//! `apply`: takes up plans that a person has reviewed.

use clap::Args;
use serde_json::{Value, json};
use sync_core::{Engine, FlowName};

use super::plan::{PlanName, unapproved_parents};
use crate::{
    cli::Configured, config::Config, failure::Failure, flows::On, progress::Progress, setup::Setup,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What `plan` printed, such as `customers:3f9a...`.
    #[arg(required = true, value_name = "PLAN")]
    plans: Vec<PlanName>,
    #[command(flatten)]
    configured: Configured,
}

/// Takes up approved plans, parents first, and works until everything that they queued is done or parked.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (names, configured) = (&arguments.plans, &arguments.configured);
    let setup = Setup::open(Config::read(&configured.config)?).await?;
    for name in names {
        setup.flows.find(name.flow.as_str())?;
    }
    let engine = setup.engine("apply")?;
    let mut applied = Vec::new();
    for on in &setup.flows.on {
        for name in names.iter().filter(|name| name.flow == on.flow.name) {
            applied.push(apply(&engine, on, name, configured).await?);
        }
    }
    if configured.json {
        out!("{}", json!({ "applied": applied }));
    }
    Ok(())
}

async fn apply(
    engine: &Engine,
    on: &On,
    name: &PlanName,
    configured: &Configured,
) -> Result<Value, Failure> {
    if let Some(parent) = unapproved_parents(engine, on).await?.first() {
        return Err(Failure::input(format!(
            "records of {} refer to those of {parent}, whose plan was not taken up yet: apply that first, then plan {} again",
            name.flow, name.flow
        )));
    }
    let progress = Progress::new(configured.json);
    engine
        .apply_first_sync(&name.flow, &name.hash, &|step| progress.step(step))
        .await?;
    progress.finish();
    let report = engine.drain().await?;
    let parked = count_parked(engine, &name.flow).await?;
    let (created, updated) = (report.created, report.updated);
    if !configured.json {
        out!(
            "{}: {} created in X3 and {} in Zoho, {} changed in X3 and {} in Zoho, {parked} parked for you to look at.",
            name.flow,
            created.left,
            created.right,
            updated.left,
            updated.right
        );
    }
    Ok(json!({
        "plan": name.to_string(),
        "flow": name.flow.as_str(),
        "created": {"x3": created.left, "zoho": created.right},
        "updated": {"x3": updated.left, "zoho": updated.right},
        "parked": parked,
    }))
}

async fn count_parked(engine: &Engine, flow: &FlowName) -> Result<u64, Failure> {
    let status = engine.status().await?;
    Ok(status
        .iter()
        .filter(|status| status.flow == *flow)
        .map(|status| status.counts.parked)
        .sum())
}
