//! What users do in both systems.

use std::time::Duration;

use super::{
    fault::FaultClass,
    state::State,
    thing::{EDITED, Edited, Thing, tag, tag_field},
    world::World,
};
use crate::{
    ids::RecordId,
    side::Side,
    testing::FakeSystem,
    value::{Document, Value},
};

impl World {
    /// A user of either side does something.
    pub(super) fn user_acts(&self) {
        let mut state = self.handle.lock();
        let side = match state.random.one_in(2) {
            true => Side::Left,
            false => Side::Right,
        };
        match state.random.below(40) {
            0..=6 if !self.busy || state.things.all.len() < 3 => {
                self.user_creates(&mut state, side);
            }
            7..=8 if !self.busy || state.things.all.len() < 3 => {
                self.users_create_twins(&mut state)
            }
            9..=10 => self.user_deletes(&mut state, side),
            11..=12 => self.user_restores(&mut state, side),
            13 => self.user_merges(&mut state, side),
            14 => self.user_edits_many(&mut state, side),
            _ => drop(self.user_edits(&mut state, side)),
        }
    }

    /// What was done before the workers come: users worked for a while, and nothing was carried over.
    pub(super) fn history(&self) {
        let many = {
            let random = &mut self.handle.lock().random;
            if random.one_in(3) {
                random.below(40)
            } else {
                0
            }
        };
        for _ in 0..many {
            self.user_acts();
            let pause = self.handle.lock().random.below(60);
            self.advance(Duration::from_secs(pause));
        }
    }

    fn system(&self, side: Side) -> &FakeSystem {
        self.systems.get(side)
    }

    fn tell(&self, state: &mut State, side: Side, id: &RecordId) {
        state.systems.get_mut(side).moved = true;
        self.networks.get(side).tell(state, id);
    }

    fn user_creates(&self, state: &mut State, side: Side) {
        let number = state.things.all.len();
        let mut thing = Thing::default();
        let fields = filled(&mut thing, number, side);
        if let Ok(id) = self.system(side).create_as_user(fields) {
            state.trace.note(format_args!(
                "user: makes {id} on the {side} side, T{number}"
            ));
            state.things.all.push(thing);
            self.tell(state, side, &id);
        }
    }

    /// Users of both sides make a record of the same thing, with the same values.
    fn users_create_twins(&self, state: &mut State) {
        let number = state.things.all.len();
        let mut thing = Thing {
            made_twice: true,
            ..Thing::default()
        };
        let mut made = Vec::new();
        for side in Side::BOTH {
            let fields = filled(&mut thing, number, side);
            made.extend(
                self.system(side)
                    .create_as_user(fields)
                    .map(|id| (side, id)),
            );
        }
        state.things.all.push(thing);
        for (side, id) in made {
            state.trace.note(format_args!(
                "user: makes {id} on the {side} side, T{number}, a twin"
            ));
            self.tell(state, side, &id);
        }
    }

    /// A record that a user sees, and the thing it is about.
    fn pick(&self, state: &mut State, side: Side) -> Option<(usize, RecordId)> {
        let many = state.things.all.len();
        if many == 0 {
            return None;
        }
        let number = state.random.index(many);
        // People find records by what they see, including those that the engine made.
        let found = self
            .system(side)
            .records_with(tag_field(side), &tag(number));
        let id = found.into_iter().next()?.id;
        Some((number, id))
    }

    fn user_edits(&self, state: &mut State, side: Side) -> Option<RecordId> {
        let (number, id) = self.pick(state, side)?;
        let own = match side {
            _ if self.contested => &EDITED[..],
            Side::Left => &EDITED[..2],
            Side::Right => &EDITED[2..],
        };
        let edited = own.get(state.random.index(own.len()))?;
        if is_hidden(state, side, edited) {
            return None;
        }
        state.things.edits += 1;
        // Now and then somebody empties a field, or goes back to what was there first.
        let value = match state.random.below(8) {
            0 => Value::Null,
            1 => first_value(edited, number),
            _ => Value::text(format!("{}{number} v{}", edited.row, state.things.edits)),
        };
        let before = self.system(side).record(id.clone())?.modified_at;
        self.enter(state, side, &id, number, edited, value);
        if state.strikes(FaultClass::LateCommit, 10) {
            // The change was stamped when it began; the record's own stamps still rise.
            let ago = Duration::from_secs(1 + state.random.below(150));
            let now = self.system(side).now();
            let begun = now.checked_sub(ago).unwrap_or(now);
            if before.is_none_or(|before| begun > before) {
                self.system(side).stamp(id.clone(), begun);
            }
        }
        self.tell(state, side, &id);
        Some(id)
    }

