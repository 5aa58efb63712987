//! `connect`: obtains credentials and keeps them encrypted.

mod x3;
mod zoho;

use std::{
    io::{BufRead as _, IsTerminal as _},
    net::SocketAddr,
    time::Duration,
};

use clap::{Args, Subcommand};
use secrecy::SecretString;
use serde_json::json;

use crate::{
    cli::Configured,
    config::{Config, Secret},
    failure::Failure,
    setup,
    vault::{Credential, Vault},
};

/// A person takes no longer to consent.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Subcommand)]
pub(crate) enum Connect {
    /// Connects a Zoho organisation: opens the consent page, receives the redirect, keeps the refresh token.
    Zoho(zoho::Arguments),
    /// Connects X3: asks for the application's secret and tries it, or pairs with a customer of the cloud.
    X3(x3::Arguments),
}

/// Where a browser or a gateway is sent back to.
#[derive(Debug, Args)]
pub(crate) struct Return {
    /// Where to wait on this machine; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8917")]
    listen: SocketAddr,
    /// The registered address that leads there, if it is not http://localhost:PORT/callback.
    #[arg(long, value_name = "URL")]
    redirect_url: Option<String>,
    /// Only prints the page to open.
    #[arg(long)]
    no_browser: bool,
}

impl Return {
    fn url(&self, address: SocketAddr) -> String {
        let here = || format!("http://localhost:{}/callback", address.port());
        self.redirect_url.clone().unwrap_or_else(here)
    }

    /// Shows a page to the person at the terminal.
    fn show(&self, url: &str, configured: &Configured) {
        if configured.json {
            out!("{}", json!({ "open": url }));
            return;
        }
        out!("Open this page in a browser, and agree there:\n\n  {url}\n");
        if !self.no_browser && std::io::stdout().is_terminal() && open::that_detached(url).is_err()
        {
            out!("(No browser could be opened from here.)");
        }
    }
}

pub(crate) async fn run(command: &Connect) -> Result<(), Failure> {
    match command {
        Connect::Zoho(arguments) => zoho::run(arguments).await,
        Connect::X3(arguments) => x3::run(arguments).await,
    }
}

/// Reads the configuration and opens the vault to put something in.
async fn open(configured: &Configured) -> Result<(Config, Vault), Failure> {
    let config = Config::read(&configured.config)?;
    let store = setup::open_store(&config).await?;
    let vault = Vault::open_for_writing(&config, &store)?;
    Ok((config, vault))
}

/// The secret to try: the configured one, the one that is handed over now, or the one that is kept.
async fn secret_to_try(
    vault: &Vault,
    configured: Option<&Secret>,
    credential: Credential,
    question: &str,
) -> Result<SecretString, Failure> {
    if configured.is_some() {
        return vault.secret(configured, credential).await;
    }
    match ask(question)? {
        Some(secret) => Ok(secret),
        None => vault.secret(None, credential).await.map_err(|_| {
            Failure::input("no secret was handed over, and none is kept: type it, or pipe it in")
        }),
    }
}

/// Asks for a secret: unseen on a terminal, else one line of standard input. None when there is nothing in it.
fn ask(question: &str) -> Result<Option<SecretString>, Failure> {
    let failed =
        |error: std::io::Error| Failure::input(format!("the secret could not be read: {error}"));
    let text = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{question}: ")).map_err(failed)?
    } else {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(failed)?;
        line
    };
    let text = text.trim();
    Ok((!text.is_empty()).then(|| SecretString::from(text)))
}
