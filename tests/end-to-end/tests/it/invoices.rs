//! Zoho's invoices reach the right accounts of X3, once and to the cent.

use std::{sync::Arc, time::Duration};

use rust_decimal::Decimal;
use sage_x3_client::X3Client;
use sage_x3_simulator::{Effect, Fault, Operation, RecordSnapshot};
use serde_json::{Value as Json, json};
use sync_core::{
    CodeScan, Codes, Endpoint, Flow, FlowName, ParkReason, ParkedJob, Sides,
    flows::invoices::{
        AccountRule, AccountTable, Changed, LedgerAccount, Part, PostableInvoices,
        PostableSettings, PostingRules,
        to_x3::{self, InvoiceKey, Options},
    },
    x3::{CustomerInvoiceEndpoint, CustomerInvoiceSettings},
    zoho::ZohoEndpoint,
};
use zoho_crm_simulator::{Currency, CustomField, Edition, StoredRecord};

use crate::world::{Clients, ENDPOINT, World, customers_flow};

fn name() -> FlowName {
    FlowName::from("invoices")
}

fn rule(part: Part, account: &str) -> AccountRule {
    AccountRule::new(part, LedgerAccount::parse(account).unwrap())
}

/// Goods to 707000, services to 706000; discounts and adjustments to 708500.
fn table() -> AccountTable {
    let mut services = rule(Part::Line, "FRA|706000");
    services.category = Some("Software".to_owned());
    AccountTable::new([
        rule(Part::Line, "FRA|707000"),
        services,
        rule(Part::Discount, "FRA|708500"),
        rule(Part::Adjustment, "FRA|708500"),
    ])
    .unwrap()
}

fn options() -> Options {
    let source = PostableSettings {
        default_site: Some("FR011".to_owned()),
        ..PostableSettings::default()
    };
    let mut options = Options::default();
    options.status_field = Some("X3_Status".into());
    options.posting = PostingRules {
        accounts: table(),
        taxes: Codes::new([("FRNOR", "VAT 20"), ("FRRED", "VAT 5.5")]).named("taxes"),
        source,
        ..PostingRules::default()
    };
    options
}

fn x3_side(client: X3Client, options: &Options) -> CustomerInvoiceEndpoint {
    let settings = CustomerInvoiceSettings::default()
        .accounts_of(&options.posting.accounts)
        .unwrap();
    CustomerInvoiceEndpoint::new(client, settings)
}

fn zoho_side(clients: &Clients, options: &Options) -> PostableInvoices {
    let invoices = ZohoEndpoint::new(clients.zoho.clone(), options.module_settings());
    PostableInvoices::new(Arc::new(invoices), options.posting.source.clone())
}

fn flow(clients: &Clients, options: &Options) -> Flow {
    Flow {
        name: name(),
        endpoints: Sides::new(
            Arc::new(x3_side(clients.x3.clone(), options)),
            Arc::new(zoho_side(clients, options)),
        ),
        mapping: to_x3::mapping(options).unwrap(),
        identity: to_x3::identity(options),
        policy: to_x3::policy(),
    }
}

/// Both systems, a customer with its account, and two products in Zoho.
struct Books {
    world: World,
    account: String,
    pump: String,
    support: String,
}

impl Books {
    async fn open() -> Self {
        Self::with(&options()).await
    }

    async fn with(options: &Options) -> Self {
        let world = World::of(
            |zoho| {
                let text = |name| CustomField::new("Invoices", name, "text");
                let fields = [text("X3_Invoice").unique(), text("X3_Status")];
                fields
                    .into_iter()
                    .fold(zoho, |zoho, field| zoho.custom_field(field))
            },
            |clients| vec![customers_flow(clients), flow(clients, options)],
        )
        .await;
        world
            .x3
            .set_activation("customerInvoiceHeader", Operation::Create, true);
        let (_, account) = world.pair().await;
        let products = [("P1", "Hardware"), ("S1", "Software")].map(|(code, category)| {
            json!({"Product_Name": code, "Product_Code": code, "Product_Category": category})
        });
        let products = world.zoho.seed("Products", products).unwrap();
        let [pump, support] = products.try_into().unwrap();
        Self {
            world,
            account,
            pump,
            support,
        }
    }

    /// The engine as after a restart with other rules.
    fn restart_with(&mut self, options: &Options) {
        self.world
            .restart_with(|clients| vec![customers_flow(clients), flow(clients, options)]);
    }

