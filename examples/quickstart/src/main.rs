//! The shortest program that keeps Sage X3 customers and Zoho CRM accounts in agreement.
//!
//! It takes everything from the environment:
//!
//! ```sh
//! export X3_URL=http://x3.example:8124 X3_ENDPOINT=SEED X3_USER=sync X3_PASSWORD=...
//! export ZOHO_CLIENT_ID=1000.X ZOHO_CLIENT_SECRET=... ZOHO_REFRESH_TOKEN=1000.y
//! cargo run -p quickstart            # shows what would be done
//! cargo run -p quickstart -- HASH    # does it, and goes on until Ctrl-C
//! ```
#![allow(
    clippy::print_stdout,
    reason = "a command-line program talks to its user"
)]

use std::{env, error::Error, sync::Arc};

use sage_x3_client::{CategoryCode, Credential, SiteConfig, X3Client};
use secrecy::SecretString;
use sync_core::{
    Engine, Flow, FlowName, Mapping, MemoryStore, Policy, Side, Sides, SystemClock,
    flows::customers::{self, CustomerOptions},
    x3::{CustomerEndpoint, CustomerSettings},
    zoho::{ModuleSettings, ZohoEndpoint},
};
use zoho_crm_client::{ClientCredentials, DataCenter, ZohoClient};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let engine = engine()?;
    let customers = FlowName::from("customers");

    // A plan reads both systems and writes nothing. Without an approved one the engine does nothing at all.
    let plan = engine.plan_first_sync(&customers, &|_| {}).await?;
    println!("{:#?}", plan.summary());
    let Some(approved) = env::args().nth(1) else {
        println!("To do this: cargo run -p quickstart -- {}", plan.hash());
        return Ok(());
    };

    // If anything changed since the plan was shown, its hash differs and this refuses.
    engine
        .apply_first_sync(&customers, &approved, &|_| {})
        .await?;

    // The engine has no timer and no task of its own: it works inside this call and sleeps with our sleeper.
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    engine.run(tokio::time::sleep, stop).await?;
    Ok(())
}

fn engine() -> Result<Engine, Box<dyn Error>> {
    let options = CustomerOptions::default();
    // What corresponds to what, one row a field. Add, replace or remove rows for your site.
    let mapping = customers::mapping(&options)?;
    let (left, right) = (x3_customers()?, zoho_accounts(&options, &mapping)?);
    let flow = Flow {
        name: FlowName::from("customers"),
        endpoints: Sides::new(Arc::new(left), Arc::new(right)),
        mapping,
        identity: customers::identity(&options),
        policy: Policy::default(),
    };
    // This store forgets when the program ends; see the crate `sql-store` for one that does not.
    let store = Arc::new(MemoryStore::new());
    Ok(Engine::builder("main", store, Arc::new(SystemClock))
        .flow(flow)
        .build()?)
}

fn x3_customers() -> Result<CustomerEndpoint, Box<dyn Error>> {
    let site = SiteConfig::new(setting("X3_URL")?, setting("X3_ENDPOINT")?);
    let credential = Credential::Basic {
        user: setting("X3_USER")?,
        password: secret("X3_PASSWORD")?,
    };
    let client = X3Client::builder(site).credential(credential).build()?;
    // New customers need a category: it supplies currency, payment terms and the like.
    let category = env::var("X3_CATEGORY").unwrap_or_else(|_| "DOM".to_owned());
    Ok(CustomerEndpoint::new(
        client,
        CustomerSettings::new().create_in(CategoryCode::new(category)?),
    ))
}

fn zoho_accounts(
    options: &CustomerOptions,
    mapping: &Mapping,
) -> Result<ZohoEndpoint, Box<dyn Error>> {
    let credentials =
        ClientCredentials::new(setting("ZOHO_CLIENT_ID")?, secret("ZOHO_CLIENT_SECRET")?);
    // ZOHO_ACCOUNTS_URL points the program at a simulator or proxy instead of a data centre.
    let data_center = match env::var("ZOHO_ACCOUNTS_URL") {
        Ok(url) => DataCenter::custom(&url)?,
        Err(_) => DataCenter::Eu,
    };
    let client = ZohoClient::builder(data_center, credentials)
        .refresh_token(secret("ZOHO_REFRESH_TOKEN")?)
        .build()?;
    let settings = ModuleSettings::new(
        "Accounts",
        options.zoho_key_field.as_str(),
        mapping.fields(Side::Right),
    );
    Ok(ZohoEndpoint::new(client, settings))
}

fn setting(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("set the environment variable {name}"))
}

fn secret(name: &str) -> Result<SecretString, String> {
    setting(name).map(SecretString::from)
}
