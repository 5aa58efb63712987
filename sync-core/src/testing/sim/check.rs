//! What must be true at rest.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::FutureExt;

use super::{
    promise::Promise,
    state::{Problem, State},
    thing::{EDITED, Edited, EffectKind, Overwritten, Thing, number_of, same, tag, tag_field},
    world::{CONNECTION, FLOW, World},
};
use crate::{
    audit::{AuditEvent, AuditQuery, StoredAudit},
    clock::Clock,
    endpoint::Record,
    engine::Engine,
    ids::{ConnectionId, FlowName, RecordId},
    job::{Cause, Finish, Hint, ParkReason, ParkedJob},
    link::Link,
    side::Side,
    store::{Commit, MemoryStore, Store},
    value::Value,
};

/// What is parked in conflict: the rows, by left record.
type Conflicts = BTreeMap<RecordId, Vec<String>>;

impl World {
    /// Checks every promise that can be checked at rest.
    pub(super) fn check_at_rest(&self) {
        let (Some(Ok(links)), Some(Ok(parked))) =
            (self.links().now_or_never(), self.parked().now_or_never())
        else {
            return;
        };
        let audit = self.audit();
        let mut state = self.handle.lock();
        check_links(&mut state, &links);
        let conflicts = self.check_parked(&mut state, &parked);
        self.check_things(&mut state, &links, &conflicts);
        check_audit(&mut state, &audit);
        check_overwritten(&mut state, &audit);
    }

    /// Looks at everything once more: nothing may be written.
    pub(super) fn check_rest_is_rest(&self, engine: &Engine) {
        let before = self.handle.lock().things.effects.len();
        let mut hints = Vec::new();
        for side in Side::BOTH {
            for record in self.systems.get(side).all_records() {
                hints.push(Hint {
                    key: self.key(side, record.id),
                    cause: Cause::Replay,
                });
            }
        }
        self.advance(Duration::from_secs(5));
        let _ = engine.ingest(&hints).now_or_never();
        self.settle(engine);
        let mut state = self.handle.lock();
        let written = state.things.effects.len() - before;
        if written > 0 {
            state.violated(
                Promise::RestIsRest,
                format!("{written} rows were written at rest"),
            );
        }
    }

    /// Makes the links anew from nothing but the audit trail, and compares.
    pub(super) fn check_rebuild(&self) -> Result<(), Problem> {
        let entries = self
            .audit()
            .into_iter()
            .map(|stored| stored.entry)
            .collect();
        let copy = MemoryStore::new();
        let connection = ConnectionId::from(CONNECTION);
        let flow = FlowName::from(FLOW);
        let trail = Commit {
            held: Vec::new(),
            link: None,
            finish: Finish::Done,
            wake: Vec::new(),
            audit: entries,
        };
        let now = self.workers_clock.now();
        let copied = copy
            .commit(&connection, &flow, &[trail], now)
            .now_or_never();
        copied.transpose()?;
        let engine = self.engine_on(copy.clone())?;
        engine.rebuild(&flow).now_or_never().transpose()?;
        let rebuilt = copy
            .all_links(&connection, &flow, None, usize::MAX)
            .now_or_never();
        let known = self.links().now_or_never();
        let (Some(Ok(rebuilt)), Some(Ok(known))) = (rebuilt, known) else {
            return Ok(());
        };
        let mut state = self.handle.lock();
        for link in known.iter().filter(|link| link.content.bound().is_some()) {
            let twin = rebuilt
                .iter()
                .find(|twin| twin.content.ids == link.content.ids);
            // That a record is gone is found again by the next look.
            // A pair that never agreed on anything may have an empty base or none.
            let base = |link: &Link| link.content.base.clone().unwrap_or_default();
            let same = twin.is_some_and(|twin| base(twin) == base(link));
            if !same {
                let what = format!(
                    "stored {:?}, rebuilt {:?}",
                    link.content,
                    twin.map(|twin| &twin.content)
                );
                state.violated(Promise::Rebuildable, what);
            }
        }
        Ok(())
    }

    fn audit(&self) -> Vec<StoredAudit> {
        let query = AuditQuery {
            limit: usize::MAX,
            ..AuditQuery::default()
        };
        let connection = ConnectionId::from(CONNECTION);
        let audit = self.memory.audit(&connection, &query).now_or_never();
        audit.and_then(Result::ok).unwrap_or_default()
    }

