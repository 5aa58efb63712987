//! Trade: stock and credit appear in Zoho, deals become orders, and a deal that is opened again makes no second one.

use rust_decimal::Decimal;
use sage_x3_simulator::{Edit, Effect as X3Effect, Fault as X3Fault};
use serde_json::{Value as Json, json};
use zoho_crm_simulator::StoredRecord;

use super::Teller;
use crate::{
    demo::{
        verdict::Verdict,
        worker::Worker,
        world::{ENDPOINT, SITE, WARES, World, decimal},
    },
    failure::Failure,
};

/// Deals that are won in the story.
const DEALS: u32 = 12;

/// A deal of the story and what it is worth.
pub(super) struct Deal {
    id: String,
    worth: Decimal,
}

impl Teller<'_> {
    /// What sales people need to know before they promise anything.
    pub(super) async fn stock_and_credit(&mut self, mut worker: Worker) -> Result<Worker, Failure> {
        out!("\n6. Stock and credit appear where sales people see them");
        let (code, ..) = WARES[0];
        let counted = Edit::record("stock", &format!("{SITE}|1"))
            .set("quantityInStockUnit", Decimal::from(7));
        self.clerk_edits(&counted)?;
        let (customer, account) = self.pair(5)?;
        self.clerk_edits(&Edit::customer(&customer).set("creditControl", "hold"))?;
        let what = format!("Zoho shows 7 of {code}, and {customer} on hold");
        self.until(&what, &mut worker, |world, _| {
            let product = product(world, code);
            let stock = product.and_then(|found| decimal(found.number("Qty_in_Stock")));
            let account = world.zoho.record("Accounts", &account);
            let status = account.as_ref().and_then(|it| it.text("X3_Credit_Status"));
            stock == Some(Decimal::from(7)) && status == Some("On hold")
        })
        .await?;
        out!("   7 of {code} are left; {customer} is on hold, and its account says so.");
        Ok(worker)
    }

    /// Deals become orders, one of which is made although its answer is lost, and one for a company that X3 has never
    /// seen.
    pub(super) async fn deals_are_won(
        &mut self,
        mut worker: Worker,
        verdict: &mut Verdict,
    ) -> Result<Worker, Failure> {
        out!("\n7. {DEALS} deals are won, and X3 loses the answer to one order");
        let mut accounts: Vec<String> = Vec::new();
        for place in 10..9 + DEALS {
            accounts.push(self.pair(place as usize)?.1);
        }
        accounts.push(self.rep_creates()?);
        let mut deals = Vec::new();
        for (account, number) in accounts.iter().zip(1..) {
            deals.push(self.deal(account, number)?);
        }
        self.until_rest(&mut worker).await?;
        self.world.x3.inject(
            X3Fault::new(X3Effect::DropAfter)
                .on_mutations()
                .on_operation("salesOrder.create"),
        );
        for deal in &deals {
            self.stage(&deal.id, "Closed Won")?;
        }
        self.until_rest(&mut worker).await?;
        let parked = self.counts().await?.parked;
        self.stage(&deals[0].id, "Negotiation/Review")?;
        self.until("the reopened deal is parked", &mut worker, |_, counts| {
            counts.parked == parked + 1
        })
        .await?;
        self.judge_deals(&deals, verdict)?;
        out!(
            "   {} orders stand in X3, their numbers and amounts on the deals. One deal was opened again: it waits for a person.",
            verdict.orders
        );
        Ok(worker)
    }

    fn judge_deals(&self, deals: &[Deal], verdict: &mut Verdict) -> Result<(), Failure> {
        let orders = self.world.x3.records(ENDPOINT, "salesOrder");
        let orders = orders.map_err(|error| Failure::broken(error.to_string()))?;
        verdict.deals = deals.len();
        verdict.orders = orders.len();
        verdict.expect(
            orders.len() == deals.len(),
            format!(
                "{} deals were won, X3 has {} orders",
                deals.len(),
                orders.len()
            ),
        );
        for deal in deals {
            let Some(now) = self.world.zoho.record("Deals", &deal.id) else {
                return Err(Failure::broken(format!("Zoho lost the deal {}", deal.id)));
            };
            let number = now.text("X3_Order_Number").unwrap_or_default();
            let named = orders.iter().filter(|order| order.id == number).count();
            verdict.expect(
                named == 1,
                format!(
                    "deal {} names the order `{number}`, of which there are {named}",
                    deal.id
                ),
            );
            let amount = decimal(now.number("X3_Amount"));
            verdict.expect(
                amount == Some(deal.worth.normalize()),
                format!(
                    "deal {} is worth {}, its order {amount:?}",
                    deal.id, deal.worth
                ),
            );
        }
        Ok(())
    }

    /// A deal in negotiation with a confirmed quote.
    fn deal(&self, account: &str, number: u32) -> Result<Deal, Failure> {
        let refused = |error: zoho_crm_simulator::Refusal| {
            Failure::broken(format!("Zoho refuses a deal: {error}"))
        };
        let deal = json!({
            "Deal_Name": format!("Order {number}"),
            "Stage": "Negotiation/Review",
            "Account_Name": {"id": account},
            "Closing_Date": "2026-12-31",
        });
        let id = self
            .world
            .zoho
            .create_as_user("Deals", deal)
            .map_err(refused)?;
        let mut worth = Decimal::ZERO;
        let mut lines: Vec<Json> = Vec::new();
        for ((code, _, price), quantity) in WARES.iter().zip(number..) {
            let found = product(self.world, code);
            let found =
                found.ok_or_else(|| Failure::broken(format!("Zoho lacks the product {code}")))?;
            worth += Decimal::from(*price) * Decimal::from(quantity);
            lines.push(json!({
                "Product_Name": {"id": found.id},
                "Quantity": quantity,
                "List_Price": price,
            }));
        }
        let quote = json!({
            "Subject": format!("Quote {number}"),
            "Account_Name": {"id": account},
            "Deal_Name": {"id": id},
            "Quote_Stage": "Confirmed",
            "Quoted_Items": lines,
        });
        self.world
            .zoho
            .create_as_user("Quotes", quote)
            .map_err(refused)?;
        Ok(Deal { id, worth })
    }

    fn stage(&self, deal: &str, stage: &str) -> Result<(), Failure> {
        let edited = self
            .world
            .zoho
            .edit_as_user("Deals", deal, json!({"Stage": stage}));
        edited.map_err(|error| Failure::broken(format!("Zoho refuses a stage: {error}")))
    }
}

/// Zoho's product with this code.
pub(super) fn product(world: &World, code: &str) -> Option<StoredRecord> {
    let products = world.zoho.records("Products").into_iter();
    let mut found = products.filter(|product| product.text("Product_Code") == Some(code));
    found.next()
}
