//! What people do with parked records: look, replay, edit, dismiss.

use jiff::Timestamp;
use std::sync::Arc;

use super::{Engine, batch::home, dependants::parent_of};
use crate::{
    audit::{AuditEntry, AuditEvent, FieldDecision, Verdict},
    endpoint::{Write, WriteError},
    error::Error,
    flow::Flow,
    ids::{FlowName, RecordId},
    job::{Cause, Finish, Hint, JobKey, ParkedJob},
    mapping::{Direction, MapError, References},
    side::{Side, Sides},
    store::Commit,
    value::{Document, Value},
};

/// Parked jobs in a page.
const PAGE: usize = 500;

/// A flow's rules when its parked records were last looked through.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Rules {
    fingerprint: Option<String>,
}

fn rules_name(flow: &FlowName) -> String {
    format!("rules/{flow}")
}

impl Engine {
    /// Looks at parked keys again.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn replay(&self, keys: &[JobKey]) -> Result<(), Error> {
        self.queue_again(keys.iter().cloned(), &Cause::Replay).await
    }

    async fn queue_again(
        &self,
        keys: impl Iterator<Item = JobKey> + Send,
        cause: &Cause,
    ) -> Result<(), Error> {
        let hints: Vec<Hint> = keys
            .map(|key| Hint {
                key,
                cause: cause.clone(),
            })
            .collect();
        self.ingest(&hints).await
    }

    /// Gives up parked keys. Returns how many were parked. They come back with the next change of their records.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn dismiss(&self, keys: &[JobKey]) -> Result<usize, Error> {
        let at = self.clock.now();
        let audit: Vec<AuditEntry> = keys.iter().map(|key| dismissal(key, at)).collect();
        Ok(self.store.dismiss(&self.connection, keys, &audit).await?)
    }

    /// All parked keys of a flow, page by page after `after`.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn parked(
        &self,
        flow: &FlowName,
        after: Option<&JobKey>,
        limit: usize,
    ) -> Result<Vec<ParkedJob>, Error> {
        Ok(self
            .store
            .parked(&self.connection, flow, after, limit)
            .await?)
    }

    /// Changes a parked record as a person says, on both sides where both may hold the values, and looks at it again. This
    /// is how a conflict is settled or a value that does not fit is replaced without opening either system.
    ///
    /// `values` are under the mapping's names. A field that one side owns is changed there.
    ///
    /// # Errors
    /// [`Error::NotParked`]; [`Error::NotEditable`] when a value fits nowhere; [`Error::EditFailed`] when a system refused
    /// it. What was changed before stays, and is in the audit.
    pub async fn edit(&self, key: &JobKey, values: &Document) -> Result<(), Error> {
        let flow = self.flow(&key.flow)?;
        let parked = self.find_parked(key).await?;
        let mut ids = parked.parked.ids;
        ids.get_mut(key.side).get_or_insert_with(|| key.id.clone());
        for side in Side::BOTH {
            let wanted = editable(flow, side, key.side, values)?;
            let id = ids.get(side).clone();
            if let Some(id) = id.filter(|_| !wanted.is_empty()) {
                self.edit_side(flow, &ids, side, &id, &wanted).await?;
            }
        }
        self.replay(std::slice::from_ref(key)).await
    }

    async fn edit_side(
        &self,
        flow: &Flow,
        ids: &Sides<Option<RecordId>>,
        side: Side,
        id: &RecordId,
        wanted: &Document,
    ) -> Result<(), Error> {
        let read = self
            .call_read(flow, side, std::slice::from_ref(id))
            .await
            .map_err(|error| Error::Side {
                flow: flow.name.clone(),
                side,
                source: Arc::new(error),
            })?;
        let Some(record) = read.into_iter().flatten().next() else {
            return Ok(());
        };
        let references = self.references_of(flow, wanted).await?;
        let now = flow.mapping.project_known(side, &record.fields);
        let changes: Document = wanted
            .iter()
            .filter(|(field, value)| now.get(field.as_str()) != Some(*value))
            .map(|(field, value)| (field.clone(), value.clone()))
            .collect();
        let fields = flow
            .mapping
            .render_with(side, &changes, &references)
            .map_err(not_editable)?;
        if fields.is_empty() {
            return Ok(());
        }
        let decisions: Vec<FieldDecision> = changes
            .iter()
            .map(|(field, value)| chosen(side, field, value, &now))
            .collect();
        let entry = |event| {
            let (flow, ids) = (flow.name.clone(), ids.clone());
            let mut entry = AuditEntry {
                fields: decisions.clone(),
                ..AuditEntry::new(self.clock.now(), flow, ids, Cause::Replay, event)
            };
            entry.sent = Some(fields.digest());
            entry
        };
        self.note(flow, entry(AuditEvent::EditIntended { side }))
            .await?;
        let write = Write::Update {
            id: id.clone(),
            fields: fields.clone(),
            as_of: record.modified_at,
        };
        let mut outcomes = self.call_write(flow, side, &[write], Timestamp::MAX).await;
        match outcomes.pop() {
            Some(Ok(written)) => {
                let warnings = written.warnings;
                self.note(flow, entry(AuditEvent::Updated { side, warnings }))
                    .await
            }
            outcome => {
                let (message, may_have_been_applied) = match outcome {
                    Some(Err(error)) => (
                        error.sentence(),
                        matches!(&error, WriteError::Call(error) if error.may_have_been_applied),
                    ),
                    _ => ("the endpoint returned no outcome".to_owned(), true),
                };
                let event = AuditEvent::WriteFailed {
                    side,
                    message: message.clone(),
                    may_have_been_applied,
                };
                self.note(flow, entry(event)).await?;
                Err(Error::EditFailed { side, message })
            }
        }
    }

    async fn references_of(&self, flow: &Flow, values: &Document) -> Result<References, Error> {
        // The values stand as the left side would hold them.
        let record: Document = flow
            .mapping
            .rows()
            .iter()
            .filter_map(|row| {
                let value = values.get(row.name.as_str())?;
                Some((row.fields.left.clone(), value.clone()))
            })
            .collect();
        let records = std::iter::once(&record);
        Ok(self.references(flow, Side::Left, records).await?)
    }

    /// Writes an entry that belongs to no job.
    pub(super) async fn note(&self, flow: &Flow, mut entry: AuditEntry) -> Result<(), Error> {
        self.redact(flow, &mut entry);
        let commit = Commit {
            held: Vec::new(),
            link: None,
            finish: Finish::Done,
            wake: Vec::new(),
            audit: vec![entry],
        };
        let now = self.clock.now();
        self.store
            .commit(&self.connection, &flow.name, &[commit], now)
            .await?;
        Ok(())
    }

    async fn find_parked(&self, key: &JobKey) -> Result<ParkedJob, Error> {
        let mut after: Option<JobKey> = None;
        loop {
            let page = self.parked(&key.flow, after.as_ref(), PAGE).await?;
            let Some(last) = page.last().map(|job| job.key.clone()) else {
                return Err(Error::NotParked(key.clone()));
            };
            if let Some(job) = page.into_iter().find(|job| job.key == *key) {
                return Ok(job);
            }
            after = Some(last);
        }
    }

    /// Looks again at parked records whose cause is gone: those whose parent has a partner by now, those that became part of
    /// a pair while they were being parked, and all of them when the flow's mapping or policy is not what it was. Returns
    /// how many.
    ///
    /// # Errors
    /// [`Error::UnknownFlow`], [`Error::Store`].
    pub async fn review_parked(&self, flow: &FlowName) -> Result<u64, Error> {
        let flow = self.flow(flow)?;
        let name = rules_name(&flow.name);
        let fingerprint = Some(flow.fingerprint());
        let (known, revision) = self.read_document::<Rules>(&name).await?;
        let changed = known.fingerprint.is_some() && known.fingerprint != fingerprint;
        let mut again = 0;
        let mut after: Option<JobKey> = None;
        loop {
            let page = self.parked(&flow.name, after.as_ref(), PAGE).await?;
            let Some(last) = page.last().map(|job| job.key.clone()) else {
                break;
            };
            let (page, strays) = self.take_strays(flow, page).await?;
            again += strays;
            let (keys, cause) = if changed {
                let keys: Vec<JobKey> = page.into_iter().map(|job| job.key).collect();
                (keys, Cause::RulesChanged)
            } else {
                (self.with_parents_there(page).await?, Cause::Dependency)
            };
            again += keys.len() as u64;
            self.queue_again(keys.into_iter(), &cause).await?;
            after = Some(last);
        }
        if known.fingerprint != fingerprint {
            self.write_document(&name, &Rules { fingerprint }, revision)
                .await?;
        }
        Ok(again)
    }

    /// Takes away what is parked under another key than its pair's, where no hint reaches it: the pair came about while it
    /// was being parked, or the program died before it could take it away. The look goes on under the pair's key. Returns
    /// the others, and how many were taken.
    async fn take_strays(
        &self,
        flow: &Flow,
        page: Vec<ParkedJob>,
    ) -> Result<(Vec<ParkedJob>, u64), Error> {
        let links = self.links_of(flow, page.iter().map(|job| &job.key)).await?;
        let (mut others, mut strays) = (Vec::new(), Vec::new());
        for (job, link) in page.into_iter().zip(links) {
            let home = link.and_then(|link| home(&job.key, &link.content.ids));
            match home.is_none_or(|home| home == job.key) {
                true => others.push(job),
                false => strays.push(job.key),
            }
        }
        if !strays.is_empty() {
            self.queue_again(strays.iter().cloned(), &Cause::Verify)
                .await?;
            self.store.dismiss(&self.connection, &strays, &[]).await?;
        }
        Ok((others, strays.len() as u64))
    }

    /// Those that wait for a record that has a partner.
    async fn with_parents_there(&self, jobs: Vec<ParkedJob>) -> Result<Vec<JobKey>, Error> {
        let waiting = jobs
            .into_iter()
            .filter_map(|job| Some((job.key, parent_of(&job.parked.reason)?.clone())));
        let (keys, parents): (Vec<JobKey>, Vec<JobKey>) = waiting.unzip();
        let there = self.have_partners(&parents).await?;
        let keys = keys.into_iter().zip(there);
        Ok(keys
            .filter_map(|(key, there)| there.then_some(key))
            .collect())
    }
}

