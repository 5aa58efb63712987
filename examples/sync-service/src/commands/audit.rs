//! `audit`: the record of every decision.

use std::io::IsTerminal as _;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value as Json, json, value::RawValue};
use sync_core::{AuditQuery, Engine, FieldName, RecordId, Side, StoredAudit, stored};

use crate::{
    cli::Configured,
    config::Config,
    failure::Failure,
    names::{RecordName, When},
    progress::Activity,
    setup::Setup,
    style::{self, paint},
    words::{cause, event, instant, plain, system, verdict},
};

/// Entries in a page.
const PAGE: usize = 1000;

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Finds entries; the newest last.
    Search(Search),
    /// Says why a field has the value it has; the newest first.
    Explain(Explain),
    /// Prints entries in their stored form, one JSON document a line.
    Export(Range),
}

/// Which entries.
#[derive(Debug, Args)]
pub(crate) struct Range {
    /// Only this flow.
    #[arg(long)]
    flow: Option<String>,
    /// Only entries since then: an instant, or how long ago, such as 2h.
    #[arg(long)]
    since: Option<When>,
    /// Only entries until then.
    #[arg(long)]
    until: Option<When>,
    #[command(flatten)]
    configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Only entries of the pair that this record belongs to.
    #[arg(long)]
    record: Option<RecordName>,
    /// Only entries that settled this field.
    #[arg(long)]
    field: Option<String>,
    /// The newest so many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    range: Range,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The record, such as customers/x3/NA001.
    record: RecordName,
    /// The field, by the mapping's name.
    field: String,
    #[command(flatten)]
    configured: Configured,
}

pub(crate) async fn run(command: &Audit) -> Result<(), Failure> {
    match command {
        Audit::Search(arguments) => search(arguments).await,
        Audit::Explain(arguments) => explain(arguments).await,
        Audit::Export(arguments) => export(arguments).await,
    }
}

/// Calls `f` with every entry in `range`, oldest first, page by page.
pub(crate) async fn each(
    engine: &Engine,
    record: Option<(Side, RecordId)>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    mut f: impl FnMut(StoredAudit) -> Result<(), Failure> + Send,
) -> Result<(), Failure> {
    let mut query = AuditQuery {
        after: None,
        record,
        limit: PAGE,
    };
    loop {
        let page = engine.audit(&query).await?;
        let complete = page.len() < PAGE;
        for stored in page {
            query.after = Some(stored.sequence);
            let at = stored.entry.at;
            if since.is_none_or(|since| at >= since) && until.is_none_or(|until| at <= until) {
                f(stored)?;
            }
        }
        if complete {
            return Ok(());
        }
    }
}

impl Range {
    fn since(&self) -> Option<Timestamp> {
        self.since.as_ref().map(When::instant)
    }

    fn until(&self) -> Option<Timestamp> {
        self.until.as_ref().map(When::instant)
    }

    fn covers(&self, stored: &StoredAudit) -> bool {
        let is_its = |flow: &String| stored.entry.flow.as_str() == flow;
        self.flow.as_ref().is_none_or(is_its)
    }
}

async fn search(arguments: &Search) -> Result<(), Failure> {
    let range = &arguments.range;
    let setup = Setup::unasked(Config::read(&range.configured.config)?).await?;
    let engine = setup.engine("audit")?;
    let record = arguments.record.as_ref();
    let of = record.map(|RecordName(key)| (key.side, key.id.clone()));
    let mut found = std::collections::VecDeque::new();
    each(&engine, of, range.since(), range.until(), |stored| {
        let is_of_flow = record.is_none_or(|RecordName(key)| key.flow == stored.entry.flow);
        let settles = |field: &String| {
            let mut fields = stored.entry.fields.iter();
            fields.any(|decision| decision.field.as_str() == field)
        };
        if range.covers(&stored) && is_of_flow && arguments.field.as_ref().is_none_or(settles) {
            found.push_back(stored);
            if found.len() > arguments.limit {
                found.pop_front();
            }
        }
        Ok(())
    })
    .await?;
    show(found.into_iter(), &range.configured)
}

async fn explain(arguments: &Explain) -> Result<(), Failure> {
    let setup = Setup::unasked(Config::read(&arguments.configured.config)?).await?;
    let engine = setup.engine("audit")?;
    let key = &arguments.record.0;
    let on = setup.flows.find(key.flow.as_str())?;
    let field = FieldName::from(arguments.field.as_str());
    if !on.flow.mapping.rows().iter().any(|row| row.name == field) {
        return Err(Failure::input(format!(
            "flow {} has no field `{field}`",
            key.flow
        )));
    }
    let found = engine.explain(&key.flow, key.side, &key.id, &field).await?;
    if found.is_empty() && !arguments.configured.json {
        out!(
            "Nothing was ever decided about `{field}` of {}.",
            arguments.record
        );
    }
    show(found.into_iter(), &arguments.configured)
}

async fn export(arguments: &Range) -> Result<(), Failure> {
    let setup = Setup::unasked(Config::read(&arguments.configured.config)?).await?;
    let engine = setup.engine("audit")?;
    // Entries on the same terminal say enough.
    let quiet = arguments.configured.json || std::io::stdout().is_terminal();
    let activity = Activity::new(quiet, "exporting:");
    let (since, until) = (arguments.since(), arguments.until());
    let mut written = 0;
    each(&engine, None, since, until, |stored| {
        if arguments.covers(&stored) {
            out!("{}", as_json(&stored)?);
            written += 1;
            activity.count(written, "entries");
        }
        Ok(())
    })
    .await?;
    activity.finish();
    Ok(())
}

/// An entry in its stored form, which is versioned and does not change its meaning.
fn as_json(stored: &StoredAudit) -> Result<Json, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::broken(error.to_string());
    let text = stored::encode_audit(&stored.entry).map_err(|error| unreadable(&error))?;
    let entry: Box<RawValue> = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
    serde_json::to_value(json!({"sequence": stored.sequence}))
        .and_then(|mut json| {
            json["entry"] = serde_json::from_str(entry.get())?;
            Ok(json)
        })
        .map_err(|error| unreadable(&error))
}

fn show(found: impl Iterator<Item = StoredAudit>, configured: &Configured) -> Result<(), Failure> {
    if configured.json {
        let entries: Vec<Json> = found
            .map(|stored| as_json(&stored))
            .collect::<Result<_, _>>()?;
        out!("{}", json!({ "entries": entries }));
        return Ok(());
    }
    for stored in found {
        print(&stored);
    }
    Ok(())
}

fn print(stored: &StoredAudit) {
    let entry = &stored.entry;
    let ids = Side::BOTH.into_iter().filter_map(|side| {
        let id = entry.ids.get(side).as_ref()?;
        Some(format!("{} {}", system(side), plain(id.as_str())))
    });
    let ids = ids.collect::<Vec<_>>().join(" = ");
    out!(
        "{} {} {}: {ids}: {} ({})",
        stored.sequence,
        instant(entry.at),
        paint(style::TITLE, &entry.flow),
        plain(&event(&entry.event)),
        cause(&entry.cause)
    );
    for decision in &entry.fields {
        let result = match &decision.result {
            Some(value) => plain(&value.to_string()),
            None => "a person decides".to_owned(),
        };
        let base = match &decision.base {
            Some(value) => format!(", before {}", plain(&value.to_string())),
            None => String::new(),
        };
        out!(
            "    {}: X3 {}, Zoho {}{base} -> {result} ({})",
            decision.field,
            plain(&decision.left.to_string()),
            plain(&decision.right.to_string()),
            verdict(decision.verdict)
        );
    }
}
