use jsonwebtoken::{EncodingKey, Header, encode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use sage_x3_simulator::{
    AddressSeed, CustomerSeed, DEFAULT_ENDPOINT, Fault, MissingRecord, NoDate, Settings,
};
use serde_json::{Value, json};

use super::fulfilment::ordered;
use super::support::{Reply, Site, at_start, numbered};

/// A request below the endpoint's part of api1.
pub(crate) async fn call(site: &Site, method: Method, path: &str, body: Option<Value>) -> Reply {
    let url = format!("{}/api1/x3/erp/SEED/{path}", site.x3.base_url());
    let mut request = site
        .http
        .request(method, url)
        .basic_auth("sync", Some("x3-password"));
    if let Some(body) = body {
        request = request.json(&body);
    }
    Reply::of(request.send().await.unwrap()).await
}

pub(crate) async fn get(site: &Site, path: &str) -> Reply {
    call(site, Method::GET, path, None).await
}

/// The values of a column of a page.
fn column(page: &Value, name: &str) -> Vec<String> {
    let rows = page["$resources"].as_array().unwrap().iter();
    rows.map(|row| row[name].as_str().unwrap().to_owned())
        .collect()
}

async fn chosen(site: &Site, condition: &str) -> Vec<String> {
    let condition_encoded = utf8_percent_encode(condition, NON_ALPHANUMERIC);
    let path = format!("BPCUSTOMER?representation=BPCUSTOMER.$query&where={condition_encoded}");
    let reply = get(site, &path).await;
    assert_eq!(reply.status, 200, "{condition}: {}", reply.text);
    column(&reply.json(), "BPCNUM")
}

async fn with_settings(change: impl FnOnce(&mut Settings)) -> Site {
    Site::of(at_start().settings(change)).await
}

#[tokio::test]
async fn pages_are_followed_by_their_links_until_there_is_no_next() {
    let site = Site::start().await;
    site.seed(numbered(45));
    let mut url = format!(
        "{}/api1/x3/erp/SEED/BPCUSTOMER?representation=BPCUSTOMER.%24query",
        site.x3.base_url()
    );
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let request = site.http.get(&url).basic_auth("sync", Some("x3-password"));
        let page = Reply::of(request.send().await.unwrap()).await.json();
        pages += 1;
        assert_eq!(page["$itemsPerPage"], 20);
        assert_eq!(page.get("$totalResults"), None);
        seen.extend(column(&page, "BPCNUM"));
        match page["$links"]["$next"]["$url"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break,
        }
    }
    let expected: Vec<String> = (1..=45).map(|number| format!("C{number:03}")).collect();
    assert_eq!((seen, pages), (expected, 3));
}

