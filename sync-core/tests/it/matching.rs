//! How records that were there before find each other, and when they must not.

use sync_core::{CreateRule, KeyRule, MatchRule, ParkReason, RecordId, Side};

use crate::world::{World, account, crm, erp, set, text, thing};

#[test]
fn records_that_match_are_paired_and_the_left_values_win_unless_they_are_empty() {
    for first in Side::BOTH {
        let world = World::new();
        let engine = world.engine();
        let fields = thing("C1").with("phone", sync_core::Value::Null);
        let left = world.left.create_as_user(fields).unwrap();
        let by_vat = account("Other name").with("VAT", "FRC1");
        let right = world.right.create_as_user(by_vat).unwrap();
        let looked_at = if first == Side::Left { &left } else { &right };
        world.hint(&engine, first, looked_at.clone());
        world.drain(&engine);
        assert_eq!(world.partner(Side::Left, &left), Some(right.clone()));
        assert_eq!((world.left.len(), world.right.len()), (1, 1));
        assert_eq!(world.right.value(right, "Name"), text("Name of C1"));
        assert_eq!(world.left.value(left, "phone"), text("0456"));
        world.settle(&engine);
        world.assert_agreement();
    }
}

#[test]
fn a_match_is_found_although_a_system_compares_to_the_letter() {
    // Typed alike on both sides, but not as the engine writes codes; and typed with blanks on one side only.
    for (left_vat, right_vat) in [("fr c1", "fr c1"), ("FR C1", "FRC1")] {
        let world = World::new();
        let engine = world.engine();
        let left = world.left.create_as_user(thing("C1").with("vat", left_vat));
        let right = account("Other name").with("VAT", right_vat);
        let right = world.right.create_as_user(right).unwrap();
        world.settle(&engine);
        assert_eq!(world.partner(Side::Left, &left.unwrap()), Some(right));
        assert_eq!((world.left.len(), world.right.len()), (1, 1));
    }
}

#[test]
fn one_record_with_two_possible_partners_is_parked_and_not_paired_by_guess() {
    for many in Side::BOTH {
        let world = World::new();
        let engine = world.engine();
        match many {
            Side::Right => {
                world.left.create_as_user(thing("C1")).unwrap();
                for name in ["One", "Two"] {
                    let fields = account(name).with("VAT", "FRC1");
                    world.right.create_as_user(fields).unwrap();
                }
            }
            Side::Left => {
                for code in ["C1", "C2"] {
                    let fields = thing(code).with("vat", "FRX");
                    world.left.create_as_user(fields).unwrap();
                }
                let fields = account("One").with("VAT", "FRX");
                world.right.create_as_user(fields).unwrap();
            }
        }
        world.settle(&engine);
        assert!(world.links().is_empty(), "{many}");
        assert_eq!(world.rows_written(), 0, "{many}");
        let reasons = world.park_reasons();
        assert_eq!(reasons.len(), 3, "{many}: {reasons:?}");
        for reason in reasons {
            let ParkReason::Ambiguous { side, candidates } = reason else {
                panic!("{reason:?}");
            };
            assert_eq!((side, candidates.len()), (many, 2));
        }
    }
}

