//! `parked`: records that wait for a person.

use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};
use sync_core::{Document, Engine, JobKey, ParkedJob, Side, Value};

use crate::{
    cli::Configured,
    config::Config,
    failure::Failure,
    names::{RecordName, side_name},
    setup::Setup,
    style::{self, paint},
    values,
    words::{instant, plain, reason, system},
};

/// Parked records in a page.
const PAGE: usize = 500;

#[derive(Debug, Subcommand)]
pub(crate) enum Parked {
    /// Lists them, with the reason.
    List(List),
    /// Shows one with both sides and what they last agreed on.
    Show(One),
    /// Changes values of one, on both sides, and looks at it again. This is how a conflict is settled.
    Edit(Edit),
    /// Looks at records again.
    Replay(Several),
    /// Gives records up. They come back with their next change.
    Dismiss(Several),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only this flow.
    #[arg(long)]
    flow: Option<String>,
    /// Only this kind of reason: rejected, unmappable, conflict, ambiguous, dangling_key, partner_taken, flip_flop,
    /// attempts_exhausted, waiting_for.
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    /// The record, as `parked list` shows it.
    record: RecordName,
    #[command(flatten)]
    configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct Edit {
    /// The record, as `parked list` shows it.
    record: RecordName,
    /// Fields by the names of the mapping, and their values; nothing after `=` empties a field.
    #[arg(required = true, value_name = "FIELD=VALUE", value_parser = assignment)]
    fields: Vec<(String, String)>,
    #[command(flatten)]
    configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct Several {
    /// Records, as `parked list` shows them.
    #[arg(required_unless_present = "all")]
    records: Vec<RecordName>,
    /// All parked records of this flow.
    #[arg(long, value_name = "FLOW", conflicts_with = "records")]
    all: Option<String>,
    #[command(flatten)]
    configured: Configured,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is not FIELD=VALUE"))?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

pub(crate) async fn run(command: &Parked) -> Result<(), Failure> {
    match command {
        Parked::List(arguments) => list(arguments).await,
        Parked::Show(arguments) => show(arguments).await,
        Parked::Edit(arguments) => Box::pin(edit(arguments)).await,
        Parked::Replay(arguments) => replay(arguments).await,
        Parked::Dismiss(arguments) => dismiss(arguments).await,
    }
}

async fn list(arguments: &List) -> Result<(), Failure> {
    let setup = Setup::unasked(Config::read(&arguments.configured.config)?).await?;
    let engine = setup.engine("parked")?;
    let mut shown = Vec::new();
    for flow in setup.wanted(arguments.flow.as_deref())? {
        each_page(&engine, flow, |job| {
            let is_asked_for = |reason: &String| reason == job.parked.reason.name();
            if arguments.reason.as_ref().is_none_or(is_asked_for) {
                if arguments.configured.json {
                    shown.push(as_json(job));
                } else {
                    out!(
                        "{}  {}",
                        paint(style::TITLE, RecordName(job.key.clone())),
                        plain(&reason(&job.parked.reason))
                    );
                }
            }
        })
        .await?;
    }
    if arguments.configured.json {
        out!("{}", json!({ "parked": shown }));
    }
    Ok(())
}

/// Calls `f` with every parked record of a flow.
async fn each_page(
    engine: &Engine,
    flow: &sync_core::FlowName,
    mut f: impl FnMut(&ParkedJob) + Send,
) -> Result<(), Failure> {
    let mut after: Option<JobKey> = None;
    loop {
        let page = engine.parked(flow, after.as_ref(), PAGE).await?;
        page.iter().for_each(&mut f);
        match page.into_iter().last() {
            Some(last) => after = Some(last.key),
            None => return Ok(()),
        }
    }
}

async fn find(engine: &Engine, key: &JobKey) -> Result<ParkedJob, Failure> {
    let mut found = None;
    each_page(engine, &key.flow, |job| {
        if job.key == *key {
            found = Some(job.clone());
        }
    })
    .await?;
    found.ok_or_else(|| Failure::from(sync_core::Error::NotParked(key.clone())))
}

async fn show(arguments: &One) -> Result<(), Failure> {
    let setup = Setup::unasked(Config::read(&arguments.configured.config)?).await?;
    let engine = setup.engine("parked")?;
    let key = &arguments.record.0;
    setup.flows.find(key.flow.as_str())?;
    let job = find(&engine, key).await?;
    let parked = &job.parked;
    if arguments.configured.json {
        let mut json = as_json(&job);
        json["fields"] = json!({
            "base": parked.base.as_ref().map(document_json),
            "x3": parked.sides.left.as_ref().map(document_json),
            "zoho": parked.sides.right.as_ref().map(document_json),
        });
        out!("{json}");
        return Ok(());
    }
    out!("{}", paint(style::TITLE, &arguments.record));
    out!("  {}", plain(&reason(&parked.reason)));
    out!(
        "  parked since {}, {} failed tries",
        instant(parked.since),
        job.attempts
    );
    for side in Side::BOTH {
        if let Some(id) = parked.ids.get(side) {
            out!("  {}: {}", system(side), plain(id.as_str()));
        }
    }
    print_fields(parked);
    out!(
        "\n  To settle it: sync-service parked edit {} FIELD=VALUE",
        arguments.record
    );
    out!(
        "  To look at it again: sync-service parked replay {}",
        arguments.record
    );
    Ok(())
}

/// A line a field: what both sides hold, and what they last agreed on.
fn print_fields(parked: &sync_core::Parked) {
    let documents = [
        parked.base.as_ref(),
        parked.sides.left.as_ref(),
        parked.sides.right.as_ref(),
    ];
    let mut names: Vec<&str> = documents
        .into_iter()
        .flatten()
        .flat_map(|document| document.iter().map(|(name, _)| name.as_str()))
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return;
    }
    out!(
        "\n  {:<20} {:<28} {:<28} agreed before",
        "field",
        "X3",
        "Zoho"
    );
    for name in names {
        let value = |document: &Option<Document>| {
            let value = document.as_ref().and_then(|document| document.get(name));
            value.map_or_else(|| "-".to_owned(), |value| plain(&value.to_string()))
        };
        let (left, right) = (value(&parked.sides.left), value(&parked.sides.right));
        let line = format!(
            "  {name:<20} {left:<28} {right:<28} {}",
            value(&parked.base)
        );
        let style = if left == right {
            anstyle::Style::new()
        } else {
            style::WARNING
        };
        out!("{}", paint(style, line));
    }
}

async fn edit(arguments: &Edit) -> Result<(), Failure> {
    let setup = Setup::open(Config::read(&arguments.configured.config)?).await?;
    let engine = setup.engine("parked")?;
    let key = &arguments.record.0;
    let on = setup.flows.find(key.flow.as_str())?;
    let values = values::document(&on.flow, &arguments.fields).map_err(Failure::input)?;
    engine.edit(key, &values).await?;
    tell(
        &arguments.configured,
        "edited",
        1,
        "changed, and queued to be looked at again",
    );
    Ok(())
}

async fn replay(arguments: &Several) -> Result<(), Failure> {
    let setup = Setup::unasked(Config::read(&arguments.configured.config)?).await?;
    let engine = setup.engine("parked")?;
    let keys = chosen(&setup, &engine, arguments).await?;
    engine.replay(&keys).await?;
    tell(
        &arguments.configured,
        "queued",
        keys.len(),
        "queued to be looked at again",
    );
    Ok(())
}

async fn dismiss(arguments: &Several) -> Result<(), Failure> {
    let setup = Setup::unasked(Config::read(&arguments.configured.config)?).await?;
    let engine = setup.engine("parked")?;
    let keys = chosen(&setup, &engine, arguments).await?;
    let dismissed = engine.dismiss(&keys).await?;
    tell(&arguments.configured, "dismissed", dismissed, "dismissed");
    Ok(())
}

fn tell(configured: &Configured, member: &str, count: usize, words: &str) {
    if configured.json {
        out!("{}", json!({ member: count }));
    } else {
        let records = if count == 1 { "record" } else { "records" };
        out!("{count} {records} {words}.");
    }
}

/// The records that are named, all of which must be parked.
async fn chosen(
    setup: &Setup,
    engine: &Engine,
    arguments: &Several,
) -> Result<Vec<JobKey>, Failure> {
    let mut keys = Vec::new();
    if let Some(name) = &arguments.all {
        let flow = &setup.flows.find(name)?.flow.name;
        each_page(engine, flow, |job| keys.push(job.key.clone())).await?;
    }
    for RecordName(key) in &arguments.records {
        setup.flows.find(key.flow.as_str())?;
        keys.push(find(engine, key).await?.key);
    }
    Ok(keys)
}

/// A parked record, without its values.
pub(crate) fn as_json(job: &ParkedJob) -> Json {
    json!({
        "record": RecordName(job.key.clone()).to_string(),
        "flow": job.key.flow.as_str(),
        "side": side_name(job.key.side),
        "id": job.key.id.as_str(),
        "reason": {"kind": job.parked.reason.name(), "text": reason(&job.parked.reason)},
        "since": job.parked.since.to_string(),
        "attempts": job.attempts,
        "x3": job.parked.ids.left.as_ref().map(|id| id.as_str()),
        "zoho": job.parked.ids.right.as_ref().map(|id| id.as_str()),
    })
}

/// Values as people read them; nothing where a field is empty.
fn document_json(document: &Document) -> Json {
    let fields = document.iter().map(|(name, value)| {
        let value = match value {
            Value::Null => Json::Null,
            value => value.to_string().into(),
        };
        (name.as_str().to_owned(), value)
    });
    Json::Object(fields.collect())
}
