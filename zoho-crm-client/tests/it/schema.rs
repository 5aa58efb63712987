//! Types written from metadata, and the notice of changes.

// Generated code is public, for it cannot know who uses it, and is not formatted.
#[rustfmt::skip]
#[allow(unreachable_pub)]
mod generated;

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{path, query_param},
};
use zoho_crm_client::{
    ErrorKind, Model, TypedModule,
    schema::{Drift, ModuleFacts, generate_module},
};

use crate::support::{client_of, refusal, serve_token};

fn field(id: u32, name: &str, label: &str, data_type: &str) -> Value {
    json!({"id": format!("572576700000000{id:04}"), "api_name": name, "field_label": label, "data_type": data_type,
        "system_mandatory": false, "custom_field": false, "read_only": false, "field_read_only": false,
        "operation_type": {"api_create": true, "api_update": true}, "unique": {}, "lookup": {}, "pick_list_values": []})
}

fn with(mut field: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        field[key] = value.clone();
    }
    field
}

/// A module of one's own, with a field of every kind.
fn machine_fields() -> Vec<Value> {
    let values = |values: &[&str]| -> Vec<Value> {
        values
            .iter()
            .map(|value| json!({"display_value": value, "actual_value": value}))
            .collect()
    };
    vec![
        field(1, "id", "Record Id", "bigint"),
        with(
            field(2, "Name", "Machine `Name`", "text"),
            &json!({"system_mandatory": true}),
        ),
        with(
            field(3, "Serial_No", "Serial\nnumber", "text"),
            &json!({"unique": {"casesensitive": false}}),
        ),
        with(
            field(4, "Site", "Site", "lookup"),
            &json!({"lookup": {"module": {"api_name": "Accounts", "id": "1"}}}),
        ),
        field(5, "Rent", "Rent", "currency"),
        field(6, "Count", "Count", "integer"),
        field(7, "Bought", "Bought", "date"),
        with(
            field(8, "Modified_Time", "Modified Time", "datetime"),
            &json!({"read_only": true}),
        ),
        field(9, "In_Use", "In use", "boolean"),
        with(
            field(10, "State", "State", "picklist"),
            &json!({"pick_list_values": values(&["-None-", "new", "used"])}),
        ),
        with(
            field(11, "Functions", "Functions", "multiselectpicklist"),
            &json!({"pick_list_values": values(&["cut", "drill \"fast\""])}),
        ),
        with(
            field(12, "Yearly", "Yearly", "formula"),
            &json!({"formula": {"return_type": "currency"}, "field_read_only": true}),
        ),
        with(
            field(13, "Parts", "Parts", "subform"),
            &json!({"associated_module": {"module": "Machine_Parts", "id": "2"}}),
        ),
        field(14, "Type", "Type", "text"),
        field(15, "Pictures", "Pictures", "imageupload"),
        field(16, "Owner", "Machine Owner", "ownerlookup"),
    ]
}

fn part_fields() -> Vec<Value> {
    vec![
        field(21, "Part_Number", "Part number", "text"),
        field(22, "Quantity", "Quantity", "double"),
    ]
}

fn layouts() -> Value {
    json!([{"id": "9", "name": "Standard", "status": "active", "visible": true,
        "sections": [{"api_name": "Main", "fields": [{"api_name": "Name", "required": true}, {"api_name": "Site", "required": true}]}]},
       {"id": "10", "name": "Old", "status": "inactive", "sections": [{"fields": [{"api_name": "Rent", "required": true}]}]}])
}

fn facts(fields: &[Value]) -> ModuleFacts {
    let read = |value: &Value| serde_json::from_value(value.clone()).unwrap();
    let layouts = serde_json::from_value(layouts()).unwrap();
    ModuleFacts::new("Machines", fields.iter().map(read).collect(), layouts)
}

/// The generated file is compiled into these tests, so this also shows that generated code compiles. To write it anew:
/// `ZOHO_WRITE_GENERATED=1 cargo test -p zoho-crm-client --test it generated`.
#[test]
fn what_is_generated_is_what_is_compiled_here() {
    let parts = part_fields()
        .into_iter()
        .map(|field| serde_json::from_value(field).unwrap());
    let parts = ModuleFacts::new("Machine_Parts", parts.collect(), Vec::new());
    let source = generate_module(&facts(&machine_fields()), &[parts]);
    if std::env::var_os("ZOHO_WRITE_GENERATED").is_some() {
        let place = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/schema/generated.rs");
        std::fs::write(place, &source).unwrap();
    }
    assert_eq!(source, include_str!("schema/generated.rs"));
}

#[test]
fn a_generated_type_reads_a_record_and_keeps_what_has_no_type() {
    let machine: generated::Machines = serde_json::from_str(
        r#"{"id":"5725767000000524157","Name":"M-1","Rent":1099.90,"Yearly":13198.80,"Count":"7","Bought":"2026-11-20","Functions":["cut"],
            "Site":{"id":"5725767000000524158","name":"Müller"},"Type":"x","Pictures":[{"File_Id__s":"1"}],
            "Parts":[{"id":"5725767000000524159","Part_Number":"P-7","Quantity":1.50}]}"#,
    )
    .unwrap();
    assert_eq!(generated::Machines::API_NAME, "Machines");
    assert!(generated::Machines::fields().contains(&"Serial_No"));
    assert_eq!(machine.rent.value().unwrap().to_string(), "1099.90");
    assert_eq!(machine.count.value().unwrap().0, 7);
    assert_eq!(machine.r#type.value().unwrap(), "x");
    assert!(machine.other.contains("Pictures"));
    let parts = machine.parts.value().unwrap();
    assert_eq!(parts.len(), 1);
}

