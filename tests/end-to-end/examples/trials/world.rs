//! The two simulated systems and what they hold at the start.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rust_decimal::Decimal;
use sage_x3_simulator::{AddressSeed, CustomerSeed, X3Simulator};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use zoho_crm_simulator::ZohoSimulator;

use crate::{database::Database, deals};

pub(crate) const ENDPOINT: &str = "SEED";
pub(crate) const ADDRESS: &str = "MAIN";
/// Names and values of secrets, none of which may ever be seen again.
pub(crate) const SECRETS: [(&str, &str); 4] = [
    ("X3_SECRET", "canary-x3-6b1f"),
    ("ZOHO_SECRET", "canary-zoho-aa37"),
    ("ZOHO_REFRESH", "1000.canary-refresh-19e4"),
    ("HOOK_TOKEN", "canary-hook-70c2"),
];

pub(crate) struct World {
    pub(crate) x3: X3Simulator,
    pub(crate) zoho: ZohoSimulator,
    folder: TempDir,
    /// Code and account id of the customers that both systems knew from the start.
    pub(crate) pairs: Vec<(String, String)>,
    /// Ids of the deals.
    pub(crate) deals: Vec<String>,
}

/// What the systems hold at the start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Start {
    /// Customers in X3.
    pub(crate) customers: usize,
    /// How many of them Zoho does not know.
    pub(crate) only_in_x3: usize,
    /// Deals in Zoho.
    pub(crate) deals: usize,
}

impl World {
    pub(crate) async fn open(start: Start) -> Self {
        let [(_, x3_secret), (_, client_secret), (_, refresh), _] = SECRETS;
        let x3 = X3Simulator::builder()
            .settings(|settings| {
                settings.name_length = 75;
                for application in &mut settings.connected_applications {
                    application.secret = x3_secret.to_owned();
                }
            })
            .start()
            .await
            .unwrap();
        let zoho = deals::prepare(ZohoSimulator::builder())
            .configure(|settings| {
                settings.credentials.client_secret = client_secret.to_owned();
                settings.credentials.refresh_token = refresh.to_owned();
            })
            .start()
            .await
            .unwrap();
        let codes: Vec<String> = (0..start.customers).map(code).collect();
        x3.seed_customers(ENDPOINT, codes.iter().map(|code| customer(code)))
            .unwrap();
        let known: Vec<String> = codes.into_iter().skip(start.only_in_x3).collect();
        let accounts: Vec<Json> = known.iter().map(|code| paired_account(code)).collect();
        let ids = zoho.seed("Accounts", accounts).unwrap();
        let pairs: Vec<(String, String)> = known.into_iter().zip(ids).collect();
        let deals = deals::seed(&x3, &zoho, &pairs, start.deals);
        let folder = tempfile::Builder::new()
            .prefix("fault-run-")
            .tempdir()
            .unwrap();
        for (name, secret) in SECRETS {
            fs::write(folder.path().join(name), secret).unwrap();
        }
        Self {
            x3,
            zoho,
            folder,
            pairs,
            deals,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes that reached either server and changed something.
    pub(crate) fn writes(&self) -> u64 {
        let (x3, zoho) = (self.x3.counters(), self.zoho.counters());
        x3.mutations + zoho.rows_written
    }

    /// A configuration for one instance. Only the first receives notifications; the others find changes by polling, as
    /// it does while it is down.
    pub(crate) fn configuration(
        &self,
        database: &Database,
        instance: usize,
        poll_seconds: u64,
    ) -> PathBuf {
        let zoho_url = self.zoho.base_url();
        let zoho_host = zoho_url.trim_start_matches("http://").trim_end_matches('/');
        let webhook = if instance == 0 {
            let port = free_port();
            format!(
                "[webhook]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}/zoho/8e21\"\ntoken = {{ file = \"HOOK_TOKEN\" }}\n"
            )
        } else {
            String::new()
        };
        let text = format!(
            r#"{database}
[x3]
url = "{x3}"
endpoint = "{ENDPOINT}"
credential = {{ kind = "connected-app", client_id = "0123456789abcdef0123456789abcdef", secret = {{ file = "X3_SECRET" }}, user = "sync" }}
[zoho]
accounts_url = "{zoho_url}"
allowed_hosts = ["{zoho_host}"]
client_id = "1000.CLIENT"
client_secret = {{ file = "ZOHO_SECRET" }}
refresh_token = {{ file = "ZOHO_REFRESH" }}
[customers]
category = "STD"
{deals}
# People change far more in these minutes than a guard lets pass.
[policies.customers]
changes = {{ percent = 100, at_least = 1000000 }}
[policies.orders]
changes = {{ percent = 100, at_least = 1000000 }}
{webhook}
[timing]
poll_seconds = {poll_seconds}
overlap_seconds = 10
lag_seconds = 1
lease_seconds = 8
retry_seconds = 1
"#,
            database = database.setting(self.folder()),
            x3 = self.x3.base_url(),
            deals = if self.deals.is_empty() {
                ""
            } else {
                deals::CONFIGURATION
            },
        );
        let path = self.folder().join(format!("instance-{instance}.toml"));
        fs::write(&path, text).unwrap();
        path
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn code(index: usize) -> String {
    format!("C{index:06}")
}

/// Unique for each company, so that copies can be counted.
pub(crate) fn vat_number(code: &str) -> String {
    format!("FR{code}")
}

/// A customer as a clerk enters it.
pub(crate) fn customer(code: &str) -> CustomerSeed {
    let address = AddressSeed::new(ADDRESS)
        .set("isDefault", true)
        .set("country", "FR")
        .set("zipCode", "75011")
        .set("city", "Paris")
        .line(1, "12 rue de la République");
    CustomerSeed::new(code, &format!("Company {code}"))
        .set("currency", "EUR")
        .set("europeanUnionVatNumber", vat_number(code))
        .set("authorizedCreditAmount", Decimal::from(1_000))
        .address(address)
}

/// An account as a sales representative enters it.
pub(crate) fn account(code: &str) -> Json {
    json!({
        "Account_Name": format!("Company {code}"),
        "Billing_Street": "12 rue de la République",
        "Billing_Code": "75011",
        "Billing_City": "Paris",
        "Billing_Country": "France",
        "VAT_Number": vat_number(code),
    })
}

fn paired_account(code: &str) -> Json {
    let mut account = account(code);
    account["X3_Code"] = code.into();
    account
}
