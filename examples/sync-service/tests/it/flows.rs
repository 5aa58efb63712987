//! Flows beside customers, as an operator turns them on: invoices either way, and some that a system does not allow.

use rust_decimal::Decimal;
use sage_x3_simulator::{Edit, Operation, OperationState, RecordSeed};
use serde_json::{Value, json};
use zoho_crm_simulator::{CustomField, Edition};

use crate::{
    program::{FAST, Site},
    running::{SERVED, until},
};

const POSTED: &str = r#"
[invoices.post]
chart = "FRA"
currency = "EUR"
default_site = "FR011"
accounts = [{ account = "707000" }, { account = "708500", part = "adjustment" }]
[codes]
taxes = { FRNOR = "VAT 20" }
"#;

const SHOWN: &str = "[products]\n[invoices.show]\ntotal_field = \"X3_Total\"\n";

/// A site whose Zoho has the fields of invoices.
async fn with_invoices() -> Site {
    Site::with_zoho(|zoho| {
        zoho.custom_field(CustomField::new("Invoices", "X3_Invoice", "text").unique())
            .custom_field(CustomField::new("Invoices", "X3_Total", "currency"))
    })
    .await
}

/// X3 has 20 pumps at 50.
fn stocked(site: &Site) {
    let product = RecordSeed::product("PUMP", "Pump").set("basePrice", Decimal::from(50));
    let stock = RecordSeed::stock("FR011", 1, "PUMP", 20);
    let records = [product, RecordSeed::product_site("PUMP", "FR011"), stock];
    site.x3.seed("SEED", records).unwrap();
}

/// The number of X3's invoice for three of them.
fn invoiced(site: &Site) -> String {
    let line = RecordSeed::new("salesOrderLine")
        .set("product", "PUMP")
        .set("quantityInSalesUnitOrdered", Decimal::from(3));
    let order = RecordSeed::sales_order("FR011", "NA001").row("salesOrderLines", line);
    let order = site.x3.create_record("SEED", order).unwrap();
    let delivery = site.x3.deliver("SEED", &order, None).unwrap();
    site.x3.invoice("SEED", &delivery).unwrap()
}

/// What `status --json` says of a flow.
async fn status(site: &Site, flow: &str) -> Value {
    let status = site.run(&["status", "--json"]).await.json();
    let flows = status["flows"].as_array().unwrap().clone();
    let mut flows = flows.into_iter();
    let found = flows.find(|known| known["flow"] == flow);
    found.unwrap_or_else(|| panic!("{flow} is not in {status}"))
}

/// What the doctor finds, whether or not something has to be put right.
async fn examination(site: &Site) -> String {
    site.run(&["doctor"]).await.stdout
}

