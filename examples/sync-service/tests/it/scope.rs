//! Customers of some sites and companies only, in a folder that several share.

use sage_x3_simulator::{CustomerSeed, Edit};
use serde_json::json;

use crate::program::{FAST, Site};

/// Moves a customer to another site, as a person does at its ship-to address.
fn ship_from(site: &Site, customer: &str, code: &str) {
    let address = format!("{customer}|MAIN");
    let edit = Edit::record("shipToCustomerAddress", &address).set("shippingSite", code);
    site.x3.edit_as_user("SEED", &edit).unwrap();
}

fn rename(site: &Site, customer: &str, name: &str) {
    let edit = Edit::business_partner(customer).set("companyName1", name);
    site.x3.edit_as_user("SEED", &edit).unwrap();
}

/// The names of accounts by the customers that they show, in order of code.
fn shown(site: &Site) -> Vec<(String, String)> {
    let mut shown: Vec<(String, String)> = site
        .zoho
        .records("Accounts")
        .iter()
        .filter_map(|account| {
            let text = |field: &str| account.text(field).map(str::to_owned);
            Some((text("X3_Code")?, text("Account_Name")?))
        })
        .collect();
    shown.sort_unstable();
    shown
}

fn pair(code: &str, name: &str) -> (String, String) {
    (code.to_owned(), name.to_owned())
}

/// Customers of two sites of one company, and one without any.
async fn shared_folder() -> Site {
    let site = Site::open().await;
    let more = ["NA002", "NA003"].map(|code| CustomerSeed::new(code, code));
    site.x3.seed_customers("SEED", more).unwrap();
    ship_from(&site, "NA001", "FR011");
    ship_from(&site, "NA002", "FR012");
    site
}

#[tokio::test]
async fn only_customers_of_the_configured_sites_are_shown() {
    let site = shared_folder().await;
    // Another company's account, whose customer is not seen from here.
    let others = json!({"Account_Name": "Elsewhere", "X3_Code": "NA002"});
    let others = site.zoho.create_as_user("Accounts", others).unwrap();
    site.configure(|text| text.replace("category = \"STD\"", "sites = [\"FR011\"]") + FAST);
    site.apply().await;
    let eclair = pair("NA001", "\u{c9}clair Distribution");
    assert_eq!(shown(&site), [eclair.clone(), pair("NA002", "Elsewhere")]);

    let edit = json!({"Phone": "+49 30 1"});
    site.zoho.edit_as_user("Accounts", &others, edit).unwrap();
    rename(&site, "NA001", "\u{c9}clair SAS");
    rename(&site, "NA002", "Not seen");
    site.work_until("the new name is shown", |_| {
        shown(&site)[0] == pair("NA001", "\u{c9}clair SAS")
    })
    .await;
    let status = site.run(&["status", "--json"]).await.json();
    assert_eq!(status["flows"][0]["counts"]["parked"], 0, "{status}");
    assert_eq!(shown(&site)[1], pair("NA002", "Elsewhere"));
    assert_eq!(site.x3.customers("SEED").unwrap().len(), 3);
}

#[tokio::test]
async fn a_customer_that_leaves_the_site_is_left_alone_on_both_sides_and_the_audit_says_so() {
    let site = shared_folder().await;
    site.configure(|text| text.replace("category = \"STD\"", "companies = [\"FR10\"]") + FAST);
    site.apply().await;
    let both = [
        pair("NA001", "\u{c9}clair Distribution"),
        pair("NA002", "NA002"),
    ];
    assert_eq!(shown(&site), both);
    site.configure(|text| text.replace("category = \"STD\"", "sites = [\"FR011\"]") + FAST);
    rename(&site, "NA002", "Moved");
    rename(&site, "NA001", "\u{c9}clair SAS");
    site.work_until("the new name is shown", |_| {
        shown(&site)[0] == pair("NA001", "\u{c9}clair SAS")
    })
    .await;
    assert_eq!(shown(&site)[1], pair("NA002", "NA002"));
    let told = site
        .run(&["audit", "search", "--record", "customers/x3/NA002"])
        .await;
    assert!(
        told.stdout.contains("the other side is left alone"),
        "{}",
        told.stdout
    );
    let swept = site.run(&["sweep", "--json"]).await.json();
    assert_eq!(swept["flows"][0]["listed"]["x3"], 1, "{swept}");

    // And it comes back as the pair that it was.
    ship_from(&site, "NA002", "FR011");
    rename(&site, "NA002", "Back again");
    site.work_until("it is shown again", |_| {
        shown(&site)[1] == pair("NA002", "Back again")
    })
    .await;
    assert_eq!(shown(&site).len(), 2);
}

#[tokio::test]
async fn customers_without_a_site_are_there_if_the_configuration_says_so() {
    let site = shared_folder().await;
    let scope = "category = \"STD\"\nsites = [\"FR011\"]\nunassigned = true\n";
    site.configure(|text| text.replace("category = \"STD\"", scope) + FAST);
    site.apply().await;
    let codes: Vec<String> = shown(&site).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes[..2], ["NA001", "NA003"]);
    // What is made from an account has no site either, and stays in agreement.
    assert_eq!(codes.len(), 3);
    rename(&site, &codes[2], "M\u{fc}ller AG");
    site.work_until("the new name is shown", |_| {
        shown(&site)[2].1 == "M\u{fc}ller AG"
    })
    .await;
}

#[tokio::test]
async fn a_scope_that_cannot_be_is_refused_with_its_place() {
    let site = Site::open().await;
    for (scope, words) in [
        ("sites = [\" \"]", "customers.sites.0"),
        ("site_path = \"a..b\"", "customers.site_path"),
        ("unassigned = true", "customers.unassigned"),
    ] {
        site.configure(|text| text.replace("category = \"STD\"", scope));
        site.run(&["status"])
            .await
            .asks_to_fix(&["line 12", "column", words]);
    }
}
