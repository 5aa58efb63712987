//! The entries of a plan on their way to the scratch area, counted and hashed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    CHUNK, PlanEntry, PlanSummary, PlannedAction,
    forecast::{forecast, writes_on},
    listing::unreadable,
};
use crate::{
    audit::{AuditEntry, AuditEvent},
    budget::Cost,
    error::Error,
    flow::Flow,
    ids::{FlowName, RecordId},
    job::Cause,
    scratch::{ScratchArea, ScratchRow},
    side::{Side, Sides},
    store::StoreError,
    stored,
    value::Document,
};

/// Where the entries lie.
pub(super) const ENTRIES: &str = "entries";

/// Puts entries where they belong.
pub(super) struct Writing<'a> {
    area: &'a dyn ScratchArea,
    rows: Vec<ScratchRow>,
    summary: PlanSummary,
    /// Entries that change a record of a side.
    updates: Sides<u64>,
}

/// What is known when all are written.
pub(super) struct Written {
    pub(super) summary: PlanSummary,
    pub(super) write_calls: Sides<u64>,
    pub(super) forecast: Sides<Cost>,
    pub(super) hash: String,
}

impl<'a> Writing<'a> {
    pub(super) fn new(area: &'a dyn ScratchArea) -> Self {
        Self {
            area,
            rows: Vec::new(),
            summary: PlanSummary::default(),
            updates: Sides::default(),
        }
    }

    pub(super) fn add(&mut self, entry: &PlanEntry) -> Result<(), Error> {
        self.summary.count(&entry.action);
        for side in Side::BOTH {
            let changes = entry.action == PlannedAction::Update && writes_on(entry, side);
            *self.updates.get_mut(side) += u64::from(changes);
        }
        self.rows.push(ScratchRow {
            key: key(entry),
            body: encode(entry)?,
        });
        Ok(())
    }

    /// Writes what has come together, once it is worth a call.
    pub(super) async fn flush_full(&mut self) -> Result<(), StoreError> {
        if self.rows.len() < CHUNK {
            return Ok(());
        }
        self.area.put(ENTRIES, std::mem::take(&mut self.rows)).await
    }

    pub(super) async fn finish(self, flow: &Flow, batch: usize) -> Result<Written, Error> {
        self.area.put(ENTRIES, self.rows).await?;
        let calls = |side: Side| {
            let in_call = flow.endpoints.get(side).capabilities().write_batch.max(1);
            let writes = self.updates.get(side) + self.summary.create.get(side);
            writes.div_ceil(in_call as u64)
        };
        Ok(Written {
            summary: self.summary,
            write_calls: Sides::new(calls(Side::Left), calls(Side::Right)),
            forecast: forecast(flow, &self.summary, self.updates, batch),
            hash: hash(self.area, &flow.name).await?,
        })
    }
}

/// Of all entries in order of their keys, which is the same whatever order the systems list their records in.
async fn hash(area: &dyn ScratchArea, flow: &FlowName) -> Result<String, Error> {
    let mut hasher = Sha256::new();
    hasher.update(flow.as_str());
    let mut after: Option<String> = None;
    loop {
        let rows = area.page(ENTRIES, after.as_deref(), CHUNK).await?;
        for row in &rows {
            hasher.update([0]);
            hasher.update(decode(&row.body)?.fingerprint());
        }
        match rows.into_iter().last() {
            Some(last) => after = Some(last.key),
            None => break,
        }
    }
    let digest = hasher.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Entries of a kind stand together, in order of the left identity or, without one, the right.
fn key(entry: &PlanEntry) -> String {
    let kind = match &entry.action {
        PlannedAction::AlreadyLinked => 0,
        PlannedAction::Link => 1,
        PlannedAction::Update => 2,
        PlannedAction::Create(Side::Left) => 3,
        PlannedAction::Create(Side::Right) => 4,
        PlannedAction::Ambiguous { .. } => 5,
        PlannedAction::Duplicate { .. } => 6,
        PlannedAction::Problem(_) => 7,
        PlannedAction::Skip => 8,
    };
    let (side, id) = match (&entry.ids.left, &entry.ids.right) {
        (Some(left), _) => ("l", left.as_str()),
        (None, right) => ("r", right.as_ref().map_or("", RecordId::as_str)),
    };
    format!("{kind}{side}{id}")
}

#[derive(Serialize, Deserialize)]
struct Form {
    action: PlannedAction,
    /// The stored form of an audit entry about the pair, with the differences.
    about: String,
}

fn encode(entry: &PlanEntry) -> Result<String, StoreError> {
    let about = AuditEntry {
        at: Timestamp::UNIX_EPOCH,
        flow: FlowName::from(""),
        ids: entry.ids.clone(),
        cause: Cause::Plan,
        attempt: 0,
        fields: entry.differences.clone(),
        event: AuditEvent::Linked,
        agreed: Document::new(),
        sent: None,
        refused: false,
    };
    let form = Form {
        action: entry.action.clone(),
        about: stored::encode_audit(&about).map_err(unreadable)?,
    };
    serde_json::to_string(&form).map_err(unreadable)
}

pub(super) fn decode(text: &str) -> Result<PlanEntry, StoreError> {
    let form: Form = serde_json::from_str(text).map_err(unreadable)?;
    let about = stored::decode_audit(&form.about).map_err(unreadable)?;
    Ok(PlanEntry {
        action: form.action,
        ids: about.ids,
        differences: about.fields,
    })
}

impl PlanSummary {
    fn count(&mut self, action: &PlannedAction) {
        let count = match action {
            PlannedAction::AlreadyLinked => &mut self.already_linked,
            PlannedAction::Link => &mut self.link,
            PlannedAction::Update => &mut self.update,
            PlannedAction::Create(side) => self.create.get_mut(*side),
            PlannedAction::Ambiguous { .. } => &mut self.ambiguous,
            PlannedAction::Duplicate { .. } => &mut self.duplicate,
            PlannedAction::Skip => &mut self.skip,
            PlannedAction::Problem(_) => &mut self.problem,
        };
        *count += 1;
    }

    /// How many entries there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        let records = self.create.left + self.create.right + self.ambiguous + self.duplicate;
        self.already_linked + self.link + self.update + records + self.skip + self.problem
    }
}
