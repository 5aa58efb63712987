//! Codes that the two systems spell differently, as the configuration has them.

use serde_json::json;

use crate::{
    page::Visitor,
    program::{FAST, Site},
    running::{SERVED, until},
};

/// The site's own country code for Germany, and a currency that has another name in Zoho.
const TABLES: &str = r#"
[[customers.rows]]
name = "currency"
x3 = "currency"
zoho = "Customer_Currency"
kind = "code"
direction = "to-zoho"
codes = "currencies"
[codes]
country_codes = { "ALL" = "DE" }
currencies = { "EUR" = "Euro" }
"#;

fn with_tables(text: String) -> String {
    text + TABLES
}

#[tokio::test]
async fn codes_of_the_site_are_translated_by_the_tables_of_the_configuration() {
    let site = Site::with_zoho(|zoho| {
        let field = zoho_crm_simulator::CustomField::new("Accounts", "Customer_Currency", "text");
        zoho.custom_field(field)
    })
    .await;
    let country = sage_x3_simulator::RecordSeed::new("country").set("code", "ALL");
    site.x3.seed("SEED", [country]).unwrap();
    site.configure(with_tables);
    site.apply().await;
    let customers = site.x3.customers("SEED").unwrap();
    let made = customers
        .iter()
        .find(|customer| customer.company_name == "M\u{fc}ller GmbH");
    let made = made.unwrap_or_else(|| panic!("not made: {customers:?}"));
    assert_eq!(made.addresses[0].country, "ALL");
    let accounts = site.zoho.records("Accounts");
    let shown = accounts
        .iter()
        .find(|account| account.text("X3_Code") == Some("NA001"));
    assert_eq!(shown.unwrap().text("Customer_Currency"), Some("Euro"));
}

#[tokio::test]
async fn a_country_that_no_code_stands_for_is_refused_with_its_place() {
    let site = Site::open().await;
    for (codes, word) in [
        ("{ ALL = \"GERMANY\" }", "no ISO 3166-1 code"),
        ("{ ALL = \"DE\", GER = \"de\" }", "two codes of X3"),
    ] {
        site.configure(|text| text + &format!("[codes]\ncountry_codes = {codes}\n"));
        let refused = site.run(&["status"]).await;
        refused.asks_to_fix(&["line 14", "column", "codes.country_codes.ALL", word]);
    }
    site.configure(|text| text + "[[customers.rows]]\nname = \"a\"\nx3 = \"b\"\nzoho = \"c\"\nkind = \"code\"\ncodes = \"colours\"\n");
    let refused = site.run(&["status"]).await;
    refused.asks_to_fix(&["line 18", "colours", "payment_terms"]);
}

#[tokio::test]
async fn a_code_without_a_pair_is_listed_by_the_command_and_the_page() {
    let site = Site::open().await;
    site.apply().await;
    let id = site.zoho.records("Accounts")[0].id.clone();
    let unknown = json!({"Billing_Country": "Atlantis"});
    site.zoho.edit_as_user("Accounts", &id, unknown).unwrap();
    site.configure(|text| text + FAST);
    site.work_until("the record is parked", |status| {
        status["flows"][0]["counts"]["parked"] == 1
    })
    .await;
    let listed = site.run(&["codes", "--json"]).await.json();
    let code = &listed["codes"][0];
    assert_eq!(
        [&code["table"], &code["side"], &code["code"]],
        ["countries", "zoho", "Atlantis"]
    );
    site.configure(|text| text + SERVED);
    let running = site.start().await;
    let visitor = Visitor::enter(&running).await;
    until("the parked records lead to the codes", || async {
        let parked = visitor.get("/parked").await.text;
        parked.contains("href=\"/parked/codes\"").then_some(())
    })
    .await;
    let shown = visitor.get("/parked/codes").await.text;
    for word in ["Atlantis", "countries", id.as_str()] {
        assert!(shown.contains(word), "`{word}` is not in: {shown}");
    }
    assert!(running.stop().await.success());
}
