//! The doctor: what is wrong, how to put it right, and doing it.

use jiff::SignedDuration;
use serde_json::Value;

use crate::program::Site;

fn findings<'a>(report: &'a Value, outcome: &str) -> Vec<&'a str> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["outcome"] == outcome)
        .map(|finding| finding["what"].as_str().unwrap())
        .collect()
}

async fn examine(site: &Site, code: i32) -> Value {
    let ran = site.run(&["doctor", "--json"]).await;
    assert_eq!(ran.code, Some(code), "{}\n{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[tokio::test]
async fn a_site_that_is_set_up_is_found_well_and_nothing_is_written() {
    let site = Site::open().await;
    let report = examine(&site, 0).await;
    assert_eq!(report["well"], true);
    assert_eq!(findings(&report, "wrong"), [""; 0]);
    let good = findings(&report, "good").join("\n");
    for word in [
        "the database opens",
        "the credential works",
        "clock",
        "scope ZohoCRM.coql.READ is granted",
        "customers can run",
    ] {
        assert!(good.contains(word), "`{word}` is not in: {good}");
    }
    assert_eq!(
        site.x3.counters().mutations + site.zoho.counters().rows_written,
        0
    );
}

#[tokio::test]
async fn fields_that_zoho_lacks_are_told_and_created_when_asked() {
    let site = Site::open().await;
    for field in ["X3_Code", "X3_Credit_Limit", "X3_Active"] {
        assert!(site.zoho.remove_custom_field("Accounts", field), "{field}");
    }
    let report = examine(&site, 2).await;
    let wrong = findings(&report, "wrong");
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    assert!(report.to_string().contains("Do not allow duplicate values"));
    let created = site
        .run(&["doctor", "--create-fields", "--json"])
        .await
        .json();
    assert_eq!(created["well"], true);
    // What was created is what the flow needs: it plans, and its key is unique.
    site.apply().await;
    assert_eq!(site.zoho.records("Accounts").len(), 2);
    assert!(
        site.zoho
            .records("Accounts")
            .iter()
            .all(|account| account.text("X3_Code").is_some())
    );
}

#[tokio::test]
async fn the_field_for_a_difference_is_told_and_created_with_those_of_the_table() {
    let site = Site::open().await;
    site.configure(|text| {
        text + "[products]\n[orders]\nsales_site = \"FR011\"\norder_type = \"SOI\"\n"
    });
    let wrong = examine(&site, 2).await;
    let wrong = findings(&wrong, "wrong").join("\n");
    assert!(wrong.contains("X3_Amount_Difference"), "{wrong}");
    let created = site
        .run(&["doctor", "--create-fields", "--json"])
        .await
        .json();
    assert_eq!(created["well"], true, "{created}");
}

#[tokio::test]
async fn a_clock_that_is_wrong_and_a_system_that_is_away_are_told() {
    let site = Site::open().await;
    site.x3.clock().set_skew(SignedDuration::from_secs(90));
    let report = examine(&site, 2).await;
    let wrong = findings(&report, "wrong").join("\n");
    assert!(wrong.contains("differ by"), "{wrong}");

    let url = site.x3.base_url();
    site.configure(|text| text.replace(&url, "http://127.0.0.1:9"));
    let ran = site.run(&["doctor"]).await;
    ran.asks_to_fix(&["put right"]);
    assert!(
        ran.stdout.contains("127.0.0.1 cannot be reached"),
        "{}",
        ran.stdout
    );
    // What is wrong with one system does not hide how the other does.
    assert!(ran.stdout.contains("the edition is"), "{}", ran.stdout);
}
