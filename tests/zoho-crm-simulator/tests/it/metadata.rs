//! Metadata, organisation, users, currencies, editions.

use serde_json::{Value, json};
use zoho_crm_simulator::{CustomField, Edition, ZohoSimulator};

use crate::support::World;

fn named<'a>(rows: &'a Value, name: &str) -> &'a Value {
    rows.as_array()
        .unwrap()
        .iter()
        .find(|row| row["api_name"] == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

#[tokio::test]
async fn modules_below_professional_are_hidden_and_unusable() {
    let world = World::with(ZohoSimulator::builder().edition(Edition::Standard)).await;
    let modules = world.get("settings/modules").await.json()["modules"].clone();
    assert_eq!(named(&modules, "Accounts")["api_supported"], true);
    let orders = named(&modules, "Sales_Orders");
    assert_eq!(
        (&orders["api_supported"], &orders["status"]),
        (&json!(false), &json!("system_hidden"))
    );
    let list = world.get("Sales_Orders?fields=id").await;
    assert_eq!((list.status, list.code().as_str()), (400, "INVALID_MODULE"));
    let insert = world
        .post("Sales_Orders", json!({"data": [{"Subject": "x"}]}))
        .await;
    assert_eq!(
        (insert.status, &insert.row(0)["code"]),
        (400, &json!("INVALID_MODULE")),
        "writes wrap the error in data"
    );
    assert_eq!(
        world.get("settings/fields?module=Quotes").await.code(),
        "INVALID_MODULE"
    );
    let professional = World::with(ZohoSimulator::builder().edition(Edition::Professional)).await;
    assert_eq!(professional.get("Sales_Orders?fields=id").await.status, 204);
}

#[tokio::test]
async fn all_modules_of_a_sync_are_there_with_their_fields() {
    let world = World::new().await;
    for module in [
        "Accounts",
        "Contacts",
        "Leads",
        "Deals",
        "Products",
        "Vendors",
        "Quotes",
        "Sales_Orders",
        "Purchase_Orders",
        "Invoices",
        "Price_Books",
        "Ordered_Items",
    ] {
        let fields = world.get(&format!("settings/fields?module={module}")).await;
        assert_eq!(fields.status, 200, "{module}");
        assert!(
            fields.json()["fields"].as_array().unwrap().len() > 10,
            "{module}"
        );
        assert_eq!(
            world
                .get(&format!("settings/modules/{module}"))
                .await
                .json()["modules"][0]["api_name"],
            module
        );
    }
}

#[tokio::test]
async fn fields_tell_type_length_uniqueness_and_obligation() {
    let world = World::new().await;
    let fields = world.get("settings/fields?module=Accounts").await.json()["fields"].clone();
    let code = named(&fields, "X3_Code");
    assert_eq!(
        (&code["data_type"], &code["length"], &code["custom_field"]),
        (&json!("text"), &json!(50), &json!(true))
    );
    assert_eq!(code["unique"]["case_sensitive"], false);
    assert_eq!(named(&fields, "Phone")["unique"], json!({}));
    assert_eq!(named(&fields, "Account_Name")["system_mandatory"], true);
    assert_eq!(
        named(&fields, "Modified_Time")["operation_type"]["api_update"],
        false
    );
    assert_eq!(
        named(&fields, "Parent_Account")["lookup"]["module"]["api_name"],
        "Accounts"
    );
    assert_eq!(
        named(&fields, "X3_Credit_Limit")["currency"]["precision"],
        2
    );
    assert_eq!(
        named(&fields, "Rating")["pick_list_values"][0]["actual_value"],
        "-None-"
    );
    let layout = world.get("settings/layouts?module=Accounts").await.json()["layouts"][0].clone();
    assert_eq!(
        named(&layout["sections"][0]["fields"], "Account_Name")["required"],
        true
    );
    let missing = world.get("settings/fields").await;
    assert_eq!(
        (missing.status, missing.code().as_str()),
        (400, "REQUIRED_PARAM_MISSING")
    );
}

#[tokio::test]
async fn custom_fields_and_picklists_can_change_while_it_runs() {
    let world = World::new().await;
    assert!(
        world.simulator.add_custom_field(
            &CustomField::new("Accounts", "Region", "picklist").values(&["N", "S"])
        )
    );
    let good = world
        .post(
            "Accounts",
            json!({"data": [{"Account_Name": "A", "Region": "N"}]}),
        )
        .await;
    assert_eq!(good.status, 201);
    let bad = world
        .post(
            "Accounts",
            json!({"data": [{"Account_Name": "B", "Region": "X"}]}),
        )
        .await;
    assert_eq!(bad.row(0)["details"]["supported_values"], json!(["N", "S"]));
    assert!(world.simulator.remove_custom_field("Accounts", "Region"));
    let list = world.get("Accounts?fields=Account_Name,Region").await;
    assert!(list.row(0).get("Region").is_none());
    assert!(
        !world
            .simulator
            .add_custom_field(&CustomField::new("Accounts", "Phone", "text")),
        "standard fields stay"
    );
    // A field that becomes unique later is enforced for records that were there before.
    world.seed_accounts(1);
    assert!(
        world
            .simulator
            .add_custom_field(&CustomField::new("Accounts", "VAT_Number", "text").unique())
    );
    world
        .simulator
        .edit_as_user(
            "Accounts",
            &world.simulator.records("Accounts")[0].id,
            json!({"VAT_Number": "V1"}),
        )
        .unwrap();
    let duplicate = world
        .post(
            "Accounts",
            json!({"data": [{"Account_Name": "C", "VAT_Number": "v1"}]}),
        )
        .await;
    assert_eq!(duplicate.row(0)["code"], "DUPLICATE_DATA");
}

#[tokio::test]
async fn the_organisation_and_its_users_are_shown() {
    let world = World::with(ZohoSimulator::builder().edition(Edition::Professional)).await;
    let org = world.get("org").await.json()["org"][0].clone();
    assert_eq!(org["license_details"]["paid_type"], "professional");
    assert_eq!(
        (&org["iso_code"], &org["mc_status"]),
        (&json!("EUR"), &json!(false))
    );
    assert!(org["zgid"].is_string());
    let me = world.get("users?type=CurrentUser").await.json();
    assert_eq!(me["users"].as_array().unwrap().len(), 1);
    assert_eq!(me["users"][0]["email"], "integration@example.com");
    assert_eq!(world.get("users").await.json()["info"]["count"], 2);
    assert_eq!(world.get("users/1").await.status, 204);
}

#[tokio::test]
async fn currencies_exist_only_with_multi_currency() {
    let world = World::new().await;
    let off = world.get("org/currencies").await;
    assert_eq!(
        (off.status, off.code().as_str()),
        (403, "CURRENCIES_NOT_ENABLED")
    );
    world.simulator.configure(|settings| {
        settings.org.multi_currency = true;
        settings.org.currencies.push(zoho_crm_simulator::Currency {
            iso_code: "CHF".into(),
            name: "Swiss Franc".into(),
            symbol: "CHF".into(),
            exchange_rate: "0.950000000".into(),
        });
    });
    let currencies = world.get("org/currencies").await.json()["currencies"].clone();
    assert_eq!(
        (&currencies[0]["is_base"], &currencies[1]["exchange_rate"]),
        (&json!(true), &json!("0.950000000"))
    );
}

#[tokio::test]
async fn a_record_has_its_currency_only_with_multi_currency() {
    let world = World::new().await;
    let row = json!({"data": [{"Account_Name": "A", "Currency": "CHF"}]});
    assert_eq!(world.post("Accounts", row.clone()).await.status, 201);
    let fields = world.get("settings/fields?module=Accounts").await.text;
    assert!(!fields.contains("Exchange_Rate"));
    let list = world.get("Accounts?fields=Account_Name,Currency").await;
    assert!(list.row(0).get("Currency").is_none(), "an unknown field");
    world.simulator.configure(|settings| {
        settings.org.multi_currency = true;
        settings.org.currencies.push(zoho_crm_simulator::Currency {
            iso_code: "CHF".into(),
            name: "Swiss Franc".into(),
            symbol: "CHF".into(),
            exchange_rate: "0.950000000".into(),
        });
    });
    let id = world.post("Accounts", row).await.row(0)["details"]["id"].clone();
    let path = format!(
        "Accounts/{}?fields=Currency,Exchange_Rate",
        id.as_str().unwrap()
    );
    let account = world.get(&path).await.row(0);
    assert_eq!(
        (&account["Currency"], &account["Exchange_Rate"]),
        (&json!("CHF"), &json!(0.95))
    );
    let home = world
        .post("Accounts", json!({"data": [{"Account_Name": "B"}]}))
        .await
        .row(0)["details"]["id"]
        .clone();
    let home = world
        .get(&format!("Accounts/{}", home.as_str().unwrap()))
        .await;
    assert_eq!(home.row(0)["Currency"], "EUR");
    let unknown = world
        .post(
            "Accounts",
            json!({"data": [{"Account_Name": "C", "Currency": "XYZ"}]}),
        )
        .await;
    assert_eq!(unknown.row(0)["details"]["api_name"], "Currency");
}

#[tokio::test]
async fn an_edition_without_several_currencies_says_so() {
    let world = World::with(ZohoSimulator::builder().edition(Edition::Professional)).await;
    world
        .simulator
        .configure(|settings| settings.org.multi_currency = true);
    let answer = world.get("org/currencies").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (403, "FEATURE_NOT_SUPPORTED")
    );
}

