//! What to do about one pair. Pure: no I/O, no clock.

use crate::{
    audit::{FieldDecision, Verdict},
    endpoint::Key,
    flow::{DeleteRule, Flow, Mode},
    ids::FieldName,
    job::ParkReason,
    link::{LinkContent, Planned},
    mapping::{Direction, References, Row},
    merge::{MergeInput, merge},
    mutant::bug,
    side::{Side, Sides},
    value::{Document, Value},
};

/// A pair as it was found.
#[derive(Clone, Debug)]
pub struct Pair<'a> {
    /// What is known of it: identities, base, unfinished writes.
    pub known: &'a LinkContent,
    /// Each side's document, or none where there is no record.
    pub now: Sides<Option<&'a Document>>,
    /// The side whose record was changed last, if that is known.
    pub newest: Option<Side>,
    /// The partners of the records that these refer to.
    pub references: &'a References,
    /// The side that was not looked at, in a mirror: nothing is known of its record.
    pub unread: Option<Side>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// Nothing: the sides agree on this.
    Settled {
        /// What they agree on.
        agreed: Document,
        /// Fields that were settled without a write.
        decisions: Vec<FieldDecision>,
        /// Fields that a person must settle.
        conflicts: Vec<FieldName>,
    },
    /// Change one side or both.
    Update(UpdatePlan),
    /// Make the partner.
    Create(CreatePlan),
    /// A record has no partner and is not to get one.
    LeaveAlone,
    /// Nothing any more: the two systems keep undoing each other's values. As long as both sides stay as they are here,
    /// nothing is written.
    FlipFlop(Planned),
    /// One side is gone.
    PartnerGone {
        /// Which.
        side: Side,
        /// What the policy says.
        rule: DeleteRule,
    },
    /// Both are gone.
    BothGone,
    /// A person must help.
    Park(ParkReason),
}

/// Changes of existing records.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdatePlan {
    /// What both sides will agree on.
    pub agreed: Document,
    /// To be kept until all is written.
    pub planned: Planned,
    /// The changes, under each system's field names; empty where nothing changes.
    pub writes: Sides<Document>,
    /// How each differing field was settled.
    pub decisions: Vec<FieldDecision>,
    /// Fields that a person must settle.
    pub conflicts: Vec<FieldName>,
}

/// A record to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePlan {
    /// Where.
    pub target: Side,
    /// The key that finds it again.
    pub key: Key,
    /// Its fields under the system's names.
    pub fields: Document,
    /// What both sides will agree on.
    pub agreed: Document,
}

/// Decides what to do about a pair.
///
/// # Laws
///
/// - It never plans a create for a record whose partner exists.
/// - What it plans, once written, leads to [`Plan::Settled`].
#[must_use]
pub fn plan(flow: &Flow, pair: &Pair<'_>) -> Plan {
    if let Mode::Mirror { owner } = flow.policy.mode {
        return plan_mirror(flow, pair, owner);
    }
    match (pair.now.left, pair.now.right) {
        (Some(_), Some(_)) if was_taken_apart(flow, pair.known) => Plan::LeaveAlone,
        (Some(left), Some(right)) => plan_update(flow, pair, Sides::new(left, right)),
        (Some(document), None) => plan_without_partner(flow, pair, Side::Left, document),
        (None, Some(document)) => plan_without_partner(flow, pair, Side::Right, document),
        (None, None) => Plan::BothGone,
    }
}

/// Whether the two are no longer a pair although both are there: one was deleted, which ended it, and came back.
fn was_taken_apart(flow: &Flow, known: &LinkContent) -> bool {
    known
        .detached
        .is_some_and(|side| *flow.policy.deleted.get(side) == DeleteRule::Unlink)
}

