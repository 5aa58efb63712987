//! A distributor: customers, products and deals in both systems, and the flows that make orders of deals.

use std::{sync::Arc, time::Duration};

use rust_decimal::Decimal;
use sage_x3_client::{OrderTypeCode, SiteCode};
use sage_x3_simulator::{RecordSeed, RecordSnapshot};
use serde_json::{Value as Json, json};
use sync_core::{
    Engine, FirstSyncGate, Flow, FlowName, MemoryStore, ParkReason, ParkedJob, Side, Sides,
    flows::{
        fulfilment::{self, FulfilmentOptions},
        orders::{self, OrderOptions},
    },
    x3::{SalesOrderEndpoint, SalesOrderSettings},
    zoho::{
        AmountCheck, DealEndpoint, DealSettings, LineSource, PriceForm, Qualification, QuoteSource,
        WholeDiscount,
    },
};
use zoho_crm_simulator::{Builder as ZohoBuilder, CustomField, Edition, StoredRecord};

use crate::world::{Clients, ENDPOINT, World, customer, customers_flow, engine};

/// How the shop is set up.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) orders: OrderOptions,
    pub(crate) qualification: Qualification,
    pub(crate) lines: LineSource,
    pub(crate) prices: PriceForm,
    pub(crate) whole_discount: WholeDiscount,
    /// `SOI` lets the caller choose the number, `SON` does not.
    pub(crate) order_type: &'static str,
    /// Whether orders are written by a web service alone.
    pub(crate) soap: bool,
    pub(crate) updates: bool,
    pub(crate) edition: Edition,
    pub(crate) currencies: bool,
    pub(crate) fulfilment: Option<FulfilmentOptions>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            orders: OrderOptions::default(),
            qualification: Qualification::stages(["Closed Won"]),
            lines: LineSource::Quote(QuoteSource::default().stages(["Confirmed"])),
            prices: PriceForm::default(),
            whole_discount: WholeDiscount::default(),
            order_type: "SOI",
            soap: false,
            updates: false,
            edition: Edition::Enterprise,
            currencies: false,
            fulfilment: None,
        }
    }
}

pub(crate) struct Shop {
    pub(crate) world: World,
    rules: Rules,
    /// The account of customer `NA001`.
    pub(crate) account: String,
}

impl Shop {
    /// With a customer, and products `PUMP` at 22 and `HOSE` at 3.50 in both systems.
    pub(crate) async fn open(rules: Rules) -> Self {
        let world = World::of(
            |zoho| prepare(&rules, zoho),
            |clients| flows(&rules, clients),
        )
        .await;
        for (code, price) in [("PUMP", "22"), ("HOSE", "3.5")] {
            let product = RecordSeed::product(code, code).set("basePrice", price);
            let records = [product, RecordSeed::product_site(code, "FR011")];
            world.x3.seed(ENDPOINT, records).unwrap();
        }
        if rules.edition.has_inventory() {
            for code in ["PUMP", "HOSE", "GHOST"] {
                let product = json!({"Product_Name": code, "Product_Code": code, "Unit_Price": 20});
                world.zoho.create_as_user("Products", product).unwrap();
            }
            let nameless = json!({"Product_Name": "Bucket"});
            world.zoho.create_as_user("Products", nameless).unwrap();
        }
        world
            .x3
            .create_as_user(ENDPOINT, customer("NA001", "Éclair Distribution"))
            .unwrap();
        world.settle().await;
        let account = world.account_of("NA001").id;
        Self {
            world,
            rules,
            account,
        }
    }

    /// A second engine with clients of its own on the same store.
    pub(crate) fn another_engine(&self) -> Engine {
        let world = &self.world;
        let clients = Clients::of(&world.x3, &world.zoho, &world.clock);
        let store: Arc<MemoryStore> = Arc::clone(&world.store);
        let flows = flows(&self.rules, &clients);
        engine(flows, &world.clock, store, FirstSyncGate::Open)
    }

    /// An engine that knows of no pair.
    pub(crate) fn engine_on_an_empty_store(&self) -> Engine {
        let world = &self.world;
        let clients = Clients::of(&world.x3, &world.zoho, &world.clock);
        let store = Arc::new(MemoryStore::new());
        let flows = flows(&self.rules, &clients);
        engine(flows, &world.clock, store, FirstSyncGate::Open)
    }

    /// Flow `orders`, with clients of its own.
    pub(crate) fn orders_flow(&self) -> Flow {
        let world = &self.world;
        let clients = Clients::of(&world.x3, &world.zoho, &world.clock);
        orders_flow(&self.rules, &clients)
    }

