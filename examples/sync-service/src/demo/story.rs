//! What happens: a first sync, users on both sides, a lost answer, a killed worker, trade, the books, and rest.

mod books;
mod trade;

use std::{collections::BTreeSet, path::Path, time::Duration};

use sage_x3_simulator::{CustomerSnapshot, Edit, Effect as X3Effect, Fault as X3Fault};
use serde_json::json;
use sql_store::SqlStore;
use sync_core::{
    AuditQuery, ConnectionId, Counts, Engine, FlowName, Store as _, Tick, Verdict as Settled,
};
use tokio::time::sleep;

use super::{
    companies,
    verdict::Verdict,
    worker::Worker,
    world::{ADDRESS, ENDPOINT, World, account, customer, secret_list},
};
use crate::{
    commands::{plan, status},
    config::Config,
    failure::Failure,
    flows,
    progress::Progress,
    setup::{self, Setup},
    words,
};

/// Nothing in the story takes longer than this.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often the narrator looks.
const LOOK: Duration = Duration::from_millis(100);
/// Both systems are at rest when nothing was written and nothing queued for this long: several polls.
const STILLNESS: Duration = Duration::from_millis(2500);

/// Tells the story and returns what the servers say of it.
pub(crate) async fn tell(world: &mut World) -> Result<Verdict, Failure> {
    let mut verdict = Verdict::default();
    let config = Config::read(&world.config)?;
    Box::pin(first_sync(&world.config)).await?;
    let store = setup::open_store(&config).await?;
    let mut teller = Teller {
        world,
        config,
        store,
        deleted: BTreeSet::new(),
        contested: Vec::new(),
        newcomers: 0,
    };
    let worker = teller.start_worker().await?;
    let worker = teller.users_at_work(worker).await?;
    let worker = teller.conflicts(worker).await?;
    let worker = teller.lost_answer(worker, &mut verdict).await?;
    let worker = teller.killed_worker(worker, &mut verdict).await?;
    let worker = teller.stock_and_credit(worker).await?;
    let worker = teller.deals_are_won(worker, &mut verdict).await?;
    let worker = teller.month_end(worker, &mut verdict).await?;
    teller.rest(worker, &mut verdict).await?;
    Box::pin(teller.sum_up(&mut verdict)).await?;
    Ok(verdict)
}

/// Shows the plan, approves it and carries it out.
async fn first_sync(config: &Path) -> Result<(), Failure> {
    out!("1. Two systems meet for the first time\n");
    let setup = Setup::open(Config::read(config)?).await?;
    let engine = setup.engine("first-sync")?;
    // Parents first: what refers to them is planned when they are there.
    for flow in setup.names() {
        let progress = Progress::new(false);
        let planned = engine
            .plan_first_sync(flow, &|step| progress.step(step))
            .await?;
        progress.finish();
        plan::print(&planned).await?;
        let bar = Progress::new(false);
        engine
            .apply_first_sync(flow, &planned.hash(), &|step| bar.step(step))
            .await?;
        carry_out(&engine, flow, &bar).await?;
        bar.finish();
        out!("\n   Approved and carried out.");
    }
    Ok(())
}

async fn carry_out(engine: &Engine, flow: &FlowName, bar: &Progress) -> Result<(), Failure> {
    let queued = |statuses: Vec<sync_core::FlowStatus>| {
        statuses
            .iter()
            .filter(|status| status.flow == *flow)
            .map(|status| status.counts.queued)
            .sum::<u64>()
    };
    let all = queued(engine.status().await?);
    loop {
        match engine.tick().await? {
            Tick::Worked(_) => {
                let left = queued(engine.status().await?);
                bar.show(all.saturating_sub(left), all, "records carried over");
            }
            Tick::Idle { next_due: None } => return Ok(()),
            Tick::Idle { next_due: Some(_) } => sleep(LOOK).await,
        }
    }
}

/// A field that both sides changed, and what each made of it.
enum Contested {
    /// The rule says X3.
    Name {
        code: String,
        account: String,
        clerks: String,
    },
    /// The rule asks a person.
    VatNumber {
        code: String,
        account: String,
        clerks: String,
        reps: String,
    },
}

struct Teller<'a> {
    world: &'a mut World,
    config: Config,
    store: SqlStore,
    /// X3 codes of pairs that lost a record.
    deleted: BTreeSet<String>,
    /// Fields that both sides changed.
    contested: Vec<Contested>,
    newcomers: usize,
}

