//! COQL.

use serde_json::{Value, json};

use crate::support::World;

async fn world() -> World {
    let world = World::new().await;
    let rows = json!([
        {"Account_Name": "Alpha", "X3_Code": "C1", "Annual_Revenue": 100.10, "Industry": "Education", "X3_Active": true},
        {"Account_Name": "Beta O'Neil", "X3_Code": "C2", "Annual_Revenue": 200.20, "Industry": "Education"},
        {"Account_Name": "Gamma", "X3_Code": "C3", "Industry": "Software", "X3_Active": false},
        {"Account_Name": "Delta", "Annual_Revenue": 50},
    ]);
    world
        .simulator
        .seed("Accounts", rows.as_array().unwrap().iter().cloned())
        .unwrap();
    world
}

async fn names(world: &World, condition: &str) -> Vec<String> {
    let query = format!("select Account_Name from Accounts where {condition} order by id asc");
    let reply = world.coql(&query).await;
    if reply.status == 204 {
        return Vec::new();
    }
    assert_eq!(reply.status, 200, "{condition}: {}", reply.text);
    reply.column("Account_Name")
}

#[tokio::test]
async fn every_operator_selects_what_it_says() {
    let world = world().await;
    for (condition, expected) in [
        ("X3_Code = 'c2'", vec!["Beta O'Neil"]),
        ("X3_Code != 'C2'", vec!["Alpha", "Gamma", "Delta"]),
        ("Annual_Revenue > 100.1", vec!["Beta O'Neil"]),
        ("Annual_Revenue >= 100.1", vec!["Alpha", "Beta O'Neil"]),
        ("Annual_Revenue < 100", vec!["Delta"]),
        ("Annual_Revenue <= 50.00", vec!["Delta"]),
        ("Annual_Revenue between 50 and 150", vec!["Alpha", "Delta"]),
        ("Annual_Revenue not between 50 and 150", vec!["Beta O'Neil"]),
        ("X3_Code in ('C1', 'C3')", vec!["Alpha", "Gamma"]),
        ("X3_Code not in ('C1', 'C3')", vec!["Beta O'Neil", "Delta"]),
        ("Account_Name like '%a'", vec!["Alpha", "Gamma", "Delta"]),
        (
            "Account_Name not like '%et%'",
            vec!["Alpha", "Gamma", "Delta"],
        ),
        ("X3_Code is null", vec!["Delta"]),
        ("X3_Code is not null", vec!["Alpha", "Beta O'Neil", "Gamma"]),
        ("X3_Active = 'true'", vec!["Alpha"]),
        ("Account_Name = 'Beta O\\'Neil'", vec!["Beta O'Neil"]),
        (
            "((Industry = 'Education' and Annual_Revenue > 150) or X3_Code = 'C3')",
            vec!["Beta O'Neil", "Gamma"],
        ),
        (
            "id is not null",
            vec!["Alpha", "Beta O'Neil", "Gamma", "Delta"],
        ),
        (
            "Modified_Time > '2026-11-02T09:59:59+02:00'",
            vec!["Alpha", "Beta O'Neil", "Gamma", "Delta"],
        ),
        ("Modified_Time > '2026-11-02T10:00:00+02:00'", vec![]),
    ] {
        assert_eq!(names(&world, condition).await, expected, "{condition}");
    }
}

#[tokio::test]
async fn an_empty_result_is_204() {
    let world = world().await;
    let reply = world
        .coql("select id from Accounts where Account_Name = 'Nobody'")
        .await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
}

#[tokio::test]
async fn limit_offset_and_order_page_through_the_rows() {
    let world = world().await;
    let first = world.coql("select Account_Name from Accounts where id is not null order by Account_Name desc limit 2").await;
    assert_eq!(first.column("Account_Name"), ["Gamma", "Delta"]);
    assert_eq!(
        first.json()["info"],
        json!({"count": 2, "more_records": true})
    );
    for tail in ["limit 2 offset 2", "limit 2, 2"] {
        let query = format!(
            "select Account_Name from Accounts where id is not null order by Account_Name desc {tail}"
        );
        let rest = world.coql(&query).await;
        assert_eq!(rest.column("Account_Name"), ["Beta O'Neil", "Alpha"]);
        assert_eq!(rest.json()["info"]["more_records"], false);
    }
    let id = first.column("id").remove(0);
    let keyset = world
        .coql(&format!(
            "select id from Accounts where id > {id} order by id asc limit 10"
        ))
        .await;
    assert_eq!(keyset.json()["info"]["count"], 1);
}

