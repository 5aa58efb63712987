//! A complete listing of one side. The records are in the scratch area; in memory is what matching needs of them.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{OnProgress, PlanProgress};
use crate::{
    endpoint::Record,
    engine::Engine,
    error::Error,
    flow::{Flow, MatchRule},
    ids::RecordId,
    link::LinkContent,
    mapping::References,
    scratch::{ScratchArea, ScratchRow},
    side::Side,
    store::{StoreError, StoreErrorKind},
    stored,
    value::Document,
};

/// A listed record, as far as the plan needs it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) id: RecordId,
    /// Under the mapping's names, or why it cannot be.
    pub(super) document: Result<Document, String>,
    /// The partner that it names.
    pub(super) names: Option<RecordId>,
    modified_at: Option<Timestamp>,
}

impl Listed {
    fn new(flow: &Flow, side: Side, record: &Record, references: &References) -> Self {
        let names = flow.identity.keys.get(side).partner_of(&record.fields);
        let document = flow
            .mapping
            .project_with(side, &record.fields, references)
            .map_err(|error| error.to_string());
        Self {
            id: record.id.clone(),
            document,
            names,
            modified_at: record.modified_at,
        }
    }

    fn fingerprint(&self, rule: &MatchRule) -> Option<String> {
        rule.fingerprint(self.document.as_ref().ok()?)
    }

    /// Whether two records that looked like a pair by their prints are one.
    pub(super) fn is_partner_of(&self, other: &Self, flow: &Flow) -> bool {
        let mut rules = flow.identity.matching.iter();
        self.names.as_ref() == Some(&other.id)
            || other.names.as_ref() == Some(&self.id)
            || rules.any(|rule| {
                let print = self.fingerprint(rule);
                print.is_some() && print == other.fingerprint(rule)
            })
    }
}

/// How a listed record lies in the scratch area.
#[derive(Serialize, Deserialize)]
struct Form {
    id: RecordId,
    names: Option<RecordId>,
    /// The stored form of a link with the document as its base.
    document: Result<String, String>,
}

impl Listed {
    fn encode(&self) -> Result<String, StoreError> {
        let document = match &self.document {
            Ok(document) => {
                let content = LinkContent {
                    base: Some(document.clone()),
                    ..LinkContent::default()
                };
                Ok(stored::encode_link(&content).map_err(unreadable)?)
            }
            Err(problem) => Err(problem.clone()),
        };
        let form = Form {
            id: self.id.clone(),
            names: self.names.clone(),
            document,
        };
        serde_json::to_string(&form).map_err(unreadable)
    }

    fn decode(text: &str) -> Result<Self, StoreError> {
        let form: Form = serde_json::from_str(text).map_err(unreadable)?;
        let document = match form.document {
            Ok(text) => {
                let content = stored::decode_link(&text).map_err(unreadable)?;
                Ok(content.base.unwrap_or_default())
            }
            Err(problem) => Err(problem),
        };
        Ok(Self {
            id: form.id,
            document,
            names: form.names,
            modified_at: None,
        })
    }
}

pub(super) fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "working out a plan", error)
}

/// Where the records of a side lie.
pub(super) fn shelf(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
    }
}

fn key(place: u32) -> String {
    format!("{place:08x}")
}

/// The records at these places of a listing, in order.
pub(super) async fn records_at(
    area: &dyn ScratchArea,
    side: Side,
    places: impl Iterator<Item = u32>,
) -> Result<Vec<Listed>, StoreError> {
    let keys: Vec<String> = places.map(key).collect();
    let bodies = area.get(shelf(side), &keys).await?;
    let record = |body: Option<String>| {
        Listed::decode(&body.ok_or_else(|| unreadable("a record is missing"))?)
    };
    bodies.into_iter().map(record).collect()
}

