//! X3's sales invoices appear in Zoho, once, with lines, amounts and what is paid.

use std::sync::Arc;

use rust_decimal::Decimal;
use sage_x3_client::SiteCode;
use sage_x3_simulator::{Edit, RecordSeed};
use serde_json::json;
use sync_core::{
    Flow, FlowName, ParkedJob, Side, Sides,
    flows::{
        invoices::to_zoho::{self, Options},
        products::{self, ProductOptions},
    },
    x3::{
        ProductEndpoint, ProductSettings, SalesInvoiceEndpoint, SalesInvoiceSettings,
        credits_left_out,
    },
    zoho::{ModuleSettings, ZohoEndpoint},
};
use zoho_crm_simulator::{CustomField, Fault, FaultKind, StoredRecord};

use crate::world::{Clients, ENDPOINT, World, customers_flow};

fn name() -> FlowName {
    FlowName::from("invoices")
}

fn products_flow(clients: &Clients) -> Flow {
    let mut options = ProductOptions::default();
    options.stock = false;
    let mapping = products::mapping(&options).unwrap();
    let left = ProductEndpoint::new(clients.x3.clone(), ProductSettings::new());
    Flow {
        name: "products".into(),
        endpoints: Sides::new(
            Arc::new(left),
            Arc::new(clients.module("Products", &mapping)),
        ),
        mapping,
        identity: products::identity(&options),
        policy: products::policy(),
    }
}

fn invoices_flow(clients: &Clients, sites: &[&str]) -> Flow {
    let mut options = Options::default();
    options.open_items = true;
    options.total_field = Some("X3_Total".into());
    options.outstanding_field = Some("X3_Outstanding".into());
    let mapping = to_zoho::mapping(&options).unwrap();
    let mut settings = SalesInvoiceSettings::default();
    settings.open_items = true;
    settings.sites = sites
        .iter()
        .map(|site| SiteCode::new(*site).unwrap())
        .collect();
    settings.mapped = mapping.fields(Side::Left).cloned().collect();
    let module = ModuleSettings::of_mapping("Invoices", "X3_Invoice", &mapping);
    Flow {
        name: name(),
        endpoints: Sides::new(
            Arc::new(SalesInvoiceEndpoint::new(clients.x3.clone(), &settings)),
            Arc::new(ZohoEndpoint::new(clients.zoho.clone(), module)),
        ),
        mapping,
        identity: to_zoho::identity(&options),
        policy: to_zoho::policy(),
    }
}

/// Both systems with customer NA001, two products, and a delivery of 10 and 4 pieces at 5 each.
struct Sales {
    world: World,
    delivery: String,
}

impl Sales {
    async fn of_sites(sites: &[&str]) -> Self {
        let world = World::of(
            |zoho| {
                let field = |name, kind| CustomField::new("Invoices", name, kind);
                let fields = [
                    field("X3_Invoice", "text").unique(),
                    field("X3_Total", "currency"),
                    field("X3_Outstanding", "currency"),
                ];
                fields
                    .into_iter()
                    .fold(zoho, |zoho, field| zoho.custom_field(field))
            },
            |clients| {
                vec![
                    customers_flow(clients),
                    products_flow(clients),
                    invoices_flow(clients, sites),
                ]
            },
        )
        .await;
        world.pair().await;
        let line = |product: &str, quantity: i64| {
            RecordSeed::new("salesOrderLine")
                .set("product", product)
                .set("quantityInSalesUnitOrdered", Decimal::from(quantity))
        };
        for code in ["BMS001", "BMS002"] {
            let product = RecordSeed::product(code, "Flour").set("basePrice", "5");
            let records = [product, RecordSeed::product_site(code, "FR011")];
            world.x3.seed(ENDPOINT, records).unwrap();
        }
        let stock = |id, product| RecordSeed::stock("FR011", id, product, 20);
        let stock = [stock(1, "BMS001"), stock(2, "BMS002")];
        world.x3.seed(ENDPOINT, stock).unwrap();
        let order = RecordSeed::sales_order("FR011", "NA001")
            .row("salesOrderLines", line("BMS001", 10))
            .row("salesOrderLines", line("BMS002", 4));
        let order = world.x3.create_record(ENDPOINT, order).unwrap();
        let delivery = world.x3.deliver(ENDPOINT, &order, None).unwrap();
        world.settle().await;
        Self { world, delivery }
    }

    async fn open() -> Self {
        Self::of_sites(&[]).await
    }

    /// An X3 clerk invoices the delivery.
    fn invoice(&self) -> String {
        self.world.x3.invoice(ENDPOINT, &self.delivery).unwrap()
    }

    fn shown(&self) -> Vec<StoredRecord> {
        self.world.zoho.records("Invoices")
    }

    /// The one invoice in Zoho.
    fn only(&self) -> StoredRecord {
        let mut shown = self.shown();
        assert_eq!(shown.len(), 1, "{shown:?}");
        shown.remove(0)
    }

    async fn parked(&self) -> Vec<ParkedJob> {
        self.world.engine.parked(&name(), None, 100).await.unwrap()
    }
}

