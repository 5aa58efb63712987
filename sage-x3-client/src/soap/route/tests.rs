use std::sync::Arc;

use client_core::{
    TransportErrorKind,
    testing::{ManualClock, RecordingSleep, ScriptedTransport},
};
use futures::executor::block_on;
use rust_decimal::Decimal;

use crate::{
    AddressCode, AddressPatch, BusinessPartnerContactPatch, CategoryCode, ConnectedApp,
    CustomerCode, CustomerPatch, Error, ErrorKind, FieldName, NewCustomer, NewSalesOrder,
    NewSalesOrderLine, ProductCode, RecordErrorKind, RecordId, SalesOrderPatch, SiteCode,
    SiteConfig, WritePath, X3Client, X3ClientBuilder,
    soap::{SoapPlace, SoapPublication, SoapSettings},
};

fn builder(transport: &ScriptedTransport, site: SiteConfig) -> X3ClientBuilder {
    let clock = ManualClock::new("2026-11-20T10:00:00Z".parse().unwrap());
    X3Client::builder(site)
        .credential(ConnectedApp::new("c0ffee", "canary-secret"))
        .transport(Arc::new(transport.clone()))
        .sleep(Arc::new(RecordingSleep::new(clock.clone())))
        .clock(Arc::new(clock))
}

fn site() -> SiteConfig {
    SiteConfig::new("http://x3:8124", "SEED")
        .soap(SoapSettings::new("POOL"))
        .write_paths([WritePath::Soap])
}

fn client(transport: &ScriptedTransport, site: SiteConfig) -> X3Client {
    builder(transport, site)
        .soap_publication("customer", SoapPublication::customers("YBPC"))
        .build()
        .unwrap()
}

fn answer(status: u8, message: &str, result: &str) -> String {
    format!(
        "<e:Envelope><e:Body><r><messages><messages><message>{message}</message><type>{}</type></messages></messages>\
         <resultXml><![CDATA[{result}]]></resultXml><status>{status}</status></r></e:Body></e:Envelope>",
        if status == 1 { 1 } else { 3 }
    )
}

const SAVED: &str = "<RESULT><GRP ID=\"BPC0_1\"><FLD NAME=\"BPCNUM\">C0001</FLD></GRP></RESULT>";
const PRESENT: &str = "<RESULT><GRP ID=\"BPRC_1\"><LST NAME=\"BPRNAM\" SIZE=\"2\"><ITM>Old</ITM><ITM>Second</ITM></LST></GRP>\
    <TAB ID=\"BPAC_1\" SIZE=\"2\"><LIN NUM=\"1\"><FLD NAME=\"CODADR\">A0</FLD></LIN>\
    <LIN NUM=\"2\"><FLD NAME=\"CODADR\">A1</FLD><LST NAME=\"BPAADDLIG\"><ITM>Street 1</ITM><ITM>Yard</ITM></LST></LIN></TAB></RESULT>";

fn new() -> NewCustomer {
    let address = AddressPatch::create(AddressCode::new("A1").unwrap())
        .line(2, "Yard")
        .city("K & L");
    NewCustomer::new(CategoryCode::new("DOM").unwrap()).values(
        CustomerPatch::new()
            .company_name_1("Müller <&> Söhne")
            .is_active(true)
            .address(address),
    )
}

fn code(text: &str) -> CustomerCode {
    CustomerCode::new(text).unwrap()
}

/// The record that a request carries.
fn object(transport: &ScriptedTransport, request: usize) -> String {
    let body = transport.requests()[request].body().clone();
    let text = std::str::from_utf8(&body).unwrap().to_owned();
    let envelope = crate::soap::xml::parse(&text).unwrap();
    let call = &envelope.child("Body").unwrap().children[0];
    call.child("objectXml").unwrap().text.clone()
}