#[tokio::test]
async fn an_approved_invoice_of_zoho_is_posted_to_its_accounts_by_the_running_service() {
    let site = with_invoices().await;
    let create = ("customerInvoiceHeader", Operation::Create);
    site.x3.set_activation(create.0, create.1, true);
    site.configure(|text| text + POSTED);
    site.apply().await;
    site.configure(|text| text + POSTED + SERVED);
    let running = site.start().await;
    let accounts = site.zoho.records("Accounts");
    let product = json!({"Product_Name": "Pump", "Product_Code": "PUMP"});
    let product = site.zoho.create_as_user("Products", product).unwrap();
    let invoice = json!({
        "Subject": "Pumps",
        "Account_Name": {"id": accounts[0].id},
        "Status": "Approved",
        "Invoice_Date": "2026-11-20",
        "Adjustment": 7,
        "Invoiced_Items": [{
            "Product_Name": {"id": product}, "Quantity": 3, "List_Price": 50,
            "Line_Tax": [{"name": "VAT 20", "percentage": 20}],
        }],
    });
    let id = site.zoho.create_as_user("Invoices", invoice).unwrap();
    let number = until("X3's number is on the invoice", || async {
        let invoice = site.zoho.record("Invoices", &id).unwrap();
        invoice.text("X3_Invoice").map(str::to_owned)
    })
    .await;
    let posted = site.x3.records("SEED", "customerInvoiceHeader").unwrap();
    assert_eq!(posted.len(), 1, "{posted:?}");
    assert_eq!(posted[0].get("id"), number);
    assert_eq!(posted[0].get("totalAmountIncludingTax"), "187");
    let lines = site.x3.records("SEED", "customerInvoiceLine").unwrap();
    let mut lines: Vec<[&str; 3]> = lines
        .iter()
        .map(|line| ["account", "amountExcludingTax", "tax"].map(|member| line.get(member)))
        .collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [["FRA|707000", "150", "FRNOR"], ["FRA|708500", "7", ""]]
    );
    assert_eq!(status(&site, "invoices").await["counts"]["parked"], 0);
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn a_tax_that_is_not_x3s_parks_the_invoice_and_nothing_is_posted() {
    let site = with_invoices().await;
    site.x3
        .set_activation("customerInvoiceHeader", Operation::Create, true);
    let rates = "default_site = \"FR011\"\ntax_rates = { FRNOR = \"19.6\" }";
    let posted = POSTED.replace("default_site = \"FR011\"", rates);
    site.configure(|text| text + &posted + FAST);
    site.apply().await;
    let account = site.zoho.records("Accounts")[0].id.clone();
    let product = json!({"Product_Name": "Pump", "Product_Code": "PUMP"});
    let product = site.zoho.create_as_user("Products", product).unwrap();
    let invoice = json!({
        "Subject": "Pumps",
        "Account_Name": {"id": account},
        "Status": "Approved",
        "Invoice_Date": "2026-11-20",
        "Invoiced_Items": [{
            "Product_Name": {"id": product}, "Quantity": 1, "List_Price": 50,
            "Line_Tax": [{"name": "VAT 20", "percentage": 20}],
        }],
    });
    site.zoho.create_as_user("Invoices", invoice).unwrap();
    site.work_until("the invoice is parked", |status| {
        let mut flows = status["flows"].as_array().unwrap().iter();
        flows.any(|flow| flow["flow"] == "invoices" && flow["counts"]["parked"] == 1)
    })
    .await;
    let parked = status(&site, "invoices").await["parked"].to_string();
    for word in ["`FRNOR` is 19.6 % in X3", "20 % in Zoho"] {
        assert!(parked.contains(word), "`{word}` is not in: {parked}");
    }
    assert!(
        site.x3
            .records("SEED", "customerInvoiceHeader")
            .unwrap()
            .is_empty()
    );

    for (rate, words) in [
        ("FRNOR = \"a fifth\"", "per cent"),
        ("FRRED = \"5.5\"", "codes.taxes"),
    ] {
        let wrong = posted.replace("FRNOR = \"19.6\"", rate);
        site.configure(|text| text + &wrong);
        let refused = site.run(&["status"]).await;
        refused.asks_to_fix(&["line 18", "invoices.post.tax_rates.", words]);
    }
}

#[tokio::test]
async fn a_sales_invoice_of_x3_is_shown_by_the_running_service_and_no_channel_is_opened_for_it() {
    let site = with_invoices().await;
    stocked(&site);
    site.configure(|text| text + SHOWN);
    site.apply().await;
    site.configure(|text| text + SHOWN + SERVED);
    let running = site.start().await;
    let number = invoiced(&site);
    let shown = until("the invoice is shown", || async {
        site.zoho.records("Invoices").pop()
    })
    .await;
    assert_eq!(shown.text("X3_Invoice"), Some(number.as_str()));
    let booked = site.x3.records("SEED", "customerInvoiceHeader").unwrap();
    let total: Decimal = booked[0].get("totalAmountIncludingTax").parse().unwrap();
    let in_zoho: Decimal = shown.number("X3_Total").unwrap().parse().unwrap();
    assert_eq!(in_zoho, total);
    // Only customers take changes from Zoho.
    until("the channel is open", || async {
        (!site.zoho.channel_ids().is_empty()).then_some(())
    })
    .await;
    assert_eq!(site.zoho.channel_ids().len(), 1);
    assert!(running.stop().await.success());
    assert_eq!(site.zoho.records("Invoices").len(), 1);
}