#[tokio::test]
async fn paging_is_by_key_so_that_rows_before_it_may_come_and_go() {
    let site = Site::start().await;
    site.seed(numbered(6));
    let first = get(&site, "BPCUSTOMER?representation=BPCUSTOMER.$query&count=3")
        .await
        .json();
    let next = first["$links"]["$next"]["$url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(next.contains("key=gt%2EC003"), "{next}");
    site.x3.delete_as_user(DEFAULT_ENDPOINT, "C003").unwrap();
    site.seed([CustomerSeed::new("A001", "New")]);
    let request = site.http.get(next).basic_auth("sync", Some("x3-password"));
    let second = Reply::of(request.send().await.unwrap()).await.json();
    assert_eq!(column(&second, "BPCNUM"), ["C004", "C005", "C006"]);
    let back = get(
        &site,
        "BPCUSTOMER?representation=BPCUSTOMER.$query&count=2&key=lt.C004",
    )
    .await
    .json();
    assert_eq!(column(&back, "BPCNUM"), ["C001", "C002"]);
}

#[tokio::test]
async fn the_page_is_as_long_as_asked_for_up_to_a_silent_cap() {
    let site = with_settings(|settings| {
        settings.api1_max_count = 4;
        settings.api1_shows_total = true;
    })
    .await;
    site.seed(numbered(6));
    let page = get(
        &site,
        "BPCUSTOMER?representation=BPCUSTOMER.$query&count=100",
    )
    .await
    .json();
    assert_eq!(
        (&page["$itemsPerPage"], &page["$totalResults"]),
        (&json!(4), &json!(6))
    );
    assert_eq!(column(&page, "BPCNUM").len(), 4);
}

#[tokio::test]
async fn conditions_compare_columns_as_x3_holds_them() {
    let site = Site::start().await;
    site.seed([
        CustomerSeed::new("NA001", "Bakery").set("authorizedCreditAmount", "10.5"),
        CustomerSeed::new("NA002", "O'Brien").set("currency", "USD"),
        CustomerSeed::new("EU001", "Mill")
            .set("isActive", false)
            .set("insuranceDate", "2024-05-01"),
    ]);
    for (condition, codes) in [
        ("BPCNUM eq 'NA001'", &["NA001"][..]),
        ("left(BPCNUM,2) eq 'NA' and CUR eq 'USD'", &["NA002"]),
        ("upper(BPCNAM) like '%IL%'", &["EU001"]),
        ("BPCNAM eq 'O''Brien'", &["NA002"]),
        ("BPCNUM like 'NA%'", &["NA001", "NA002"]),
        ("BPCNUM like 'NA__1'", &["NA001"]),
        ("BPCSTA eq 2 and not (CUR eq 'USD')", &["NA001"]),
        ("OSTAUZ gt 10 or CUR eq 'USD'", &["NA001", "NA002"]),
        ("OSTAUZ ne 0", &["NA001"]),
        ("BPCNUM between 'EU' and 'NA001'", &["EU001", "NA001"]),
        ("BPCNUM in ('EU001', 'NA002', 'X')", &["EU001", "NA002"]),
        ("CDTISRDAT ge @2024-01-01@", &["EU001"]),
        ("CDTISRDAT ge '2024-05-02'", &[]),
        (
            "UPDDAT ge @2026-03-01@ and UPDDATTIM lt '2026-03-01T08:00:01Z'",
            &["EU001", "NA001", "NA002"],
        ),
        ("BPCNUM eq 'na001'", &[]),
    ] {
        assert_eq!(chosen(&site, condition).await, codes, "{condition}");
    }
}

#[tokio::test]
async fn a_condition_or_order_on_an_unknown_property_is_an_error_500() {
    let site = Site::start().await;
    for query in [
        "where=NOPE%20eq%201",
        "where=companyName1%20eq%20'x'",
        "where=BPCNUM%20is%20'x'",
        "where=BPCNUM%20eq%20'x",
        "where=OSTAUZ%20eq%20'x'",
        "orderBy=NOPE",
    ] {
        let reply = get(
            &site,
            &format!("BPCUSTOMER?representation=BPCUSTOMER.$query&{query}"),
        )
        .await;
        assert_eq!(reply.status, 500, "{query}");
        assert_eq!(reply.json()["$diagnoses"][0]["$severity"], "error");
    }
    let none = get(
        &site,
        "BPCUSTOMER?representation=BPCUSTOMER.$query&where=BPCNUM%20eq%20'x'",
    )
    .await;
    assert_eq!((none.status, &none.json()["$resources"]), (200, &json!([])));
}

#[tokio::test]
async fn orders_are_by_columns_and_their_pages_still_follow_each_other() {
    let site = Site::start().await;
    site.seed([
        CustomerSeed::new("A", "Same"),
        CustomerSeed::new("B", "Zebra"),
        CustomerSeed::new("C", "Same"),
    ]);
    let mut path =
        "BPCUSTOMER?representation=BPCUSTOMER.$query&count=1&orderBy=BPCNAM%20desc".to_owned();
    let mut seen = Vec::new();
    while !path.is_empty() {
        let page = get(&site, &path).await.json();
        seen.extend(column(&page, "BPCNUM"));
        let next = page["$links"]["$next"]["$url"].as_str().unwrap_or_default();
        path = next
            .rsplit_once("/SEED/")
            .map_or_else(String::new, |(_, path)| path.to_owned());
    }
    assert_eq!(seen, ["B", "A", "C"]);
}

#[tokio::test]
async fn details_show_x3_columns_menus_as_numbers_and_titles_of_references() {
    let site = Site::start().await;
    let address = AddressSeed::new("MAIN")
        .set("city", "Paris")
        .line(2, "2nd floor");
    site.seed([CustomerSeed::new("NA001", "Bakery")
        .set("authorizedCreditAmount", "1500.50")
        .address(address)]);
    let record = get(
        &site,
        "BPCUSTOMER('NA001')?representation=BPCUSTOMER.$details",
    )
    .await
    .json();
    for (name, value) in [
        ("$key", json!("NA001")),
        ("$etag", json!("2026-03-01T08:00:00Z")),
        ("BPCNUM", json!("NA001")),
        ("BPCNAM", json!("Bakery")),
        ("BPCSTA", json!(2)),
        ("CUR", json!("EUR")),
        (
            "CUR_REF",
            json!({ "$title": "EUR", "$description": "Euro" }),
        ),
        ("CDTISRDAT", json!("1753-01-01")),
        ("UPDDAT", json!("2026-03-01")),
        ("UPDDATTIM", json!("2026-03-01T08:00:00.000Z")),
        ("UPDUSR", json!("ADMIN")),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    assert_eq!(record["OSTAUZ"].to_string(), "1500.5");
    assert_eq!(record["BPCBPA"][0]["CTY"], "Paris");
    assert_eq!(record["BPCBPA"][0]["BPAADDLIG_1"], "2nd floor");
    assert!(record["BPCBPA"][0]["$uuid"].is_string() && record["$uuid"].is_string());
}

#[tokio::test]
async fn child_tables_are_arrays_and_composite_keys_are_joined_with_a_tilde() {
    let (site, id) = ordered().await;
    let record = get(
        &site,
        &format!("SORDER('{id}')?representation=SORDER.$details"),
    )
    .await
    .json();
    assert_eq!(
        (&record["ORDSTA"], &record["SOHTYP"]),
        (&json!(1), &json!("SON"))
    );
    let lines = record["SOHSOP"].as_array().unwrap();
    assert_eq!(
        (lines.len(), &lines[0]["ITMREF"], &lines[0]["QTY"]),
        (2, &json!("BMS001"), &json!(10))
    );
    let account = get(
        &site,
        "GACCOUNT('FRA~707000')?representation=GACCOUNT.$details",
    )
    .await
    .json();
    assert_eq!(
        (&account["ACC"], &account["ENAFLG"], &account["$key"]),
        (&json!("707000"), &json!(2), &json!("FRA~707000"))
    );
    let delivery = site.x3.deliver(DEFAULT_ENDPOINT, &id, None).unwrap();
    let invoice = site.x3.invoice(DEFAULT_ENDPOINT, &delivery).unwrap();
    let other = get(
        &site,
        &format!("SINVOICEV('{invoice}')?representation=EDISIHTR.$details"),
    )
    .await
    .json();
    assert_eq!(other["SIVSID"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn no_date_takes_the_form_the_server_has() {
    for (form, date) in [
        (NoDate::Null, json!(null)),
        (NoDate::SqlServer, json!("1753-01-01")),
        (NoDate::Oracle, json!("1599-12-31")),
    ] {
        let site = with_settings(|settings| settings.api1_no_date = form).await;
        site.seed([CustomerSeed::new("A", "a")]);
        let record = get(&site, "BPCUSTOMER('A')?representation=BPCUSTOMER.$details")
            .await
            .json();
        assert_eq!(record["CDTISRDAT"], date);
    }
}

#[tokio::test]
async fn dates_are_those_of_the_server_s_place_and_stamps_may_be_hidden() {
    let site = with_settings(|settings| {
        settings.server_offset_hours = -9;
        settings.api1_shows_stamps = false;
    })
    .await;
    site.seed([CustomerSeed::new("A", "a")]);
    let record = get(&site, "BPCUSTOMER('A')?representation=BPCUSTOMER.$details")
        .await
        .json();
    assert_eq!(
        (&record["UPDDAT"], record.get("UPDDATTIM")),
        (&json!("2026-02-28"), None)
    );
    assert_eq!(
        chosen(&site, "UPDDAT ge @2026-03-01@").await,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_missing_record_is_diagnosed_with_200_or_not_found() {
    let site = Site::start().await;
    let reply = get(
        &site,
        "BPCUSTOMER('NONE')?representation=BPCUSTOMER.$details",
    )
    .await;
    let expected = json!({ "$diagnoses": [{ "$severity": "error", "$message": "721 : Record does not exist" }] });
    assert_eq!((reply.status, reply.json()), (200, expected));
    site.x3
        .reconfigure(|settings| settings.api1_missing_record = MissingRecord::NotFound);
    assert_eq!(
        get(
            &site,
            "BPCUSTOMER('NONE')?representation=BPCUSTOMER.$details"
        )
        .await
        .status,
        404
    );
}

#[tokio::test]
async fn faulty_json_comes_from_backslashes_where_the_server_has_that_fault() {
    let site = with_settings(|settings| settings.api1_stray_backslashes = true).await;
    site.seed([CustomerSeed::new("A", "C:\\data")]);
    let reply = get(&site, "BPCUSTOMER('A')?representation=BPCUSTOMER.$details").await;
    assert!(reply.text.contains("\"C:\\data\""), "{}", reply.text);
    assert!(serde_json::from_str::<Value>(&reply.text).is_err());
    site.x3
        .reconfigure(|settings| settings.api1_stray_backslashes = false);
    let reply = get(&site, "BPCUSTOMER('A')?representation=BPCUSTOMER.$details").await;
    assert_eq!(reply.json()["BPCNAM"], "C:\\data");
}

#[tokio::test]
async fn what_does_not_exist_or_does_not_belong_together_is_refused() {
    let site = Site::start().await;
    for (path, status) in [
        ("NOPE?representation=NOPE.$query", 404),
        ("BPCUSTOMER?representation=ITMMASTER.$query", 400),
        ("BPCUSTOMER", 400),
        ("BPCUSTOMER?representation=BPCUSTOMER.$details", 400),
        ("BPCUSTOMER?representation=BPCUSTOMER.$query&count=0", 400),
    ] {
        assert_eq!(get(&site, path).await.status, status, "{path}");
    }
    let elsewhere = format!(
        "{}/api1/x3/erp/NOWHERE/BPCUSTOMER?representation=BPCUSTOMER.$query",
        site.x3.base_url()
    );
    let request = site
        .http
        .get(elsewhere)
        .basic_auth("sync", Some("x3-password"));
    assert_eq!(request.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_prototype_describes_columns() {
    let site = Site::start().await;
    let prototype = get(&site, "BPCUSTOMER/$prototypes('BPCUSTOMER.$details')")
        .await
        .json();
    let properties = &prototype["$properties"];
    assert_eq!(properties["BPCBPSNUM"]["$type"], "application/x-string");
    assert_eq!(properties["BPCBPSNUM"]["$maxLength"], 15);
    assert_eq!(properties["OSTAUZ"]["$type"], "application/x-decimal");
    assert_eq!(properties["BPCSTA"]["$type"], "application/x-choice");
    assert_eq!(properties["CDTISRDAT"]["$type"], "application/x-date");
    let template = get(
        &site,
        "BPCUSTOMER/$template?representation=BPCUSTOMER.$create",
    )
    .await
    .json();
    assert_eq!(
        (&template["BPCNUM"], &template["OSTAUZ"]),
        (&json!(""), &json!(0))
    );
}

#[tokio::test]
async fn credentials_are_those_the_server_takes_for_api1() {
    let site = with_settings(|settings| settings.api1_basic = false).await;
    let path = "BPCUSTOMER?representation=BPCUSTOMER.$query";
    assert_eq!(get(&site, path).await.status, 401);
    let now = site.x3.clock().now().as_second();
    let claims = json!({ "iss": "0123456789abcdef0123456789abcdef", "sub": "sync", "aud": "", "iat": now, "exp": now + 60 });
    let token = encode(
        &Header::default(),
        &claims,
        &EncodingKey::from_secret(b"x3-secret"),
    )
    .unwrap();
    let url = format!("{}/api1/x3/erp/SEED/{path}", site.x3.base_url());
    let reply = site.http.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(reply.status(), 200);
}

#[tokio::test]
async fn faults_and_counters_cover_api1() {
    let site = Site::start().await;
    site.seed(numbered(3));
    site.x3.inject(
        Fault::status(503)
            .on_path("/api1")
            .on_operation("BPCUSTOMER.query"),
    );
    let path = "BPCUSTOMER?representation=BPCUSTOMER.$query";
    assert_eq!(get(&site, path).await.status, 503);
    assert_eq!(get(&site, path).await.status, 200);
    let counters = site.x3.counters();
    assert_eq!(
        (counters.requests, counters.faulted, counters.rows_returned),
        (2, 1, 3)
    );
    assert_eq!(site.x3.requests()[1].endpoint.as_deref(), Some("SEED"));
}