    /// The rows that are parked in conflict. Nothing else may be parked, except where users deleted and restored records
    /// at odds with each other.
    fn check_parked(&self, state: &mut State, parked: &[ParkedJob]) -> Conflicts {
        let mut conflicts = Conflicts::new();
        for job in parked {
            let tag = self
                .systems
                .get(job.key.side)
                .value(job.key.id.clone(), tag_field(job.key.side));
            let thing = number_of(&tag).and_then(|number| state.things.all.get(number));
            let at_odds = thing.is_none_or(|thing| thing.deleted);
            match (&job.parked.reason, &job.parked.ids.left) {
                (ParkReason::Conflict { fields }, Some(left)) if self.contested => {
                    let fields = fields.iter().map(ToString::to_string).collect();
                    conflicts.insert(left.clone(), fields);
                }
                (
                    ParkReason::DanglingKey { .. }
                    | ParkReason::PartnerTaken { .. }
                    | ParkReason::Ambiguous { .. }
                    | ParkReason::Rejected { .. },
                    _,
                ) if at_odds => {}
                (reason, _) => {
                    let what = format!("{:?} is parked: {reason:?}", job.key);
                    state.violated(Promise::Convergence, what);
                }
            }
        }
        conflicts
    }

    fn check_things(&self, state: &mut State, links: &[Link], conflicts: &Conflicts) {
        let things = std::mem::take(&mut state.things.all);
        for (number, thing) in things.iter().enumerate() {
            self.check_thing(state, number, thing, links, conflicts);
        }
        state.things.all = things;
    }

    fn check_thing(
        &self,
        state: &mut State,
        number: usize,
        thing: &Thing,
        links: &[Link],
        conflicts: &Conflicts,
    ) {
        let records = |side: Side| {
            self.systems
                .get(side)
                .records_with(tag_field(side), &tag(number))
        };
        let alone = !thing.restored && !thing.made_twice;
        for side in thing.gone.iter().filter(|_| alone) {
            if !records(*side).is_empty() {
                let what = format!("T{number} has come back on the {side} side");
                state.violated(Promise::CreatedOnce, what);
            }
        }
        if thing.deleted {
            return;
        }
        let (mut left, mut right) = (records(Side::Left), records(Side::Right));
        if left.len() > 1 || right.len() > 1 {
            let what = format!(
                "T{number} has {} left and {} right records",
                left.len(),
                right.len()
            );
            return state.violated(Promise::CreatedOnce, what);
        }
        let (Some(left), Some(right)) = (left.pop(), right.pop()) else {
            let what = format!("T{number} has no record on one side");
            return state.violated(Promise::Convergence, what);
        };
        let linked = links.iter().any(|link| {
            let ids = &link.content.ids;
            ids.left.as_ref() == Some(&left.id) && ids.right.as_ref() == Some(&right.id)
        });
        if !linked {
            state.violated(Promise::Convergence, format!("T{number} is not linked"));
        }
        for edited in &EDITED {
            check_row(state, number, thing, edited, (&left, &right), conflicts);
        }
    }
}

fn check_row(
    state: &mut State,
    number: usize,
    thing: &Thing,
    edited: &Edited,
    (left, right): (&Record, &Record),
    conflicts: &Conflicts,
) {
    let null = Value::Null;
    let row = edited.row;
    let left_value = left.fields.get(edited.left).unwrap_or(&null);
    let right_value = right.fields.get(edited.right).unwrap_or(&null);
    let none = Vec::new();
    let entered = thing.entered.get(row).unwrap_or(&none);
    for value in [left_value, right_value] {
        if !entered.iter().any(|(_, known)| same(known, value)) {
            let what = format!("T{number}: nobody entered {row} {value}");
            state.violated(Promise::NothingInvented, what);
        }
    }
    if !same(left_value, right_value) {
        let parked = conflicts.get(&left.id);
        if !parked.is_some_and(|rows| rows.iter().any(|parked| parked == row)) {
            let what = format!("T{number}: {row} is {left_value} and {right_value}");
            state.violated(Promise::Convergence, what);
        }
        return;
    }
    // Edited by one side alone since it was made: the last value must be everywhere.
    let edits = entered.get(1..).unwrap_or_default();
    let one_sided = edits
        .windows(2)
        .all(|pair| pair.first().map(|e| e.0) == pair.last().map(|e| e.0));
    if one_sided
        && !thing.made_twice
        && let Some((_, last)) = entered.last()
        && !same(left_value, last)
    {
        let what = format!("T{number}: {row} is {left_value}, not {last}");
        state.violated(Promise::NoEditLost, what);
    }
}

