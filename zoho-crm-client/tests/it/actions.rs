//! What is done with records, over the wire: which calls are repeated after a lost answer, and what becomes of rows.

use client_core::TransportErrorKind;
use futures::{FutureExt, future::BoxFuture};
use http::Method;
use serde_json::{Value, json};
use zoho_crm_client::{
    Error, InventoryTarget, JobState, Lead, LeadConversion, MassKind, MassLeadConversion,
    OwnerChange, Quote, Record, RecordId, SubRequest, ZohoClient,
};

use crate::support::{inserted, script, scripted};

fn id(text: &str) -> RecordId {
    text.parse().unwrap()
}

fn success(id: &str) -> Value {
    json!({"code": "SUCCESS", "details": {"id": id}, "message": "done", "status": "success"})
}

fn refused(field: &str) -> Value {
    json!({"code": "INVALID_DATA", "details": {"api_name": field, "json_path": "$.ids[1]"}, "message": "invalid data", "status": "error"})
}

type Action = fn(ZohoClient) -> BoxFuture<'static, Result<(), Error>>;

macro_rules! action {
    ($client:ident => $call:expr) => {
        |$client: ZohoClient| async move { $call.await.map(|_| ()) }.boxed()
    };
}

/// What makes something new, or starts something, whenever it is done.
const ONCE: [(&str, Action); 12] = [
    (
        "clone",
        action!(zoho => zoho.module("Deals").record(&id("12")).clone_record(&Record::new())),
    ),
    (
        "convert lead",
        action!(zoho => zoho.typed_module::<Lead>().record(&id("12")).convert(&LeadConversion::new())),
    ),
    (
        "convert leads",
        action!(zoho => zoho.typed_module::<Lead>().convert_many(&[id("12")], &MassLeadConversion::new())),
    ),
    (
        "convert quote",
        action!(zoho => zoho.typed_module::<Quote>().record(&id("12")).convert_to(&[InventoryTarget::sales_order()])),
    ),
    (
        "convert quotes",
        action!(zoho => zoho.typed_module::<Quote>().convert_many_to(&[id("12")], &[InventoryTarget::invoice()])),
    ),
    (
        "lock",
        action!(zoho => zoho.module("Deals").record(&id("12")).locks().lock("audit")),
    ),
    (
        "create tags",
        action!(zoho => zoho.module("Deals").tags().create(&["vip".into()])),
    ),
    (
        "merge tags",
        action!(zoho => zoho.module("Deals").tags().merge(&id("1"), &id("2"))),
    ),
    (
        "update view",
        action!(zoho => zoho.module("Deals").mass().update_view(&id("1"), &Record::new().with("City", "Bern"))),
    ),
    (
        "delete view",
        action!(zoho => zoho.module("Deals").mass().delete_view(&id("1"))),
    ),
    (
        "give view",
        action!(zoho => zoho.module("Deals").mass().change_owner_of_view(&id("1"), &OwnerChange::to(id("9")))),
    ),
    (
        "composite write",
        action!(zoho => zoho.composite().request(SubRequest::new("1", Method::POST, "/crm/v8/Deals").json(json!({}))).send()),
    ),
];

#[tokio::test]
async fn what_would_be_done_twice_is_sent_once() {
    for (name, action) in ONCE {
        let transport = script().failure(TransportErrorKind::Interrupted);
        let (client, _) = scripted(&transport);
        let error = action(client).await.unwrap_err();
        assert!(error.may_have_been_applied(), "{name}");
        assert_eq!(transport.requests().len(), 2, "{name}");
    }
}

/// What ends the same however often it is done.
const AGAIN: [(&str, Action); 8] = [
    (
        "owner of one",
        action!(zoho => zoho.module("Deals").record(&id("12")).change_owner(&OwnerChange::to(id("9")))),
    ),
    (
        "owner of many",
        action!(zoho => zoho.module("Deals").change_owner(&[id("12")], &OwnerChange::to(id("9")))),
    ),
    (
        "unlock",
        action!(zoho => zoho.module("Deals").record(&id("12")).locks().unlock(&id("3"))),
    ),
    (
        "update tags",
        action!(zoho => zoho.module("Deals").tags().update(&[(id("7"), "gold".into())])),
    ),
    (
        "tag",
        action!(zoho => zoho.module("Deals").tags().add_to(&[id("12")], &["vip".into()])),
    ),
    (
        "untag",
        action!(zoho => zoho.module("Deals").tags().remove_from(&[id("12")], &["vip"])),
    ),
    (
        "mass update",
        action!(zoho => zoho.module("Deals").mass().update(&[id("12")], &Record::new().with("City", "Bern"))),
    ),
    (
        "mass delete",
        action!(zoho => zoho.module("Deals").mass().delete(&[id("12")])),
    ),
];

#[tokio::test]
async fn what_ends_the_same_is_repeated_after_a_lost_answer() {
    for (name, action) in AGAIN {
        let transport = script()
            .failure(TransportErrorKind::Interrupted)
            .answer(200, json!({"data": [success("12")]}).to_string());
        let (client, _) = scripted(&transport);
        action(client).await.unwrap();
        assert_eq!(transport.requests().len(), 3, "{name}");
    }
}

#[tokio::test]
async fn an_owner_who_is_told_is_not_told_twice() {
    let transport = script().failure(TransportErrorKind::Interrupted);
    let (client, _) = scripted(&transport);
    let owner = OwnerChange::to(id("9")).notify();
    let change = client.module("Deals").record(&id("12"));
    assert!(change.change_owner(&owner).await.is_err());
    assert_eq!(transport.requests().len(), 2);
}

