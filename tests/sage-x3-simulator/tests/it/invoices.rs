use sage_x3_simulator::{CustomerSeed, DEFAULT_ENDPOINT, Operation};
use serde_json::{Value, json};

use super::fulfilment::{level, ordered, record};
use super::support::{Reply, Site};

const CREATE: &str = "mutation M($data: CustomerInvoiceHeader_Input!) { x3InvoicingData { customerInvoiceHeader {
    create(data: $data) { _id status totalAmountExcludingTax totalAmountIncludingTax
      lines { query { edges { node { lineNumber account { code isActive } amountExcludingTax tax { code } } } } } } } } }";

async fn create(site: &Site, lines: Value) -> Reply {
    let data = json!({ "billToCustomer": "NA001", "financialSite": "FR011", "sourceDocument": "ZINV-7", "lines": lines });
    site.ask_with(CREATE, json!({ "data": data })).await
}

async fn books() -> Site {
    let site = Site::start().await;
    site.seed([CustomerSeed::new("NA001", "Bakery")]);
    site.x3
        .set_activation("customerInvoiceHeader", Operation::Create, true);
    site
}

#[tokio::test]
async fn a_customer_invoice_is_made_of_lines_on_accounts() {
    let site = books().await;
    let lines = json!([
        { "account": "FRA|707000", "amountExcludingTax": "100.10", "tax": "FRNOR", "lineDescription": "Flour" },
        { "account": "FRA|708500", "amountExcludingTax": 7, "tax": "FRRED" },
    ]);
    let created = create(&site, lines)
        .await
        .data("/x3InvoicingData/customerInvoiceHeader/create");
    // 20.02 and 0.385 of tax, each rounded to cents.
    assert_eq!(
        created,
        json!({ "_id": "CINFR01100001", "status": "notPosted",
            "totalAmountExcludingTax": "107.1", "totalAmountIncludingTax": "127.51",
            "lines": { "query": { "edges": [
                { "node": { "lineNumber": 1000, "account": { "code": "707000", "isActive": true }, "amountExcludingTax": "100.1", "tax": { "code": "FRNOR" } } },
                { "node": { "lineNumber": 2000, "account": { "code": "708500", "isActive": true }, "amountExcludingTax": "7", "tax": { "code": "FRRED" } } } ] } } })
    );
    let stored = record(&site, "customerInvoiceHeader", "CINFR01100001");
    assert_eq!(
        (
            stored.get("currency"),
            stored.get("accountingDate"),
            stored.get("sourceDocument"),
            stored.get("company")
        ),
        ("EUR", "2026-03-01", "ZINV-7", "FR10")
    );
    assert_eq!(level(&site), "127.51");
}

#[tokio::test]
async fn accounts_that_cannot_be_posted_to_are_refused() {
    let site = books().await;
    for (account, message) in [
        ("FRA|999999", "account: FRA|999999 : Record does not exist"),
        ("FRA|707999", "account: FRA|707999 : Inactive record"),
        ("FRA|411000", "account: FRA|411000 : Control account"),
    ] {
        let reply = create(
            &site,
            json!([{ "account": account, "amountExcludingTax": 1 }]),
        )
        .await;
        assert_eq!(reply.error(), message);
        let path = &reply.json()["errors"][0]["extensions"]["diagnoses"][0]["path"];
        assert_eq!(path[4], "lines");
    }
    assert_eq!(
        create(&site, json!([])).await.error(),
        "lines: At least one line"
    );
    let next = create(
        &site,
        json!([{ "account": "FRA|706000", "amountExcludingTax": 1 }]),
    )
    .await;
    let created = next.data("/x3InvoicingData/customerInvoiceHeader/create/_id");
    assert_eq!(created, "CINFR01100001");
}

