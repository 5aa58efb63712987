//! Finding out what writes replaced: between the read and the write somebody may have changed the very field.

use jiff::Timestamp;

use super::{
    Engine,
    batch::{Interrupted, SideDown, Work, complete},
};
use crate::{
    audit::{FieldDecision, Verdict},
    budget::Call,
    endpoint::PastChange,
    flow::Flow,
    ids::{FieldName, RecordId},
    link::{LinkContent, Replaces},
    mapping::Row,
    mutant::bug,
    side::{Side, Sides},
    value::{Document, Value},
};

impl Engine {
    /// Asks the systems that keep a history what the last writes replaced, and notes in the works what was not what had
    /// been read.
    pub(super) async fn look_back(
        &self,
        flow: &Flow,
        works: &mut [Work],
    ) -> Result<(), Interrupted> {
        for side in Side::BOTH {
            let endpoint = flow.endpoints.get(side);
            if !endpoint.keeps_history() || bug!(NeverLooksBack) {
                continue;
            }
            let asked: Vec<(usize, (RecordId, Timestamp))> = works
                .iter()
                .enumerate()
                .filter_map(|(index, work)| Some((index, question(work, side)?)))
                .collect();
            let most = endpoint.capabilities().read_batch;
            let most = self.affordable(flow, side, most, |records| Call::History { records });
            for chunk in asked.chunks(most) {
                let (places, records): (Vec<usize>, Vec<_>) = chunk.iter().cloned().unzip();
                let told = self.call_history(flow, side, &records).await;
                let told = told.map_err(SideDown::at(side))?;
                complete(side, told.len(), records.len())?;
                for (place, changes) in places.into_iter().zip(told) {
                    let overwritten = overwritten(flow, &works[place], side, &changes);
                    if !overwritten.is_empty() {
                        works[place].overwritten.push((side, overwritten));
                    }
                }
            }
        }
        Ok(())
    }
}

/// What the writes to a side are to replace, if its system can tell afterwards what they replaced.
pub(super) fn to_be_replaced(
    flow: &Flow,
    work: &Work,
    side: Side,
    decisions: &[FieldDecision],
) -> Replaces {
    let mut replaces = Replaces::default();
    if !flow.endpoints.get(side).keeps_history() || flow.policy.mode.target().is_some() {
        return replaces;
    }
    replaces.as_of = work.as_of(side);
    for decision in decisions {
        let read = match side {
            Side::Left => &decision.left,
            Side::Right => &decision.right,
        };
        if let Some(result) = decision.result.as_ref().filter(|result| *result != read) {
            let field = &decision.field;
            replaces.read.set(field.clone(), read.clone());
            replaces.written.set(field.clone(), result.clone());
        }
    }
    replaces
}

/// What was found out about the last writes is noted, and is not asked again.
pub(super) fn forget_replaced(content: &mut LinkContent) {
    if let Some(planned) = &mut content.planned {
        planned.replaces = Sides::default();
    }
}

fn replaces(work: &Work, side: Side) -> Option<&Replaces> {
    let planned = work.before.as_ref()?.content.planned.as_ref()?;
    Some(planned.replaces.get(side)).filter(|replaces| !replaces.read.is_empty())
}

/// The record and the instant since which its history matters.
fn question(work: &Work, side: Side) -> Option<(RecordId, Timestamp)> {
    let since = replaces(work, side)?.as_of?;
    let record = work.records.get(side).as_ref()?;
    Some((record.id.clone(), since))
}

/// The values that the write replaced and that had not been read.
fn overwritten(flow: &Flow, work: &Work, side: Side, changes: &[PastChange]) -> Vec<FieldDecision> {
    let Some(replaces) = replaces(work, side) else {
        return Vec::new();
    };
    let mut lost = Vec::new();
    for (name, read) in replaces.read.iter() {
        let mut rows = flow.mapping.rows().iter();
        let row = rows.find(|row| row.name == *name);
        let (Some(row), Some(written)) = (row, replaces.written.get(name.as_str())) else {
            continue;
        };
        let replaced = replaced(flow, work, side, row, changes, read);
        let unseen = replaced
            .into_iter()
            .filter(|value| value != read && value != written);
        lost.extend(unseen.map(|value| decision(side, name, read, value, written)));
    }
    lost
}

/// What a field was each time that the engine wrote over it since it was read: more than once if a call was repeated.
/// `changes` bear the stamp of the reading or a later one.
fn replaced(
    flow: &Flow,
    work: &Work,
    side: Side,
    row: &Row,
    changes: &[PastChange],
    read: &Value,
) -> Vec<Value> {
    let field = row.fields.get(side);
    let meant = |value: &Value| {
        let record = Document::new().with(field.clone(), value.clone());
        let document = flow.mapping.project_with(side, &record, &work.references);
        document.ok()?.get(row.name.as_str()).cloned()
    };
    let past: Vec<&PastChange> = changes
        .iter()
        .filter(|change| change.field == *field)
        .collect();
    // What bears the very stamp of the reading may have been done before it, by an earlier plan. The reading was where the
    // field was what was read: at the first such place if there are several, so that rather too much is told than too
    // little.
    let first = past.first().map(|change| &change.before);
    let mut states = first
        .into_iter()
        .chain(past.iter().map(|change| &change.after));
    let is_read = |state: &Value| meant(state).as_ref() == Some(read);
    let before_reading = states.position(is_read).unwrap_or(0);
    let since = past.iter().skip(before_reading);
    since
        .filter(|change| change.own)
        .filter_map(|change| meant(&change.before))
        .collect()
}

fn decision(
    side: Side,
    name: &FieldName,
    read: &Value,
    before: Value,
    written: &Value,
) -> FieldDecision {
    let (left, right, verdict) = match side {
        Side::Left => (before, written.clone(), Verdict::RightChanged),
        Side::Right => (written.clone(), before, Verdict::LeftChanged),
    };
    FieldDecision {
        field: name.clone(),
        base: Some(read.clone()),
        left,
        right,
        result: Some(written.clone()),
        verdict,
    }
}
