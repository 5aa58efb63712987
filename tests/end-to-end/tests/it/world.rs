//! Both simulated systems, both clients and an engine, all on one clock that the test moves.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
    time::Duration,
};

use client_core::{
    Clock as _, HttpTransport, ReqwestTransport,
    testing::{ManualClock, RecordingSleep},
};
use sage_x3_client::{
    CategoryCode, ConnectedApp, SiteConfig, WritePath, X3Client, X3ClientBuilder,
    soap::{SoapPublication, SoapSettings},
};
use sage_x3_simulator::{AddressSeed, CustomerSeed, CustomerSnapshot, X3Simulator};
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use sync_core::{
    Clock, Engine, FirstSyncGate, Flow, FlowName, Mapping, MemoryStore, ParkedJob, Policy, Report,
    Settings, Sides, Store,
    flows::customers::{self, CustomerOptions},
    x3::{CustomerEndpoint, CustomerSettings},
    zoho::{ModuleSettings, ZohoEndpoint},
};
use zoho_crm_client::{Channel, ChannelEvent, ClientCredentials, DataCenter, ZohoClient};
use zoho_crm_simulator::{Builder as ZohoBuilder, StoredRecord, ZohoSimulator, conformance};

pub(crate) const ENDPOINT: &str = "SEED";
const START: &str = "2026-11-20T10:00:00Z";

#[derive(Clone, Debug)]
pub(crate) struct TestClock(pub(crate) ManualClock);

impl Clock for TestClock {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }
}

/// Where this run's exchanges with the simulated Zoho are written, for the target `zoho_openapi` to judge.
fn exchanges() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> =
        LazyLock::new(|| conformance::fresh_folder(env!("CARGO_TARGET_TMPDIR"), "end-to-end"));
    &FOLDER
}

/// Everything a test needs.
pub(crate) struct World {
    pub(crate) x3: X3Simulator,
    pub(crate) zoho: Arc<ZohoSimulator>,
    pub(crate) clock: ManualClock,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) engine: Engine,
}

impl World {
    /// Two empty systems that need no first-sync plan.
    pub(crate) async fn open() -> Self {
        Self::with_gate(FirstSyncGate::Open).await
    }

    pub(crate) async fn with_gate(gate: FirstSyncGate) -> Self {
        Self::start(gate, |zoho| zoho, |clients| vec![customers_flow(clients)]).await
    }

    /// Two empty systems, Zoho's as `prepare` wants it, with flows of the test's own that need no first-sync plan.
    pub(crate) async fn of(
        prepare: impl FnOnce(ZohoBuilder) -> ZohoBuilder,
        flows: impl FnOnce(&Clients) -> Vec<Flow>,
    ) -> Self {
        Self::start(FirstSyncGate::Open, prepare, flows).await
    }

    async fn start(
        gate: FirstSyncGate,
        prepare: impl FnOnce(ZohoBuilder) -> ZohoBuilder,
        flows: impl FnOnce(&Clients) -> Vec<Flow>,
    ) -> Self {
        let clock = ManualClock::new(START.parse().unwrap());
        let (x3_time, zoho_time) = (clock.clone(), clock.clone());
        let x3 = X3Simulator::builder()
            .clock(sage_x3_simulator::Clock::from_fn(move || x3_time.now()))
            .settings(|settings| settings.name_length = 75)
            .start()
            .await
            .unwrap();
        let zoho = ZohoSimulator::builder()
            .clock(zoho_crm_simulator::Clock::from_source(move || {
                zoho_time.now()
            }))
            .capture_into(exchanges());
        let zoho = Arc::new(prepare(zoho).start().await.unwrap());
        let store = Arc::new(MemoryStore::new());
        let shared: Arc<MemoryStore> = Arc::clone(&store);
        let flows = flows(&Clients::of(&x3, &zoho, &clock));
        let engine = engine(flows, &clock, shared, gate);
        Self {
            x3,
            zoho,
            clock,
            store,
            engine,
        }
    }

    /// A new engine with new clients on the same store, as after a restart.
    pub(crate) fn restart(&mut self) {
        self.engine = self.another_engine();
    }

