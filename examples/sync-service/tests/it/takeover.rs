//! Several instances on one PostgreSQL database.

use serde_json::json;

use crate::{
    private_postgres::private_postgres,
    program::Site,
    running::{SERVED, figures, until},
};

#[tokio::test]
async fn a_dead_instances_work_is_taken_over_within_a_minute_and_nothing_is_made_twice() {
    let server =
        tokio::task::spawn_blocking(|| private_postgres("").map(|server| server.new_schema()));
    let Some(address) = server.await.unwrap() else {
        return;
    };
    let site = Site::open().await;
    let file = site.folder.path().join("database_url");
    std::fs::write(&file, address).unwrap();
    let shared = |text: String| {
        text.replace(
            "database = \"sync.db\"",
            "database_url = { file = \"database_url\" }",
        )
    };
    site.configure(shared);
    site.apply().await;
    let short = SERVED.replace("[timing]", "[timing]\nlease_seconds = 10");
    site.configure(|text| shared(text) + &short);
    let first = site.start().await;
    let second = site.start().await;
    let companies = (0..300).map(|number| {
        json!({"Account_Name": format!("Company {number:03}"), "Billing_Country": "Germany"})
    });
    site.zoho.seed("Accounts", companies).unwrap();
    until("both instances have begun", || async {
        let worked = |text: &str| text.contains("call=\"write\"");
        let (one, other) = (figures(&first).await, figures(&second).await);
        (worked(&one) || worked(&other)).then_some(())
    })
    .await;
    first.kill().await;
    let names = || {
        let customers = site.x3.customers("SEED").unwrap().into_iter();
        let mut names: Vec<String> = customers.map(|customer| customer.company_name).collect();
        names.sort_unstable();
        names
    };
    // Within a minute, which is how long `until` waits.
    until("everything is done", || async {
        let is_idle = figures(&second)
            .await
            .contains("sync_queued{flow=\"customers\"} 0");
        (is_idle && names().len() == 302).then_some(())
    })
    .await;
    let mut once = names();
    once.dedup();
    assert_eq!(once.len(), 302, "a company was made twice");
    assert!(second.stop().await.success());
}
