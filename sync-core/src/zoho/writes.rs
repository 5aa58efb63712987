//! Carrying out writes: sorted into calls, outcomes put back in order.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use zoho_crm_client::{
    Error, Record as ZohoRecord, RecordId as ZohoId, WriteAction, WriteOutcomes, ZohoClient,
};

use super::{
    convert::{self, Outgoing},
    errors::{Meant, RowErrors, endpoint_error, engine_id, row_refusal, would_recur},
    lookups::Named,
    schema::Schema,
    settings::ModuleSettings,
};
use crate::{
    endpoint::{EndpointError, Rejection, Write, WriteError, Written},
    ids::FieldName,
};

type Outcome = Result<Written, WriteError>;

/// Rows of one kind, with their positions among all writes.
#[derive(Debug, Default)]
struct Sorted {
    /// By key field.
    upserts: BTreeMap<FieldName, Vec<(usize, ZohoRecord)>>,
    inserts: BTreeMap<FieldName, Vec<(usize, ZohoRecord)>>,
    /// By the age that they depend on.
    updates: BTreeMap<Option<Timestamp>, Vec<(usize, ZohoRecord)>>,
    /// Rows to be exchanged, after the updates of their records.
    exchanges: Vec<Exchange>,
    deletes: Vec<(usize, ZohoId)>,
}

/// The rows of one record, to be exchanged for others.
#[derive(Debug)]
struct Exchange {
    position: usize,
    id: ZohoId,
    field: FieldName,
    rows: Vec<ZohoRecord>,
}

/// One outcome for each write, in order.
pub(super) async fn carry_out(
    client: &ZohoClient,
    settings: &ModuleSettings,
    schema: &Schema,
    writes: &[Write],
) -> Vec<Outcome> {
    let mut run = Run {
        client,
        settings,
        outcomes: writes.iter().map(|_| None).collect(),
        errors: RowErrors::default(),
        stopped: None,
    };
    let named = match Named::find(client, schema, writes).await {
        Ok(named) => named,
        Err(error) => {
            let error = Arc::new(unsent(&endpoint_error(error)));
            let outcomes = writes.iter();
            return outcomes
                .map(|_| Err(WriteError::Call(Arc::clone(&error))))
                .collect();
        }
    };
    let sorted = run.sort(schema, &named, writes);
    for (key, rows) in sorted.upserts {
        run.upsert(key, rows).await;
    }
    for (key, rows) in sorted.inserts {
        run.insert(key, rows).await;
    }
    for (as_of, rows) in sorted.updates {
        run.update(as_of, rows).await;
    }
    for exchange in sorted.exchanges {
        run.exchange(exchange).await;
    }
    run.delete(sorted.deletes).await;
    let unknown = || {
        Err(WriteError::Later {
            reason: "Zoho gave no outcome".to_owned(),
            after: None,
        })
    };
    let outcomes = run.outcomes.into_iter();
    outcomes
        .map(|outcome| outcome.unwrap_or_else(unknown))
        .collect()
}

impl Sorted {
    /// Adds a write; its outcome, if it needs no call.
    fn add(
        &mut self,
        (schema, settings): (&Schema, &ModuleSettings),
        position: usize,
        write: &Write,
        outgoing: Outgoing,
    ) -> Option<Outcome> {
        let conditional = settings.conditional_updates;
        match write {
            Write::Create { key, .. } => {
                let has_rows = outgoing.rows.iter().any(|(_, rows)| !rows.is_empty());
                let mut row = outgoing.into_new();
                row.set(key.field.as_str(), &key.value);
                // An upsert would append its rows to those of the record that it finds.
                let target = if has_rows || sets_other_unique(schema, &key.field, &row) {
                    &mut self.inserts
                } else {
                    &mut self.upserts
                };
                let rows = target.entry(key.field.clone()).or_default();
                rows.push((position, row));
            }
            Write::Update { id, as_of, .. } => {
                let Some(id) = zoho_id(id.as_str()) else {
                    return Some(Err(WriteError::Missing));
                };
                let mut row = outgoing.record;
                if !row.is_empty() || outgoing.rows.is_empty() {
                    row.set("id", &id);
                    let same_age = self.updates.entry(as_of.filter(|_| conditional));
                    same_age.or_default().push((position, row));
                }
                let exchanges = outgoing.rows.into_iter().map(|(field, rows)| Exchange {
                    position,
                    id: id.clone(),
                    field,
                    rows,
                });
                self.exchanges.extend(exchanges);
            }
            Write::Delete { id } => match zoho_id(id.as_str()) {
                Some(id) => self.deletes.push((position, id)),
                None => return Some(Ok(deleted(id.as_str()))),
            },
        }
        None
    }
}

