//! Conversions of leads, quotes and orders.

use serde_json::{Value, json};

use crate::support::World;

fn lead(world: &World) -> String {
    let lead = json!({"Last_Name": "Berg", "First_Name": "Anna", "Company": "Northwind", "Email": "anna@example.com",
        "City": "Paris", "Tag": [{"name": "fair"}, {"name": "hot"}]});
    world.simulator.seed("Leads", [lead]).unwrap().remove(0)
}

#[tokio::test]
async fn what_a_lead_could_become_is_told() {
    let world = World::new().await;
    let lead = lead(&world);
    let path = format!("Leads/{lead}/__conversion_options");
    let options = world.get(&path).await.json()["__conversion_options"].clone();
    assert_eq!(options["Accounts"], json!([]));
    let account = json!({"Account_Name": "Northwind"});
    let account = world
        .simulator
        .seed("Accounts", [account])
        .unwrap()
        .remove(0);
    let options = world.get(&path).await.json()["__conversion_options"].clone();
    assert_eq!(
        options["Accounts"],
        json!([{"name": "Northwind", "id": account}])
    );
    let matched = &options["preference_field_matched_value"];
    assert_eq!(matched["Accounts"][0]["matched_lead_value"], "Northwind");
    assert_eq!(matched["Contacts"], json!([]));
    assert_eq!(world.get("Leads/1/__conversion_options").await.status, 204);
}

