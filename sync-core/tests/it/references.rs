//! Records that refer to records of another flow: contacts of things, orders with lines.

use std::sync::Arc;

use sync_core::{
    ConflictRule, CreateRule, Direction, Document, Engine, Flow, FlowName, Identity, JobKey,
    KeyRule, Kind, Lines, Mapping, MatchRule, ParkReason, Policy, RecordId, References, Row, Side,
    Sides, Value,
    testing::{CallKind, FakeSystem, Fault},
};

use crate::world::{World, block_on, set, text, thing};

/// The flow of things, and one of contacts that refer to them.
struct Family {
    world: World,
    left: FakeSystem,
    right: FakeSystem,
    flow: Flow,
}

fn thing_of(row: &str, left: &str, right: &str) -> Row {
    let flow = FlowName::from("things");
    Row::new(row, left, right, Kind::Reference { flow }).rule(ConflictRule::Left)
}

impl Family {
    fn new() -> Self {
        Self::with(|_, _| {})
    }

    fn with(change: impl FnOnce(&mut World, &mut Vec<Row>)) -> Self {
        let mut world = World::new();
        let mut rows = vec![
            Row::new("code", "code", "X_Code", Kind::Code).direction(Direction::ToRight),
            Row::new("name", "name", "Name", Kind::Text).rule(ConflictRule::Left),
            thing_of("thing", "thing", "Thing"),
        ];
        change(&mut world, &mut rows);
        let left = FakeSystem::builder(world.clock.clone())
            .fields(["code", "name", "thing", "lines"])
            .ids_from("code")
            .build();
        let right = FakeSystem::builder(world.clock.clone())
            .fields(["X_Code", "Name", "Thing", "Lines"])
            .unique("X_Code")
            .first_id(700)
            .build();
        let flow = Flow {
            name: FlowName::from("contacts"),
            endpoints: Sides::new(Arc::new(left.clone()), Arc::new(right.clone())),
            mapping: Mapping::new(rows).unwrap(),
            identity: Identity {
                keys: Sides::new(KeyRule::compact("code", "Z"), KeyRule::plain("X_Code")),
                matching: vec![MatchRule::on(["name"])],
            },
            policy: Policy::default(),
        };
        Self {
            world,
            left,
            right,
            flow,
        }
    }

    /// Contacts come first, so that they are looked at before their parents.
    fn engine(&self) -> Engine {
        let store = Arc::clone(&self.world.store);
        let clock = Arc::new(self.world.clock.clone());
        Engine::builder(self.world.connection.clone(), store, clock)
            .flow(self.flow.clone())
            .flow(self.world.flow.clone())
            .settings(self.world.settings.clone())
            .build()
            .unwrap()
    }

    fn waiting(&self) -> Vec<ParkReason> {
        let parked = self
            .world
            .store
            .parked(&self.world.connection, &self.flow.name, None, 100);
        let parked = block_on(parked).unwrap().into_iter();
        parked.map(|job| job.parked.reason).collect()
    }

    fn run(&self, engine: &Engine) {
        self.world.settle(engine);
    }
}

fn contact(code: &str, thing: &str) -> Document {
    set("code", code)
        .with("name", format!("Name of {code}"))
        .with("thing", thing)
}

#[test]
fn a_reference_is_carried_over_as_the_partners_identity() {
    let family = Family::new();
    let engine = family.engine();
    let (left, right) = family.world.pair(&engine, "C1");
    family.left.create_as_user(contact("P1", "C1")).unwrap();
    family.run(&engine);
    let made = family.right.all_records();
    assert_eq!(made.len(), 1);
    assert_eq!(
        made[0].fields.get("Thing"),
        Some(&Value::Reference(right.clone()))
    );
    // And back: a contact that is made on the right names the left thing.
    let new = Document::new()
        .with("Name", "Nora")
        .with("Thing", right.as_str());
    family.right.create_as_user(new).unwrap();
    family.run(&engine);
    let nora = family.left.records_with("name", &text("Nora"));
    assert_eq!(nora[0].fields.get("thing"), Some(&Value::Reference(left)));
    assert!(family.waiting().is_empty());
}

#[test]
fn a_changed_reference_reaches_the_other_side() {
    let family = Family::new();
    let engine = family.engine();
    family.world.pair(&engine, "C1");
    let (_, second) = family.world.pair(&engine, "C2");
    family.left.create_as_user(contact("P1", "C1")).unwrap();
    family.run(&engine);
    family.left.edit_as_user("P1", set("thing", "C2")).unwrap();
    family.run(&engine);
    let contact = &family.right.all_records()[0];
    assert_eq!(contact.fields.get("Thing"), Some(&Value::Reference(second)));
    family.right.forget_traffic();
    family.left.forget_traffic();
    family.run(&engine);
    assert_eq!(
        family.right.traffic().rows_written + family.left.traffic().rows_written,
        0
    );
}

