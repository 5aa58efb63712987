//! `rebuild`: pairs and what they last agreed on, from the audit.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use sync_core::{AuditEntry, Engine, FlowName, Rebuilt, Trail, stored};

use crate::{
    cli::Configured,
    config::Config,
    failure::Failure,
    progress::Activity,
    setup::Setup,
    style::{self, paint},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only this flow.
    #[arg(long)]
    flow: Option<String>,
    /// What `audit export` printed before the database was lost, instead of the audit that the database has.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Makes the pairs anew. Without it nothing is written: it is told what would be done.
    #[arg(long)]
    approve: bool,
    #[command(flatten)]
    configured: Configured,
}

/// Reads the audit, and writes to the database alone. Neither system is asked.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let configured = &arguments.configured;
    let setup = Setup::unasked(Config::read(&configured.config)?).await?;
    let engine = setup.engine("rebuild")?;
    let wanted = setup.wanted(arguments.flow.as_deref())?;
    let activity = Activity::new(configured.json, "reading the audit:");
    let trails = match &arguments.from {
        Some(file) => exported(file, &wanted, &activity)?,
        None => kept(&engine, &wanted).await?,
    };
    activity.of("looking for the pairs");
    let mut flows = Vec::new();
    let mut lost = 0;
    for (flow, trail) in wanted.iter().zip(trails) {
        let told = trail.pairs();
        let rebuilt = match arguments.approve {
            true => engine.restore(trail).await?,
            false => engine.missing_of(&trail).await?,
        };
        lost += rebuilt.links;
        flows.push(as_json(flow, &rebuilt));
        if !configured.json {
            activity.aside(|| print(flow, told, &rebuilt, arguments.approve));
        }
    }
    activity.finish();
    if configured.json {
        out!(
            "{}",
            json!({ "written": arguments.approve, "flows": flows })
        );
    } else if lost > 0 && !arguments.approve {
        out!(
            "Nothing was written. Stop all instances, make a backup, and say it again with --approve."
        );
    }
    Ok(())
}

/// What the store's own audit tells.
async fn kept(engine: &Engine, flows: &[&FlowName]) -> Result<Vec<Trail>, Failure> {
    let mut trails = Vec::new();
    for flow in flows {
        trails.push(engine.trail(flow).await?);
    }
    Ok(trails)
}

/// A line of `audit export`.
#[derive(Deserialize)]
struct Line {
    sequence: u64,
    entry: Box<RawValue>,
}

/// What an export tells. Entries must stand in the order in which they were written.
fn exported(file: &Path, flows: &[&FlowName], activity: &Activity) -> Result<Vec<Trail>, Failure> {
    let name = file.display();
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::input(format!("cannot read the export {name}: {error}"))
    };
    let lines = BufReader::new(File::open(file).map_err(|error| unreadable(&error))?).lines();
    let mut trails: Vec<Trail> = flows
        .iter()
        .map(|flow| Trail::of((*flow).clone()))
        .collect();
    let mut last = None;
    for (line, number) in lines.zip(1u64..) {
        let line = line.map_err(|error| unreadable(&error))?;
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::input(format!(
                "the export {name} is not right at line {number}: {error}"
            ))
        };
        let Line { sequence, entry } =
            serde_json::from_str(&line).map_err(|error| wrong(&error))?;
        if last.is_some_and(|last| sequence <= last) {
            return Err(wrong(&"its entries are not in their order"));
        }
        last = Some(sequence);
        let entry: AuditEntry = stored::decode_audit(entry.get()).map_err(|error| wrong(&error))?;
        let mut own = trails.iter_mut().zip(flows);
        if let Some((trail, _)) = own.find(|(_, flow)| ***flow == entry.flow) {
            trail.take_in(entry);
        }
        activity.count(number, "entries");
    }
    Ok(trails)
}

fn print(flow: &FlowName, told: usize, rebuilt: &Rebuilt, approved: bool) {
    let flow_name = paint(style::TITLE, flow);
    if told == 0 {
        out!(
            "{flow_name}: the audit tells of no pair. Both systems' keys may: sync-service plan --flow {flow}"
        );
        return;
    }
    let done = match approved {
        true => "made anew",
        false => "to be made anew",
    };
    out!(
        "{flow_name}: {} pairs {done}, {} there already",
        rebuilt.links,
        rebuilt.kept
    );
}

fn as_json(flow: &FlowName, rebuilt: &Rebuilt) -> Value {
    json!({ "flow": flow.as_str(), "missing": rebuilt.links, "there": rebuilt.kept })
}