    /// Relates products to a deal, as a person does.
    pub(crate) async fn relate(&self, deal: &str, products: &[&str]) {
        let world = &self.world;
        let clients = Clients::of(&world.x3, &world.zoho, &world.clock);
        let rows = products.iter().map(|name| {
            let id: zoho_crm_client::RecordId = self.product(name).parse().unwrap();
            zoho_crm_client::Record::new().with("id", id)
        });
        let deal = deal.parse().unwrap();
        let related = clients
            .zoho
            .module("Deals")
            .record(&deal)
            .related("Products");
        let outcomes = related.link(rows.collect()).await.unwrap();
        assert!(outcomes.into_rows().into_iter().all(|row| row.is_ok()));
    }

    pub(crate) fn restart(&mut self) {
        self.world.engine = self.another_engine();
    }

    /// Polls both systems and works until nothing has happened for longer than changes take to show.
    pub(crate) async fn settle(&self) {
        let mut quiet = 0;
        for _ in 0..15 {
            self.world.clock.advance(Duration::from_secs(20));
            // A failing system shows in the figures and is polled again in the next round.
            let _ = self.world.engine.poll_all().await;
            let report = self.world.engine.drain().await.unwrap();
            quiet = if report.looked_at == 0 { quiet + 1 } else { 0 };
            if quiet == 3 {
                return;
            }
        }
    }

    /// The id of Zoho's product of this name.
    pub(crate) fn product(&self, name: &str) -> String {
        let products = self.world.zoho.records("Products").into_iter();
        let mut found = products.filter(|product| product.text("Product_Name") == Some(name));
        found.next().unwrap().id
    }

    /// A line of a quote.
    pub(crate) fn line(&self, product: &str, quantity: u32, price: &str) -> Json {
        json!({"Product_Name": {"id": self.product(product)}, "Quantity": quantity,
            "List_Price": price.parse::<f64>().unwrap()})
    }

    /// A deal of `account` that is not won yet.
    pub(crate) fn deal_of(&self, account: &str) -> String {
        let deal = json!({"Deal_Name": "Renewal", "Stage": "Negotiation/Review", "Account_Name": {"id": account},
            "Closing_Date": "2026-11-30", "Amount": 1000});
        self.world.zoho.create_as_user("Deals", deal).unwrap()
    }

    /// A deal that is not won yet, with a confirmed quote of two pumps at 20 and ten hoses at 3.50.
    pub(crate) fn deal(&self) -> String {
        let lines = vec![self.line("PUMP", 2, "20"), self.line("HOSE", 10, "3.5")];
        self.deal_with(lines)
    }

    pub(crate) fn deal_with(&self, lines: Vec<Json>) -> String {
        let deal = self.deal_of(&self.account);
        self.quote(&deal, lines);
        deal
    }

    /// A confirmed quote for a deal.
    pub(crate) fn quote(&self, deal: &str, lines: Vec<Json>) -> String {
        let quote = json!({"Subject": "Offer", "Account_Name": {"id": self.account}, "Deal_Name": {"id": deal},
            "Quote_Stage": "Confirmed", "Quoted_Items": lines});
        self.world.zoho.create_as_user("Quotes", quote).unwrap()
    }

    pub(crate) fn stage(&self, deal: &str, stage: &str) {
        let change = json!({"Stage": stage});
        self.world.zoho.edit_as_user("Deals", deal, change).unwrap();
    }

    /// A deal that is won, after everything about it has settled.
    pub(crate) async fn won(&self, deal: &str) {
        self.stage(deal, "Closed Won");
        self.settle().await;
    }

    pub(crate) fn orders(&self) -> Vec<RecordSnapshot> {
        self.world.x3.records(ENDPOINT, "salesOrder").unwrap()
    }

    /// The only order.
    pub(crate) fn order(&self) -> RecordSnapshot {
        let orders = self.orders();
        assert_eq!(orders.len(), 1, "{orders:?}");
        orders.into_iter().next().unwrap()
    }

    pub(crate) fn deal_now(&self, deal: &str) -> StoredRecord {
        self.world.zoho.record("Deals", deal).unwrap()
    }

    pub(crate) async fn parked(&self, flow: &str) -> Vec<ParkedJob> {
        let flow = FlowName::from(flow);
        self.world.engine.parked(&flow, None, 100).await.unwrap()
    }