#[test]
fn a_customer_is_created_through_its_publication() {
    let transport = ScriptedTransport::new().answer(200, answer(1, "Created", SAVED));
    let outcome = block_on(client(&transport, site()).customers().create(&new())).unwrap();
    assert_eq!(outcome.key, code("C0001"));
    assert_eq!(outcome.path, WritePath::Soap);
    assert_eq!(outcome.diagnoses[0].message, "Created");
    assert_eq!(
        object(&transport, 0),
        "<PARAM><GRP ID=\"BPRC_1\"><LST NAME=\"BPRNAM\" SIZE=\"1\"><ITM>Müller &lt;&amp;&gt; Söhne</ITM></LST></GRP>\
         <GRP ID=\"BPC0_1\"><FLD NAME=\"BPCSTA\">2</FLD><FLD NAME=\"BCGCOD\">DOM</FLD></GRP>\
         <TAB ID=\"BPAC_1\" SIZE=\"1\"><LIN NUM=\"1\"><FLD NAME=\"CODADR\">A1</FLD>\
         <LST NAME=\"BPAADDLIG\" SIZE=\"2\"><ITM></ITM><ITM>Yard</ITM></LST><FLD NAME=\"CTY\">K &amp; L</FLD></LIN></TAB></PARAM>"
    );
}

#[test]
fn an_update_of_plain_fields_is_one_call_that_may_be_repeated() {
    let transport = ScriptedTransport::new()
        .failure(TransportErrorKind::Interrupted)
        .answer(200, answer(1, "", ""));
    let patch = CustomerPatch::new().short_company_name("Acme");
    let outcome = block_on(
        client(&transport, site())
            .customers()
            .update(&code("C0001"), &patch),
    )
    .unwrap();
    assert_eq!(outcome.value, code("C0001"));
    assert_eq!(transport.requests().len(), 2);
    assert!(object(&transport, 1).contains("<FLD NAME=\"BPRSHO\">Acme</FLD>"));
}

#[test]
fn an_update_of_rows_and_places_reads_first_and_leaves_the_others_as_they_are() {
    let transport = ScriptedTransport::new()
        .answer(200, answer(1, "", PRESENT))
        .answer(200, answer(1, "", ""));
    let known = AddressPatch::update(AddressCode::new("A1").unwrap()).line(1, "Road 2");
    let added = AddressPatch::create(AddressCode::new("A2").unwrap()).city("Bonn");
    let patch = CustomerPatch::new()
        .company_name_1("New")
        .address(known)
        .address(added);
    block_on(
        client(&transport, site())
            .customers()
            .update(&code("C0001"), &patch),
    )
    .unwrap();
    let written = object(&transport, 1);
    assert!(
        written.contains("<LST NAME=\"BPRNAM\" SIZE=\"2\"><ITM>New</ITM><ITM>Second</ITM></LST>"),
        "{written}"
    );
    assert!(
        written.contains(
            "<TAB ID=\"BPAC_1\" SIZE=\"2\"><LIN NUM=\"2\"><FLD NAME=\"CODADR\">A1</FLD>\
             <LST NAME=\"BPAADDLIG\" SIZE=\"2\"><ITM>Road 2</ITM><ITM>Yard</ITM></LST></LIN>\
             <LIN NUM=\"3\"><FLD NAME=\"CODADR\">A2</FLD><FLD NAME=\"CTY\">Bonn</FLD></LIN></TAB>"
        ),
        "{written}"
    );
}

