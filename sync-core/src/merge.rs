//! Three-way merge, field by field. Pure: no I/O, no clock.

use crate::{
    audit::{FieldDecision, Verdict},
    ids::FieldName,
    link::Planned,
    mapping::{ConflictRule, Direction, Mapping, Row},
    mutant::bug,
    side::{Side, Sides},
    value::{Document, Value},
};

/// Whose value is taken when a pair meets for the first time and its records differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// Whose value is taken.
    pub prefer: Side,
    /// Whether a value beats emptiness, whichever side has it.
    pub fill_blanks: bool,
}

impl Default for Adoption {
    /// The left value, and any value before none.
    fn default() -> Self {
        Self {
            prefer: Side::Left,
            fill_blanks: true,
        }
    }
}

/// What a merge looks at.
#[derive(Clone, Copy, Debug)]
pub struct MergeInput<'a> {
    /// The table.
    pub mapping: &'a Mapping,
    /// What both sides last agreed on; `None` at the first meeting.
    pub base: Option<&'a Document>,
    /// A write that was begun and not known to be finished.
    pub planned: Option<&'a Planned>,
    /// Both sides now.
    pub now: Sides<&'a Document>,
    /// The side whose record was changed last, if that is known.
    pub newest: Option<Side>,
    /// What to do where there is no base.
    pub adoption: Adoption,
}

/// What a merge says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merged {
    /// What both sides will agree on: the next base. A field in conflict keeps its old base.
    pub agreed: Document,
    /// What to change on each side.
    pub patches: Sides<Document>,
    /// How each differing field was settled.
    pub decisions: Vec<FieldDecision>,
    /// Fields that a person must settle.
    pub conflicts: Vec<FieldName>,
}

impl Merged {
    /// Whether nothing has to be written.
    #[must_use]
    pub fn writes_nothing(&self) -> bool {
        self.patches.left.is_empty() && self.patches.right.is_empty()
    }
}

/// Merges both sides.
///
/// # Laws
///
/// - Equal sides merge to themselves and nothing is written.
/// - A change on one side alone reaches the other; changes of different fields both survive.
/// - After both patches are applied, merging again writes nothing.
/// - Swapping the sides (and the rules) swaps the result.
#[must_use]
pub fn merge(input: &MergeInput<'_>) -> Merged {
    let mut merged = Merged::default();
    let mut agreed = Agreed(Vec::with_capacity(input.mapping.rows().len()));
    for row in input.mapping.rows() {
        let name = row.name.as_str();
        let base = input.base.and_then(|base| base.get(name));
        let now = input.now.map(|now| now.get(name));
        let settled = match (row.direction, now.left, now.right) {
            (Direction::Binding { from }, ..) => merged.watch(row, from, base, now),
            (Direction::None | Direction::CreateOnly, ..) => base,
            (_, Some(left), Some(right)) => {
                let now = Sides::new(left, right);
                merged.settle(row, base, now, settle(input, row, base, now))
            }
            // A side that does not offer the field has no say in it.
            _ => base,
        };
        agreed.0.extend(settled.map(|value| (&row.name, value)));
    }
    let known = [input.base, Some(input.now.left), Some(input.now.right)];
    merged.agreed = agreed.document(known.into_iter().flatten());
    merged
}

/// What both sides will agree on, by reference: as a rule, one of the documents says just that.
struct Agreed<'a>(Vec<(&'a FieldName, &'a Value)>);

impl Agreed<'_> {
    /// The first of `known` that says just that, or a new document.
    fn document<'d>(&self, mut known: impl Iterator<Item = &'d Document>) -> Document {
        let says_that = |document: &&Document| {
            let mut fields = self.0.iter();
            document.len() == self.0.len()
                && fields.all(|(name, value)| document.get(name.as_str()) == Some(*value))
        };
        known.find(says_that).cloned().unwrap_or_else(|| {
            let fields = self.0.iter();
            fields
                .map(|(name, value)| ((*name).clone(), (*value).clone()))
                .collect()
        })
    }
}

impl Merged {
    /// A value that binds once a record was made of it: it must stay as it was. Returns what is agreed on.
    fn watch<'a>(
        &mut self,
        row: &Row,
        from: Side,
        base: Option<&'a Value>,
        now: Sides<Option<&'a Value>>,
    ) -> Option<&'a Value> {
        let Some(value) = *now.get(from) else {
            return base;
        };
        let base = match base {
            Some(base) if base != value && now.get(from.other()) != now.get(from) => base,
            _ => return Some(value),
        };
        self.conflicts.push(row.name.clone());
        let shown = |side| {
            let value: &Option<&Value> = now.get(side);
            value.cloned().unwrap_or(Value::Null)
        };
        self.decisions.push(FieldDecision {
            field: row.name.clone(),
            base: Some(base.clone()),
            left: shown(Side::Left),
            right: shown(Side::Right),
            result: None,
            verdict: Verdict::ConflictParked,
        });
        Some(base)
    }

    /// Notes how a field that differs is settled. Returns what is agreed on.
    fn settle<'a>(
        &mut self,
        row: &Row,
        base: Option<&'a Value>,
        now: Sides<&'a Value>,
        verdict: Option<Verdict>,
    ) -> Option<&'a Value> {
        let Some(verdict) = verdict else {
            return Some(now.left);
        };
        let winner = match verdict {
            Verdict::LeftChanged => Some(Side::Left),
            Verdict::RightChanged => Some(Side::Right),
            Verdict::OwnedBy(side) | Verdict::ConflictWonBy(side) | Verdict::AdoptedFrom(side) => {
                Some(side)
            }
            Verdict::ConflictParked | Verdict::ChosenByPerson => None,
        };
        let result = winner.map(|side| *now.get(side));
        match (winner, result) {
            (Some(winner), Some(result)) => {
                let loser = match bug!(WinnerIsPatched) {
                    true => winner,
                    false => winner.other(),
                };
                self.patches
                    .get_mut(loser)
                    .set(row.name.clone(), result.clone());
            }
            _ => self.conflicts.push(row.name.clone()),
        }
        self.decisions.push(FieldDecision {
            field: row.name.clone(),
            base: base.cloned(),
            left: now.left.clone(),
            right: now.right.clone(),
            result: result.cloned(),
            verdict,
        });
        result.or(base)
    }
}

