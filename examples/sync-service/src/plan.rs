//! `plan` and `apply`.

use std::{collections::BTreeMap, io::IsTerminal, sync::Mutex};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use sync_core::{Engine, FirstSyncPlan, FlowName, PlanEntry, PlanProgress, PlannedAction, Side};

use crate::{cli::Configured, config::Config, connect, failure::Failure};

/// Entries of each kind that are shown one by one.
const SHOWN: usize = 5;

/// Entries that are read at once.
const PAGE: usize = 500;

/// Reads both systems and prints what a first sync would do.
pub(crate) async fn show(configured: &Configured) -> Result<(), Failure> {
    let config = Config::read(&configured.config)?;
    let connected = connect::connect(&config).await?;
    let engine = connected.engine(&config, "plan")?;
    let progress = Progress::new(configured.json);
    let plan = engine
        .plan_first_sync(&connected.flow_name(), &|step| progress.step(step))
        .await?;
    progress.finish();
    if configured.json {
        out!("{}", as_json(&plan).await?);
    } else {
        print(&plan).await?;
        out!(
            "\nTo take it up: sync-service apply {} --config {}",
            plan.hash(),
            configured.config.display()
        );
    }
    Ok(())
}

/// Takes up an approved plan and works until everything that it queued is done or parked.
pub(crate) async fn apply(hash: &str, configured: &Configured) -> Result<(), Failure> {
    let config = Config::read(&configured.config)?;
    let connected = connect::connect(&config).await?;
    let engine = connected.engine(&config, "apply")?;
    let progress = Progress::new(configured.json);
    let plan = engine
        .apply_first_sync(&connected.flow_name(), hash, &|step| progress.step(step))
        .await?;
    progress.finish();
    let report = engine.drain().await?;
    let parked = count_parked(&engine, &plan.flow).await?;
    if configured.json {
        let created = json!({"x3": report.created.left, "zoho": report.created.right});
        let updated = json!({"x3": report.updated.left, "zoho": report.updated.right});
        out!(
            "{}",
            json!({"hash": hash, "created": created, "updated": updated, "parked": parked})
        );
    } else {
        out!(
            "Done: {} created in X3 and {} in Zoho, {} changed in X3 and {} in Zoho, {parked} parked for you to look at.",
            report.created.left,
            report.created.right,
            report.updated.left,
            report.updated.right
        );
    }
    Ok(())
}

async fn count_parked(engine: &Engine, flow: &FlowName) -> Result<u64, Failure> {
    let status = engine.status().await?;
    Ok(status
        .iter()
        .filter(|status| status.flow == *flow)
        .map(|status| status.counts.parked)
        .sum())
}

