//! `run` as a process of its own, with what it logs and what it serves.

use std::{
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::program::{CANARIES, Site};

/// Password of the status page, and token of the notifications. Neither may be seen in any output.
pub(crate) const PASSWORD: &str = "canary-page-7d21-password";
pub(crate) const HOOK_TOKEN: &str = "canary-hook-44aa";

/// A machine with much other work is slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What the configuration of a running program has beside the usual.
pub(crate) const SERVED: &str = r#"
[timing]
poll_seconds = 1
overlap_seconds = 5
lag_seconds = 1
[admin]
listen = "127.0.0.1:0"
password = { env = "ADMIN_PASSWORD" }
[webhook]
listen = "127.0.0.1:0"
public_url = "https://sync.example/zoho/unguessable"
token = { env = "HOOK_TOKEN" }
patience_seconds = 1
"#;

pub(crate) struct Running {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Site {
    /// A site whose plans are approved and carried out, and whose configuration has a status page and a receiver.
    pub(crate) async fn settled() -> Self {
        let site = Self::open().await;
        site.apply().await;
        site.configure(|text| text + SERVED);
        site
    }

    /// The running program, once it says that it runs.
    pub(crate) async fn start(&self) -> Running {
        let running = self.spawn();
        running.logged("running").await;
        running
    }

    /// The program as it is being started.
    pub(crate) fn spawn(&self) -> Running {
        let mut child = self
            .command(&["run", "--log-format", "json"])
            .env("ADMIN_PASSWORD", PASSWORD)
            .env("HOOK_TOKEN", HOOK_TOKEN)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let kept = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                kept.lock().unwrap().push(line);
            }
        });
        Running { child, log }
    }
}

impl Running {
    /// Everything that was logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// The first log entry with this message, once it is there.
    pub(crate) async fn logged(&self, message: &str) -> Value {
        let log = Arc::clone(&self.log);
        until(&format!("`{message}` is logged"), move || {
            let log = log.lock().unwrap().clone();
            let mut entries = log
                .into_iter()
                .filter_map(|line| serde_json::from_str::<Value>(&line).ok());
            let found = entries.find(|entry| entry["message"] == message);
            std::future::ready(found)
        })
        .await
    }

    /// Where the operator is served.
    pub(crate) async fn admin(&self) -> String {
        self.address("listening for the operator").await
    }

    /// Where notifications are received.
    pub(crate) async fn receiver(&self) -> String {
        self.address("listening for notifications").await
    }

    async fn address(&self, message: &str) -> String {
        let entry = self.logged(message).await;
        format!("http://{}", entry["address"].as_str().unwrap())
    }

    /// Sends a signal.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(sent.await.unwrap().success());
    }

    /// Stops it as an operator does, and looks for secrets in what it logged.
    pub(crate) async fn stop(mut self) -> ExitStatus {
        self.signal("TERM").await;
        let ended = timeout(PATIENCE, self.child.wait()).await;
        let status = ended.expect("it stops").unwrap();
        self.assert_keeps_secrets();
        status
    }

    /// Ends it as a power failure would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    fn assert_keeps_secrets(&self) {
        assert_no_secret(&self.log());
    }
}

/// No secret of the site is in the text.
#[track_caller]
pub(crate) fn assert_no_secret(text: &str) {
    for canary in CANARIES.into_iter().chain([PASSWORD, HOOK_TOKEN]) {
        assert!(!text.contains(canary), "a secret was shown");
    }
}

/// Asks again and again until there is an answer to `what`, for as long as patience lasts.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let answer = async {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        loop {
            look.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    let answered = timeout(PATIENCE, answer).await;
    answered.unwrap_or_else(|_| panic!("this did not come about: {what}"))
}

/// The figures of a running program.
pub(crate) async fn figures(running: &Running) -> String {
    let address = format!("{}/metrics", running.admin().await);
    let answer = http().get(address).send().await.unwrap();
    answer.text().await.unwrap()
}

/// A client that follows nothing and remembers nothing.
pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .unwrap()
}
