//! Two simulated systems on loopback, full of companies, and a configuration that points at them.

use std::{fs, io, net::TcpListener, path::PathBuf, str::FromStr};

use rust_decimal::Decimal;
use sage_x3_simulator::{AddressSeed, CustomerSeed, Operation, RecordSeed, X3Simulator};
use serde_json::json;
use tempfile::TempDir;
use zoho_crm_simulator::{CustomField, ZohoSimulator};

use super::{
    companies::{Company, Market},
    worker::Secrets,
};
use crate::failure::Failure;

/// The X3 endpoint that the demo works on.
pub(crate) const ENDPOINT: &str = "SEED";
/// The address code that customers get.
pub(crate) const ADDRESS: &str = "MAIN";
/// The site that sells.
pub(crate) const SITE: &str = "FR011";
/// What is sold: code, description, price.
pub(crate) const WARES: [(&str, &str, u32); 2] =
    [("PUMP", "Pump, cast iron", 220), ("HOSE", "Hose, 10 m", 35)];
/// What is sold beside: code, description, price.
pub(crate) const SUPPORT: (&str, &str, u32) = ("SUPPORT", "Support of the control, hour", 85);
/// Secrets that are found again wherever they should not be.
const CANARIES: [&str; 4] = [
    "canary-x3-secret-9f31c7",
    "canary-zoho-secret-51be02",
    "1000.canary-refresh-77d0aa",
    "canary-hook-token-c0ffee",
];

/// Fields that the flows write, beside those that the simulated organisation has from the start.
const FIELDS: [(&str, &str, &str); 6] = [
    ("Deals", "X3_Amount", "currency"),
    ("Deals", "X3_Amount_With_Tax", "currency"),
    ("Deals", "X3_Amount_Difference", "currency"),
    ("Deals", "X3_Credit_Status", "text"),
    ("Deals", "X3_Warnings", "text"),
    ("Deals", "X3_Remarks", "text"),
];

/// Where the story takes place.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) x3: X3Simulator,
    pub(crate) zoho: ZohoSimulator,
    pub(crate) folder: TempDir,
    pub(crate) config: PathBuf,
}

fn broken(what: &str) -> impl Fn(&dyn std::fmt::Display) -> Failure + '_ {
    move |error| Failure::broken(format!("{what}: {error}"))
}

impl World {
    /// Starts and fills both systems.
    pub(crate) async fn open() -> Result<Self, Failure> {
        let [x3_secret, client_secret, refresh_token, _] = CANARIES;
        let x3 = X3Simulator::builder()
            .settings(|settings| {
                settings.name_length = 75;
                for application in &mut settings.connected_applications {
                    application.secret = x3_secret.to_owned();
                }
            })
            .start()
            .await
            .map_err(|error| broken("the simulated X3 does not start")(&error))?;
        let fields = FIELDS.into_iter();
        let zoho = fields
            .fold(ZohoSimulator::builder(), |zoho, (module, field, kind)| {
                zoho.custom_field(CustomField::new(module, field, kind))
            })
            .custom_field(CustomField::new("Invoices", "X3_Invoice", "text").unique())
            .configure(|settings| {
                settings.credentials.client_secret = client_secret.to_owned();
                settings.credentials.refresh_token = refresh_token.to_owned();
            })
            .start()
            .await
            .map_err(|error| broken("the simulated Zoho does not start")(&error))?;
        let folder = tempfile::Builder::new()
            .prefix("sync-demo-")
            .tempdir()
            .map_err(|error| broken("no temporary folder")(&error))?;
        let config = folder.path().join("demo.toml");
        let text = configuration(&x3, &zoho).map_err(|error| broken("no free port")(&error))?;
        fs::write(&config, text)
            .map_err(|error| broken("cannot write the configuration")(&error))?;
        for (name, secret) in secrets() {
            fs::write(folder.path().join(name), secret)
                .map_err(|error| broken("cannot write a secret")(&error))?;
        }
        let world = Self {
            x3,
            zoho,
            folder,
            config,
        };
        world
            .x3
            .set_activation("customerInvoiceHeader", Operation::Create, true);
        world.fill()?;
        Ok(world)
    }

    fn fill(&self) -> Result<(), Failure> {
        let market = Market::opening();
        let customers = market
            .x3
            .iter()
            .map(|(code, company)| customer(code, company));
        self.x3
            .seed_customers(ENDPOINT, customers)
            .map_err(|error| broken("X3 refuses a company")(&error))?;
        let goods = WARES.map(|ware| (ware, "STD"));
        for ((code, description, price), category) in goods.into_iter().chain([(SUPPORT, "SERV")]) {
            let records = [
                RecordSeed::product(code, description)
                    .set("basePrice", Decimal::from(price))
                    .set("productCategory", category),
                RecordSeed::product_site(code, SITE),
            ];
            self.x3
                .seed(ENDPOINT, records)
                .map_err(|error| broken("X3 refuses a product")(&error))?;
        }
        for ((code, ..), lot) in WARES.iter().zip(1..) {
            self.x3
                .seed(ENDPOINT, [RecordSeed::stock(SITE, lot, code, 500)])
                .map_err(|error| broken("X3 refuses goods")(&error))?;
        }
        let accounts: Vec<serde_json::Value> = market.zoho.iter().map(account).collect();
        self.zoho
            .seed("Accounts", accounts)
            .map_err(|error| broken("Zoho refuses a company")(&error))?;
        Ok(())
    }