#[test]
fn what_is_to_be_added_or_changed_is_judged_as_graphql_does() {
    let address = |code| AddressCode::new(code).unwrap();
    for (patch, said) in [
        (AddressPatch::update(address("A9")), "is not there"),
        (AddressPatch::create(address("a1")), "is there already"),
    ] {
        let transport = ScriptedTransport::new().answer(200, answer(1, "", PRESENT));
        let patch = CustomerPatch::new().address(patch.city("Bonn"));
        let customers = client(&transport, site()).customers();
        let error = block_on(customers.update(&code("C0001"), &patch)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
        assert!(!error.may_have_been_applied());
        assert!(error.to_string().contains(said), "{error}");
        let modified = transport
            .requests()
            .iter()
            .any(|request| String::from_utf8_lossy(request.body()).contains("modify"));
        assert!(!modified, "nothing was written");
    }
}

#[test]
fn rows_of_unknown_key_are_not_changed_by_guesswork() {
    let transport = ScriptedTransport::new().answer(200, answer(1, "", PRESENT));
    let publication = SoapPublication::new("YBPC", "BPCNUM")
        .place("code", SoapPlace::new("BPC0_1", "BPCNUM"))
        .ignore("addresses._action")
        .place("addresses.code", SoapPlace::new("BPAC_1", "CODADR"));
    let client = builder(&transport, site())
        .soap_publication("customer", publication)
        .build()
        .unwrap();
    let patch = CustomerPatch::new().address(AddressPatch::update(AddressCode::new("A1").unwrap()));
    let error = block_on(client.customers().update(&code("C1"), &patch)).unwrap_err();
    assert!(error.to_string().contains("row_key"), "{error}");
    assert_eq!(transport.requests().len(), 1, "nothing was written");
}

#[test]
fn a_value_without_a_place_fails_before_anything_is_sent() {
    let transport = ScriptedTransport::new();
    let new = new().values(CustomerPatch::new().extra(FieldName::new("yZone").unwrap(), "N"));
    let error = block_on(client(&transport, site()).customers().create(&new)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(
        error.to_string().contains("`yZone` has no place"),
        "{error}"
    );
    assert!(transport.requests().is_empty());
}

#[test]
fn a_publication_without_a_pool_is_noticed_when_the_client_is_built() {
    let site = SiteConfig::new("http://x3:8124", "SEED");
    let error = builder(&ScriptedTransport::new(), site)
        .soap_publication("customer", SoapPublication::customers("YBPC"))
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("SoapSettings"), "{error}");
}

#[test]
fn where_graphql_is_not_activated_soap_is_taken_and_remembered() {
    let refused = r#"{"data":{"r0":null},"errors":[{"message":"The operation `Customer.create` is not activated by the application configuration.","path":["r0"]}]}"#;
    let transport = ScriptedTransport::new()
        .answer(200, refused)
        .answer(200, answer(1, "", SAVED))
        .answer(200, answer(1, "", SAVED));
    let site = SiteConfig::new("http://x3:8124", "SEED").soap(SoapSettings::new("POOL"));
    let client = client(&transport, site);
    let first = block_on(client.customers().without_read_back().create(&new())).unwrap();
    let second = block_on(client.customers().without_read_back().create(&new())).unwrap();
    assert_eq!(
        (first.path, second.path),
        (WritePath::Soap, WritePath::Soap)
    );
    let paths: Vec<String> = transport
        .requests()
        .iter()
        .map(|request| request.uri().path().to_owned())
        .collect();
    assert_eq!(paths[0], "/xtrem/api");
    assert!(
        paths[1..]
            .iter()
            .all(|path| path.starts_with("/soap-generic"))
    );
    assert_eq!(paths.len(), 3, "GraphQL is not asked again");
}

#[test]
fn a_create_that_may_have_been_done_goes_by_no_second_path() {
    for failing in [
        ScriptedTransport::new().failure(TransportErrorKind::Timeout),
        ScriptedTransport::new().answer(502, "<html>"),
        ScriptedTransport::new().answer(200, r#"{"data":{"r0""#),
    ] {
        let site = SiteConfig::new("http://x3:8124", "SEED").soap(SoapSettings::new("POOL"));
        let error = block_on(client(&failing, site).customers().create(&new())).unwrap_err();
        assert!(error.may_have_been_applied(), "{error}");
        assert_eq!(failing.requests().len(), 1, "{error}");
    }
    for failing in [
        ScriptedTransport::new().failure(TransportErrorKind::Interrupted),
        ScriptedTransport::new().answer(503, "busy"),
        ScriptedTransport::new().answer(200, answer(1, "", SAVED)[..150].to_owned()),
    ] {
        let error = block_on(client(&failing, site()).customers().create(&new())).unwrap_err();
        assert!(error.may_have_been_applied(), "{error}");
        assert_eq!(failing.requests().len(), 1, "{error}");
    }
}

#[test]
fn a_save_that_gives_no_key_may_have_been_done() {
    let transport = ScriptedTransport::new().answer(200, answer(1, "", ""));
    let error = block_on(client(&transport, site()).customers().create(&new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.may_have_been_applied());
}

#[test]
fn a_sales_order_is_created_with_its_lines() {
    let saved = "<RESULT><GRP ID=\"SOH0_1\"><FLD NAME=\"SOHNUM\">SO1</FLD></GRP></RESULT>";
    let transport = ScriptedTransport::new().answer(200, answer(1, "", saved));
    let client = builder(&transport, site())
        .soap_publication("salesOrder", SoapPublication::sales_orders("YSOH"))
        .build()
        .unwrap();
    let line =
        |product| NewSalesOrderLine::new(ProductCode::new(product).unwrap(), Decimal::new(35, 1));
    let order = NewSalesOrder::new(SiteCode::new("FR011").unwrap(), code("NA001"))
        .values(
            SalesOrderPatch::new()
                .customer_order_reference("DEAL-1")
                .order_date(jiff::civil::date(2026, 11, 20)),
        )
        .line(line("BMS001"))
        .line(line("BMS002"));
    let orders = client.sales_orders().without_read_back();
    let created = block_on(orders.create(&order)).unwrap();
    assert_eq!(
        (created.key.as_str(), created.path),
        ("SO1", WritePath::Soap)
    );
    assert_eq!(
        object(&transport, 0),
        "<PARAM><GRP ID=\"SOH0_1\"><FLD NAME=\"SALFCY\">FR011</FLD><FLD NAME=\"BPCORD\">NA001</FLD>\
         <FLD NAME=\"CUSORDREF\">DEAL-1</FLD><FLD NAME=\"ORDDAT\">20261120</FLD></GRP>\
         <TAB ID=\"SOH4_1\" SIZE=\"2\"><LIN NUM=\"1\"><FLD NAME=\"ITMREF\">BMS001</FLD><FLD NAME=\"QTY\">3.5</FLD></LIN>\
         <LIN NUM=\"2\"><FLD NAME=\"ITMREF\">BMS002</FLD><FLD NAME=\"QTY\">3.5</FLD></LIN></TAB></PARAM>"
    );
}

#[test]
fn everything_a_customer_can_be_given_has_a_place() {
    let transport = ScriptedTransport::new().answer(200, answer(1, "", SAVED));
    let address = AddressPatch::create(AddressCode::new("A1").unwrap())
        .website("https://a.example")
        .phone(2, "+33 1")
        .email(1, "a@example.com");
    let new = NewCustomer::new(CategoryCode::new("DOM").unwrap()).values(
        CustomerPatch::new()
            .credit_control("hold")
            .authorized_credit_amount(Decimal::new(150_050, 2))
            .minimum_order_amount(Decimal::TEN)
            .notes("Rings\ntwice")
            .is_prospect(false)
            .address(address),
    );
    block_on(client(&transport, site()).customers().create(&new)).unwrap();
    let sent = object(&transport, 0);
    for part in [
        "<FLD NAME=\"OSTCTL\">3</FLD>",
        "<FLD NAME=\"OSTAUZ\">1500.50</FLD>",
        "<FLD NAME=\"ORDMINAMT\">10</FLD>",
        "<FLD NAME=\"BPCREM\">Rings&#10;twice</FLD>",
        "<FLD NAME=\"PPTFLG\">1</FLD>",
        "<FLD NAME=\"FCYWEB\">https://a.example</FLD>",
        "<LST NAME=\"TEL\" SIZE=\"2\"><ITM></ITM><ITM>+33 1</ITM></LST>",
        "<LST NAME=\"WEB\" SIZE=\"1\"><ITM>a@example.com</ITM></LST>",
    ] {
        assert!(sent.contains(part), "{part} is not in {sent}");
    }
}

#[test]
fn where_graphql_does_not_offer_the_node_a_refused_save_is_looked_up_by_soap() {
    let lacking = r#"{"errors":[{"message":"Cannot query field \"customer\" on type \"X3MasterData_Queries\"."}]}"#;
    let refusal = |looked_up: String| {
        let transport = ScriptedTransport::new()
            .answer(200, answer(0, "refus\u{e9}", ""))
            .answer(400, lacking)
            .answer(200, looked_up);
        let new = new().code(code("C0001"));
        let error = block_on(client(&transport, site()).customers().create(&new)).unwrap_err();
        assert_eq!(transport.requests().len(), 3);
        match error {
            Error::Rejected { error, .. } => error.kind,
            error => panic!("{error}"),
        }
    };
    assert_eq!(
        refusal(answer(1, "", SAVED)),
        RecordErrorKind::AlreadyExists
    );
    assert_eq!(
        refusal(answer(0, "inconnu", "")),
        RecordErrorKind::Refused,
        "a localised error is no proof"
    );
}

#[test]
fn a_key_of_several_parts_goes_into_its_fields() {
    let transport = ScriptedTransport::new().answer(200, answer(1, "", ""));
    let publication = SoapPublication::new("YCNT", "BPANUM")
        .and_key_field("CCNCRM")
        .place("email", SoapPlace::new("CNT0_1", "WEB"));
    let client = builder(&transport, site())
        .soap_publication("businessPartnerContact", publication)
        .build()
        .unwrap();
    let patch = BusinessPartnerContactPatch::new().email("a@example.com");
    let id = RecordId::new("1|NA001|C1").unwrap();
    let contacts = client.business_partner_contacts();
    let outcome = block_on(contacts.update(&id, &patch)).unwrap();
    assert_eq!(outcome.value, id);
    let body = transport.requests()[0].body().clone();
    let text = std::str::from_utf8(&body).unwrap();
    let pairs: Vec<_> = ["BPANUM", "NA001", "CCNCRM", "C1"]
        .map(|part| text.find(&format!(">{part}<")).unwrap())
        .into();
    assert!(pairs.is_sorted(), "{text}");
    let short = RecordId::new("C1").unwrap();
    let error = block_on(contacts.update(&short, &patch)).unwrap_err();
    assert!(error.to_string().contains("fewer parts"), "{error}");
}

#[test]
fn a_place_of_another_screen_keeps_how_its_value_is_converted() {
    let saved = "<RESULT><GRP ID=\"SOH0_1\"><FLD NAME=\"SOHNUM\">SO1</FLD></GRP></RESULT>";
    let transport = ScriptedTransport::new().answer(200, answer(1, "Created", saved));
    let orders = SoapPublication::sales_orders("YSOH")
        .moved("shipToCustomerAddress", "SOH0_1", "YADR")
        .moved("yZone", "SOH0_1", "YZONE");
    let client = builder(&transport, site())
        .soap_publication("salesOrder", orders)
        .build()
        .unwrap();
    let values = SalesOrderPatch::new()
        .ship_to_address(RecordId::of_parts(["NA001", "A1"]).unwrap())
        .extra(FieldName::new("yZone").unwrap(), "N");
    let line = NewSalesOrderLine::new(ProductCode::new("P1").unwrap(), Decimal::ONE);
    let order = NewSalesOrder::new(SiteCode::new("FR011").unwrap(), code("NA001"))
        .values(values)
        .line(line);
    block_on(client.sales_orders().create(&order)).unwrap();
    let sent = object(&transport, 0);
    assert!(
        sent.contains("<FLD NAME=\"YADR\">A1</FLD>")
            && sent.contains("<FLD NAME=\"YZONE\">N</FLD>"),
        "{sent}"
    );
}

#[test]
fn a_client_knows_which_nodes_it_writes_by_another_path_than_graphql() {
    let transport = ScriptedTransport::new();
    let client = |site| client(&transport, site);
    assert!(client(site()).has_other_write_path("customer"));
    assert!(!client(site()).has_other_write_path("salesOrder"));
    assert!(!client(site()).has_other_write_path("nothing"));
    // A path that the site's order leaves out is none.
    let graphql_alone = site().write_paths_of("customer", [WritePath::Graphql]);
    assert!(!client(graphql_alone).has_other_write_path("customer"));
}