    fn line(&self, product: &str, quantity: &str, price: &str, tax: Option<(&str, &str)>) -> Json {
        let taxes: Vec<Json> = tax
            .into_iter()
            .map(|(name, percentage)| json!({"name": name, "percentage": number(percentage)}))
            .collect();
        json!({"Product_Name": {"id": product}, "Quantity": number(quantity), "List_Price": number(price), "Line_Tax": taxes})
    }

    /// 100.10 of goods with 20.02 of tax, 7.00 of services with 0.39.
    fn invoice(&self) -> Json {
        json!({
            "Subject": "Pumps and support",
            "Account_Name": {"id": self.account},
            "Status": "Approved",
            "Invoice_Date": "2026-11-20",
            "Invoiced_Items": [
                self.line(&self.pump, "2", "50.05", Some(("VAT 20", "20"))),
                self.line(&self.support, "1", "7", Some(("VAT 5.5", "5.5"))),
            ],
        })
    }

    fn enter(&self, invoice: Json) -> String {
        self.world.zoho.create_as_user("Invoices", invoice).unwrap()
    }

    fn edit(&self, id: &str, fields: Json) {
        self.world
            .zoho
            .edit_as_user("Invoices", id, fields)
            .unwrap();
    }

    fn at_zoho(&self, id: &str) -> StoredRecord {
        self.world.zoho.record("Invoices", id).unwrap()
    }

    fn in_x3(&self) -> Vec<RecordSnapshot> {
        let node = "customerInvoiceHeader";
        self.world.x3.records(ENDPOINT, node).unwrap()
    }

    /// The one invoice in X3.
    fn only(&self) -> RecordSnapshot {
        let mut invoices = self.in_x3();
        assert_eq!(invoices.len(), 1, "{invoices:?}");
        invoices.remove(0)
    }

    /// Account, amount and tax of the lines of an invoice in X3.
    fn lines(&self, invoice: &RecordSnapshot) -> Vec<[String; 3]> {
        let number = invoice.get("id");
        let lines = self.world.x3.records(ENDPOINT, "customerInvoiceLine");
        let lines = lines.unwrap().into_iter();
        lines
            .filter(|line| line.get("customerInvoiceHeader") == number)
            .map(|line| {
                ["account", "amountExcludingTax", "tax"].map(|name| line.get(name).to_owned())
            })
            .collect()
    }

    async fn parked(&self) -> Vec<ParkedJob> {
        self.world.engine.parked(&name(), None, 100).await.unwrap()
    }

    /// Why the one parked invoice is parked.
    async fn reason(&self) -> String {
        let parked = self.parked().await;
        assert_eq!(parked.len(), 1, "{parked:?}");
        match &parked[0].parked.reason {
            ParkReason::Unmappable { message, .. } => message.clone(),
            ParkReason::Rejected { rejection, .. } => rejection.message.clone(),
            other => panic!("{other:?}"),
        }
    }
}

