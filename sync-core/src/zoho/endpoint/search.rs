//! Searching a module by values of a field.

use std::collections::BTreeMap;

use jiff::Timestamp;
use zoho_crm_client::{Coql, Filter, Literal, Order, Record as ZohoRecord, RecordId as ZohoId};

use super::{
    super::{
        convert::{self, MODIFIED},
        errors::endpoint_error,
        feeds,
        schema::Schema,
    },
    IDS_IN_CALL, ZohoEndpoint, count,
};
use crate::{
    budget::{Call, Cost},
    endpoint::{Endpoint as _, EndpointError, FoundWithUnmarked, Record},
    ids::FieldName,
    value::Value,
};

impl ZohoEndpoint {
    /// For each value, in order, the records whose field equals it, and what the search cost.
    pub(super) async fn search(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<(Vec<Vec<Record>>, Cost), EndpointError> {
        let literals: Vec<Literal> = values.iter().filter_map(literal).collect();
        if literals.is_empty() {
            return Ok((vec![Vec::new(); values.len()], Cost::default()));
        }
        let schema = self.schema().await?;
        let shape = schema.shape(field.as_str());
        let mut found: Vec<(ZohoId, Value)> = Vec::new();
        for portion in literals.chunks(IDS_IN_CALL) {
            let filter = Filter::in_(field.as_str(), portion.iter().cloned());
            for record in self.matching(field, &filter).await? {
                let value = convert::value(&record, field.as_str(), shape);
                found.extend(record.id().zip(value));
            }
        }
        let ids: Vec<ZohoId> = found.iter().map(|(id, _)| id.clone()).collect();
        let (records, alone) = self.found(&ids, &schema).await?;
        let mut cost = self.cost(Call::Find {
            values: literals.len(),
        });
        cost += Cost::credits(1).times(count(alone));
        Ok((of_values(values, &found, &records), cost))
    }

    /// The same, and in the same query the records that have nothing in the field and were changed since. One query, and one
    /// reading of what it found.
    pub(super) async fn search_with_unmarked(
        &self,
        field: &FieldName,
        values: &[Value],
        since: Option<Timestamp>,
    ) -> Result<(Option<FoundWithUnmarked>, Cost), EndpointError> {
        let literals: Vec<Literal> = values.iter().filter_map(literal).collect();
        if literals.is_empty() || literals.len() > IDS_IN_CALL {
            return Ok((None, Cost::default()));
        }
        let schema = self.schema().await?;
        let shape = schema.shape(field.as_str());
        let nothing = Filter::is_null(field.as_str());
        let unmarked = match since {
            Some(since) => nothing.and(Filter::ge(MODIFIED, feeds::whole(since))),
            None => nothing,
        };
        let query = Coql::select([field.as_str()])
            .from(self.settings.module.clone())
            .filter(Filter::in_(field.as_str(), literals.iter().cloned()).or(unmarked))
            .order_by("id", Order::Ascending);
        let page = self.client.coql(&query).await.map_err(endpoint_error)?;
        let (mut found, mut unmarked) = (Vec::new(), Vec::new());
        for record in &page.records {
            let value = convert::value(record, field.as_str(), shape);
            match (record.id(), value.filter(|value| !value.is_null())) {
                (Some(id), Some(value)) => found.push((id, value)),
                (Some(id), None) => unmarked.push(id),
                (None, _) => {}
            }
        }
        // What was set aside for the call covers the reading of as many records as there are values.
        if page.more_records || found.len() + unmarked.len() > literals.len() {
            return Ok((None, Cost::credits(1)));
        }
        let ids = found.iter().map(|(id, _)| id).chain(&unmarked);
        let ids: Vec<ZohoId> = ids.cloned().collect();
        let (records, alone) = self.found(&ids, &schema).await?;
        let mut cost = self.cost(Call::Find {
            values: literals.len(),
        });
        cost += Cost::credits(1).times(count(alone));
        let unmarked = unmarked.iter();
        let told = FoundWithUnmarked {
            found: of_values(values, &found, &records),
            unmarked: unmarked
                .filter_map(|id| records.get(id.as_str()).cloned())
                .collect(),
        };
        Ok((Some(told), cost))
    }

    /// All records that match, as far as `column` goes. Read by keyset, so that none is passed over.
    async fn matching(
        &self,
        column: &FieldName,
        filter: &Filter,
    ) -> Result<Vec<ZohoRecord>, EndpointError> {
        let mut found: Vec<ZohoRecord> = Vec::new();
        loop {
            let last = found.last().and_then(ZohoRecord::id);
            let filter = match &last {
                Some(last) => filter.clone().and(Filter::gt("id", last)),
                None => filter.clone(),
            };
            let query = Coql::select([column.as_str()])
                .from(self.settings.module.clone())
                .filter(filter)
                .order_by("id", Order::Ascending);
            let page = self.client.coql(&query).await.map_err(endpoint_error)?;
            let complete = !page.more_records || page.records.is_empty();
            found.extend(page.records);
            if complete {
                return Ok(found);
            }
        }
    }

    /// The records that a query found, and how many were looked at alone.
    async fn found(
        &self,
        ids: &[ZohoId],
        schema: &Schema,
    ) -> Result<(BTreeMap<String, Record>, usize), EndpointError> {
        if ids.is_empty() {
            return Ok((BTreeMap::new(), 0));
        }
        self.by_ids(ids, schema).await.map_err(endpoint_error)
    }
}

/// Of the records that were found with their values, those of each of `wanted`.
fn of_values(
    wanted: &[Value],
    found: &[(ZohoId, Value)],
    records: &BTreeMap<String, Record>,
) -> Vec<Vec<Record>> {
    let of_value = |wanted: &Value| {
        let matches = found.iter().filter(|(_, value)| same(value, wanted));
        matches
            .filter_map(|(id, _)| records.get(id.as_str()).cloned())
            .collect()
    };
    wanted.iter().map(of_value).collect()
}

/// `None` for what nothing can equal.
fn literal(value: &Value) -> Option<Literal> {
    Some(match value {
        Value::Text(text) => text.into(),
        Value::Decimal(number) => (*number).into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Date(day) => (*day).into(),
        Value::Instant(instant) => (*instant).into(),
        Value::Reference(id) => id.as_str().into(),
        Value::Null | Value::List(_) | Value::Fields(_) => return None,
    })
}

/// Zoho compares text without case, and so must the sorting of what it found.
fn same(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Text(found), Value::Text(wanted)) => {
            found.trim().to_lowercase() == wanted.trim().to_lowercase()
        }
        _ => found == wanted,
    }
}
