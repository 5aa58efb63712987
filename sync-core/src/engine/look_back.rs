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
    let record = work.records.get(side).as_ref();
    replaces.as_of = record.and_then(|record| record.modified_at);
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
    let lost = replaces.read.iter().filter_map(|(name, read)| {
        let written = replaces.written.get(name.as_str())?;
        let row = flow.mapping.rows().iter().find(|row| row.name == *name)?;
        let before = before_own_write(flow, work, side, row, changes, (read, replaces.as_of))?;
        let unseen = before != *read && before != *written;
        unseen.then(|| decision(side, name, read, before, written))
    });
    lost.collect()
}

/// What a field was before the engine wrote it.
fn before_own_write(
    flow: &Flow,
    work: &Work,
    side: Side,
    row: &Row,
    changes: &[PastChange],
    (read, as_of): (&Value, Option<Timestamp>),
) -> Option<Value> {
    let field = row.fields.get(side);
    let meant = |value: &Value| {
        let record = Document::new().with(field.clone(), value.clone());
        let document = flow.mapping.project_with(side, &record, &work.references);
        document.ok()?.get(row.name.as_str()).cloned()
    };
    // An earlier write of the engine may be what made the value that was read, at that very stamp.
    let mut was_left = false;
    for change in changes.iter().filter(|change| change.field == *field) {
        let (before, after) = (meant(&change.before)?, meant(&change.after)?);
        let is_later = was_left || after != *read || Some(change.at) > as_of;
        if change.own && is_later {
            return Some(before);
        }
        was_left |= before == *read;
    }
    None
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
