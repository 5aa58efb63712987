//! Qualified leads become prospects of X3, and customers when they buy.

use std::sync::Arc;

use sage_x3_client::CategoryCode;
use sage_x3_simulator::Edit;
use serde_json::{Value as Json, json};
use sync_core::{
    Flow, FlowName, Policy, Side, Sides,
    flows::{
        customers::{self, CustomerOptions},
        leads::{self, LeadOptions},
    },
    x3::{CustomerEndpoint, CustomerSettings},
};
use zoho_crm_simulator::CustomField;

use crate::world::{Clients, ENDPOINT, World, customers_with};

fn flow_name() -> FlowName {
    FlowName::from("leads")
}

fn lead_flow(clients: &Clients) -> Flow {
    let options = LeadOptions::default();
    let mapping = leads::mapping(&options).unwrap();
    let settings = CustomerSettings::new()
        .create_in(CategoryCode::new("STD").unwrap())
        .prospects_only()
        .mapped_fields(mapping.fields(Side::Left));
    Flow {
        name: flow_name(),
        endpoints: Sides::new(
            Arc::new(CustomerEndpoint::new(clients.x3.clone(), settings)),
            Arc::new(clients.module("Leads", &mapping)),
        ),
        mapping,
        identity: leads::identity(&options),
        policy: leads::policy(),
    }
}

/// Flow `customers`, which leaves prospects to leads.
fn customer_flow(clients: &Clients) -> Flow {
    let mapping = customers::mapping(&CustomerOptions::default()).unwrap();
    let mut policy = Policy::default();
    let mapping = leads::leave_prospects(mapping, &mut policy, "X3_Prospect").unwrap();
    Flow {
        policy,
        ..customers_with(clients, mapping, CustomerSettings::new())
    }
}

async fn world() -> World {
    World::of(
        |zoho| zoho.custom_field(CustomField::new("Accounts", "X3_Prospect", "boolean")),
        |clients| vec![customer_flow(clients), lead_flow(clients)],
    )
    .await
}

fn lead(status: &str) -> Json {
    json!({
        "Last_Name": "Weber", "Company": "Weber Bau GmbH", "Lead_Status": status, "Street": "Hafenstr. 1",
        "Zip_Code": "20457", "City": "Hamburg", "Country": "Germany", "Email": "weber@example.com",
    })
}

#[tokio::test]
async fn a_lead_becomes_a_prospect_when_it_is_qualified_and_not_before() {
    let world = world().await;
    let id = world
        .zoho
        .create_as_user("Leads", lead("Contacted"))
        .unwrap();
    world.settle().await;
    assert_eq!(world.customers().len(), 0);
    let qualified = json!({"Lead_Status": "Pre-Qualified"});
    world.zoho.edit_as_user("Leads", &id, qualified).unwrap();
    world.settle().await;
    let customers = world.customers();
    assert_eq!(customers.len(), 1);
    let code = customers[0].code.clone();
    assert!(code.starts_with('L'), "{code}");
    let partner = world
        .x3
        .record(ENDPOINT, "businessPartner", &code)
        .unwrap()
        .unwrap();
    assert_eq!(partner.get("companyName1"), "Weber Bau GmbH");
    assert_eq!(partner.get("isProspect"), "true");
    let lead = world.zoho.record("Leads", &id).unwrap();
    assert_eq!(lead.text("X3_Code"), Some(code.as_str()));
    assert_eq!(world.accounts().len(), 0, "a prospect has no account");
    assert!(
        world
            .engine
            .check_setup(&flow_name())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_prospect_that_buys_becomes_the_customer_of_its_own_account() {
    let world = world().await;
    world
        .zoho
        .create_as_user("Leads", lead("Pre-Qualified"))
        .unwrap();
    world.settle().await;
    let code = world.customers()[0].code.clone();
    let buys = Edit::business_partner(&code).set("isProspect", false);
    world.x3.edit_as_user(ENDPOINT, &buys).unwrap();
    world.settle().await;
    let account = world.account_of(&code);
    assert_eq!(account.text("Account_Name"), Some("Weber Bau GmbH"));
    assert_eq!(world.customers().len(), 1);
    let stopped = world.engine.check_setup(&flow_name()).await.unwrap();
    assert!(stopped.is_none(), "{stopped:?}");
}

#[tokio::test]
async fn a_converted_lead_is_the_account_of_its_prospect() {
    let world = world().await;
    world
        .zoho
        .create_as_user("Leads", lead("Pre-Qualified"))
        .unwrap();
    world.settle().await;
    let code = world.customers()[0].code.clone();
    // As Zoho's conversion makes it when X3_Code is mapped to the account's.
    let account =
        json!({"Account_Name": "Weber Bau GmbH", "X3_Code": code, "Billing_Country": "Germany"});
    world.zoho.create_as_user("Accounts", account).unwrap();
    world.settle().await;
    assert_eq!(world.customers().len(), 1, "no second customer");
    assert_eq!(world.accounts().len(), 1);
    assert!(world.parked().await.is_empty());
}
