//! A real browser without a window, spoken to by the W3C WebDriver protocol.

use std::{path::PathBuf, process::Stdio};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::running::http;

/// Keys that have no character.
pub(crate) const TAB: char = '\u{E004}';
pub(crate) const ENTER: char = '\u{E007}';
pub(crate) const SPACE: char = ' ';
pub(crate) const DOWN: char = '\u{E015}';

/// The name under which an element is referred to.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window.
pub(crate) struct Browser {
    session: String,
    _driver: Child,
    _profile: TempDir,
}

/// Where a program is, if it is installed.
fn installed(names: [&str; 2]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut places = names
        .into_iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.find(|place| place.is_file())
}

impl Browser {
    /// A browser, where one is installed. A gate does not accept that there is none.
    pub(crate) async fn open() -> Option<Self> {
        let driver = installed(["chromedriver", "chromium-driver"]);
        let browser = installed(["chromium", "google-chrome"]);
        let (Some(driver), Some(browser)) = (driver, browser) else {
            assert!(
                std::env::var_os("CI").is_none(),
                "no browser is installed, and a gate must not skip what needs one"
            );
            // Not by a macro, whose output a test keeps to itself when it passes.
            let loud = "\n*** SKIPPED: this needs chromium and chromedriver, which are not installed here ***\n\n";
            std::io::Write::write_all(&mut std::io::stderr(), loud.as_bytes()).ok();
            return None;
        };
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap().expect("it says its port");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let profile = TempDir::new().unwrap();
        let data = format!("--user-data-dir={}", profile.path().display());
        let options = json!({
            "binary": browser,
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--window-size=1280,1000", data,
            ],
        });
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let base = format!("http://127.0.0.1:{port}/session");
        let made = call(Method::POST, &base, &wanted).await;
        let id = made["sessionId"].as_str().unwrap();
        Some(Self {
            session: format!("{base}/{id}"),
            _driver: driver,
            _profile: profile,
        })
    }

    async fn post(&self, command: &str, body: Value) -> Value {
        call(Method::POST, &format!("{}/{command}", self.session), &body).await
    }

    pub(crate) async fn go(&self, address: &str) {
        self.post("url", json!({"url": address})).await;
    }

    /// What a script returns.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.post("execute/sync", json!({"script": script, "args": []}))
            .await
    }

    /// Presses keys one after the other, as a person without a mouse does.
    pub(crate) async fn press(&self, keys: impl IntoIterator<Item = char>) {
        let strokes = keys.into_iter().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()}))
        });
        let strokes: Vec<Value> = strokes.collect();
        let source = json!({"type": "key", "id": "keyboard", "actions": strokes});
        self.post("actions", json!({"actions": [source]})).await;
    }

    /// What the element that has the focus shows, or is called.
    pub(crate) async fn focus(&self) -> String {
        let script = "const e = document.activeElement; \
            return e.labels && e.labels[0] ? e.labels[0].innerText : e.innerText;";
        let name = self.ask(script).await;
        name.as_str().unwrap_or_default().trim().to_owned()
    }

    /// Goes on from element to element until one is called `name`.
    pub(crate) async fn tab_to(&self, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..80 {
            self.press([TAB]).await;
            let focus = self.focus().await;
            if focus.lines().next() == Some(name) {
                return;
            }
            passed.push(focus);
        }
        panic!("`{name}` is not reached by keyboard; passed {passed:?}");
    }

    pub(crate) async fn text(&self) -> String {
        let text = self.ask("return document.body.innerText;").await;
        text.as_str().unwrap().to_owned()
    }

    /// What the browser complained about, such as something that the policy does not allow.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.post("se/log", json!({"type": "browser"})).await;
        let entries = log.as_array().unwrap().iter();
        entries.map(|entry| entry["message"].to_string()).collect()
    }

    /// Shows pages as to a person who prefers `scheme`: `light` or `dark`.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let command =
            json!({"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}});
        self.post("goog/cdp/execute", command).await;
    }

    /// Makes the window so wide.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height});
        self.post("window/rect", size).await;
    }

    /// Keeps a picture of the whole page under the folder of the build.
    pub(crate) async fn picture(&self, name: &str) {
        let command =
            json!({"cmd": "Page.captureScreenshot", "params": {"captureBeyondViewport": true}});
        let taken = self.post("goog/cdp/execute", command).await;
        let picture = BASE64_STANDARD
            .decode(taken["data"].as_str().unwrap())
            .unwrap();
        assert!(picture.starts_with(b"\x89PNG"));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("status-page");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    /// Types into the field with this id.
    pub(crate) async fn type_into(&self, id: &str, text: &str) {
        let found = self.post(
            "element",
            json!({"using": "css selector", "value": format!("#{id}")}),
        );
        let element = found.await[ELEMENT].as_str().unwrap().to_owned();
        self.post(&format!("element/{element}/value"), json!({"text": text}))
            .await;
    }

    pub(crate) async fn close(self) {
        call(Method::DELETE, &self.session, &Value::Null).await;
    }
}

async fn call(method: Method, address: &str, body: &Value) -> Value {
    let mut request = http().request(method, address);
    if !body.is_null() {
        request = request
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{address}: {text}");
    let mut answer: Value = serde_json::from_str(&text).unwrap();
    answer["value"].take()
}