#[tokio::test]
async fn on_the_standard_edition_customers_work_and_the_other_flows_say_why_they_do_not() {
    let site = Site::with_zoho(|zoho| zoho.edition(Edition::Standard)).await;
    site.configure(|text| text + SHOWN + FAST);
    site.apply().await;
    let id = site.zoho.records("Accounts")[0].id.clone();
    site.zoho
        .edit_as_user("Accounts", &id, json!({"Billing_City": "Köln"}))
        .unwrap();
    site.work_until("the city is in X3", |_| {
        let customers = site.x3.customers("SEED").unwrap();
        let mut addresses = customers.iter().flat_map(|customer| &customer.addresses);
        addresses.any(|address| address.city == "Köln")
    })
    .await;
    assert!(status(&site, "customers").await["off"].is_null());
    for (flow, module) in [("products", "Products"), ("invoices", "Invoices")] {
        let off = status(&site, flow).await["off"].to_string();
        for word in [module, "Professional", "Standard"] {
            assert!(off.contains(word), "`{word}` is not in: {off}");
        }
    }
    let found = examination(&site).await;
    for word in ["customers can run", "products is off", "invoices is off"] {
        assert!(found.contains(word), "`{word}` is not in: {found}");
    }
}

#[tokio::test]
async fn without_its_operations_to_write_x3_is_read_and_the_reason_is_told() {
    let site = Site::open().await;
    let absent = |node, operation| {
        site.x3
            .set_operation(node, operation, OperationState::Absent);
    };
    absent("salesOrder", Operation::Create);
    let orders = "[products]\n[orders]\nsales_site = \"FR011\"\norder_type = \"SOI\"\n";
    site.configure(|text| text + orders + FAST);
    site.apply().await;
    absent("customer", Operation::Update);
    let edit = Edit::customer("NA001").set("companyName1", "Éclair SAS");
    let edited = site.x3.edit_as_user("SEED", &edit);
    edited.unwrap_or_else(|error| panic!("{error}"));
    site.work_until("the name is in Zoho", |_| {
        let accounts = site.zoho.records("Accounts");
        accounts
            .iter()
            .any(|account| account.text("Account_Name") == Some("Éclair SAS"))
    })
    .await;
    let off = status(&site, "orders").await["off"].to_string();
    assert!(off.contains("salesOrder.create"), "{off}");
    assert!(status(&site, "customers").await["off"].is_null());
    let notes = status(&site, "customers").await["notes"].to_string();
    let shown = site.run(&["status"]).await.stdout;
    for told in [&notes, &shown] {
        let reason = "changes go to Zoho only: X3 does not offer `customer.update`";
        assert!(told.contains(reason), "{told}");
    }
    let found = examination(&site).await;
    for word in [
        "customers is on, with less than it can do",
        "changes go to Zoho only: X3 does not offer `customer.update`",
        "orders is off",
    ] {
        assert!(found.contains(word), "`{word}` is not in: {found}");
    }
}

const BY_SOAP: &str = r#"
[x3.soap]
pool = "X3POOL"
orders = { name = "WSSOH" }
[orders]
sales_site = "FR011"
order_type = "SOI"
write_by = "soap"
whole_discount = "spread"
lines = { from = "quote", stages = ["Confirmed"] }
"#;

/// A site with a product in both systems, whose X3 has no GraphQL operation that makes orders.
async fn without_order_operations() -> Site {
    let site = Site::open().await;
    for operation in [Operation::Create, Operation::Update] {
        site.x3
            .set_operation("salesOrder", operation, OperationState::Absent);
    }
    stocked(&site);
    site
}

