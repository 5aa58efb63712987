//! Each promise by name, at its simplest. The other files and the simulation try harder to break them.

use std::{collections::HashSet, sync::Arc, time::Duration};

use sync_core::{
    Budget, Cause, DeleteRule, Engine, Limit, MatchRule, ParkReason, Priority, Side, Sides,
    testing::{CallKind, Fault},
};

use crate::{
    trail::assert_rebuildable,
    world::{World, account, block_on, set, text, thing},
};

#[test]
fn i1_no_two_links_share_an_identity() {
    let world = World::new();
    let engine = world.engine();
    // Two right records that could be the partner of one left record, and two left ones that name the same right one.
    world.right.create_as_user(account("Acme")).unwrap();
    world.right.create_as_user(account("Acme")).unwrap();
    let left = thing("C1").with("vat", "DE-Acme");
    world.left.create_as_user(left).unwrap();
    world.settle(&engine);
    for side in Side::BOTH {
        let links = world.links().into_iter();
        let ids: Vec<_> = links
            .filter_map(|link| link.content.ids.get(side).clone())
            .collect();
        let distinct: HashSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
    }
}

#[test]
fn i2_one_record_for_a_key_whatever_answers_are_lost() {
    let world = World::new();
    world.left.create_as_user(thing("C1")).unwrap();
    for lost in [
        CallKind::Write,
        CallKind::Find,
        CallKind::Write,
        CallKind::Read,
    ] {
        let engine = world.engine();
        world.right.fail_next(lost, Fault::AnswerLost);
        world.round(&engine);
        world.later(301);
        assert!(world.right.len() <= 1);
    }
    world.settle(&world.engine());
    assert_eq!(world.right.len(), 1);
}

#[test]
fn i3_an_edit_of_one_side_reaches_the_other_or_is_visibly_parked() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set("phone", "1").with("vat", "A"))
        .unwrap();
    world
        .right
        .edit_as_user(right.clone(), set("City", "Nice").with("VAT", "B"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.right.value(right, "Phone"), text("1"));
    assert_eq!(world.left.value(left, "city"), text("Nice"));
    let fields = vec!["vat".into()];
    assert_eq!(world.park_reasons(), [ParkReason::Conflict { fields }]);
}

#[test]
fn i4_nothing_is_written_that_nobody_entered() {
    let world = World::new();
    let engine = world.engine();
    let (left, _) = world.pair(&engine, "C1");
    for number in 0..5 {
        world
            .left
            .edit_as_user(left.clone(), set("phone", format!("{number}")))
            .unwrap();
        world.right.fail_next(CallKind::Write, Fault::AnswerLost);
        world.settle(&engine);
    }
    let entered: HashSet<String> = (0..5)
        .map(|number| number.to_string())
        .chain(["0123".to_owned()])
        .collect();
    for decision in world.decisions("phone") {
        let result = decision.result.unwrap();
        assert!(entered.contains(result.as_text().unwrap()), "{result}");
    }
}

#[test]
fn i5_at_rest_only_feeds_are_asked() {
    let world = World::new();
    let engine = world.engine();
    world.pair(&engine, "C1");
    world.settle(&engine);
    world.forget_traffic();
    for _ in 0..10 {
        world.later(61);
        world.round(&engine);
    }
    for side in Side::BOTH {
        let traffic = world.system(side).traffic();
        assert_eq!(traffic.calls(), traffic.changes);
    }
}

#[test]
fn i6_guards_are_not_exceeded_even_by_workers_that_do_not_know_of_each_other() {
    let world = World::with(|setup| {
        setup.policy.deleted.left = DeleteRule::Delete;
        setup.policy.guards.deletes = Limit::new(0, 3);
    });
    for number in 0..9 {
        world
            .left
            .create_as_user(thing(&format!("C{number}")))
            .unwrap();
    }
    world.settle(&world.engine());
    for number in 0..9 {
        let id = format!("C{number}");
        world.left.delete_as_user(id.clone()).unwrap();
        let engine = world.engine();
        world.hint(&engine, Side::Left, id);
        world.drain(&engine);
    }
    assert_eq!(world.right.len(), 6);
}

#[test]
fn i7_budgets_are_not_exceeded_across_restarts() {
    let world = World::with(|setup| {
        let budget = Budget::calls("calls", 7, Duration::from_secs(3600));
        setup.settings.budgets = Sides::new(vec![budget], Vec::new());
    });
    for _ in 0..20 {
        let _ = block_on(world.engine().poll_all());
    }
    assert_eq!(world.left.traffic().calls(), 7);
}

