//! `doctor`: checks every prerequisite on both sides, and says what to fix, how and where.

mod fields;
mod findings;
mod reach;
mod sides;

use std::sync::Arc;

use clap::Args;
use serde_json::json;
use sync_core::CodeScan;

use self::findings::{Findings, Outcome};
use super::codes;
use crate::{
    cli::Configured,
    config::Config,
    failure::Failure,
    flows::{self, FlowState, Flows, On},
    setup::{self, Known},
    style::{self, paint},
    systems::Systems,
    vault::Vault,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Creates the custom fields that the flows need and Zoho does not have, and checks again.
    #[arg(long)]
    create_fields: bool,
    #[command(flatten)]
    configured: Configured,
}

/// Exit code 0 when nothing has to be put right, else 2.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = Arc::new(Config::read(&arguments.configured.config)?);
    let mut examination = Box::pin(examine(&config)).await?;
    let mut created = Vec::new();
    if arguments.create_fields && !examination.missing.is_empty() {
        if let Some(systems) = &examination.systems {
            created = fields::create(&systems.zoho, &examination.missing).await;
        }
        examination = Box::pin(examine(&config)).await?;
    }
    let findings = &mut examination.findings;
    for outcome in created {
        findings.add(outcome);
    }
    if arguments.configured.json {
        out!(
            "{}",
            json!({"well": findings.count_wrong() == 0, "findings": findings.as_json()})
        );
    } else {
        print(findings);
    }
    match findings.count_wrong() {
        0 => Ok(()),
        1 => Err(Failure::input("one thing is to be put right")),
        count => Err(Failure::input(format!(
            "{count} things are to be put right"
        ))),
    }
}

fn print(findings: &Findings) {
    for finding in findings.all() {
        let mark = match finding.outcome {
            Outcome::Good => paint(style::GOOD, "ok    "),
            Outcome::Advice => paint(style::WARNING, "advice"),
            Outcome::Wrong => paint(style::BAD, "wrong "),
        };
        out!("{mark}  {:<8} {}", finding.area, finding.what);
        if let Some(fix) = &finding.fix {
            out!("                  -> {fix}");
        }
    }
}

/// What was found, and what could be created.
#[derive(Debug)]
struct Examination {
    findings: Findings,
    missing: Vec<fields::Missing>,
    systems: Option<Systems>,
}

async fn examine(config: &Arc<Config>) -> Result<Examination, Failure> {
    let mut findings = Findings::default();
    findings.good("service", "the configuration is right");
    let mut examination = Examination {
        findings: Findings::default(),
        missing: Vec::new(),
        systems: None,
    };
    let store = match setup::open_store(config).await {
        Ok(store) => store,
        Err(error) => {
            findings.wrong_because("service", "the database does not open", &error);
            examination.findings = findings;
            return Ok(examination);
        }
    };
    findings.good("service", "the database opens");
    reach::examine(config, &mut findings).await;
    let vault = match Vault::open(config, &store) {
        Ok(vault) => vault,
        Err(error) => {
            findings.wrong_because("service", "the encrypted credentials do not open", &error);
            examination.findings = findings;
            return Ok(examination);
        }
    };
    if vault.is_encrypted() {
        findings.good("service", "credentials and tokens are kept encrypted");
    } else {
        findings.advice(
            "service",
            "access tokens are kept in plain text in the database",
            "add `[secrets]` with `key = { file = \"sync.key\" }`, then run `sync-service connect zoho` and `connect x3`",
        );
    }
    let facts = sides::examine(config, &vault, &mut findings).await;
    if let Some(systems) = facts {
        let flows = examine_flows(config, &systems, &mut findings, &mut examination.missing).await;
        examine_codes(config, &store, &systems, flows, &mut findings).await;
        examination.systems = Some(systems);
    }
    examination.findings = findings;
    Ok(examination)
}

async fn examine_flows(
    config: &Arc<Config>,
    systems: &Systems,
    findings: &mut Findings,
    missing: &mut Vec<fields::Missing>,
) -> Flows {
    let mut on = Vec::new();
    for (place, definition) in flows::ALL.iter().enumerate() {
        let name = definition.name;
        if !(definition.wanted)(config) {
            continue;
        }
        let (flow, notes) = match (definition.build)(config, systems) {
            Ok(FlowState::On { flow, notes }) => (*flow, notes),
            Ok(FlowState::Off { reason }) => {
                findings.wrong("flows", format!("{name} is off"), reason);
                continue;
            }
            Err(error) => {
                findings.wrong_because("flows", format!("{name} cannot be built"), &error);
                continue;
            }
        };
        for note in &notes {
            findings.advice(
                "flows",
                format!("{name} is on, with less than it can do"),
                note,
            );
        }
        let lacking = fields::missing(definition, &flow, &systems.facts);
        for field in &lacking {
            findings.wrong(
                "Zoho",
                format!(
                    "{name} needs the field {} of module {}",
                    field.field, field.module
                ),
                field.how(),
            );
        }
        let is_well = sides::examine_flow(&flow, !lacking.is_empty(), findings).await;
        let is_well = is_well && lacking.is_empty();
        missing.extend(lacking);
        if let Err(error) = flow.check() {
            findings.wrong(
                "flows",
                format!("{name} cannot keep its promises"),
                error.to_string(),
            );
        } else if is_well {
            findings.good("flows", format!("{name} can run"));
            on.push(On { flow, notes, place });
        }
    }
    if !flows::ALL
        .iter()
        .any(|definition| (definition.wanted)(config))
    {
        findings.wrong(
            "flows",
            "no flow is turned on".to_owned(),
            "add the section of a flow, such as [customers], to the configuration",
        );
    }
    Flows::of(on)
}

/// Codes that parked records wait for.
async fn examine_codes(
    config: &Arc<Config>,
    store: &sql_store::SqlStore,
    systems: &Systems,
    flows: Flows,
    findings: &mut Findings,
) {
    let setup = setup::Setup {
        config: Arc::clone(config),
        systems: systems.clone(),
        flows,
        store: store.clone(),
        known: Known::default(),
    };
    let Ok(engine) = setup.engine("doctor") else {
        return;
    };
    for flow in setup.names() {
        match engine.unmapped_codes(flow, CodeScan::Parked).await {
            Ok(unmapped) => {
                for code in unmapped {
                    findings.wrong(
                        "flows",
                        codes::line(&code),
                        format!("add it to the code tables of [{flow}], or correct the records"),
                    );
                }
            }
            Err(error) => findings.advice(
                "flows",
                format!("the codes of {flow} could not be looked through"),
                error.to_string(),
            ),
        }
    }
}