/// What matching needs of the records of a side. Texts are known by prints of 64 bits, which tell texts apart but for
/// one case in millions of plans, and by whose making nobody outside can steer them: what looks like a pair is looked at
/// again.
#[derive(Debug, Default)]
pub(super) struct Prints {
    /// Of the identities, by place.
    pub(super) ids: Vec<u64>,
    /// Of the partners that records name, and whose place that is.
    pub(super) names: Vec<(u64, u32)>,
    /// Of what each rule matches by, by place; 0 where the rule does not apply.
    pub(super) rules: Vec<Vec<u64>>,
    /// Of what records that cannot be carried over as they are would match by, by rule.
    pub(super) strays: Vec<Vec<u64>>,
    /// How many records were listed.
    pub(super) count: u32,
}

impl Prints {
    fn new(rules: usize) -> Self {
        Self {
            rules: vec![Vec::new(); rules],
            strays: vec![Vec::new(); rules],
            ..Self::default()
        }
    }

    fn add(&mut self, listed: &Listed, flow: &Flow, printer: &Printer) {
        let place = self.count;
        self.ids.push(printer.print(listed.id.as_str()));
        if let Some(name) = &listed.names {
            self.names.push((printer.print(name.as_str()), place));
        }
        for (prints, rule) in self.rules.iter_mut().zip(&flow.identity.matching) {
            let print = listed.fingerprint(rule);
            prints.push(print.map_or(0, |print| printer.print(&print)));
        }
        self.count = self.count.saturating_add(1);
    }

    /// Notes by what a record matches that was added without a document.
    fn add_stray(&mut self, known: &Document, flow: &Flow, printer: &Printer) {
        for (strays, rule) in self.strays.iter_mut().zip(&flow.identity.matching) {
            strays.extend(rule.fingerprint(known).map(|print| printer.print(&print)));
        }
    }
}

/// Makes prints of texts, others in each plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Printer(RandomState);

impl Printer {
    /// Never 0.
    pub(super) fn print(&self, text: &str) -> u64 {
        self.0.hash_one(text).max(1)
    }
}

/// A listed side, and where its change feeds start afterwards.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) prints: Prints,
    pub(super) feeds_from: Option<Timestamp>,
}

/// Where the change feeds start after a listing that was read between two instants of the engine's clock.
///
/// A record may have been changed after it was listed and before the last one was. The newest stamp less the time that
/// the listing took is no later than its beginning, by the system's own clock, whatever that shows.
fn feeds_from(
    newest: Option<Timestamp>,
    started: Timestamp,
    ended: Timestamp,
) -> Option<Timestamp> {
    let begun = newest?.checked_sub(ended.duration_since(started));
    Some(begun.unwrap_or(Timestamp::MIN).min(started))
}

impl Engine {
    /// Reads a side to its end.
    pub(super) async fn list_all(
        &self,
        flow: &Flow,
        side: Side,
        area: &dyn ScratchArea,
        printer: &Printer,
        references: &mut References,
        progress: OnProgress<'_>,
    ) -> Result<Listing, Error> {
        let started = self.clock.now();
        let mut prints = Prints::new(flow.identity.matching.len());
        let mut newest: Option<Timestamp> = None;
        let mut page = None;
        loop {
            let read = self
                .call_list(flow, side, page.as_ref())
                .await
                .map_err(|error| Error::Side {
                    flow: flow.name.clone(),
                    side,
                    source: Arc::new(error),
                })?;
            let fields = read.records.iter().map(|record| &record.fields);
            references.merge(self.references(flow, side, fields).await?);
            let mut rows = Vec::with_capacity(read.records.len());
            for record in read.records {
                let listed = Listed::new(flow, side, &record, references);
                newest = newest.max(listed.modified_at);
                rows.push(ScratchRow {
                    key: key(prints.count),
                    body: listed.encode()?,
                });
                prints.add(&listed, flow, printer);
                if listed.document.is_err() {
                    let known = flow.mapping.project_known(side, &record.fields);
                    prints.add_stray(&known, flow, printer);
                }
            }
            area.put(shelf(side), rows).await?;
            progress(PlanProgress::Listed(side, prints.count.into()));
            match read.next {
                Some(next) => page = Some(next),
                None => break,
            }
        }
        Ok(Listing {
            prints,
            feeds_from: feeds_from(newest, started, self.clock.now()),
        })
    }
}
