use sage_x3_simulator::{
    CustomerSeed, DEFAULT_ENDPOINT, Effect, Fault, RecordSeed, SoapPool, SoapPublication,
};

use super::fulfilment::{ordered, record};
use super::support::{Reply, Site, at_start};

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

struct Call<'a> {
    operation: &'a str,
    pool: &'a str,
    name: &'a str,
    config: &'a str,
    key: Option<(&'a str, &'a str)>,
    object: &'a str,
    size: usize,
}

impl<'a> Call<'a> {
    fn new(operation: &'a str, name: &'a str) -> Self {
        Self {
            operation,
            pool: "X3POOL",
            name,
            config: "adxwss.optreturn=XML",
            key: None,
            object: "",
            size: 10,
        }
    }

    fn envelope(&self) -> String {
        let Self {
            operation,
            pool,
            name,
            config,
            size,
            ..
        } = self;
        let key = self.key.map_or_else(String::new, |(field, value)| {
            format!(
                "<objectKeys><item><key>{field}</key><value>{value}</value></item></objectKeys>"
            )
        });
        let (config, object) = (escaped(config), escaped(self.object));
        format!(
            "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:wss=\"http://www.adonix.com/WSS\">
             <soapenv:Body><wss:{operation}><callContext><codeLang>ENG</codeLang><poolAlias>{pool}</poolAlias>
             <requestConfig>{config}</requestConfig></callContext><publicName>{name}</publicName>{key}
             <objectXml>{object}</objectXml><listSize>{size}</listSize></wss:{operation}></soapenv:Body></soapenv:Envelope>"
        )
    }

    async fn send(&self, site: &Site) -> Reply {
        post(site, self.envelope()).await
    }
}

async fn post(site: &Site, body: String) -> Reply {
    let url = format!(
        "{}/soap-generic/syracuse/collaboration/syracuse/CAdxWebServiceXmlCC",
        site.x3.base_url()
    );
    let request = site.http.post(url).basic_auth("sync", Some("x3-password"));
    let request = request
        .header("soapaction", "\"\"")
        .header("content-type", "text/xml")
        .body(body);
    Reply::of(request.send().await.unwrap()).await
}

/// Status, `type message` of each message, and the result.
fn told(reply: &Reply) -> (u8, Vec<String>, String) {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let document = roxmltree::Document::parse(&reply.text).unwrap();
    let text = |node: roxmltree::Node<'_, '_>, name: &str| {
        let mut found = node.descendants().filter(|child| child.has_tag_name(name));
        let found = found.next().unwrap();
        found
            .descendants()
            .filter_map(|text| if text.is_text() { text.text() } else { None })
            .collect::<String>()
    };
    let root = document.root_element();
    let messages = root.descendants().filter(|node| {
        node.has_tag_name("messages") && node.children().any(|child| child.has_tag_name("type"))
    });
    let messages = messages.map(|node| format!("{} {}", text(node, "type"), text(node, "message")));
    (
        text(root, "status").parse().unwrap(),
        messages.collect(),
        text(root, "resultXml"),
    )
}

const CUSTOMER: &str = "<PARAM><GRP ID=\"BPC0_1\"><FLD NAME=\"BPCNUM\">na001</FLD><FLD NAME=\"BCGCOD\">STD</FLD></GRP>
    <GRP ID=\"BPRC_1\"><LST NAME=\"BPRNAM\" SIZE=\"2\"><ITM>Müller &lt;&amp;&gt; Söhne</ITM><ITM>and sons</ITM></LST><FLD NAME=\"CRY\">FR</FLD></GRP>
    <GRP ID=\"BPC2_1\"><FLD NAME=\"OSTCTL\">2</FLD></GRP>
    <TAB ID=\"BPAC_1\" SIZE=\"1\"><LIN NUM=\"1\"><FLD NAME=\"CODADR\">MAIN</FLD><FLD NAME=\"CTY\">Paris</FLD>
    <LST NAME=\"BPAADDLIG\"><ITM>1 rue A</ITM></LST></LIN></TAB></PARAM>";

#[tokio::test]
async fn save_creates_with_the_rules_of_the_object_and_gives_the_record() {
    let site = Site::start().await;
    let call = Call {
        object: CUSTOMER,
        ..Call::new("save", "WSBPC")
    };
    let (status, messages, result) = told(&call.send(&site).await);
    assert_eq!(
        (status, messages[0].as_str()),
        (1, "1 Customer NA001 created")
    );
    assert!(
        result.contains("<FLD NAME=\"BPCNUM\">NA001</FLD>")
            && result.contains("<FLD NAME=\"CUR\">EUR</FLD>"),
        "{result}"
    );
    assert!(result.contains("<TAB ID=\"BPAC_1\" DIM=\"300\" SIZE=\"1\"><LIN NUM=\"1\"><FLD NAME=\"CODADR\">MAIN</FLD>"), "{result}");
    let stored = site.stored("NA001");
    assert_eq!(
        (stored.company_name.as_str(), stored.company_name2.as_str()),
        ("Müller <&> Söhne", "and sons")
    );
    assert_eq!(
        (
            stored.credit_control.as_str(),
            stored.addresses[0].lines[0].as_str()
        ),
        ("noCheck", "1 rue A")
    );
    assert_eq!(site.x3.counters().customers_created, 1);
    let (status, messages, result) = told(&call.send(&site).await);
    assert_eq!(
        (status, messages, result.as_str()),
        (0, vec!["3 NA001 : Record already exists".to_owned()], "")
    );
}

