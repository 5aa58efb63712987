//! The first meeting of two systems that are both full.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::FutureExt;
use sync_core::{
    AuditEvent, Cause, CreateRule, Engine, Error, FirstSyncPlan, KeyRule, ParkReason, PlanEntry,
    PlanProgress, PlannedAction, RecordId, Side, Tick, Value, Verdict,
    testing::{CallKind, Fault},
};

use crate::{
    store_spy::{SpyStore, Trouble},
    world::{Setup, World, account, block_on, crm, erp, set, text, thing},
};

fn quiet(_: PlanProgress) {}

pub(crate) fn gated(change: impl FnOnce(&mut Setup)) -> World {
    World::with(|setup| {
        setup.settings.first_sync = sync_core::FirstSyncGate::ApprovedPlan;
        change(setup);
    })
}

pub(crate) fn plan(world: &World, engine: &Engine) -> FirstSyncPlan {
    block_on(engine.plan_first_sync(world.flow_name(), &quiet)).unwrap()
}

/// All entries, read a few at a time.
fn entries(plan: &FirstSyncPlan) -> Vec<PlanEntry> {
    let mut entries = Vec::new();
    let mut page = None;
    loop {
        let read = block_on(plan.entries(page.as_ref(), 7)).unwrap();
        assert!(read.entries.len() <= 7);
        entries.extend(read.entries);
        match read.next {
            Some(next) => page = Some(next),
            None => return entries,
        }
    }
}

pub(crate) fn apply(world: &World, engine: &Engine, hash: &str) -> Result<FirstSyncPlan, Error> {
    let applied = engine.apply_first_sync(world.flow_name(), hash, &quiet);
    applied.now_or_never().expect("hung")
}

/// One of each kind of thing that a plan can say.
fn fill(world: &World) {
    let left = |code: &str, change: &[(&str, &str)]| {
        let mut fields = thing(code);
        for (field, value) in change {
            fields.set(*field, *value);
        }
        world.left.create_as_user(fields).unwrap();
    };
    let right = |name: &str, change: &[(&str, &str)]| {
        let mut fields = account(name);
        for (field, value) in change {
            fields.set(*field, *value);
        }
        world.right.create_as_user(fields).unwrap();
    };
    // Agree but for the code, which the left side owns.
    left(
        "SAME",
        &[("name", "Same"), ("phone", "0456"), ("city", "Paris")],
    );
    right("Same", &[("VAT", "FRSAME"), ("X_Code", "SAME")]);
    // Match and differ.
    left("DIFF", &[]);
    right("Different", &[("VAT", "FRDIFF")]);
    // Alone.
    left("NEWL", &[]);
    right("New right", &[]);
    // One left, two rights.
    left("AMBI", &[]);
    right("Ambi one", &[("VAT", "FRAMBI")]);
    right("Ambi two", &[("VAT", "FRAMBI")]);
    // Two lefts that look the same.
    left("DUP1", &[("vat", "FRDUP")]);
    left("DUP2", &[("vat", "FRDUP")]);
    // Names a partner that does not exist.
    right("Dangling", &[("X_Code", "NOBODY")]);
    // Cannot be carried over.
    right(&"Long".repeat(20), &[]);
    // So that stamps are not those of this very moment.
    world.later(600);
}

#[test]
fn nothing_runs_before_a_plan_was_approved() {
    let world = gated(|_| {});
    let engine = world.engine();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    world.hint(&engine, Side::Left, left);
    for _ in 0..5 {
        assert!(matches!(
            block_on(engine.tick()).unwrap(),
            Tick::Idle { next_due: None }
        ));
        block_on(engine.poll_due());
        world.later(61);
    }
    assert!(!block_on(engine.status()).unwrap()[0].approved);
    assert_eq!(world.left.traffic().calls(), 0);
    assert!(world.right.is_empty());

    let hash = plan(&world, &engine).hash();
    apply(&world, &engine, &hash).unwrap();
    world.settle(&engine);
    assert_eq!(world.right.len(), 1);
    // A restart remembers.
    assert!(block_on(world.engine().status()).unwrap()[0].approved);
}

