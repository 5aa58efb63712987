//! Every call to a system goes through here: it is counted before and told of after.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Engine, observe::Observation};
use crate::{
    budget::{Call, Cost},
    endpoint::{
        ChangesPage, ChangesRequest, EndpointError, FoundWithUnmarked, PastChange, Record,
        RecordsPage, Write, WriteError, Written,
    },
    flow::Flow,
    ids::{FieldName, PageToken, RecordId},
    mutant::bug,
    side::Side,
    value::Value,
};

impl Engine {
    /// Whether an answer could come after the lease has run out. Another worker may be writing by then.
    fn is_too_late(&self, lease_until: Timestamp) -> bool {
        // However short the lease, the first half of it is there to be used.
        let longest = self.settings.longest_call.min(self.settings.lease / 2);
        let answered = self.clock.now().checked_add(longest);
        !bug!(LeaseOverrun) && answered.map_or(true, |answered| answered > lease_until)
    }

    fn called(
        &self,
        flow: &Flow,
        side: Side,
        call: Call,
        cost: Cost,
        error: Option<&EndpointError>,
    ) {
        self.observe(&Observation::Called {
            flow: &flow.name,
            side,
            call,
            cost,
            error,
        });
    }

    async fn counted<T>(
        &self,
        flow: &Flow,
        side: Side,
        call: Call,
        made: impl Future<Output = Result<T, EndpointError>> + Send,
    ) -> Result<T, EndpointError> {
        let (cost, result) = match self.spend(flow, side, call).await {
            Ok(spent) => (spent.most, made.await),
            Err(error) => (Cost::default(), Err(error)),
        };
        self.called(flow, side, call, cost, result.as_ref().err());
        result
    }

    /// The same for a call that tells what it cost.
    async fn counted_exactly<T>(
        &self,
        flow: &Flow,
        side: Side,
        call: Call,
        made: impl Future<Output = Result<(T, Cost), EndpointError>> + Send,
    ) -> Result<T, EndpointError> {
        let (cost, result) = match self.spend(flow, side, call).await {
            Ok(spent) => match made.await {
                Ok((answer, cost)) => {
                    self.give_back(flow, side, spent, cost);
                    (cost, Ok(answer))
                }
                Err(error) => (spent.most, Err(error)),
            },
            Err(error) => (Cost::default(), Err(error)),
        };
        self.called(flow, side, call, cost, result.as_ref().err());
        result
    }

    pub(super) async fn call_read(
        &self,
        flow: &Flow,
        side: Side,
        ids: &[RecordId],
    ) -> Result<Vec<Option<Record>>, EndpointError> {
        let call = Call::Read { records: ids.len() };
        let made = flow.endpoints.get(side).read_counted(ids);
        self.counted_exactly(flow, side, call, made).await
    }

    pub(super) async fn call_find(
        &self,
        flow: &Flow,
        side: Side,
        field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError> {
        let call = Call::Find {
            values: values.len(),
        };
        let made = flow.endpoints.get(side).find_counted(field, values);
        self.counted_exactly(flow, side, call, made).await
    }

    pub(super) async fn call_find_with_unmarked(
        &self,
        flow: &Flow,
        side: Side,
        field: &FieldName,
        values: &[Value],
        since: Option<Timestamp>,
    ) -> Result<Option<FoundWithUnmarked>, EndpointError> {
        let call = Call::Find {
            values: values.len(),
        };
        let endpoint = flow.endpoints.get(side);
        let made = endpoint.find_with_unmarked(field, values, since);
        self.counted_exactly(flow, side, call, made).await
    }

    pub(super) async fn call_history(
        &self,
        flow: &Flow,
        side: Side,
        asked: &[(RecordId, Timestamp)],
    ) -> Result<Vec<Vec<PastChange>>, EndpointError> {
        let call = Call::History {
            records: asked.len(),
        };
        let made = flow.endpoints.get(side).history(asked);
        self.counted(flow, side, call, made).await
    }

    pub(super) async fn call_changes(
        &self,
        flow: &Flow,
        side: Side,
        request: &ChangesRequest,
    ) -> Result<ChangesPage, EndpointError> {
        let made = flow.endpoints.get(side).changes(request);
        self.counted(flow, side, Call::Changes, made).await
    }

    pub(crate) async fn call_list(
        &self,
        flow: &Flow,
        side: Side,
        page: Option<&PageToken>,
    ) -> Result<RecordsPage, EndpointError> {
        let made = flow.endpoints.get(side).list(page);
        self.counted(flow, side, Call::List, made).await
    }

    pub(super) async fn call_write(
        &self,
        flow: &Flow,
        side: Side,
        writes: &[Write],
        lease_until: Timestamp,
    ) -> Vec<Result<Written, WriteError>> {
        let call = shape(writes);
        let cost = match self.spend(flow, side, call).await {
            Ok(spent) => spent.most,
            Err(error) => {
                self.called(flow, side, call, Cost::default(), Some(&error));
                let error = Arc::new(error);
                let rows = writes.iter();
                return rows
                    .map(|_| Err(WriteError::Call(Arc::clone(&error))))
                    .collect();
            }
        };
        // Nothing that may take time stands between this and the call.
        if self.is_too_late(lease_until) {
            return writes.iter().map(|_| Err(WriteError::NotSent)).collect();
        }
        let outcomes = flow.endpoints.get(side).write(writes).await;
        let failed = outcomes.iter().find_map(|outcome| match outcome {
            Err(WriteError::Call(error)) => Some(error.as_ref()),
            _ => None,
        });
        self.called(flow, side, call, cost, failed);
        outcomes
    }
}

pub(super) fn shape<'w>(writes: impl IntoIterator<Item = &'w Write>) -> Call {
    let (mut creates, mut updates, mut deletes) = (0, 0, 0);
    for write in writes {
        *match write {
            Write::Create { .. } => &mut creates,
            Write::Update { .. } => &mut updates,
            Write::Delete { .. } => &mut deletes,
        } += 1;
    }
    Call::Write {
        creates,
        updates,
        deletes,
    }
}
