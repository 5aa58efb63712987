//! Texts written by hand. They stand for databases in the field: they must keep their meaning for ever.

use std::{fmt, str::FromStr};

use serde_json::{Value as Json, json};

use super::super::*;
use crate::{
    AuditEvent, Document, FieldDecision, Intent, JobKey, Key, ParkReason, Planned, Rejection,
    Replaces, Side, Sides, Value, Verdict,
};

fn golden(name: &str) -> Json {
    let all: Json = serde_json::from_str(include_str!("../v1.golden.json")).unwrap();
    all[name].clone()
}

fn parse<T: FromStr<Err: fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// Both ways: the text keeps its meaning, and what is written today can be read by the first release.
macro_rules! assert_form {
    ($text:expr, $expected:expr, $decode:ident, $encode:ident) => {
        let (text, expected): (Json, _) = ($text, $expected);
        assert_eq!($decode(&text.to_string()).unwrap(), expected);
        assert_eq!(
            serde_json::from_str::<Json>(&$encode(&expected).unwrap()).unwrap(),
            text
        );
    };
}

#[test]
fn links_keep_their_meaning() {
    let base = Document::new()
        .with("active", true)
        .with("amount", Value::Decimal(parse("1234567890123456789.10")))
        .with("empty", Value::Null)
        .with("name", "Müller & Söhne \"GmbH\"\n東京")
        .with("since", Value::Date(parse("1999-12-31")))
        .with(
            "seen",
            Value::Instant(parse("2026-03-01T10:00:00.123456789Z")),
        )
        .with(
            "tags",
            Value::List(vec![
                "a".into(),
                Value::Null,
                Value::List(vec![Value::Decimal(parse("-0.50"))]),
            ]),
        )
        .with("account", Value::Reference("A1".into()))
        .with(
            "lines",
            vec![
                Document::new()
                    .with("item", "BIKE")
                    .with("rest", Value::Null),
            ],
        );
    let full = LinkContent {
        ids: Sides::new(Some("C0001".into()), Some("3652397000000649013".into())),
        detached: Some(Side::Right),
        base: Some(base),
        digest: Some("9f86d081".into()),
        planned: Some(Planned {
            agreed: Document::new().with("name", "new"),
            seen: Sides::new(Document::new().with("name", "left"), Document::new()),
            replaces: Sides::new(
                Replaces {
                    read: Document::new().with("name", "left"),
                    written: Document::new().with("name", "new"),
                    as_of: Some(parse("2026-03-01T09:00:00Z")),
                },
                Replaces::default(),
            ),
            until: Some(parse("2026-03-01T10:01:00Z")),
        }),
        intent: Some(Intent {
            target: Side::Left,
            key: Key {
                field: "customerOrderReference".into(),
                value: "3652397000000649013".into(),
            },
            since: parse("2026-03-01T10:00:00Z"),
        }),
        unsettled_writes: u32::MAX,
    };
    assert_form!(
        golden("link, everything set"),
        full,
        decode_link,
        encode_link
    );
    let half = LinkContent {
        ids: Sides::new(None, Some("1".into())),
        ..LinkContent::default()
    };
    assert_form!(golden("link, half"), half, decode_link, encode_link);
    let empty_base = LinkContent {
        ids: Sides::new(Some("1".into()), None),
        base: Some(Document::new()),
        unsettled_writes: 1,
        ..LinkContent::default()
    };
    assert_form!(
        golden("link, empty base"),
        empty_base,
        decode_link,
        encode_link
    );
}

#[test]
fn parked_jobs_keep_their_meaning() {
    let rejected = Parked {
        reason: ParkReason::Rejected {
            side: Side::Right,
            rejection: Rejection {
                field: Some("Phone".into()),
                code: Some("INVALID_DATA".into()),
                message: "invalid data".into(),
            },
        },
        sides: Sides::new(Some(Document::new().with("phone", "+49")), None),
        base: Some(Document::new().with("phone", Value::Null)),
        ids: Sides::new(Some("C1".into()), None),
        since: parse("2026-03-01T10:00:00Z"),
    };
    assert_form!(
        golden("parked, rejected"),
        rejected.clone(),
        decode_parked,
        encode_parked
    );
    let parent = JobKey {
        flow: "customers".into(),
        side: Side::Left,
        id: "C1".into(),
    };
    let waiting = bare(ParkReason::WaitingFor { parent });
    assert_form!(
        golden("parked, waiting"),
        waiting,
        decode_parked,
        encode_parked
    );
}

fn bare(reason: ParkReason) -> Parked {
    Parked {
        reason,
        sides: Sides::new(None, None),
        base: None,
        ids: Sides::new(None, None),
        since: parse("2026-03-01T10:00:00Z"),
    }
}

#[test]
fn park_reasons_keep_their_meaning() {
    let reasons = [
        ParkReason::Unmappable {
            field: "currency".into(),
            message: "unknown code".into(),
        },
        ParkReason::Conflict {
            fields: vec!["name".into(), "phone".into()],
        },
        ParkReason::Ambiguous {
            side: Side::Right,
            candidates: vec!["1".into(), "2".into()],
        },
        ParkReason::DanglingKey {
            side: Side::Left,
            key: "C9".into(),
        },
        ParkReason::PartnerTaken {
            side: Side::Right,
            id: "7".into(),
        },
        ParkReason::FlipFlop,
        ParkReason::AttemptsExhausted {
            message: "timed out".into(),
        },
    ];
    let texts = golden("reasons");
    assert_eq!(texts.as_array().unwrap().len(), reasons.len());
    for (text, reason) in texts.as_array().unwrap().iter().zip(reasons) {
        let mut document = golden("parked, waiting");
        document["content"]["reason"] = text.clone();
        assert_form!(document, bare(reason), decode_parked, encode_parked);
    }
}

