//! What writes replaced, as records' timelines tell it (reference: Zoho v8 OpenAPI `timelines`, read 2026-11).

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use rust_decimal::Decimal;
use zoho_crm_client::{
    Error, ModuleName, PageToken, RecordId as ZohoId, TimelineEntry, UserKind, ZohoClient,
};

use super::schema::{Schema, Shape};
use crate::{
    endpoint::PastChange,
    ids::{FieldName, RecordId},
    value::Value,
};

/// Timelines that are read at once.
const AT_ONCE: usize = 5;

/// The user whose token the client has; `None` when Zoho does not say.
pub(super) async fn own_user(client: &ZohoClient) -> Result<Option<ZohoId>, Error> {
    let users = client.metadata().users(UserKind::Current).await?;
    Ok(users.into_iter().next().map(|user| user.id))
}

/// What was changed in records since an instant, that instant included, oldest first: one answer for each of `asked`.
pub(super) async fn of_records(
    client: &ZohoClient,
    module: &ModuleName,
    schema: &Schema,
    own: Option<&ZohoId>,
    asked: &[(RecordId, Timestamp)],
) -> Result<Vec<Vec<PastChange>>, Error> {
    stream::iter(asked.iter().cloned())
        .map(|(id, since)| async move {
            let Ok(id) = id.as_str().parse() else {
                return Ok(Vec::new());
            };
            let entries = since_then(client, module, &id, since).await?;
            // They came newest first.
            let entries = entries.iter().rev();
            Ok(entries
                .flat_map(|entry| changes(entry, schema, own))
                .collect())
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// The entries since an instant, newest first.
async fn since_then(
    client: &ZohoClient,
    module: &ModuleName,
    id: &ZohoId,
    since: Timestamp,
) -> Result<Vec<TimelineEntry>, Error> {
    let timeline = client.module(module.clone()).record(id).timeline();
    let mut entries = Vec::new();
    let mut next = Some(PageToken::first());
    while let Some(at) = next {
        let page = match timeline.page(&at).await {
            Ok(page) => page,
            // It was deleted since it was read.
            Err(error) if is_gone(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        next = page.next;
        for entry in page.records {
            if Timestamp::from(entry.audited_time) < since {
                return Ok(entries);
            }
            entries.push(entry);
        }
    }
    Ok(entries)
}

fn is_gone(error: &Error) -> bool {
    error
        .api_error()
        .is_some_and(|refusal| refusal.code() == "INVALID_DATA")
}

fn changes<'e>(
    entry: &'e TimelineEntry,
    schema: &'e Schema,
    own: Option<&'e ZohoId>,
) -> impl Iterator<Item = PastChange> + 'e {
    let by = entry.done_by.as_ref().map(|user| &user.id);
    let is_own = by.is_some() && by == own;
    entry.field_history.iter().filter_map(move |change| {
        let shape = schema.shape(change.api_name.as_str());
        Some(PastChange {
            at: entry.audited_time.into(),
            field: FieldName::from(change.api_name.as_str()),
            before: value(change.values.old.as_deref(), shape)?,
            after: value(change.values.new.as_deref(), shape)?,
            own: is_own,
        })
    })
}

/// A value by its text. `None` where the text does not tell it: the document does not say whether a lookup's is an id or a
/// name, or how several values are parted.
fn value(text: Option<&str>, shape: Shape) -> Option<Value> {
    let Some(text) = text else {
        return Some(Value::Null);
    };
    match shape {
        Shape::Text => Some(Value::text(text)),
        Shape::Number | Shape::Integer => text.parse::<Decimal>().ok().map(Value::Decimal),
        Shape::Boolean => text.parse().ok().map(Value::Boolean),
        Shape::Date => text.parse().ok().map(Value::Date),
        Shape::Instant => text.parse().ok().map(Value::Instant),
        Shape::Reference | Shape::List | Shape::Rows | Shape::Unsupported | Shape::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_the_type_of_their_field_and_left_out_where_the_text_does_not_tell_them() {
        let number = "12.50".parse().unwrap();
        for (text, shape, expected) in [
            (None, Shape::Reference, Some(Value::Null)),
            (Some("a"), Shape::Text, Some(Value::text("a"))),
            (Some("12.50"), Shape::Number, Some(Value::Decimal(number))),
            (Some("€ 12,50"), Shape::Number, None),
            (Some("true"), Shape::Boolean, Some(Value::Boolean(true))),
            (
                Some("2026-11-20"),
                Shape::Date,
                Some(Value::Date("2026-11-20".parse().unwrap())),
            ),
            (
                Some("2026-11-20T11:00:00+01:00"),
                Shape::Instant,
                Some(Value::Instant("2026-11-20T10:00:00Z".parse().unwrap())),
            ),
            (Some("Mother"), Shape::Reference, None),
            (Some("a;b"), Shape::List, None),
        ] {
            assert_eq!(value(text, shape), expected, "{text:?} {shape:?}");
        }
    }
}