#[test]
fn a_record_waits_for_its_parent_and_is_woken_by_it() {
    let family = Family::new();
    let engine = family.engine();
    // The parent cannot be made for now.
    family.world.right.fail_rows(
        "X_Code",
        "C1",
        sync_core::testing::RowFault::Later { after: None },
        1,
    );
    family.left.create_as_user(contact("P1", "C1")).unwrap();
    family.world.left.create_as_user(thing("C1")).unwrap();
    family.world.round(&engine);
    let parent = JobKey {
        flow: FlowName::from("things"),
        side: Side::Left,
        id: RecordId::from("C1"),
    };
    assert_eq!(family.waiting(), [ParkReason::WaitingFor { parent }]);
    assert!(family.right.is_empty());
    family.run(&engine);
    assert!(family.waiting().is_empty());
    assert_eq!(family.right.len(), 1);
}

#[test]
fn a_parent_that_nobody_told_of_is_asked_for() {
    let family = Family::new();
    let engine = family.engine();
    family.world.left.create_as_user(thing("C1")).unwrap();
    // The parent's feed never works; the contact names it all the same.
    let contact = family.left.create_as_user(contact("P1", "C1")).unwrap();
    let hint = sync_core::Hint {
        key: JobKey {
            flow: family.flow.name.clone(),
            side: Side::Left,
            id: contact,
        },
        cause: sync_core::Cause::Webhook,
    };
    block_on(engine.ingest(&[hint])).unwrap();
    family.world.drain(&engine);
    assert_eq!((family.world.right.len(), family.right.len()), (1, 1));
    assert!(family.waiting().is_empty());
}

#[test]
fn two_records_that_wait_for_each_other_keep_nobody_busy() {
    let family = Family::with(|world, _| {
        let rows = crate::world::rows().into_iter();
        let rows = rows.chain([thing_of("parent", "memo2", "Memo2")]);
        world.left = crate::world::erp(&world.clock).fields(["memo2"]).build();
        world.right = crate::world::crm(&world.clock).fields(["Memo2"]).build();
        world.flow.endpoints =
            Sides::new(Arc::new(world.left.clone()), Arc::new(world.right.clone()));
        world.flow.mapping = Mapping::new(rows.collect()).unwrap();
    });
    let engine = family.engine();
    for (code, parent) in [("C1", "C2"), ("C2", "C1")] {
        let record = thing(code).with("memo2", parent);
        family.world.left.create_as_user(record).unwrap();
    }
    family.run(&engine);
    assert_eq!(family.world.parked().len(), 2);
    // A person breaks the circle.
    family
        .world
        .left
        .edit_as_user("C1", set("memo2", Value::Null))
        .unwrap();
    family.run(&engine);
    assert!(family.world.parked().is_empty());
    assert_eq!(family.world.right.len(), 2);
}

#[test]
fn a_parent_that_is_linked_while_its_dependant_is_parked_wakes_it() {
    let family = Family::new();
    let engine = family.engine();
    family.world.left.create_as_user(thing("C1")).unwrap();
    family.left.create_as_user(contact("P1", "C1")).unwrap();
    // Whatever happens to the parent happens while the contact is read.
    let parents = family.engine();
    let mut done = false;
    family.left.before_calls(move |call| {
        if call.kind == CallKind::Read && !done {
            done = true;
            let hint = sync_core::Hint {
                key: JobKey {
                    flow: FlowName::from("things"),
                    side: Side::Left,
                    id: RecordId::from("C1"),
                },
                cause: sync_core::Cause::Webhook,
            };
            block_on(parents.ingest(&[hint])).unwrap();
            block_on(parents.drain()).unwrap();
        }
        None::<Fault>
    });
    family.run(&engine);
    assert!(family.waiting().is_empty());
    assert_eq!(family.right.len(), 1);
}

fn order_lines() -> Row {
    let columns = Mapping::new(vec![
        Row::new("item", "product", "Product", Kind::Code),
        Row::new("quantity", "qty", "Quantity", Kind::Decimal { scale: 2 }),
        thing_of("for", "for", "For"),
    ])
    .unwrap();
    Row::new("lines", "lines", "Lines", Kind::Lines(Lines::new(columns)))
        .direction(Direction::CreateOnly)
        .required(Side::Right)
}

fn line(item: &str, quantity: i64, thing: &str) -> Document {
    set("product", item)
        .with("qty", Value::Decimal(quantity.into()))
        .with("for", thing)
}

