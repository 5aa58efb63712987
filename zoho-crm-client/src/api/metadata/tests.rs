use super::*;
use crate::{api::answer::received, model::DataType, names::FieldName};

#[test]
fn the_module_is_a_parameter() {
    let outgoing = of_module("test", "/settings/fields", &"Sales_Orders".into());
    let request = outgoing.into_request().unwrap();
    assert_eq!(request.uri(), "/crm/v8/settings/fields?module=Sales_Orders");
}

/// Shape as in the reference; both spellings of the case flag occur.
#[test]
fn fields_tell_what_a_mapping_must_know() {
    let body = r#"{"fields":[
        {"id":"5725767000000002001","api_name":"Account_Name","field_label":"Account Name","data_type":"text","json_type":"string",
         "length":200,"decimal_place":null,"system_mandatory":true,"custom_field":false,"read_only":false,"field_read_only":false,
         "operation_type":{"web_create":true,"web_update":true,"api_create":true,"api_update":true},"visible":true,"unique":{},
         "pick_list_values":[],"lookup":{},"history_tracking":null},
        {"id":"5725767000000002002","api_name":"X3_Code","field_label":"X3 code","data_type":"text","json_type":"string","length":30,
         "system_mandatory":false,"custom_field":true,"read_only":false,"unique":{"casesensitive":false},"visible":true},
        {"id":"5725767000000002003","api_name":"Code2","data_type":"text","json_type":"string","length":30,"unique":{"case_sensitive":true}},
        {"id":"5725767000000002004","api_name":"Industry","data_type":"picklist","json_type":"string","length":120,
         "pick_list_values":[{"display_value":"-None-","actual_value":"-None-"},{"display_value":"Communications","actual_value":"Kommunikation","id":"1","sequence_number":2}]},
        {"id":"5725767000000002005","api_name":"New","data_type":"hologram","json_type":null,"unique":null,"operation_type":{"api_update":false}}
    ]}"#;
    let fields = parse_fields(&received(200, body)).unwrap();
    assert!(fields[0].system_mandatory && !fields[0].is_unique());
    assert_eq!(fields[0].length, Some(200));
    assert!(fields[0].other.contains_key("history_tracking"));
    assert!(fields[1].is_unique() && fields[1].custom_field);
    assert_eq!(
        fields[1].unique.as_ref().unwrap().case_sensitive,
        Some(false)
    );
    assert_eq!(
        fields[2].unique.as_ref().unwrap().case_sensitive,
        Some(true)
    );
    assert_eq!(
        fields[3].pick_list_values[1].actual_value.as_deref(),
        Some("Kommunikation")
    );
    assert_eq!(fields[4].data_type, DataType::Other("hologram".to_owned()));
    assert!(!fields[4].is_writable() && fields[0].is_writable());
}

#[test]
fn the_organisation_and_its_modules() {
    let org = parse_org(&received(
        200,
        r#"{"org":[{"id":"5725767000000000001","zgid":"10234695","company_name":"Zylker","type":"production","time_zone":"Europe/Zurich",
            "currency":"Swiss Franc","iso_code":"CHF","mc_status":false,"country_code":"CH",
            "license_details":{"paid":true,"paid_type":"enterprise"},"phone":null}]}"#,
    ))
    .unwrap();
    assert_eq!(org.zgid, "10234695");
    assert_eq!(org.iso_code.as_deref(), Some("CHF"));
    assert_eq!(
        org.license_details.unwrap().paid_type.as_deref(),
        Some("enterprise")
    );
    assert!(parse_org(&received(200, r#"{"org":[]}"#)).is_err());

    let modules = parse_modules(&received(
        200,
        r#"{"modules":[{"id":"5725767000000002175","api_name":"Accounts","module_name":"Accounts","api_supported":true,"creatable":true,
            "editable":true,"deletable":true,"viewable":true,"generated_type":"default","visibility":1,"status":"visible"},
           {"id":"5725767000000002176","api_name":"Invoices","api_supported":true,"status":"user_hidden"}]}"#,
    ))
    .unwrap();
    assert!(modules[0].is_usable());
    assert!(!modules[1].is_usable());
}

#[test]
fn a_field_to_be_created_is_sent_once_and_costs_ten_credits() {
    let field = NewField::text("X3 code", 30)
        .unique()
        .help("The code in Sage X3.");
    let outgoing = create_field_request(&"Accounts".into(), &field).unwrap();
    assert!(!outgoing.repeatable && outgoing.writes);
    let request = outgoing.into_request().unwrap();
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "/crm/v8/settings/fields?module=Accounts");
    assert_eq!(
        std::str::from_utf8(request.body()).unwrap(),
        r#"{"fields":[{"field_label":"X3 code","data_type":"text","length":30,"unique":{"casesensitive":"false"},"tooltip":{"name":"static_text","value":"The code in Sage X3."}}]}"#
    );
}

