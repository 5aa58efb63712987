//! The books: invoices reach their accounts, one waits for a row of the table, and the month is replayed.

use std::fs;

use rust_decimal::Decimal;
use sage_x3_simulator::{Effect as X3Effect, Fault as X3Fault, RecordSnapshot};
use serde_json::{Value as Json, json};
use sync_core::{ConnectionId, FlowName, ParkedJob, Store as _};

use super::{Teller, trade::product};
use crate::{
    config::Config,
    demo::{
        verdict::Verdict,
        worker::Worker,
        world::{ENDPOINT, SITE, SUPPORT, WARES, World, decimal},
    },
    failure::Failure,
    flows,
    setup::Setup,
    words,
};

const NODE: &str = "customerInvoiceHeader";
/// The row of the table of accounts that is missing at first.
const MISSING_ROW: &str = r#"{ account = "706000", category = "Software" },"#;

/// An invoice of the story, and how an accountant would post it.
struct Invoice {
    id: String,
    total: Decimal,
    /// Account, amount before tax, and tax.
    postings: Vec<[String; 3]>,
}

/// A tax at Zoho: its name and percentage.
type Tax = (&'static str, &'static str);
const NORMAL: Tax = ("VAT 20", "20");
const REDUCED: Tax = ("VAT 5.5", "5.5");

/// What is sold, how much of it, at which price and with which tax.
type Line = (&'static str, u32, &'static str, Tax);

