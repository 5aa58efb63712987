//! What the two servers hold at the end, and whether every promise was kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use sage_x3_simulator::CustomerSnapshot;
use serde_json::{Value as Json, json};
use sync_core::{ParkReason, ParkedJob, RecordId, Side};
use zoho_crm_simulator::StoredRecord;

use super::{
    companies,
    worker::log_path,
    world::{ENDPOINT, World, decimal},
};
use crate::{failure::Failure, words};

/// Figures counted from both servers, and promises that were broken.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) pairs_in_agreement: usize,
    pub(crate) parked: Vec<ParkedJob>,
    pub(crate) conflicts_resolved: u64,
    pub(crate) conflicts_kept: u64,
    pub(crate) duplicates: usize,
    pub(crate) deals: usize,
    pub(crate) orders: usize,
    pub(crate) invoices: usize,
    pub(crate) posted: usize,
    pub(crate) writes_at_rest: u64,
    pub(crate) x3_calls: u64,
    pub(crate) zoho_calls: u64,
    pub(crate) zoho_credits: u64,
    pub(crate) tokens_minted: u64,
    pub(crate) callbacks: u64,
    pub(crate) leaks: usize,
    pub(crate) broken: Vec<String>,
}

impl Verdict {
    /// Notes a broken promise unless `kept`.
    pub(crate) fn expect(&mut self, kept: bool, promise: impl Into<String>) {
        if !kept {
            self.broken.push(promise.into());
        }
    }

    /// Compares what both servers hold. `expected_copies` says how often a company may stand in each system because
    /// people entered it more than once.
    pub(crate) fn compare(
        &mut self,
        world: &World,
        deleted: &BTreeSet<String>,
    ) -> Result<(), Failure> {
        let customers = world.x3.customers(ENDPOINT).map_err(|error| {
            Failure::broken(format!("the simulated X3 does not answer: {error}"))
        })?;
        let accounts = world.zoho.records("Accounts");
        let excused = self.excused();
        let mut by_code: BTreeMap<&str, Vec<&StoredRecord>> = BTreeMap::new();
        for account in &accounts {
            if let Some(code) = account.text("X3_Code") {
                by_code.entry(code).or_default().push(account);
            }
        }
        for customer in &customers {
            let partners = by_code.remove(customer.code.as_str()).unwrap_or_default();
            self.judge_customer(customer, &partners, &excused, deleted);
        }
        for (code, orphans) in by_code {
            self.expect(
                deleted.contains(code),
                format!(
                    "{} account(s) name the customer {code}, which X3 does not have",
                    orphans.len()
                ),
            );
        }
        for account in accounts
            .iter()
            .filter(|account| account.text("X3_Code").is_none())
        {
            let id = RecordId::from(account.id.as_str());
            self.expect(
                excused.contains(&(Side::Right, id)),
                format!("account {} has no customer and nobody was told", account.id),
            );
        }
        self.judge_copies(&customers, &accounts);
        Ok(())
    }

    fn judge_customer(
        &mut self,
        customer: &CustomerSnapshot,
        partners: &[&StoredRecord],
        excused: &BTreeSet<(Side, RecordId)>,
        deleted: &BTreeSet<String>,
    ) {
        let code = &customer.code;
        let told = excused.contains(&(Side::Left, RecordId::from(code.as_str())));
        match partners {
            [account] => {
                let differences = differences(customer, account);
                if differences.is_empty() {
                    self.pairs_in_agreement += 1;
                }
                let told =
                    told || excused.contains(&(Side::Right, RecordId::from(account.id.as_str())));
                self.expect(
                    differences.is_empty() || told,
                    format!(
                        "customer {code} and account {} differ: {}",
                        account.id,
                        differences.join(", ")
                    ),
                );
            }
            [] => self.expect(
                told || deleted.contains(code),
                format!("customer {code} has no account and nobody was told"),
            ),
            _ => {
                self.duplicates += partners.len() - 1;
                self.broken
                    .push(format!("customer {code} has {} accounts", partners.len()));
            }
        }
    }

    /// No company stands in a system more often than people put it there.
    fn judge_copies(&mut self, customers: &[CustomerSnapshot], accounts: &[StoredRecord]) {
        let entered = companies::entered_more_than_once();
        let x3 = customers
            .iter()
            .map(|customer| customer.european_union_vat_number.to_uppercase());
        let zoho = accounts
            .iter()
            .filter_map(|account| account.text("VAT_Number"))
            .map(str::to_uppercase);
        for (system, copies) in [
            ("X3", copies(x3, &BTreeMap::new())),
            ("Zoho", copies(zoho, &entered)),
        ] {
            self.duplicates += copies.values().sum::<usize>();
            let names: Vec<&str> = copies.keys().map(String::as_str).collect();
            self.expect(
                copies.is_empty(),
                format!(
                    "{system} has these more often than people entered them: {}",
                    names.join(", ")
                ),
            );
        }
    }

    /// Records that a parked entry speaks of.
    fn excused(&self) -> BTreeSet<(Side, RecordId)> {
        let mut excused = BTreeSet::new();
        for job in &self.parked {
            excused.insert((job.key.side, job.key.id.clone()));
            for side in Side::BOTH {
                if let Some(id) = job.parked.ids.get(side) {
                    excused.insert((side, id.clone()));
                }
            }
            if let ParkReason::Ambiguous { side, candidates } = &job.parked.reason {
                excused.extend(candidates.iter().map(|id| (*side, id.clone())));
            }
        }
        excused
    }