#[tokio::test]
async fn columns_may_be_joined_over_lookups_and_grouped() {
    let world = world().await;
    let account = world.simulator.records("Accounts")[0].id.clone();
    world
        .simulator
        .seed(
            "Contacts",
            [json!({"Last_Name": "Berg", "Account_Name": {"id": account}})],
        )
        .unwrap();
    let joined = world.coql("select Last_Name, Account_Name, Account_Name.X3_Code from Contacts where Account_Name.Account_Name = 'Alpha'").await;
    assert_eq!(joined.row(0)["Account_Name.X3_Code"], "C1");
    assert_eq!(
        joined.row(0)["Account_Name"],
        json!({"name": "Alpha", "id": account})
    );
    let grouped = world
        .coql("select Industry, SUM(Annual_Revenue), COUNT(id) as 'many' from Accounts where Industry is not null group by Industry")
        .await;
    let rows: Vec<Value> = grouped.json()["data"].as_array().unwrap().clone();
    assert!(
        rows.iter()
            .any(|row| row["Industry"] == "Education" && row["many"] == 2),
        "{}",
        grouped.text
    );
    assert!(
        grouped.text.contains("\"SUM(Annual_Revenue)\":300.3"),
        "{}",
        grouped.text
    );
}

#[tokio::test]
async fn unreadable_queries_and_unsuitable_columns_are_told_apart() {
    let world = world().await;
    for (query, code) in [
        ("select id from Accounts", "SYNTAX_ERROR"),
        (
            "selct id from Accounts where id is not null",
            "SYNTAX_ERROR",
        ),
        (
            "select id from Accounts where X3_Code = 'C1' and X3_Code = 'C2' and X3_Code = 'C3'",
            "SYNTAX_ERROR",
        ),
        (
            "select id from Accounts where X3_Code = 'C1",
            "SYNTAX_ERROR",
        ),
        (
            "select id from Accounts where Nonsense = 'C1'",
            "INVALID_QUERY",
        ),
        (
            "select Nonsense from Accounts where id is not null",
            "INVALID_QUERY",
        ),
        (
            "select id from Accounts where Annual_Revenue like '1%'",
            "INVALID_QUERY",
        ),
        (
            "select id from Accounts where Account_Name > 'A'",
            "INVALID_QUERY",
        ),
        (
            "select id from Accounts where Description = 'x'",
            "INVALID_QUERY",
        ),
        (
            "select id from Accounts where Annual_Revenue = 'much'",
            "INVALID_QUERY",
        ),
        (
            "select id from Accounts where id is not null limit 2001",
            "LIMIT_EXCEEDED",
        ),
        (
            "select id from Accounts where id is not null limit 100001, 10",
            "LIMIT_EXCEEDED",
        ),
        (
            "select id, id from Accounts where id is not null",
            "DUPLICATE_DATA",
        ),
        (
            "select id from Nothing where id is not null",
            "INVALID_MODULE",
        ),
    ] {
        let reply = world.coql(query).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (400, code),
            "{query}"
        );
    }
    let clause = world.coql("select id from Accounts").await;
    assert_eq!(clause.json()["details"], json!({"clause": "where"}));
    let values = vec!["'x'"; 51].join(",");
    assert_eq!(
        world
            .coql(&format!(
                "select id from Accounts where X3_Code in ({values})"
            ))
            .await
            .code(),
        "LIMIT_EXCEEDED"
    );
    assert_eq!(
        world.post("coql", json!({})).await.code(),
        "MANDATORY_NOT_FOUND"
    );
}

#[tokio::test]
async fn writes_show_at_once() {
    let world = world().await;
    world
        .post("Accounts", json!({"data": [{"Account_Name": "Fresh"}]}))
        .await;
    assert_eq!(names(&world, "Account_Name = 'Fresh'").await, ["Fresh"]);
}