#[tokio::test]
async fn an_invoice_changes_with_its_lines_until_it_is_posted() {
    let site = books().await;
    site.x3
        .set_activation("customerInvoiceHeader", Operation::Update, true);
    let line = json!([{ "account": "FRA|706000", "amountExcludingTax": 1 }]);
    let created = create(&site, line).await;
    let id = created.data("/x3InvoicingData/customerInvoiceHeader/create/_id");
    let id = id.as_str().unwrap();
    let update = "mutation M($data: CustomerInvoiceHeader_Input!) { x3InvoicingData { customerInvoiceHeader { update(data: $data) {
        totalAmountExcludingTax } } } }";
    let ask = |data: Value| site.ask_with(update, json!({ "data": data }));
    let more = json!({ "id": id, "sourceDocument": "Z-1", "lines": [
        { "_action": "update", "lineNumber": 1000, "amountExcludingTax": "2.50" },
        { "_action": "create", "account": "FRA|707000", "amountExcludingTax": "10" }] });
    let reply = ask(more).await;
    assert_eq!(
        reply.data("/x3InvoicingData/customerInvoiceHeader/update/totalAmountExcludingTax"),
        "12.5"
    );
    let closed = json!({ "id": id, "lines": [{ "_action": "create", "account": "FRA|707999", "amountExcludingTax": 1 }] });
    assert!(ask(closed).await.error().contains("Inactive record"));
    site.x3.post_invoice(DEFAULT_ENDPOINT, id).unwrap();
    let late = ask(json!({ "id": id, "sourceDocument": "Z-2" })).await;
    assert_eq!(late.error(), format!("{id} : Already posted"));
    assert_eq!(
        record(&site, "customerInvoiceHeader", id).get("sourceDocument"),
        "Z-1"
    );
}

#[tokio::test]
async fn posting_makes_a_balanced_entry_and_an_open_item() {
    let (site, order) = ordered().await;
    let delivery = site.x3.deliver(DEFAULT_ENDPOINT, &order, None).unwrap();
    let invoice = site.x3.invoice(DEFAULT_ENDPOINT, &delivery).unwrap();
    site.x3.post_invoice(DEFAULT_ENDPOINT, &invoice).unwrap();
    let query = "query E($id: Id!) { x3Finance { journalEntry { read(_id: $id) { journalEntryStatus
        journalEntryLines { query { edges { node { lineNumber sign transactionAmount account { _id code } businessPartner { code } } } } } } } } }";
    let entry = site
        .ask_with(query, json!({ "id": format!("INV|{invoice}") }))
        .await
        .data("/x3Finance/journalEntry/read");
    let lines: Vec<(String, i64, String)> = entry["journalEntryLines"]["query"]["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| {
            let node = &edge["node"];
            (
                node["account"]["_id"].as_str().unwrap().to_owned(),
                node["sign"].as_i64().unwrap(),
                node["transactionAmount"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let expected = [
        ("FRA|411000", 1, "84"),
        ("FRA|707000", -1, "50"),
        ("FRA|445710", -1, "10"),
        ("FRA|707000", -1, "20"),
        ("FRA|445710", -1, "4"),
    ];
    assert_eq!(
        lines,
        expected.map(|(account, sign, amount)| (account.to_owned(), sign, amount.to_owned()))
    );
    site.x3
        .pay_invoice(DEFAULT_ENDPOINT, &invoice, None)
        .unwrap();
    let item = record(&site, "openItem", &format!("INV|{invoice}|1"));
    assert_eq!(
        (item.get("paidAmountInCurrency"), item.get("closedStatus")),
        ("84", "2")
    );
}

#[tokio::test]
async fn accounts_are_read_with_their_chart_and_say_whether_they_are_active() {
    let site = Site::start().await;
    let query = "query A($f: String) { x3FinanceData { account { query(filter: $f) { edges { node {
        _id code localizedDescription chartOfAccounts { code } isActive } } } } } }";
    let edges = site
        .ask_with(query, json!({ "f": "{code:{_in:['707000','707999']}}" }))
        .await
        .data("/x3FinanceData/account/query/edges");
    let account = |code: &str, text: &str, active: bool| {
        json!({ "node": { "_id": format!("FRA|{code}"), "code": code, "localizedDescription": text,
            "chartOfAccounts": { "code": "FRA" }, "isActive": active } })
    };
    assert_eq!(
        edges,
        json!([
            account("707000", "Sales of goods", true),
            account("707999", "Sales, old", false)
        ])
    );
}
