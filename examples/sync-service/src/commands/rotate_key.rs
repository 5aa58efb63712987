//! `rotate-key`: encrypts all stored credentials and tokens with a new key.

use clap::Args;
use serde_json::json;

use crate::{
    cli::Configured,
    config::{Config, Secret},
    failure::Failure,
    setup,
    vault::{KeyRing, Vault},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    configured: Configured,
}

/// With a key file: makes a new key, encrypts with it, drops the old one. With a variable: encrypts with its first key.
/// When it is broken off, run it again. Instances that run read the new key from the same file.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = Config::read(&arguments.configured.config)?;
    let Some(secrets) = &config.secrets else {
        return Err(Failure::input(
            "there is no [secrets] section, so nothing is encrypted",
        ));
    };
    let store = setup::open_store(&config).await?;
    let key_file = match &secrets.key {
        Secret::File { file } => Some(file),
        Secret::Env { .. } => None,
    };
    if let Some(file) = key_file {
        KeyRing::add(file)?;
    }
    let written = Vault::open(&config, &store)?.rotate(&config).await?;
    if let Some(file) = key_file {
        KeyRing::drop_others(file)?;
    }
    if arguments.configured.json {
        out!("{}", json!({ "encrypted": written }));
        return Ok(());
    }
    out!("{written} credentials and tokens are encrypted with the new key.");
    match key_file {
        Some(_) => {
            out!("Instances that use this file go on with it; give it to those on other machines.")
        }
        None => out!(
            "The old key can be taken out of the variable when all instances were started anew."
        ),
    }
    Ok(())
}