#[test]
fn causes_keep_their_meaning() {
    let causes = [
        Cause::Webhook,
        Cause::Feed("modified".into()),
        Cause::Sweep,
        Cause::Replay,
        Cause::Plan,
        Cause::Dependency,
        Cause::Verify,
        Cause::Guard,
        Cause::RulesChanged,
    ];
    let texts = golden("causes");
    assert_eq!(texts.as_array().unwrap().len(), causes.len());
    for (text, cause) in texts.as_array().unwrap().iter().zip(causes) {
        assert_form!(text.clone(), cause, decode_cause, encode_cause);
    }
}

fn entry(event: AuditEvent) -> AuditEntry {
    AuditEntry {
        at: parse("2026-03-01T10:00:00Z"),
        flow: "customers".into(),
        ids: Sides::new(Some("C1".into()), Some("9".into())),
        cause: Cause::Feed("modified".into()),
        attempt: 2,
        fields: Vec::new(),
        event,
        agreed: Document::new(),
        sent: None,
        refused: false,
    }
}

fn credit(verdict: Verdict) -> FieldDecision {
    FieldDecision {
        field: "credit".into(),
        base: Some(Value::Null),
        left: Value::Decimal(parse("10.50")),
        right: Value::Null,
        result: Some(Value::Decimal(parse("10.50"))),
        verdict,
    }
}

#[test]
fn audit_entries_keep_their_meaning() {
    let name = FieldDecision {
        field: "name".into(),
        base: None,
        left: "a".into(),
        right: "b".into(),
        result: None,
        verdict: Verdict::ConflictParked,
    };
    let updated = AuditEntry {
        fields: vec![credit(Verdict::OwnedBy(Side::Left)), name],
        ..entry(AuditEvent::Updated {
            side: Side::Right,
            warnings: vec!["shortened".into()],
        })
    };
    let updated = AuditEntry {
        agreed: Document::new().with("credit", Value::Decimal(parse("10.50"))),
        sent: Some("2c26b46b".into()),
        ..updated
    };
    assert_form!(
        golden("audit, updated"),
        updated,
        decode_audit,
        encode_audit
    );
}

#[test]
fn audit_events_keep_their_meaning() {
    let events = [
        AuditEvent::Linked,
        AuditEvent::CreateIntended {
            side: Side::Left,
            key: "9".into(),
        },
        AuditEvent::Created {
            side: Side::Left,
            warnings: Vec::new(),
        },
        AuditEvent::DeletePropagated { side: Side::Right },
        AuditEvent::PartnerDeleted { side: Side::Left },
        AuditEvent::PartnerRestored { side: Side::Left },
        AuditEvent::DeleteIntended { side: Side::Right },
        AuditEvent::WriteUnconfirmed { side: Side::Left },
        AuditEvent::Overwritten { side: Side::Right },
        AuditEvent::Unlinked,
        AuditEvent::WriteFailed {
            side: Side::Right,
            message: "timed out".into(),
            may_have_been_applied: true,
        },
        AuditEvent::Parked(ParkReason::FlipFlop),
        AuditEvent::Dismissed,
        AuditEvent::Replayed,
        AuditEvent::Forgotten,
        AuditEvent::Agreed,
        AuditEvent::EditIntended { side: Side::Left },
        AuditEvent::FlowStopped {
            reason: "too many deletions".into(),
        },
        AuditEvent::FlowReleased,
    ];
    let texts = golden("events");
    assert_eq!(texts.as_array().unwrap().len(), events.len());
    for (text, event) in texts.as_array().unwrap().iter().zip(events) {
        let mut document = golden("audit, updated");
        document["content"]["event"] = text.clone();
        for optional in ["fields", "agreed", "sent"] {
            document["content"]
                .as_object_mut()
                .unwrap()
                .remove(optional);
        }
        assert_form!(document, entry(event), decode_audit, encode_audit);
    }
}

#[test]
fn verdicts_keep_their_meaning() {
    let verdicts = [
        Verdict::LeftChanged,
        Verdict::RightChanged,
        Verdict::OwnedBy(Side::Right),
        Verdict::ConflictWonBy(Side::Left),
        Verdict::ConflictParked,
        Verdict::AdoptedFrom(Side::Right),
        Verdict::ChosenByPerson,
    ];
    let texts = golden("verdicts");
    assert_eq!(texts.as_array().unwrap().len(), verdicts.len());
    for (text, verdict) in texts.as_array().unwrap().iter().zip(verdicts) {
        let mut document = golden("audit, updated");
        document["content"]["fields"]
            .as_array_mut()
            .unwrap()
            .truncate(1);
        document["content"]["fields"][0]["verdict"] = text.clone();
        document["content"]["event"] = json!("linked");
        let expected = AuditEntry {
            fields: vec![credit(verdict)],
            agreed: Document::new().with("credit", Value::Decimal(parse("10.50"))),
            sent: Some("2c26b46b".into()),
            ..entry(AuditEvent::Linked)
        };
        assert_form!(document, expected, decode_audit, encode_audit);
    }
}
