//! Fields, modules and the organisation (reference: Zoho v8 section 8, read 2026-11).

use serde::Deserialize;

use super::{Failure, Outgoing, Received};
use crate::{
    client::ZohoClient,
    error::Error,
    model::{FieldMeta, ModuleMeta, Organization},
    names::ModuleName,
};

pub(crate) async fn fields(
    client: &ZohoClient,
    module: ModuleName,
) -> Result<Vec<FieldMeta>, Error> {
    client.send(fields_request(&module), parse_fields).await
}

fn fields_request(module: &ModuleName) -> Outgoing {
    Outgoing::get("zoho.settings.fields", "/settings/fields")
        .of_module(module)
        .query("module", module.as_str())
}

fn parse_fields(received: &Received) -> Result<Vec<FieldMeta>, Failure> {
    #[derive(Deserialize)]
    struct Body {
        fields: Vec<FieldMeta>,
    }
    Ok(received
        .json::<Body>()?
        .map_or_else(Vec::new, |body| body.fields))
}

pub(crate) async fn modules(client: &ZohoClient) -> Result<Vec<ModuleMeta>, Error> {
    let request = Outgoing::get("zoho.settings.modules", "/settings/modules");
    client.send(request, parse_modules).await
}

fn parse_modules(received: &Received) -> Result<Vec<ModuleMeta>, Failure> {
    #[derive(Deserialize)]
    struct Body {
        modules: Vec<ModuleMeta>,
    }
    Ok(received
        .json::<Body>()?
        .map_or_else(Vec::new, |body| body.modules))
}

pub(crate) async fn org(client: &ZohoClient) -> Result<Organization, Error> {
    let request = Outgoing::get("zoho.org", "/org");
    client.send(request, parse_org).await
}

fn parse_org(received: &Received) -> Result<Organization, Failure> {
    #[derive(Deserialize)]
    struct Body {
        org: Vec<Organization>,
    }
    let first = received
        .json::<Body>()?
        .and_then(|body| body.org.into_iter().next());
    first.ok_or_else(|| Failure::Inconsistent("Zoho names no organisation".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::answer::received, model::DataType};

    #[test]
    fn the_module_is_a_parameter() {
        let request = fields_request(&"Sales_Orders".into())
            .into_request()
            .unwrap();
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
}
