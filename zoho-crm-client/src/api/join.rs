//! Joining records from several reads, because Zoho reads 50 fields at once.

use std::collections::BTreeMap;

use client_core::decode_json;
use http::StatusCode;

use super::{
    get::{self, portion_of},
    list::{ListQuery, PAGE_SIZE, PARAMETER_LENGTH},
    outgoing::groups,
};
use crate::{
    client::ZohoClient,
    error::{CallContext, Error},
    model::{Model, Record},
    names::{FieldName, ModuleName, RecordId},
};

/// By its change between two reads a record shows that they do not fit together.
const VERSION: &str = "Modified_Time";

/// The fields to read, in portions that fit one call each.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) first: Vec<FieldName>,
    pub(super) others: Vec<Vec<FieldName>>,
    /// What the caller asked for; the version may be there for the join only.
    wanted: Vec<FieldName>,
}

impl Columns {
    /// `None` when there are no fields.
    pub(super) fn new(fields: &[FieldName], most: usize, length: usize) -> Option<Self> {
        let whole = groups(fields, most, length);
        if whole.len() <= 1 {
            return Some(Self {
                first: whole.into_iter().next()?,
                others: Vec::new(),
                wanted: fields.to_vec(),
            });
        }
        let version = FieldName::from(VERSION);
        let others: Vec<FieldName> = fields
            .iter()
            .filter(|field| **field != version)
            .cloned()
            .collect();
        let portions = groups(&others, most - 1, length - VERSION.len() - 1);
        let mut portions = portions.into_iter().map(|mut portion| {
            portion.push(version.clone());
            portion
        });
        Some(Self {
            first: portions.next()?,
            others: portions.collect(),
            wanted: fields.to_vec(),
        })
    }
}

/// Adds the other columns to `records`, which have the first.
///
/// A record that changed between the reads, or is missing from a later one, is read anew as a whole; it is left out
/// only when Zoho then says that it is not there.
pub(super) async fn complete<T: Model>(
    client: &ZohoClient,
    module: &ModuleName,
    records: Vec<Record>,
    columns: &Columns,
) -> Result<Vec<T>, Error> {
    let ids: Vec<RecordId> = records.iter().filter_map(Record::id).collect();
    let query = ListQuery::new(module.clone(), Vec::new());
    let mut parts: Vec<BTreeMap<RecordId, Record>> = Vec::with_capacity(columns.others.len());
    for fields in &columns.others {
        let mut part = BTreeMap::new();
        for portion in groups(&ids, usize::from(PAGE_SIZE), PARAMETER_LENGTH) {
            let found: Vec<Record> = portion_of(client, &query, fields, &portion).await?;
            let found = found
                .into_iter()
                .filter_map(|record| Some((record.id()?, record)));
            part.extend(found);
        }
        parts.push(part);
    }
    let mut complete = Vec::with_capacity(records.len());
    for record in records {
        let Some(id) = record.id() else {
            continue;
        };
        let joined = joined(record, &id, &mut parts);
        let whole = match joined {
            Some(record) => Some(record),
            None => get::one::<Record>(client, module, &id).await?,
        };
        if let Some(mut record) = whole {
            record.retain(|field| *field == "id" || columns.wanted.contains(field));
            complete.push(typed(&record, module)?);
        }
    }
    Ok(complete)
}

/// `None` when the parts are not all there, or are not of one version.
fn joined(
    mut record: Record,
    id: &RecordId,
    parts: &mut [BTreeMap<RecordId, Record>],
) -> Option<Record> {
    let version = record.get(VERSION).map(|value| value.get().to_owned());
    for part in parts {
        let more = part.remove(id)?;
        if more.get(VERSION).map(serde_json::value::RawValue::get) != version.as_deref() {
            return None;
        }
        record.extend(more);
    }
    Some(record)
}

fn typed<T: Model>(record: &Record, module: &ModuleName) -> Result<T, Error> {
    let decoded = serde_json::to_vec(record)
        .map_err(|error| Error::invalid(get::BY_IDS, error.to_string()))
        .map(|json| decode_json(&json))?;
    decoded.map_err(|source| Error::Decode {
        context: Box::new(CallContext {
            operation: get::BY_IDS,
            method: http::Method::GET,
            path: format!("/crm/v8/{module}"),
            status: Some(StatusCode::OK),
            attempts: 1,
            may_have_been_applied: false,
        }),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<FieldName> {
        (0..count)
            .map(|n| FieldName::new(format!("F{n}")))
            .collect()
    }

    #[test]
    fn fields_that_fit_one_call_are_asked_for_as_they_are() {
        let columns = Columns::new(&names(50), 50, 1024).unwrap();
        assert_eq!(columns.first, names(50));
        assert!(columns.others.is_empty());
        assert!(Columns::new(&[], 50, 1024).is_none());
    }

    #[test]
    fn each_of_several_calls_asks_for_the_version() {
        let mut fields = names(120);
        let columns = Columns::new(&fields, 50, 1024).unwrap();
        let mut all = vec![columns.first.clone()];
        all.extend(columns.others.clone());
        assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 23]);
        assert!(
            all.iter()
                .all(|portion| portion.last().unwrap() == "Modified_Time")
        );
        fields.insert(7, VERSION.into());
        let columns = Columns::new(&fields, 50, 1024).unwrap();
        assert_eq!(columns.wanted.len(), 121);
        assert_eq!(
            columns
                .first
                .iter()
                .filter(|field| **field == VERSION)
                .count(),
            1
        );
    }
}