#[test]
fn i9_every_effect_has_an_entry_and_every_entry_a_cause() {
    let world = World::new();
    let engine = world.engine();
    let (left, _) = world.pair(&engine, "C1");
    world.left.edit_as_user(left, set("phone", "1")).unwrap();
    world.settle(&engine);
    let rows = world.right.traffic();
    let updated = world.events().into_iter();
    let updated = updated.filter(|event| matches!(event, sync_core::AuditEvent::Updated { .. }));
    assert_eq!(updated.count() as u64, rows.updated);
    let caused = |cause: &Cause| matches!(cause, Cause::Feed(_) | Cause::Verify);
    assert!(world.audit().iter().all(|entry| caused(&entry.cause)));
}

#[test]
fn i10_links_and_bases_are_rebuilt_from_the_audit() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left, set("phone", "1").with("vat", "A"))
        .unwrap();
    world
        .right
        .edit_as_user(right, set("City", "Nice").with("VAT", "B"))
        .unwrap();
    world.settle(&engine);
    assert_rebuildable(&world);
}

#[test]
fn i11_values_of_records_are_in_no_debug_output_of_the_engine() {
    let world = World::new();
    let engine = world.engine();
    world.pair(&engine, "C1");
    let shown = format!("{engine:?} {:?} {:?}", world.left, world.flow.endpoints);
    assert!(
        !shown.contains("Name of C1") && !shown.contains("0123"),
        "{shown}"
    );
}

#[test]
fn i12_replaying_what_is_applied_changes_nothing() {
    let world = World::new();
    let engine = world.engine();
    world.pair(&engine, "C1");
    world.pair(&engine, "C2");
    let links = world.links();
    block_on(engine.replay_range(world.flow_name(), None, None)).unwrap();
    world.drain(&engine);
    assert_eq!(world.rows_written(), 0);
    assert_eq!(world.links(), links);
}

#[test]
fn l1_once_faults_stop_everything_agrees_or_is_parked() {
    let world = World::new();
    let engine = world.engine();
    for number in 0..20 {
        world
            .left
            .create_as_user(thing(&format!("C{number}")))
            .unwrap();
        world
            .right
            .create_as_user(account(&format!("A{number}")))
            .unwrap();
    }
    for side in Side::BOTH {
        world.system(side).set_down(Some(Fault::AnswerLost));
    }
    for _ in 0..20 {
        world.later(61);
        let _ = block_on(engine.poll_all());
        world.drain(&engine);
    }
    for side in Side::BOTH {
        world.system(side).set_down(None);
    }
    world.settle(&engine);
    assert_eq!((world.links().len(), world.parked().len()), (40, 0));
    world.assert_agreement();
}

#[test]
fn l2_a_busy_flow_does_not_starve_another() {
    let world = World::new();
    let mut other = world.flow.clone();
    other.name = "orders".into();
    other.policy.priority = Priority::High;
    other.policy.create = Sides::new(sync_core::CreateRule::Never, sync_core::CreateRule::Never);
    other.identity.matching = Vec::<MatchRule>::new();
    let engine = Engine::builder(
        "test",
        Arc::clone(&world.store),
        Arc::new(world.clock.clone()),
    )
    .flow(world.flow.clone())
    .flow(other)
    .settings(world.settings.clone())
    .build()
    .unwrap();
    for number in 0..500 {
        let id = world
            .left
            .create_as_user(thing(&format!("C{number}")))
            .unwrap();
        world.hint(&engine, Side::Left, id);
    }
    let mut key = world.key(Side::Left, "C1");
    key.flow = "orders".into();
    let hint = sync_core::Hint {
        key,
        cause: Cause::Webhook,
    };
    block_on(engine.ingest(&[hint])).unwrap();
    block_on(engine.tick()).unwrap();
    block_on(engine.tick()).unwrap();
    let counts = block_on(world.store.counts(&world.connection, &"orders".into())).unwrap();
    assert_eq!(counts.queued, 0);
}

#[test]
fn l3_a_parked_record_whose_cause_is_gone_is_retried() {
    let world = World::new();
    let engine = world.engine();
    world.left.create_as_user(thing("C1")).unwrap();
    let rejection = sync_core::Rejection {
        field: None,
        code: None,
        message: "closed today".into(),
    };
    world.right.fail_rows(
        "X_Code",
        "C1",
        sync_core::testing::RowFault::Rejected(rejection),
        9,
    );
    world.settle(&engine);
    assert_eq!(world.parked().len(), 1);
    world.right.forgive_rows();
    // No person, no edit: the daily comparison finds that it has no partner.
    block_on(engine.sweep(world.flow_name())).unwrap();
    world.drain(&engine);
    assert!(world.parked().is_empty());
    assert_eq!(world.right.len(), 1);
}
