//! Two systems whose records are computed from their numbers: reading them costs next to nothing, and none is kept.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use sync_core::{
    Capabilities, Change, ChangesPage, ChangesRequest, ConflictRule, Direction, Document, Endpoint,
    EndpointError, FeedDescription, FieldName, Flow, Guards, Hint, Identity, JobKey, KeyRule, Kind,
    Limit, Mapping, MatchRule, PageToken, Policy, Problem, Record, RecordId, RecordsPage, Row,
    Side, Sides, Value, Write, WriteError, Written,
};

/// Records in one page of a listing.
const PAGE: usize = 500;

/// What both systems are about.
#[derive(Debug)]
pub struct World {
    records: usize,
    /// How often each record was edited in the left system, and which edit the right one has.
    edits: Sides<Vec<AtomicU32>>,
    /// How long each call takes.
    latency: Duration,
}

impl World {
    /// So many pairs of records that agree.
    pub fn new(records: usize, latency: Duration) -> Arc<Self> {
        let untouched = || (0..records).map(|_| AtomicU32::new(0)).collect();
        Arc::new(Self {
            records,
            edits: Sides::new(untouched(), untouched()),
            latency,
        })
    }

    /// A user edits every record of the left system.
    pub fn edit_all(&self) {
        for edit in &self.edits.left {
            edit.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether every edit of the left system has arrived in the right one.
    pub fn agrees(&self) -> bool {
        let pairs = self.edits.left.iter().zip(&self.edits.right);
        pairs
            .into_iter()
            .all(|(left, right)| left.load(Ordering::Relaxed) == right.load(Ordering::Relaxed))
    }

    /// A flow between the two, with rows of every kind.
    pub fn flow(self: &Arc<Self>) -> Flow {
        let endpoint = |side| {
            Arc::new(System {
                world: Arc::clone(self),
                side,
            })
        };
        let text = |name: &str, left: &str, right: &str| Row::new(name, left, right, Kind::Text);
        let rows = vec![
            Row::new("code", "code", "X_Code", Kind::Code).direction(Direction::ToRight),
            text("name", "name", "Name").rule(ConflictRule::Left),
            text("phone", "phone", "Phone").rule(ConflictRule::Newest),
            text("city", "city", "City").rule(ConflictRule::Right),
            Row::new("vat", "vat", "VAT", Kind::Code).rule(ConflictRule::Park),
            Row::new("credit", "credit", "Credit", Kind::Decimal { scale: 2 })
                .direction(Direction::ToRight),
            Row::new("active", "active", "Active", Kind::Boolean).rule(ConflictRule::Left),
            text("street", "street", "Street"),
        ];
        Flow {
            name: "customers".into(),
            endpoints: Sides::new(endpoint(Side::Left), endpoint(Side::Right)),
            mapping: Mapping::new(rows).expect("the rows are well made"),
            identity: Identity {
                keys: Sides::new(KeyRule::compact("code", "Z"), KeyRule::plain("X_Code")),
                matching: vec![MatchRule::on(["vat"])],
            },
            policy: Policy {
                guards: Guards {
                    // Every record is edited at once. The guard counts as it does in use, and allows it.
                    updates: Limit::new(1_000, 1_000),
                    ..Guards::default()
                },
                ..Policy::default()
            },
        }
    }

    /// A look at each record.
    pub fn hints(&self) -> Vec<Hint> {
        (0..self.records)
            .map(|number| Hint {
                key: JobKey {
                    flow: "customers".into(),
                    side: Side::Left,
                    id: id(Side::Left, number),
                },
                cause: sync_core::Cause::Sweep,
            })
            .collect()
    }

    /// The record with this number.
    pub fn record(&self, side: Side, number: usize) -> Record {
        let edit = self.edits.get(side)[number].load(Ordering::Relaxed);
        let name = format!("Company {number}, edit {edit}");
        let code = format!("C{number:07}");
        let vat = format!("DE{number:09}");
        let phone = format!("+49 30 {number:07}");
        let credit = Value::Decimal(rust_decimal::Decimal::new(number as i64, 2));
        let names: [&str; 8] = match side {
            Side::Left => [
                "code", "name", "phone", "city", "vat", "credit", "active", "street",
            ],
            Side::Right => [
                "X_Code", "Name", "Phone", "City", "VAT", "Credit", "Active", "Street",
            ],
        };
        let values = [
            Value::from(code.as_str()),
            Value::from(name.as_str()),
            Value::from(phone.as_str()),
            Value::from("Berlin"),
            Value::from(vat.as_str()),
            credit,
            Value::from(true),
            Value::from("Unter den Linden 1, second yard on the right"),
        ];
        let fields = names.into_iter().map(FieldName::from).zip(values);
        Record {
            id: id(side, number),
            modified_at: Some(Timestamp::UNIX_EPOCH),
            fields: fields.collect::<Document>(),
        }
    }
}

const FIRST_RIGHT: u64 = 5_725_767_000_000_500_000;

fn id(side: Side, number: usize) -> RecordId {
    match side {
        Side::Left => RecordId::new(format!("C{number:07}")),
        Side::Right => RecordId::new((FIRST_RIGHT + number as u64).to_string()),
    }
}

#[derive(Debug)]
struct System {
    world: Arc<World>,
    side: Side,
}

impl System {
    fn number(&self, id: &RecordId) -> usize {
        match self.side {
            Side::Left => id.as_str()[1..].parse().expect("it is one of ours"),
            Side::Right => {
                let number: u64 = id.as_str().parse().expect("it is one of ours");
                (number - FIRST_RIGHT) as usize
            }
        }
    }

    async fn wait(&self) {
        if !self.world.latency.is_zero() {
            tokio::time::sleep(self.world.latency).await;
        }
    }
}

#[async_trait]
impl Endpoint for System {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            read_batch: 100,
            find_batch: 100,
            write_batch: 100,
            unique_fields: vec!["code".into(), "X_Code".into()],
            creates: true,
            updates: true,
            deletes: false,
        }
    }