    /// Stops both systems and removes the folder.
    pub(crate) async fn close(self) {
        self.x3.stop().await;
        self.zoho.stop().await;
    }

    /// Secrets that stand in `text` but must not.
    pub(crate) fn leaks(text: &str) -> usize {
        CANARIES
            .iter()
            .filter(|canary| text.contains(**canary))
            .count()
    }
}

/// What the worker gets through its environment: nothing but where to find secrets is in its configuration.
pub(crate) fn secrets() -> Vec<(&'static str, String)> {
    let [x3, client, refresh, hook] = CANARIES.map(str::to_owned);
    vec![
        ("DEMO_X3_SECRET", x3),
        ("DEMO_ZOHO_SECRET", client),
        ("DEMO_ZOHO_REFRESH", refresh),
        ("DEMO_HOOK_TOKEN", hook),
    ]
}

/// A copy for functions that take a slice.
pub(crate) fn secret_list() -> Box<Secrets> {
    secrets().into_boxed_slice()
}

fn configuration(x3: &X3Simulator, zoho: &ZohoSimulator) -> io::Result<String> {
    let receiver = free_port()?;
    let zoho_url = zoho.base_url();
    let zoho_host = zoho_url.trim_start_matches("http://").trim_end_matches('/');
    Ok(format!(
        r#"database = "demo.db"
[x3]
url = "{x3}"
endpoint = "{ENDPOINT}"
credential = {{ kind = "connected-app", client_id = "0123456789abcdef0123456789abcdef", secret = {{ file = "DEMO_X3_SECRET" }}, user = "sync" }}
[zoho]
accounts_url = "{zoho_url}"
allowed_hosts = ["{zoho_host}"]
client_id = "1000.CLIENT"
client_secret = {{ file = "DEMO_ZOHO_SECRET" }}
refresh_token = {{ file = "DEMO_ZOHO_REFRESH" }}
[customers]
category = "STD"
[credit]
balance = false
[products]
categories = {{ STD = "Hardware", SERV = "Software" }}
[orders]
sales_site = "{SITE}"
order_type = "SOI"
[invoices.post]
chart = "FRA"
currency = "EUR"
default_site = "{SITE}"
accounts = [
  {{ account = "707000", category = "Hardware" }},
  {{ account = "708500", part = "adjustment" }},
]
[codes]
taxes = {{ FRNOR = "VAT 20", FRRED = "VAT 5.5" }}
[webhook]
listen = "127.0.0.1:{receiver}"
public_url = "http://127.0.0.1:{receiver}/zoho/3f9a1c"
token = {{ file = "DEMO_HOOK_TOKEN" }}
[timing]
poll_seconds = 1
overlap_seconds = 10
lag_seconds = 1
lease_seconds = 3
retry_seconds = 1
"#,
        x3 = x3.base_url(),
    ))
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// The company as an X3 clerk enters it.
pub(crate) fn customer(code: &str, company: &Company) -> CustomerSeed {
    let (country, _) = company.country;
    let mut address = AddressSeed::new(ADDRESS)
        .set("country", country)
        .set("isDefault", true);
    let members = [
        ("zipCode", &company.postcode),
        ("city", &company.city),
        ("website", &company.website),
    ];
    for (member, value) in members {
        if let Some(value) = value {
            address = address.set(member, value.as_str());
        }
    }
    if let Some(street) = &company.street {
        address = address.line(1, street);
    }
    if let Some(phone) = &company.phone {
        address = address.phone(1, phone);
    }
    let mut customer = CustomerSeed::new(code, &company.name)
        .set("country", country)
        .set("currency", company.currency)
        .set(
            "authorizedCreditAmount",
            Decimal::from(company.credit_limit),
        )
        .address(address);
    let members = [
        ("europeanUnionVatNumber", &company.vat_number),
        ("notes", &company.notes),
    ];
    for (member, value) in members {
        if let Some(value) = value {
            customer = customer.set(member, value.as_str());
        }
    }
    customer
}

/// The company as a sales representative enters it.
pub(crate) fn account(company: &Company) -> serde_json::Value {
    json!({
        "Account_Name": company.name,
        "Billing_Street": company.street,
        "Billing_Code": company.postcode,
        "Billing_City": company.city,
        "Billing_Country": company.country.1,
        "Phone": company.phone,
        "Website": company.website,
        "VAT_Number": company.vat_number,
        "Description": company.notes,
    })
}

/// A number as the Zoho server keeps it.
pub(crate) fn decimal(text: Option<&str>) -> Option<Decimal> {
    text.and_then(|text| Decimal::from_str(text).ok())
        .map(|number| number.normalize())
}