#[tokio::test]
async fn credit_memos_that_are_not_shown_are_counted_before_anything_runs() {
    let site = with_invoices().await;
    stocked(&site);
    site.configure(|text| text + SHOWN);
    assert!(!examination(&site).await.contains("credit memos"));
    let number = invoiced(&site);
    let memo = Edit::record("salesInvoice", &number).set("category", "creditMemo");
    site.x3.edit_as_user("SEED", &memo).unwrap();
    let found = examination(&site).await;
    assert!(
        found.contains("credit memos are not shown") && found.contains("X3 has 1 of them"),
        "{found}"
    );
}

#[tokio::test]
async fn a_won_deal_is_ordered_through_a_web_service_where_x3_has_no_operation_for_it() {
    let site = without_order_operations().await;
    site.configure(|text| text + BY_SOAP);
    site.run(&["doctor", "--create-fields"]).await;
    let found = examination(&site).await;
    assert!(
        found.contains("the web service WSSOH (object SOH) answers through pool X3POOL")
            && found.contains("orders can run"),
        "{found}"
    );
    site.apply().await;
    site.configure(|text| text + BY_SOAP + SERVED);
    let running = site.start().await;
    let account = site.zoho.records("Accounts")[0].id.clone();
    let product = json!({"Product_Name": "Pump", "Product_Code": "PUMP"});
    let product = site.zoho.create_as_user("Products", product).unwrap();
    let deal = json!({"Deal_Name": "Pumps", "Stage": "Negotiation/Review", "Account_Name": {"id": account},
        "Closing_Date": "2026-11-30"});
    let deal = site.zoho.create_as_user("Deals", deal).unwrap();
    let quote = json!({"Subject": "Pumps", "Account_Name": {"id": account}, "Deal_Name": {"id": deal},
        "Quote_Stage": "Confirmed", "Discount": 10,
        "Quoted_Items": [{"Product_Name": {"id": product}, "Quantity": 2, "List_Price": 50}]});
    site.zoho.create_as_user("Quotes", quote).unwrap();
    let won = json!({"Stage": "Closed Won"});
    site.zoho.edit_as_user("Deals", &deal, won).unwrap();
    let shown = until("X3's number is on the deal", || async {
        let deal = site.zoho.record("Deals", &deal).unwrap();
        deal.text("X3_Order_Number").is_some().then_some(deal)
    })
    .await;
    let orders = site.x3.records("SEED", "salesOrder").unwrap();
    assert_eq!(orders.len(), 1, "{orders:?}");
    assert_eq!(shown.text("X3_Order_Number"), Some(orders[0].id.as_str()));
    let line = &orders[0].rows["salesOrderLines"][0];
    assert_eq!(line.get("grossPrice"), "45", "90 for two");
    let amount: Decimal = shown.number("X3_Amount").unwrap().parse().unwrap();
    assert_eq!(amount, Decimal::from(90));
    assert_eq!(shown.number("X3_Amount_Difference"), None);
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn a_web_service_that_is_not_there_is_told_with_what_to_set_up() {
    let site = without_order_operations().await;
    site.configure(|text| text + &BY_SOAP.replace("X3POOL", "NOPOOL"));
    let found = examination(&site).await;
    assert!(
        found.contains("the web service WSSOH (object SOH) does not answer")
            && found.contains("start the pool NOPOOL"),
        "{found}"
    );
    // Without the web service, by which nothing can be ordered.
    let alone = BY_SOAP.replace("orders = { name = \"WSSOH\" }\n", "");
    site.configure(|text| text + &alone);
    let ran = site.run(&["plan"]).await;
    ran.asks_to_fix(&["orders.write_by", "[x3.soap.orders]", "GESAWE"]);
    let offered = alone.replace("write_by = \"soap\"\n", "");
    site.configure(|text| text + &offered);
    let found = examination(&site).await;
    assert!(
        found.contains("orders is off") && found.contains("[x3.soap.orders]"),
        "{found}"
    );
}
