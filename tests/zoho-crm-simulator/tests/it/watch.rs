//! Notification channels and their callbacks.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};

use crate::support::World;

/// A receiver of callbacks that writes down what arrives.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    pub(crate) async fn start(status: StatusCode) -> Self {
        let received: Arc<Mutex<Vec<Value>>> = Arc::default();
        let sink = Arc::clone(&received);
        let take = move |body: String| {
            sink.lock()
                .unwrap()
                .push(serde_json::from_str(&body).unwrap());
            async move { status }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/zoho?tenant=42", listener.local_addr().unwrap());
        tokio::spawn(async move {
            axum::serve(listener, Router::new().route("/zoho", post(take))).await
        });
        Self { url, received }
    }

    pub(crate) async fn received(&self, world: &World) -> Vec<Value> {
        world.simulator.flush_callbacks().await;
        self.received.lock().unwrap().clone()
    }
}

fn channel(receiver: &Receiver) -> Value {
    json!({"channel_id": "1000000068001", "events": ["Accounts.all"], "notify_url": receiver.url, "token": "t-123",
        "notify_on_related_action": false})
}

async fn subscribed(change: impl FnOnce(&mut Value)) -> (World, Receiver) {
    let (world, receiver) = (World::new().await, Receiver::start(StatusCode::OK).await);
    let mut channel = channel(&receiver);
    change(&mut channel);
    let answer = world
        .post("actions/watch", json!({"watch": [channel]}))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    (world, receiver)
}

#[tokio::test]
async fn a_callback_names_the_records_and_own_writes_are_reported_too() {
    let (world, receiver) =
        subscribed(|channel| channel["return_affected_field_values"] = json!(true)).await;
    let answer = world
        .post(
            "Accounts",
            json!({"data": [{"Account_Name": "A"}, {"Account_Name": "B"}], "trigger": []}),
        )
        .await;
    let ids = [
        answer.row(0)["details"]["id"].clone(),
        answer.row(1)["details"]["id"].clone(),
    ];
    let id = ids[0].as_str().unwrap();
    world
        .simulator
        .edit_as_user("Accounts", id, json!({"Phone": "123"}))
        .unwrap();
    world.delete(&format!("Accounts/{id}")).await;
    let received = receiver.received(&world).await;
    let operations: Vec<&Value> = received.iter().map(|body| &body["operation"]).collect();
    assert_eq!(operations, ["insert", "update", "delete"]);
    assert_eq!(
        received[0]["ids"],
        json!(ids),
        "all rows of one request come in one notification"
    );
    let update = &received[1];
    assert_eq!(update["module"], "Accounts");
    assert_eq!(update["channel_id"], "1000000068001");
    assert_eq!(update["token"], "t-123");
    assert_eq!(update["query_params"], json!({"tenant": "42"}));
    assert_eq!(update["server_time"], 1_793_606_400_000_i64);
    assert_eq!(update["affected_fields"], json!([{id: ["Phone"]}]));
    assert_eq!(
        update["affected_values"],
        json!([{"record_id": id, "values": {"Phone": "123"}}])
    );
    assert!(
        update["resource_uri"]
            .as_str()
            .unwrap()
            .ends_with("/crm/v2/Accounts")
    );
    assert_eq!(world.simulator.counters().callbacks_delivered, 3);
}

#[tokio::test]
async fn only_subscribed_events_of_subscribed_modules_are_reported() {
    let (world, receiver) =
        subscribed(|channel| channel["events"] = json!(["Accounts.edit"])).await;
    let id = world
        .simulator
        .create_as_user("Accounts", json!({"Account_Name": "A"}))
        .unwrap();
    world
        .simulator
        .create_as_user(
            "Contacts",
            json!({"Last_Name": "B", "Account_Name": {"id": id}}),
        )
        .unwrap();
    world
        .simulator
        .seed("Accounts", [json!({"Account_Name": "seeded"})])
        .unwrap();
    assert_eq!(receiver.received(&world).await.len(), 0);
    world
        .simulator
        .edit_as_user("Accounts", &id, json!({"Phone": "1"}))
        .unwrap();
    assert_eq!(receiver.received(&world).await.len(), 1);
}

#[tokio::test]
async fn related_records_are_reported_unless_switched_off() {
    let drop_flag = |channel: &mut Value| {
        channel
            .as_object_mut()
            .unwrap()
            .remove("notify_on_related_action");
    };
    let (world, receiver) = subscribed(drop_flag).await;
    let id = world.seed_accounts(1).remove(0);
    world
        .simulator
        .create_as_user(
            "Contacts",
            json!({"Last_Name": "B", "Account_Name": {"id": id}}),
        )
        .unwrap();
    let received = receiver.received(&world).await;
    assert_eq!(
        (&received[0]["operation"], &received[0]["ids"]),
        (&json!("update"), &json!([id]))
    );
}

