//! Whether accounts of the general ledger can be posted to.

use std::collections::BTreeMap;

use sage_x3_client::{
    Account, AccountKey, FieldName as X3Field, RecordKey as _, Support, X3Client,
};

use super::{
    error::endpoint_error,
    settings::{CustomField, CustomFieldKind},
};
use crate::{endpoint::EndpointError, value::Value};

/// Fields of an account that not every site publishes (reference: sage-x3 section 4.4, table GACCOUNT: ENAFLG, SAC), with
/// the value that forbids posting and what to say then.
const FORBIDDING: [(&str, bool, &str); 2] = [
    (
        "isActive",
        false,
        "is not active: activate it in X3, or map to another",
    ),
    (
        "isControlAccount",
        true,
        "is a control account, which X3 posts to by itself: map to another",
    ),
];

/// What keeps each of `accounts` from being posted to, by account. An account that may be posted to is not in it.
///
/// An account that X3 does not have is. Whether one is active is known only where the site publishes it; X3 itself then
/// refuses the invoice.
pub(super) async fn closed_accounts(
    client: &X3Client,
    accounts: &[AccountKey],
) -> Result<BTreeMap<AccountKey, String>, EndpointError> {
    if accounts.is_empty() {
        return Ok(BTreeMap::new());
    }
    let offer = client.offer::<Account>().await.map_err(endpoint_error)?;
    let published = FORBIDDING.iter().filter_map(|(name, forbids, why)| {
        let name = X3Field::new(*name).ok()?;
        let is_there = offer.readable_field(name.as_str()) == Support::Offered;
        is_there.then(|| {
            (
                CustomField::new(name, CustomFieldKind::Boolean),
                *forbids,
                *why,
            )
        })
    });
    let published: Vec<(CustomField, bool, &str)> = published.collect();
    let names = published.iter().map(|(field, ..)| field.name.clone());
    let records = client.accounts().with_extra(names);
    let found = records.read_many(accounts).await.map_err(endpoint_error)?;
    let mut closed = BTreeMap::new();
    for key in accounts {
        let Some(account) = found.get(key) else {
            let why = format!(
                "X3 has no account {}: correct the table of accounts, or add it to X3",
                key.record_id()
            );
            closed.insert(key.clone(), why);
            continue;
        };
        let reason = published.iter().find(|(field, forbids, _)| {
            let raw = account.extra.get(&field.name);
            let value = raw.and_then(|raw| field.kind.read(raw).ok());
            value == Some(Value::Boolean(*forbids))
        });
        if let Some((.., why)) = reason {
            closed.insert(
                key.clone(),
                format!("X3's account {} {why}", key.record_id()),
            );
        }
    }
    Ok(closed)
}