#[test]
fn a_plan_tells_all_kinds_apart_and_writes_nothing() {
    let world = gated(|_| {});
    fill(&world);
    let engine = world.engine();
    let progress = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&progress);
    let plan = block_on(engine.plan_first_sync(world.flow_name(), &move |step| {
        told.lock().unwrap().push(step);
    }))
    .unwrap();
    assert_eq!((plan.listed.left, plan.listed.right), (6, 7));
    let summary = plan.summary();
    assert_eq!(summary.link, 1, "{plan:#?}");
    assert_eq!(summary.update, 1);
    assert_eq!((summary.create.left, summary.create.right), (1, 1));
    assert_eq!(summary.ambiguous, 3);
    assert_eq!(summary.duplicate, 2);
    assert_eq!(summary.problem, 2);
    assert_eq!((summary.skip, summary.already_linked), (0, 0));
    // NEWL on the right; on the left the new record; DIFF is changed on the right only.
    assert_eq!((plan.write_calls.left, plan.write_calls.right), (1, 1));

    let entries = entries(&plan);
    assert_eq!(entries.len() as u64, summary.total());
    let update = entries.iter();
    let mut update = update.filter(|entry| entry.action == PlannedAction::Update);
    let name = update.next().unwrap().differences.iter();
    let name = name
        .filter(|difference| difference.field.as_str() == "name")
        .collect::<Vec<_>>();
    assert_eq!(name.len(), 1);
    assert_eq!(name[0].left, text("Name of DIFF"));
    assert_eq!(name[0].right, text("Different"));
    assert_eq!(name[0].result, Some(text("Name of DIFF")));
    assert_eq!(name[0].verdict, Verdict::AdoptedFrom(Side::Left));

    assert_eq!(world.rows_written(), 0);
    assert!(world.links().is_empty() && world.audit().is_empty());
    assert_eq!(world.queued(), 0);
    let progress = progress.lock().unwrap();
    assert_eq!(progress.last(), Some(&PlanProgress::Listed(Side::Right, 7)));
}

#[test]
fn applying_a_plan_does_what_it_says_and_no_more() {
    let world = gated(|_| {});
    fill(&world);
    let engine = world.engine();
    let hash = plan(&world, &engine).hash();
    apply(&world, &engine, &hash).unwrap();
    let report = world.settle(&engine);
    assert_eq!((report.created.left, report.created.right), (1, 1));
    assert_eq!((world.left.len(), world.right.len()), (7, 8));
    assert_eq!(world.links().len(), 4);
    world.assert_agreement();
    let diff = world.partner(Side::Left, &RecordId::from("DIFF")).unwrap();
    assert_eq!(world.right.value(diff, "Name"), text("Name of DIFF"));

    let reasons = world.parked().into_iter();
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for job in reasons {
        let kind = match job.parked.reason {
            ParkReason::Ambiguous { .. } => "ambiguous",
            ParkReason::DanglingKey { .. } => "dangling",
            ParkReason::Unmappable { .. } => "unmappable",
            other => panic!("{other:?}"),
        };
        *kinds.entry(kind).or_default() += 1;
    }
    // Three of the ambiguous group, two copies.
    let expected = BTreeMap::from([("ambiguous", 5), ("dangling", 1), ("unmappable", 1)]);
    assert_eq!(kinds, expected);

    let second = plan(&world, &engine).summary();
    assert_eq!(second.already_linked, 4);
    assert_eq!((second.link, second.update, second.skip), (0, 0, 0));
    assert_eq!((second.create.left, second.create.right), (0, 0));
    assert_eq!((second.ambiguous, second.duplicate), (3, 2));
    assert_eq!(second.problem, 2);
}

