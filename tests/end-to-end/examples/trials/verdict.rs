//! What both servers hold in the end, compared with what people entered and with the audit.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use rust_decimal::Decimal;
use sage_x3_simulator::CustomerSnapshot;
use serde_json::json;
use sql_store::SqlStore;
use sync_core::{AuditEvent, AuditQuery, FlowName, ParkReason, RecordId, Side, Store as _};
use zoho_crm_simulator::StoredRecord;

use crate::{
    deals,
    faults::Options,
    instances::{Instances, connection, flows, queued},
    people::{Editors, Entered, FIELDS, Field, People, editors},
    weather::Weather,
    world::{ENDPOINT, SECRETS, World, vat_number},
};

/// Entries of the audit that are read at once.
const PAGE: usize = 2_000;
/// Broken promises that are printed one by one.
const SHOWN: usize = 25;

#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) lost: u64,
    pub(crate) duplicate_customers: u64,
    pub(crate) duplicate_orders: u64,
    pub(crate) missing: u64,
    pub(crate) unexplained: u64,
    pub(crate) unaudited: u64,
    pub(crate) parked: BTreeMap<String, u64>,
    pub(crate) audit_entries: u64,
    pub(crate) pairs: u64,
    pub(crate) orders: u64,
    excused: BTreeSet<(Side, String)>,
    broken: Vec<String>,
}

/// What the audit says of each pair: values that fields were given, by X3 code, and creates.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    values: BTreeSet<(String, &'static str, String)>,
    created: BTreeSet<(String, Side, String)>,
}

impl Verdict {
    pub(crate) fn new(rested: bool) -> Self {
        let mut verdict = Self::default();
        verdict.expect(rested, || "the systems did not come to rest".to_owned());
        verdict
    }

    pub(crate) fn broken(&self) -> &[String] {
        &self.broken
    }

    pub(crate) fn expect(&mut self, kept: bool, promise: impl FnOnce() -> String) {
        if !kept {
            self.broken.push(promise());
        }
    }

    pub(crate) fn is_excused(&self, side: Side, id: &str) -> bool {
        self.excused.contains(&(side, id.to_owned()))
    }

    pub(crate) async fn judge(&mut self, world: &World, people: &People, store: &SqlStore) {
        for flow in flows() {
            self.note_parked(store, &flow).await;
        }
        let waiting = queued(store).await;
        self.expect(waiting == 0, || format!("{waiting} jobs are still queued"));
        let trail = self.read_trail(store).await;
        let customers = world.x3.customers(ENDPOINT).unwrap();
        let accounts = world.zoho.records("Accounts");
        let by_code = self.count_copies(&customers, &accounts);
        self.judge_newcomers(people, &customers, &accounts, &by_code);
        self.judge_pairs(world, people, &customers, &by_code, &trail);
        self.judge_creates(&customers, &by_code, &trail);
        deals::judge(self, world, people, &trail);
    }

    async fn note_parked(&mut self, store: &SqlStore, flow: &FlowName) {
        let jobs = store
            .parked(&connection(), flow, None, 1_000_000)
            .await
            .unwrap();
        for job in jobs {
            let reason = format!("{:?}", job.parked.reason);
            let kind: String = reason
                .chars()
                .take_while(|letter| letter.is_alphanumeric())
                .collect();
            *self.parked.entry(format!("{flow}: {kind}")).or_default() += 1;
            self.excuse(job.key.side, &job.key.id);
            for side in Side::BOTH {
                if let Some(id) = job.parked.ids.get(side) {
                    self.excuse(side, id);
                }
            }
            if let ParkReason::Ambiguous { side, candidates } = &job.parked.reason {
                for id in candidates {
                    self.excuse(*side, id);
                }
            }
        }
    }

    fn excuse(&mut self, side: Side, id: &RecordId) {
        self.excused.insert((side, id.as_str().to_owned()));
    }

