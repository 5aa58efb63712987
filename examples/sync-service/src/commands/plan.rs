//! `plan`: what a first sync would do.

use std::{collections::BTreeMap, fmt, str::FromStr};

use clap::Args;
use serde_json::{Value, json};
use sync_core::{Engine, FirstSyncPlan, FlowName, PlanEntry, PlannedAction, Side};

use crate::{
    cli::Configured,
    config::Config,
    failure::Failure,
    flows::On,
    progress::Progress,
    setup::Setup,
    words::{plain, system},
};

/// Entries of each kind that are shown one by one.
const SHOWN: usize = 5;

/// Entries that are read at once.
const PAGE: usize = 500;

/// Names a reviewed plan: the flow and the hash of what would be done. A plan that would do anything else has another
/// name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlanName {
    pub(crate) flow: FlowName,
    pub(crate) hash: String,
}

impl PlanName {
    pub(crate) fn of(plan: &FirstSyncPlan) -> Self {
        Self {
            flow: plan.flow.clone(),
            hash: plan.hash(),
        }
    }
}

impl fmt::Display for PlanName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.flow, self.hash)
    }
}

impl FromStr for PlanName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((flow, hash)) if !flow.is_empty() && !hash.is_empty() => Ok(Self {
                flow: flow.into(),
                hash: hash.to_owned(),
            }),
            _ => Err("a plan is named FLOW:HASH, as `plan` prints it".to_owned()),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only this flow.
    #[arg(long)]
    flow: Option<String>,
    #[command(flatten)]
    configured: Configured,
}

/// Reads both systems and prints what a first sync of each flow would do.
pub(crate) async fn show(arguments: &Arguments) -> Result<(), Failure> {
    let (only, configured) = (arguments.flow.as_deref(), &arguments.configured);
    let setup = Setup::open(Config::read(&configured.config)?).await?;
    let wanted: Vec<&On> = match only {
        Some(name) => vec![setup.flows.find(name)?],
        None => setup.flows.on.iter().collect(),
    };
    let engine = setup.engine("plan")?;
    let mut plans = Vec::new();
    for on in wanted {
        let progress = Progress::new(configured.json);
        let plan = engine
            .plan_first_sync(&on.flow.name, &|step| progress.step(step))
            .await?;
        progress.finish();
        let waits_for = unapproved_parents(&engine, on).await?;
        if configured.json {
            let mut json = as_json(&plan).await?;
            json["name"] = match waits_for.is_empty() {
                true => PlanName::of(&plan).to_string().into(),
                false => Value::Null,
            };
            json["waits_for"] = waits_for.iter().map(|flow| flow.as_str()).collect();
            json["notes"] = on.notes.iter().map(String::as_str).collect();
            plans.push(json);
        } else {
            print(&plan).await?;
            print_next(&plan, on, &waits_for, configured);
        }
    }
    if configured.json {
        let off: Vec<Value> = setup
            .flows
            .off
            .iter()
            .map(|off| json!({"flow": off.name.as_str(), "reason": off.reason}))
            .collect();
        out!("{}", json!({"plans": plans, "off": off}));
    } else if only.is_none() {
        for off in setup.flows.off.iter().filter(|off| off.wanted) {
            out!("Flow `{}` is off: {}", off.name, off.reason);
        }
    }
    Ok(())
}

/// Notes about the flow, and how its plan is taken up.
fn print_next(plan: &FirstSyncPlan, on: &On, waits_for: &[FlowName], configured: &Configured) {
    for note in &on.notes {
        out!("  Note: {note}");
    }
    if waits_for.is_empty() {
        out!("  Plan: {}", PlanName::of(plan));
        out!(
            "\n  To take it up: sync-service apply {} --config {}\n",
            PlanName::of(plan),
            configured.config.display()
        );
    } else {
        let parents: Vec<&str> = waits_for.iter().map(FlowName::as_str).collect();
        out!(
            "\n  A preview: its records refer to those of {}. Take that up first, then plan this again.\n",
            parents.join(" and ")
        );
    }
}

/// Flows that this one refers to and that have no approved plan yet. With their pairs its plan becomes another.
pub(crate) async fn unapproved_parents(engine: &Engine, on: &On) -> Result<Vec<FlowName>, Failure> {
    let parents = on.flow.mapping.referenced_flows();
    let waiting = engine
        .status()
        .await?
        .into_iter()
        .filter(|status| !status.approved && status.flow != on.flow.name)
        .map(|status| status.flow);
    Ok(waiting.filter(|flow| parents.contains(&flow)).collect())
}

/// Prints the plan: a count for each kind, some entries of each, and what it costs.
pub(crate) async fn print(plan: &FirstSyncPlan) -> Result<(), Failure> {
    out!(
        "Plan for `{}`: {} records in X3, {} in Zoho",
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
            out!("            {}", plain(line));
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
    let (x3, zoho) = (&plan.forecast.left, &plan.forecast.right);
    out!(
        "  It is expected to take {} calls to X3, and {} calls to Zoho for {} credits",
        x3.calls,
        zoho.calls,
        zoho.credits
    );
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
        PlannedAction::Create(_) => Some(ids),
        PlannedAction::Problem(reason) => Some(format!("{ids}: {reason}")),
        _ => None,
    }
}

async fn as_json(plan: &FirstSyncPlan) -> Result<Value, Failure> {
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
        "listed": {"x3": plan.listed.left, "zoho": plan.listed.right},
        "write_calls": {"x3": plan.write_calls.left, "zoho": plan.write_calls.right},
        "forecast": {
            "x3": {"calls": plan.forecast.left.calls},
            "zoho": {"calls": plan.forecast.right.calls, "credits": plan.forecast.right.credits},
        },
        "entries": entries,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_named_by_its_flow_and_what_it_would_do() {
        let name: PlanName = "customers:0f3a".parse().unwrap();
        assert_eq!(
            (name.flow.as_str(), name.hash.as_str()),
            ("customers", "0f3a")
        );
        assert_eq!(name.to_string(), "customers:0f3a");
        for wrong in ["0f3a", ":0f3a", "customers:"] {
            assert!(wrong.parse::<PlanName>().is_err(), "{wrong}");
        }
    }
}