struct Run<'a> {
    client: &'a ZohoClient,
    settings: &'a ModuleSettings,
    outcomes: Vec<Option<Outcome>>,
    errors: RowErrors,
    /// A call failed in a way that would befall the next one too.
    stopped: Option<Arc<EndpointError>>,
}

impl Run<'_> {
    /// Sorts the writes; those that cannot be sent have their outcome at once.
    fn sort(&mut self, schema: &Schema, named: &Named, writes: &[Write]) -> Sorted {
        let mut sorted = Sorted::default();
        for (position, write) in writes.iter().enumerate() {
            let outgoing = match write {
                Write::Create { fields, .. } | Write::Update { fields, .. } => {
                    convert::row(fields, schema, named)
                }
                Write::Delete { .. } => Ok(Outgoing::default()),
            };
            let outcome = match outgoing {
                Ok(outgoing) => sorted.add((schema, self.settings), position, write, outgoing),
                Err((field, message)) => Some(Err(WriteError::Rejected(Rejection {
                    field: Some(field),
                    code: None,
                    message,
                }))),
            };
            self.outcomes[position] = outcome;
        }
        sorted
    }

    async fn upsert(&mut self, key: FieldName, rows: Vec<(usize, ZohoRecord)>) {
        let (positions, rows) = split(rows);
        if self.skips(&positions) {
            return;
        }
        let module = self.client.module(self.settings.module.clone());
        let upsert = module
            .upsert(rows)
            .duplicate_check_fields([key.as_str()])
            .trigger(self.settings.trigger.clone());
        let sent = upsert.send().await;
        self.take(&positions, sent, &Meant::Create(key));
    }

    async fn insert(&mut self, key: FieldName, rows: Vec<(usize, ZohoRecord)>) {
        let (positions, rows) = split(rows);
        if self.skips(&positions) {
            return;
        }
        let module = self.client.module(self.settings.module.clone());
        let insert = module.insert(rows).trigger(self.settings.trigger.clone());
        let sent = insert.send().await;
        self.take(&positions, sent, &Meant::Create(key));
    }

    async fn update(&mut self, as_of: Option<Timestamp>, rows: Vec<(usize, ZohoRecord)>) {
        let (positions, rows) = split(rows);
        if self.skips(&positions) {
            return;
        }
        let module = self.client.module(self.settings.module.clone());
        let mut update = module.update(rows).trigger(self.settings.trigger.clone());
        if let Some(as_of) = as_of {
            update = update.unmodified_since(as_of);
        }
        let sent = update.send().await;
        self.take(&positions, sent, &Meant::Update);
    }

    /// Exchanges the rows of one record, unless its update failed. Sent again, it ends with the same rows.
    async fn exchange(&mut self, exchange: Exchange) {
        let position = exchange.position;
        if matches!(self.outcomes.get(position), Some(Some(Err(_)))) || self.skips(&[position]) {
            return;
        }
        let module = self.client.module(self.settings.module.clone());
        let sent = module
            .replace_rows(&exchange.id, exchange.field.as_str(), exchange.rows)
            .trigger(self.settings.trigger.clone())
            .send()
            .await;
        let outcome = match sent {
            Ok(Some(written)) => Ok(Written {
                id: engine_id(written.id),
                created: false,
                warnings: Vec::new(),
            }),
            Ok(None) => Err(WriteError::Missing),
            Err(error) => Err(self.exchange_error(&exchange.field, error)),
        };
        self.outcomes[position] = Some(outcome);
    }

    fn exchange_error(&mut self, field: &FieldName, error: Error) -> WriteError {
        if matches!(error, Error::InvalidRequest { .. }) {
            return WriteError::Rejected(Rejection {
                field: Some(field.clone()),
                code: None,
                message: error.to_string(),
            });
        }
        if let Some(refusal) = row_refusal(&error) {
            return refusal;
        }
        let error = Arc::new(endpoint_error(error));
        if would_recur(&error) {
            self.stopped = Some(Arc::new(unsent(&error)));
        }
        WriteError::Call(error)
    }

    async fn delete(&mut self, rows: Vec<(usize, ZohoId)>) {
        let (positions, ids) = split(rows);
        if self.skips(&positions) {
            return;
        }
        let module = self.client.module(self.settings.module.clone());
        let delete = module
            .delete(ids.clone())
            .trigger(self.settings.trigger.clone());
        let sent = delete.send().await;
        self.take(&positions, sent, &Meant::Update);
        for (position, id) in positions.into_iter().zip(ids) {
            // Deleting what is gone succeeds.
            if let Some(outcome) = self.outcomes.get_mut(position)
                && is_gone(outcome)
            {
                *outcome = Some(Ok(deleted(id.as_str())));
            }
        }
    }

    /// Whether there is nothing to send, or no use in sending it.
    fn skips(&mut self, positions: &[usize]) -> bool {
        if let Some(error) = &self.stopped {
            for position in positions {
                self.outcomes[*position] = Some(Err(WriteError::Call(Arc::clone(error))));
            }
            return true;
        }
        positions.is_empty()
    }

    fn take(&mut self, positions: &[usize], sent: Result<WriteOutcomes, Error>, meant: &Meant) {
        match sent {
            Ok(outcomes) => {
                for (position, row) in positions.iter().zip(outcomes.into_rows()) {
                    let outcome = match row {
                        Ok(row) => Ok(Written {
                            created: matches!(meant, Meant::Create(_))
                                && row.action != Some(WriteAction::Update),
                            id: engine_id(row.id),
                            warnings: Vec::new(),
                        }),
                        Err(error) => Err(self.errors.of(&error, meant)),
                    };
                    self.outcomes[*position] = Some(outcome);
                }
            }
            Err(error) => {
                let error = Arc::new(endpoint_error(error));
                for position in positions {
                    self.outcomes[*position] = Some(Err(WriteError::Call(Arc::clone(&error))));
                }
                if would_recur(&error) {
                    self.stopped = Some(Arc::new(unsent(&error)));
                }
            }
        }
    }
}