#[test]
fn lines_are_carried_over_with_what_they_refer_to() {
    let family = Family::with(|_, rows| rows.push(order_lines()));
    let engine = family.engine();
    let (_, right) = family.world.pair(&engine, "C1");
    let order = contact("P1", "C1").with("lines", vec![line("bike", 2, "C1"), line("bell", 1, "")]);
    family.left.create_as_user(order).unwrap();
    family.run(&engine);
    let made = &family.right.all_records()[0];
    let first = set("Product", "BIKE")
        .with("Quantity", Value::Decimal(2.into()))
        .with("For", Value::Reference(right));
    let second = set("Product", "BELL")
        .with("Quantity", Value::Decimal(1.into()))
        .with("For", Value::Null);
    assert_eq!(
        made.fields.get("Lines"),
        Some(&Value::from(vec![first, second]))
    );
}

#[test]
fn a_line_that_refers_to_what_is_not_there_yet_waits_as_a_whole() {
    let family = Family::with(|_, rows| rows.push(order_lines()));
    let engine = family.engine();
    let order = contact("P1", "").with("lines", vec![line("bike", 2, "C1")]);
    family.left.create_as_user(order).unwrap();
    family.run(&engine);
    assert!(matches!(
        family.waiting()[..],
        [ParkReason::WaitingFor { .. }]
    ));
    family.world.left.create_as_user(thing("C1")).unwrap();
    family.run(&engine);
    assert!(family.waiting().is_empty());
    assert_eq!(family.right.len(), 1);
}

#[test]
fn a_record_without_what_its_partner_needs_is_parked_with_that_reason() {
    let family = Family::with(|_, rows| rows.push(order_lines()));
    let engine = family.engine();
    let order = contact("P1", "").with("lines", Value::List(Vec::new()));
    family.left.create_as_user(order).unwrap();
    family.run(&engine);
    let [ParkReason::Unmappable { field, message }] = &family.waiting()[..] else {
        panic!("{:?}", family.waiting());
    };
    assert_eq!(field.as_str(), "lines");
    assert!(message.contains("empty"), "{message}");
}

#[test]
fn an_engine_without_the_parents_flow_is_refused() {
    let family = Family::new();
    let store = Arc::clone(&family.world.store);
    let clock = Arc::new(family.world.clock.clone());
    let built = Engine::builder("test", store, clock)
        .flow(family.flow.clone())
        .build();
    let message = built.unwrap_err().to_string();
    assert!(
        message.contains("contacts") && message.contains("things"),
        "{message}"
    );
}

#[test]
fn a_first_sync_plan_says_which_records_wait_for_others() {
    let family = Family::new();
    let engine = family.engine();
    family.world.left.create_as_user(thing("C1")).unwrap();
    family.left.create_as_user(contact("P1", "C1")).unwrap();
    let plan = block_on(engine.plan_first_sync(&family.flow.name, &|_| {})).unwrap();
    assert_eq!(plan.summary().problem, 1);
    family.world.pair(&engine, "C2");
    let plan = block_on(engine.plan_first_sync(&family.flow.name, &|_| {})).unwrap();
    assert_eq!(
        plan.summary().create.right,
        0,
        "the contact is there by now"
    );
}

#[test]
fn references_read_back_as_they_were_written() {
    let mapping = Mapping::new(vec![thing_of("thing", "thing", "Thing")]).unwrap();
    let mut references = References::new();
    let flow = FlowName::from("things");
    references.insert(&flow, Sides::new(&"C1".into(), &"77".into()));
    let document = mapping
        .project_with(Side::Right, &set("Thing", "77"), &references)
        .unwrap();
    assert_eq!(document, set("thing", Value::Reference("C1".into())));
    let record = mapping
        .render_with(Side::Right, &document, &references)
        .unwrap();
    assert_eq!(record, set("Thing", Value::Reference("77".into())));
    let unknown = mapping
        .project_with(Side::Right, &set("Thing", "78"), &references)
        .unwrap_err();
    assert_eq!(unknown.missing.unwrap().id.as_str(), "78");
}

#[test]
fn a_key_that_is_only_looked_up_must_be_chosen_by_name() {
    let family = Family::new();
    let mut flow = family.flow.clone();
    flow.identity.keys.right = KeyRule::plain("Name");
    assert!(flow.check().is_err());
    flow.identity.keys.right = KeyRule::plain("Name").look_up_only();
    flow.check().unwrap();
    flow.policy.create.right = CreateRule::WhenOneOf {
        row: "stage".into(),
        values: vec!["won".into()],
    };
    assert!(flow.check().unwrap_err().to_string().contains("stage"));
}
