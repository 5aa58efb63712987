//! What was said of flows when both systems were last asked, for those who cannot ask.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sql_store::SqlStore;
use sync_core::{ConnectionId, DocumentWrite, FlowName, Store as _, StoreErrorKind};

use crate::{
    config::Config,
    failure::Failure,
    flows::{Flows, Off},
};

/// Which flows are off although the configuration asks for them.
const OFF: &str = "service/off";
/// What flows that are on do less than they could.
const NOTES: &str = "service/notes";

/// What is known of flows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Those that are off although the configuration asks for them.
    pub(crate) off: Vec<Off>,
    notes: Vec<Notes>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    flow: String,
    reason: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Notes {
    flow: String,
    notes: Vec<String>,
}

impl Known {
    /// What `flows` say of themselves now.
    pub(super) fn of(flows: &Flows) -> Self {
        let notes = flows.on.iter().filter(|on| !on.notes.is_empty());
        let notes = notes.map(|on| Notes {
            flow: on.flow.name.to_string(),
            notes: on.notes.clone(),
        });
        Self {
            off: flows.off.iter().filter(|off| off.wanted).cloned().collect(),
            notes: notes.collect(),
        }
    }

    /// What an operator should know of a flow that is on, such as that it goes one way only, and why.
    pub(crate) fn notes_of(&self, flow: &FlowName) -> &[String] {
        let mut notes = self.notes.iter();
        let of_flow = notes.find(|known| known.flow == flow.as_str());
        of_flow.map_or(&[], |known| known.notes.as_slice())
    }

    /// Writes it down.
    pub(super) async fn remember(&self, store: &SqlStore, config: &Config) -> Result<(), Failure> {
        let off = self.off.iter().map(|off| Entry {
            flow: off.name.to_string(),
            reason: off.reason.clone(),
        });
        let off: Vec<Entry> = off.collect();
        put(store, config, OFF, &off).await?;
        put(store, config, NOTES, &self.notes).await
    }

    /// What was written down; of what never was, what `flows` say without having asked.
    pub(super) async fn recall(
        store: &SqlStore,
        config: &Config,
        flows: &Flows,
    ) -> Result<Self, Failure> {
        let off: Option<Vec<Entry>> = get(store, config, OFF).await?;
        let off = off.unwrap_or_default().into_iter().map(|entry| Off {
            name: entry.flow.as_str().into(),
            reason: entry.reason,
            wanted: true,
        });
        let notes = match get(store, config, NOTES).await? {
            Some(notes) => notes,
            None => Self::of(flows).notes,
        };
        Ok(Self {
            off: off.collect(),
            notes,
        })
    }
}

async fn put(
    store: &SqlStore,
    config: &Config,
    name: &str,
    value: &(impl Serialize + Sync),
) -> Result<(), Failure> {
    let connection = ConnectionId::from(config.connection.as_str());
    let body = serde_json::to_string(value).map_err(|error| Failure::broken(error.to_string()))?;
    let known = store.document(&connection, name).await;
    let known = known.map_err(sync_core::Error::from)?;
    if known.as_ref().is_some_and(|(text, _)| *text == body) {
        return Ok(());
    }
    let write = DocumentWrite {
        name: name.to_owned(),
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

/// A document of another form counts as none.
async fn get<T: DeserializeOwned>(
    store: &SqlStore,
    config: &Config,
    name: &str,
) -> Result<Option<T>, Failure> {
    let connection = ConnectionId::from(config.connection.as_str());
    let known = store.document(&connection, name).await;
    let known = known.map_err(sync_core::Error::from)?;
    Ok(known.and_then(|(text, _)| serde_json::from_str(&text).ok()))
}
