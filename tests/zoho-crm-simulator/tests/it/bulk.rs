//! Bulk read and bulk write.

use std::io::{Cursor, Read as _, Write as _};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Reply, World, reply};
use crate::watch::Receiver;

const ZGID: &str = "20098765432";

fn zip_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn only_file(archive: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    assert_eq!(archive.len(), 1);
    let mut text = String::new();
    archive
        .by_index(0)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// A request on a path from the root.
async fn call(world: &World, method: Method, path: &str, body: Option<Value>) -> Reply {
    let token = format!("Zoho-oauthtoken {}", world.token);
    let request = world
        .http
        .request(method, world.url(path))
        .header("authorization", token);
    reply(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

async fn download(world: &World, path: &str) -> String {
    let token = format!("Zoho-oauthtoken {}", world.token);
    let request = world
        .http
        .get(world.url(path))
        .header("authorization", token);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    only_file(&response.bytes().await.unwrap())
}

async fn start_read(world: &World, query: Value) -> String {
    let job = call(
        world,
        Method::POST,
        "/crm/bulk/v8/read",
        Some(json!({ "query": query })),
    )
    .await;
    assert_eq!(job.status, 201, "{}", job.text);
    assert_eq!(job.row(0)["code"], "ADDED_SUCCESSFULLY");
    job.row(0)["details"]["id"].as_str().unwrap().to_owned()
}

async fn finished(world: &World, path: &str) -> Value {
    for _ in 0..5 {
        let job = call(world, Method::GET, path, None).await.json();
        let row = job["data"].get(0).unwrap_or(&job).clone();
        let state = row["state"].as_str().or_else(|| row["status"].as_str());
        if matches!(state, Some("COMPLETED" | "FAILURE" | "FAILED")) {
            return row;
        }
    }
    panic!("the job does not end");
}

#[tokio::test]
async fn a_bulk_read_is_polled_until_it_is_complete_and_gives_a_zipped_csv() {
    let world = World::new().await;
    let rows = [
        json!({"Account_Name": "North, \"Wind\"", "Annual_Revenue": 12.50, "X3_Active": true, "Description": "two\nlines"}),
        json!({"Account_Name": "Süd"}),
    ];
    world.simulator.seed("Accounts", rows).unwrap();
    let fields = json!([
        "id",
        "Account_Name",
        "Annual_Revenue",
        "X3_Active",
        "Owner",
        "Owner.last_name",
        "Created_Time",
        "Description"
    ]);
    let id = start_read(
        &world,
        json!({"module": {"api_name": "Accounts"}, "fields": fields}),
    )
    .await;
    let path = format!("/crm/bulk/v8/read/{id}");
    let early = call(&world, Method::GET, &path, None).await;
    assert_eq!(early.row(0)["state"], "IN PROGRESS");
    assert!(early.row(0).get("result").is_none());
    let job = finished(&world, &path).await;
    assert_eq!(job["result"]["count"], 2);
    assert_eq!(job["result"]["more_records"], false);
    let text = download(&world, job["result"]["download_url"].as_str().unwrap()).await;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap().get(0), Some("Id"));
    let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(
        lines[0].iter().skip(1).collect::<Vec<_>>(),
        [
            "North, \"Wind\"",
            "12.5",
            "true",
            "4876876000000100002",
            "Berg",
            "2026-11-02T10:00:00+02:00",
            "two\nlines"
        ]
    );
    assert_eq!(lines[1].get(2), Some(""), "nothing is an empty cell");
}

#[tokio::test]
async fn a_bulk_read_goes_on_by_page_token() {
    let world = World::new().await;
    world
        .simulator
        .configure(|settings| settings.limits.bulk_read_rows = 2);
    world.seed_accounts(5);
    let mut query = json!({"module": {"api_name": "Accounts"}, "fields": ["Account_Name"]});
    let mut names = Vec::new();
    for round in 1..=3 {
        let id = start_read(&world, query.clone()).await;
        let job = finished(&world, &format!("/crm/bulk/v8/read/{id}")).await;
        let result = &job["result"];
        assert_eq!(result["page"], round);
        let text = download(&world, result["download_url"].as_str().unwrap()).await;
        names.extend(text.lines().skip(1).map(str::to_owned));
        assert_eq!(result["more_records"], round < 3);
        query = json!({"page_token": result["next_page_token"]});
    }
    assert_eq!(names, ["A1", "A2", "A3", "A4", "A5"]);
    let unknown = json!({"query": {"page_token": "x"}});
    let refused = call(&world, Method::POST, "/crm/bulk/v8/read", Some(unknown)).await;
    assert_eq!(refused.row(0)["code"], "INVALID_REQUEST");
}

#[tokio::test]
async fn criteria_of_a_bulk_read_nest_and_know_the_empty_value() {
    let world = World::new().await;
    let row = |name: &str, city: &str, revenue: f64| json!({"Account_Name": name, "Billing_City": city, "Annual_Revenue": revenue});
    let rows = [
        row("A", "Paris", 1.0),
        row("B", "Lyon", 5.0),
        json!({"Account_Name": "C"}),
    ];
    world.simulator.seed("Accounts", rows).unwrap();
    let read = async |criteria: Value| {
        let query = json!({"module": {"api_name": "Accounts"}, "fields": ["Account_Name"], "criteria": criteria});
        let id = start_read(&world, query).await;
        let job = finished(&world, &format!("/crm/bulk/v8/read/{id}")).await;
        let text = download(&world, job["result"]["download_url"].as_str().unwrap()).await;
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let test = |field: &str, comparator: &str, value: Value| json!({"field": {"api_name": field}, "comparator": comparator, "value": value});
    let group = |operator: &str, group: Value| json!({"group_operator": operator, "group": group});
    assert_eq!(
        read(test("Billing_City", "contains", json!("ari"))).await,
        ["A"]
    );
    assert_eq!(
        read(test("Annual_Revenue", "between", json!([2, 9]))).await,
        ["B"]
    );
    assert_eq!(
        read(test("Billing_City", "equal", json!("${EMPTY}"))).await,
        ["C"]
    );
    let either = group(
        "or",
        json!([
            test("Billing_City", "in", json!(["Lyon", "Nice"])),
            group(
                "and",
                json!([
                    test("Annual_Revenue", "less_than", json!(2)),
                    test("Account_Name", "starts_with", json!("a"))
                ])
            ),
        ]),
    );
    assert_eq!(read(either).await, ["A", "B"]);
}

#[tokio::test]
async fn a_wrong_bulk_read_is_refused_with_its_code() {
    let world = World::new().await;
    let refused = async |query: Value| {
        let answer = call(
            &world,
            Method::POST,
            "/crm/bulk/v8/read",
            Some(json!({ "query": query })),
        )
        .await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        answer.row(0)["code"].as_str().unwrap().to_owned()
    };
    let accounts = |rest: Value| {
        let mut query = json!({"module": {"api_name": "Accounts"}});
        query
            .as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        query
    };
    assert_eq!(
        refused(json!({"module": {"api_name": "Nothing"}})).await,
        "MODULE_NOT_AVAILABLE"
    );
    assert_eq!(
        refused(accounts(json!({"fields": ["Nope"]}))).await,
        "FIELD_NOT_AVAILABLE"
    );
    assert_eq!(
        refused(accounts(json!({"page": 51}))).await,
        "PAGE_RANGE_EXCEEDED"
    );
    let criteria = |comparator: &str, value: Value| {
        accounts(
            json!({"criteria": {"field": {"api_name": "X3_Active"}, "comparator": comparator, "value": value}}),
        )
    };
    assert_eq!(
        refused(criteria("contains", json!("x"))).await,
        "FIELD_AND_COMPARATOR_IN_CRITERIA_NOT_COMPATIBLE"
    );
    assert_eq!(
        refused(criteria("equal", json!("x"))).await,
        "FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE"
    );
    let many: Vec<Value> = (0..26)
        .map(|_| json!({"field": {"api_name": "Phone"}, "comparator": "equal", "value": "1"}))
        .collect();
    assert_eq!(
        refused(accounts(
            json!({"criteria": {"group_operator": "or", "group": many}})
        ))
        .await,
        "CRITERIA_LIMIT_EXCEEDED"
    );
    let plain = world
        .http
        .post(world.url("/crm/bulk/v8/read"))
        .header("authorization", format!("Zoho-oauthtoken {}", world.token))
        .body("{}");
    let plain = reply(plain).await;
    assert_eq!(
        (plain.status, plain.code().as_str()),
        (415, "MEDIA_TYPE_NOT_SUPPORTED")
    );
    let unknown = call(&world, Method::GET, "/crm/bulk/v8/read/1", None).await;
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (404, "RESOURCE_NOT_FOUND")
    );
}

#[tokio::test]
async fn a_bulk_read_costs_fifty_credits_and_may_fail() {
    let world = World::new().await;
    world
        .simulator
        .configure(|settings| settings.behaviour.bulk_jobs_fail = true);
    world.simulator.reset_counters();
    let id = start_read(&world, json!({"module": {"api_name": "Accounts"}})).await;
    assert_eq!(world.simulator.counters().credits_spent, 50);
    let job = finished(&world, &format!("/crm/bulk/v8/read/{id}")).await;
    assert_eq!(job["state"], "FAILURE");
    assert_eq!(job["result"]["error_message"]["status"], "error");
    let result = call(
        &world,
        Method::GET,
        &format!("/crm/bulk/v8/read/{id}/result"),
        None,
    )
    .await;
    assert_eq!(result.status, 404);
}

#[tokio::test]
async fn a_receiver_hears_when_a_job_is_done() {
    let (world, receiver) = (World::new().await, Receiver::start(StatusCode::OK).await);
    world.seed_accounts(3);
    let callback = json!({"url": receiver.url, "method": "post"});
    let body = json!({"callback": callback, "query": {"module": {"api_name": "Accounts"}}});
    let job = call(&world, Method::POST, "/crm/bulk/v8/read", Some(body)).await;
    let received = receiver.received(&world).await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["job_id"], job.row(0)["details"]["id"]);
    assert_eq!(
        (&received[0]["state"], &received[0]["result"]["count"]),
        (&json!("COMPLETED"), &json!(3))
    );
    let wrong = json!({"callback": {"url": receiver.url, "method": "get"}, "query": {"module": {"api_name": "Accounts"}}});
    let wrong = call(&world, Method::POST, "/crm/bulk/v8/read", Some(wrong)).await;
    assert_eq!(wrong.code(), "INVALID_CALLBACK_METHOD");
}

async fn upload(world: &World, archive: Vec<u8>) -> Reply {
    let part = reqwest::multipart::Part::bytes(archive).file_name("accounts.zip");
    let form = reqwest::multipart::Form::new().part("file", part);
    let request = world
        .request(Method::POST, "upload")
        .header("feature", "bulk-write")
        .header("X-CRM-ORG", ZGID)
        .multipart(form);
    reply(request).await
}

/// Uploads the files, runs a job on them and gives the job and its result file.
async fn write(
    world: &World,
    files: &[(&str, &str)],
    operation: &str,
    resources: Value,
) -> (Value, String) {
    let uploaded = upload(world, zip_of(files)).await;
    assert_eq!(uploaded.status, 200, "{}", uploaded.text);
    let file = uploaded.json()["details"]["file_id"].clone();
    let mut resources = resources;
    for resource in resources.as_array_mut().unwrap() {
        resource["file_id"] = file.clone();
        resource["type"] = json!("data");
    }
    let body =
        json!({"operation": operation, "character_encoding": "UTF-8", "resource": resources});
    let created = call(world, Method::POST, "/crm/bulk/v8/write", Some(body)).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let id = created.json()["details"]["id"].as_str().unwrap().to_owned();
    let job = finished(world, &format!("/crm/bulk/v8/write/{id}")).await;
    let text = match job["result"]["download_url"].as_str() {
        Some(path) => download(world, path).await,
        None => String::new(),
    };
    (job, text)
}

fn mapping(name: &str, index: usize) -> Value {
    json!({"api_name": name, "index": index})
}

#[tokio::test]
async fn a_bulk_write_upserts_by_a_unique_field_and_reports_line_by_line() {
    let world = World::new().await;
    let known = json!({"Account_Name": "Old", "X3_Code": "C1", "Phone": "+33 1"});
    world.simulator.seed("Accounts", [known]).unwrap();
    let csv = "Code,Name,Phone,Revenue\nC1,New,,5\nC2,Second,+33 2,7.25\nC3,Third,ask Anna,1\n";
    let resources = json!([{
        "module": {"api_name": "Accounts"},
        "file_names": ["accounts.csv"],
        "find_by": "X3_Code",
        "ignore_empty": true,
        "field_mappings": [mapping("X3_Code", 0), mapping("Account_Name", 1), mapping("Phone", 2), mapping("Annual_Revenue", 3)],
    }]);
    let (job, result) = write(&world, &[("accounts.csv", csv)], "upsert", resources).await;
    assert_eq!(job["status"], "COMPLETED");
    let file = &job["resource"][0]["file"];
    assert_eq!(
        (
            &file["added_count"],
            &file["updated_count"],
            &file["skipped_count"],
            &file["total_count"]
        ),
        (&json!(1), &json!(1), &json!(1), &json!(3))
    );
    let lines: Vec<&str> = result.lines().collect();
    assert_eq!(lines[0], "Code,Name,Phone,STATUS,RECORD_ID,ERRORS");
    assert!(lines[1].starts_with("C1,New,,updated,48"), "{}", lines[1]);
    assert!(
        lines[2].starts_with("C2,Second,+33 2,added,48"),
        "{}",
        lines[2]
    );
    assert_eq!(lines[3], "C3,Third,ask Anna,skipped,,INVALID_DATA-Phone");
    let accounts = world.simulator.records("Accounts");
    assert_eq!(accounts.len(), 2);
    assert_eq!(accounts[0].text("Account_Name"), Some("New"));
    assert_eq!(
        accounts[0].text("Phone"),
        Some("+33 1"),
        "empty cells are ignored"
    );
    assert_eq!(accounts[1].number("Annual_Revenue"), Some("7.25"));
}

#[tokio::test]
async fn empty_cells_overwrite_unless_they_are_ignored() {
    let world = World::new().await;
    let known = json!({"Account_Name": "Old", "X3_Code": "C1", "Phone": "+33 1"});
    world.simulator.seed("Accounts", [known]).unwrap();
    let resources = json!([{
        "module": {"api_name": "Accounts"}, "file_names": ["a.csv"], "find_by": "X3_Code",
        "field_mappings": [mapping("X3_Code", 0), mapping("Phone", 1)],
    }]);
    let (job, _) = write(
        &world,
        &[("a.csv", "Code;Phone\nC1;\nC9;1\n")],
        "update",
        resources,
    )
    .await;
    let file = &job["resource"][0]["file"];
    assert_eq!(
        (&file["updated_count"], &file["skipped_count"]),
        (&json!(1), &json!(1))
    );
    let accounts = world.simulator.records("Accounts");
    assert_eq!((accounts.len(), accounts[0].text("Phone")), (1, None));
}

#[tokio::test]
async fn orders_are_written_with_their_lines_from_two_files() {
    let world = World::new().await;
    world
        .simulator
        .seed("Accounts", [json!({"Account_Name": "N", "X3_Code": "C1"})])
        .unwrap();
    world
        .simulator
        .seed(
            "Products",
            [json!({"Product_Name": "Bolt", "X3_Code": "P1"})],
        )
        .unwrap();
    let orders = "Number,Customer,Due\nSO1,C1,11/30/2026\nSO2,C1,12/01/2026\n";
    let lines = "Order,Product,Quantity\nSO2,P1,2\nSO1,P1,5\nSO9,P1,1\n";
    let by_code =
        |name: &str, index: usize| json!({"api_name": name, "index": index, "find_by": "X3_Code"});
    let resources = json!([
        {"module": {"api_name": "Sales_Orders"}, "file_names": ["orders.csv"],
         "field_mappings": [mapping("Subject", 0), by_code("Account_Name", 1), mapping("Due_Date", 2)]},
        {"module": {"api_name": "Ordered_Items"}, "file_names": ["lines.csv"],
         "field_mappings": [{"api_name": "Parent_Id", "index": 0, "parent_column_index": 0}, by_code("Product_Name", 1), mapping("Quantity", 2)]},
    ]);
    let files = [("orders.csv", orders), ("lines.csv", lines)];
    let (job, result) = write(&world, &files, "insert", resources).await;
    assert_eq!(job["resource"][1]["file"]["added_count"], 2, "{result}");
    assert_eq!(job["resource"][1]["file"]["skipped_count"], 1);
    let orders = world.simulator.records("Sales_Orders");
    assert_eq!(orders[0].text("Due_Date"), Some("2026-11-30"));
    let quantity = |order: usize| {
        orders[order].get("Ordered_Items").unwrap().to_value()[0]["Quantity"].clone()
    };
    assert_eq!((quantity(0), quantity(1)), (json!(5), json!(2)));
}

#[tokio::test]
async fn an_upload_needs_its_headers_and_a_zip_archive() {
    let world = World::new().await;
    let text = upload(&world, b"a,b\n1,2\n".to_vec()).await;
    assert_eq!(
        (text.status, text.code().as_str()),
        (400, "INVALID_FILE_FORMAT")
    );
    let part = reqwest::multipart::Part::bytes(zip_of(&[("a.csv", "a")])).file_name("a.zip");
    let form = reqwest::multipart::Form::new().part("file", part);
    let bare = reply(world.request(Method::POST, "upload").multipart(form)).await;
    assert_eq!(bare.status, 400);
    assert!(bare.text.contains("X-CRM-ORG"));
    world
        .simulator
        .configure(|settings| settings.limits.bulk_write_bytes = 10);
    let large = upload(&world, zip_of(&[("a.csv", "a")])).await;
    assert_eq!(
        (large.status, large.code().as_str()),
        (413, "FILE_TOO_LARGE")
    );
}

#[tokio::test]
async fn a_wrong_bulk_write_is_refused_with_its_code() {
    let world = World::new().await;
    let file = upload(&world, zip_of(&[("a.csv", "Name\nA\n")]))
        .await
        .json()["details"]["file_id"]
        .clone();
    let refused = async |operation: &str, resource: Value| {
        let mut resource = resource;
        if resource.get("file_id").is_none() {
            resource["file_id"] = file.clone();
        }
        let body = json!({"operation": operation, "resource": [resource]});
        let answer = call(&world, Method::POST, "/crm/bulk/v8/write", Some(body)).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        answer.code()
    };
    let resource = |module: &str, mappings: Value| json!({"module": {"api_name": module}, "file_names": ["a.csv"], "field_mappings": mappings});
    let name = json!([mapping("Account_Name", 0)]);
    assert_eq!(
        refused("insert", resource("Nothing", name.clone())).await,
        "MODULE_NOT_AVAILABLE"
    );
    assert_eq!(
        refused("insert", resource("Accounts", json!([mapping("Nope", 0)]))).await,
        "INVALID_FIELD"
    );
    assert_eq!(
        refused(
            "insert",
            resource("Accounts", json!([mapping("Account_Name", 4)]))
        )
        .await,
        "COLUMN_INDEX_NOT_FOUND"
    );
    assert_eq!(
        refused("insert", resource("Accounts", json!([mapping("Phone", 0)]))).await,
        "MANDATORY_FIELDS_NOT_MAPPED"
    );
    assert_eq!(
        refused("update", resource("Accounts", name.clone())).await,
        "MANDATORY_NOT_FOUND",
        "an update needs find_by"
    );
    let mut unknown = resource("Accounts", name.clone());
    unknown["file_id"] = json!("1");
    assert_eq!(refused("insert", unknown).await, "INVALID_FILE_ID");
    let mut other = resource("Accounts", name);
    other["file_names"] = json!(["b.csv"]);
    assert_eq!(refused("insert", other).await, "FILE_NOT_FOUND");
}
