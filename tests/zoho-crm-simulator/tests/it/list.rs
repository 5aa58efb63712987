//! Reading lists and single records, and the list of deleted ones.

use reqwest::Method;
use serde_json::json;
use zoho_crm_simulator::ZohoSimulator;

use crate::support::{World, reply};

#[tokio::test]
async fn fields_are_mandatory_and_at_most_fifty() {
    let world = World::new().await;
    let missing = world.get("Accounts").await;
    assert_eq!(
        (missing.status, missing.code().as_str()),
        (400, "REQUIRED_PARAM_MISSING")
    );
    assert_eq!(missing.json()["details"]["param_name"], "fields");
    let fields = (0..51)
        .map(|number| format!("F{number}"))
        .collect::<Vec<_>>()
        .join(",");
    let many = world.get(&format!("Accounts?fields={fields}")).await;
    assert_eq!(many.code(), "LIMIT_EXCEEDED");
    assert_eq!(
        many.json()["details"],
        json!({"limit": 50, "param_name": "fields"})
    );
}

#[tokio::test]
async fn an_empty_list_is_204_and_nothing_newer_is_304() {
    let world = World::new().await;
    let empty = world.get("Accounts?fields=Account_Name").await;
    assert_eq!((empty.status, empty.text.as_str()), (204, ""));
    world.seed_accounts(1);
    let since = |instant: &str| {
        let request = world.request(Method::GET, "Accounts?fields=Account_Name");
        reply(request.header("If-Modified-Since", instant.to_owned()))
    };
    let unchanged = since("2026-11-02T10:00:00+02:00").await;
    assert_eq!(
        (unchanged.status, unchanged.text.as_str()),
        (304, ""),
        "the same second is not newer"
    );
    assert_eq!(since("2026-11-02T09:59:59+02:00").await.status, 200);
    let http_date = since("Mon, 02 Nov 2026 08:00:00 GMT").await;
    assert_eq!(
        (http_date.status, http_date.code().as_str()),
        (400, "PATTERN_NOT_MATCHED")
    );
}

#[tokio::test]
async fn times_carry_whole_seconds_and_the_offset_of_the_organisation() {
    let builder =
        ZohoSimulator::builder().configure(|settings| settings.org.utc_offset_minutes = -330);
    let world = World::with(builder).await;
    world
        .simulator
        .clock()
        .advance(jiff::SignedDuration::from_millis(789));
    world.seed_accounts(1);
    let list = world.get("Accounts?fields=Modified_Time").await;
    assert_eq!(list.row(0)["Modified_Time"], "2026-11-02T02:30:00-05:30");
}

#[tokio::test]
async fn requested_fields_come_back_with_null_when_empty_and_unknown_names_are_left_out() {
    let world = World::new().await;
    let ids = world.seed_accounts(1);
    let row = world
        .get("Accounts?fields=Account_Name,Phone,Owner,Nonsense")
        .await
        .row(0);
    let expected = json!({
        "Account_Name": "A1", "Phone": null, "id": ids[0],
        "Owner": {"name": "Anna Berg", "id": "4876876000000100002", "email": "anna.berg@example.com"},
    });
    assert_eq!(row, expected);
    assert_eq!(ids[0].len(), 19);
}