#[test]
fn a_created_field_has_an_id_and_a_refused_one_a_reason() {
    let created = r#"{"fields":[{"status":"success","code":"SUCCESS","message":"field created","details":{"id":"5725767000000524157"}}]}"#;
    let id = parse_created_field(&received(201, created)).unwrap();
    assert_eq!(id, "5725767000000524157");
    for (status, body) in [
        (
            400,
            r#"{"fields":[{"status":"error","code":"DUPLICATE_DATA","message":"duplicate data","details":{"api_name":"field_label","json_path":"$.fields[0].field_label"}}]}"#,
        ),
        (
            400,
            r#"{"status":"error","code":"DUPLICATE_DATA","message":"duplicate data","details":{}}"#,
        ),
    ] {
        match parse_created_field(&received(status, body)) {
            Err(Failure::Api(error)) => assert_eq!(error.code(), "DUPLICATE_DATA"),
            other => panic!("{other:?}"),
        }
    }
    assert!(parse_created_field(&received(201, r#"{"fields":[]}"#)).is_err());
}

#[test]
fn a_layout_tells_what_must_be_filled_in() {
    let layouts = parse_layouts(&received(
        200,
        r#"{"layouts":[{"id":"5725767000000091055","name":"Standard","api_name":"Standard__s","status":"active","visible":true,
            "sections":[{"api_name":"Account_Information","name":"Account Information","sequence_number":1,
                "fields":[{"api_name":"Account_Name","required":true,"sequence_number":1},{"api_name":"Phone","required":false}]},
              {"api_name":"Empty","fields":null}],"convert_mapping":null}]}"#,
    ))
    .unwrap();
    let required: Vec<_> = layouts[0].required_fields().collect();
    assert_eq!(required, ["Account_Name"].map(FieldName::from).each_ref());
    assert!(layouts[0].other.contains_key("convert_mapping"));
}

#[test]
fn related_lists_name_their_module_in_either_form() {
    let lists = parse_related_lists(&received(
        200,
        r#"{"related_lists":[{"id":"1","api_name":"Contacts","name":"Contacts","module":{"api_name":"Contacts","id":"7"},"type":"default","href":"Contacts"},
            {"id":"2","api_name":"Deals","module":"Deals"},{"id":"3","api_name":"Attachments","module":null}]}"#,
    ))
    .unwrap();
    let modules: Vec<_> = lists
        .iter()
        .map(|list| list.module.as_ref().map(|module| module.api_name.as_str()))
        .collect();
    assert_eq!(modules, [Some("Contacts"), Some("Deals"), None]);
}

#[test]
fn pages_say_whether_there_are_more() {
    let body = r#"{"custom_views":[{"id":"4","name":"All","system_name":"ALLVIEWS","default":true,"criteria":null}],"info":{"per_page":200,"count":1,"page":1,"more_records":true,"default":"4"}}"#;
    let (views, more) = parse_custom_views(&received(200, body)).unwrap();
    assert!(views[0].default && more);
    let (users, more) = parse_users(&received(204, "")).unwrap();
    assert!(users.is_empty() && !more);
    let body = r#"{"users":[{"id":"5","full_name":"P Boyle","email":"p@example.com","status":"active","profile":{"id":"6","name":"Administrator"},"role":{"id":"7","name":"CEO"},"time_zone":"Europe/Zurich","zuid":"8"}],"info":{"more_records":false}}"#;
    let (users, _) = parse_users(&received(200, body)).unwrap();
    assert!(users[0].is_active());
    assert!(!format!("{users:?}").contains("Boyle"));
}

#[test]
fn currencies_and_their_rates_are_exact() {
    let body = r#"{"currencies":[{"id":"9","iso_code":"EUR","symbol":"€","name":"Euro - EUR","is_base":false,"is_active":true,"prefix_symbol":true,
        "exchange_rate":"1.058200000","format":{"decimal_separator":"Period","thousand_separator":"Comma","decimal_places":"2"}}]}"#;
    let currencies = parse_currencies(&received(200, body)).unwrap();
    assert_eq!(
        currencies[0].exchange_rate.unwrap().to_string(),
        "1.058200000"
    );
    let format = currencies[0].format.as_ref().unwrap();
    assert_eq!(format.decimal_places.unwrap().to_string(), "2");
    let off = r#"{"code":"CURRENCIES_NOT_ENABLED","details":{},"message":"x","status":"error"}"#;
    assert!(matches!(
        parse_currencies(&received(403, off)),
        Err(Failure::Api(_))
    ));
}

#[test]
fn pipelines_have_stages() {
    let body = r#"{"pipeline":[{"id":"10","display_value":"Standard","actual_value":"Standard (Standard)","default":true,
        "maps":[{"display_value":"Qualification","actual_value":"Qualification","sequence_number":1,"id":"11","forecast_category":{"name":"Pipeline","id":"12"}}]}]}"#;
    let pipelines = parse_pipelines(&received(200, body)).unwrap();
    assert_eq!(
        pipelines[0].stages[0].actual_value.as_deref(),
        Some("Qualification")
    );
}

#[test]
fn lookups_and_formulas_say_what_they_lead_to() {
    let body = r#"{"fields":[
        {"api_name":"Account_Name","data_type":"lookup","lookup":{"module":{"api_name":"Accounts","id":"1"},"display_label":"Deals"}},
        {"api_name":"Old","data_type":"lookup","lookup":{"module":"Contacts"}},
        {"api_name":"Margin","data_type":"formula","lookup":{},"formula":{"return_type":"currency","expression":"1"}},
        {"api_name":"X3_Id","data_type":"text","lookup":{},"external":{"type":"org","show":true}},
        {"api_name":"What_Id","data_type":"multi_module_lookup","external":null}]}"#;
    let fields = parse_fields(&received(200, body)).unwrap();
    let targets: Vec<_> = fields.iter().map(FieldMeta::lookup_module).collect();
    assert_eq!(
        targets[..3],
        [Some("Accounts".into()), Some("Contacts".into()), None]
    );
    assert_eq!(fields[2].return_type(), Some(DataType::Currency));
    assert!(fields[3].is_external() && !fields[4].is_external());
    assert_eq!(fields[4].data_type, DataType::MultiModuleLookup);
}
