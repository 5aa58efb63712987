//! The audit answers: what was done, why, and to which pair.

use std::collections::BTreeMap;

use sync_core::{
    AuditEntry, AuditEvent, AuditQuery, Cause, RecordId, Side, Verdict,
    testing::{CallKind, FakeSystem, Fault},
};

use crate::world::{World, account, set, text, thing};

fn count(entries: &[AuditEntry], matches: impl Fn(&AuditEvent) -> bool) -> usize {
    entries.iter().filter(|entry| matches(&entry.event)).count()
}

#[test]
fn every_effect_has_its_entry() {
    let world = World::new();
    let engine = world.engine();
    for n in 0..5 {
        world.left.create_as_user(thing(&format!("C{n}"))).unwrap();
        world
            .right
            .create_as_user(account(&format!("Firm {n}")))
            .unwrap();
    }
    world.settle(&engine);
    for record in world.left.all_records() {
        world
            .left
            .edit_as_user(record.id, set("phone", "1"))
            .unwrap();
    }
    for record in world.right.all_records() {
        world
            .right
            .edit_as_user(record.id, set("City", "Nice"))
            .unwrap();
    }
    world.settle(&engine);
    let audit = world.audit();
    for side in Side::BOTH {
        let traffic = world.system(side).traffic();
        let created = count(
            &audit,
            |event| matches!(event, AuditEvent::Created { side: at, .. } if *at == side),
        );
        let updated = count(
            &audit,
            |event| matches!(event, AuditEvent::Updated { side: at, .. } if *at == side),
        );
        let intended = count(
            &audit,
            |event| matches!(event, AuditEvent::CreateIntended { side: at, .. } if *at == side),
        );
        assert_eq!(created as u64, traffic.created, "{side}");
        assert_eq!(updated as u64, traffic.updated, "{side}");
        assert_eq!(intended as u64, traffic.created, "{side}");
    }
    for entry in &audit {
        assert!(entry.attempt >= 1);
        assert!(entry.ids.left.is_some() || entry.ids.right.is_some());
    }
}

#[test]
fn the_way_of_a_value_can_be_followed() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set("phone", "111"))
        .unwrap();
    world.settle(&engine);
    let query = AuditQuery {
        record: Some((Side::Right, right.clone())),
        limit: 1000,
        ..AuditQuery::default()
    };
    let entries = crate::world::block_on(engine.audit(&query)).unwrap();
    let last = &entries.last().unwrap().entry;
    assert_eq!(last.cause, Cause::Feed(FakeSystem::modified_feed()));
    assert_eq!(
        (&last.ids.left, &last.ids.right),
        (&Some(left), &Some(right))
    );
    let AuditEvent::Updated { side, .. } = last.event else {
        panic!("{last:?}");
    };
    assert_eq!(side, Side::Right);
    let decision = &last.fields[0];
    assert_eq!(decision.field.as_str(), "phone");
    assert_eq!(decision.base, Some(text("0123")));
    assert_eq!(decision.left, text("111"));
    assert_eq!(decision.right, text("0123"));
    assert_eq!(decision.result, Some(text("111")));
    assert_eq!(decision.verdict, Verdict::LeftChanged);
}

#[test]
fn links_can_be_told_from_the_audit_alone() {
    let world = World::new();
    let engine = world.engine();
    // Created both ways, matched with and without differences, and adopted after a lost answer.
    world.left.create_as_user(thing("MADE")).unwrap();
    world.right.create_as_user(account("Made")).unwrap();
    world.left.create_as_user(thing("DIFF")).unwrap();
    world
        .right
        .create_as_user(account("Different").with("VAT", "FRDIFF"))
        .unwrap();
    world.settle(&engine);
    world.left.create_as_user(thing("LOST")).unwrap();
    world.right.fail_next(CallKind::Write, Fault::AnswerLost);
    world.settle(&engine);
    let mut told: BTreeMap<RecordId, RecordId> = BTreeMap::new();
    for entry in world.audit() {
        let links = matches!(entry.event, AuditEvent::Linked | AuditEvent::Created { .. });
        if let (true, Some(left), Some(right)) = (links, entry.ids.left, entry.ids.right) {
            told.insert(left, right);
        }
    }
    let stored = world.links().into_iter().map(|link| {
        let ids = link.content.ids;
        (ids.left.unwrap(), ids.right.unwrap())
    });
    assert_eq!(told, stored.collect());
}

#[test]
fn a_failed_write_says_whether_it_may_have_been_done() {
    for (fault, may) in [
        (Fault::AnswerLost, true),
        (
            Fault::Refused(sync_core::EndpointErrorKind::RateLimited),
            false,
        ),
    ] {
        let world = World::new();
        let engine = world.engine();
        let (left, _) = world.pair(&engine, "C1");
        world.right.fail_next(CallKind::Write, fault);
        world.left.edit_as_user(left, set("phone", "111")).unwrap();
        world.settle(&engine);
        let failed = world.events().into_iter().find_map(|event| match event {
            AuditEvent::WriteFailed {
                side,
                may_have_been_applied,
                ..
            } => Some((side, may_have_been_applied)),
            _ => None,
        });
        assert_eq!(failed, Some((Side::Right, may)));
    }
}
