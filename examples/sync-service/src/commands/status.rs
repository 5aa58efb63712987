//! `status`: how things stand, from the store alone.

use serde_json::{Value, json};
use sync_core::{Engine, FlowName, ParkedJob};

use crate::{
    cli::Configured,
    config::Config,
    failure::Failure,
    setup::Setup,
    words::{reason, record},
};

/// Parked records that are shown.
const SHOWN: usize = 50;

/// Prints counts and parked records of each flow. Works while the service runs.
pub(crate) async fn show(configured: &Configured) -> Result<(), Failure> {
    let setup = Setup::unasked(Config::read(&configured.config)?).await?;
    let engine = setup.engine("status")?;
    let mut flows = Vec::new();
    for status in engine.status().await? {
        let counts = status.counts;
        let parked = engine.parked(&status.flow, None, SHOWN).await?;
        if configured.json {
            flows.push(json!({
                "flow": status.flow.as_str(),
                "approved": status.approved,
                "counts": {
                    "linked": counts.linked, "half_linked": counts.half_linked,
                    "queued": counts.queued, "parked": counts.parked,
                    "oldest_queued_at": counts.oldest_queued_at.map(|at| at.to_string()),
                },
                "parked": parked.iter().map(as_json).collect::<Vec<_>>(),
            }));
            continue;
        }
        out!(
            "{}: {} pairs, {} queued, {} parked",
            status.flow,
            counts.linked,
            counts.queued,
            counts.parked
        );
        if let Some(oldest) = counts.oldest_queued_at {
            out!("  oldest queued: {oldest}");
        }
        for job in &parked {
            out!("  {}: {}", record(&job.key), reason(&job.parked.reason));
        }
    }
    if configured.json {
        out!("{}", json!({ "flows": flows }));
    }
    Ok(())
}

fn as_json(job: &ParkedJob) -> Value {
    json!({"record": record(&job.key), "reason": reason(&job.parked.reason)})
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