fn plan_update(flow: &Flow, pair: &Pair<'_>, now: Sides<&Document>) -> Plan {
    let merged = merge(&MergeInput {
        mapping: &flow.mapping,
        base: pair.known.base.as_ref(),
        planned: pair.known.planned.as_ref(),
        now,
        newest: pair.newest,
        adoption: flow.policy.adoption,
    });
    if merged.writes_nothing() {
        return Plan::Settled {
            agreed: merged.agreed,
            decisions: merged.decisions,
            conflicts: merged.conflicts,
        };
    }
    // A field in conflict is not part of the plan: nothing is written for it.
    let mut intended = merged.agreed.clone();
    for field in &merged.conflicts {
        intended.remove(field.as_str());
    }
    let mut planned = Planned {
        agreed: intended,
        seen: now.map(Document::clone),
        replaces: Sides::default(),
        until: None,
    };
    if let Some(earlier) = &pair.known.planned {
        // What makes it a conflict may be an earlier plan; then it must stay one.
        planned.take_over(earlier, |field| merged.conflicts.contains(field));
    }
    if pair.known.restless_writes(now) >= flow.policy.max_unsettled_writes
        && !edited_since(pair.known, &planned)
    {
        return Plan::FlipFlop(planned);
    }
    let mut writes = Sides::default();
    for side in Side::BOTH {
        let patch = merged.patches.get(side);
        match flow.mapping.render_with(side, patch, pair.references) {
            Ok(fields) if bug!(EmptinessNotWritten) => {
                let filled = fields.into_iter().filter(|(_, value)| !value.is_null());
                *writes.get_mut(side) = filled.collect();
            }
            Ok(fields) => *writes.get_mut(side) = fields,
            Err(error) => return Plan::Park(error.into()),
        }
    }
    Plan::Update(UpdatePlan {
        agreed: merged.agreed,
        planned,
        writes,
        decisions: merged.decisions,
        conflicts: merged.conflicts,
    })
}

/// Whether somebody changed a side since the engine gave up writing: then it is worth another try.
fn edited_since(known: &LinkContent, now: &Planned) -> bool {
    let Some(stopped) = known
        .planned
        .as_ref()
        .filter(|planned| planned.is_under_way())
    else {
        return false;
    };
    // Giving up remembers all of both sides; what is left of an interrupted plan remembers some fields.
    let remembers_all = Side::BOTH.into_iter().all(|side| {
        let mut fields = now.seen.get(side).iter();
        fields.all(|(field, _)| stopped.seen.get(side).get(field.as_str()).is_some())
    });
    remembers_all && stopped.seen != now.seen
}

fn plan_without_partner(flow: &Flow, pair: &Pair<'_>, side: Side, document: &Document) -> Plan {
    let target = side.other();
    if pair.known.bound().is_some() && !bug!(DeletionIgnored) {
        return Plan::PartnerGone {
            side: target,
            rule: flow.policy.deleted.get(target).clone(),
        };
    }
    let started = pair
        .known
        .intent
        .as_ref()
        .filter(|intent| intent.target == target);
    if started.is_none() && !flow.policy.create.get(target).allows(document) {
        return Plan::LeaveAlone;
    }
    if !flow.endpoints.get(target).capabilities().creates {
        return Plan::LeaveAlone;
    }
    let key = match started {
        Some(intent) => Some(intent.key.clone()),
        None => pair
            .known
            .ids
            .get(side)
            .as_ref()
            .and_then(|id| flow.identity.keys.get(target).key_for(id)),
    };
    let Some(key) = key else {
        return Plan::Park(ParkReason::Unmappable {
            field: flow.identity.keys.get(target).field.clone(),
            message: "the record's identity cannot be written as a key on the other side"
                .to_owned(),
        });
    };
    plan_create(flow, pair.references, target, key, document)
}

fn plan_create(
    flow: &Flow,
    references: &References,
    target: Side,
    key: Key,
    source: &Document,
) -> Plan {
    let lacks = |row: &&Row| *row.required.get(target) && is_empty(source.get(row.name.as_str()));
    if let Some(row) = flow.mapping.rows().iter().find(lacks) {
        return Plan::Park(ParkReason::Unmappable {
            field: row.name.clone(),
            message: format!("it is empty, and no record is made on the {target} side without it"),
        });
    }
    let filled = filled(flow, target, source, |row| {
        *row.fields.get(target) != key.field
    });
    let mut agreed = filled.clone();
    if let Some((row, value)) = sent_as_key(flow, references, &key, target, source) {
        agreed.set(row, value);
    }
    match flow.mapping.render_with(target, &filled, references) {
        // Emptiness is not sent: a new record is empty until its system fills in defaults.
        Ok(fields) => {
            let fields = fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect();
            Plan::Create(CreatePlan {
                target,
                key,
                fields,
                agreed,
            })
        }
        Err(error) => Plan::Park(error.into()),
    }
}

