use std::time::Duration;

use reqwest::{Method, Response};
use sage_x3_simulator::{CloudGateway, CustomerSeed, Generation};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::support::{Reply, Site, at_start};

const CALLBACK: &str = "http://127.0.0.1:1/callback";

async fn site() -> Site {
    let site = Site::of(at_start().endpoint("SEED").endpoint("TEST")).await;
    site.x3
        .seed_customers("TEST", [CustomerSeed::new("NA001", "Bakery")])
        .unwrap();
    site
}

async fn authorise(site: &Site, change: impl FnOnce(&mut Vec<(&str, String)>)) -> u16 {
    let mut parameters = vec![
        ("client_id", "sync-app".to_owned()),
        ("scope", "api.graphQL+user.%3F".to_owned()),
        ("customer", "https%3A%2F%2Fcustomer.example".to_owned()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("state", "s1".to_owned()),
    ];
    change(&mut parameters);
    let query: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let url = format!(
        "{}/token/authorise?{}",
        site.x3.gateway_url(),
        query.join("&")
    );
    site.http.get(url).send().await.unwrap().status().as_u16()
}

async fn token(site: &Site, members: Value) -> Reply {
    let mut body = json!({ "client_id": "sync-app", "client_secret": "cloud-secret" });
    body.as_object_mut()
        .unwrap()
        .extend(members.as_object().unwrap().clone());
    let request = site
        .http
        .post(format!("{}/token", site.x3.gateway_url()))
        .json(&body);
    Reply::of(request.send().await.unwrap()).await
}

fn with_code(code: &str) -> Value {
    json!({ "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK })
}

fn with_refresh(tokens: &Value) -> Value {
    json!({ "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"] })
}

/// A pairing from request to tokens, for folder TEST.
async fn paired(site: &Site) -> Value {
    assert_eq!(authorise(site, |_| {}).await, 200);
    let callback = site.x3.accept_pairing("s1", "jane", &["TEST"]).unwrap();
    assert_eq!(
        (callback.url.as_str(), callback.state.as_str()),
        (CALLBACK, "s1")
    );
    let reply = token(site, with_code(&callback.authorization_code)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()
}

async fn ask(site: &Site, tokens: &Value, service: &str) -> Response {
    let query = json!({ "query": "{ x3MasterData { customer { query { totalCount } } } }" });
    let url = format!("{}/service/{service}/api", site.x3.gateway_url());
    let request = site
        .http
        .post(url)
        .bearer_auth(tokens["access_token"].as_str().unwrap());
    request.json(&query).send().await.unwrap()
}

#[tokio::test]
async fn the_root_gives_links_and_the_folders_those_that_were_authorised() {
    let site = site().await;
    let root = Reply::of(site.http.get(site.x3.gateway_url()).send().await.unwrap())
        .await
        .json();
    let base = site.x3.gateway_url();
    assert_eq!(
        root["customerAccess"]["authorise"],
        format!("{base}/token/authorise")
    );
    assert_eq!(
        root["customerUsage"]["graphQL"],
        format!("{base}/service/{{endPoint}}/api")
    );
    let tokens = paired(&site).await;
    let url = root["customerUsage"]["folder"].as_str().unwrap();
    let request = site
        .http
        .get(url)
        .bearer_auth(tokens["access_token"].as_str().unwrap());
    let folders = Reply::of(request.send().await.unwrap()).await.json();
    assert_eq!(folders["folders"].as_array().unwrap().len(), 1);
    assert_eq!(folders["folders"][0]["name"], "TEST");
    assert_eq!(
        folders["folders"][0]["$urls"]["dataService"],
        format!("{base}/service/X3CLOUDV2_TEST/api")
    );
}

#[tokio::test]
async fn a_paired_application_asks_the_folders_it_was_given_as_the_user_who_accepted() {
    let site = site().await;
    let tokens = paired(&site).await;
    assert_eq!(
        (&tokens["expires_in"], &tokens["token_type"]),
        (&json!(300), &json!("Bearer"))
    );
    let answer = Reply::of(ask(&site, &tokens, "X3CLOUDV2_TEST").await).await;
    assert_eq!(answer.data("/x3MasterData/customer/query/totalCount"), 1);
    assert_eq!(
        site.x3.requests().last().unwrap().user.as_deref(),
        Some("jane")
    );
    assert_eq!(ask(&site, &tokens, "X3CLOUDV2_SEED").await.status(), 403);
    assert_eq!(ask(&site, &tokens, "X3CLOUDV2_NONE").await.status(), 404);
    let nobody =
        Reply::of(ask(&site, &json!({ "access_token": "x.y.z" }), "X3CLOUDV2_TEST").await).await;
    assert_eq!(
        (nobody.status, nobody.json()),
        (401, json!({ "message": "Unauthorised" }))
    );
}

#[tokio::test]
async fn access_tokens_live_five_minutes_and_refreshing_gives_a_new_pair_and_ends_the_old() {
    let site = site().await;
    let first = paired(&site).await;
    site.x3.clock().advance(Duration::from_secs(299));
    assert_eq!(ask(&site, &first, "X3CLOUDV2_TEST").await.status(), 200);
    site.x3.clock().advance(Duration::from_secs(1));
    assert_eq!(ask(&site, &first, "X3CLOUDV2_TEST").await.status(), 401);
    let second = token(&site, with_refresh(&first)).await.json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(ask(&site, &second, "X3CLOUDV2_TEST").await.status(), 200);
    let spent = token(&site, with_refresh(&first)).await;
    assert_eq!(
        (spent.status, spent.json()),
        (401, json!({ "message": "Unauthorised" }))
    );
    assert_eq!(token(&site, with_refresh(&second)).await.status, 200);
}

#[tokio::test]
async fn a_spent_refresh_token_stays_good_where_the_gateway_is_so_set() {
    let site = site().await;
    site.x3.reconfigure(|settings| {
        settings.cloud = Some(CloudGateway {
            rotation_ends_old_token: false,
            ..CloudGateway::default()
        });
    });
    let first = paired(&site).await;
    assert_eq!(token(&site, with_refresh(&first)).await.status, 200);
    assert_eq!(token(&site, with_refresh(&first)).await.status, 200);
}

#[tokio::test]
async fn refresh_tokens_end_after_a_month_when_deleted_and_when_the_customer_unpairs() {
    let site = site().await;
    let tokens = paired(&site).await;
    site.x3.clock().advance(Duration::from_secs(2_629_800));
    assert_eq!(token(&site, with_refresh(&tokens)).await.status, 401);
    let tokens = paired(&site).await;
    let delete = || {
        let request = site
            .http
            .request(Method::DELETE, format!("{}/token", site.x3.gateway_url()));
        request
            .json(&json!({ "refresh_token": tokens["refresh_token"] }))
            .send()
    };
    assert_eq!(delete().await.unwrap().status(), 200);
    assert_eq!(delete().await.unwrap().status(), 401);
    assert_eq!(token(&site, with_refresh(&tokens)).await.status, 401);
    let tokens = paired(&site).await;
    site.x3.remove_pairing();
    assert_eq!(token(&site, with_refresh(&tokens)).await.status, 401);
}

#[tokio::test]
async fn a_pairing_s_code_is_good_once_for_its_redirect_uri_and_for_a_while() {
    let site = site().await;
    authorise(&site, |_| {}).await;
    assert_eq!(site.x3.waiting_pairings(), ["s1"]);
    let early = token(&site, with_code("s1")).await;
    assert_eq!(
        (early.status, early.json()["message"].clone()),
        (403, json!("The pairing request has not been accepted."))
    );
    let callback = site.x3.accept_pairing("s1", "jane", &["TEST"]).unwrap();
    assert!(site.x3.waiting_pairings().is_empty());
    let code = callback.authorization_code;
    assert_eq!(token(&site, with_code(&code)).await.status, 200);
    let again = token(&site, with_code(&code)).await;
    assert_eq!(
        (again.status, again.json()["message"].clone()),
        (403, json!("Pairing request not found"))
    );
    authorise(&site, |_| {}).await;
    let late = site
        .x3
        .accept_pairing("s1", "jane", &["TEST"])
        .unwrap()
        .authorization_code;
    site.x3.clock().advance(Duration::from_secs(601));
    assert_eq!(
        token(&site, with_code(&late)).await.json()["message"],
        "The request has expired."
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let site = site().await;
    assert_eq!(
        authorise(&site, |parameters| {
            parameters.pop();
        })
        .await,
        400
    );
    assert_eq!(
        authorise(&site, |parameters| parameters[0].1 = "other".to_owned()).await,
        403
    );
    assert_eq!(
        authorise(&site, |parameters| parameters[2].1 =
            "https%3A%2F%2Felse.example".to_owned())
        .await,
        404
    );
    let bad = token(&site, json!({ "grant_type": "password" })).await;
    assert_eq!(
        (bad.status, bad.json()["message"].clone()),
        (400, json!("Invalid grant type"))
    );
    let missing = token(&site, json!({ "grant_type": "refresh_token" })).await;
    assert_eq!(
        (missing.status, missing.json()["message"].clone()),
        (400, json!("Missing required request parameters"))
    );
    let secret = token(
        &site,
        json!({ "grant_type": "refresh_token", "refresh_token": "x", "client_secret": "wrong" }),
    )
    .await;
    assert_eq!(secret.status, 401);
    // A form is what OAuth prescribes and what this gateway does not take.
    let form = site
        .http
        .post(format!("{}/token", site.x3.gateway_url()))
        .header("content-type", "application/x-www-form-urlencoded");
    let reply = Reply::of(form.body("grant_type=refresh_token").send().await.unwrap()).await;
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn the_callback_is_posted_to_the_application() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let received = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = vec![0; 4096];
        let length = stream.read(&mut buffer).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    });
    let site = site().await;
    site.x3.reconfigure(|settings| {
        let other_region = Some("https://api.us-prod-sagex3.com/v1".to_owned());
        settings.cloud = Some(CloudGateway {
            other_region,
            ..CloudGateway::default()
        });
    });
    authorise(&site, |parameters| {
        parameters[3].1 = format!("http://{address}/cb")
    })
    .await;
    let accept = json!({ "state": "s1", "user": "jane", "folders": ["TEST"], "send": true });
    let url = format!("{}/__admin/cloud/pairings/accept", site.x3.base_url());
    let callback = Reply::of(site.http.post(url).json(&accept).send().await.unwrap())
        .await
        .json();
    let request = received.await.unwrap();
    assert!(request.starts_with("POST /cb HTTP/1.1\r\n"), "{request}");
    let expected = format!(
        "authorizationCode={}&state=s1&endpoint=https%3A%2F%2Fapi%2Eus%2Dprod%2Dsagex3%2Ecom%2Fv1",
        callback["authorization_code"].as_str().unwrap()
    );
    assert!(request.ends_with(&expected), "{request}");
}

#[tokio::test]
async fn the_gateway_serves_the_generation_of_the_site() {
    let site = Site::of(at_start().endpoint("TEST").generation(Generation::Two)).await;
    let tokens = paired(&site).await;
    let old = Reply::of(ask(&site, &tokens, "X3CLOUDV2_TEST").await).await;
    assert_eq!(old.status, 400);
    assert!(
        old.error()
            .starts_with("Cannot query field \"x3MasterData\" on type \"Query\"."),
        "{}",
        old.text
    );
}
