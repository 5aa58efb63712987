//! The laws of planning.

use proptest::{collection::vec, prelude::*, sample::select};
use sync_core::{
    CreateRule, DeleteRule, Document, Intent, Key, Kind, LinkContent, Mapping, Pair, ParkReason,
    Plan, Planned, RecordId, Row, Side, Sides, Value, plan,
};

use crate::world::{Setup, World, crm, erp, rows, set, text};

/// Documents of the flow of the other tests.
fn documents() -> impl Strategy<Value = Document> {
    let words = vec!["", "a", "b", "long enough to be too long for the left side"];
    let words = vec(select(words), 4);
    (words, any::<bool>(), 0i64..3).prop_map(|(words, active, credit)| {
        let mut document = Document::new()
            .with("code", "C1")
            .with("active", active)
            .with("credit", Value::Decimal(credit.into()));
        for (row, word) in ["name", "phone", "city", "vat"].into_iter().zip(words) {
            document.set(row, Value::text(word).as_text().map(str::to_uppercase));
        }
        document
    })
}

fn short(document: &Document) -> bool {
    document
        .get("name")
        .and_then(Value::as_text)
        .is_none_or(|name| name.chars().count() <= 30)
}

fn ids() -> Sides<Option<RecordId>> {
    Sides::new(Some("C1".into()), Some("77".into()))
}

fn decide(world: &World, known: &LinkContent, now: &Sides<Option<Document>>) -> Plan {
    plan(
        &world.flow,
        &Pair {
            known,
            now: now.as_ref().map(Option::as_ref),
            newest: Some(Side::Left),
            references: &sync_core::References::new(),
            unread: None,
        },
    )
}

/// The document after a record's fields were written.
fn write(world: &World, side: Side, document: &Document, fields: &Document) -> Document {
    let mut record = world.flow.mapping.render(side, document).unwrap();
    for (field, value) in fields.iter() {
        record.set(field.clone(), value.clone());
    }
    world.flow.mapping.project(side, &record).unwrap()
}

