//! Searches by values of a field.

use serde_json::{Value as Json, json};

use super::{account, prepared::Zoho};
use crate::{budget::Call, endpoint::Endpoint as _, value::Value};

#[tokio::test]
async fn one_query_tells_who_has_a_key_and_who_came_without_one() {
    let stranger = json!({"id": "12", "X3_Code": null, "Account_Name": "Typed by hand", "Modified_Time": "2026-11-20T11:00:00+01:00"});
    let zoho = Zoho::accounts()
        .answer(200, json!({"data": [{"id": "11", "X3_Code": "bp1"}, {"id": "12", "X3_Code": null}], "info": {"more_records": false}}))
        .answer(200, json!({"data": [account("11", "bp1"), stranger]}));
    let values = ["BP1", "BP2"].map(Value::from);
    let since = "2026-11-20T10:00:00.7Z".parse().unwrap();
    let endpoint = zoho.endpoint();
    let field = "X3_Code".into();
    let asked = endpoint.find_with_unmarked(&field, &values, Some(since));
    let (told, cost) = asked.await.unwrap();
    let told = told.unwrap();
    let found: Vec<usize> = told.found.iter().map(Vec::len).collect();
    assert_eq!(found, [1, 0]);
    assert_eq!(told.unmarked.len(), 1);
    assert_eq!(told.unmarked[0].id.as_str(), "12");
    assert_eq!(cost, endpoint.cost(Call::Find { values: 2 }));
    let query = zoho.body(0)["select_query"].as_str().unwrap().to_owned();
    assert!(
        query.contains("X3_Code is null")
            && query.contains("Modified_Time >= '2026-11-20T10:00:00+00:00'"),
        "{query}"
    );
}

#[tokio::test]
async fn more_strangers_than_a_call_tells_are_not_told_in_part() {
    let row = |id: usize| json!({"id": id.to_string(), "X3_Code": null});
    let rows: Vec<Json> = (10..13).map(row).collect();
    for (rows, more) in [(rows, false), (vec![row(10)], true)] {
        let answer = json!({"data": rows, "info": {"more_records": more}});
        let zoho = Zoho::accounts().answer(200, answer);
        let values = ["BP1", "BP2"].map(Value::from);
        let endpoint = zoho.endpoint();
        let field = "X3_Code".into();
        let asked = endpoint.find_with_unmarked(&field, &values, None);
        assert_eq!(asked.await.unwrap().0, None);
    }
}

#[tokio::test]
async fn finding_asks_live_data_and_sorts_by_value_without_case() {
    let zoho = Zoho::accounts()
        .answer(200, json!({"data": [{"id": "11", "X3_Code": "bp1"}, {"id": "12", "X3_Code": "BP2"}, {"id": "13", "X3_Code": "BP1"}]}))
        .answer(200, json!({"data": [account("11", "bp1"), account("12", "BP2"), account("13", "BP1")]}));
    let values = ["BP1", "BP2", "BP3"].map(Value::from);
    let found = zoho
        .endpoint()
        .find(&"X3_Code".into(), &values)
        .await
        .unwrap();
    let ids: Vec<Vec<&str>> = found
        .iter()
        .map(|records| records.iter().map(|record| record.id.as_str()).collect())
        .collect();
    assert_eq!(ids, [vec!["11", "13"], vec!["12"], vec![]]);
    assert_eq!(
        zoho.body(0)["select_query"],
        "select X3_Code from Accounts where X3_Code in ('BP1', 'BP2', 'BP3') order by id asc limit 200"
    );
}

#[tokio::test]
async fn finding_goes_on_until_everything_was_seen() {
    let zoho = Zoho::accounts()
        .answer(200, json!({"data": [{"id": "11", "Account_Name": "Twin"}], "info": {"more_records": true}}))
        .answer(200, json!({"data": [{"id": "12", "Account_Name": "Twin"}], "info": {"more_records": false}}))
        .answer(200, json!({"data": [account("11", "A"), account("12", "B")]}));
    let found = zoho
        .endpoint()
        .find(&"Account_Name".into(), &["Twin".into(), Value::Null])
        .await
        .unwrap();
    assert_eq!((found[0].len(), found[1].len()), (2, 0));
    assert_eq!(
        zoho.body(1)["select_query"],
        "select Account_Name from Accounts where (Account_Name in ('Twin') and id > '11') order by id asc limit 200"
    );
}