    /// A new engine on the same store with other flows, as after a change of the configuration.
    pub(crate) fn restart_with(&mut self, flows: impl FnOnce(&Clients) -> Vec<Flow>) {
        let store: Arc<MemoryStore> = Arc::clone(&self.store);
        let flows = flows(&self.clients());
        self.engine = engine(flows, &self.clock, store, FirstSyncGate::Open);
    }

    /// New clients of both systems.
    pub(crate) fn clients(&self) -> Clients {
        Clients::of(&self.x3, &self.zoho, &self.clock)
    }

    /// A second engine with clients of its own on the same store.
    pub(crate) fn another_engine(&self) -> Engine {
        let store: Arc<MemoryStore> = Arc::clone(&self.store);
        let flows = vec![customers_flow(&self.clients())];
        engine(flows, &self.clock, store, FirstSyncGate::Open)
    }

    /// Polls both systems and works until nothing is due any more, moving the clock past every pause.
    pub(crate) async fn settle(&self) -> Report {
        let mut sum = Report::default();
        for _ in 0..12 {
            self.clock.advance(Duration::from_secs(20));
            // A failing system shows in the figures and is polled again in the next round.
            let _ = self.engine.poll_all().await;
            sum += self.engine.drain().await.unwrap();
        }
        sum
    }

    pub(crate) fn customers(&self) -> Vec<CustomerSnapshot> {
        self.x3.customers(ENDPOINT).unwrap()
    }

    pub(crate) fn customer(&self, code: &str) -> CustomerSnapshot {
        self.x3
            .customer(ENDPOINT, code)
            .unwrap()
            .expect("the customer exists")
    }

    pub(crate) fn accounts(&self) -> Vec<StoredRecord> {
        self.zoho.records("Accounts")
    }

    pub(crate) fn account_of(&self, code: &str) -> StoredRecord {
        let mut found = self
            .accounts()
            .into_iter()
            .filter(|account| account.text("X3_Code") == Some(code));
        let account = found.next().expect("the customer has an account");
        assert!(
            found.next().is_none(),
            "the customer has more than one account"
        );
        account
    }

    pub(crate) fn writes(&self) -> u64 {
        self.x3.counters().mutations + self.zoho.counters().rows_written
    }

    pub(crate) async fn parked(&self) -> Vec<ParkedJob> {
        self.engine.parked(&flow(), None, 1000).await.unwrap()
    }

    /// An account and its customer, in agreement.
    pub(crate) async fn pair(&self) -> (String, String) {
        self.x3
            .create_as_user(ENDPOINT, customer("NA001", "Éclair Distribution"))
            .unwrap();
        self.settle().await;
        ("NA001".to_owned(), self.account_of("NA001").id)
    }
}

impl World {
    /// Has Zoho notify `url` of everything that happens to accounts.
    pub(crate) async fn subscribe(&self, url: &str) {
        let events = [ChannelEvent::all("Accounts")];
        let channel = Channel::new(
            "1000000068001".parse().unwrap(),
            events,
            url,
            SecretString::from("token"),
        );
        zoho_client(&self.zoho, &self.clock)
            .channels()
            .enable(&channel)
            .await
            .unwrap();
    }
}

pub(crate) fn flow() -> FlowName {
    FlowName::from("customers")
}

/// A customer as an X3 clerk enters it.
pub(crate) fn customer(code: &str, name: &str) -> CustomerSeed {
    let address = AddressSeed::new("MAIN")
        .set("isDefault", true)
        .set("country", "FR")
        .set("zipCode", "75011")
        .set("city", "Paris")
        .line(1, "12 rue de la République")
        .phone(1, "+33 1 44 55 66 77");
    CustomerSeed::new(code, name)
        .set("currency", "EUR")
        .address(address)
}

/// An account as a sales representative enters it.
pub(crate) fn account(name: &str) -> Json {
    json!({
        "Account_Name": name,
        "Billing_Street": "Hauptstraße 5",
        "Billing_Code": "10115",
        "Billing_City": "Berlin",
        "Billing_Country": "Germany",
        "Phone": "+49 30 1234567",
        "VAT_Number": "DE123456789",
    })
}