#[tokio::test]
async fn each_record_of_a_mass_change_has_its_own_outcome() {
    let answer = json!({"data": [success("12"), refused("id"), success("14")]}).to_string();
    let transport = script()
        .answer(207, answer.clone())
        .answer(202, answer.clone())
        .answer(200, answer);
    let (client, _) = scripted(&transport);
    let deals = client.module("Deals");
    let ids = [id("12"), id("13"), id("14")];
    let fields = Record::new().with("Stage", "Won");
    for outcomes in [
        deals.mass().update(&ids, &fields).await.unwrap(),
        deals
            .change_owner(&ids, &OwnerChange::to(id("9")))
            .await
            .unwrap(),
        deals.tags().add_to(&ids, &["vip".into()]).await.unwrap(),
    ] {
        let failure = outcomes.all_ok().unwrap_err();
        assert_eq!(failure.failed[0].0, 1);
        assert_eq!(failure.failed[0].1.json_path(), Some("$.ids[1]"));
        assert_eq!(failure.written.len(), 2);
    }
}

#[tokio::test]
async fn a_refusal_of_the_only_record_is_an_error() {
    let transport = script()
        // Zoho's documents show refusals of an owner change as a success.
        .answer(200, refused("owner").to_string())
        .answer(202, json!({"data": [refused("Deals")]}).to_string())
        .answer(400, json!({"data": [refused("Deal_Name")]}).to_string());
    let (client, _) = scripted(&transport);
    let owner = OwnerChange::to(id("9"));
    let lead = client.typed_module::<Lead>().record(&id("12"));
    for (error, field) in [
        (lead.change_owner(&owner).await.unwrap_err(), "owner"),
        (
            lead.convert(&LeadConversion::new()).await.unwrap_err(),
            "Deals",
        ),
        (
            lead.clone_record(&Record::new()).await.unwrap_err(),
            "Deal_Name",
        ),
    ] {
        assert_eq!(error.api_error().unwrap().field().unwrap(), field);
        assert!(!error.may_have_been_applied());
    }
}

#[tokio::test]
async fn a_job_is_started_and_followed() {
    let transport = script()
        .answer(200, json!({"data": [{"code": "SUCCESS", "details": {"job_id": "77"}, "message": "mass update scheduled successfully", "status": "success"}]}).to_string())
        .answer(200, json!({"data": [{"Status": "RUNNING", "Total_Count": 3}]}).to_string())
        .answer(200, json!({"data": [{"Status": "COMPLETED", "Total_Count": 3, "Updated_Count": 2, "Failed_Count": 1}]}).to_string())
        .answer(204, "");
    let (client, _) = scripted(&transport);
    let mass = client.module("Leads").mass();
    let fields = Record::new().with("City", "Bern");
    let job = mass.update_view(&id("5"), &fields).await.unwrap();
    let status = mass.status(MassKind::Update, &job).await.unwrap().unwrap();
    assert_eq!((status.state, status.done), (JobState::InProgress, None));
    let status = mass.status(MassKind::Update, &job).await.unwrap().unwrap();
    assert_eq!((status.done, status.failed), (Some(2), Some(1)));
    assert!(mass.status(MassKind::Update, &job).await.unwrap().is_none());
}

#[tokio::test]
async fn quotes_become_orders_and_leads_customers() {
    let transport = script()
        .answer(200, json!({"data": [{"code": "SUCCESS", "details": {"Sales_Orders": {"id": "34", "name": "SO"}}, "message": "The record has been converted successfully", "status": "success"}]}).to_string())
        .answer(200, json!({"data": [{"code": "SUCCESS", "details": {"Contacts": {"id": "35", "name": "Ada"}, "Accounts": {"id": "36", "name": "Müller"}, "Deals": null}, "message": "The record has been converted successfully", "status": "success"}]}).to_string())
        .answer(201, json!({"data": [inserted(37)]}).to_string());
    let (client, _) = scripted(&transport);
    let quote = client.typed_module::<Quote>().record(&id("12"));
    let made = quote
        .convert_to(&[InventoryTarget::sales_order()])
        .await
        .unwrap();
    assert_eq!(made["Sales_Orders"].id, "34");
    let lead = client.typed_module::<Lead>().record(&id("12"));
    let customer = lead.convert(&LeadConversion::new()).await.unwrap();
    assert_eq!(customer.account.unwrap().id, "36");
    assert!(customer.deal.is_none());
    let copy = quote.clone_record(&Record::new()).await.unwrap();
    assert_eq!(copy.id, "37");
}

#[tokio::test]
async fn the_parts_of_a_composite_fail_apart() {
    let answer = json!({"__composite_requests": [
        {"code": "SUCCESS", "details": {"response": {"headers": {}, "body": {"data": [{"id": "12"}]}, "status_code": 200}}, "message": "", "status": "success"},
        {"code": "REQUEST_TIMEOUT", "details": {}, "message": "timed out", "status": "error"}
    ]});
    let transport = script()
        .failure(TransportErrorKind::Timeout)
        .answer(207, answer.to_string());
    let (client, _) = scripted(&transport);
    let get = |name: &str| SubRequest::new(name, Method::GET, "/crm/v8/Accounts/12");
    let reads = client.composite().request(get("1")).request(get("2"));
    let outcomes = reads.send().await.unwrap().into_vec();
    assert!(outcomes[0].is_ok());
    assert_eq!(outcomes[1].as_ref().unwrap_err().code(), "REQUEST_TIMEOUT");
    assert_eq!(transport.requests().len(), 3);
}