#[test]
fn a_person_settles_an_ambiguity_by_naming_the_partner() {
    let world = World::new();
    let engine = world.engine();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    let one = account("One").with("VAT", "FRC1");
    let one = world.right.create_as_user(one).unwrap();
    let two = account("Two").with("VAT", "FRC1");
    let two = world.right.create_as_user(two).unwrap();
    world.settle(&engine);
    assert_eq!(world.parked().len(), 3);
    world
        .right
        .edit_as_user(one.clone(), set("X_Code", "C1"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.partner(Side::Left, &left), Some(one));
    // What was parked for the pair is over; the third record still waits for its own word.
    let waiting: Vec<RecordId> = world.parked().into_iter().map(|job| job.key.id).collect();
    assert_eq!(waiting, [two]);
}

#[test]
fn a_record_that_names_a_partner_who_does_not_exist_is_parked_until_there_is_one() {
    let world = World::new();
    let engine = world.engine();
    let right = world
        .right
        .create_as_user(account("Globex").with("X_Code", "C404"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(
        world.only_parked().parked.reason,
        ParkReason::DanglingKey {
            side: Side::Left,
            key: "C404".to_owned()
        }
    );
    assert!(world.left.is_empty());
    world.left.create_as_user(thing("C404")).unwrap();
    world.settle(&engine);
    assert_eq!(
        world.partner(Side::Left, &RecordId::from("C404")),
        Some(right)
    );
    assert!(world.parked().is_empty(), "{:?}", world.parked());
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
}

#[test]
fn a_record_that_names_a_partner_whom_the_flow_does_not_see_is_left_alone_if_the_rule_says_so() {
    let world = World::with(|setup| {
        setup.keys.right = setup.keys.right.clone().leaving_unknown_alone();
    });
    let engine = world.engine();
    let named = account("Globex").with("X_Code", "C404");
    world.right.create_as_user(named).unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty(), "{:?}", world.parked());
    assert!(world.left.is_empty(), "a partner was made for it");
    // It comes into sight.
    world.left.create_as_user(thing("C404")).unwrap();
    world.settle(&engine);
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
    assert!(world.parked().is_empty(), "{:?}", world.parked());
}

#[test]
fn a_record_that_names_a_partner_who_is_taken_is_parked() {
    // The right side makes no records here, so its key field need not be unique.
    let world = World::with(|setup| {
        setup.right = crm(&setup.clock).fields(["Code2"]);
        setup.keys.right = KeyRule::plain("Code2");
        setup.policy.create.right = CreateRule::Never;
    });
    let engine = world.engine();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    let first = account("One").with("Code2", "C1").with("VAT", "A");
    let first = world.right.create_as_user(first).unwrap();
    world.settle(&engine);
    assert_eq!(world.partner(Side::Left, &left), Some(first));
    let second = account("Two").with("Code2", "C1").with("VAT", "B");
    let second = world.right.create_as_user(second).unwrap();
    world.settle(&engine);
    let parked = world.only_parked();
    assert_eq!(parked.key.id, second);
    assert_eq!(
        parked.parked.reason,
        ParkReason::PartnerTaken {
            side: Side::Left,
            id: left
        }
    );
}

#[test]
fn two_records_that_name_one_partner_are_both_parked() {
    let world = World::with(|setup| {
        setup.right = crm(&setup.clock).fields(["Code2"]);
        setup.keys.right = KeyRule::plain("Code2");
        setup.policy.create.right = CreateRule::Never;
    });
    let engine = world.engine();
    world.left.create_as_user(thing("C1")).unwrap();
    for name in ["One", "Two"] {
        let fields = account(name).with("Code2", "C1").with("VAT", name);
        world.right.create_as_user(fields).unwrap();
    }
    world.settle(&engine);
    assert!(world.links().is_empty(), "{:?}", world.links());
    assert_eq!(world.parked().len(), 3);
}

#[test]
fn rules_are_tried_in_order_and_the_first_that_finds_anything_counts() {
    let world = World::new();
    let engine = world.engine();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    let by_vat = account("Zebra").with("VAT", "FRC1");
    let by_vat = world.right.create_as_user(by_vat).unwrap();
    let by_name = account("Name of C1")
        .with("City", "Lyon")
        .with("VAT", "other");
    world.right.create_as_user(by_name).unwrap();
    world.settle(&engine);
    assert_eq!(world.partner(Side::Left, &left), Some(by_vat));
    // The other one is nobody's partner, so it gets one.
    assert_eq!((world.left.len(), world.right.len()), (2, 2));
}

#[test]
fn a_match_needs_all_its_fields() {
    let world = World::with(|setup| {
        setup.matching = vec![MatchRule::on(["name", "city"])];
    });
    let engine = world.engine();
    let left = thing("C1")
        .with("name", "Acme")
        .with("city", sync_core::Value::Null);
    world.left.create_as_user(left).unwrap();
    let right = account("Acme").with("City", sync_core::Value::Null);
    world.right.create_as_user(right).unwrap();
    world.settle(&engine);
    assert_eq!((world.left.len(), world.right.len()), (2, 2));
}

#[test]
fn a_record_is_found_by_the_code_it_was_given_even_if_its_link_was_lost() {
    // The store was lost; the records still know each other.
    let world = World::new();
    let engine = world.engine();
    world.left.create_as_user(thing("C1")).unwrap();
    world.right.create_as_user(account("Globex")).unwrap();
    world.settle(&engine);
    let fresh = World {
        store: std::sync::Arc::new(sync_core::MemoryStore::new()),
        ..world
    };
    fresh.forget_traffic();
    fresh.settle(&fresh.engine());
    assert_eq!((fresh.left.len(), fresh.right.len()), (2, 2));
    assert_eq!(fresh.links().len(), 2);
    assert_eq!(fresh.rows_written(), 0);
}

#[test]
fn a_users_code_that_looks_like_a_key_is_nobodys_partner() {
    let world = World::with(|setup| setup.left = erp(&setup.clock));
    let engine = world.engine();
    world.left.create_as_user(thing("ZEBRA")).unwrap();
    world.settle(&engine);
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
    assert!(world.parked().is_empty());
}
