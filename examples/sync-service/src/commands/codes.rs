//! `codes`: codes of records that no table has, such as countries and payment terms.

use clap::Args;
use serde_json::json;
use sync_core::{CodeScan, RecordId, UnmappedCode};

use crate::{
    cli::Configured,
    config::Config,
    failure::Failure,
    names::side_name,
    setup::Setup,
    style::{self, paint},
    words::{plain, system},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only this flow.
    #[arg(long)]
    flow: Option<String>,
    /// Looks through all records of both systems, not only through parked ones: before a first sync.
    #[arg(long)]
    everything: bool,
    #[command(flatten)]
    configured: Configured,
}

/// Reads records and writes nothing.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let setup = Setup::open(Config::read(&arguments.configured.config)?).await?;
    let engine = setup.engine("codes")?;
    let scan = match arguments.everything {
        true => CodeScan::Everything,
        false => CodeScan::Parked,
    };
    let mut found = Vec::new();
    for flow in setup.wanted(arguments.flow.as_deref())? {
        found.extend(engine.unmapped_codes(flow, scan).await?);
    }
    if arguments.configured.json {
        let codes = found.iter().map(|code| {
            json!({
                "flow": code.flow.as_str(), "field": code.row.as_str(),
                "side": side_name(code.missing.side), "table": code.missing.table,
                "code": code.missing.code, "records": code.records,
                "samples": code.samples.iter().map(RecordId::as_str).collect::<Vec<_>>(),
            })
        });
        out!("{}", json!({ "codes": codes.collect::<Vec<_>>() }));
        return Ok(());
    }
    if found.is_empty() {
        out!("No code is missing from a table.");
    }
    for code in &found {
        out!("{}", line(code));
    }
    Ok(())
}

/// One missing code in words.
pub(super) fn line(code: &UnmappedCode) -> String {
    let samples: Vec<String> = code.samples.iter().map(|id| plain(id.as_str())).collect();
    let table = match code.missing.table == code.row.as_str() {
        true => "its table".to_owned(),
        false => format!("the table of {}", code.missing.table),
    };
    let records = if code.records == 1 {
        "record"
    } else {
        "records"
    };
    format!(
        "{}: {} says {} in `{}`, which {table} does not have ({} {records}, such as {})",
        paint(style::TITLE, &code.flow),
        system(code.missing.side),
        plain(&code.missing.code),
        code.row,
        code.records,
        samples.join(", ")
    )
}