#[tokio::test]
async fn modify_changes_what_it_is_given_and_matches_rows_by_their_number() {
    let site = Site::start().await;
    told(
        &Call {
            object: CUSTOMER,
            ..Call::new("save", "WSBPC")
        }
        .send(&site)
        .await,
    );
    let object = "<PARAM><GRP ID=\"BPRC_1\"><FLD NAME=\"BPRSHO\">MULLER</FLD></GRP>
        <TAB ID=\"BPAC_1\" SIZE=\"2\"><LIN NUM=\"1\"><FLD NAME=\"CTY\">Lyon</FLD></LIN><LIN NUM=\"2\"><FLD NAME=\"CODADR\">SHOP</FLD></LIN></TAB></PARAM>";
    let call = Call {
        object,
        key: Some(("BPCNUM", "NA001")),
        ..Call::new("modify", "WSBPC")
    };
    assert_eq!(told(&call.send(&site).await).0, 1);
    let stored = site.stored("NA001");
    assert_eq!(
        (
            stored.short_company_name.as_str(),
            stored.company_name2.as_str()
        ),
        ("MULLER", "and sons")
    );
    let cities: Vec<(&str, &str)> = stored
        .addresses
        .iter()
        .map(|address| (address.code.as_str(), address.city.as_str()))
        .collect();
    assert_eq!(cities, [("MAIN", "Lyon"), ("SHOP", "")]);
    let missing = Call {
        key: Some(("BPCNUM", "NONE")),
        ..call
    };
    assert_eq!(
        told(&missing.send(&site).await).1,
        ["3 NONE : Record does not exist"]
    );
}