impl Teller<'_> {
    /// Two invoices, of which one is posted although its answer is lost, and the other once its row is there.
    pub(super) async fn month_end(
        &mut self,
        mut worker: Worker,
        verdict: &mut Verdict,
    ) -> Result<Worker, Failure> {
        out!(
            "\n8. The month ends: invoices reach their accounts, and for one an account is missing"
        );
        let (_, account) = self.pair(30)?;
        let parked_before = self.counts().await?.parked;
        self.world.x3.inject(
            X3Fault::new(X3Effect::DropAfter)
                .on_mutations()
                .on_operation("customerInvoiceHeader.create"),
        );
        let goods = self.goods(&account)?;
        let support = self.goods_and_support(&account)?;
        self.until(
            "one invoice is posted and one parked",
            &mut worker,
            |world, counts| {
                counts.parked == parked_before + 1 && posted(world).is_ok_and(|it| it.len() == 1)
            },
        )
        .await?;
        let missing = format!(
            "no account for line, product `{}`, category `Software`, tax `FRRED`, site `{SITE}`",
            SUPPORT.0
        );
        let parked = self.parked_invoices().await?;
        let reasons: Vec<String> = parked
            .iter()
            .map(|job| words::reason(&job.parked.reason))
            .collect();
        verdict.expect(
            matches!(&reasons[..], [reason] if reason.contains(&missing)),
            format!("the invoice without an account is parked for another reason: {reasons:?}"),
        );
        out!("   One is posted, once, although its answer was lost. The other is parked:");
        out!("   {missing}");
        self.add_the_row()?;
        self.until("the parked invoice is posted", &mut worker, |world, _| {
            posted(world).is_ok_and(|it| it.len() == 2)
        })
        .await?;
        out!("   The row is added to the table, and the invoice is posted without a restart.");
        let looked_at = Box::pin(self.replay_the_month()).await?;
        self.until_rest(&mut worker).await?;
        for invoice in [&goods, &support] {
            self.judge_invoice(invoice, verdict)?;
        }
        verdict.invoices = 2;
        verdict.posted = self.posted()?.len();
        verdict.expect(
            verdict.posted == verdict.invoices,
            format!(
                "{} invoices were approved, X3 has {}",
                verdict.invoices, verdict.posted
            ),
        );
        verdict.expect(
            self.parked_invoices().await?.is_empty(),
            "an invoice is still parked",
        );
        out!(
            "   The month is replayed: {looked_at} records are looked at again, and nothing is posted twice."
        );
        Ok(worker)
    }

    /// Pumps, and their carriage.
    fn goods(&self, account: &str) -> Result<Invoice, Failure> {
        let [(pump, _, _), _] = WARES;
        let lines = [(pump, 3, "220", NORMAL)];
        Ok(Invoice {
            id: self.approved(account, &lines, "12.5")?,
            total: Decimal::new(80_450, 2),
            postings: vec![
                posting("FRA|707000", "660", "FRNOR"),
                posting("FRA|708500", "12.5", ""),
            ],
        })
    }

    /// A pump, and support with a tax that has to be rounded.
    fn goods_and_support(&self, account: &str) -> Result<Invoice, Failure> {
        let [(pump, _, _), _] = WARES;
        let lines = [(pump, 1, "220", NORMAL), (SUPPORT.0, 2, "85.05", REDUCED)];
        Ok(Invoice {
            id: self.approved(account, &lines, "0")?,
            total: Decimal::new(44_346, 2),
            postings: vec![
                posting("FRA|706000", "170.1", "FRRED"),
                posting("FRA|707000", "220", "FRNOR"),
            ],
        })
    }

    /// An approved invoice in Zoho.
    fn approved(&self, account: &str, lines: &[Line], carriage: &str) -> Result<String, Failure> {
        let mut invoiced: Vec<Json> = Vec::new();
        for (code, quantity, price, (tax, percentage)) in lines {
            let found = product(self.world, code);
            let found =
                found.ok_or_else(|| Failure::broken(format!("Zoho lacks the product {code}")))?;
            invoiced.push(json!({
                "Product_Name": {"id": found.id},
                "Quantity": quantity,
                "List_Price": number(price)?,
                "Line_Tax": [{"name": tax, "percentage": number(percentage)?}],
            }));
        }
        let invoice = json!({
            "Subject": "Goods of the month",
            "Account_Name": {"id": account},
            "Status": "Approved",
            "Invoice_Date": "2026-11-28",
            "Invoiced_Items": invoiced,
            "Adjustment": number(carriage)?,
        });
        let entered = self.world.zoho.create_as_user("Invoices", invoice);
        entered.map_err(|error| Failure::broken(format!("Zoho refuses an invoice: {error}")))
    }

    /// The accountant completes the table of accounts. The running worker finds that out by itself.
    fn add_the_row(&self) -> Result<(), Failure> {
        let path = &self.world.config;
        let broken = |error: std::io::Error| {
            Failure::broken(format!("the configuration cannot be changed: {error}"))
        };
        let text = fs::read_to_string(path).map_err(broken)?;
        let changed = text.replace("accounts = [", &format!("accounts = [\n  {MISSING_ROW}"));
        fs::write(path, changed).map_err(broken)
    }

    /// Queues everything that was decided about invoices to be looked at again.
    async fn replay_the_month(&self) -> Result<u64, Failure> {
        let setup = Setup::open(Config::read(&self.world.config)?).await?;
        let engine = setup.engine("month-end")?;
        let flow = FlowName::from(flows::invoices::NAME);
        Ok(engine.replay_range(&flow, None, None).await?)
    }

    async fn parked_invoices(&self) -> Result<Vec<ParkedJob>, Failure> {
        let connection = ConnectionId::from(self.config.connection.as_str());
        let flow = FlowName::from(flows::invoices::NAME);
        let parked = self.store.parked(&connection, &flow, None, 10).await;
        Ok(parked.map_err(sync_core::Error::from)?)
    }

    fn posted(&self) -> Result<Vec<RecordSnapshot>, Failure> {
        posted(self.world)
    }

    /// What X3 made of an invoice: the accounts, the amounts and the total that an accountant expects, and Zoho's own total.
    fn judge_invoice(&self, invoice: &Invoice, verdict: &mut Verdict) -> Result<(), Failure> {
        let Some(now) = self.world.zoho.record("Invoices", &invoice.id) else {
            return Err(Failure::broken(format!(
                "Zoho lost the invoice {}",
                invoice.id
            )));
        };
        let number = now.text("X3_Invoice").unwrap_or_default();
        let posted = self.posted()?;
        let mut named = posted.iter().filter(|posted| posted.get("id") == number);
        let Some(in_x3) = named.next() else {
            verdict.expect(false, format!("X3 has no invoice `{number}`"));
            return Ok(());
        };
        let totals = [
            decimal(Some(in_x3.get("totalAmountIncludingTax"))),
            decimal(now.number("Grand_Total")),
        ];
        verdict.expect(
            totals == [Some(invoice.total.normalize()); 2],
            format!(
                "invoice {number} comes to {} but X3 and Zoho say {totals:?}",
                invoice.total
            ),
        );
        let lines = self.world.x3.records(ENDPOINT, "customerInvoiceLine");
        let lines = lines.map_err(|error| Failure::broken(error.to_string()))?;
        let mut postings: Vec<[String; 3]> = lines
            .iter()
            .filter(|line| line.get("customerInvoiceHeader") == number)
            .map(|line| {
                ["account", "amountExcludingTax", "tax"].map(|member| line.get(member).to_owned())
            })
            .collect();
        postings.sort_unstable();
        verdict.expect(
            postings == invoice.postings,
            format!(
                "invoice {number} is posted to {postings:?} instead of {:?}",
                invoice.postings
            ),
        );
        Ok(())
    }
}

fn posting(account: &str, amount: &str, tax: &str) -> [String; 3] {
    [account, amount, tax].map(str::to_owned)
}

fn posted(world: &World) -> Result<Vec<RecordSnapshot>, Failure> {
    let posted = world.x3.records(ENDPOINT, NODE);
    posted.map_err(|error| Failure::broken(error.to_string()))
}

/// A number of JSON, digit by digit.
fn number(text: &str) -> Result<Json, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::broken(error.to_string()))
}