impl Teller<'_> {
    async fn start_worker(&self) -> Result<Worker, Failure> {
        let folder = self.world.folder.path();
        let mut worker = Worker::start(folder, &self.world.config, &secret_list())?;
        self.until(
            "the worker opens its notification channel",
            &mut worker,
            |world, _| !world.zoho.channel_ids().is_empty(),
        )
        .await?;
        Ok(worker)
    }

    /// Waits until `condition` holds.
    async fn until(
        &self,
        what: &str,
        worker: &mut Worker,
        condition: impl Fn(&World, &Counts) -> bool + Send + Sync,
    ) -> Result<(), Failure> {
        let mut waited = Duration::ZERO;
        loop {
            worker.check(self.world.folder.path())?;
            if condition(self.world, &self.counts().await?) {
                return Ok(());
            }
            if waited > PATIENCE {
                return Err(Failure::broken(format!(
                    "waited {} s in vain until {what}",
                    PATIENCE.as_secs()
                )));
            }
            sleep(LOOK).await;
            waited += LOOK;
        }
    }

    /// Waits until nothing is queued, nothing is written and no notification is under way.
    async fn until_rest(&self, worker: &mut Worker) -> Result<(), Failure> {
        let (mut waited, mut still) = (Duration::ZERO, Duration::ZERO);
        let mut last = self.writes();
        while still < STILLNESS {
            worker.check(self.world.folder.path())?;
            sleep(LOOK).await;
            self.world.zoho.flush_callbacks().await;
            waited += LOOK;
            let now = self.writes();
            let busy = now != last || self.counts().await?.queued > 0;
            still = if busy { Duration::ZERO } else { still + LOOK };
            last = now;
            if waited > PATIENCE + STILLNESS {
                return Err(Failure::broken("the systems do not come to rest"));
            }
        }
        Ok(())
    }

    /// Writes that reached either server.
    fn writes(&self) -> u64 {
        self.world.x3.counters().mutations + self.world.zoho.counters().rows_written
    }

    /// Counts of all flows together.
    async fn counts(&self) -> Result<Counts, Failure> {
        let connection = ConnectionId::from(self.config.connection.as_str());
        let mut sum = Counts::default();
        for definition in flows::ALL {
            let flow = FlowName::from(definition.name);
            let counts = self.store.counts(&connection, &flow).await;
            let counts = counts.map_err(sync_core::Error::from)?;
            sum.queued += counts.queued;
            sum.parked += counts.parked;
        }
        Ok(sum)
    }

    fn rep_creates(&mut self) -> Result<String, Failure> {
        self.newcomers += 1;
        let company = companies::newcomer(self.newcomers);
        let id = self
            .world
            .zoho
            .create_as_user("Accounts", account(&company));
        id.map_err(|error| Failure::broken(format!("Zoho refuses a new account: {error}")))
    }

    fn clerk_creates(&mut self) -> Result<(), Failure> {
        self.newcomers += 1;
        let company = companies::newcomer(self.newcomers);
        let code = format!("N{:05}", self.newcomers);
        let created = self
            .world
            .x3
            .create_as_user(ENDPOINT, customer(&code, &company));
        created
            .map(drop)
            .map_err(|error| Failure::broken(format!("X3 refuses a new customer: {error}")))
    }

    fn clerk_edits(&self, edit: &Edit) -> Result<(), Failure> {
        let edited = self.world.x3.edit_as_user(ENDPOINT, edit);
        edited.map_err(|error| Failure::broken(format!("X3 refuses an edit: {error}")))
    }

    fn rep_edits(&self, id: &str, fields: serde_json::Value) -> Result<(), Failure> {
        let edited = self.world.zoho.edit_as_user("Accounts", id, fields);
        edited.map_err(|error| Failure::broken(format!("Zoho refuses an edit: {error}")))
    }

    /// Pairs to work on: X3 code and account id, those that lie `from` and following.
    fn pairs(&self, from: usize, count: usize) -> Vec<(String, String)> {
        let accounts = self.world.zoho.records("Accounts");
        let coded = accounts
            .iter()
            .filter_map(|account| Some((account.text("X3_Code")?.to_owned(), account.id.clone())));
        let mut pairs: Vec<(String, String)> =
            coded.filter(|(code, _)| code.starts_with('C')).collect();
        pairs.sort_unstable();
        pairs.into_iter().skip(from).take(count).collect()
    }

    /// The pair at that place.
    fn pair(&self, place: usize) -> Result<(String, String), Failure> {
        let found = self.pairs(place, 1).into_iter().next();
        found.ok_or_else(|| Failure::broken(format!("there is no pair {place}")))
    }

    async fn users_at_work(&mut self, mut worker: Worker) -> Result<Worker, Failure> {
        out!("\n2. Users on both sides create, change and delete");
        for _ in 0..10 {
            self.rep_creates()?;
            self.clerk_creates()?;
        }
        for (code, _) in self.pairs(0, 25) {
            self.clerk_edits(&Edit::customer(&code).set(
                "authorizedCreditAmount",
                rust_decimal::Decimal::from(77_000),
            ))?;
        }
        for (_, id) in self.pairs(25, 25) {
            self.rep_edits(&id, json!({"Phone": "+49 30 555 0101"}))?;
        }
        for (code, id) in self.pairs(50, 10) {
            self.clerk_edits(&Edit::address(&code, ADDRESS).set("city", "Neustadt"))?;
            self.rep_edits(&id, json!({"Website": "https://new.example"}))?;
        }
        for (code, id) in self.pairs(60, 2) {
            self.world
                .zoho
                .delete_as_user("Accounts", &id)
                .map_err(|error| Failure::broken(error.to_string()))?;
            self.deleted.insert(code);
        }
        for (code, _) in self.pairs(60, 2) {
            self.world
                .x3
                .delete_as_user(ENDPOINT, &code)
                .map_err(|error| Failure::broken(error.to_string()))?;
            self.deleted.insert(code);
        }
        self.until_rest(&mut worker).await?;
        out!("   20 new companies, 60 changed ones and 4 deletions are settled.");
        Ok(worker)
    }

    async fn conflicts(&mut self, mut worker: Worker) -> Result<Worker, Failure> {
        out!("\n3. Both sides change the same field of the same company");
        for (number, (code, id)) in self.pairs(70, 5).into_iter().enumerate() {
            let clerks = format!("Renamed by the clerk {number}");
            let reps = format!("Renamed by the rep {number}");
            self.clerk_edits(&Edit::customer(&code).set("companyName1", clerks.as_str()))?;
            self.rep_edits(&id, json!({"Account_Name": reps}))?;
            self.contested.push(Contested::Name {
                code,
                account: id,
                clerks,
            });
        }
        for (number, (code, id)) in self.pairs(80, 2).into_iter().enumerate() {
            let (clerks, reps) = (format!("FR9900000{number}"), format!("FR8800000{number}"));
            let edit = Edit::business_partner(&code).set("europeanUnionVatNumber", clerks.as_str());
            self.clerk_edits(&edit)?;
            self.rep_edits(&id, json!({"VAT_Number": reps}))?;
            self.contested.push(Contested::VatNumber {
                code,
                account: id,
                clerks,
                reps,
            });
        }
        self.until_rest(&mut worker).await?;
        out!(
            "   Names: the rule says X3, and the audit keeps both. VAT numbers: parked for a person."
        );
        Ok(worker)
    }

    async fn lost_answer(
        &mut self,
        mut worker: Worker,
        verdict: &mut Verdict,
    ) -> Result<Worker, Failure> {
        out!("\n4. X3 creates a customer, and the answer is lost on the way");
        let before = self.world.x3.counters().faulted;
        self.world.x3.inject(
            X3Fault::new(X3Effect::DropAfter)
                .on_mutations()
                .on_operation("customer.create"),
        );
        let id = self.rep_creates()?;
        self.until("the fault strikes", &mut worker, |world, _| {
            world.x3.counters().faulted > before
        })
        .await?;
        self.until_rest(&mut worker).await?;
        let customers = self.customers_of(&id)?;
        verdict.expect(
            customers == 1,
            format!("after a lost answer there are {customers} customers instead of 1"),
        );
        out!("   The customer was looked up by its key and adopted: there is {customers}.");
        Ok(worker)
    }

    async fn killed_worker(
        &mut self,
        mut worker: Worker,
        verdict: &mut Verdict,
    ) -> Result<Worker, Failure> {
        out!("\n5. The worker is killed in the middle of a create, and work goes on without it");
        let before = self.world.x3.counters().faulted;
        let slow = X3Fault::delay(Duration::from_millis(1500))
            .on_mutations()
            .on_operation("customer.create");
        self.world.x3.inject(slow);
        let id = self.rep_creates()?;
        self.until("the create is under way", &mut worker, |world, _| {
            world.x3.counters().faulted > before
        })
        .await?;
        worker.kill().await?;
        self.rep_creates()?;
        self.clerk_creates()?;
        for (code, _) in self.pairs(90, 5) {
            self.clerk_edits(&Edit::address(&code, ADDRESS).set("city", "Altstadt"))?;
        }
        let mut worker = self.start_worker().await?;
        self.until_rest(&mut worker).await?;
        let customers = self.customers_of(&id)?;
        verdict.expect(
            customers == 1,
            format!("after a kill there are {customers} customers instead of 1"),
        );
        out!(
            "   A new worker took over: there is {customers} customer, and nothing that happened meanwhile is lost."
        );
        Ok(worker)
    }

    /// Customers at X3 with the VAT number of the account.
    fn customers_of(&self, account: &str) -> Result<usize, Failure> {
        let record = self.world.zoho.record("Accounts", account);
        let vat_number = record
            .as_ref()
            .and_then(|record| record.text("VAT_Number"))
            .unwrap_or_default()
            .to_uppercase();
        let customers = self
            .world
            .x3
            .customers(ENDPOINT)
            .map_err(|error| Failure::broken(error.to_string()))?;
        Ok(customers
            .iter()
            .filter(|customer| customer.european_union_vat_number.to_uppercase() == vat_number)
            .count())
    }

    /// At rest, only polling goes on.
    async fn rest(&mut self, mut worker: Worker, verdict: &mut Verdict) -> Result<(), Failure> {
        out!("\n9. Rest");
        let before = self.writes();
        let calls = self.world.x3.counters().requests;
        self.until("some polls have passed", &mut worker, |world, _| {
            world.x3.counters().requests >= calls + 9
        })
        .await?;
        verdict.writes_at_rest = self.writes() - before;
        verdict.expect(
            verdict.writes_at_rest == 0,
            format!("{} writes at rest", verdict.writes_at_rest),
        );
        worker.kill().await
    }

    async fn sum_up(&mut self, verdict: &mut Verdict) -> Result<(), Failure> {
        let (x3, zoho) = (self.world.x3.counters(), self.world.zoho.counters());
        verdict.x3_calls = x3.requests;
        verdict.zoho_calls = zoho.total_calls();
        verdict.zoho_credits = zoho.credits_spent;
        verdict.tokens_minted = zoho.tokens_minted;
        verdict.callbacks = zoho.callbacks_delivered;
        verdict.expect(verdict.callbacks > 0, "no notification was delivered");
        let setup = Setup::open(Config::read(&self.world.config)?).await?;
        let engine = setup.engine("verdict")?;
        verdict.parked = status::parked(&engine, setup.names()).await?;
        verdict.compare(self.world, &self.deleted)?;
        verdict.search_for_secrets(self.world);
        self.judge_conflicts(&engine, verdict).await
    }

    /// What became of the contested fields, by what both servers hold, and whether the audit and the parked records say
    /// the same.
    async fn judge_conflicts(&self, engine: &Engine, verdict: &mut Verdict) -> Result<(), Failure> {
        for contested in &self.contested {
            match contested {
                Contested::Name {
                    code,
                    account,
                    clerks,
                } => {
                    let both = (
                        self.customer(code)?.company_name,
                        self.account(account, "Account_Name"),
                    );
                    let settled = both == (clerks.clone(), clerks.clone());
                    verdict.conflicts_resolved += u64::from(settled);
                    verdict.expect(
                        settled,
                        format!("the name of {code} is not what the rule says"),
                    );
                }
                Contested::VatNumber {
                    code,
                    account,
                    clerks,
                    reps,
                } => {
                    let customer = self.customer(code)?.european_union_vat_number;
                    let kept = (customer, self.account(account, "VAT_Number"))
                        == (clerks.clone(), reps.clone());
                    verdict.conflicts_kept += u64::from(kept);
                    verdict.expect(
                        kept,
                        format!("a person's VAT number of {code} was overwritten"),
                    );
                }
            }
        }
        let audited = conflicts_resolved(engine).await?;
        verdict.expect(
            audited >= verdict.conflicts_resolved,
            "the audit does not show every conflict that a rule resolved",
        );
        let parked = verdict
            .parked
            .iter()
            .filter(|job| job.key.flow.as_str() == flows::customers::NAME)
            .filter(|job| words::is_conflict(&job.parked.reason));
        let parked = parked.count() as u64;
        verdict.expect(
            parked == verdict.conflicts_kept,
            format!(
                "{parked} conflicts are parked, but the servers show {}",
                verdict.conflicts_kept
            ),
        );
        Ok(())
    }

    fn customer(&self, code: &str) -> Result<CustomerSnapshot, Failure> {
        let found = self.world.x3.customer(ENDPOINT, code);
        let found = found.map_err(|error| Failure::broken(error.to_string()))?;
        found.ok_or_else(|| Failure::broken(format!("X3 lost the customer {code}")))
    }

    fn account(&self, id: &str, field: &str) -> String {
        let record = self.world.zoho.record("Accounts", id);
        record
            .as_ref()
            .and_then(|record| record.text(field))
            .unwrap_or_default()
            .to_owned()
    }
}

/// Fields whose conflict was settled by a rule, by the audit trail.
async fn conflicts_resolved(engine: &Engine) -> Result<u64, Failure> {
    const PAGE: usize = 1000;
    let mut query = AuditQuery {
        limit: PAGE,
        ..AuditQuery::default()
    };
    let mut resolved = 0;
    loop {
        let page = engine.audit(&query).await?;
        let fields = page.iter().flat_map(|stored| &stored.entry.fields);
        resolved += fields
            .filter(|field| matches!(field.verdict, Settled::ConflictWonBy(_)))
            .count() as u64;
        match page.last() {
            Some(last) if page.len() == PAGE => query.after = Some(last.sequence),
            _ => return Ok(resolved),
        }
    }
}