#[tokio::test]
async fn a_module_that_an_administrator_hides_cannot_be_used() {
    let world = World::new().await;
    world
        .simulator
        .configure(|settings| settings.hidden_modules.push("Deals".to_owned()));
    assert_eq!(world.get("Deals?fields=id").await.code(), "INVALID_MODULE");
    let modules = world
        .get("settings/modules?status=user_hidden")
        .await
        .json()["modules"]
        .clone();
    assert_eq!(modules[0]["api_name"], "Deals");
    assert_eq!(modules[0]["api_supported"], false);
    let account = world.seed_accounts(1).remove(0);
    let list = world
        .get(&format!("Accounts/{account}/Deals?fields=id"))
        .await;
    assert_eq!(list.status, 400, "nor reached from another module");
}

#[tokio::test]
async fn custom_fields_are_created_and_deleted_over_the_api() {
    let world = World::new().await;
    let path = "settings/fields?module=Accounts";
    let body = json!({"fields": [
        {"field_label": "Dispatch Route", "data_type": "text", "length": 20, "unique": {"case_sensitive": true}},
        {"field_label": "Terms", "data_type": "picklist", "global_picklist": {"api_name": "Delivery_Terms"}},
        {"data_type": "text"},
    ]});
    let answer = world.post(path, body).await;
    assert_eq!(answer.status, 207, "{}", answer.text);
    let rows = answer.json()["fields"].clone();
    assert_eq!(rows[2]["code"], "MANDATORY_NOT_FOUND");
    assert_eq!(rows[2]["details"]["json_path"], "$.fields[2].field_label");
    let fields = world.get(path).await.json()["fields"].clone();
    let route = named(&fields, "Dispatch_Route");
    assert_eq!(
        (&route["id"], &route["length"]),
        (&rows[0]["details"]["id"], &json!(20))
    );
    assert_eq!(route["unique"]["case_sensitive"], true);
    let terms = named(&fields, "Terms");
    assert_eq!(terms["global_picklist"]["api_name"], "Delivery_Terms");
    assert_eq!(terms["pick_list_values"][1]["actual_value"], "EXW");
    let write = json!({"data": [{"Account_Name": "A", "Dispatch_Route": "North", "Terms": "DAP"}]});
    assert_eq!(world.post("Accounts", write).await.status, 201);
    let again = json!({"fields": [{"field_label": "Dispatch Route", "data_type": "text"}]});
    assert_eq!(
        world.post(path, again).await.json()["fields"][0]["code"],
        "DUPLICATE_DATA"
    );
    let id = route["id"].as_str().unwrap();
    let deleted = world
        .delete(&format!("settings/fields/{id}?module=Accounts"))
        .await;
    assert_eq!(deleted.status, 200, "{}", deleted.text);
    let account = world.get("Accounts?fields=Dispatch_Route").await;
    assert!(account.row(0).get("Dispatch_Route").is_none());
    let standard = named(&fields, "Phone")["id"].as_str().unwrap();
    let refused = world
        .delete(&format!("settings/fields/{standard}?module=Accounts"))
        .await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn a_deal_keeps_to_the_stages_of_its_pipeline() {
    let world = World::new().await;
    world
        .simulator
        .set_pipeline("Renewals", ["Asked", "Renewed"]);
    let deal = |pipeline: &str, stage: &str| json!({"data": [{"Deal_Name": "Bolts", "Pipeline": pipeline, "Stage": stage, "Closing_Date": "2026-12-31"}]});
    let good = world.post("Deals", deal("Renewals", "Asked")).await;
    assert_eq!(good.status, 201, "{}", good.text);
    let wrong = world.post("Deals", deal("Renewals", "Closed Won")).await;
    assert_eq!(wrong.row(0)["code"], "MAPPING_MISMATCH");
    assert_eq!(wrong.row(0)["details"]["dependee"]["api_name"], "Pipeline");
    let id = good.row(0)["details"]["id"].as_str().unwrap().to_owned();
    let moved = json!({"data": [{"Stage": "Qualification"}]});
    let moved = world.put(&format!("Deals/{id}"), moved).await;
    assert_eq!(moved.row(0)["code"], "MAPPING_MISMATCH");
    let other = deal("Standard (Standard)", "Closed Won");
    assert_eq!(world.post("Deals", other).await.status, 201);
}

#[tokio::test]
async fn pipelines_belong_to_the_layout_of_deals() {
    let world = World::new().await;
    let layout = async |module: &str| {
        let layouts = world
            .get(&format!("settings/layouts?module={module}"))
            .await;
        layouts.json()["layouts"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let deals = layout("Deals").await;
    let pipelines = world
        .get(&format!("settings/pipeline?layout_id={deals}"))
        .await;
    let pipeline = pipelines.json()["pipeline"][0].clone();
    assert_eq!(pipeline["actual_value"], "Standard (Standard)");
    assert_eq!(pipeline["maps"][0]["actual_value"], "Qualification");
    assert_eq!(pipeline["maps"][6]["forecast_type"], "Closed Won");
    let accounts = layout("Accounts").await;
    let refused = world
        .get(&format!("settings/pipeline?layout_id={accounts}"))
        .await;
    assert_eq!(refused.json()["details"]["param_name"], "layout_id");
    assert_eq!(
        world.get("settings/pipeline").await.code(),
        "REQUIRED_PARAM_MISSING"
    );
}

#[tokio::test]
async fn notes_attachments_and_users_are_modules_too() {
    let world = World::new().await;
    for module in ["Notes", "Attachments", "Users"] {
        let fields = world.get(&format!("settings/fields?module={module}")).await;
        assert_eq!(fields.status, 200, "{module}");
    }
    let list = world.get("Attachments?fields=id").await;
    assert_eq!((list.status, list.code().as_str()), (400, "NOT_SUPPORTED"));
    let lists = world.get("settings/global_picklists").await.json()["global_picklists"].clone();
    assert_eq!(lists[0]["pick_list_values"][0]["actual_value"], "EXW");
}