    fn enter(
        &self,
        state: &mut State,
        side: Side,
        id: &RecordId,
        number: usize,
        edited: &Edited,
        value: Value,
    ) {
        let fields = Document::new().with(edited.field(side), value.clone());
        let row = edited.row;
        if self.system(side).edit_as_user(id.clone(), fields).is_ok() {
            state.trace.note(format_args!(
                "user: sets {row} of {id} on the {side} side to {value}"
            ));
            let unseen = (side, id.clone(), row);
            state.things.unseen.insert(unseen, value.clone());
            if let Some(thing) = state.things.all.get_mut(number) {
                thing.entered.entry(row).or_default().push((side, value));
            }
        }
    }

    /// Many edits under one stamp, as an import makes them.
    fn user_edits_many(&self, state: &mut State, side: Side) {
        if !state.strikes(FaultClass::EqualStamps, 1) {
            return;
        }
        for _ in 0..2 + state.random.below(5) {
            self.user_edits(state, side);
        }
    }

    fn user_deletes(&self, state: &mut State, side: Side) {
        if !state.strikes(FaultClass::UserDeletes, 2) {
            return;
        }
        // Now and then somebody cleans up.
        let many = if state.random.one_in(4) { 4 } else { 1 };
        for _ in 0..many {
            if let Some((number, id)) = self.pick(state, side) {
                self.delete(state, side, number, id);
            }
        }
    }

    fn delete(&self, state: &mut State, side: Side, number: usize, id: RecordId) {
        if self.system(side).delete_as_user(id.clone()).is_err() {
            return;
        }
        state.trace.note(format_args!(
            "user: deletes {id} on the {side} side, T{number}"
        ));
        let linked = self.is_linked(side, &id);
        if let Some(thing) = state.things.all.get_mut(number) {
            thing.deleted = true;
            *thing.deletions.get_mut(side) += 1;
            if linked {
                thing.gone.push(side);
            }
        }
        self.tell(state, side, &id);
        state.things.bin.push((number, side, id));
    }

    fn user_restores(&self, state: &mut State, side: Side) {
        let place = state.things.bin.iter().position(|(_, of, _)| *of == side);
        let Some(place) = place else { return };
        if !state.strikes(FaultClass::UserRestores, 1) {
            return;
        }
        let (number, side, id) = state.things.bin.remove(place);
        // Its code may have been given to another record meanwhile.
        if self.system(side).restore_as_user(id.clone()).is_ok() {
            state.trace.note(format_args!(
                "user: restores {id} on the {side} side, T{number}"
            ));
            self.tell(state, side, &id);
        }
        if let Some(thing) = state.things.all.get_mut(number) {
            thing.restored = true;
        }
    }

    /// Two records become one: the first takes over a value of the second, which is deleted.
    fn user_merges(&self, state: &mut State, side: Side) {
        let (Some(master), Some(other)) = (self.pick(state, side), self.pick(state, side)) else {
            return;
        };
        let own = match side {
            Side::Left => &EDITED[0],
            Side::Right => &EDITED[2],
        };
        if master.0 == other.0
            || is_hidden(state, side, own)
            || !state.strikes(FaultClass::UserMerges, 1)
        {
            return;
        }
        let value = self.system(side).value(other.1.clone(), own.field(side));
        self.enter(state, side, &master.1, master.0, own, value);
        self.tell(state, side, &master.1);
        self.delete(state, side, other.0, other.1);
    }

    /// Whether the record is one of a pair, as the store has it.
    fn is_linked(&self, side: Side, id: &RecordId) -> bool {
        let links = futures::FutureExt::now_or_never(self.links());
        links.and_then(Result::ok).is_some_and(|links| {
            links.iter().any(|link| {
                link.content.ids.get(side).as_ref() == Some(id) && link.content.bound().is_some()
            })
        })
    }
}

/// Whether the system does not offer the field at present.
fn is_hidden(state: &State, side: Side, edited: &Edited) -> bool {
    let hidden = state.systems.get(side).hidden.as_ref();
    hidden.is_some_and(|(hidden, _)| hidden.as_str() == edited.field(side))
}

fn first_value(edited: &Edited, number: usize) -> Value {
    Value::text(format!("{}{number}", edited.row))
}

fn filled(thing: &mut Thing, number: usize, side: Side) -> Document {
    let mut fields = Document::new().with(tag_field(side), tag(number));
    if side == Side::Left {
        fields.set("code", format!("C{number}"));
    }
    for edited in &EDITED {
        let value = first_value(edited, number);
        fields.set(edited.field(side), value.clone());
        thing
            .entered
            .entry(edited.row)
            .or_default()
            .push((side, value));
    }
    fields
}