/// A number of JSON, digit by digit.
fn number(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

fn line(account: &str, amount: &str, tax: &str) -> [String; 3] {
    [account, amount, tax].map(str::to_owned)
}

#[tokio::test]
async fn an_approved_invoice_is_posted_to_its_accounts_and_its_number_comes_back() {
    let books = Books::open().await;
    let id = books.enter(books.invoice());
    books.world.settle().await;
    let invoice = books.only();
    let number = invoice.get("id").to_owned();
    assert!(number.starts_with('Z'), "{number}");
    for (field, value) in [
        ("billToCustomer", "NA001"),
        ("financialSite", "FR011"),
        ("currency", "EUR"),
        ("accountingDate", "2026-11-20"),
        ("totalAmountExcludingTax", "107.1"),
        ("totalAmountIncludingTax", "127.51"),
    ] {
        assert_eq!(invoice.get(field), value, "{field}");
    }
    assert_eq!(
        books.lines(&invoice),
        [
            line("FRA|707000", "100.1", "FRNOR"),
            line("FRA|706000", "7", "FRRED")
        ]
    );
    let invoice = books.at_zoho(&id);
    assert_eq!(invoice.text("X3_Invoice"), Some(number.as_str()));
    assert_eq!(invoice.text("X3_Status"), Some("notPosted"));
    assert_eq!(invoice.number("Grand_Total"), Some("127.51"));
    // At rest nothing more is written, and posting in X3 shows.
    let writes = books.world.writes();
    books.world.settle().await;
    assert_eq!(books.world.writes(), writes);
    books.world.x3.post_invoice(ENDPOINT, &number).unwrap();
    books.world.settle().await;
    assert_eq!(books.at_zoho(&id).text("X3_Status"), Some("posted"));
    assert!(books.parked().await.is_empty());
}

#[tokio::test]
async fn a_draft_is_posted_when_it_is_approved() {
    let books = Books::open().await;
    let mut draft = books.invoice();
    draft["Status"] = json!("Created");
    let id = books.enter(draft);
    books.world.settle().await;
    assert!(books.in_x3().is_empty());
    assert!(books.parked().await.is_empty());
    books.edit(&id, json!({"Status": "Approved"}));
    books.world.settle().await;
    assert_eq!(books.only().get("totalAmountIncludingTax"), "127.51");
}

#[tokio::test]
async fn discount_and_adjustment_balance_to_the_cent() {
    let books = Books::open().await;
    let mut invoice = books.invoice();
    invoice["Discount"] = number("5.05");
    invoice["Adjustment"] = number("0.04");
    let id = books.enter(invoice);
    books.world.settle().await;
    let invoice = books.only();
    assert_eq!(
        books.lines(&invoice)[2..],
        [
            line("FRA|708500", "-5.05", ""),
            line("FRA|708500", "0.04", "")
        ]
    );
    assert_eq!(invoice.get("totalAmountIncludingTax"), "122.5");
    assert_eq!(books.at_zoho(&id).number("Grand_Total"), Some("122.50"));
    assert!(books.parked().await.is_empty());
}

#[tokio::test]
async fn a_credit_is_parked_with_its_total_and_never_posted_as_an_invoice() {
    let books = Books::open().await;
    let mut credit = books.invoice();
    credit["Adjustment"] = number("-200");
    let id = books.enter(credit);
    books.world.settle().await;
    assert!(books.in_x3().is_empty());
    let reason = books.reason().await;
    assert!(
        reason.contains("its total is -72.49") && reason.contains("credit memo"),
        "{reason}"
    );
    books.edit(&id, json!({"Adjustment": number("-100")}));
    books.world.settle().await;
    assert_eq!(books.only().get("totalAmountIncludingTax"), "27.51");
    assert!(books.parked().await.is_empty());
}

#[tokio::test]
async fn month_end_an_invoice_without_an_account_is_parked_and_posted_once_when_the_table_is_put_right()
 {
    let mut incomplete = options();
    let mut hardware = rule(Part::Line, "FRA|707000");
    hardware.category = Some("Hardware".to_owned());
    incomplete.posting.accounts = AccountTable::new([hardware]).unwrap();
    let mut books = Books::with(&incomplete).await;
    books.enter(books.invoice());
    books.world.settle().await;
    assert!(books.in_x3().is_empty());
    let reason = books.reason().await;
    let row = "line, product `S1`, category `Software`, tax `FRRED`, site `FR011`";
    assert!(
        reason.contains(&format!("no account for {row}")),
        "{reason}"
    );
    let flow = name();
    let engine = &books.world.engine;
    let unmapped = engine.unmapped_codes(&flow, CodeScan::Parked).await;
    let unmapped = unmapped.unwrap();
    assert_eq!(unmapped.len(), 1);
    assert_eq!(unmapped[0].missing.table, "accounts");
    assert_eq!(unmapped[0].missing.code, row);

    books.restart_with(&options());
    let again = books.world.engine.review_parked(&name()).await.unwrap();
    assert_eq!(again, 1);
    books.world.settle().await;
    assert!(books.parked().await.is_empty());
    assert_eq!(books.only().get("totalAmountIncludingTax"), "127.51");
    // Replaying what is posted changes nothing.
    books.restart_with(&options());
    books.world.engine.review_parked(&name()).await.unwrap();
    books.world.settle().await;
    assert_eq!(books.in_x3().len(), 1);
}

#[tokio::test]
async fn a_tax_that_the_table_lacks_is_named() {
    let books = Books::open().await;
    let mut invoice = books.invoice();
    invoice["Invoiced_Items"] =
        json!([books.line(&books.pump, "1", "100", Some(("VAT 19", "19")))]);
    books.enter(invoice);
    books.world.settle().await;
    let reason = books.reason().await;
    assert!(
        reason.contains("`VAT 19` is not in the table of taxes"),
        "{reason}"
    );
    assert!(books.in_x3().is_empty());
}

#[tokio::test]
async fn accounts_that_are_closed_are_named_at_start_and_when_they_are_used() {
    let mut wrong = options();
    let mut old = rule(Part::Line, "FRA|707999");
    old.product = Some("P1".to_owned());
    wrong.posting.accounts = AccountTable::new([
        old,
        rule(Part::Line, "FRA|999999"),
        rule(Part::Adjustment, "FRA|411000"),
        rule(Part::Discount, "FRA|708500"),
    ])
    .unwrap();
    let mut books = Books::with(&wrong).await;
    let x3 = x3_side(books.world.clients().x3, &wrong);
    let problems = x3.check().await.unwrap().into_iter();
    let problems: Vec<String> = problems.map(|problem| problem.message).collect();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].contains("FRA|411000 is a control account"));
    assert!(problems[1].contains("FRA|707999 is not active"));
    assert!(problems[2].contains("no account FRA|999999"));

    let mut invoice = books.invoice();
    invoice["Invoiced_Items"] =
        json!([books.line(&books.pump, "1", "100", Some(("VAT 20", "20")))]);
    books.enter(invoice);
    books.world.settle().await;
    let reason = books.reason().await;
    assert!(reason.contains("FRA|707999 is not active"), "{reason}");
    assert!(books.in_x3().is_empty());

    books.restart_with(&options());
    books.world.engine.review_parked(&name()).await.unwrap();
    books.world.settle().await;
    assert_eq!(books.lines(&books.only())[0][0], "FRA|707000");
    assert!(books.parked().await.is_empty());
}

