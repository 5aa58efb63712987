//! An endpoint for a system of your own, here an address book in memory, and an engine between two of them.
//!
//! `cargo run -p sync-core --example own_endpoint`

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use sync_core::{
    Capabilities, Change, ChangesPage, ChangesRequest, Clock, Document, Endpoint, EndpointError,
    Engine, FeedDescription, FieldName, FirstSyncGate, Flow, Identity, KeyRule, Kind, Mapping,
    MatchRule, MemoryStore, PageToken, Policy, Problem, Record, RecordId, RecordsPage, Row,
    Settings, Sides, SystemClock, Value, Write, WriteError, Written,
};

/// The field that holds the partner's identity in a record that was made for it. No two records have the same value.
const KEY: &str = "partner";

#[derive(Debug, Default)]
struct AddressBook {
    cards: Mutex<BTreeMap<RecordId, (Document, Timestamp)>>,
}

impl AddressBook {
    fn cards(&self) -> MutexGuard<'_, BTreeMap<RecordId, (Document, Timestamp)>> {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a card, by whomever.
    fn add(&self, fields: Document) -> RecordId {
        let mut cards = self.cards();
        let id = RecordId::new(format!("card-{}", cards.len() + 1));
        cards.insert(id.clone(), (fields, SystemClock.now()));
        id
    }
}

fn record(id: &RecordId, (fields, changed): &(Document, Timestamp)) -> Record {
    Record {
        id: id.clone(),
        modified_at: Some(*changed),
        fields: fields.clone(),
    }
}

#[async_trait]
impl Endpoint for AddressBook {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            read_batch: 100,
            find_batch: 100,
            write_batch: 100,
            // What makes a create happen exactly once. A flow is refused at start without it.
            unique_fields: vec![KEY.into()],
            creates: true,
            updates: true,
            deletes: true,
        }
    }

    // Whatever a person must put right before the flow may run: missing fields, missing rights.
    async fn check(&self) -> Result<Vec<Problem>, EndpointError> {
        Ok(Vec::new())
    }

    // One answer for each id, in order. A call that fails in part fails.
    async fn read(&self, ids: &[RecordId]) -> Result<Vec<Option<Record>>, EndpointError> {
        let cards = self.cards();
        Ok(ids
            .iter()
            .map(|id| cards.get(id).map(|card| record(id, card)))
            .collect())
    }

    // Must see a record as soon as it exists: this is the look-up before a create.
    async fn find(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError> {
        let cards = self.cards();
        let found = values.iter().map(|value| {
            let cards = cards.iter();
            let equal = cards.filter(|(_, (fields, _))| fields.get(field.as_str()) == Some(value));
            equal.map(|(id, card)| record(id, card)).collect()
        });
        Ok(found.collect())
    }

    // One outcome for each row: a 200 of the system says nothing before its rows do.
    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        let done = |id: RecordId, created| Written {
            id,
            created,
            warnings: Vec::new(),
        };
        let one = |write: &Write| match write {
            Write::Create { key, fields } => {
                let value = Value::text(key.value.as_str());
                let taken = self.cards().iter().find_map(|(id, (fields, _))| {
                    (fields.get(key.field.as_str()) == Some(&value)).then(|| id.clone())
                });
                if taken.is_some() {
                    return Err(WriteError::AlreadyExists { existing: taken });
                }
                let id = self.add(fields.clone().with(key.field.clone(), value));
                Ok(done(id, true))
            }
            Write::Update { id, fields, .. } => {
                let mut cards = self.cards();
                let (card, changed) = cards.get_mut(id).ok_or(WriteError::Missing)?;
                for (field, value) in fields.iter() {
                    card.set(field.clone(), value.clone());
                }
                *changed = SystemClock.now();
                Ok(done(id.clone(), false))
            }
            Write::Delete { id } => {
                self.cards().remove(id);
                Ok(done(id.clone(), false))
            }
        };
        writes.iter().map(one).collect()
    }

    // Names the changed records. Deletions are found by sweeps, as no feed tells of them here.
    fn feeds(&self) -> Vec<FeedDescription> {
        vec![FeedDescription {
            name: "changed".into(),
            precision: Duration::from_nanos(1),
        }]
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<ChangesPage, EndpointError> {
        let cards = self.cards();
        let changed = cards
            .iter()
            .filter(|(_, (_, at))| request.since.is_none_or(|since| *at >= since));
        let mut changes: Vec<Change> = changed
            .map(|(id, (_, at))| Change {
                id: id.clone(),
                stamp: Some(*at),
            })
            .collect();
        changes.sort_by_key(|change| change.stamp);
        Ok(ChangesPage {
            changes,
            next: None,
        })
    }

    async fn list(&self, _page: Option<&PageToken>) -> Result<RecordsPage, EndpointError> {
        let records = self
            .cards()
            .iter()
            .map(|(id, card)| record(id, card))
            .collect();
        Ok(RecordsPage {
            records,
            next: None,
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mine, yours) = (
        Arc::new(AddressBook::default()),
        Arc::new(AddressBook::default()),
    );
    let flow = Flow {
        name: "cards".into(),
        endpoints: Sides::new(
            Arc::<AddressBook>::clone(&mine),
            Arc::<AddressBook>::clone(&yours),
        )
        .map(|book| book as Arc<dyn Endpoint>),
        mapping: Mapping::new(vec![
            Row::new("name", "name", "full_name", Kind::Text),
            Row::new("phone", "phone", "telephone", Kind::Text),
        ])?,
        identity: Identity {
            keys: Sides::new(KeyRule::plain(KEY), KeyRule::plain(KEY)),
            matching: vec![MatchRule::on(["name"])],
        },
        policy: Policy::default(),
    };
    let settings = Settings {
        // Both books are known to be small here; a program for real systems approves a first-sync plan instead.
        first_sync: FirstSyncGate::Open,
        ..Settings::default()
    };
    let engine = Engine::builder("home", Arc::new(MemoryStore::new()), Arc::new(SystemClock))
        .flow(flow)
        .settings(settings)
        .build()?;

    mine.add(Document::new().with("name", "Nora").with("phone", "1"));
    yours.add(
        Document::new()
            .with("full_name", "Nora")
            .with("telephone", "1"),
    );
    yours.add(
        Document::new()
            .with("full_name", "Ada")
            .with("telephone", "2"),
    );
    engine.poll_all().await?;
    engine.drain().await?;
    // Nora was recognised, Ada was made.
    assert_eq!((mine.cards().len(), yours.cards().len()), (2, 2));
    Ok(())
}
