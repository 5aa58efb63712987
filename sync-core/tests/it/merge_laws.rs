//! The laws of merging.

use proptest::{collection::vec, prelude::*, sample::select};
use sync_core::{
    Adoption, ConflictRule, Direction, Document, FieldDecision, Kind, Mapping, MergeInput, Merged,
    Planned, Row, Side, Sides, Value, Verdict, merge,
};

const ROWS: usize = 6;

fn name(row: usize) -> String {
    format!("f{row}")
}

fn mapping_of(rows: &[(Direction, ConflictRule)]) -> Mapping {
    let rows = rows.iter().enumerate().map(|(index, (direction, rule))| {
        let name = name(index);
        Row::new(name.as_str(), name.as_str(), name.as_str(), Kind::Text)
            .direction(*direction)
            .rule(*rule)
    });
    Mapping::new(rows.collect()).unwrap()
}

fn tables() -> impl Strategy<Value = Vec<(Direction, ConflictRule)>> {
    let directions = vec![
        Direction::Both,
        Direction::Both,
        Direction::Both,
        Direction::ToLeft,
        Direction::ToRight,
        Direction::CreateOnly,
        Direction::None,
    ];
    let rules = vec![
        ConflictRule::Left,
        ConflictRule::Right,
        ConflictRule::Newest,
        ConflictRule::Park,
    ];
    vec((select(directions), select(rules)), ROWS)
}

/// A document over few values, so that they often meet; some fields are absent.
fn documents() -> impl Strategy<Value = Document> {
    let value = prop_oneof![
        1 => Just(None),
        2 => Just(Some(Value::Null)),
        6 => select(vec!["a", "b", "c"]).prop_map(|text| Some(Value::text(text))),
    ];
    vec(value, ROWS).prop_map(|values| {
        let fields = values.into_iter().enumerate();
        fields
            .filter_map(|(row, value)| Some((name(row).into(), value?)))
            .collect()
    })
}

/// A document in which every field is present.
fn full_documents() -> impl Strategy<Value = Document> {
    vec(select(vec!["", "a", "b", "c"]), ROWS).prop_map(|values| {
        let fields = values.into_iter().enumerate();
        fields
            .map(|(row, value)| (name(row).into(), Value::text(value)))
            .collect()
    })
}

#[derive(Clone, Debug)]
struct Case {
    rows: Vec<(Direction, ConflictRule)>,
    base: Option<Document>,
    now: Sides<Document>,
    newest: Option<Side>,
    adoption: Adoption,
}

fn sides() -> impl Strategy<Value = Side> {
    select(vec![Side::Left, Side::Right])
}

fn cases() -> impl Strategy<Value = Case> {
    (
        tables(),
        proptest::option::weighted(0.8, documents()),
        (documents(), documents()),
        proptest::option::of(sides()),
        (sides(), any::<bool>()),
    )
        .prop_map(
            |(rows, base, (left, right), newest, (prefer, fill_blanks))| Case {
                rows,
                base,
                now: Sides::new(left, right),
                newest,
                adoption: Adoption {
                    prefer,
                    fill_blanks,
                },
            },
        )
}

impl Case {
    fn merge(&self) -> Merged {
        self.merge_after(self.base.as_ref(), None, &self.now)
    }

    fn merge_after(
        &self,
        base: Option<&Document>,
        planned: Option<&Planned>,
        now: &Sides<Document>,
    ) -> Merged {
        merge(&MergeInput {
            mapping: &mapping_of(&self.rows),
            base,
            planned,
            now: now.as_ref(),
            newest: self.newest,
            adoption: self.adoption,
        })
    }

    /// What is stored before the first write of a merge: the values that are on their way, without the conflicts.
    fn planned(&self, merged: &Merged) -> Planned {
        let mut agreed = merged.agreed.clone();
        for field in &merged.conflicts {
            agreed.remove(field.as_str());
        }
        Planned {
            agreed,
            seen: self.now.clone(),
            replaces: Sides::default(),
            until: None,
        }
    }

    fn after(&self, merged: &Merged, written: Sides<bool>) -> Sides<Document> {
        let mut after = self.now.clone();
        for side in Side::BOTH {
            if *written.get(side) {
                apply(after.get_mut(side), merged.patches.get(side));
            }
        }
        after
    }
}

fn apply(document: &mut Document, patch: &Document) {
    for (field, value) in patch.iter() {
        document.set(field.clone(), value.clone());
    }
}

fn swapped_verdict(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::LeftChanged => Verdict::RightChanged,
        Verdict::RightChanged => Verdict::LeftChanged,
        Verdict::OwnedBy(side) => Verdict::OwnedBy(side.other()),
        Verdict::ConflictWonBy(side) => Verdict::ConflictWonBy(side.other()),
        Verdict::AdoptedFrom(side) => Verdict::AdoptedFrom(side.other()),
        other => other,
    }
}