#[tokio::test]
async fn an_answer_lost_after_x3_made_the_invoice_and_a_restart_still_make_one() {
    for key in [
        InvoiceKey::Number {
            prefix: "Z".to_owned(),
        },
        InvoiceKey::SourceDocumentLookUpOnly {
            prefix: "Z".to_owned(),
        },
    ] {
        let mut options = options();
        options.key = key.clone();
        let mut books = Books::with(&options).await;
        let id = books.enter(books.invoice());
        let lost = Fault::new(Effect::DropAfter).on_mutations();
        books.world.x3.inject(lost);
        books.world.clock.advance(Duration::from_secs(60));
        books.world.engine.poll_all().await.unwrap();
        books.world.engine.drain().await.unwrap();
        assert_eq!(books.in_x3().len(), 1, "X3 did make it");
        assert_eq!(books.at_zoho(&id).text("X3_Invoice"), None);

        books.restart_with(&options);
        books.world.settle().await;
        let number = books.only().get("id").to_owned();
        assert_eq!(books.at_zoho(&id).text("X3_Invoice"), Some(number.as_str()));
        assert!(books.parked().await.is_empty());
        // The key is where the option says.
        let has_key = |field| books.only().get(field).starts_with('Z');
        assert_eq!(has_key("id"), matches!(key, InvoiceKey::Number { .. }));
        assert_ne!(has_key("id"), has_key("sourceDocument"));
    }
}

#[tokio::test]
async fn what_is_changed_after_posting_is_parked_or_ignored_and_x3_keeps_its_invoice() {
    for changed in [Changed::Parked, Changed::Ignored] {
        let mut options = options();
        options.posting.source.changed = changed;
        let books = Books::with(&options).await;
        let id = books.enter(books.invoice());
        books.world.settle().await;
        books.edit(&id, json!({"Adjustment": number("10")}));
        books.world.settle().await;
        assert_eq!(books.only().get("totalAmountIncludingTax"), "127.51");
        assert_eq!(books.lines(&books.only()).len(), 2);
        if changed == Changed::Ignored {
            books.edit(&id, json!({"Status": "Cancelled"}));
            books.world.settle().await;
            assert!(books.parked().await.is_empty());
            assert_eq!(books.in_x3().len(), 1);
            continue;
        }
        let reason = books.reason().await;
        assert!(
            reason.contains("lines, totalAmountIncludingTax differ at Zoho now"),
            "{reason}"
        );
        books.edit(&id, json!({"Status": "Cancelled"}));
        books.world.settle().await;
        let reason = books.reason().await;
        assert!(reason.contains("its status is `Cancelled` now"), "{reason}");
        // Put back, it is done by itself.
        books.edit(&id, json!({"Status": "Approved"}));
        books.edit(&id, json!({"Adjustment": number("0")}));
        books.world.settle().await;
        assert!(books.parked().await.is_empty());
        assert_eq!(books.in_x3().len(), 1);
    }
}

