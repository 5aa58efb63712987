//! The system as the engine sees it.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    FakeSystem, Traffic,
    faults::{Call, CallKind, Fault, error, for_all},
    records::{BadToken, Feed},
};
use crate::{
    budget::Cost,
    endpoint::{
        Capabilities, ChangesPage, ChangesRequest, Endpoint, EndpointError, EndpointErrorKind,
        FeedDescription, FoundWithUnmarked, PastChange, Problem, Record, RecordsPage, Rejection,
        Write, WriteError, Written,
    },
    ids::{FieldName, PageToken, RecordId},
    value::{Document, Value},
};

impl FakeSystem {
    /// Counts a call and finds out what happens to it.
    async fn meet(&self, kind: CallKind, rows: usize) -> Option<Fault> {
        let count = |traffic: &mut Traffic| {
            *match kind {
                CallKind::Read => &mut traffic.reads,
                CallKind::Find => &mut traffic.finds,
                CallKind::Write => &mut traffic.writes,
                CallKind::History => &mut traffic.histories,
                CallKind::Changes => &mut traffic.changes,
                CallKind::List => &mut traffic.lists,
            } += 1;
        };
        count(&mut self.count());
        let hook = self.faults().hook.take();
        let mut fault = None;
        if let Some(mut hook) = hook {
            fault = hook(Call { kind, rows });
            self.faults().hook.get_or_insert(hook);
        }
        let fault = fault.or_else(|| self.faults().next(kind));
        if fault == Some(Fault::HangsBefore) {
            std::future::pending::<()>().await;
        }
        fault
    }

    /// Calls that change nothing: any fault loses the answer.
    async fn ask<T>(
        &self,
        kind: CallKind,
        rows: usize,
        answer: impl FnOnce() -> Result<T, EndpointError>,
    ) -> Result<T, EndpointError> {
        match self.meet(kind, rows).await {
            None => answer(),
            Some(Fault::HangsAfter) => std::future::pending().await,
            Some(fault) => Err(EndpointError {
                may_have_been_applied: false,
                ..error(fault)
            }),
        }
    }

    /// The record without the fields that are gone.
    fn shown(&self, mut record: Record) -> Record {
        for field in self.lost().iter() {
            record.fields.remove(field.as_str());
        }
        record
    }

    fn carry_out(&self, write: &Write) -> Result<Written, WriteError> {
        let done = |id: RecordId, created| Written {
            id,
            created,
            warnings: Vec::new(),
        };
        self.count().rows_written += 1;
        let (rules, now) = (self.rules(), self.now());
        match write {
            Write::Create { key, fields } => {
                let mut whole = fields.clone();
                whole.set(key.field.clone(), key.value.as_str());
                self.refuse_row(None, &whole)?;
                let made = self.records().create(rules, Some(key), fields.clone(), now);
                match made {
                    Err(WriteError::AlreadyExists { existing: Some(id) }) if rules.upserts => {
                        self.change(&id, fields)?;
                        Ok(done(id, false))
                    }
                    Err(error) => Err(error),
                    Ok(id) => {
                        self.count().created += 1;
                        Ok(done(id, true))
                    }
                }
            }
            Write::Update { id, fields, .. } => {
                self.refuse_row(Some(id), fields)?;
                self.change(id, fields)?;
                Ok(done(id.clone(), false))
            }
            Write::Delete { id } => {
                self.refuse_row(Some(id), &Document::new())?;
                if self.records().delete(id, now) {
                    self.count().deleted += 1;
                }
                Ok(done(id.clone(), false))
            }
        }
    }

    fn change(&self, id: &RecordId, fields: &Document) -> Result<(), WriteError> {
        let (rules, now) = (self.rules(), self.now());
        let changed = self
            .records()
            .update(rules, id, fields.clone(), now, true)?;
        let mut traffic = self.count();
        traffic.updated += 1;
        traffic.unchanged_writes += u64::from(!changed);
        Ok(())
    }

    fn refuse_row(&self, id: Option<&RecordId>, fields: &Document) -> Result<(), WriteError> {
        let lost = self.lost();
        if let Some((field, _)) = fields.iter().find(|(field, _)| lost.contains(field)) {
            return Err(WriteError::Rejected(Rejection {
                field: Some(field.clone()),
                code: None,
                message: "no such field".to_owned(),
            }));
        }
        let record = self.records().preview(id, fields);
        match self.faults().row(&record) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn within(&self, what: &str, rows: usize, limit: usize) -> Result<(), EndpointError> {
        if rows <= limit {
            return Ok(());
        }
        Err(protocol(format!(
            "{rows} {what} in one call, the limit is {limit}"
        )))
    }
}

fn protocol(message: String) -> EndpointError {
    EndpointError {
        kind: EndpointErrorKind::Protocol,
        message,
        retry_after: None,
        may_have_been_applied: false,
        source: None,
    }
}

fn expired(_: BadToken) -> EndpointError {
    protocol("the page token is not valid any more".to_owned())
}

#[async_trait]
impl Endpoint for FakeSystem {
    fn capabilities(&self) -> Capabilities {
        self.rules().capabilities.clone()
    }