fn swapped(case: &Case) -> Case {
    let row = |(direction, rule): &(Direction, ConflictRule)| {
        let direction = match direction {
            Direction::ToLeft => Direction::ToRight,
            Direction::ToRight => Direction::ToLeft,
            other => *other,
        };
        let rule = match rule {
            ConflictRule::Left => ConflictRule::Right,
            ConflictRule::Right => ConflictRule::Left,
            other => *other,
        };
        (direction, rule)
    };
    Case {
        rows: case.rows.iter().map(row).collect(),
        base: case.base.clone(),
        now: Sides::new(case.now.right.clone(), case.now.left.clone()),
        newest: case.newest.map(Side::other),
        adoption: Adoption {
            prefer: case.adoption.prefer.other(),
            ..case.adoption
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn equal_sides_merge_to_themselves_and_nothing_is_written(case in cases()) {
        let now = Sides::new(case.now.left.clone(), case.now.left.clone());
        let merged = case.merge_after(case.base.as_ref(), None, &now);
        prop_assert!(merged.writes_nothing());
        prop_assert!(merged.decisions.is_empty() && merged.conflicts.is_empty());
        for (row, (direction, _)) in case.rows.iter().enumerate() {
            let compared = !matches!(direction, Direction::CreateOnly | Direction::None);
            if let Some(value) = now.left.get(&name(row)).filter(|_| compared) {
                prop_assert_eq!(merged.agreed.get(&name(row)), Some(value));
            }
        }
    }

    #[test]
    fn a_change_on_one_side_alone_reaches_the_other(
        case in cases(), base in full_documents(), edit in full_documents(), side in sides()
    ) {
        let mut now = Sides::new(base.clone(), base.clone());
        *now.get_mut(side) = edit.clone();
        let merged = case.merge_after(Some(&base), None, &now);
        prop_assert!(merged.conflicts.is_empty());
        for (row, (direction, _)) in case.rows.iter().enumerate() {
            let name = name(row);
            let (old, new) = (base.get(&name).unwrap(), edit.get(&name).unwrap());
            if old == new {
                continue;
            }
            let own = merged.patches.get(side).get(&name);
            let other = merged.patches.get(side.other()).get(&name);
            match (direction, direction.owner()) {
                (Direction::Both, _) => {
                    prop_assert_eq!(other, Some(new));
                    prop_assert_eq!(own, None);
                }
                (_, Some(owner)) if owner == side => prop_assert_eq!(other, Some(new)),
                // Somebody else's field: it is put back.
                (_, Some(_)) => prop_assert_eq!(own, Some(old)),
                _ => prop_assert!(own.is_none() && other.is_none()),
            }
        }
    }

    #[test]
    fn edits_of_different_fields_both_survive(
        rules in vec(select(vec![ConflictRule::Left, ConflictRule::Park]), ROWS),
        base in full_documents(), left in full_documents(), right in full_documents(),
        whose in vec(sides(), ROWS), case in cases()
    ) {
        let rows = rules.into_iter().map(|rule| (Direction::Both, rule)).collect();
        let case = Case { rows, ..case };
        let mut now = Sides::new(base.clone(), base.clone());
        let edits = Sides::new(left, right);
        for (row, side) in whose.iter().enumerate() {
            let value = edits.get(*side).get(&name(row)).unwrap().clone();
            now.get_mut(*side).set(name(row), value);
        }
        let merged = case.merge_after(Some(&base), None, &now);
        prop_assert!(merged.conflicts.is_empty());
        for (row, side) in whose.iter().enumerate() {
            prop_assert_eq!(merged.agreed.get(&name(row)), edits.get(*side).get(&name(row)));
        }
    }

    #[test]
    fn after_both_patches_are_applied_nothing_is_left_to_write(case in cases()) {
        let merged = case.merge();
        let after = case.after(&merged, Sides::new(true, true));
        // Committed, or not committed because the program died: either way.
        let planned = case.planned(&merged);
        for again in [
            case.merge_after(Some(&merged.agreed), None, &after),
            case.merge_after(case.base.as_ref(), Some(&planned), &after),
        ] {
            prop_assert!(again.writes_nothing(), "{:?}", again);
            prop_assert_eq!(&again.conflicts, &merged.conflicts);
        }
    }

    #[test]
    fn a_plan_that_was_interrupted_between_its_writes_is_finished_as_it_was_begun(
        case in cases(), left in any::<bool>(), right in any::<bool>()
    ) {
        let merged = case.merge();
        let planned = case.planned(&merged);
        let between = case.after(&merged, Sides::new(left, right));
        let again = case.merge_after(case.base.as_ref(), Some(&planned), &between);
        let mut end = between;
        for side in Side::BOTH {
            apply(end.get_mut(side), again.patches.get(side));
        }
        prop_assert_eq!(end, case.after(&merged, Sides::new(true, true)));
        prop_assert_eq!(again.conflicts, merged.conflicts);
    }

    #[test]
    fn a_users_edit_after_an_interruption_is_no_conflict_and_survives(
        case in cases(), left in any::<bool>(), right in any::<bool>(),
        row in 0..ROWS, side in sides()
    ) {
        let merged = case.merge();
        let planned = case.planned(&merged);
        let both = case.rows[row].0 == Direction::Both;
        let present = case.now.left.get(&name(row)).is_some() && case.now.right.get(&name(row)).is_some();
        let under_way = planned.agreed.get(&name(row)).is_some();
        if !(both && present && under_way) {
            return Ok(());
        }
        let mut now = case.after(&merged, Sides::new(left, right));
        let edit = Value::text("what nobody else has");
        now.get_mut(side).set(name(row), edit.clone());
        let again = case.merge_after(case.base.as_ref(), Some(&planned), &now);
        prop_assert_eq!(again.agreed.get(&name(row)), Some(&edit));
        prop_assert_eq!(again.patches.get(side.other()).get(&name(row)), Some(&edit));
        prop_assert_eq!(again.conflicts, merged.conflicts);
    }

    #[test]
    fn a_parked_conflict_is_never_overwritten_whatever_else_is_under_way(
        case in cases(), base in full_documents(), left in full_documents(),
        right in full_documents(), written in (any::<bool>(), any::<bool>()), edit in sides()
    ) {
        let case = Case { base: Some(base), now: Sides::new(left, right), ..case };
        let merged = case.merge();
        if merged.conflicts.is_empty() {
            return Ok(());
        }
        for field in &merged.conflicts {
            for side in Side::BOTH {
                prop_assert_eq!(merged.patches.get(side).get(field.as_str()), None);
            }
            let base = case.base.as_ref().and_then(|base| base.get(field.as_str()));
            prop_assert_eq!(merged.agreed.get(field.as_str()), base);
        }
        // The other fields are being written when one of the two people changes his mind.
        let planned = case.planned(&merged);
        let mut now = case.after(&merged, Sides::new(written.0, written.1));
        let field = merged.conflicts[0].clone();
        now.get_mut(edit).set(field.clone(), "a third value");
        let again = case.merge_after(case.base.as_ref(), Some(&planned), &now);
        prop_assert!(again.conflicts.contains(&field));
        for side in Side::BOTH {
            prop_assert_eq!(again.patches.get(side).get(field.as_str()), None);
        }
    }

    #[test]
    fn swapping_the_sides_and_the_rules_swaps_the_result(case in cases(), interrupted in any::<bool>()) {
        let merged = case.merge();
        let mirror = swapped(&case);
        let (merged, mirrored) = if interrupted {
            let planned = case.planned(&merged);
            let now = case.after(&merged, Sides::new(true, false));
            let mirrored_planned = Planned {
                agreed: planned.agreed.clone(),
                seen: Sides::new(planned.seen.right.clone(), planned.seen.left.clone()),
                replaces: Sides::default(),
                until: None,
            };
            let mirrored_now = Sides::new(now.right.clone(), now.left.clone());
            (
                case.merge_after(case.base.as_ref(), Some(&planned), &now),
                mirror.merge_after(case.base.as_ref(), Some(&mirrored_planned), &mirrored_now),
            )
        } else {
            (merged, mirror.merge())
        };
        prop_assert_eq!(&mirrored.agreed, &merged.agreed);
        prop_assert_eq!(&mirrored.patches.left, &merged.patches.right);
        prop_assert_eq!(&mirrored.patches.right, &merged.patches.left);
        prop_assert_eq!(&mirrored.conflicts, &merged.conflicts);
        let swap = |decision: &FieldDecision| FieldDecision {
            left: decision.right.clone(),
            right: decision.left.clone(),
            verdict: swapped_verdict(decision.verdict),
            ..decision.clone()
        };
        let decisions: Vec<FieldDecision> = merged.decisions.iter().map(swap).collect();
        prop_assert_eq!(mirrored.decisions, decisions);
    }

    #[test]
    fn no_value_is_invented_and_every_difference_is_accounted_for(case in cases()) {
        let merged = case.merge();
        for (field, value) in merged.agreed.iter() {
            let field = field.as_str();
            let base = case.base.as_ref().and_then(|base| base.get(field));
            let known = [case.now.left.get(field), case.now.right.get(field), base];
            prop_assert!(known.contains(&Some(value)));
        }
        for side in Side::BOTH {
            for (field, value) in merged.patches.get(side).iter() {
                let other = case.now.get(side.other()).get(field.as_str());
                prop_assert_eq!(other, Some(value));
                let mut decisions = merged.decisions.iter();
                let decision = decisions.find(|decision| decision.field == *field).unwrap();
                prop_assert_eq!(decision.result.as_ref(), Some(value));
            }
        }
    }

    #[test]
    fn at_the_first_meeting_blanks_are_filled_and_else_the_preferred_side_is_taken(
        case in cases(), left in full_documents(), right in full_documents()
    ) {
        let now = Sides::new(left, right);
        let merged = case.merge_after(None, None, &now);
        prop_assert!(merged.conflicts.is_empty());
        let prefer = case.adoption.prefer;
        for (row, (direction, _)) in case.rows.iter().enumerate() {
            if *direction != Direction::Both {
                continue;
            }
            let name = name(row);
            let preferred = now.get(prefer).get(&name).unwrap();
            let other = now.get(prefer.other()).get(&name).unwrap();
            let filled = case.adoption.fill_blanks && preferred.is_null();
            let expected = if filled { other } else { preferred };
            prop_assert_eq!(merged.agreed.get(&name), Some(expected));
        }
    }
}
