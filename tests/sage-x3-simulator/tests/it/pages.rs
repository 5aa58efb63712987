use sage_x3_simulator::{AddressSeed, CustomerSeed, DEFAULT_ENDPOINT, PageOverflow};
use serde_json::{Value, json};

use super::support::{Site, numbered};

async fn page(site: &Site, arguments: Value) -> Value {
    site.customers(arguments, "_id")
        .await
        .data("/x3MasterData/customer/query")
}

fn ids(page: &Value) -> Vec<&str> {
    page["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| edge["node"]["_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_page_has_twenty_rows_when_none_are_asked_for() {
    let site = Site::start().await;
    site.seed(numbered(25));
    let first = page(&site, json!({})).await;
    assert_eq!(ids(&first).len(), 20);
    assert_eq!(first["totalCount"], 25);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    assert_eq!(first["pageInfo"]["hasPreviousPage"], false);
    assert_eq!(first["pageInfo"]["endCursor"], first["edges"][19]["cursor"]);
    let second = page(&site, json!({ "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(ids(&second), ["C021", "C022", "C023", "C024", "C025"]);
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
    assert_eq!(second["pageInfo"]["hasPreviousPage"], true);
    assert_eq!(second["totalCount"], 25);
}

#[tokio::test]
async fn a_cursor_is_the_order_s_values_and_two_digits() {
    let site = Site::start().await;
    site.seed(numbered(1));
    let page = page(
        &site,
        json!({ "orderBy": "{\"currency\":{\"_id\":1},\"_id\":1}" }),
    )
    .await;
    let cursor = page["edges"][0]["cursor"].as_str().unwrap();
    let (values, digits) = cursor.split_once('#').unwrap();
    assert_eq!(values, "[\"EUR\",\"C001\"]");
    assert!(
        digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit()),
        "{cursor}"
    );
}

#[tokio::test]
async fn rows_inserted_before_the_cursor_do_not_shift_later_pages() {
    let site = Site::start().await;
    site.seed(numbered(4));
    let first = page(&site, json!({ "first": 2 })).await;
    site.x3
        .create_as_user(DEFAULT_ENDPOINT, CustomerSeed::new("A000", "Early"))
        .unwrap();
    site.x3.delete_as_user(DEFAULT_ENDPOINT, "C002").unwrap();
    let second = page(
        &site,
        json!({ "first": 2, "after": first["pageInfo"]["endCursor"] }),
    )
    .await;
    assert_eq!(ids(&second), ["C003", "C004"]);
}

#[tokio::test]
async fn last_and_before_go_backward() {
    let site = Site::start().await;
    site.seed(numbered(5));
    let end = page(&site, json!({ "last": 2 })).await;
    assert_eq!(ids(&end), ["C004", "C005"]);
    assert_eq!(
        (
            &end["pageInfo"]["hasPreviousPage"],
            &end["pageInfo"]["hasNextPage"]
        ),
        (&json!(true), &json!(false))
    );
    let before = page(
        &site,
        json!({ "last": 2, "before": end["pageInfo"]["startCursor"] }),
    )
    .await;
    assert_eq!(ids(&before), ["C002", "C003"]);
    let both = site
        .customers(json!({ "first": 1, "last": 1 }), "_id")
        .await;
    assert!(both.error().contains("exclude each other"), "{}", both.text);
}

#[tokio::test]
async fn rows_equal_in_all_order_values_are_lost_between_pages_unless_the_key_is_in_the_order() {
    let site = Site::start().await;
    // The clock stands still, so all stamps are equal.
    site.seed(numbered(5));
    let walk = |order: &'static str| {
        let site = &site;
        async move {
            let mut seen = Vec::new();
            let mut after = Value::Null;
            loop {
                let page = page(
                    site,
                    json!({ "first": 2, "orderBy": order, "after": after }),
                )
                .await;
                seen.extend(ids(&page).into_iter().map(ToOwned::to_owned));
                if page["pageInfo"]["hasNextPage"] == false {
                    return seen;
                }
                after = page["pageInfo"]["endCursor"].clone();
            }
        }
    };
    let all = ["C001", "C002", "C003", "C004", "C005"];
    assert_eq!(walk("{_updateStamp:1}").await, ["C001", "C002"]);
    assert_eq!(walk("{_updateStamp:1,_id:1}").await, all);
    site.x3
        .reconfigure(|settings| settings.order_by_key_last = true);
    assert_eq!(walk("{_updateStamp:1}").await, all);
}

#[tokio::test]
async fn a_page_is_never_longer_than_the_server_allows() {
    let site = Site::start().await;
    site.seed(numbered(6));
    site.x3.reconfigure(|settings| settings.max_page = 5);
    let clamped = page(&site, json!({ "first": 1000 })).await;
    assert_eq!(ids(&clamped).len(), 5);
    assert_eq!(clamped["pageInfo"]["hasNextPage"], true);
    site.x3
        .reconfigure(|settings| settings.page_overflow = PageOverflow::Refuse);
    let refused = site.customers(json!({ "first": 6 }), "_id").await;
    assert_eq!(refused.error(), "Argument \"first\" must not be above 5.");
    let negative = site.customers(json!({ "first": -1 }), "_id").await;
    assert_eq!(negative.error(), "Argument \"first\" must not be negative.");
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_order_only() {
    let site = Site::start().await;
    site.seed(numbered(3));
    let first = page(&site, json!({ "first": 1 })).await;
    let cursor = &first["pageInfo"]["endCursor"];
    let other = site
        .customers(
            json!({ "after": cursor, "orderBy": "{currency:{_id:1},_id:1}" }),
            "_id",
        )
        .await;
    assert!(
        other.error().starts_with("Invalid cursor"),
        "{}",
        other.text
    );
    let forged = site
        .customers(json!({ "after": "[\"C002\"]#99" }), "_id")
        .await;
    assert!(
        forged.error().starts_with("Invalid cursor"),
        "{}",
        forged.text
    );
}

#[tokio::test]
async fn child_collections_are_paged_by_twenty_too() {
    let site = Site::start().await;
    let customer = (1..=25).fold(CustomerSeed::new("NA001", "Chain"), |customer, number| {
        customer.address(
            AddressSeed::new(&format!("A{number:03}")).set("city", format!("Town {number}")),
        )
    });
    site.seed([customer]);
    let query = "query R($after: String, $filter: String) { x3MasterData { customer { read(_id: \"NA001\") {
        addresses { query(after: $after, filter: $filter, orderBy: \"{code:1}\") {
            totalCount edges { node { code } } pageInfo { endCursor hasNextPage } } } } } } }";
    let path = "/x3MasterData/customer/read/addresses/query";
    let first = site.ask(query).await.data(path);
    assert_eq!(first["edges"].as_array().unwrap().len(), 20);
    assert_eq!(first["totalCount"], 25);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let second = site
        .ask_with(query, json!({ "after": first["pageInfo"]["endCursor"] }))
        .await
        .data(path);
    assert_eq!(second["edges"].as_array().unwrap().len(), 5);
    let one = site
        .ask_with(query, json!({ "filter": "{city:'Town 7'}" }))
        .await
        .data(path);
    assert_eq!(one["edges"], json!([{ "node": { "code": "A007" } }]));
}
