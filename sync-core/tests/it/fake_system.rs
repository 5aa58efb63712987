//! What tests rely on in the fake system itself.

use std::time::Duration;

use sync_core::{
    Change, ChangesRequest, Clock, Document, Endpoint, EndpointErrorKind, Key, RecordId, Value,
    Write, WriteError,
    testing::{CallKind, FakeSystem, Fault, ManualClock, RowFault},
};

use crate::world::{block_on, set, text};

fn create(key: &str) -> Write {
    Write::Create {
        key: Key {
            field: "code".into(),
            value: key.to_owned(),
        },
        fields: set("name", "Acme"),
    }
}

fn system(clock: &ManualClock) -> FakeSystem {
    FakeSystem::builder(clock.clone())
        .fields(["code", "name", "email"])
        .unique_ignoring_case("code")
        .unique("email")
        .required("name")
        .page_size(2)
        .build()
}

#[test]
fn a_second_create_with_a_key_makes_no_second_record() {
    let system = system(&ManualClock::new());
    let first = block_on(system.write(&[create("K1")])).remove(0).unwrap();
    let second = block_on(system.write(&[create("k1")])).remove(0);
    assert!(
        matches!(second, Err(WriteError::AlreadyExists { existing }) if existing == Some(first.id))
    );
    assert_eq!(system.len(), 1);
}

#[test]
fn rules_refuse_one_row_and_not_its_neighbours() {
    let system = system(&ManualClock::new());
    let nameless = Write::Create {
        key: Key {
            field: "code".into(),
            value: "K2".to_owned(),
        },
        fields: Document::new(),
    };
    let outcomes = block_on(system.write(&[create("K1"), nameless, create("K3")]));
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    let Err(WriteError::Rejected(rejection)) = &outcomes[1] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(rejection.field, Some("name".into()));
    assert!(
        system
            .create_as_user(set("name", "x").with("shoe_size", "9"))
            .is_err()
    );
}

#[test]
fn a_lost_answer_has_its_effect_and_a_refused_call_has_none() {
    let system = system(&ManualClock::new());
    system.fail_next(
        CallKind::Write,
        Fault::Refused(EndpointErrorKind::RateLimited),
    );
    system.fail_next(CallKind::Write, Fault::AnswerLost);
    let told = |outcomes: Vec<Result<_, WriteError>>| match &outcomes[0] {
        Err(WriteError::Call(error)) => error.may_have_been_applied,
        other => panic!("{other:?}"),
    };
    assert!(!told(block_on(system.write(&[create("K1")]))));
    assert!(system.is_empty());
    assert!(told(block_on(system.write(&[create("K1")]))));
    assert_eq!(system.len(), 1);
}

#[test]
fn row_faults_meet_the_rows_they_are_meant_for_so_many_times() {
    let system = system(&ManualClock::new());
    system.fail_rows("code", "K1", RowFault::Later { after: None }, 1);
    assert!(block_on(system.write(&[create("K1")]))[0].is_err());
    assert!(block_on(system.write(&[create("K1")]))[0].is_ok());
}

#[test]
fn feeds_page_through_equal_stamps_and_tell_deletions_apart() {
    let clock = ManualClock::new();
    let system = system(&clock);
    let ids: Vec<RecordId> = (0..5)
        .map(|n| system.create_as_user(set("name", format!("n{n}"))).unwrap())
        .collect();
    clock.advance(Duration::from_secs(1));
    let since = clock.now();
    system.delete_as_user(ids[4].clone()).unwrap();

    let mut request = ChangesRequest {
        feed: FakeSystem::modified_feed(),
        since: None,
        page: None,
    };
    let mut seen: Vec<RecordId> = Vec::new();
    loop {
        let page = block_on(system.changes(&request)).unwrap();
        assert!(page.changes.len() <= 2);
        seen.extend(page.changes.into_iter().map(|change| change.id));
        match page.next {
            Some(next) => request.page = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, ids[..4]);

    let deleted = ChangesRequest {
        feed: FakeSystem::deleted_feed(),
        since: Some(since),
        page: None,
    };
    let page = block_on(system.changes(&deleted)).unwrap();
    let expected = Change {
        id: ids[4].clone(),
        stamp: Some(since),
    };
    assert_eq!(page.changes, [expected]);
}

#[test]
fn an_edit_counts_as_a_change_even_when_it_changes_nothing() {
    let clock = ManualClock::new();
    let system = system(&clock);
    let id = system.create_as_user(set("name", "Acme")).unwrap();
    let before = system.record(id.clone()).unwrap().modified_at;
    clock.advance(Duration::from_secs(5));
    let write = Write::Update {
        id: id.clone(),
        fields: set("name", "Acme"),
        as_of: None,
    };
    assert!(block_on(system.write(&[write]))[0].is_ok());
    assert!(system.record(id).unwrap().modified_at > before);
    assert_eq!(system.traffic().unchanged_writes, 1);
}

#[test]
fn a_normalising_system_keeps_what_it_makes_of_a_value() {
    let system = FakeSystem::builder(ManualClock::new())
        .fields(["name"])
        .normalise("name", |value| match value.as_text() {
            Some(text) => Value::text(text.trim().to_uppercase()),
            None => value,
        })
        .build();
    let id = system.create_as_user(set("name", " acme ")).unwrap();
    assert_eq!(system.value(id, "name"), text("ACME"));
}

#[tokio::test]
async fn clones_are_one_system_and_a_clock_can_wait() {
    let clock = ManualClock::new();
    let system = system(&clock);
    let clone = system.clone();
    clone.create_as_user(set("name", "Acme")).unwrap();
    assert_eq!(system.len(), 1);
    let before = clock.now();
    clock.sleep(Duration::from_secs(7)).await;
    assert_eq!(clock.now(), before + Duration::from_secs(7));
}
