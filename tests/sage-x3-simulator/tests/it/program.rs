use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// Ends the program when a test fails before it does.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

#[tokio::test]
async fn the_program_prints_one_line_serves_and_ends_on_sigterm() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sage-x3-simulator"));
    command.args([
        "--listen",
        "127.0.0.1:0",
        "--endpoint",
        "SEED",
        "--endpoint",
        "TEST",
        "--custom-field",
        "YZOHOID",
    ]);
    let mut program = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(program.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["endpoints"], json!(["SEED", "TEST"]));
    assert_eq!(
        ready["connected_application"]["client_id"],
        "0123456789abcdef0123456789abcdef"
    );
    let response = reqwest::Client::new()
        .post(ready["api_url"].as_str().unwrap())
        .basic_auth(ready["basic"]["login"].as_str().unwrap(), ready["basic"]["password"].as_str())
        .header("x-xtrem-endpoint", "TEST")
        .json(&json!({ "query": "{ x3MasterData { customer { query { edges { node { YZOHOID } } } } } }" }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let id = program.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    assert!(program.0.wait().unwrap().success());
}
