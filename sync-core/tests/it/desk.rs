//! What people do with parked records, and what brings records back by itself.

use std::sync::Arc;

use futures::FutureExt;
use sync_core::{
    AuditEvent, Document, Error, Kind, Mapping, ParkReason, Row, Side, Value, Verdict,
    testing::RowFault,
};

use crate::{
    store_spy::{At, SpyStore, Trouble},
    world::{World, block_on, set, text, thing},
};

#[test]
fn a_person_settles_a_conflict_by_naming_the_value() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set("vat", "A"))
        .unwrap();
    world
        .right
        .edit_as_user(right.clone(), set("VAT", "B"))
        .unwrap();
    world.settle(&engine);
    let parked = world.only_parked();
    assert!(matches!(parked.parked.reason, ParkReason::Conflict { .. }));
    block_on(engine.edit(&parked.key, &set("vat", "C"))).unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty());
    assert_eq!(
        (
            world.left.value(left, "vat"),
            world.right.value(right, "VAT")
        ),
        (text("C"), text("C"))
    );
    // The audit says that a person chose it, before and after it was done.
    let decisions = world.decisions("vat");
    let chosen = decisions
        .iter()
        .filter(|decision| decision.verdict == Verdict::ChosenByPerson);
    assert_eq!(chosen.count(), 4);
    assert!(
        world
            .events()
            .contains(&AuditEvent::EditIntended { side: Side::Left })
    );
}

#[test]
fn a_value_that_does_not_fit_is_replaced_at_its_source() {
    let world = World::new();
    let engine = world.engine();
    let long = "a name that is much too long for the ERP";
    let right = world.right.create_as_user(set("Name", long)).unwrap();
    world.settle(&engine);
    let parked = world.only_parked();
    block_on(engine.edit(&parked.key, &set("name", "Short"))).unwrap();
    world.settle(&engine);
    assert_eq!(world.right.value(right, "Name"), text("Short"));
    assert_eq!(
        world.left.all_records()[0].fields.get("name"),
        Some(&text("Short"))
    );
    assert!(world.parked().is_empty());
}

#[test]
fn an_owned_value_is_changed_at_its_owner() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set("vat", "A"))
        .unwrap();
    world
        .right
        .edit_as_user(right.clone(), set("VAT", "B"))
        .unwrap();
    world.settle(&engine);
    let values = set("vat", "C").with("credit", Value::Decimal(7.into()));
    block_on(engine.edit(&world.only_parked().key, &values)).unwrap();
    world.settle(&engine);
    assert_eq!(world.left.value(left, "credit"), Value::Decimal(7.into()));
    assert_eq!(world.right.value(right, "Credit"), Value::Decimal(7.into()));
}

#[test]
fn an_edit_that_is_refused_says_so_and_leaves_the_record_parked() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world.left.edit_as_user(left, set("vat", "A")).unwrap();
    world.right.edit_as_user(right, set("VAT", "B")).unwrap();
    world.settle(&engine);
    let key = world.only_parked().key;
    let rejection = sync_core::Rejection {
        field: None,
        code: None,
        message: "not that".into(),
    };
    world
        .left
        .fail_rows("vat", "BAD", RowFault::Rejected(rejection), 9);
    let refused = block_on(engine.edit(&key, &set("vat", "BAD"))).unwrap_err();
    assert!(
        matches!(
            &refused,
            Error::EditFailed {
                side: Side::Left,
                ..
            }
        ),
        "{refused}"
    );
    let unknown = block_on(engine.edit(&key, &set("colour", "red"))).unwrap_err();
    assert!(unknown.to_string().contains("colour"), "{unknown}");
    assert_eq!(world.parked().len(), 1);
    let nobody = world.key(Side::Left, "C9");
    assert!(matches!(
        block_on(engine.edit(&nobody, &Document::new())),
        Err(Error::NotParked(_))
    ));
}

#[test]
fn a_parked_record_closes_itself_when_its_cause_is_gone() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set("vat", "A"))
        .unwrap();
    world.right.edit_as_user(right, set("VAT", "B")).unwrap();
    world.settle(&engine);
    world.left.edit_as_user(left, set("vat", "B")).unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty());
}

#[test]
fn parked_records_are_looked_at_again_when_the_mapping_changes() {
    let mut world = World::new();
    let engine = world.engine();
    let long = "a name that is much too long for the ERP";
    world.right.create_as_user(set("Name", long)).unwrap();
    world.settle(&engine);
    assert_eq!(world.parked().len(), 1);
    // The same program again changes nothing.
    let again = world.engine();
    assert_eq!(world.drain(&again).looked_at, 0);
    let mut rows: Vec<Row> = world.flow.mapping.rows().to_vec();
    rows[1] = Row::new("name", "name", "Name", Kind::Text);
    world.flow.mapping = Mapping::new(rows).unwrap();
    let changed = world.engine();
    world.drain(&changed);
    assert!(world.parked().is_empty());
    assert_eq!(world.left.len(), 1);
    let causes = world.audit().into_iter().map(|entry| entry.cause);
    assert!(
        causes
            .into_iter()
            .any(|cause| cause == sync_core::Cause::RulesChanged)
    );
}

#[test]
fn a_look_through_the_parked_that_was_broken_off_is_made_again_by_the_same_program() {
    let mut world = World::new();
    let long = "a name that is much too long for the ERP";
    world.right.create_as_user(set("Name", long)).unwrap();
    world.settle(&world.engine());
    let mut rows: Vec<Row> = world.flow.mapping.rows().to_vec();
    rows[1] = Row::new("name", "name", "Name", Kind::Text);
    world.flow.mapping = Mapping::new(rows).unwrap();
    let mut broken = false;
    let store = SpyStore::new(Arc::clone(&world.store), move |at| {
        let first = at == At::Enqueue && !std::mem::replace(&mut broken, true);
        first.then_some(Trouble::DiesBefore)
    });
    let changed = world.engine_on(store);
    assert!(changed.tick().now_or_never().is_none(), "it is broken off");
    world.drain(&changed);
    assert!(world.parked().is_empty());
}

#[test]
fn a_mapping_that_says_the_same_has_the_same_fingerprint() {
    let fingerprint = |rows: Vec<Row>| Mapping::new(rows).unwrap().fingerprint();
    assert_eq!(
        fingerprint(crate::world::rows()),
        fingerprint(crate::world::rows())
    );
    let mut other = crate::world::rows();
    other[2] = other[2].clone().max_length(Side::Right, 7);
    assert_ne!(fingerprint(crate::world::rows()), fingerprint(other));
}

#[test]
fn personal_data_is_kept_out_of_the_audit_where_that_is_asked_for() {
    let world = World::with(|setup| {
        setup.rows[2] = setup.rows[2]
            .clone()
            .personal(sync_core::PersonalData::Contact);
        setup.settings.redact = [sync_core::PersonalData::Contact].into();
    });
    let engine = world.engine();
    let (left, _) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left, set("phone", "0666123"))
        .unwrap();
    world.settle(&engine);
    let trail = format!("{:?}", world.audit());
    assert!(
        !trail.contains("0666123") && !trail.contains("0123"),
        "{trail}"
    );
    assert!(trail.contains("redacted") && trail.contains("Name of C1"));
    let _ = thing("C2");
}
