//! Reading records by id (reference: Zoho v8 sections 2.2 and 2.3, read 2026-11).

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Failure, Outgoing, Received, join,
    list::{ListQuery, PAGE_SIZE, PARAMETER_LENGTH, parse},
    outgoing::{field_list, groups, module_path},
};
use crate::{
    client::ZohoClient,
    error::Error,
    model::Model,
    names::{FieldName, ModuleName, RecordId},
    page::{Page, PageToken},
};

const ONE: &str = "zoho.records.get";
const RICH_TEXT: &str = "zoho.records.rich_text";
pub(super) const BY_IDS: &str = "zoho.records.get_by_ids";

pub(super) async fn one<T: DeserializeOwned>(
    client: &ZohoClient,
    module: &ModuleName,
    id: &RecordId,
) -> Result<Option<T>, Error> {
    client.send(one_request(module, id)?, parse_one).await
}

fn one_request(module: &ModuleName, id: &RecordId) -> Result<Outgoing, Error> {
    let path = format!("{}/{id}", module_path(ONE, module)?);
    Ok(Outgoing::get(ONE, &path).of_module(module))
}

pub(super) fn rich_text_request(
    module: &ModuleName,
    id: &RecordId,
    fields: &[FieldName],
) -> Result<Outgoing, Error> {
    let path = format!(
        "{}/{id}/actions/fetch_full_data",
        module_path(RICH_TEXT, module)?
    );
    Ok(Outgoing::get(RICH_TEXT, &path)
        .of_module(module)
        .query("fields", field_list(RICH_TEXT, fields)?))
}

/// A record asked for only if it has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed<T> {
    /// It has: this is what it is now.
    Yes(T),
    /// It has not.
    No,
    /// There is no such record (any more).
    Gone,
}

pub(super) async fn one_if_modified<T: DeserializeOwned>(
    client: &ZohoClient,
    module: &ModuleName,
    id: &RecordId,
    since: Timestamp,
) -> Result<Changed<T>, Error> {
    let outgoing = one_request(module, id)?.modified_since(Some(since));
    client.send(outgoing, parse_changed).await
}

fn parse_changed<T: DeserializeOwned>(received: &Received) -> Result<Changed<T>, Failure> {
    if received.status() == StatusCode::NOT_MODIFIED {
        return Ok(Changed::No);
    }
    Ok(parse_one(received)?.map_or(Changed::Gone, Changed::Yes))
}

pub(super) async fn one_external<T: DeserializeOwned>(
    client: &ZohoClient,
    module: &ModuleName,
    field: FieldName,
    value: &str,
) -> Result<Option<T>, Error> {
    client
        .send(external_request(module, field, value)?, parse_one)
        .await
}

fn external_request(module: &ModuleName, field: FieldName, value: &str) -> Result<Outgoing, Error> {
    let segment = external_segment(ONE, value)?;
    let path = format!("{}/{segment}", module_path(ONE, module)?);
    Outgoing::get(ONE, &path)
        .of_module(module)
        .external(&[field])
}

/// The value of an external field as the part of a path where an id would stand.
pub(super) fn external_segment(operation: &'static str, value: &str) -> Result<String, Error> {
    // Dots alone would climb up the path, whatever their encoding.
    if value.trim().is_empty() || value.bytes().all(|byte| byte == b'.') {
        let reason = "the external value names no record";
        return Err(Error::invalid(operation, reason));
    }
    Ok(path_segment(value))
}

