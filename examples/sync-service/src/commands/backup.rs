//! `backup`: copies the SQLite database while everything goes on.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{cli::Configured, config::Config, failure::Failure, progress::Activity, setup};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file to write; it must not be there yet.
    to: PathBuf,
    #[command(flatten)]
    configured: Configured,
}

/// Writes the copy. The key of the encrypted credentials is not in it: keep that elsewhere.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = Config::read(&arguments.configured.config)?;
    if config.database.is_none() {
        return Err(Failure::input(
            "PostgreSQL is copied by its own tools: use pg_dump on the database at database_url",
        ));
    }
    let store = setup::open_store(&config).await?;
    let activity = Activity::new(arguments.configured.json, "copying the database");
    let copied = store.back_up(&arguments.to).await;
    activity.finish();
    copied.map_err(|error| Failure::input_because("no copy was made", &error))?;
    let to = arguments.to.display();
    if arguments.configured.json {
        out!("{}", json!({"backup": to.to_string()}));
    } else {
        out!("The database was copied to {to}.");
    }
    Ok(())
}
