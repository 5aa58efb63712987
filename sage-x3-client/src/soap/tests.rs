use std::sync::Arc;

use client_core::{
    TransportErrorKind,
    testing::{ManualClock, RecordingSleep, ScriptedTransport},
};
use futures::executor::block_on;
use proptest::prelude::*;

use super::{envelope::Parameter, *};
use crate::{ConnectedApp, ErrorKind, Severity, SiteConfig};

fn soap(transport: &ScriptedTransport) -> Soap {
    let clock = ManualClock::new("2026-11-20T10:00:00Z".parse().unwrap());
    let site = SiteConfig::new("http://x3:8124", "SEED").soap(SoapSettings::new("POOL"));
    X3Client::builder(site)
        .credential(ConnectedApp::new("c0ffee", "canary-secret"))
        .transport(Arc::new(transport.clone()))
        .sleep(Arc::new(RecordingSleep::new(clock.clone())))
        .clock(Arc::new(clock))
        .build()
        .unwrap()
        .soap()
        .unwrap()
}

fn answer(status: u8, messages: &[(u8, &str)], result: &str) -> String {
    let messages: String = messages
        .iter()
        .map(|(kind, text)| {
            format!("<messages xsi:type=\"wss:CAdxMessage\"><message>{text}</message><type>{kind}</type></messages>")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><soapenv:Envelope xmlns:soapenv=\"e\" xmlns:wss=\"w\" xmlns:xsi=\"i\"><soapenv:Body>\
         <wss:saveResponse><saveReturn xsi:type=\"wss:CAdxResultXml\"><messages>{messages}</messages>\
         <resultXml><![CDATA[{result}]]></resultXml><status>{status}</status><technicalInfos><status>9</status></technicalInfos>\
         </saveReturn></wss:saveResponse></soapenv:Body></soapenv:Envelope>"
    )
}

const SAVED: &str = "<RESULT><GRP ID=\"SOH0_1\"><FLD NAME=\"SOHNUM\">SO1</FLD></GRP></RESULT>";

fn order() -> SoapObject {
    SoapObject::new()
        .field("SOH0_1", "BPCORD", "A<&>\"B")
        .unwrap()
        .field("SOH0_1", "ORDDAT", jiff::civil::date(2026, 11, 20))
        .unwrap()
        .row("SOH4_1", [("ITMREF", "BMS001".into()), ("QTY", 2.into())])
        .unwrap()
}

/// What a server that reads XML sees of a request: the operation and its parameters.
fn seen(body: &[u8]) -> xml::Element {
    let envelope = xml::parse(std::str::from_utf8(body).unwrap()).unwrap();
    envelope.child("Body").unwrap().children[0].clone()
}

#[test]
fn a_save_is_an_rpc_call_with_the_record_inside() {
    let transport =
        ScriptedTransport::new().answer(200, answer(1, &[(2, "Credit &amp; limit")], SAVED));
    let saved = block_on(soap(&transport).save("YSOH", &order())).unwrap();
    assert_eq!(saved.value.find("SOHNUM"), Some("SO1"));
    assert_eq!(saved.diagnoses[0].severity, Severity::Warning);
    assert_eq!(saved.diagnoses[0].message, "Credit & limit");

    let request = &transport.requests()[0];
    assert_eq!(
        request.uri(),
        "http://x3:8124/soap-generic/syracuse/collaboration/syracuse/CAdxWebServiceXmlCC"
    );
    assert_eq!(request.headers()["soapaction"], "\"\"");
    assert!(request.headers().contains_key("authorization"));
    let call = seen(request.body());
    assert_eq!(call.name, "save");
    let context = call.child("callContext").unwrap();
    assert_eq!(context.child("poolAlias").unwrap().text, "POOL");
    assert_eq!(context.child("codeLang").unwrap().text, "ENG");
    assert_eq!(call.child("publicName").unwrap().text, "YSOH");
    assert_eq!(
        call.child("objectXml").unwrap().text,
        "<PARAM><GRP ID=\"SOH0_1\"><FLD NAME=\"BPCORD\">A&lt;&amp;&gt;&quot;B</FLD><FLD NAME=\"ORDDAT\">20261120</FLD></GRP>\
         <TAB ID=\"SOH4_1\" SIZE=\"1\"><LIN NUM=\"1\"><FLD NAME=\"ITMREF\">BMS001</FLD><FLD NAME=\"QTY\">2</FLD></LIN></TAB></PARAM>"
    );
}

#[test]
fn status_zero_in_a_200_is_a_refusal_and_nothing_was_written() {
    let transport = ScriptedTransport::new().answer(200, answer(0, &[(3, "Customer unknown")], ""));
    let error = block_on(soap(&transport).save("YSOH", &order())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.to_string().contains("Customer unknown"), "{error}");
    assert!(!error.may_have_been_applied());
    assert_eq!(transport.requests().len(), 1);
}

#[test]
fn a_save_whose_answer_is_lost_is_never_sent_again() {
    for failure in [TransportErrorKind::Timeout, TransportErrorKind::Interrupted] {
        let transport = ScriptedTransport::new()
            .failure(failure)
            .answer(200, answer(1, &[], SAVED));
        let error = block_on(soap(&transport).save("YSOH", &order())).unwrap_err();
        assert!(error.may_have_been_applied());
        assert_eq!(transport.requests().len(), 1);
    }
}

#[test]
fn a_modify_is_repeated_unless_it_holds_rows() {
    let key = [ObjectKey::new("BPCNUM", "NA001")];
    let plain = SoapObject::new().field("BPRC_1", "BPRSHO", "Acme").unwrap();
    let transport = ScriptedTransport::new()
        .failure(TransportErrorKind::Interrupted)
        .answer(200, answer(1, &[], ""));
    block_on(soap(&transport).modify("YBPC", &key, &plain)).unwrap();
    let call = seen(transport.requests()[1].body());
    let item = &call.child("objectKeys").unwrap().children[0];
    assert_eq!(item.child("key").unwrap().text, "BPCNUM");
    assert_eq!(item.child("value").unwrap().text, "NA001");

    let transport = ScriptedTransport::new()
        .failure(TransportErrorKind::Interrupted)
        .answer(200, answer(1, &[], ""));
    let error = block_on(soap(&transport).modify("YSOH", &key, &order())).unwrap_err();
    assert!(error.may_have_been_applied());
}

#[test]
fn reads_and_queries_are_repeated_and_read_either_form() {
    let json = r#"{"BPC0_1":{"BPCNUM":"NA001","BPCREM":"C:\Sage"}}"#;
    let transport = ScriptedTransport::new()
        .answer(503, "busy")
        .answer(200, answer(1, &[], json))
        .answer(
            200,
            answer(
                1,
                &[],
                "<RESULT><LIN NUM=\"1\"><FLD NAME=\"BPCNUM\">A</FLD></LIN></RESULT>",
            ),
        );
    let key = [ObjectKey::new("BPCNUM", "NA001")];
    let soap = soap(&transport);
    let read = block_on(soap.read("YBPC", &key)).unwrap();
    assert_eq!(read.value.find("BPCREM"), Some(r"C:\Sage"));
    assert_eq!(read.attempts, 2);
    let rows = block_on(soap.query("YBPC", &[], 50)).unwrap();
    assert_eq!(rows.value[0].get("BPCNUM"), Some("A"));
    assert_eq!(
        seen(transport.requests()[2].body())
            .child("listSize")
            .unwrap()
            .text,
        "50"
    );
}

#[test]
fn a_server_that_is_not_set_up_says_what_to_do() {
    let fault = |text: &str| {
        format!(
            "<e:Envelope><e:Body><e:Fault><faultcode>S</faultcode><faultstring>{text}</faultstring></e:Fault></e:Body></e:Envelope>"
        )
    };
    for (status, body, kind, expected) in [
        (
            500,
            "No web services accepted".to_owned(),
            ErrorKind::Misconfigured,
            "child processes",
        ),
        (
            500,
            fault("No classic web service pool match to POOL"),
            ErrorKind::Misconfigured,
            "Classic SOAP pools",
        ),
        (
            500,
            fault("Internal trouble"),
            ErrorKind::Failed,
            "Internal trouble",
        ),
        (
            200,
            "<html>log in</html>".to_owned(),
            ErrorKind::Misconfigured,
            "log-in page",
        ),
        (
            404,
            String::new(),
            ErrorKind::Misconfigured,
            "path of the SOAP service",
        ),
        (
            401,
            "Error 50: Invalid token".to_owned(),
            ErrorKind::Unauthorized,
            "secret",
        ),
        (
            200,
            "<e:Envelope><e:Body/></e:Envelope>".to_owned(),
            ErrorKind::Protocol,
            "does not say",
        ),
        (
            200,
            answer(1, &[], SAVED)[..300].to_owned(),
            ErrorKind::Protocol,
            "cut off",
        ),
        (
            200,
            answer(1, &[], "canary"),
            ErrorKind::Protocol,
            "neither XML nor JSON",
        ),
    ] {
        let transport = ScriptedTransport::new().answer(status, body);
        let error = block_on(soap(&transport).save("YSOH", &order())).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(transport.requests().len(), 1, "{error}");
        let surely_not = matches!(kind, ErrorKind::Unauthorized)
            || expected == "child processes"
            || expected == "Classic SOAP pools"
            || status == 404;
        assert_eq!(error.may_have_been_applied(), !surely_not, "{error}");
    }
}

#[test]
fn settings_that_are_missing_are_named_before_anything_is_sent() {
    let transport = ScriptedTransport::new();
    let client = X3Client::builder(SiteConfig::new("http://x3", "SEED"))
        .credential(ConnectedApp::new("c", "s"))
        .transport(Arc::new(transport.clone()))
        .build()
        .unwrap();
    assert!(
        client
            .soap()
            .unwrap_err()
            .to_string()
            .contains("SoapSettings")
    );
    assert!(
        block_on(soap(&transport).save(" ", &order()))
            .unwrap_err()
            .to_string()
            .contains("GESAWE")
    );
    assert!(SoapObject::new().field("A\"><X", "F", "v").is_err());
    assert!(SoapObject::new().field("A", "F>", "v").is_err());
    let stamp: jiff::Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    assert!(SoapObject::new().field("A", "F", stamp).is_err());
    let control = SoapObject::new().field("A", "F", "a\u{1}b").unwrap();
    assert!(
        block_on(soap(&transport).save("YSOH", &control))
            .unwrap_err()
            .to_string()
            .contains("control character")
    );
    assert!(transport.requests().is_empty());
}

proptest! {
    /// Read by any XML reader, a document has the structure that was built and the very values in it.
    #[test]
    fn no_value_changes_a_soap_document(value in "[^\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}]{0,20}", key in "[ -~]{0,20}") {
        let object = SoapObject::new()
            .field("A", "F", value.as_str()).unwrap()
            .list("A", "L", [value.as_str().into(), "x".into()]).unwrap()
            .row("T", [("G", value.as_str().into())]).unwrap();
        let keys = [ObjectKey::new(key.as_str(), value.as_str())];
        let envelope = envelope::envelope(
            &SoapSettings::new(value.as_str()), "modify", &key, &[Parameter::Keys(&keys), Parameter::Object(object.to_xml().unwrap())],
        ).unwrap();
        let call = seen(envelope.as_bytes());
        let names: Vec<&str> = call.children.iter().map(|child| child.name.as_str()).collect();
        prop_assert_eq!(names, ["callContext", "publicName", "objectKeys", "objectXml"]);
        prop_assert_eq!(&call.child("publicName").unwrap().text, &key);
        prop_assert_eq!(&call.child("callContext").unwrap().child("poolAlias").unwrap().text, &value);
        let item = &call.child("objectKeys").unwrap().children[0];
        prop_assert_eq!(&item.child("value").unwrap().text, &value);
        let mut read = result::parse(&call.child("objectXml").unwrap().text).unwrap().object;
        for row in read.table_mut("T").unwrap() {
            row.number = None;
        }
        prop_assert_eq!(read, object);
    }
}