/// The row that a new record gets with its key, and its value, if the key says just that.
fn sent_as_key(
    flow: &Flow,
    references: &References,
    key: &Key,
    target: Side,
    source: &Document,
) -> Option<(FieldName, Value)> {
    let row = key_row(flow, target, source);
    let rendered = flow.mapping.render_with(target, &row, references).ok()?;
    let says_it = rendered.get(key.field.as_str())?.as_text() == Some(key.value.as_str());
    let (name, value) = row.iter().next().filter(|_| says_it)?;
    Some((name.clone(), value.clone()))
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::List(values)) => values.is_empty(),
        Some(_) => false,
    }
}

/// What of the owner's document its mirror holds.
pub(crate) fn mirrored(flow: &Flow, target: Side, source: &Document) -> Document {
    let key = &flow.identity.keys.get(target).field;
    filled(flow, target, source, |row| {
        let compared = !matches!(
            row.direction,
            Direction::CreateOnly | Direction::Binding { .. }
        );
        compared && row.fields.get(target) != key
    })
}

/// The owner's value for the field that names the partner, if the mapping has a row for it.
fn key_row(flow: &Flow, target: Side, source: &Document) -> Document {
    let key = &flow.identity.keys.get(target).field;
    filled(flow, target, source, |row| row.fields.get(target) == key)
}

/// The values of `source` in the rows that `target` is filled from, as far as they meet `condition`.
fn filled(
    flow: &Flow,
    target: Side,
    source: &Document,
    condition: impl Fn(&Row) -> bool,
) -> Document {
    let rows = flow.mapping.rows().iter();
    rows.filter(|row| row.direction.fills(target) && condition(row))
        .filter_map(|row| {
            let value = source.get(row.name.as_str())?;
            Some((row.name.clone(), value.clone()))
        })
        .collect()
}

fn plan_mirror(flow: &Flow, pair: &Pair<'_>, owner: Side) -> Plan {
    let target = owner.other();
    let Some(source) = *pair.now.get(owner) else {
        return match (pair.known.bound(), pair.now.get(target)) {
            (Some(_), Some(_)) => gone(flow, owner),
            (Some(_), None) if pair.unread == Some(target) => gone(flow, owner),
            (None, Some(_)) => Plan::LeaveAlone,
            (_, None) => Plan::BothGone,
        };
    };
    if was_taken_apart(flow, pair.known) {
        return Plan::LeaveAlone;
    }
    let agreed = mirrored(flow, target, source);
    let unread = pair.unread == Some(target);
    let patch: Document = match *pair.now.get(target) {
        None if !unread => return plan_without_partner(flow, pair, owner, source),
        None if pair.known.digest.as_ref() == Some(&agreed.digest()) => Document::new(),
        None => agreed.clone(),
        // What is met for the first time gets its key, which records that were made for their partners have already.
        Some(there) => agreed
            .iter()
            .chain(key_row(flow, target, source).iter())
            .filter(|(field, value)| {
                there
                    .get(field.as_str())
                    .is_some_and(|there| there != *value)
            })
            .map(|(field, value)| (field.clone(), value.clone()))
            .collect(),
    };
    let decisions = match *pair.now.get(target) {
        Some(there) => patch
            .iter()
            .map(|(field, value)| overwritten(owner, field, value, there))
            .collect(),
        None => Vec::new(),
    };
    if patch.is_empty() {
        return Plan::Settled {
            agreed,
            decisions,
            conflicts: Vec::new(),
        };
    }
    match flow.mapping.render_with(target, &patch, pair.references) {
        Ok(fields) => {
            let mut writes = Sides::default();
            *writes.get_mut(target) = fields;
            Plan::Update(UpdatePlan {
                agreed,
                planned: Planned::default(),
                writes,
                decisions,
                conflicts: Vec::new(),
            })
        }
        Err(error) => Plan::Park(error.into()),
    }
}

fn gone(flow: &Flow, side: Side) -> Plan {
    Plan::PartnerGone {
        side,
        rule: flow.policy.deleted.get(side).clone(),
    }
}

/// A value of the mirror that its owner's replaces.
fn overwritten(owner: Side, field: &FieldName, value: &Value, there: &Document) -> FieldDecision {
    let other = there.get(field.as_str()).cloned().unwrap_or(Value::Null);
    let (left, right) = match owner {
        Side::Left => (value.clone(), other),
        Side::Right => (other, value.clone()),
    };
    FieldDecision {
        field: field.clone(),
        base: None,
        left,
        right,
        result: Some(value.clone()),
        verdict: Verdict::OwnedBy(owner),
    }
}
