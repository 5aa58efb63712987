//! Runs the simulator as a program of its own.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use zoho_crm_simulator::{Clock, Edition, Json, ZohoSimulator};

/// A Zoho CRM v8 server for tests. Prints one JSON line when it is ready, then serves until it is told to stop.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Edition of the organisation.
    #[arg(long, value_enum, default_value = "enterprise")]
    edition: EditionName,
    /// JSON file with records to start with: {"Accounts": [{…}, …], …}. May be given several times.
    #[arg(long)]
    seed: Vec<PathBuf>,
    /// Seed of the generator behind tokens and random faults.
    #[arg(long, default_value_t = 1)]
    random_seed: u64,
    /// Lets the clock stand still at this instant, to be moved through /__admin/clock.
    #[arg(long)]
    clock: Option<jiff::Timestamp>,
    /// Milliseconds every API call takes.
    #[arg(long, default_value_t = 0)]
    latency_millis: u64,
    /// Seconds before a write shows in search.
    #[arg(long, default_value_t = 5)]
    search_delay_seconds: i64,
    /// Credits in a rolling day; the edition's unless given.
    #[arg(long)]
    daily_credits: Option<u64>,
    /// Offset from UTC, in minutes, with which times are written.
    #[arg(long, default_value_t = 120, allow_hyphen_values = true)]
    utc_offset_minutes: i32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EditionName {
    Free,
    Standard,
    Professional,
    Enterprise,
    Ultimate,
}

impl From<EditionName> for Edition {
    fn from(name: EditionName) -> Self {
        match name {
            EditionName::Free => Self::Free,
            EditionName::Standard => Self::Standard,
            EditionName::Professional => Self::Professional,
            EditionName::Enterprise => Self::Enterprise,
            EditionName::Ultimate => Self::Ultimate,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let simulator = ZohoSimulator::builder()
        .listen(arguments.listen)
        .edition(arguments.edition.into())
        .clock(arguments.clock.map_or_else(Clock::system, Clock::manual))
        .random_seed(arguments.random_seed)
        .configure(|settings| {
            settings.behaviour.latency_millis = arguments.latency_millis;
            settings.behaviour.search_delay_seconds = arguments.search_delay_seconds;
            settings.limits.daily_credits = arguments.daily_credits;
            settings.org.utc_offset_minutes = arguments.utc_offset_minutes;
        })
        .start()
        .await?;
    for file in &arguments.seed {
        seed(&simulator, &std::fs::read_to_string(file)?)?;
    }
    announce(&simulator)?;
    until_told_to_stop().await?;
    simulator.stop().await;
    Ok(())
}

fn seed(simulator: &ZohoSimulator, text: &str) -> Result<(), Box<dyn Error>> {
    let document = Json::parse(text)?;
    let modules = document
        .as_object()
        .ok_or("a seed file holds an object with one array a module")?;
    for (module, rows) in modules.iter() {
        let rows = rows
            .as_array()
            .ok_or("each module's records stand in an array")?;
        simulator.seed(module, rows.iter().cloned())?;
    }
    Ok(())
}

/// Says where the simulator listens and what to log in with.
fn announce(simulator: &ZohoSimulator) -> std::io::Result<()> {
    let credentials = simulator.credentials();
    let line = serde_json::json!({
        "base_url": simulator.base_url(),
        "address": simulator.address().to_string(),
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "refresh_token": credentials.refresh_token,
        "zgid": simulator.settings().org.zgid,
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

#[cfg(unix)]
async fn until_told_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn until_told_to_stop() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