/// How one field is settled; `None` when both sides agree.
fn settle(
    input: &MergeInput<'_>,
    row: &Row,
    base: Option<&Value>,
    now: Sides<&Value>,
) -> Option<Verdict> {
    if now.left == now.right {
        return None;
    }
    if let Some(owner) = row.direction.owner() {
        return Some(Verdict::OwnedBy(owner));
    }
    let Some(changed) = changed(input, row, base, now) else {
        return Some(Verdict::AdoptedFrom(adopt(input.adoption, now)));
    };
    Some(match (changed.left, changed.right) {
        (true, false) => Verdict::LeftChanged,
        (false, true) => Verdict::RightChanged,
        // Neither changed since the plan, so the plan goes on: the side that holds the planned value wins again.
        (false, false) if planned_value(input, row) == Some(now.left) => Verdict::LeftChanged,
        (false, false) => Verdict::RightChanged,
        (true, true) => resolve(row.rule, input.newest),
    })
}

/// Which sides changed since they last agreed; `None` when they never did.
///
/// While a write is unfinished, a side that holds what was planned for it, or still what it held when the plan was made,
/// has not been changed by anybody else.
fn changed(
    input: &MergeInput<'_>,
    row: &Row,
    base: Option<&Value>,
    now: Sides<&Value>,
) -> Option<Sides<bool>> {
    if let (Some(planned), Some(value)) = (input.planned, planned_value(input, row))
        && !bug!(PlanForgottenInMerge)
    {
        let seen = planned
            .seen
            .as_ref()
            .map(|seen| seen.get(row.name.as_str()));
        let unchanged = |now: &Value, seen: Option<&Value>| now == value || Some(now) == seen;
        return Some(Sides::new(
            !unchanged(now.left, seen.left),
            !unchanged(now.right, seen.right),
        ));
    }
    base.map(|base| now.map(|now| now != base))
}

fn planned_value<'a>(input: &MergeInput<'a>, row: &Row) -> Option<&'a Value> {
    input.planned?.agreed.get(row.name.as_str())
}

fn adopt(adoption: Adoption, now: Sides<&Value>) -> Side {
    let other = adoption.prefer.other();
    if adoption.fill_blanks && now.get(adoption.prefer).is_null() {
        other
    } else {
        adoption.prefer
    }
}

fn resolve(rule: ConflictRule, newest: Option<Side>) -> Verdict {
    match (rule, newest) {
        (ConflictRule::Left, _) => Verdict::ConflictWonBy(Side::Left),
        (ConflictRule::Right, _) => Verdict::ConflictWonBy(Side::Right),
        (ConflictRule::Newest, Some(side)) => Verdict::ConflictWonBy(side),
        (ConflictRule::Newest, None) | (ConflictRule::Park, _) => Verdict::ConflictParked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Kind;

    fn mapping() -> Mapping {
        let row = Row::new("lines", "lines", "Lines", Kind::Text);
        let direction = Direction::Binding { from: Side::Right };
        Mapping::new(vec![row.direction(direction)]).unwrap()
    }

    fn merged(base: &str, left: Option<&str>, right: Option<&str>) -> Merged {
        let document = |value: Option<&str>| {
            let mut document = Document::new();
            if let Some(value) = value {
                document.set("lines", Value::text(value));
            }
            document
        };
        let base = document(Some(base).filter(|base| !base.is_empty()));
        merge(&MergeInput {
            mapping: &mapping(),
            base: Some(&base),
            planned: None,
            now: Sides::new(&document(left), &document(right)),
            newest: None,
            adoption: Adoption::default(),
        })
    }

    #[test]
    fn what_bound_a_record_may_not_change_on_the_side_that_it_came_from() {
        let changed = merged("2 pumps", Some("2 pumps"), Some("3 pumps"));
        assert_eq!(changed.conflicts, ["lines".into()]);
        assert!(changed.writes_nothing());
        assert_eq!(changed.agreed.get("lines"), Some(&"2 pumps".into()));
    }

    #[test]
    fn it_is_settled_by_going_back_and_by_the_other_side_following() {
        for (left, right) in [("2 pumps", "2 pumps"), ("3 pumps", "3 pumps")] {
            let settled = merged("2 pumps", Some(left), Some(right));
            assert!(settled.conflicts.is_empty() && settled.writes_nothing());
            assert_eq!(settled.agreed.get("lines"), Some(&right.into()));
        }
    }

    #[test]
    fn the_other_side_may_do_what_it_likes_with_it() {
        for left in [Some("1 pump"), None] {
            let merged = merged("2 pumps", left, Some("2 pumps"));
            assert!(merged.conflicts.is_empty() && merged.writes_nothing());
        }
    }

    #[test]
    fn without_a_value_nothing_is_compared_and_without_a_base_the_value_binds_from_now_on() {
        let absent = merged("2 pumps", Some("9"), None);
        assert_eq!(absent.agreed.get("lines"), Some(&"2 pumps".into()));
        let first = merged("", Some("9"), Some("3 pumps"));
        assert!(first.conflicts.is_empty());
        assert_eq!(first.agreed.get("lines"), Some(&"3 pumps".into()));
    }
}
