//! Which flows were off when both systems were last asked, for those who cannot ask.

use serde::{Deserialize, Serialize};
use sql_store::SqlStore;
use sync_core::{ConnectionId, DocumentWrite, Store as _, StoreErrorKind};

use crate::{config::Config, failure::Failure, flows::Off};

const DOCUMENT: &str = "service/off";

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    flow: String,
    reason: String,
}

/// Writes down which flows are off although the configuration asks for them.
pub(super) async fn remember(
    store: &SqlStore,
    config: &Config,
    off: &[Off],
) -> Result<(), Failure> {
    let connection = ConnectionId::from(config.connection.as_str());
    let entries: Vec<Entry> = off
        .iter()
        .filter(|off| off.wanted)
        .map(|off| Entry {
            flow: off.name.to_string(),
            reason: off.reason.clone(),
        })
        .collect();
    let body =
        serde_json::to_string(&entries).map_err(|error| Failure::broken(error.to_string()))?;
    let known = store.document(&connection, DOCUMENT).await;
    let known = known.map_err(sync_core::Error::from)?;
    if known.as_ref().is_some_and(|(text, _)| *text == body) {
        return Ok(());
    }
    let write = DocumentWrite {
        name: DOCUMENT.to_owned(),
        expected: known.map(|(_, revision)| revision),
        body,
    };
    match store.put_document(&connection, &write).await {
        Ok(_) => Ok(()),
        // Another instance has just written it.
        Err(error) if error.kind() == StoreErrorKind::Conflict => Ok(()),
        Err(error) => Err(sync_core::Error::from(error).into()),
    }
}

/// What was written down.
pub(super) async fn recall(store: &SqlStore, config: &Config) -> Result<Vec<Off>, Failure> {
    let connection = ConnectionId::from(config.connection.as_str());
    let known = store.document(&connection, DOCUMENT).await;
    let Some((text, _)) = known.map_err(sync_core::Error::from)? else {
        return Ok(Vec::new());
    };
    let entries: Vec<Entry> = serde_json::from_str(&text).unwrap_or_default();
    Ok(entries
        .into_iter()
        .map(|entry| Off {
            name: entry.flow.as_str().into(),
            reason: entry.reason,
            wanted: true,
        })
        .collect())
}