/// A client of each system.
pub(crate) struct Clients {
    pub(crate) x3: X3Client,
    /// Writes sales orders by a web service alone.
    pub(crate) x3_by_soap: X3Client,
    pub(crate) zoho: ZohoClient,
}

impl Clients {
    pub(crate) fn of(x3: &X3Simulator, zoho: &ZohoSimulator, clock: &ManualClock) -> Self {
        Self {
            x3: x3_client(SiteConfig::new(x3.base_url(), ENDPOINT), clock)
                .build()
                .unwrap(),
            x3_by_soap: x3_client_by_soap(x3, clock),
            zoho: zoho_client(zoho, clock),
        }
    }

    /// The module of Zoho that a mapping describes.
    pub(crate) fn module(&self, module: &str, mapping: &Mapping) -> ZohoEndpoint {
        let settings = ModuleSettings::of_mapping(module, "X3_Code", mapping);
        ZohoEndpoint::new(self.zoho.clone(), settings)
    }
}

/// Flow `customers` as it comes.
pub(crate) fn customers_flow(clients: &Clients) -> Flow {
    let options = CustomerOptions::default();
    let mapping = customers::mapping(&options).unwrap();
    customers_with(clients, mapping, CustomerSettings::new())
}

/// Flow `customers` with another table, and X3 read in another way.
pub(crate) fn customers_with(
    clients: &Clients,
    mapping: Mapping,
    settings: CustomerSettings,
) -> Flow {
    let category = CategoryCode::new("STD").unwrap();
    let left = CustomerEndpoint::new(clients.x3.clone(), settings.create_in(category));
    Flow {
        name: flow(),
        endpoints: Sides::new(
            Arc::new(left),
            Arc::new(clients.module("Accounts", &mapping)),
        ),
        mapping,
        identity: customers::identity(&CustomerOptions::default()),
        policy: Policy::default(),
    }
}

pub(crate) fn engine(
    flows: Vec<Flow>,
    clock: &ManualClock,
    store: Arc<dyn Store>,
    first_sync: FirstSyncGate,
) -> Engine {
    let settings = Settings {
        first_sync,
        ..Settings::default()
    };
    let clock = Arc::new(TestClock(clock.clone()));
    flows
        .into_iter()
        .fold(
            Engine::builder("test", store, clock),
            sync_core::EngineBuilder::flow,
        )
        .settings(settings)
        .build()
        .unwrap()
}

fn x3_client_by_soap(x3: &X3Simulator, clock: &ManualClock) -> X3Client {
    let site = SiteConfig::new(x3.base_url(), ENDPOINT)
        .soap(SoapSettings::new("X3POOL"))
        .write_paths_of("salesOrder", [WritePath::Soap]);
    x3_client(site, clock)
        .soap_publication("salesOrder", SoapPublication::sales_orders("WSSOH"))
        .build()
        .unwrap()
}

fn x3_client(site: SiteConfig, clock: &ManualClock) -> X3ClientBuilder {
    X3Client::builder(site)
        .credential(
            ConnectedApp::new(
                "0123456789abcdef0123456789abcdef",
                SecretString::from("x3-secret"),
            )
            .user("sync"),
        )
        .clock(Arc::new(clock.clone()))
        .sleep(Arc::new(RecordingSleep::new(clock.clone())))
}

fn zoho_client(zoho: &ZohoSimulator, clock: &ManualClock) -> ZohoClient {
    zoho_client_over(Arc::new(ReqwestTransport::new().unwrap()), zoho, clock)
}

/// A client of Zoho whose calls go through `transport`.
pub(crate) fn zoho_client_over(
    transport: Arc<dyn HttpTransport>,
    zoho: &ZohoSimulator,
    clock: &ManualClock,
) -> ZohoClient {
    let host = zoho.base_url().trim_start_matches("http://").to_owned();
    ZohoClient::builder(
        DataCenter::custom(zoho.base_url()).unwrap(),
        ClientCredentials::new("1000.CLIENT", SecretString::from("secret")),
    )
    .transport(transport)
    .refresh_token(SecretString::from("1000.refresh"))
    .allow_host(host)
    .clock(Arc::new(clock.clone()))
    .sleep(Arc::new(RecordingSleep::new(clock.clone())))
    .build()
    .unwrap()
}