    /// No deal waits for a person.
    pub(crate) async fn assert_nothing_parked(&self) {
        let parked = self.parked("orders").await;
        assert!(parked.is_empty(), "{parked:?}");
    }

    /// Why the only parked deal is parked.
    pub(crate) async fn reason(&self) -> ParkReason {
        let parked = self.parked("orders").await;
        assert_eq!(parked.len(), 1, "{parked:?}");
        parked[0].parked.reason.clone()
    }
}

/// A number of a record, as a number.
pub(crate) fn number(record: &StoredRecord, field: &str) -> Option<Decimal> {
    record.number(field).map(|number| number.parse().unwrap())
}

/// The lines of an order: product, quantity, gross price.
pub(crate) fn lines(order: &RecordSnapshot) -> Vec<(&str, &str, &str)> {
    let lines = order.rows["salesOrderLines"].iter();
    lines
        .map(|line| {
            (
                line.get("product"),
                line.get("quantityInSalesUnitOrdered"),
                line.get("grossPrice"),
            )
        })
        .collect()
}

fn prepare(rules: &Rules, zoho: ZohoBuilder) -> ZohoBuilder {
    let (edition, currencies) = (rules.edition, rules.currencies);
    let mut zoho = zoho.configure(move |settings| {
        settings.edition = edition;
        settings.org.multi_currency = currencies;
        if currencies {
            settings.org.currencies.push(zoho_crm_simulator::Currency {
                iso_code: "USD".to_owned(),
                name: "US Dollar".to_owned(),
                symbol: "$".to_owned(),
                exchange_rate: "1.100000000".to_owned(),
            });
        }
    });
    for module in ["Deals", "Sales_Orders"] {
        for (field, kind) in [
            ("X3_Amount", "currency"),
            ("X3_Amount_With_Tax", "currency"),
            ("X3_Amount_Difference", "currency"),
            ("X3_Credit_Status", "text"),
            ("X3_Warnings", "text"),
            ("X3_Remarks", "text"),
            ("X3_Order_Status", "text"),
            ("X3_Delivery_Status", "text"),
            ("X3_Invoice_Status", "text"),
        ] {
            zoho = zoho.custom_field(CustomField::new(module, field, kind));
        }
    }
    zoho.custom_field(CustomField::new("Deals", "Ship_To", "text"))
        .custom_field(CustomField::new("Deals", "Discount_On_Deal", "currency"))
}

fn flows(rules: &Rules, clients: &Clients) -> Vec<Flow> {
    let mut flows = vec![customers_flow(clients), orders_flow(rules, clients)];
    if let Some(options) = &rules.fulfilment {
        flows.push(fulfilment_flow(options, clients));
    }
    flows
}

fn orders_flow(rules: &Rules, clients: &Clients) -> Flow {
    let mapping = orders::mapping(&rules.orders).unwrap();
    let mut settings = SalesOrderSettings::new()
        .create_at(SiteCode::new("FR011").unwrap())
        .order_type(OrderTypeCode::new(rules.order_type).unwrap())
        .mapped_fields(mapping.fields(Side::Left));
    settings.updates = rules.updates;
    let x3 = if rules.soap {
        &clients.x3_by_soap
    } else {
        &clients.x3
    };
    let deals = DealSettings::of_mapping(
        rules.orders.number_field.as_str(),
        &mapping,
        rules.qualification.clone(),
        rules.lines.clone(),
    )
    .prices(rules.prices)
    .whole_discount(rules.whole_discount)
    .discount_field("Discount_On_Deal")
    .check(AmountCheck::new("X3_Amount", "X3_Amount_Difference"));
    Flow {
        name: "orders".into(),
        endpoints: Sides::new(
            Arc::new(SalesOrderEndpoint::new(x3.clone(), settings)),
            Arc::new(DealEndpoint::new(clients.zoho.clone(), deals)),
        ),
        identity: orders::identity(&rules.orders),
        policy: orders::policy(),
        mapping,
    }
}

fn fulfilment_flow(options: &FulfilmentOptions, clients: &Clients) -> Flow {
    let mapping = fulfilment::mapping(options).unwrap();
    let settings = SalesOrderSettings::new().mapped_fields(mapping.fields(Side::Left));
    Flow {
        name: "fulfilment".into(),
        endpoints: Sides::new(
            Arc::new(SalesOrderEndpoint::new(clients.x3.clone(), settings)),
            Arc::new(clients.module("Sales_Orders", &mapping)),
        ),
        identity: fulfilment::identity(options),
        policy: fulfilment::policy(),
        mapping,
    }
}