fn check_links(state: &mut State, links: &[Link]) {
    let mut seen = BTreeSet::new();
    for link in links {
        for side in Side::BOTH {
            if let Some(id) = link.content.ids.get(side)
                && !seen.insert((side, id))
            {
                let what = format!("two links have the {side} record {id}");
                state.violated(Promise::OneLinkPerIdentity, what);
            }
        }
    }
}

/// Every effect is in the trail: what was made, set or deleted, of that record on that side.
fn check_audit(state: &mut State, audit: &[StoredAudit]) {
    let mut trail: BTreeMap<(Side, &RecordId), Vec<&StoredAudit>> = BTreeMap::new();
    for stored in audit {
        for side in Side::BOTH {
            if let Some(id) = stored.entry.ids.get(side) {
                trail.entry((side, id)).or_default().push(stored);
            }
        }
    }
    let intended = |side: Side, key: &str| {
        audit.iter().any(|stored| {
            let AuditEvent::CreateIntended {
                side: target,
                key: own,
            } = &stored.entry.event
            else {
                return false;
            };
            *target == side && own == key
        })
    };
    let effects = std::mem::take(&mut state.things.effects);
    for effect in &effects {
        let side = effect.side;
        let told = match &effect.kind {
            EffectKind::Created(key) => intended(side, key),
            kind => {
                let of_record = trail.get(&(side, &effect.id));
                of_record.is_some_and(|all| all.iter().any(|stored| tells(stored, side, kind)))
            }
        };
        if !told {
            let what = format!("the trail is silent about {} on the {side} side", effect.id);
            state.violated(Promise::EveryEffectAudited, what);
        }
    }
    state.things.effects = effects;
}

/// Every value that the engine wrote over unseen is in the trail, and nothing is there that nobody entered.
fn check_overwritten(state: &mut State, audit: &[StoredAudit]) {
    let overwritten = std::mem::take(&mut state.things.overwritten);
    for lost in &overwritten {
        let is_told = audit.iter().any(|stored| tells_of(stored, lost));
        // A record that is gone is not looked at again, nor is one whose partner is.
        let thing = lost.about.and_then(|number| state.things.all.get(number));
        if !is_told && thing.is_some_and(|thing| !thing.deleted) {
            let what = format!(
                "the trail is silent about {} {} of {} on the {} side",
                lost.row, lost.value, lost.id, lost.side
            );
            state.violated(Promise::OverwrittenEditsAudited, what);
        }
    }
    state.things.overwritten = overwritten;
}

fn tells_of(stored: &StoredAudit, lost: &Overwritten) -> bool {
    let (entry, side) = (&stored.entry, lost.side);
    let is_about = matches!(entry.event, AuditEvent::Overwritten { side: on } if on == side)
        && entry.ids.get(side).as_ref() == Some(&lost.id);
    let mut fields = entry.fields.iter().filter(|_| is_about);
    fields.any(|decision| {
        let value = match side {
            Side::Left => &decision.left,
            Side::Right => &decision.right,
        };
        decision.field.as_str() == lost.row && same(value, &lost.value)
    })
}

/// Whether the entry tells of a write to its record on that side.
fn tells(stored: &StoredAudit, side: Side, kind: &EffectKind) -> bool {
    match &stored.entry.event {
        AuditEvent::DeleteIntended { side: on } | AuditEvent::DeletePropagated { side: on } => {
            *on == side
        }
        AuditEvent::Updated { side: on, .. }
        | AuditEvent::WriteUnconfirmed { side: on }
        | AuditEvent::WriteFailed {
            side: on,
            may_have_been_applied: true,
            ..
        } => *on == side && !matches!(kind, EffectKind::Deleted),
        _ => false,
    }
}

impl World {
    /// Whether nothing but conflicts is parked.
    pub(super) fn is_settled_but_for_conflicts(&self) -> bool {
        let Some(Ok(parked)) = self.parked().now_or_never() else {
            return false;
        };
        let conflict = |job: &ParkedJob| matches!(job.parked.reason, ParkReason::Conflict { .. });
        parked.iter().all(conflict)
    }
}