/// The error of rows that were not sent because of `error`.
fn unsent(error: &EndpointError) -> EndpointError {
    EndpointError {
        kind: error.kind,
        message: format!("not sent after another call failed: {}", error.message),
        retry_after: error.retry_after,
        may_have_been_applied: false,
        source: None,
    }
}

/// Zoho checks all unique fields, whatever an upsert names: a row that equals another record in one of them would
/// overwrite that record, key and all.
fn sets_other_unique(schema: &Schema, key: &FieldName, row: &ZohoRecord) -> bool {
    schema
        .other_unique(key)
        .any(|field| row.contains(field) && !row.is_null(field))
}

/// What a refused delete says of a record that is not there.
fn is_gone(outcome: &Option<Outcome>) -> bool {
    match outcome {
        Some(Err(WriteError::Missing)) => true,
        Some(Err(WriteError::Rejected(rejection))) => {
            rejection.code.as_deref() == Some("INVALID_DATA")
        }
        _ => false,
    }
}

fn deleted(id: &str) -> Written {
    Written {
        id: id.into(),
        created: false,
        warnings: Vec::new(),
    }
}

fn zoho_id(text: &str) -> Option<ZohoId> {
    text.parse().ok()
}

fn split<T>(rows: Vec<(usize, T)>) -> (Vec<usize>, Vec<T>) {
    rows.into_iter().unzip()
}
