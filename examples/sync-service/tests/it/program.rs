//! Two simulated systems, a configuration in a folder of its own, and the program run on it.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Stdio, time::Duration};

use sage_x3_simulator::{CustomerSeed, X3Simulator};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};
use zoho_crm_simulator::{Builder as ZohoBuilder, ZohoSimulator};

use crate::running::PATIENCE;

/// What must never be seen in any output.
pub(crate) const CANARIES: [&str; 3] = [
    "canary-x3-3f8a",
    "canary-zoho-91cd",
    "1000.canary-refresh-5b27",
];

pub(crate) struct Site {
    pub(crate) x3: X3Simulator,
    pub(crate) zoho: ZohoSimulator,
    pub(crate) folder: TempDir,
}

pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Site {
    /// Both systems with one company each, and a configuration that is right.
    pub(crate) async fn open() -> Self {
        Self::with_zoho(|zoho| zoho).await
    }

    /// The same with another organisation in Zoho.
    pub(crate) async fn with_zoho(change: impl FnOnce(ZohoBuilder) -> ZohoBuilder) -> Self {
        let [x3_secret, zoho_secret, refresh] = CANARIES;
        let x3 = X3Simulator::builder()
            .settings(|settings| {
                for application in &mut settings.connected_applications {
                    application.secret = x3_secret.to_owned();
                }
            })
            .start()
            .await
            .unwrap();
        let zoho = change(ZohoSimulator::builder())
            .configure(|settings| {
                settings.credentials.client_secret = zoho_secret.to_owned();
                settings.credentials.refresh_token = refresh.to_owned();
            })
            .start()
            .await
            .unwrap();
        x3.seed_customers("SEED", [CustomerSeed::new("NA001", "Éclair Distribution")])
            .unwrap();
        zoho.seed(
            "Accounts",
            [serde_json::json!({"Account_Name": "Müller GmbH", "Billing_Country": "Germany"})],
        )
        .unwrap();
        let site = Self {
            x3,
            zoho,
            folder: TempDir::new().unwrap(),
        };
        site.configure(|text| text);
        site
    }

    /// Writes the configuration after `change`.
    pub(crate) fn configure(&self, change: impl FnOnce(String) -> String) {
        let zoho = self.zoho.base_url();
        let text = format!(
            r#"database = "sync.db"
[x3]
url = "{x3}"
endpoint = "SEED"
credential = {{ kind = "connected-app", client_id = "0123456789abcdef0123456789abcdef", secret = {{ env = "X3_SECRET" }}, user = "sync" }}
[zoho]
accounts_url = "{zoho}"
client_id = "1000.CLIENT"
client_secret = {{ env = "ZOHO_SECRET" }}
refresh_token = {{ env = "ZOHO_REFRESH" }}
[customers]
category = "STD"
"#,
            x3 = self.x3.base_url(),
        );
        fs::write(self.config(), change(text)).unwrap();
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("sync.toml")
    }

    /// The program with its configuration and secrets.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let [x3_secret, zoho_secret, refresh] = CANARIES;
        let mut command = Command::new(env!("CARGO_BIN_EXE_sync-service"));
        command
            .args(arguments)
            .arg("--config")
            .arg(self.config())
            .env("X3_SECRET", x3_secret)
            .env("ZOHO_SECRET", zoho_secret)
            .env("ZOHO_REFRESH", refresh);
        command
    }

    /// Plans, and takes the plans up, until no flow waits for another.
    pub(crate) async fn apply(&self) {
        let mut applied: BTreeSet<String> = BTreeSet::new();
        loop {
            let plan = self.run(&["plan", "--json"]).await.json();
            let plans = plan["plans"].as_array().unwrap();
            let before = applied.len();
            for name in plans.iter().filter_map(|plan| plan["name"].as_str()) {
                let (flow, _) = name.split_once(':').unwrap();
                if applied.insert(flow.to_owned()) {
                    self.run(&["apply", name, "--json"]).await.json();
                }
            }
            if applied.len() == plans.len() {
                return;
            }
            assert!(applied.len() > before, "flows wait for each other: {plan}");
        }
    }

    /// Runs the service until `status --json` is as it should be.
    pub(crate) async fn work_until(
        &self,
        what: &str,
        is_so: impl Fn(&Value) -> bool + Send + Sync,
    ) {
        let mut running = self
            .command(&["run"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let looking = timeout(PATIENCE, async {
            let mut look = tokio::time::interval(Duration::from_millis(100));
            loop {
                look.tick().await;
                let status = self.run(&["status", "--json"]).await.json();
                if is_so(&status) {
                    return;
                }
            }
        });
        looking
            .await
            .unwrap_or_else(|_| panic!("waited in vain until {what}"));
        running.kill().await.unwrap();
    }

    /// Runs the program to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().await.unwrap();
        let ran = Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        for canary in CANARIES {
            assert!(
                !ran.stdout.contains(canary) && !ran.stderr.contains(canary),
                "a secret was printed"
            );
        }
        ran
    }
}

/// Rhythms that a test can wait for.
pub(crate) const FAST: &str =
    "[timing]\npoll_seconds = 1\noverlap_seconds = 5\nlag_seconds = 1\nlease_seconds = 3\n";

impl Ran {
    /// What it printed, if it did what it was asked to.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// The program must have said `words`, in one line or two, and asked for help with exit code 2.
    #[track_caller]
    pub(crate) fn asks_to_fix(&self, words: &[&str]) {
        assert_eq!(self.code, Some(2), "{}", self.stderr);
        for word in words {
            assert!(
                self.stderr.contains(word),
                "`{word}` is not in: {}",
                self.stderr
            );
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }
}