#[tokio::test]
async fn pages_reach_two_thousand_and_tokens_reach_the_rest() {
    let world = World::new().await;
    world.seed_accounts(2_100);
    let list = "Accounts?fields=id&sort_by=id&sort_order=asc&per_page=200";
    let tenth = world.get(&format!("{list}&page=10")).await;
    assert_eq!(tenth.json()["info"]["more_records"], true);
    let eleventh = world.get(&format!("{list}&page=11")).await;
    assert_eq!(
        (eleventh.status, eleventh.code().as_str()),
        (400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED")
    );
    assert_eq!(eleventh.json()["details"]["limit"], 2000);
    let token = tenth.json()["info"]["next_page_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let rest = world.get(&format!("{list}&page_token={token}")).await;
    assert_eq!(rest.json()["info"]["count"], 100);
    assert_eq!(rest.json()["info"]["more_records"], false);
    assert!(rest.json()["info"]["next_page_token"].is_null());
    assert!(tenth.column("id").last() < rest.column("id").first());
}

#[tokio::test]
async fn all_records_are_reached_by_tokens_without_gaps_even_when_times_are_equal() {
    let world = World::new().await;
    let mut expected = world.seed_accounts(25);
    let list = "Accounts?fields=id&sort_by=Modified_Time&sort_order=asc&per_page=10";
    let mut seen = Vec::new();
    let mut page = world.get(list).await;
    loop {
        seen.extend(page.column("id"));
        let Some(token) = page.json()["info"]["next_page_token"]
            .as_str()
            .map(str::to_owned)
        else {
            break;
        };
        page = world.get(&format!("{list}&page_token={token}")).await;
    }
    expected.sort();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_page_token_is_bound_to_its_request_and_lives_a_day() {
    let mut world = World::new().await;
    world.seed_accounts(3);
    let list = "Accounts?fields=id&per_page=1";
    let token = world.get(list).await.json()["info"]["next_page_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let both = world
        .get(&format!("{list}&page=2&page_token={token}"))
        .await;
    assert_eq!(
        (both.status, both.code().as_str()),
        (400, "AMBIGUITY_DURING_PROCESSING")
    );
    let other = world
        .get(&format!(
            "Accounts?fields=id,Phone&per_page=1&page_token={token}"
        ))
        .await;
    assert_eq!(
        (other.status, other.code().as_str()),
        (400, "TOKEN_BOUND_DATA_MISMATCH")
    );
    let garbled = world.get(&format!("{list}&page_token=nonsense")).await;
    assert_eq!(
        (garbled.status, garbled.code().as_str()),
        (400, "INVALID_DATA")
    );
    world.advance(24 * 3_600);
    world.token = world.mint().await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let late = world.get(&format!("{list}&page_token={token}")).await;
    assert_eq!((late.status, late.code().as_str()), (400, "EXPIRED_VALUE"));
}

#[tokio::test]
async fn tokens_end_at_their_own_limit() {
    let builder = ZohoSimulator::builder().configure(|settings| settings.limits.token_records = 4);
    let world = World::with(builder).await;
    world.seed_accounts(10);
    let list = "Accounts?fields=id&per_page=2";
    let first = world.get(list).await.json()["info"]["next_page_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let second = world.get(&format!("{list}&page_token={first}")).await;
    let token = second.json()["info"]["next_page_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let third = world.get(&format!("{list}&page_token={token}")).await;
    assert_eq!(
        (third.status, third.code().as_str()),
        (400, "PAGINATION_LIMIT_EXCEEDED")
    );
}

#[tokio::test]
async fn lists_sort_by_three_fields_only_and_newest_id_first_by_default() {
    let world = World::new().await;
    let ids = world.seed_accounts(3);
    let by_default = world.get("Accounts?fields=id").await.column("id");
    assert_eq!(by_default, ids.iter().rev().cloned().collect::<Vec<_>>());
    world.advance(10);
    world
        .simulator
        .edit_as_user("Accounts", &ids[1], json!({"Phone": "123"}))
        .unwrap();
    let by_time = world
        .get("Accounts?fields=id&sort_by=Modified_Time&sort_order=asc")
        .await
        .column("id");
    assert_eq!(by_time.last(), Some(&ids[1]));
    assert_eq!(
        world
            .get("Accounts?fields=id&sort_by=Account_Name")
            .await
            .code(),
        "INVALID_DATA"
    );
}

#[tokio::test]
async fn ids_select_records() {
    let world = World::new().await;
    let ids = world.seed_accounts(3);
    let some = world
        .get(&format!(
            "Accounts?fields=id&ids={},{},4876876000009999999",
            ids[0], ids[2]
        ))
        .await;
    assert_eq!(some.column("id"), [ids[2].clone(), ids[0].clone()]);
    let wrong = world.get("Accounts?fields=id&ids=abc").await;
    assert_eq!(
        (wrong.status, wrong.code().as_str()),
        (400, "UNABLE_TO_PARSE_DATA_TYPE")
    );
}

#[tokio::test]
async fn one_record_comes_with_all_fields_and_an_unknown_id_is_empty() {
    let world = World::new().await;
    let ids = world.seed_accounts(1);
    let one = world.get(&format!("Accounts/{}", ids[0])).await;
    assert_eq!(one.row(0)["Account_Name"], "A1");
    assert!(one.row(0).as_object().unwrap().contains_key("Billing_City"));
    assert!(one.json().get("info").is_none());
    let unknown = world.get("Accounts/4876876000009999999").await;
    assert_eq!((unknown.status, unknown.text.as_str()), (204, ""));
    world.simulator.delete_as_user("Accounts", &ids[0]).unwrap();
    assert_eq!(world.get(&format!("Accounts/{}", ids[0])).await.status, 204);
}

#[tokio::test]
async fn wrong_paths_verbs_modules_and_bodies_are_told_apart() {
    let world = World::new().await;
    let typo = world.get("Accounts/upsrt").await;
    assert_eq!(
        (typo.status, typo.code().as_str()),
        (404, "INVALID_URL_PATTERN")
    );
    let verb = world.get("Accounts/upsert").await;
    assert_eq!(
        (verb.status, verb.code().as_str()),
        (400, "INVALID_REQUEST_METHOD")
    );
    let module = world.get("accounts?fields=id").await;
    assert_eq!(
        (module.status, module.code().as_str()),
        (400, "INVALID_MODULE")
    );
    let request = world.request(Method::POST, "Accounts").body("{\"data\": [");
    let malformed = reply(request).await;
    assert_eq!(
        (malformed.status, malformed.code().as_str()),
        (400, "UNABLE_TO_PARSE_DATA_TYPE")
    );
}

#[tokio::test]
async fn deleted_records_are_listed_with_their_kind() {
    let world = World::new().await;
    let ids = world.seed_accounts(3);
    assert_eq!(world.get("Accounts/deleted").await.status, 204);
    world.advance(60);
    let deleted = world
        .delete(&format!("Accounts?ids={},4876876000009999999", ids[0]))
        .await;
    assert_eq!(deleted.status, 207);
    assert_eq!(deleted.row(0)["message"], "record deleted");
    assert_eq!(deleted.row(1)["message"], "record not deleted");
    world.simulator.purge_as_user("Accounts", &ids[1]).unwrap();
    let all = world.get("Accounts/deleted?type=all").await;
    assert_eq!(all.json()["info"]["count"], 2);
    let bin = world.get("Accounts/deleted?type=recycle").await;
    assert_eq!(bin.column("id"), [ids[0].clone()]);
    assert_eq!(bin.row(0)["display_name"], "A1");
    assert_eq!(bin.row(0)["deleted_time"], "2026-11-02T10:01:00+02:00");
    assert!(world.get("Accounts/deleted?type=permanent").await.row(0)["display_name"].is_null());
    assert_eq!(
        world.get("Accounts/deleted?type=some").await.code(),
        "PATTERN_NOT_MATCHED"
    );
    let request = world
        .request(Method::GET, "Accounts/deleted")
        .header("If-Modified-Since", "2026-11-02T10:01:00+02:00");
    assert_eq!(reply(request).await.status, 304);
    world
        .simulator
        .restore_as_user("Accounts", &ids[0])
        .unwrap();
    assert_eq!(world.get(&format!("Accounts/{}", ids[0])).await.status, 200);
    assert_eq!(world.get("Accounts/deleted?type=recycle").await.status, 204);
}