    async fn read_trail(&mut self, store: &SqlStore) -> Trail {
        let mut trail = Trail::default();
        let mut query = AuditQuery {
            limit: PAGE,
            ..AuditQuery::default()
        };
        loop {
            let page = store.audit(&connection(), &query).await.unwrap();
            for stored in &page {
                self.audit_entries += 1;
                let entry = &stored.entry;
                let flow = entry.flow.as_str().to_owned();
                match &entry.event {
                    AuditEvent::Created { side, .. } => {
                        if let Some(id) = entry.ids.get(*side) {
                            trail.created.insert((flow, *side, id.as_str().to_owned()));
                        }
                    }
                    // The answer may have been lost: then it was found by this key.
                    AuditEvent::CreateIntended { side, key } => {
                        trail.created.insert((flow, *side, key.clone()));
                    }
                    // A gateway that answered for a moment looks like a system that is not set up: that ends by itself.
                    AuditEvent::FlowStopped { reason } if !reason.contains("is not set up") => {
                        self.expect(false, || format!("{flow} was stopped: {reason}"));
                    }
                    _ => {}
                }
                let Some(code) = &entry.ids.left else {
                    continue;
                };
                for decision in &entry.fields {
                    let field = FIELDS
                        .iter()
                        .find(|field| field.row() == decision.field.as_str());
                    if let (Some(field), Some(result)) = (field, &decision.result) {
                        let value = canonical(*field, &result.to_string());
                        trail
                            .values
                            .insert((code.as_str().to_owned(), field.row(), value));
                    }
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => query.after = Some(last.sequence),
                _ => return trail,
            }
        }
    }

    /// Every company stands once in each system, whatever happened. Returns the accounts by code.
    fn count_copies<'a>(
        &mut self,
        customers: &[CustomerSnapshot],
        accounts: &'a [StoredRecord],
    ) -> BTreeMap<String, &'a StoredRecord> {
        let x3 = customers
            .iter()
            .map(|customer| customer.european_union_vat_number.as_str());
        let zoho = accounts
            .iter()
            .filter_map(|account| account.text("VAT_Number"));
        for (system, numbers) in [("X3", x3.collect::<Vec<_>>()), ("Zoho", zoho.collect())] {
            let mut seen = BTreeSet::new();
            for number in numbers {
                if !seen.insert(number.to_uppercase()) {
                    self.duplicate_customers += 1;
                    self.broken
                        .push(format!("{system} has the company {number} twice"));
                }
            }
        }
        let mut by_code = BTreeMap::new();
        for account in accounts {
            if let Some(code) = account.text("X3_Code")
                && by_code.insert(code.to_owned(), account).is_some()
            {
                self.broken
                    .push(format!("two accounts name customer {code}"));
            }
        }
        by_code
    }

    fn judge_newcomers(
        &mut self,
        people: &People,
        customers: &[CustomerSnapshot],
        accounts: &[StoredRecord],
        by_code: &BTreeMap<String, &StoredRecord>,
    ) {
        for customer in customers {
            let code = customer.code.as_str();
            let paired = by_code.contains_key(code);
            if !paired && !self.is_excused(Side::Left, code) {
                self.missing += 1;
                self.broken.push(format!("customer {code} has no account"));
            }
        }
        let codes: BTreeSet<&str> = customers
            .iter()
            .map(|customer| customer.code.as_str())
            .collect();
        for account in accounts {
            let paired = account
                .text("X3_Code")
                .is_some_and(|code| codes.contains(code));
            if !paired && !self.is_excused(Side::Right, &account.id) {
                self.missing += 1;
                self.broken
                    .push(format!("account {} has no customer", account.id));
            }
        }
        let numbers: BTreeSet<String> = customers
            .iter()
            .map(|customer| customer.european_union_vat_number.to_uppercase())
            .collect();
        for code in people.new_accounts.iter().chain(&people.new_customers) {
            self.expect(numbers.contains(&vat_number(code)), || {
                format!("company {code} is not in X3")
            });
        }
    }

    fn judge_pairs(
        &mut self,
        world: &World,
        people: &People,
        customers: &[CustomerSnapshot],
        by_code: &BTreeMap<String, &StoredRecord>,
        trail: &Trail,
    ) {
        let customers: BTreeMap<&str, &CustomerSnapshot> = customers
            .iter()
            .map(|customer| (customer.code.as_str(), customer))
            .collect();
        for (pair, (code, id)) in world.pairs.iter().enumerate() {
            let (Some(customer), Some(account)) = (customers.get(code.as_str()), by_code.get(code))
            else {
                self.broken.push(format!("the pair {code} is gone"));
                continue;
            };
            self.pairs += 1;
            self.expect(account.id == *id, || format!("{code} changed its account"));
            let told = self.is_excused(Side::Left, code) || self.is_excused(Side::Right, id);
            for field in FIELDS {
                let left = in_x3(field, customer);
                let right = canonical(field, &in_zoho(field, account));
                let entered = people.entered.get(&(pair, field));
                self.judge_field(code, (pair, field), (&left, &right), entered, told);
                let moved = entered.is_some() && left == right;
                let known = trail
                    .values
                    .contains(&(code.clone(), field.row(), left.clone()));
                if moved && !known {
                    self.unaudited += 1;
                    self.broken.push(format!(
                        "{code}: the audit does not say why {field:?} is {left}"
                    ));
                }
            }
        }
    }

    fn judge_field(
        &mut self,
        code: &str,
        (pair, field): (usize, Field),
        (left, right): (&str, &str),
        entered: Option<&Entered>,
        told: bool,
    ) {
        if left != right {
            if !told {
                self.unexplained += 1;
                self.broken.push(format!(
                    "{code}: {field:?} is {left} in X3, {right} in Zoho"
                ));
            }
            return;
        }
        let Some(entered) = entered else { return };
        let last = |value: &Option<String>| value.as_ref().map(|value| canonical(field, value));
        let (clerks, reps) = (last(&entered.by_clerks), last(&entered.by_reps));
        let kept = match editors(pair, field) {
            Editors::Clerks => clerks.as_deref() == Some(left),
            Editors::Reps => reps.as_deref() == Some(left),
            Editors::Both => [clerks.as_deref(), reps.as_deref()].contains(&Some(left)),
        };
        if !kept {
            self.lost += 1;
            self.broken.push(format!(
                "{code}: {field:?} is {left}, but people entered {clerks:?} and {reps:?}"
            ));
        }
    }

    /// Whoever made a record by the service's hand must stand in the audit.
    fn judge_creates(
        &mut self,
        customers: &[CustomerSnapshot],
        by_code: &BTreeMap<String, &StoredRecord>,
        trail: &Trail,
    ) {
        for customer in customers {
            // What reps entered reached X3 under a code made from the account's id.
            let made = customer.code.starts_with('Z');
            let id = by_code
                .get(customer.code.as_str())
                .map(|account| &account.id);
            if made && !trail.tells_of("customers", Side::Left, &customer.code) {
                self.unaudited += 1;
                self.broken.push(format!(
                    "the audit does not tell of customer {}, made for {id:?}",
                    customer.code
                ));
            }
        }
    }

    pub(crate) fn search_for_secrets(&mut self, said: &str) {
        self.expect(!said.is_empty(), || "the instances left no log".to_owned());
        for (name, secret) in SECRETS {
            self.expect(!said.contains(secret), || {
                format!("{name} stands in the log of the instances")
            });
        }
    }

    pub(crate) fn print(
        &self,
        options: &Options,
        seed: u64,
        people: &People,
        weather: &Weather,
        instances: &Instances,
        took: Duration,
    ) {
        for promise in self.broken.iter().take(SHOWN) {
            println!("BROKEN: {promise}");
        }
        let summary = json!({
            "seed": seed,
            "database": format!("{:?}", options.database).to_lowercase(),
            "seconds_of_faults": options.seconds,
            "seconds": took.as_secs(),
            "customers": options.customers,
            "deals": options.deals,
            "edits": people.edits,
            "faults": weather.faults,
            "kills": instances.kills,
            "stops": instances.stops,
            "starts": instances.starts,
            "instances_that_ended_by_themselves": instances.deserted,
            "pairs": self.pairs,
            "orders": self.orders,
            "lost": self.lost,
            "missing": self.missing,
            "duplicate_customers": self.duplicate_customers,
            "duplicate_orders": self.duplicate_orders,
            "unexplained_differences": self.unexplained,
            "unaudited": self.unaudited,
            "parked": self.parked,
            "audit_entries": self.audit_entries,
            "broken": self.broken.len(),
        });
        println!("{summary}");
    }
}

