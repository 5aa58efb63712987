//! `status`: how things stand, from the store alone.

use serde_json::json;
use sync_core::{Engine, FlowName, ParkReason, ParkedJob, Store as _};

use crate::{cli::Configured, config::Config, connect, failure::Failure, plan::system};

/// Parked records that are shown.
const SHOWN: usize = 50;

/// Prints counts and parked records. Works while the service runs.
pub(crate) async fn show(configured: &Configured) -> Result<(), Failure> {
    let config = Config::read(&configured.config)?;
    let store = connect::open_store(&config).await?;
    let connection = sync_core::ConnectionId::from(config.connection.as_str());
    let flow = FlowName::from(connect::CUSTOMERS);
    let counts = store
        .counts(&connection, &flow)
        .await
        .map_err(sync_core::Error::from)?;
    let parked = store
        .parked(&connection, &flow, None, SHOWN)
        .await
        .map_err(sync_core::Error::from)?;
    if configured.json {
        let parked: Vec<_> = parked
            .iter()
            .map(|job| json!({"record": record(job), "reason": reason(&job.parked.reason)}))
            .collect();
        let counts = json!({
            "linked": counts.linked, "half_linked": counts.half_linked, "queued": counts.queued, "parked": counts.parked,
            "oldest_queued_at": counts.oldest_queued_at.map(|at| at.to_string()),
        });
        out!(
            "{}",
            json!({"flow": flow.as_str(), "counts": counts, "parked": parked})
        );
        return Ok(());
    }
    out!(
        "{flow}: {} pairs, {} queued, {} parked",
        counts.linked,
        counts.queued,
        counts.parked
    );
    if let Some(oldest) = counts.oldest_queued_at {
        out!("oldest queued: {oldest}");
    }
    for job in &parked {
        out!("  {}: {}", record(job), reason(&job.parked.reason));
    }
    Ok(())
}

/// The parked records of an engine's flow.
pub(crate) async fn parked(engine: &Engine, flow: &FlowName) -> Result<Vec<ParkedJob>, Failure> {
    Ok(engine.parked(flow, None, usize::MAX / 2).await?)
}

/// The record as people name it.
pub(crate) fn record(job: &ParkedJob) -> String {
    format!("{} {}", system(job.key.side), job.key.id)
}

/// Why it is parked, in words.
pub(crate) fn reason(reason: &ParkReason) -> String {
    match reason {
        ParkReason::Rejected { side, rejection } => {
            let field = rejection
                .field
                .as_ref()
                .map(|field| format!(" `{field}`"))
                .unwrap_or_default();
            format!("{} rejects it{field}: {}", system(*side), rejection.message)
        }
        ParkReason::Unmappable { field, message } => {
            format!("`{field}` cannot be carried over: {message}")
        }
        ParkReason::Conflict { fields } => {
            let fields: Vec<&str> = fields.iter().map(AsRef::as_ref).collect();
            format!(
                "both sides changed {}: decide by making them equal",
                fields.join(", ")
            )
        }
        ParkReason::Ambiguous { side, candidates } => {
            let ids: Vec<&str> = candidates.iter().map(AsRef::as_ref).collect();
            format!(
                "it could belong to more than one {} record: {}",
                system(*side),
                ids.join(", ")
            )
        }
        ParkReason::DanglingKey { side, key } => format!(
            "it names the {} record {key}, which does not exist",
            system(*side)
        ),
        ParkReason::PartnerTaken { side, id } => format!(
            "its {} partner {id} belongs to another record",
            system(*side)
        ),
        ParkReason::FlipFlop => "the systems keep undoing each other's values".to_owned(),
        ParkReason::AttemptsExhausted { message } => format!("tried too often; last: {message}"),
        ParkReason::WaitingFor { parent } => {
            format!("waits for {} {}", system(parent.side), parent.id)
        }
        other => format!("{other:?}"),
    }
}

/// Whether the record is parked because both sides disagree.
pub(crate) fn is_conflict(reason: &ParkReason) -> bool {
    matches!(reason, ParkReason::Conflict { .. })
}
