//! What the configuration wants done about edits between the reading and the writing.

use sage_x3_simulator::CustomerSeed;
use serde_json::json;

use crate::program::{FAST, Site};

#[tokio::test]
async fn conditional_updates_and_looks_back_cost_what_the_configuration_says_of_them() {
    let site = Site::open().await;
    // Twelve pairs that differ: their accounts are updated.
    for number in 10..22 {
        let code = format!("NA0{number}");
        let customer = CustomerSeed::new(&code, &format!("Company {number}"));
        site.x3.seed_customers("SEED", [customer]).unwrap();
        let account = json!({"Account_Name": "Other", "X3_Code": code});
        site.zoho.create_as_user("Accounts", account).unwrap();
    }
    let credits = |plan: &serde_json::Value| {
        plan["plans"][0]["forecast"]["zoho"]["credits"]
            .as_u64()
            .unwrap()
    };
    let plain = credits(&site.run(&["plan", "--json"]).await.json());
    site.configure(|text| text.replace("[zoho]", "[zoho]\nconditional_updates = true"));
    let conditional = credits(&site.run(&["plan", "--json"]).await.json());
    // A credit for each of twelve in place of two.
    assert_eq!(conditional, plain + 10);

    site.configure(|text| text.replace("[zoho]", "[zoho]\nlooks_back = true") + FAST);
    site.apply().await;
    let accounts = site.zoho.records("Accounts");
    let renamed = accounts
        .iter()
        .filter_map(|account| account.text("Account_Name"))
        .filter(|name| name.starts_with("Company"));
    assert_eq!(renamed.count(), 12);
    // By the next look, which the echo of the write brings about; the account without a customer got its code.
    site.work_until("the timelines were asked", |_| {
        site.zoho.counters().calls_of("timeline") >= 13
    })
    .await;
    assert_eq!(site.zoho.counters().calls_of("timeline"), 13);
}