impl Trail {
    /// Whether the audit has the create of a record, by its id or by the key that it was made with.
    pub(crate) fn tells_of(&self, flow: &str, side: Side, id: &str) -> bool {
        self.created
            .contains(&(flow.to_owned(), side, id.to_owned()))
    }
}

/// A value as both systems can be compared by.
fn canonical(field: Field, value: &str) -> String {
    let value = value.trim();
    if field != Field::CreditLimit {
        return value.to_owned();
    }
    let number: Result<Decimal, _> = value.parse();
    number.map_or_else(
        |_| value.to_owned(),
        |number| number.normalize().to_string(),
    )
}

fn in_x3(field: Field, customer: &CustomerSnapshot) -> String {
    let address = customer.addresses.iter().find(|address| address.is_default);
    let first = |list: &[String]| list.first().cloned().unwrap_or_default();
    let value = match field {
        Field::City => address.map(|address| address.city.clone()),
        Field::Street => address.map(|address| first(&address.lines)),
        Field::Phone => address.map(|address| first(&address.phones)),
        Field::Website => address.map(|address| address.website.clone()),
        Field::Notes => Some(customer.notes.clone()),
        Field::CreditLimit => Some(customer.authorized_credit_amount.normalize().to_string()),
    };
    value.unwrap_or_default().trim().to_owned()
}

fn in_zoho(field: Field, account: &StoredRecord) -> String {
    let name = field.in_zoho();
    let value = if field == Field::CreditLimit {
        account.number(name)
    } else {
        account.text(name)
    };
    value.unwrap_or_default().to_owned()
}
