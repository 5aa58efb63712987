//! `probe`: asks a running program whether it is well, for containers that have no other client.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::failure::Failure;

/// A program that answers later than this is not well.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer that is read.
const MOST: u64 = 64 * 1024;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Its address, that of `[admin]`.
    address: String,
    /// What is asked for: `/healthz` whether it lives, `/readyz` whether it works.
    #[arg(long, default_value = "/healthz")]
    path: String,
    /// Prints JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// Anything but 200 is a failure, and is shown.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { address, path, .. } = arguments;
    let answer = timeout(PATIENCE, ask(address, path)).await;
    let answer = match answer {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(Failure::input(format!("{address}: {error}"))),
        Err(_) => return Err(Failure::input(format!("{address} does not answer"))),
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split_ascii_whitespace().nth(1).unwrap_or("nothing");
    let body = body.trim_end();
    if arguments.json {
        let body: Value = serde_json::from_str(body).unwrap_or_else(|_| body.into());
        out!(
            "{}",
            json!({"status": status.parse::<u16>().ok(), "body": body})
        );
    } else if status == "200" {
        out!("{body}");
    }
    if status == "200" {
        Ok(())
    } else {
        Err(Failure::input(format!(
            "{address} answers {status}: {body}"
        )))
    }
}

async fn ask(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(MOST).read_to_string(&mut answer).await?;
    Ok(answer)
}