#[test]
fn nothing_has_changed_right_after_generation() {
    assert!(
        generated::MACHINES
            .compare(&facts(&machine_fields()))
            .is_empty()
    );
}

#[test]
fn every_kind_of_change_is_noticed() {
    let mut fields = machine_fields();
    fields.retain(|field| field["api_name"] != "Count");
    let change = |fields: &mut Vec<Value>, name: &str, changes: Value| {
        let place = fields
            .iter()
            .position(|field| field["api_name"] == name)
            .unwrap();
        fields[place] = with(fields[place].clone(), &changes);
    };
    change(
        &mut fields,
        "Serial_No",
        json!({"api_name": "Serial_Number"}),
    );
    change(&mut fields, "Rent", json!({"data_type": "text"}));
    change(&mut fields, "Bought", json!({"system_mandatory": true}));
    change(
        &mut fields,
        "State",
        json!({"pick_list_values": [{"actual_value": "new"}, {"actual_value": "lost"}]}),
    );
    fields.push(with(
        field(30, "Colour", "Colour", "text"),
        &json!({"system_mandatory": true}),
    ));
    fields.push(with(
        field(31, "Auto", "Auto", "autonumber"),
        &json!({"system_mandatory": true, "read_only": true}),
    ));
    let drifts = generated::MACHINES.compare(&facts(&fields));
    let texts: Vec<String> = drifts.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "Machines.Serial_No is called Serial_Number now",
            "Machines.Rent was currency and is text now",
            "Machines.Count is gone",
            "Machines.Bought must have a value now",
            "Machines.State has other values now, new: lost, gone: used",
            "Machines.Colour must have a value now",
        ]
    );
    assert!(drifts.iter().all(Drift::is_breaking));
}

#[test]
fn a_new_value_of_a_picklist_breaks_nothing() {
    let mut fields = machine_fields();
    let values = fields[9]["pick_list_values"].as_array_mut().unwrap();
    values.push(json!({"actual_value": "lost", "display_value": "Lost"}));
    let drifts = generated::MACHINES.compare(&facts(&fields));
    assert_eq!(drifts.len(), 1);
    assert!(!drifts[0].is_breaking());
}

async fn org_with(module: Option<Value>) -> MockServer {
    let server = MockServer::start().await;
    serve_token(&server).await;
    let modules: Vec<Value> = module.into_iter().collect();
    let answers = [
        ("/crm/v8/settings/modules", json!({"modules": modules})),
        ("/crm/v8/settings/layouts", json!({"layouts": layouts()})),
        (
            "/crm/v8/settings/fields",
            json!({"fields": machine_fields()}),
        ),
    ];
    for (place, answer) in answers {
        Mock::given(path(place))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&server)
            .await;
    }
    server
}

#[tokio::test]
async fn a_module_that_the_edition_hides_is_a_difference_and_not_an_error() {
    let module = |status: &str| json!({"id": "1", "api_name": "Machines", "api_supported": true, "viewable": true, "status": status});
    let expected = [generated::MACHINES];
    let server = org_with(Some(module("visible"))).await;
    assert!(
        client_of(&server)
            .check_schema(&expected)
            .await
            .unwrap()
            .is_empty()
    );
    let server = org_with(Some(module("system_hidden"))).await;
    assert_eq!(
        client_of(&server).check_schema(&expected).await.unwrap(),
        [Drift::ModuleHidden {
            module: "Machines".into(),
            status: Some("system_hidden".to_owned())
        }]
    );
    let server = org_with(None).await;
    let missing = [Drift::ModuleMissing {
        module: "Machines".into(),
    }];
    assert_eq!(
        client_of(&server).check_schema(&expected).await.unwrap(),
        missing
    );
}

#[tokio::test]
async fn a_module_that_is_listed_and_then_refused_is_missing_and_other_refusals_are_errors() {
    for (code, is_missing) in [("INVALID_MODULE", true), ("NO_PERMISSION", false)] {
        let server = MockServer::start().await;
        serve_token(&server).await;
        let modules =
            json!({"modules": [{"api_name": "Machines", "api_supported": true, "viewable": true}]});
        Mock::given(path("/crm/v8/settings/modules"))
            .respond_with(ResponseTemplate::new(200).set_body_json(modules))
            .mount(&server)
            .await;
        Mock::given(query_param("module", "Machines"))
            .respond_with(ResponseTemplate::new(400).set_body_json(refusal(code)))
            .mount(&server)
            .await;
        let result = client_of(&server)
            .check_schema(&[generated::MACHINES])
            .await;
        match result {
            Ok(drifts) => {
                assert!(is_missing && matches!(drifts[..], [Drift::ModuleMissing { .. }]))
            }
            Err(error) => assert!(!is_missing && error.kind() == ErrorKind::Api),
        }
    }
}
