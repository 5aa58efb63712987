use super::*;
use crate::{ClientCredentials, DataCenter, api::answer::received};

fn request(operation: BulkOperation) -> BulkWriteRequest {
    let credentials = ClientCredentials::new("1000.CLIENT", "secret");
    let client = ZohoClient::builder(DataCenter::Eu, credentials);
    client.build().unwrap().bulk_write("Contacts", operation)
}

#[test]
fn a_job_maps_columns_to_fields() {
    let request = request(BulkOperation::upsert("X3_Code"))
        .columns([
            BulkColumn::new("X3_Code"),
            BulkColumn::new("Account_Name").find_by("X3_Code"),
            BulkColumn::new("Date_of_Birth").format("yyyy-MM-dd"),
            BulkColumn::new("Lead_Source").default_value("X3"),
        ])
        .callback("https://sync.example/done");
    let outgoing = request
        .create_request(&"5725767000000524157".parse().unwrap())
        .unwrap();
    assert!(outgoing.writes && !outgoing.repeatable);
    let sent = outgoing.into_request().unwrap();
    assert_eq!(sent.uri(), "/crm/bulk/v8/write");
    assert_eq!(
        std::str::from_utf8(sent.body()).unwrap(),
        concat!(
            r#"{"character_encoding":"UTF-8","operation":"upsert","ignore_empty":true,"callback":{"url":"https://sync.example/done","method":"post"},"#,
            r#""resource":[{"type":"data","module":{"api_name":"Contacts"},"file_id":"5725767000000524157","file_names":["data.csv"],"#,
            r#""find_by":"X3_Code","ignore_empty":true,"field_mappings":[{"api_name":"X3_Code","index":0},"#,
            r#"{"api_name":"Account_Name","index":1,"find_by":"X3_Code"},{"api_name":"Date_of_Birth","index":2,"format":"yyyy-MM-dd"},"#,
            r#"{"api_name":"Lead_Source","index":3,"default_value":{"value":"X3"}}]}]}"#
        )
    );
}

#[test]
fn the_key_must_be_a_column_and_columns_must_be_named() {
    assert!(request(BulkOperation::Insert).check().is_err());
    assert!(
        request(BulkOperation::Insert)
            .columns(["Last_Name"])
            .check()
            .is_ok()
    );
    assert!(
        request(BulkOperation::update("id"))
            .columns(["Last_Name"])
            .check()
            .is_err()
    );
    assert!(
        request(BulkOperation::Insert)
            .columns(vec!["A"; 201])
            .check()
            .is_err()
    );
}

fn row(
    record: &Record,
    operation: BulkOperation,
    empty: EmptyCells,
) -> Result<Vec<String>, String> {
    let columns = ["id", "Name", "Owner", "Tags", "Amount"].map(BulkColumn::new);
    cells::cells(record, &columns, &operation, empty).map_err(|error| error.to_string())
}

#[test]
fn values_become_cells() {
    let record: Record = serde_json::from_str(
        r#"{"id":"12","Name":"a;b","Owner":{"id":"7","name":"x"},"Tags":["a","b"],"Amount":99999999999999.990}"#,
    )
    .unwrap();
    assert_eq!(
        row(&record, BulkOperation::update("id"), EmptyCells::Refused).unwrap(),
        ["12", "a;b", "7", "a;b", "99999999999999.990"]
    );
}

#[test]
fn what_a_file_cannot_say_is_refused() {
    let full = Record::new()
        .with("id", "1")
        .with("Name", "x")
        .with("Owner", "7")
        .with("Tags", "t")
        .with("Amount", 1_i64);
    let update = || BulkOperation::update("id");
    let emptied = full.clone().with("Name", None::<&str>);
    let mut shorter = full.clone();
    shorter.remove("Name");
    assert!(
        row(&emptied, update(), EmptyCells::Refused)
            .unwrap_err()
            .contains("`Name`")
    );
    assert!(row(&emptied, update(), EmptyCells::Clear).is_ok());
    assert!(
        row(&shorter, update(), EmptyCells::Clear)
            .unwrap_err()
            .contains("`Name`")
    );
    assert!(row(&shorter, update(), EmptyCells::Refused).is_ok());
    assert!(row(&emptied, BulkOperation::Insert, EmptyCells::Refused).is_ok());
    let stranger = full.clone().with("Phone", "1");
    assert!(
        row(&stranger, update(), EmptyCells::Refused)
            .unwrap_err()
            .contains("`Phone`")
    );
    for odd in [r#"["a;b"]"#, r#"{"name":"x"}"#, "[1]"] {
        let mut record = full.clone();
        record.set(
            "Name",
            serde_json::from_str::<Box<serde_json::value::RawValue>>(odd).unwrap(),
        );
        assert!(
            row(&record, update(), EmptyCells::Refused).is_err(),
            "{odd}"
        );
    }
}

#[test]
fn answers_of_every_step_are_read() {
    for id in [r#""111111""#, "111111"] {
        let body = format!(
            r#"{{"status":"success","code":"FILE_UPLOAD_SUCCESS","message":"file uploaded.","details":{{"file_id":{id},"created_time":"2026-11-20T11:00:00+01:00"}}}}"#
        );
        assert_eq!(parse_uploaded(&received(200, body)).unwrap(), "111111");
    }
    let created = r#"{"status":"success","code":"SUCCESS","message":"success","details":{"id":"5725767000000524157","created_by":{"id":"1","name":"P"}}}"#;
    assert_eq!(
        parse_created(&received(201, created)).unwrap(),
        "5725767000000524157"
    );
    let done = r#"{"status":"COMPLETED","character_encoding":"UTF-8","resource":[{"status":"COMPLETED","type":"data","file":{"status":"COMPLETED","added_count":1}}],
        "result":{"download_url":"/v7/crm/org1/bulk-write/1/1.zip"},"id":"1","operation":"insert"}"#;
    let detail = parse_state(&received(200, done)).unwrap();
    assert_eq!(
        detail.download_url.as_deref(),
        Some("/v7/crm/org1/bulk-write/1/1.zip")
    );
    let failed =
        r#"{"status":"FAILED","resource":[{"status":"FAILED","code":"INVALID_FIELD_NAME"}]}"#;
    let detail = parse_state(&received(200, failed)).unwrap();
    assert_eq!(
        (detail.state, detail.code.as_deref()),
        (JobState::Failed, Some("INVALID_FIELD_NAME"))
    );
    assert!(parse_state(&received(200, r#"{"status":"COMPLETED"}"#)).is_err());
    let refused =
        r#"{"status":"error","code":"INVALID_FILE_ID","message":"improper file id","details":{}}"#;
    assert!(matches!(
        parse_created(&received(400, refused)),
        Err(Failure::Api(_))
    ));
}

#[test]
fn results_outside_the_api_are_on_the_host_for_files() {
    let destination = |link: &str| {
        let request = result_request(link).unwrap().into_request().unwrap();
        request.extensions().get::<Destination>().cloned()
    };
    assert_eq!(
        destination("/v7/crm/org1/1.zip"),
        Some(Destination::Content)
    );
    assert_eq!(destination("/crm/bulk/v8/write/1/result"), None);
    assert!(matches!(
        destination("https://content.zohoapis.eu/1.zip"),
        Some(Destination::Server(_))
    ));
}