#[test]
fn a_plan_has_one_hash_until_it_would_do_something_else() {
    let world = gated(|_| {});
    fill(&world);
    let first = plan(&world, &world.engine()).hash();
    assert_eq!(plan(&world, &world.engine()).hash(), first);
    let mut hashes = vec![first];
    let mut changed = |world: &World, what: &str| {
        let hash = plan(world, &world.engine()).hash();
        assert!(!hashes.contains(&hash), "{what}");
        hashes.push(hash);
    };
    world
        .left
        .edit_as_user("DIFF", set("phone", "31415"))
        .unwrap();
    changed(&world, "a value that would be written");
    let diff = world.right.all_records().into_iter();
    let mut diff = diff.filter(|record| record.fields.get("Name") == Some(&text("Different")));
    let diff = diff.next().unwrap().id;
    world
        .right
        .edit_as_user(diff, set("Name", "Edited meanwhile"))
        .unwrap();
    changed(&world, "a value that would be overwritten");
    world.left.create_as_user(thing("EXTRA")).unwrap();
    changed(&world, "a record that would be created");
    world.left.delete_as_user("NEWL").unwrap();
    changed(&world, "a record that is gone");
}

#[test]
fn a_stale_plan_is_refused_and_nothing_is_done() {
    let world = gated(|_| {});
    fill(&world);
    let engine = world.engine();
    let approved = plan(&world, &engine).hash();
    world.left.create_as_user(thing("EXTRA")).unwrap();
    let refused = apply(&world, &engine, &approved);
    let Err(Error::StalePlan { current, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_ne!(current, approved);
    assert!(world.links().is_empty() && world.audit().is_empty());
    assert_eq!((world.queued(), world.parked().len()), (0, 0));
    assert_eq!(world.rows_written(), 0);
    assert!(!block_on(engine.status()).unwrap()[0].approved);
    apply(&world, &engine, &current).unwrap();
}

#[test]
fn a_listing_that_breaks_off_is_not_planned_with() {
    let world = gated(|setup| setup.right = crm(&setup.clock).page_size(2));
    fill(&world);
    let engine = world.engine();
    let mut calls = 0;
    world.right.before_calls(move |call| {
        calls += u32::from(call.kind == CallKind::List);
        (calls == 3).then_some(Fault::AnswerLost)
    });
    let planned = block_on(engine.plan_first_sync(world.flow_name(), &quiet));
    assert!(matches!(
        planned,
        Err(Error::Side {
            side: Side::Right,
            ..
        })
    ));
}

#[test]
fn an_apply_that_is_interrupted_anywhere_is_taken_up_by_a_new_plan() {
    let mut finished = false;
    for step in 0.. {
        if finished {
            break;
        }
        for trouble in [Trouble::DiesBefore, Trouble::DiesAfter] {
            let world = gated(|_| {});
            fill(&world);
            let hash = plan(&world, &world.engine()).hash();
            let mut calls = 0;
            let spy = SpyStore::new(Arc::clone(&world.store), move |_| {
                calls += 1;
                (calls == step + 1).then_some(trouble)
            });
            let dying = world.engine_on(spy);
            let applied = dying.apply_first_sync(world.flow_name(), &hash, &quiet);
            finished = applied.now_or_never().is_some();
            drop(dying);
            world.later(300);
            let engine = world.engine();
            let approved = block_on(engine.status()).unwrap()[0].approved;
            assert!(finished || trouble == Trouble::DiesAfter || !approved);
            let again = plan(&world, &engine).hash();
            apply(&world, &engine, &again).unwrap();
            world.settle(&engine);
            assert_eq!((world.left.len(), world.right.len()), (7, 8), "step {step}");
            assert_eq!(world.links().len(), 4, "step {step} {trouble:?}");
            world.assert_agreement();
            assert_eq!(world.parked().len(), 7, "step {step} {trouble:?}");
            let bases = world.links().into_iter();
            assert!(
                bases
                    .map(|link| link.content.base)
                    .all(|base| base.is_some())
            );
        }
    }
}

#[test]
fn copies_stay_for_a_person_to_decide_on() {
    let world = gated(|_| {});
    fill(&world);
    let engine = world.engine();
    let hash = plan(&world, &engine).hash();
    apply(&world, &engine, &hash).unwrap();
    world.drain(&engine);
    // The copies were modified last, so the feeds begin with them.
    world.settle(&engine);
    let report = plan(&world, &engine).summary();
    assert_eq!(report.duplicate, 2);
    // A touch does not decide it; a person who asks for it does.
    world.left.edit_as_user("DUP1", set("phone", "1")).unwrap();
    world.settle(&engine);
    let copy = RecordId::from("DUP1");
    assert_eq!(world.partner(Side::Left, &copy), None);
    block_on(engine.replay(&[world.key(Side::Left, "DUP1")])).unwrap();
    world.settle(&engine);
    assert!(world.partner(Side::Left, &copy).is_some());
}

#[test]
fn a_change_while_the_listing_runs_is_not_lost() {
    for minutes in [-30, 0, 30] {
        let world = gated(|setup| {
            let skew = jiff::SignedDuration::from_mins(minutes);
            setup.left = erp(&setup.clock).clock_ahead(skew).page_size(1);
        });
        for n in 0..6 {
            let code = format!("C{n}");
            world.left.create_as_user(thing(&code)).unwrap();
            let fields = account("Other").with("VAT", format!("FRC{n}"));
            world.right.create_as_user(fields).unwrap();
        }
        world.later(86_400);
        let engine = world.engine();
        let hash = plan(&world, &engine).hash();
        // Listing takes an hour. C0 is changed right after it was listed, C5 right before.
        let (system, clock) = (world.left.clone(), world.clock.clone());
        let mut listed = 0;
        world.left.before_calls(move |call| {
            if call.kind == CallKind::List {
                listed += 1;
                if listed == 2 {
                    system.edit_as_user("C0", set("phone", "changed")).unwrap();
                }
                if listed == 6 {
                    // Touched without a change of what the plan says.
                    system.edit_as_user("C5", set("memo", "x")).unwrap();
                }
                clock.advance(Duration::from_secs(600));
            }
            None
        });
        apply(&world, &engine, &hash).unwrap();
        world.left.leave_calls_alone();
        // The look that the plan queued may have come before the change was visible; the feeds must know of it.
        let feed = sync_core::testing::FakeSystem::modified_feed();
        let mut queued = 0;
        loop {
            let polled = engine.poll(world.flow_name(), Side::Left, &feed);
            let polled = block_on(polled).unwrap();
            queued += polled.queued;
            if !polled.more {
                break;
            }
        }
        assert!(queued >= 2, "{minutes} minutes: {queued}");
        world.settle(&engine);
        let partner = world.partner(Side::Left, &RecordId::from("C0")).unwrap();
        assert_eq!(world.right.value(partner, "Phone"), text("changed"));
    }
}

#[test]
fn records_that_a_rule_leaves_alone_are_skipped() {
    let world = gated(|setup| {
        setup.policy.create.right = CreateRule::When {
            row: "active".into(),
            equals: Value::Boolean(true),
        };
        setup.policy.create.left = CreateRule::Never;
    });
    let asleep = thing("C1").with("active", false);
    world.left.create_as_user(asleep).unwrap();
    world.left.create_as_user(thing("C2")).unwrap();
    world.right.create_as_user(account("Globex")).unwrap();
    let engine = world.engine();
    let summary = plan(&world, &engine).summary();
    assert_eq!((summary.skip, summary.create.right), (2, 1));
}

#[test]
fn two_records_that_name_one_partner_are_ambiguous() {
    let world = gated(|setup| {
        setup.right = crm(&setup.clock).fields(["Code2"]);
        setup.keys.right = KeyRule::plain("Code2");
        setup.policy.create.right = CreateRule::Never;
    });
    world.left.create_as_user(thing("C1")).unwrap();
    for name in ["One", "Two"] {
        let fields = account(name).with("Code2", "C1");
        world.right.create_as_user(fields).unwrap();
    }
    world.later(600);
    let engine = world.engine();
    let made = plan(&world, &engine);
    let summary = made.summary();
    assert_eq!((summary.ambiguous, summary.link, summary.update), (3, 0, 0));
    apply(&world, &engine, &made.hash()).unwrap();
    world.settle(&engine);
    assert!(world.links().is_empty());
    assert_eq!(world.parked().len(), 3);
}

#[test]
fn a_create_that_is_under_way_is_planned_by_what_it_is_about() {
    // The engine ran before (with the gate open) and was interrupted in a create.
    let open = World::new();
    open.left.create_as_user(thing("C1")).unwrap();
    open.right.fail_next(CallKind::Write, Fault::AnswerLost);
    open.round(&open.engine());
    assert_eq!(open.right.len(), 1);
    let engine = open.engine();
    let summary = plan(&open, &engine).summary();
    // The partner was made and carries the key, so there is nothing to create on either side.
    assert_eq!((summary.create.left, summary.create.right), (0, 0));
    assert_eq!(summary.link + summary.update, 1);
}

#[test]
fn thousands_of_records_that_look_the_same_make_no_monstrous_plan() {
    let world = gated(|setup| setup.matching.truncate(1));
    for n in 0..600 {
        let fields = thing(&format!("L{n:04}")).with("vat", "NONE");
        world.left.create_as_user(fields).unwrap();
    }
    for n in 0..100 {
        let fields = account(&format!("R{n}")).with("VAT", "NONE");
        world.right.create_as_user(fields).unwrap();
    }
    let engine = world.engine();
    let made = plan(&world, &engine);
    assert_eq!(made.summary().ambiguous, 700);
    for entry in &entries(&made) {
        let PlannedAction::Ambiguous { candidates } = &entry.action else {
            panic!("{entry:?}");
        };
        // Some of each side, whichever side the record is on.
        for side in Side::BOTH {
            let of_side = candidates.iter().filter(|(of, _)| *of == side);
            assert_eq!(of_side.count(), 50);
        }
    }
}

#[test]
fn effects_of_a_plan_say_so_in_the_audit() {
    let world = gated(|_| {});
    fill(&world);
    let engine = world.engine();
    let hash = plan(&world, &engine).hash();
    apply(&world, &engine, &hash).unwrap();
    let audit = world.audit();
    assert!(audit.iter().all(|entry| entry.cause == Cause::Plan));
    let linked = audit.iter();
    let linked = linked.filter(|entry| entry.event == AuditEvent::Linked);
    assert_eq!(linked.count(), 2);
    world.drain(&engine);
    let created = world.audit().into_iter();
    let mut created = created.filter(|entry| matches!(entry.event, AuditEvent::Created { .. }));
    assert!(created.all(|entry| entry.cause == Cause::Plan));
}

#[test]
fn a_big_first_meeting_takes_few_calls() {
    let world = gated(|setup| setup.matching.truncate(1));
    for n in 0..300 {
        world
            .left
            .create_as_user(thing(&format!("L{n:03}")))
            .unwrap();
        let fields = account(&format!("R{n:03}"));
        let fields = if n % 2 == 0 {
            fields.with("VAT", format!("FRL{n:03}"))
        } else {
            fields
        };
        world.right.create_as_user(fields).unwrap();
    }
    world.later(600);
    let engine = world.engine();
    let made = plan(&world, &engine);
    assert_eq!(made.summary().update, 150);
    assert_eq!(entries(&made).len(), 450);
    apply(&world, &engine, &made.hash()).unwrap();
    world.forget_traffic();
    world.drain(&engine);
    // 150 pairs to settle and 300 records to create: batches of a hundred, a look before and after.
    let (left, right) = (world.left.traffic(), world.right.traffic());
    assert!(left.calls() < 60, "{left:?}");
    assert!(right.calls() < 60, "{right:?}");
    world.settle(&engine);
    assert_eq!((world.left.len(), world.right.len()), (450, 450));
    world.assert_agreement();
}