/// All but letters, digits, `-`, `_` and `.` as `%XX`, so that nothing ends the segment.
fn path_segment(text: &str) -> String {
    let mut segment = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

/// 204 stands for an id that does not exist, deleted ones included.
pub(super) fn parse_one<T: DeserializeOwned>(received: &Received) -> Result<Option<T>, Failure> {
    #[derive(Deserialize)]
    struct Body<T> {
        data: Vec<T>,
    }
    let Some(body) = received.json::<Body<T>>()? else {
        return Ok(None);
    };
    Ok(body.data.into_iter().next())
}

/// The records with `ids`, joined from as many calls as ids and fields need.
pub(super) async fn by_ids<T: Model>(
    client: &ZohoClient,
    module: &ModuleName,
    ids: &[RecordId],
    fields: &[FieldName],
) -> Result<BTreeMap<RecordId, T>, Error> {
    let fields = if fields.is_empty() {
        T::fields().iter().copied().map(FieldName::from).collect()
    } else {
        fields.to_vec()
    };
    let query = ListQuery::new(module.clone(), fields);
    let columns = query.columns()?;
    let distinct: BTreeSet<&RecordId> = ids.iter().collect();
    let distinct: Vec<RecordId> = distinct.into_iter().cloned().collect();
    let mut found = BTreeMap::new();
    for portion in groups(&distinct, usize::from(PAGE_SIZE), PARAMETER_LENGTH) {
        let records: Vec<T> = if columns.others.is_empty() {
            portion_of(client, &query, &columns.first, &portion).await?
        } else {
            let records = portion_of(client, &query, &columns.first, &portion).await?;
            join::complete(client, module, records, &columns).await?
        };
        for record in records {
            if let Some(id) = record.record_id() {
                found.insert(id, record);
            }
        }
    }
    Ok(found)
}

pub(super) async fn portion_of<T: Model>(
    client: &ZohoClient,
    query: &ListQuery,
    fields: &[FieldName],
    ids: &[RecordId],
) -> Result<Vec<T>, Error> {
    let query = ListQuery {
        ids: ids.to_vec(),
        ..query.clone()
    };
    let mut outgoing = query.request(fields, &PageToken::first())?;
    outgoing.operation = BY_IDS;
    client
        .send(outgoing, |received| parse_portion(received, ids))
        .await
}

/// An answer with other records than those asked for must not pass: it would look as though the missing ones were
/// deleted.
fn parse_portion<T: Model>(received: &Received, ids: &[RecordId]) -> Result<Vec<T>, Failure> {
    let page: Page<T> = parse(received, &PageToken::first(), PAGE_SIZE)?;
    let strange = page
        .records
        .iter()
        .any(|record| record.record_id().is_none_or(|id| !ids.contains(&id)));
    if strange || page.next.is_some() {
        return Err(Failure::Inconsistent(
            "Zoho answered with records that were not asked for".to_owned(),
        ));
    }
    Ok(page.records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::answer::received, model::Record};

    fn id(text: &str) -> RecordId {
        text.parse().unwrap()
    }

    #[test]
    fn the_request_for_one() {
        let request = one_request(&"Sales_Orders".into(), &id("5725767000000524157"))
            .unwrap()
            .into_request()
            .unwrap();
        assert_eq!(request.uri(), "/crm/v8/Sales_Orders/5725767000000524157");
    }

    #[test]
    fn the_request_for_rich_text() {
        let request = rich_text_request(&"Accounts".into(), &id("12"), &["Notes_1".into()])
            .unwrap()
            .into_request()
            .unwrap();
        assert_eq!(
            request.uri(),
            "/crm/v8/Accounts/12/actions/fetch_full_data?fields=Notes_1"
        );
    }

    #[test]
    fn unchanged_and_gone_are_told_apart() {
        let changed = |status, body: &'static str| parse_changed::<Record>(&received(status, body));
        assert!(matches!(changed(304, ""), Ok(Changed::No)));
        assert!(matches!(changed(204, ""), Ok(Changed::Gone)));
        assert!(matches!(
            changed(200, r#"{"data":[{"id":"1"}]}"#),
            Ok(Changed::Yes(_))
        ));
    }

    #[test]
    fn an_external_value_cannot_change_the_path() {
        let request = |value| external_request(&"Leads".into(), "Leads.External_Id".into(), value);
        let sent = request("A/1?x=ü").unwrap().into_request().unwrap();
        assert_eq!(sent.uri(), "/crm/v8/Leads/A%2F1%3Fx%3D%C3%BC");
        assert_eq!(sent.headers()["x-external"], "Leads.External_Id");
        for value in ["", " ", ".", ".."] {
            assert!(request(value).is_err());
        }
        assert!(external_request(&"Leads".into(), "a\r\nb".into(), "1").is_err());
    }

    #[test]
    fn an_unknown_id_is_nothing() {
        assert!(parse_one::<Record>(&received(204, "")).unwrap().is_none());
        let found = parse_one::<Record>(&received(200, r#"{"data":[{"id":"1"}]}"#)).unwrap();
        assert_eq!(found.unwrap().id().unwrap(), "1");
    }

    #[test]
    fn fifty_ids_of_19_digits_fit_one_call() {
        let ids: Vec<RecordId> = (0..120)
            .map(|n| id(&format!("5725767000000{n:06}")))
            .collect();
        let sizes: Vec<usize> = groups(&ids, 200, PARAMETER_LENGTH)
            .iter()
            .map(Vec::len)
            .collect();
        assert_eq!(sizes, [51, 51, 18]);
    }

    #[test]
    fn other_records_than_those_asked_for_are_refused() {
        let ids = [id("1"), id("2")];
        let parse = |body: &'static str| parse_portion::<Record>(&received(200, body), &ids);
        assert_eq!(parse(r#"{"data":[{"id":"2"}]}"#).unwrap().len(), 1);
        assert!(parse(r#"{"data":[{"id":"3"}]}"#).is_err());
        assert!(
            parse(r#"{"data":[{"id":"1"}],"info":{"more_records":true,"next_page_token":"x"}}"#)
                .is_err()
        );
    }
}
