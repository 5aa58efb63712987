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