    /// Looks for secrets in everything that the workers said.
    pub(crate) fn search_for_secrets(&mut self, world: &World) {
        let log = fs::read_to_string(log_path(world.folder.path())).unwrap_or_default();
        self.leaks = World::leaks(&log);
        self.expect(self.leaks == 0, "a secret stands in the worker's log");
        self.expect(
            !log.is_empty(),
            "the worker left no log to search for secrets",
        );
    }

    pub(crate) fn print(&self, took: Duration) {
        let conflicts = self
            .parked
            .iter()
            .filter(|job| words::is_conflict(&job.parked.reason))
            .count();
        out!("\nVerdict, counted from the two servers");
        let rows: [(&str, String); 12] = [
            ("pairs in agreement", self.pairs_in_agreement.to_string()),
            (
                "conflicts resolved by rule",
                self.conflicts_resolved.to_string(),
            ),
            (
                "conflicts kept for a person",
                self.conflicts_kept.to_string(),
            ),
            (
                "other records parked",
                (self.parked.len() - conflicts).to_string(),
            ),
            ("duplicates", self.duplicates.to_string()),
            (
                "deals won, orders in X3",
                format!("{}, {}", self.deals, self.orders),
            ),
            (
                "invoices approved, posted in X3",
                format!("{}, {}", self.invoices, self.posted),
            ),
            ("writes at rest", self.writes_at_rest.to_string()),
            ("calls to X3", self.x3_calls.to_string()),
            (
                "calls to Zoho (credits)",
                format!("{} ({})", self.zoho_calls, self.zoho_credits),
            ),
            (
                "Zoho tokens used, webhooks",
                format!("{}, {}", self.tokens_minted, self.callbacks),
            ),
            ("secrets in logs", self.leaks.to_string()),
        ];
        for (name, value) in rows {
            out!("  {name:<32}{value:>14}");
        }
        out!("\nParked, with the reason");
        for job in &self.parked {
            out!(
                "  {:<28}{}",
                words::record(&job.key),
                words::reason(&job.parked.reason)
            );
        }
        out!("\nTook {:.1} s.", took.as_secs_f32());
    }

    pub(crate) fn as_json(&self, took: Duration) -> Json {
        let parked = self.parked.iter().map(|job| {
            json!({
                "record": words::record(&job.key),
                "reason": words::reason(&job.parked.reason),
            })
        });
        json!({
            "broken": self.broken,
            "pairs_in_agreement": self.pairs_in_agreement,
            "conflicts_resolved": self.conflicts_resolved,
            "parked": parked.collect::<Vec<_>>(),
            "duplicates": self.duplicates,
            "deals_won": self.deals,
            "orders": self.orders,
            "invoices_approved": self.invoices,
            "invoices_posted": self.posted,
            "writes_at_rest": self.writes_at_rest,
            "x3_calls": self.x3_calls,
            "zoho_calls": self.zoho_calls,
            "zoho_credits": self.zoho_credits,
            "zoho_tokens": self.tokens_minted,
            "webhooks": self.callbacks,
            "secrets_in_logs": self.leaks,
            "seconds": took.as_secs(),
        })
    }

    /// Fails if a promise was broken.
    pub(crate) fn result(&self) -> Result<(), Failure> {
        if self.broken.is_empty() {
            out!("Every promise was kept.");
            return Ok(());
        }
        Err(Failure::broken(format!(
            "{} promise(s) broken:\n  {}",
            self.broken.len(),
            self.broken.join("\n  ")
        )))
    }
}

/// Values that occur more often than once, or than `allowed` says, and how much too often.
fn copies(
    values: impl Iterator<Item = String>,
    allowed: &BTreeMap<String, usize>,
) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for value in values.filter(|value| !value.is_empty()) {
        *counts.entry(value).or_default() += 1;
    }
    for (value, count) in &mut counts {
        *count = count.saturating_sub(allowed.get(value).copied().unwrap_or(1));
    }
    counts.retain(|_, count| *count > 0);
    counts
}

/// Fields in which the two records differ. Written without the product's own mapping, so that it can contradict it.
fn differences(customer: &CustomerSnapshot, account: &StoredRecord) -> Vec<&'static str> {
    let empty = String::new();
    let address = customer.addresses.iter().find(|address| address.is_default);
    let line = address
        .and_then(|address| address.lines.first())
        .unwrap_or(&empty);
    let phone = address
        .and_then(|address| address.phones.first())
        .unwrap_or(&empty);
    let of_address = |text: Option<&String>| text.cloned().unwrap_or_default();
    let country = address.map(|address| companies::country_name(&address.country).to_owned());
    let texts: [(&'static str, String, &str); 9] = [
        ("name", customer.company_name.clone(), "Account_Name"),
        ("street", line.clone(), "Billing_Street"),
        (
            "postcode",
            of_address(address.map(|address| &address.zip_code)),
            "Billing_Code",
        ),
        (
            "city",
            of_address(address.map(|address| &address.city)),
            "Billing_City",
        ),
        ("country", country.unwrap_or_default(), "Billing_Country"),
        ("phone", phone.clone(), "Phone"),
        (
            "website",
            of_address(address.map(|address| &address.website)),
            "Website",
        ),
        ("currency", customer.currency.clone(), "X3_Currency"),
        ("notes", customer.notes.clone(), "Description"),
    ];
    let mut differing: Vec<&'static str> = texts
        .into_iter()
        .filter(|(_, left, field)| left.trim() != account.text(field).unwrap_or_default().trim())
        .map(|(name, _, _)| name)
        .collect();
    if !customer
        .european_union_vat_number
        .eq_ignore_ascii_case(account.text("VAT_Number").unwrap_or_default())
    {
        differing.push("vat_number");
    }
    if Some(customer.authorized_credit_amount.normalize())
        != decimal(account.number("X3_Credit_Limit"))
    {
        differing.push("credit_limit");
    }
    differing
}
