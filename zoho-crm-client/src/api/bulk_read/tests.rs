use super::*;
use crate::{ClientCredentials, DataCenter, api::answer::received};

fn request() -> BulkReadRequest {
    let credentials = ClientCredentials::new("1000.CLIENT", "secret");
    let client = ZohoClient::builder(DataCenter::Eu, credentials);
    client.build().unwrap().bulk_read("Accounts")
}

fn body(request: &BulkReadRequest) -> String {
    let request = request.request().unwrap().into_request().unwrap();
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "/crm/bulk/v8/read");
    assert_eq!(request.headers()["content-type"], "application/json");
    String::from_utf8(request.body().to_vec()).unwrap()
}

#[test]
fn a_query_names_columns_and_conditions() {
    let criteria = BulkCriteria::any([
        BulkCriteria::equal("Industry", "Software"),
        BulkCriteria::all([
            BulkCriteria::in_("Rating", vec!["A", "B"]),
            BulkCriteria::between("Employees", 1_i64, 9_i64),
            BulkCriteria::is_not_empty("Phone"),
        ]),
    ]);
    let request = request()
        .fields(["Account_Name", "Owner.last_name"])
        .criteria(criteria)
        .callback("https://sync.example/done");
    assert_eq!(
        body(&request),
        concat!(
            r#"{"callback":{"url":"https://sync.example/done","method":"post"},"query":{"module":{"api_name":"Accounts"},"#,
            r#""fields":["Account_Name","Owner.last_name"],"criteria":{"group_operator":"or","group":["#,
            r#"{"field":{"api_name":"Industry"},"comparator":"equal","value":"Software"},"#,
            r#"{"group_operator":"and","group":[{"field":{"api_name":"Rating"},"comparator":"in","value":["A","B"]},"#,
            r#"{"field":{"api_name":"Employees"},"comparator":"between","value":[1,9]},"#,
            r#"{"field":{"api_name":"Phone"},"comparator":"not_equal","value":"${EMPTY}"}]}]}}}"#
        )
    );
    assert!(!request.request().unwrap().repeatable);
}

#[test]
fn the_next_page_is_named_by_token_or_else_by_number() {
    let result = |token: Option<&str>| BulkReadResult {
        page: 1,
        count: 200_000,
        download_url: String::new(),
        more_records: true,
        next_page_token: token.map(str::to_owned),
    };
    let by_token = request().fields(["Phone"]).at(&result(Some("abc")));
    assert_eq!(body(&by_token), r#"{"query":{"page_token":"abc"}}"#);
    let by_number = request().at(&result(None));
    assert_eq!(
        body(&by_number),
        r#"{"query":{"module":{"api_name":"Accounts"},"page":2}}"#
    );
}

#[test]
fn criteria_beyond_the_limits_are_not_sent() {
    let many = (0..26).map(|_| BulkCriteria::is_empty("Phone"));
    for criteria in [
        BulkCriteria::all(many),
        BulkCriteria::all([]),
        BulkCriteria::in_("Rating", Vec::<&str>::new()),
        BulkCriteria::in_("Rating", vec!["A"; 201]),
    ] {
        assert!(request().criteria(criteria).request().is_err());
    }
    let single = request().criteria(BulkCriteria::all([BulkCriteria::is_empty("Phone")]));
    assert!(!body(&single).contains("group"));
}

#[test]
fn jobs_are_followed_from_their_start_to_their_end() {
    let created = r#"{"data":[{"status":"success","code":"ADDED_SUCCESSFULLY","message":"Added successfully.",
        "details":{"id":"5725767000000524157","operation":"read","state":"ADDED","created_by":{"id":"1","name":"P"},"created_time":"2026-11-20T11:00:00+01:00"}}],"info":{}}"#;
    assert_eq!(
        parse_created(&received(201, created)).unwrap(),
        "5725767000000524157"
    );
    let working = r#"{"data":[{"id":"1","operation":"read","state":"IN PROGRESS","query":{},"file_type":"csv"}]}"#;
    let detail = parse_state(&received(200, working)).unwrap();
    assert_eq!(detail.state, JobState::InProgress);
    assert_eq!(detail.found(), None);
    let done = r#"{"data":[{"id":"1","state":"COMPLETED","result":{"page":1,"per_page":200000,"count":3,
        "download_url":"/crm/bulk/v8/read/1/result","more_records":true,"next_page_token":"abc"}}]}"#;
    let result = parse_state(&received(200, done)).unwrap().found().unwrap();
    assert!(result.more_records);
    assert_eq!(
        (result.count, result.next_page_token.as_deref()),
        (3, Some("abc"))
    );
    let failed = r#"{"data":[{"id":"1","state":"FAILURE","result":{"error_message":{"code":"FIELD_NOT_AVAILABLE","details":{},"message":"x","status":"error"}}}]}"#;
    let detail = parse_state(&received(200, failed)).unwrap();
    assert_eq!(detail.error_code().as_deref(), Some("FIELD_NOT_AVAILABLE"));
    assert!(parse_state(&received(200, r#"{"data":[{"state":"COMPLETED"}]}"#)).is_err());
    let gone = r#"{"code":"RESOURCE_NOT_FOUND","details":{},"message":"x","status":"error"}"#;
    assert!(matches!(
        parse_state(&received(404, gone)),
        Err(Failure::Api(_))
    ));
}