#[tokio::test]
async fn many_leads_are_converted_by_a_job() {
    let world = World::new().await;
    let good = lead(&world);
    let body = json!({"ids": [good, "1"], "carry_over_tags": [{"api_name": "Contacts"}],
        "Deals": {"Deal_Name": "Bolts", "Stage": "Qualification", "Closing_Date": "2026-12-31"}});
    world.simulator.reset_counters();
    let started = world.post("Leads/actions/mass_convert", body).await;
    assert_eq!(
        (started.status, started.code().as_str()),
        (200, "SCHEDULED")
    );
    assert_eq!(world.simulator.counters().credits_spent, 200);
    let job = started.json()["details"]["job_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("Leads/actions/mass_convert?job_id={job}");
    let mut status = world.get(&path).await.row(0);
    for _ in 0..20 {
        if status["Status"] == "COMPLETED" {
            break;
        }
        status = world.get(&path).await.row(0);
    }
    assert_eq!(
        (&status["Converted_Count"], &status["Failed_Count"]),
        (&json!(1), &json!(1))
    );
    let contacts = world.simulator.records("Contacts");
    assert_eq!(contacts.len(), 1);
    let contact = world
        .get(&format!("Contacts/{}", contacts[0].id))
        .await
        .row(0);
    assert_eq!(contact["Tag"].as_array().unwrap().len(), 2);
    let none = world.post("Leads/actions/mass_convert", json!({})).await;
    assert_eq!(none.code(), "MANDATORY_NOT_FOUND");
}

#[tokio::test]
async fn a_lead_becomes_an_account_a_contact_and_a_deal() {
    let world = World::new().await;
    let lead = lead(&world);
    let body = json!({"data": [{"Deals": {"Deal_Name": "Bolts", "Stage": "Qualification", "Closing_Date": "2026-12-31"},
        "carry_over_tags": {"Contacts": ["hot"]}}]});
    let path = format!("Leads/{lead}/actions/convert");
    world.simulator.reset_counters();
    let converted = world.post(&path, body.clone()).await;
    assert_eq!(converted.status, 200, "{}", converted.text);
    assert_eq!(world.simulator.counters().credits_spent, 5);
    let details = converted.row(0)["details"].clone();
    assert_eq!(details["Accounts"]["name"], "Northwind");
    let id = |module: &str| details[module]["id"].as_str().unwrap().to_owned();
    let contact = world
        .get(&format!("Contacts/{}", id("Contacts")))
        .await
        .row(0);
    assert_eq!(contact["Account_Name"]["id"], details["Accounts"]["id"]);
    assert_eq!(contact["Mailing_City"], "Paris");
    assert_eq!(contact["Tag"].as_array().unwrap().len(), 1);
    let deal = world.get(&format!("Deals/{}", id("Deals"))).await.row(0);
    assert_eq!(deal["Contact_Name"]["id"], details["Contacts"]["id"]);
    let read = world.get(&format!("Leads/{lead}")).await.row(0);
    assert_eq!(
        (&read["Converted__s"], &read["$converted"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(read["Converted_Account"]["id"], details["Accounts"]["id"]);
    assert_eq!(
        world.get("Leads?fields=id").await.status,
        204,
        "lists leave it out"
    );
    assert_eq!(
        world.get("Leads?fields=id&converted=both").await.status,
        200
    );
    let again = world.post(&path, body).await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (400, "ID_ALREADY_CONVERTED")
    );
    let change = world
        .put(
            &format!("Leads/{lead}"),
            json!({"data": [{"City": "Lyon"}]}),
        )
        .await;
    assert_eq!(change.row(0)["code"], "CONVERTED_RECORD");
}

#[tokio::test]
async fn a_lead_joins_records_that_are_there() {
    let world = World::new().await;
    let (lead, account) = (lead(&world), world.seed_accounts(1).remove(0));
    let body = json!({"data": [{"Accounts": {"id": account}}]});
    let converted = world
        .post(&format!("Leads/{lead}/actions/convert"), body)
        .await;
    let details = converted.row(0)["details"].clone();
    assert_eq!(details["Accounts"]["id"], account.as_str());
    assert!(details["Deals"].is_null());
    assert_eq!(world.simulator.records("Accounts").len(), 1);
    assert_eq!(world.simulator.records("Contacts").len(), 1);
}

#[tokio::test]
async fn a_conversion_that_cannot_be_finished_leaves_nothing_behind() {
    let world = World::new().await;
    let lead = lead(&world);
    let body = json!({"data": [{"Deals": {"Deal_Name": "Bolts"}}]});
    let refused = world
        .post(&format!("Leads/{lead}/actions/convert"), body)
        .await;
    assert_eq!(
        (refused.status, &refused.row(0)["code"]),
        (400, &json!("MANDATORY_NOT_FOUND"))
    );
    assert_eq!(
        refused.row(0)["details"]["json_path"],
        "$.data[0].Deals.Stage"
    );
    assert!(world.simulator.records("Accounts").is_empty());
    assert!(world.simulator.records("Contacts").is_empty());
    assert_eq!(world.get("Leads?fields=id").await.status, 200, "still open");
    let unknown = world
        .post(
            "Leads/4876876000009999999/actions/convert",
            json!({"data": [{}]}),
        )
        .await;
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (400, "INVALID_DATA")
    );
}

#[tokio::test]
async fn a_quote_becomes_an_order_and_the_order_an_invoice() {
    let world = World::new().await;
    let account = world.seed_accounts(1).remove(0);
    let product = world
        .simulator
        .seed("Products", [json!({"Product_Name": "Bolt"})])
        .unwrap()
        .remove(0);
    let quote = json!({"Subject": "Offer", "Account_Name": {"id": account}, "Quote_Stage": "Draft", "Adjustment": 1,
        "Quoted_Items": [{"Product_Name": {"id": product}, "Quantity": 2, "List_Price": 5.5}]});
    let quote = world.simulator.seed("Quotes", [quote]).unwrap().remove(0);
    let to = |module: &str| json!({"data": [{"convert_to": [{"module": {"api_name": module}}]}]});
    let convert = async |module: &str, id: &str, body: Value| {
        let converted = world
            .post(&format!("{module}/{id}/actions/convert"), body)
            .await;
        assert_eq!(converted.status, 200, "{}", converted.text);
        converted.row(0)["details"].clone()
    };
    let order = convert("Quotes", &quote, to("Sales_Orders")).await["Sales_Orders"].clone();
    assert_eq!(order["name"], "Offer");
    let order = order["id"].as_str().unwrap();
    let read = world.get(&format!("Sales_Orders/{order}")).await.row(0);
    assert_eq!(read["Quote_Name"]["id"], quote.as_str());
    assert_eq!(read["Ordered_Items"][0]["Quantity"], 2);
    assert_eq!(read["Grand_Total"].as_f64(), Some(12.0));
    let again = world
        .post(
            &format!("Quotes/{quote}/actions/convert"),
            to("Sales_Orders"),
        )
        .await;
    assert_eq!(again.code(), "ID_ALREADY_CONVERTED");
    let root = json!({"convert_to": [{"module": {"api_name": "Invoices"}}]});
    let invoice = convert("Sales_Orders", order, root).await["Invoices"]["id"].clone();
    let invoice = world
        .get(&format!("Invoices/{}", invoice.as_str().unwrap()))
        .await
        .row(0);
    assert_eq!(invoice["Sales_Order"]["id"], order);
    assert_eq!(invoice["Invoiced_Items"][0]["List_Price"], json!(5.5));
    let nowhere = world
        .post(
            &format!("Sales_Orders/{order}/actions/convert"),
            to("Quotes"),
        )
        .await;
    assert_eq!(
        nowhere.json()["details"]["supported_values"],
        json!(["Invoices"])
    );
}
