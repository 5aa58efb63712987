//! Deals, and the orders that they become.

use std::collections::{BTreeMap, BTreeSet};

use sage_x3_simulator::{RecordSeed, X3Simulator};
use serde_json::{Value as Json, json};
use sync_core::Side;
use zoho_crm_simulator::{Builder, CustomField, ZohoSimulator};

use crate::{
    people::People,
    verdict::{Trail, Verdict},
    world::{ENDPOINT, World},
};

/// The flow's name.
pub(crate) const FLOW: &str = "orders";

/// What is sold.
const PRODUCT: &str = "SERVICE";
const SITE: &str = "FR011";
/// What orders' numbers begin with, before the deal's id in base 36.
const PREFIX: &str = "Z";

/// The flow's section of the configuration.
pub(crate) const CONFIGURATION: &str = r#"[orders]
sales_site = "FR011"
order_type = "SOI"
lines = { from = "item", product = "SERVICE" }
"#;

/// Adds the fields that the flow writes.
pub(crate) fn prepare(zoho: Builder) -> Builder {
    let fields = [
        ("X3_Amount", "currency"),
        ("X3_Amount_With_Tax", "currency"),
        ("X3_Amount_Difference", "currency"),
        ("X3_Credit_Status", "text"),
        ("X3_Warnings", "text"),
        ("X3_Remarks", "text"),
    ];
    fields.into_iter().fold(zoho, |zoho, (field, kind)| {
        zoho.custom_field(CustomField::new("Deals", field, kind))
    })
}

/// Deals in negotiation with customers that both systems know.
pub(crate) fn seed(
    x3: &X3Simulator,
    zoho: &ZohoSimulator,
    pairs: &[(String, String)],
    count: usize,
) -> Vec<String> {
    if count == 0 {
        return Vec::new();
    }
    let product = RecordSeed::product(PRODUCT, "Service").set("basePrice", "100");
    let records = [product, RecordSeed::product_site(PRODUCT, SITE)];
    x3.seed(ENDPOINT, records).unwrap();
    let deals = pairs.iter().cycle().take(count).zip(1..);
    let deals: Vec<Json> = deals
        .map(|((_, account), number): (_, u32)| {
            json!({
                "Deal_Name": format!("Deal {number}"),
                "Stage": "Negotiation/Review",
                "Account_Name": {"id": account},
                "Closing_Date": "2026-12-31",
                "Amount": 100 + number,
            })
        })
        .collect();
    zoho.seed("Deals", deals).unwrap()
}

/// A representative wins a deal, or changes one that is still open.
pub(crate) fn edit(people: &mut People, world: &World) -> &'static str {
    if world.deals.is_empty() {
        return "nobody deals";
    }
    let place = people.chance().usize(0..world.deals.len());
    let deal = &world.deals[place];
    if people.won.contains(deal) {
        return "a won deal is left alone";
    }
    let (what, fields) = if people.chance().bool() {
        people.won.insert(deal.clone());
        ("rep wins a deal", json!({"Stage": "Closed Won"}))
    } else {
        let amount = 1_000 + people.number();
        ("rep changes a deal", json!({ "Amount": amount }))
    };
    world.zoho.edit_as_user("Deals", deal, fields).unwrap();
    what
}

/// Every won deal has exactly one order, and nothing else has any.
pub(crate) fn judge(verdict: &mut Verdict, world: &World, people: &People, trail: &Trail) {
    let orders = world.x3.records(ENDPOINT, "salesOrder").unwrap();
    verdict.orders = orders.len() as u64;
    let mut by_deal: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for order in &orders {
        match deal_of(&order.id) {
            Some(deal) => by_deal.entry(deal).or_default().push(&order.id),
            None => verdict.expect(false, || format!("nobody ordered {}", order.id)),
        }
        if !trail.tells_of(FLOW, Side::Left, &order.id) {
            verdict.unaudited += 1;
            verdict.expect(false, || {
                format!("the audit does not tell of order {}", order.id)
            });
        }
    }
    for deal in &people.won {
        let ordered = by_deal.remove(deal).unwrap_or_default();
        let told = verdict.is_excused(Side::Right, deal);
        if ordered.is_empty() && !told {
            verdict.missing += 1;
            verdict.expect(false, || format!("deal {deal} was won and has no order"));
        }
        if ordered.len() > 1 {
            verdict.duplicate_orders += ordered.len() as u64 - 1;
            verdict.expect(false, || format!("deal {deal} has the orders {ordered:?}"));
        }
        let named = world.zoho.record("Deals", deal);
        let named = named.as_ref().and_then(|deal| deal.text("X3_Order_Number"));
        if !told && ordered.first().copied() != named {
            verdict.unexplained += 1;
            verdict.expect(false, || {
                format!("deal {deal} names {named:?}, its order is {ordered:?}")
            });
        }
    }
    let unwanted: BTreeSet<String> = by_deal.into_keys().collect();
    verdict.expect(unwanted.is_empty(), || {
        format!("orders of deals that nobody won: {unwanted:?}")
    });
}

/// The deal whose id an order's number holds.
fn deal_of(number: &str) -> Option<String> {
    let digits = number.strip_prefix(PREFIX)?;
    let id = u128::from_str_radix(digits, 36).ok()?;
    Some(id.to_string())
}