/// A bar while both systems are read and the plan is taken up; silent where nobody watches.
pub(crate) struct Progress {
    bar: ProgressBar,
    listed: Mutex<[u64; 2]>,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = if quiet || !std::io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(0)
        };
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        Self {
            bar,
            listed: Mutex::default(),
        }
    }

    pub(crate) fn step(&self, step: PlanProgress) {
        match step {
            PlanProgress::Listed(side, count) => {
                let mut listed = self
                    .listed
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                listed[usize::from(side == Side::Right)] = count;
                self.bar.set_message(format!(
                    "read {} from X3, {} from Zoho",
                    listed[0], listed[1]
                ));
            }
            PlanProgress::Applied(done, all) => {
                self.bar.set_length(all);
                self.bar.set_position(done);
                self.bar.set_message("taken up");
            }
            _ => {}
        }
    }

    /// Shows `done` of `all` with a word about it.
    pub(crate) fn show(&self, done: u64, all: u64, message: &'static str) {
        self.bar.set_length(all);
        self.bar.set_position(done);
        self.bar.set_message(message);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Prints the plan: a count for each kind, some entries of each, and what it costs.
pub(crate) async fn print(plan: &FirstSyncPlan) -> Result<(), Failure> {
    out!(
        "Plan for `{}`: {} customers in X3, {} accounts in Zoho",
        plan.flow,
        plan.listed.left,
        plan.listed.right
    );
    let mut kinds: BTreeMap<(u8, &'static str), (usize, Vec<String>)> = BTreeMap::new();
    let mut page = None;
    loop {
        let read = plan.entries(page.as_ref(), PAGE).await?;
        for entry in &read.entries {
            let (count, lines) = kinds.entry(kind(&entry.action)).or_default();
            *count += 1;
            if lines.len() < SHOWN {
                lines.extend(line(entry));
            }
        }
        match read.next {
            Some(next) => page = Some(next),
            None => break,
        }
    }
    for ((_, title), (count, lines)) in kinds {
        out!("  {count:>6}  {title}");
        for line in &lines {
            out!("            {line}");
        }
        if count > SHOWN && !lines.is_empty() {
            out!("            ... and {} more", count - SHOWN);
        }
    }
    out!(
        "  Write calls: {} to X3, {} to Zoho",
        plan.write_calls.left,
        plan.write_calls.right
    );
    out!("  Plan hash: {}", plan.hash());
    Ok(())
}

fn kind(action: &PlannedAction) -> (u8, &'static str) {
    match action {
        PlannedAction::AlreadyLinked => (0, "are pairs already"),
        PlannedAction::Link => (1, "are recognised as pairs and agree"),
        PlannedAction::Update => (2, "are recognised as pairs and differ"),
        PlannedAction::Create(Side::Left) => (3, "are to be created in X3"),
        PlannedAction::Create(Side::Right) => (4, "are to be created in Zoho"),
        PlannedAction::Ambiguous { .. } => (
            5,
            "could have more than one partner: parked for you to decide",
        ),
        PlannedAction::Duplicate { .. } => (
            6,
            "look like copies of each other: parked for you to decide",
        ),
        PlannedAction::Problem(_) => (
            7,
            "cannot be carried over as they are: parked with the reason",
        ),
        PlannedAction::Skip => (8, "are left alone by the rules"),
        _ => (9, "other"),
    }
}

/// One entry in words; none where the count says it all.
fn line(entry: &PlanEntry) -> Option<String> {
    let id = |side: Side| {
        entry
            .ids
            .get(side)
            .as_ref()
            .map(|id| format!("{} {id}", system(side)))
    };
    let ids: Vec<String> = Side::BOTH.into_iter().filter_map(id).collect();
    let ids = ids.join(" = ");
    match &entry.action {
        PlannedAction::Update => {
            let fields = entry.differences.iter().map(|decision| {
                let result = decision
                    .result
                    .as_ref()
                    .map_or_else(|| "you decide".to_owned(), ToString::to_string);
                format!(
                    "{}: {} / {} -> {result}",
                    decision.field, decision.left, decision.right
                )
            });
            Some(format!("{ids}: {}", fields.collect::<Vec<_>>().join("; ")))
        }
        PlannedAction::Ambiguous { candidates } => {
            let names = candidates
                .iter()
                .map(|(side, id)| format!("{} {id}", system(*side)));
            Some(format!("{ids}: {}", names.collect::<Vec<_>>().join(", ")))
        }
        PlannedAction::Duplicate { copies } => Some(format!(
            "{ids}: {}",
            copies
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        )),
        PlannedAction::Problem(reason) => Some(format!("{ids}: {reason}")),
        _ => None,
    }
}

/// What people call a side.
pub(crate) fn system(side: Side) -> &'static str {
    match side {
        Side::Left => "X3",
        Side::Right => "Zoho",
    }
}

async fn as_json(plan: &FirstSyncPlan) -> Result<serde_json::Value, Failure> {
    let entry = |entry: &PlanEntry| {
        let differences = entry.differences.iter().map(|decision| {
            json!({
                "field": decision.field.as_str(),
                "x3": decision.left.to_string(),
                "zoho": decision.right.to_string(),
                "result": decision.result.as_ref().map(ToString::to_string),
            })
        });
        json!({
            "action": kind(&entry.action).1,
            "x3": entry.ids.left.as_ref().map(ToString::to_string),
            "zoho": entry.ids.right.as_ref().map(ToString::to_string),
            "differences": differences.collect::<Vec<_>>(),
            "detail": line(entry),
        })
    };
    let mut entries = Vec::new();
    let mut page = None;
    loop {
        let read = plan.entries(page.as_ref(), PAGE).await?;
        entries.extend(read.entries.iter().map(entry));
        match read.next {
            Some(next) => page = Some(next),
            None => break,
        }
    }
    Ok(json!({
        "flow": plan.flow.as_str(),
        "hash": plan.hash(),
        "listed": {"x3": plan.listed.left, "zoho": plan.listed.right},
        "write_calls": {"x3": plan.write_calls.left, "zoho": plan.write_calls.right},
        "entries": entries,
    }))
}