/// A new record with these fields, the others empty.
fn create(world: &World, side: Side, key: &Key, fields: &Document) -> Document {
    let mut record: Document = world
        .flow
        .mapping
        .fields(side)
        .map(|field| (field.clone(), Value::Null))
        .collect();
    for (field, value) in fields.iter() {
        record.set(field.clone(), value.clone());
    }
    record.set(key.field.clone(), key.value.as_str());
    world.flow.mapping.project(side, &record).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_is_created_for_a_record_whose_partner_is_there_or_was(
        left in proptest::option::of(documents()), right in proptest::option::of(documents()),
        base in proptest::option::of(documents()), intent in any::<bool>(), bound in any::<bool>()
    ) {
        let world = World::new();
        let both = left.is_some() && right.is_some();
        let mut known = LinkContent { base, ..LinkContent::default() };
        if bound {
            known.ids = ids();
        } else if left.is_some() || both {
            known.ids.left = Some("C1".into());
        } else {
            known.ids.right = Some("77".into());
        }
        if intent {
            known.intent = Some(Intent {
                target: if left.is_some() { Side::Right } else { Side::Left },
                key: Key { field: "X_Code".into(), value: "C1".to_owned() },
                since: world.time(),
            });
        }
        let decided = decide(&world, &known, &Sides::new(left.clone(), right.clone()));
        let creates = matches!(decided, Plan::Create(_));
        prop_assert!(!(creates && (both || bound)), "{:?}", decided);
        if left.is_none() && right.is_none() {
            prop_assert_eq!(decided, Plan::BothGone);
        }
    }

    #[test]
    fn what_is_planned_for_a_pair_settles_once_it_is_written(
        left in documents(), right in documents(), base in proptest::option::of(documents())
    ) {
        let world = World::new();
        // The left system cannot hold what is too long for it.
        let left = if short(&left) { left } else { left.with("name", "SHORT") };
        let known = LinkContent { ids: ids(), base, ..LinkContent::default() };
        let now = Sides::new(Some(left.clone()), Some(right.clone()));
        match decide(&world, &known, &now) {
            Plan::Update(update) => {
                let after = Sides::new(
                    Some(write(&world, Side::Left, &left, &update.writes.left)),
                    Some(write(&world, Side::Right, &right, &update.writes.right)),
                );
                let known = LinkContent { base: Some(update.agreed.clone()), ..known };
                let Plan::Settled { agreed, conflicts, .. } = decide(&world, &known, &after) else {
                    panic!("it does not settle");
                };
                prop_assert_eq!(agreed, update.agreed);
                prop_assert_eq!(conflicts, update.conflicts);
            }
            Plan::Settled { agreed, conflicts, .. } => {
                let known = LinkContent { base: Some(agreed), ..known };
                let again = decide(&world, &known, &now);
                let Plan::Settled { conflicts: still, .. } = again else {
                    panic!("{again:?}");
                };
                prop_assert_eq!(still, conflicts);
            }
            Plan::Park(ParkReason::Unmappable { field, .. }) => {
                prop_assert_eq!(field.as_str(), "name");
                prop_assert!(!short(&right));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_planned_for_a_lone_record_settles_once_it_is_written(
        document in documents(), side in select(vec![Side::Left, Side::Right])
    ) {
        let world = World::new();
        let mut known = LinkContent::default();
        *known.ids.get_mut(side) = ids().get(side).clone();
        let mut now = Sides::default();
        *now.get_mut(side) = Some(document.clone());
        let Plan::Create(made) = decide(&world, &known, &now) else {
            prop_assert!(side == Side::Right && !short(&document));
            return Ok(());
        };
        prop_assert_eq!(made.target, side.other());
        prop_assert!(made.fields.iter().all(|(_, value)| !value.is_null()));
        *now.get_mut(side.other()) = Some(create(&world, side.other(), &made.key, &made.fields));
        let mut known = LinkContent { ids: ids(), base: Some(made.agreed), ..known };
        // A field that only the new record's side has a say in may take one more write, for example its code.
        for _ in 0..2 {
            match decide(&world, &known, &now) {
                Plan::Settled { conflicts, .. } => {
                    prop_assert!(conflicts.is_empty());
                    return Ok(());
                }
                Plan::Update(update) => {
                    for side in Side::BOTH {
                        let old = now.get(side).clone().unwrap();
                        let new = write(&world, side, &old, update.writes.get(side));
                        *now.get_mut(side) = Some(new);
                    }
                    known.base = Some(update.agreed);
                }
                other => panic!("{other:?}"),
            }
        }
        let settled = matches!(decide(&world, &known, &now), Plan::Settled { .. });
        prop_assert!(settled);
    }

    #[test]
    fn what_is_stored_before_a_write_names_no_field_in_conflict(
        left in documents(), right in documents(), base in documents()
    ) {
        let world = World::new();
        let known = LinkContent { ids: ids(), base: Some(base), ..LinkContent::default() };
        let now = Sides::new(Some(left.clone()), Some(right.clone()));
        if let Plan::Update(update) = decide(&world, &known, &now) {
            for field in &update.conflicts {
                prop_assert_eq!(update.planned.agreed.get(field.as_str()), None);
            }
            prop_assert_eq!(&update.planned.seen.left, &left);
            prop_assert_eq!(&update.planned.seen.right, &right);
        }
    }
}

fn short_document() -> Document {
    Document::new().with("name", "A").with("vat", "V")
}

#[test]
fn a_rule_decides_who_gets_a_partner() {
    for (rule, creates) in [
        (CreateRule::Always, true),
        (CreateRule::Never, false),
        (
            CreateRule::When {
                row: "name".into(),
                equals: text("A"),
            },
            true,
        ),
        (
            CreateRule::When {
                row: "name".into(),
                equals: text("B"),
            },
            false,
        ),
    ] {
        let world = World::with(|setup: &mut Setup| setup.policy.create.right = rule.clone());
        let mut known = LinkContent::default();
        known.ids.left = Some("C1".into());
        let now = Sides::new(Some(short_document()), None);
        let decided = decide(&world, &known, &now);
        assert_eq!(matches!(decided, Plan::Create(_)), creates, "{rule:?}");
        // A create that was begun is finished whatever the rule says by now.
        known.intent = Some(Intent {
            target: Side::Right,
            key: Key {
                field: "X_Code".into(),
                value: "OLD".to_owned(),
            },
            since: world.time(),
        });
        let Plan::Create(begun) = decide(&world, &known, &now) else {
            panic!("{rule:?}");
        };
        assert_eq!(begun.key.value, "OLD");
    }
}

#[test]
fn a_side_that_makes_no_records_gets_none() {
    let world = World::with(|setup: &mut Setup| {
        setup.right = crm(&setup.clock).capabilities(|can| can.creates = false);
    });
    let mut known = LinkContent::default();
    known.ids.left = Some("C1".into());
    let now = Sides::new(Some(short_document()), None);
    assert_eq!(decide(&world, &known, &now), Plan::LeaveAlone);
}

#[test]
fn an_identity_that_cannot_be_written_as_a_key_asks_a_person() {
    let world = World::with(|setup: &mut Setup| setup.left = erp(&setup.clock));
    let mut known = LinkContent::default();
    known.ids.right = Some("not a number".into());
    let now = Sides::new(None, Some(short_document()));
    let Plan::Park(ParkReason::Unmappable { field, .. }) = decide(&world, &known, &now) else {
        panic!();
    };
    assert_eq!(field.as_str(), "code");
}

#[test]
fn what_a_deletion_does_is_the_policy_of_the_side_that_lost_its_record() {
    let world = World::with(|setup: &mut Setup| setup.policy.deleted.left = DeleteRule::Delete);
    let known = LinkContent {
        ids: ids(),
        ..LinkContent::default()
    };
    let gone = |side, rule| Plan::PartnerGone { side, rule };
    let left_gone = decide(&world, &known, &Sides::new(None, Some(short_document())));
    assert_eq!(left_gone, gone(Side::Left, DeleteRule::Delete));
    let right_gone = decide(&world, &known, &Sides::new(Some(short_document()), None));
    assert_eq!(right_gone, gone(Side::Right, DeleteRule::Ignore));
}

#[test]
fn writes_that_do_not_stay_are_bounded_and_new_edits_are_not() {
    let world = World::new();
    let base = short_document();
    let now = |left: &str, right: &str| {
        let side = |name: &str| Some(short_document().with("name", name));
        Sides::new(side(left), side(right))
    };
    let known = |writes, planned| LinkContent {
        ids: ids(),
        base: Some(base.clone()),
        planned,
        unsettled_writes: writes,
        ..LinkContent::default()
    };
    let flips = |known: &LinkContent, now: &Sides<Option<Document>>| {
        matches!(decide(&world, known, now), Plan::FlipFlop(_))
    };
    let limit = world.flow.policy.max_unsettled_writes;
    let wrote = |name: &str| {
        let written = Sides::new(Document::new(), set("name", name));
        Some(Planned::arrived(written))
    };
    assert!(!flips(&known(limit - 1, wrote("A")), &now("A", "X")));
    // What was written to the right is not there any more.
    assert!(flips(&known(limit, wrote("A")), &now("A", "X")));
    // It is, so the left difference is an edit.
    assert!(!flips(&known(limit, wrote("A")), &now("B", "A")));
    // Once writing was given up, it takes an edit to begin again.
    let Plan::FlipFlop(stopped) = decide(&world, &known(limit, wrote("A")), &now("A", "X")) else {
        panic!();
    };
    let stopped = Some(stopped);
    assert!(flips(&known(limit, stopped.clone()), &now("A", "X")));
    assert!(!flips(&known(limit, stopped), &now("A", "Y")));
}

#[test]
fn a_row_that_both_sides_call_differently_is_written_under_each_sides_name() {
    let world = World::with(|setup: &mut Setup| {
        setup.rows = rows();
        setup
            .rows
            .push(Row::new("shade", "l_shade", "r_shade", Kind::Text));
    });
    let mapping: &Mapping = &world.flow.mapping;
    let patch = set("shade", "red");
    for (side, field) in [(Side::Left, "l_shade"), (Side::Right, "r_shade")] {
        let rendered = mapping.render(side, &patch).unwrap();
        assert_eq!(rendered.get(field), Some(&text("red")));
    }
}