    async fn check(&self) -> Result<Vec<Problem>, EndpointError> {
        let lost = self.lost();
        let lost = lost.iter().map(|field| Problem {
            message: format!(
                "the field `{field}` is gone: put it back or take it out of the mapping"
            ),
        });
        Ok(lost.collect())
    }

    async fn read(&self, ids: &[RecordId]) -> Result<Vec<Option<Record>>, EndpointError> {
        self.ask(CallKind::Read, ids.len(), || {
            let rules = self.rules();
            self.within("ids", ids.len(), rules.capabilities.read_batch)?;
            let records = self.records();
            let found = ids.iter().map(|id| records.get(rules, id));
            Ok(found
                .map(|record| record.map(|record| self.shown(record)))
                .collect())
        })
        .await
    }

    async fn find(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError> {
        self.ask(CallKind::Find, values.len(), || {
            let rules = self.rules();
            self.within("values", values.len(), rules.capabilities.find_batch)?;
            let records = self.records();
            let found = values.iter().map(|value| records.find(rules, field, value));
            let found = found.map(|records| {
                let records = records.into_iter();
                records.map(|record| self.shown(record)).collect()
            });
            Ok(found.collect())
        })
        .await
    }

    fn finds_unmarked(&self) -> bool {
        self.rules().finds_unmarked
    }

    async fn find_with_unmarked(
        &self,
        field: &FieldName,
        values: &[Value],
        since: Option<Timestamp>,
    ) -> Result<(Option<FoundWithUnmarked>, Cost), EndpointError> {
        let found = self.find(field, values).await?;
        let is_new = |record: &Record| match (record.modified_at, since) {
            (Some(at), Some(since)) => at >= since,
            _ => true,
        };
        let is_unmarked =
            |record: &Record| record.fields.get(field.as_str()).is_none_or(Value::is_null);
        let all = self.records().all(self.rules()).into_iter();
        let told = FoundWithUnmarked {
            found,
            unmarked: all
                .filter(|record| is_new(record) && is_unmarked(record))
                .collect(),
        };
        let fits = told.unmarked.len() <= self.rules().page_size;
        Ok((fits.then_some(told), Cost::CALL))
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        let limit = self.rules().capabilities.write_batch;
        if let Err(error) = self.within("writes", writes.len(), limit) {
            return for_all(error, writes.len());
        }
        let fault = self.meet(CallKind::Write, writes.len()).await;
        let reached = match fault {
            Some(Fault::Refused(_) | Fault::RefusedFor(..)) => 0,
            Some(Fault::CutShortAfter(rows)) => rows.min(writes.len()),
            _ => writes.len(),
        };
        let outcomes: Vec<_> = writes
            .iter()
            .take(reached)
            .map(|write| self.carry_out(write))
            .collect();
        match fault {
            None => outcomes,
            Some(Fault::HangsAfter) => std::future::pending().await,
            Some(fault) => for_all(error(fault), writes.len()),
        }
    }

    fn keeps_history(&self) -> bool {
        self.rules().history
    }

    async fn history(
        &self,
        asked: &[(RecordId, Timestamp)],
    ) -> Result<Vec<Vec<PastChange>>, EndpointError> {
        self.ask(CallKind::History, asked.len(), || {
            self.within("ids", asked.len(), self.rules().capabilities.read_batch)?;
            let records = self.records();
            let told = asked.iter().map(|(id, since)| records.history(id, *since));
            Ok(told.collect())
        })
        .await
    }

    fn feeds(&self) -> Vec<FeedDescription> {
        let precision = self.rules().precision;
        [Self::modified_feed(), Self::deleted_feed()]
            .map(|name| FeedDescription { name, precision })
            .to_vec()
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<ChangesPage, EndpointError> {
        self.ask(CallKind::Changes, 1, || {
            let feed = if request.feed == Self::modified_feed() {
                Feed::Modified
            } else if request.feed == Self::deleted_feed() {
                Feed::Deleted
            } else {
                return Err(protocol(format!("there is no feed `{}`", request.feed)));
            };
            let page = request.page.as_ref();
            let records = self.records();
            records
                .changes(self.rules(), feed, request.since, page)
                .map_err(expired)
        })
        .await
    }

    async fn list(&self, page: Option<&PageToken>) -> Result<RecordsPage, EndpointError> {
        self.ask(CallKind::List, 1, || {
            let mut page = self.records().list(self.rules(), page).map_err(expired)?;
            let records = page.records.into_iter();
            page.records = records.map(|record| self.shown(record)).collect();
            Ok(page)
        })
        .await
    }
}
