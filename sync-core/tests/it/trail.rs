//! What can be told from the audit alone.

use std::sync::Arc;

use sync_core::{
    AuditEvent, AuditQuery, Commit, DeleteRule, Document, Finish, LinkContent, MemoryStore, Side,
    Store, Verdict,
    testing::{CallKind, Fault},
};

use crate::world::{World, block_on, set, text, thing};

/// The links of the world, and those that an engine makes of nothing but its audit; as far as the audit tells.
fn links_and_rebuilt(world: &World) -> (Vec<LinkContent>, Vec<LinkContent>) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let trail = Commit {
        held: Vec::new(),
        link: None,
        finish: Finish::Done,
        wake: Vec::new(),
        audit: world.audit(),
    };
    block_on(store.commit(&world.connection, world.flow_name(), &[trail], world.time())).unwrap();
    let engine = world.engine_on(Arc::clone(&store));
    block_on(engine.rebuild(world.flow_name())).unwrap();
    let all = |links: Vec<sync_core::Link>| {
        let contents = links.into_iter().map(|link| link.content);
        let mut contents: Vec<LinkContent> = contents
            .filter(|content| content.bound().is_some())
            .map(|content| LinkContent {
                ids: content.ids,
                detached: content.detached,
                base: content.base,
                ..LinkContent::default()
            })
            .collect();
        contents.sort_by_key(|content| content.ids.left.clone());
        contents
    };
    let links = store.all_links(&world.connection, world.flow_name(), None, 10_000);
    (all(world.links()), all(block_on(links).unwrap()))
}

pub(crate) fn assert_rebuildable(world: &World) {
    let (links, rebuilt) = links_and_rebuilt(world);
    assert_eq!(links, rebuilt);
}

#[test]
fn links_and_bases_are_rebuilt_from_the_audit_alone() {
    let world = World::with(|setup| {
        setup.policy.deleted.left = DeleteRule::Deactivate(set("active", false));
        setup.policy.deleted.right = DeleteRule::Unlink;
    });
    let engine = world.engine();
    for number in 0..6 {
        world
            .left
            .create_as_user(thing(&format!("C{number}")))
            .unwrap();
    }
    world.right.create_as_user(set("Name", "Nora")).unwrap();
    let twin = set("Name", "x").with("VAT", "FRC9").with("City", "Lyon");
    world.right.create_as_user(twin).unwrap();
    world.left.create_as_user(thing("C9")).unwrap();
    world.settle(&engine);
    assert_rebuildable(&world);
    let right = |code: &str| world.partner(Side::Left, &code.into()).unwrap();
    // Edits of one side, of both, to the same, in conflict, of which one side's answer is lost or refused.
    world.left.edit_as_user("C0", set("phone", "1")).unwrap();
    world
        .right
        .edit_as_user(right("C0"), set("City", "Nice"))
        .unwrap();
    world.left.edit_as_user("C1", set("phone", "2")).unwrap();
    world
        .right
        .edit_as_user(right("C1"), set("Phone", "2"))
        .unwrap();
    world.left.edit_as_user("C2", set("vat", "A")).unwrap();
    world
        .right
        .edit_as_user(right("C2"), set("VAT", "B"))
        .unwrap();
    world.left.edit_as_user("C2", set("phone", "3")).unwrap();
    world.right.fail_next(CallKind::Write, Fault::AnswerLost);
    world.round(&engine);
    world.settle(&engine);
    assert_rebuildable(&world);
    let (gone, kept) = (right("C4"), right("C3"));
    world.left.delete_as_user("C3").unwrap();
    world.right.delete_as_user(gone).unwrap();
    world.left.delete_as_user("C5").unwrap();
    world.right.delete_as_user(right("C5")).unwrap();
    world.settle(&engine);
    assert_rebuildable(&world);
    world.left.restore_as_user("C3").unwrap();
    world.settle(&engine);
    assert_eq!(world.right.value(kept, "Active"), true.into());
    assert_rebuildable(&world);
}

#[test]
fn what_is_there_already_is_left_as_it_is() {
    let world = World::new();
    let engine = world.engine();
    world.pair(&engine, "C1");
    let before = world.links();
    let rebuilt = block_on(engine.rebuild(world.flow_name())).unwrap();
    assert_eq!((rebuilt.links, rebuilt.kept), (0, 1));
    assert_eq!(world.links(), before);
}

#[test]
fn a_rebuilt_store_goes_on_as_if_nothing_had_happened() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set("phone", "1"))
        .unwrap();
    world.settle(&engine);
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let trail = Commit {
        held: Vec::new(),
        link: None,
        finish: Finish::Done,
        wake: Vec::new(),
        audit: world.audit(),
    };
    block_on(store.commit(&world.connection, world.flow_name(), &[trail], world.time())).unwrap();
    // While the store was lost both sides were edited: no edit is mistaken for the older value.
    world
        .left
        .edit_as_user(left.clone(), set("city", "Nice"))
        .unwrap();
    world
        .right
        .edit_as_user(right.clone(), set("Phone", "2"))
        .unwrap();
    let engine = world.engine_on(store);
    block_on(engine.rebuild(world.flow_name())).unwrap();
    block_on(engine.sweep(world.flow_name())).unwrap();
    world.drain(&engine);
    assert_eq!(world.right.value(right, "City"), text("Nice"));
    assert_eq!(world.left.value(left, "phone"), text("2"));
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
}

#[test]
fn why_a_value_is_where_it_is() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set("phone", "1"))
        .unwrap();
    world.settle(&engine);
    world
        .right
        .edit_as_user(right.clone(), set("Phone", "2"))
        .unwrap();
    world.settle(&engine);
    let flow = world.flow_name();
    let why = block_on(engine.explain(flow, Side::Left, &left, &"phone".into())).unwrap();
    let newest = &why[0].entry;
    assert_eq!(newest.fields[0].verdict, Verdict::RightChanged);
    assert_eq!(newest.agreed, set("phone", "2"));
    assert!(matches!(
        newest.event,
        AuditEvent::Updated {
            side: Side::Left,
            ..
        }
    ));
    assert!(newest.sent.is_some());
    // Down to how it came there first.
    let first = &why.last().unwrap().entry;
    assert!(
        matches!(
            first.event,
            AuditEvent::Created {
                side: Side::Right,
                ..
            }
        ),
        "{first:?}"
    );
    assert_eq!(first.agreed.get("phone"), Some(&text("0123")));
    let other = block_on(engine.explain(flow, Side::Right, &right, &"memo".into())).unwrap();
    assert!(other.len() <= 1);
}

#[test]
fn a_range_of_the_audit_can_be_replayed_and_changes_nothing() {
    let world = World::new();
    let engine = world.engine();
    world.pair(&engine, "C1");
    let query = AuditQuery {
        limit: 1000,
        ..AuditQuery::default()
    };
    let last = block_on(engine.audit(&query))
        .unwrap()
        .last()
        .unwrap()
        .sequence;
    world.pair(&engine, "C2");
    world.forget_traffic();
    let flow = world.flow_name();
    assert_eq!(
        block_on(engine.replay_range(flow, Some(last), None)).unwrap(),
        1
    );
    let report = world.drain(&engine);
    assert_eq!((report.looked_at, world.rows_written()), (1, 0));
    assert_eq!(
        block_on(engine.replay_range(flow, None, Some(last))).unwrap(),
        1
    );
    assert_eq!(world.drain(&engine).looked_at, 1);
    let _ = Document::new();
}