/// The values that a person may set on a side of a parked record.
fn editable(flow: &Flow, side: Side, own: Side, values: &Document) -> Result<Document, Error> {
    let mut wanted = Document::new();
    for (field, value) in values.iter() {
        let row = flow.mapping.rows().iter().find(|row| row.name == *field);
        let goes = match row.map(|row| row.direction) {
            None | Some(Direction::None) => {
                return Err(Error::NotEditable {
                    field: field.clone(),
                    message: "the mapping has no such row".to_owned(),
                });
            }
            Some(Direction::CreateOnly) => side == own,
            Some(Direction::Binding { from }) => side == from,
            Some(direction) => direction.owner().is_none_or(|owner| owner == side),
        };
        if goes {
            wanted.set(field.clone(), value.clone());
        }
    }
    Ok(wanted)
}

fn not_editable(error: MapError) -> Error {
    Error::NotEditable {
        field: error.field,
        message: error.message,
    }
}

fn chosen(
    side: Side,
    field: &crate::ids::FieldName,
    value: &Value,
    now: &Document,
) -> FieldDecision {
    let before = now.get(field.as_str()).cloned().unwrap_or(Value::Null);
    let mut sides = Sides::new(value.clone(), value.clone());
    *sides.get_mut(side) = before;
    FieldDecision {
        field: field.clone(),
        base: None,
        left: sides.left,
        right: sides.right,
        result: Some(value.clone()),
        verdict: Verdict::ChosenByPerson,
    }
}

fn dismissal(key: &JobKey, at: Timestamp) -> AuditEntry {
    let mut ids = Sides::default();
    *ids.get_mut(key.side) = Some(key.id.clone());
    let (flow, event) = (key.flow.clone(), AuditEvent::Dismissed);
    AuditEntry {
        attempt: 0,
        ..AuditEntry::new(at, flow, ids, Cause::Replay, event)
    }
}