#[tokio::test]
async fn read_and_query_give_xml_or_json_with_dates_without_hyphens() {
    let (site, id) = ordered().await;
    let read = Call {
        key: Some(("SOHNUM", &id)),
        ..Call::new("read", "WSSOH")
    };
    let (status, _, result) = told(&read.send(&site).await);
    assert_eq!(status, 1);
    assert!(
        result.contains("<FLD NAME=\"ORDDAT\">20260301</FLD>"),
        "{result}"
    );
    assert!(
        result.contains(
            "<LIN NUM=\"2\"><FLD NAME=\"SOPLIN\">2000</FLD><FLD NAME=\"ITMREF\">BMS002</FLD>"
        ),
        "{result}"
    );
    let as_json = Call {
        config: "adxwss.trace.on=off&adxwss.optreturn=JSON",
        ..read
    };
    let (_, _, result) = told(&as_json.send(&site).await);
    let json: serde_json::Value = serde_json::from_str(&result).unwrap();
    assert_eq!(
        (&json["SOH0_1"]["SALFCY"], &json["SOH4_1"][0]["QTY"]),
        (&"FR011".into(), &"10".into())
    );
    site.seed([
        CustomerSeed::new("NA002", "Mill"),
        CustomerSeed::new("EU001", "Shop"),
    ]);
    let query = Call {
        key: Some(("BPCNUM", "NA*")),
        config: "adxwss.optreturn=JSON",
        ..Call::new("query", "WSBPC")
    };
    let (_, _, result) = told(&query.send(&site).await);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&result).unwrap();
    let codes: Vec<&str> = rows
        .iter()
        .map(|row| row["BPCNUM"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["NA001", "NA002"]);
    let one = Call { size: 1, ..query };
    let rows: Vec<serde_json::Value> =
        serde_json::from_str(&told(&one.send(&site).await).2).unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn an_order_is_saved_with_its_lines_and_warnings_are_messages_of_type_2() {
    let (site, _) = ordered().await;
    site.seed([CustomerSeed::new("HOLD", "On hold").set("creditControl", "hold")]);
    let object = "{\"SOH0_1\": {\"SALFCY\": \"FR011\", \"BPCORD\": \"HOLD\", \"CUSORDREF\": \"Z-1\"}, \"SOH2_1\": {\"DEMDLVDAT\": \"20260401\"},
        \"SOH4_1\": [{\"ITMREF\": \"BMS001\", \"QTY\": 3, \"GROPRI\": \"4.5\"}]}";
    let call = Call {
        object,
        ..Call::new("save", "WSSOH")
    };
    let (status, messages, _) = told(&call.send(&site).await);
    assert_eq!(
        (status, messages[0].as_str()),
        (1, "2 HOLD : Customer on hold")
    );
    let order = record(&site, "salesOrder", "SONFR01100002");
    assert_eq!(
        (
            order.get("linesAmountExcludingTax"),
            order.get("requestedDeliveryDate")
        ),
        ("13.5", "2026-04-01")
    );
}

#[tokio::test]
async fn an_invoice_is_saved_on_accounts_where_the_site_published_it() {
    let site = Site::of(at_start().settings(|settings| {
        settings
            .soap_publications
            .push(SoapPublication::new("ZBIC", "BIC"));
    }))
    .await;
    site.seed([CustomerSeed::new("NA001", "Bakery")]);
    let object = "<PARAM><GRP ID=\"BIC0_1\"><FLD NAME=\"FCY\">FR011</FLD><FLD NAME=\"BPR\">NA001</FLD></GRP>
        <TAB ID=\"BIC3_1\"><LIN NUM=\"1\"><FLD NAME=\"ACC\">707000</FLD><FLD NAME=\"AMTNOTLIN\">10</FLD><FLD NAME=\"VAT\">FRNOR</FLD></LIN></TAB></PARAM>";
    let (status, messages, _) = told(
        &Call {
            object,
            ..Call::new("save", "ZBIC")
        }
        .send(&site)
        .await,
    );
    assert_eq!(status, 1, "{messages:?}");
    let invoice = &site
        .x3
        .records(DEFAULT_ENDPOINT, "customerInvoiceHeader")
        .unwrap()[0];
    assert_eq!(
        (
            invoice.get("totalAmountIncludingTax"),
            invoice.rows["lines"][0].get("account")
        ),
        ("12", "FRA|707000")
    );
}

#[tokio::test]
async fn what_is_not_set_up_is_said_in_x3_s_words() {
    let site = Site::start().await;
    let call = Call::new("read", "WSBPC");
    let other_pool = Call {
        pool: "OTHER",
        ..Call::new("read", "WSBPC")
    };
    let reply = other_pool.send(&site).await;
    assert_eq!(
        (reply.status, reply.text.as_str()),
        (500, "No classic web service pool match to OTHER")
    );
    let (status, messages, _) = told(&Call::new("read", "NOPE").send(&site).await);
    assert_eq!(
        (status, messages),
        (0, vec!["3 Web service NOPE not published".to_owned()])
    );
    let (_, messages, _) = told(&Call::new("insertLines", "WSBPC").send(&site).await);
    assert_eq!(messages, ["3 Operation insertLines not implemented"]);
    let unknown = Call {
        object: "<PARAM><GRP ID=\"BPC0_1\"><FLD NAME=\"NOPE\">1</FLD></GRP></PARAM>",
        ..Call::new("save", "WSBPC")
    };
    assert_eq!(
        told(&unknown.send(&site).await).1,
        ["3 Field NOPE unknown in block BPC0_1"]
    );
    site.x3.reconfigure(|settings| settings.soap_served = false);
    let reply = call.send(&site).await;
    assert_eq!(
        (reply.status, reply.text.as_str()),
        (500, "No web services accepted")
    );
    let anonymous = site.http.post(format!(
        "{}/soap-generic/syracuse/collaboration/syracuse/CAdxWebServiceXmlCC",
        site.x3.base_url()
    ));
    assert_eq!(anonymous.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_broken_envelope_is_a_fault_with_500() {
    let site = Site::start().await;
    for body in [
        "<not-closed",
        "<a/>",
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body><read/></soapenv:Body></soapenv:Envelope>",
    ] {
        let reply = post(&site, body.to_owned()).await;
        assert_eq!(reply.status, 500);
        assert!(reply.text.contains("<soapenv:Fault>"), "{}", reply.text);
    }
}

#[tokio::test]
async fn pools_lead_to_endpoints_and_answers_can_be_lost() {
    let pool = SoapPool {
        alias: "TESTPOOL".to_owned(),
        endpoint: "TEST".to_owned(),
        started: true,
    };
    let site = Site::of(
        at_start()
            .endpoint("SEED")
            .endpoint("TEST")
            .settings(|settings| settings.soap_pools.push(pool)),
    )
    .await;
    site.x3
        .seed("TEST", [RecordSeed::product("P", "p")])
        .unwrap();
    site.x3
        .inject(Fault::new(Effect::DropAfter).on_operation("WSBPC.save"));
    let call = Call {
        object: CUSTOMER,
        pool: "TESTPOOL",
        ..Call::new("save", "WSBPC")
    };
    let url = format!(
        "{}/soap-generic/syracuse/collaboration/syracuse/CAdxWebServiceXmlCC",
        site.x3.base_url()
    );
    let request = site.http.post(url).basic_auth("sync", Some("x3-password"));
    let lost = request
        .header("soapaction", "")
        .body(call.envelope())
        .send()
        .await;
    assert!(lost.is_err());
    assert_eq!(site.x3.customers("TEST").unwrap().len(), 1);
    assert_eq!(site.count(), 0);
}