#[tokio::test]
async fn a_field_condition_lets_only_such_edits_through() {
    let condition = json!([{"type": "field_selection", "module": {"api_name": "Accounts"},
        "field_selection": {"group_operator": "or", "group": [{"field": {"api_name": "Phone"}}, {"field": {"api_name": "Fax"}}]}}]);
    let (world, receiver) =
        subscribed(|channel| channel["notification_condition"] = condition).await;
    let id = world.seed_accounts(1).remove(0);
    world
        .simulator
        .edit_as_user("Accounts", &id, json!({"Website": "a.example"}))
        .unwrap();
    assert_eq!(receiver.received(&world).await.len(), 0);
    world
        .simulator
        .edit_as_user("Accounts", &id, json!({"Fax": "1"}))
        .unwrap();
    assert_eq!(receiver.received(&world).await.len(), 1);
}

#[tokio::test]
async fn a_channel_lives_an_hour_by_default_a_week_at_most_and_too_much_falls_back_to_an_hour() {
    let (world, receiver) = (World::new().await, Receiver::start(StatusCode::OK).await);
    let expiry_of = async |asked: Option<&str>| {
        let mut channel = channel(&receiver);
        if let Some(asked) = asked {
            channel["channel_expiry"] = json!(asked);
        }
        let answer = world
            .post("actions/watch", json!({"watch": [channel]}))
            .await;
        answer.json()["watch"][0]["details"]["events"][0]["channel_expiry"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(expiry_of(None).await, "2026-11-02T11:00:00+02:00");
    assert_eq!(
        expiry_of(Some("2026-11-09T07:00:00+00:00")).await,
        "2026-11-09T09:00:00+02:00"
    );
    assert_eq!(
        expiry_of(Some("2026-11-09T08:00:01+00:00")).await,
        "2026-11-02T11:00:00+02:00"
    );
}

#[tokio::test]
async fn an_expired_channel_is_silent_and_not_subscribed() {
    let (mut world, receiver) = subscribed(|_| {}).await;
    let id = world.seed_accounts(1).remove(0);
    world.advance(3_600);
    world.token = world.mint().await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    world
        .simulator
        .edit_as_user("Accounts", &id, json!({"Phone": "1"}))
        .unwrap();
    assert_eq!(receiver.received(&world).await.len(), 0);
    assert_eq!(world.get("actions/watch").await.status, 204);
    let expected = json!({"watch": [{"code": "NOT_SUBSCRIBED", "details": {},
        "message": "Not subscribed for actions-watch of the given channel", "status": "error"}]});
    for answer in [
        world
            .patch("actions/watch", json!({"watch": [channel(&receiver)]}))
            .await,
        world
            .put("actions/watch", json!({"watch": [channel(&receiver)]}))
            .await,
        world
            .delete("actions/watch?channel_ids=1000000068001")
            .await,
    ] {
        assert_eq!((answer.status, answer.json()), (400, expected.clone()));
    }
    assert_eq!(
        world
            .post("actions/watch", json!({"watch": [channel(&receiver)]}))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn patch_changes_what_it_names_put_replaces_everything_and_delete_ends_it() {
    let (world, receiver) = subscribed(|_| {}).await;
    let patch = json!({"channel_id": "1000000068001", "events": ["Accounts.edit", "Contacts.create"],
        "notify_url": receiver.url, "channel_expiry": "2026-11-03T10:00:00+02:00"});
    let answer = world
        .patch("actions/watch", json!({"watch": [patch]}))
        .await;
    assert_eq!(
        answer.json()["watch"][0]["message"],
        "Successfully updated the subscribe details"
    );
    let listed = world.get("actions/watch").await.json();
    let rows = listed["watch"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "one row a module");
    assert_eq!(
        rows[0]["token"], "t-123",
        "a patch keeps what it does not name"
    );
    assert_eq!(rows[0]["channel_expiry"], "2026-11-03T10:00:00+02:00");
    let put = json!({"channel_id": "1000000068001", "events": ["Accounts.all"], "notify_url": receiver.url});
    world.put("actions/watch", json!({"watch": [put]})).await;
    let row = world.get("actions/watch?module=Accounts").await.json()["watch"][0].clone();
    assert!(row["token"].is_null(), "a put drops what it does not name");
    assert_eq!(
        row["events"],
        json!(["Accounts.create", "Accounts.edit", "Accounts.delete"])
    );
    let removed = json!({"channel_id": "1000000068001", "events": ["Accounts.delete"], "_delete_events": true});
    let answer = world
        .patch("actions/watch", json!({"watch": [removed]}))
        .await;
    assert_eq!(
        answer.json()["watch"][0]["message"],
        "Successfully removed the subscribe details"
    );
    let answer = world
        .delete("actions/watch?channel_ids=1000000068001")
        .await;
    assert_eq!(
        answer.json()["watch"][0]["message"],
        "Successfully un-subscribed from actions-watch"
    );
    assert!(world.simulator.channel_ids().is_empty());
}

#[tokio::test]
async fn subscriptions_are_checked() {
    let (world, receiver) = (World::new().await, Receiver::start(StatusCode::OK).await);
    for (change, code, name) in [
        (
            json!({"notify_url": null}),
            "MANDATORY_NOT_FOUND",
            "notify_url",
        ),
        (
            json!({"channel_id": null}),
            "MANDATORY_NOT_FOUND",
            "channel_id",
        ),
        (json!({"events": ["Nothing.all"]}), "INVALID_DATA", "events"),
        (
            json!({"events": ["Accounts.insert"]}),
            "INVALID_DATA",
            "events",
        ),
    ] {
        let mut channel = channel(&receiver);
        channel
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let answer = world
            .post("actions/watch", json!({"watch": [channel]}))
            .await;
        let row = answer.json()["watch"][0].clone();
        assert_eq!(
            (answer.status, &row["code"], &row["details"]["api_name"]),
            (400, &json!(code), &json!(name))
        );
    }
}

#[tokio::test]
async fn callbacks_can_be_dropped_duplicated_and_reordered() {
    let (world, receiver) = subscribed(|_| {}).await;
    let ids = world.seed_accounts(4);
    let edit_all = |phone: &str| {
        for id in &ids {
            world
                .simulator
                .edit_as_user("Accounts", id, json!({"Phone": phone}))
                .unwrap();
        }
    };
    world
        .simulator
        .configure(|settings| settings.callbacks.drop = 1.0);
    edit_all("1");
    assert_eq!(receiver.received(&world).await.len(), 0);
    assert_eq!(world.simulator.counters().callbacks_dropped, 4);
    world.simulator.configure(|settings| {
        settings.callbacks.drop = 0.0;
        settings.callbacks.duplicate = 1.0;
    });
    edit_all("2");
    assert_eq!(receiver.received(&world).await.len(), 8);
    receiver.received.lock().unwrap().clear();
    world.simulator.configure(|settings| {
        settings.callbacks.duplicate = 0.0;
        settings.callbacks.reorder_window = 4;
    });
    edit_all("3");
    let order: Vec<Value> = receiver
        .received(&world)
        .await
        .iter()
        .map(|body| body["ids"][0].clone())
        .collect();
    let sent: Vec<Value> = ids.iter().map(|id| json!(id)).collect();
    assert_ne!(order, sent);
    let mut sorted = order.clone();
    sorted.sort_by_key(|id| id.as_str().unwrap().to_owned());
    assert_eq!(sorted, sent, "nothing is lost by reordering");
}

#[tokio::test]
async fn held_and_delayed_callbacks_wait() {
    let (world, receiver) = subscribed(|_| {}).await;
    let id = world.seed_accounts(1).remove(0);
    world
        .simulator
        .configure(|settings| settings.callbacks.delay_millis = 30_000);
    world
        .simulator
        .edit_as_user("Accounts", &id, json!({"Phone": "1"}))
        .unwrap();
    // The clock stands still, so whatever was due would have gone out by the time this answer is here.
    world.get("org").await;
    assert_eq!(receiver.received.lock().unwrap().len(), 0);
    assert_eq!(
        receiver.received(&world).await.len(),
        1,
        "a flush does not wait for the clock"
    );
}

#[tokio::test]
async fn refused_callbacks_are_counted_and_not_repeated() {
    let (world, receiver) = (
        World::new().await,
        Receiver::start(StatusCode::INTERNAL_SERVER_ERROR).await,
    );
    world
        .post("actions/watch", json!({"watch": [channel(&receiver)]}))
        .await;
    world
        .simulator
        .create_as_user("Accounts", json!({"Account_Name": "A"}))
        .unwrap();
    assert_eq!(receiver.received(&world).await.len(), 1);
    let counters = world.simulator.counters();
    assert_eq!(
        (counters.callbacks_delivered, counters.callbacks_failed),
        (0, 1)
    );
}