    async fn check(&self) -> Result<Vec<Problem>, EndpointError> {
        Ok(Vec::new())
    }

    async fn read(&self, ids: &[RecordId]) -> Result<Vec<Option<Record>>, EndpointError> {
        self.wait().await;
        let records = ids
            .iter()
            .map(|id| self.world.record(self.side, self.number(id)));
        Ok(records.map(Some).collect())
    }

    async fn find(
        &self,
        _field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError> {
        self.wait().await;
        Ok(values.iter().map(|_| Vec::new()).collect())
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        self.wait().await;
        let written = writes.iter().map(|write| match write {
            Write::Update { id, .. } => {
                let number = self.number(id);
                let other = &self.world.edits.get(self.side.other())[number];
                let own = &self.world.edits.get(self.side)[number];
                own.store(other.load(Ordering::Relaxed), Ordering::Relaxed);
                Ok(Written {
                    id: id.clone(),
                    created: false,
                    warnings: Vec::new(),
                })
            }
            other => panic!("nothing leads to {other:?}"),
        });
        written.collect()
    }

    fn feeds(&self) -> Vec<FeedDescription> {
        Vec::new()
    }

    async fn changes(&self, _request: &ChangesRequest) -> Result<ChangesPage, EndpointError> {
        let changes: Vec<Change> = Vec::new();
        Ok(ChangesPage {
            changes,
            next: None,
        })
    }

    async fn list(&self, page: Option<&PageToken>) -> Result<RecordsPage, EndpointError> {
        self.wait().await;
        let start = page.map_or(0, |page| page.as_str().parse().expect("it is one of ours"));
        let end = (start + PAGE).min(self.world.records);
        let records = (start..end).map(|number| self.world.record(self.side, number));
        Ok(RecordsPage {
            records: records.collect(),
            next: (end < self.world.records).then(|| PageToken::new(end.to_string())),
        })
    }
}