#[tokio::test]
async fn an_invoice_of_x3_is_shown_with_its_customer_lines_and_amounts() {
    let sales = Sales::open().await;
    let number = sales.invoice();
    sales.world.settle().await;
    assert!(
        sales.parked().await.is_empty(),
        "{:?}",
        sales.parked().await
    );
    let shown = sales.only();
    assert_eq!(shown.text("X3_Invoice"), Some(number.as_str()));
    assert_eq!(shown.text("Subject"), Some(number.as_str()));
    assert_eq!(shown.text("Status"), Some("Created"));
    let account = sales.world.account_of("NA001").id;
    assert_eq!(shown.reference("Account_Name"), Some(account.as_str()));
    for (field, amount) in [
        ("Sub_Total", 70),
        ("Tax", 14),
        ("Grand_Total", 84),
        ("X3_Total", 84),
    ] {
        let found: Decimal = shown.number(field).unwrap().parse().unwrap();
        assert_eq!(found, Decimal::from(amount), "{field}");
    }
    let product = |code: &str| {
        let products = sales.world.zoho.records("Products").into_iter();
        let mut own = products.filter(|product| product.text("X3_Code") == Some(code));
        own.next().unwrap().id
    };
    let lines = sales.world.zoho.records("Invoiced_Items");
    let lines: Vec<(String, Decimal, Decimal)> = lines
        .iter()
        .map(|line| {
            let number = |field| line.number(field).unwrap().parse().unwrap();
            let product = line.reference("Product_Name").unwrap().to_owned();
            (product, number("Quantity"), number("List_Price"))
        })
        .collect();
    let five = Decimal::from(5);
    assert_eq!(
        lines,
        [
            (product("BMS001"), Decimal::from(10), five),
            (product("BMS002"), Decimal::from(4), five)
        ]
    );
}

#[tokio::test]
async fn a_credit_memo_of_x3_is_counted_and_never_shown_as_an_invoice() {
    let sales = Sales::open().await;
    let number = sales.invoice();
    let memo = Edit::record("salesInvoice", &number).set("category", "creditMemo");
    sales.world.x3.edit_as_user(ENDPOINT, &memo).unwrap();
    sales.world.settle().await;
    assert!(sales.shown().is_empty(), "{:?}", sales.shown());
    assert!(sales.parked().await.is_empty());

    let x3 = sales.world.clients().x3;
    let mut settings = SalesInvoiceSettings::default();
    assert_eq!(credits_left_out(&x3, &settings).await.unwrap(), Some(1));
    settings.sites = vec![SiteCode::new("FR012").unwrap()];
    assert_eq!(credits_left_out(&x3, &settings).await.unwrap(), Some(0));
}

#[tokio::test]
async fn posting_and_payments_show_and_nothing_is_written_at_rest() {
    let sales = Sales::open().await;
    let number = sales.invoice();
    sales.world.settle().await;
    let outstanding = || sales.only().number("X3_Outstanding").map(str::to_owned);
    assert_eq!(outstanding(), None);
    sales.world.x3.post_invoice(ENDPOINT, &number).unwrap();
    sales.world.settle().await;
    assert_eq!(sales.only().text("Status"), Some("Approved"));
    assert_eq!(sales.only().text("Due_Date"), Some("2026-11-20"));
    assert_eq!(outstanding().as_deref(), Some("84"));
    let part = Some(Decimal::new(3050, 2));
    sales.world.x3.pay_invoice(ENDPOINT, &number, part).unwrap();
    sales.world.settle().await;
    assert_eq!(outstanding().as_deref(), Some("53.5"));
    assert_eq!(sales.world.zoho.records("Invoiced_Items").len(), 2);
    let writes = sales.world.writes();
    sales.world.settle().await;
    assert_eq!(sales.world.writes(), writes);
}

#[tokio::test]
async fn an_answer_lost_after_zoho_made_the_invoice_still_makes_one() {
    let sales = Sales::open().await;
    let lost = Fault::new(FaultKind::DropAfterEffect).on("POST", "/crm/v8/Invoices");
    sales.world.zoho.inject(lost);
    sales.invoice();
    sales.world.settle().await;
    assert_eq!(sales.shown().len(), 1);
    assert_eq!(sales.world.zoho.records("Invoiced_Items").len(), 2);
    assert!(sales.parked().await.is_empty());
}

#[tokio::test]
async fn invoices_of_other_sites_and_zohos_own_are_left_alone() {
    let sales = Sales::of_sites(&["FR012"]).await;
    sales.invoice();
    let account = sales.world.account_of("NA001").id;
    let product = sales.world.zoho.records("Products").remove(0).id;
    let own = json!({"Subject": "By hand", "Account_Name": {"id": account},
        "Invoiced_Items": [{"Product_Name": {"id": product}}]});
    sales.world.zoho.create_as_user("Invoices", own).unwrap();
    sales.world.settle().await;
    assert_eq!(sales.only().text("Subject"), Some("By hand"));
    assert!(sales.parked().await.is_empty());
}