#[tokio::test]
async fn a_total_that_x3_works_out_otherwise_is_shown_not_adjusted() {
    let mut options = options();
    // A slip of the operator's: the low tax for the high one.
    options.posting.taxes = Codes::new([("FRRED", "VAT 20")]);
    let books = Books::with(&options).await;
    let mut invoice = books.invoice();
    invoice["Invoiced_Items"] =
        json!([books.line(&books.pump, "1", "100", Some(("VAT 20", "20")))]);
    books.enter(invoice);
    books.world.settle().await;
    assert_eq!(books.only().get("totalAmountIncludingTax"), "105.5");
    let reason = books.reason().await;
    assert!(
        reason.contains("totalAmountIncludingTax differ"),
        "{reason}"
    );
    let parked = books.parked().await.remove(0).parked;
    let total = |document: Option<sync_core::Document>| document.unwrap().get("total").cloned();
    assert_eq!(total(parked.sides.left), Some(Decimal::new(1055, 1).into()));
    assert_eq!(total(parked.sides.right), Some(Decimal::from(120).into()));
}

#[tokio::test]
async fn invoices_in_other_currencies_keep_their_currency_and_its_decimals() {
    let mut options = options();
    options.posting.source.currency_field = Some("Currency".into());
    let books = Books::with(&options).await;
    books.world.zoho.configure(|settings| {
        settings.org.multi_currency = true;
        settings.org.currencies = ["USD", "JPY"].map(foreign).to_vec();
    });
    for (currency, price) in [("USD", "100.10"), ("JPY", "1001")] {
        let mut invoice = books.invoice();
        invoice["Currency"] = json!(currency);
        invoice["Invoiced_Items"] = json!([books.line(&books.pump, "1", price, None)]);
        books.enter(invoice);
    }
    books.world.settle().await;
    assert!(
        books.parked().await.is_empty(),
        "{:?}",
        books.parked().await
    );
    let mut found: Vec<_> = books
        .in_x3()
        .iter()
        .map(|invoice| {
            ["currency", "totalAmountIncludingTax"].map(|name| invoice.get(name).to_owned())
        })
        .collect();
    found.sort();
    assert_eq!(found, [["JPY", "1001"], ["USD", "100.1"]]);
}

fn foreign(code: &str) -> Currency {
    Currency {
        iso_code: code.to_owned(),
        name: code.to_owned(),
        symbol: code.to_owned(),
        exchange_rate: "1.100000000".to_owned(),
    }
}

#[tokio::test]
async fn an_invoice_waits_for_its_customer() {
    let books = Books::open().await;
    // Not a customer of X3's yet: X3 refuses it without a country.
    let account = json!({"Account_Name": "New customer"});
    let account = books
        .world
        .zoho
        .create_as_user("Accounts", account)
        .unwrap();
    let mut invoice = books.invoice();
    invoice["Account_Name"] = json!({"id": account});
    books.enter(invoice);
    books.world.settle().await;
    assert!(books.in_x3().is_empty());
    let parked = books.parked().await;
    assert!(matches!(
        parked[0].parked.reason,
        ParkReason::WaitingFor { .. }
    ));
    let country = json!({"Billing_Country": "France"});
    books
        .world
        .zoho
        .edit_as_user("Accounts", &account, country)
        .unwrap();
    books.world.settle().await;
    assert!(books.parked().await.is_empty());
    assert_ne!(books.only().get("billToCustomer"), "NA001");
}

#[tokio::test]
async fn without_the_module_the_flow_says_so() {
    let books = Books::open().await;
    let edition = |edition| {
        books
            .world
            .zoho
            .configure(|settings| settings.edition = edition)
    };
    edition(Edition::Standard);
    let zoho = zoho_side(&books.world.clients(), &options());
    let problems = zoho.check().await.unwrap();
    assert!(
        problems[0].message.contains("no module Invoices"),
        "{problems:?}"
    );
    edition(Edition::Professional);
    assert!(zoho.check().await.unwrap().is_empty());
}
