//! Whatever is stored comes back as it was.

use jiff::{Timestamp, civil::Date};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    string::string_regex,
};
use rust_decimal::Decimal;

use super::super::*;
use crate::{
    AuditEvent, Document, FieldDecision, FieldName, Intent, JobKey, Key, ParkReason, Planned,
    RecordId, Rejection, Replaces, Side, Sides, Value, Verdict,
};

/// Any characters: control characters, quotes, astral planes.
fn text() -> impl Strategy<Value = String> {
    string_regex("(?s).{0,12}").unwrap()
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (Timestamp::MIN.as_nanosecond()..=Timestamp::MAX.as_nanosecond())
        .prop_map(|nanosecond| Timestamp::from_nanosecond(nanosecond).unwrap())
}

fn day() -> impl Strategy<Value = Date> {
    (-9999i16..=9999, 1i8..=12, 1i8..=28)
        .prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
}

/// All 96 bits, every scale, both signs, and zeros of every scale.
fn decimal() -> impl Strategy<Value = Decimal> {
    let parts = (
        any::<u32>(),
        any::<u32>(),
        any::<u32>(),
        any::<bool>(),
        0u32..=28,
    );
    prop_oneof![
        parts.prop_map(|(low, middle, high, negative, scale)| Decimal::from_parts(
            low, middle, high, negative, scale
        )),
        (any::<u32>(), any::<bool>(), 0u32..=28)
            .prop_map(|(low, negative, scale)| Decimal::from_parts(low, 0, 0, negative, scale)),
        (0u32..=28).prop_map(|scale| Decimal::new(0, scale)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        decimal().prop_map(Value::Decimal),
        text().prop_map(Value::Text),
        day().prop_map(Value::Date),
        instant().prop_map(Value::Instant),
        text().prop_map(|id| Value::Reference(id.into())),
    ];
    leaf.prop_recursive(4, 12, 4, |inner| {
        let fields = btree_map(text().prop_map(FieldName::from), inner.clone(), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::List),
            fields.prop_map(|fields| Value::Fields(fields.into_iter().collect())),
        ]
    })
}

fn document() -> impl Strategy<Value = Document> {
    btree_map(text().prop_map(FieldName::from), value(), 0..5)
        .prop_map(|fields| fields.into_iter().collect())
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Left), Just(Side::Right)]
}

fn id() -> impl Strategy<Value = RecordId> {
    text().prop_map(RecordId::from)
}

fn ids() -> impl Strategy<Value = Sides<Option<RecordId>>> {
    (option::of(id()), option::of(id())).prop_map(|(left, right)| Sides::new(left, right))
}

fn link() -> impl Strategy<Value = LinkContent> {
    let replaces = || {
        (document(), document(), option::of(instant())).prop_map(|(read, written, as_of)| {
            Replaces {
                read,
                written,
                as_of,
            }
        })
    };
    let documents = (document(), document(), document());
    let replaced = (replaces(), replaces());
    let planned = (documents, replaced, option::of(instant())).prop_map(
        |((agreed, left, right), (replaces_left, replaces_right), until)| Planned {
            agreed,
            seen: Sides::new(left, right),
            replaces: Sides::new(replaces_left, replaces_right),
            until,
        },
    );
    let intent =
        (side(), text(), text(), instant()).prop_map(|(target, field, value, since)| Intent {
            target,
            key: Key {
                field: field.into(),
                value,
            },
            since,
        });
    let parts = (
        ids(),
        option::of(side()),
        option::of(document()),
        option::of(text()),
        option::of(planned),
        option::of(intent),
    );
    (parts, any::<u32>()).prop_map(
        |((ids, detached, base, digest, planned, intent), unsettled_writes)| LinkContent {
            ids,
            detached,
            base,
            digest,
            planned,
            intent,
            unsettled_writes,
        },
    )
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        text().prop_map(|feed| Cause::Feed(feed.into())),
        proptest::sample::select(vec![
            Cause::Webhook,
            Cause::Sweep,
            Cause::Replay,
            Cause::Plan,
            Cause::Dependency,
            Cause::Verify,
            Cause::Guard,
            Cause::RulesChanged,
        ]),
    ]
}

fn reason() -> impl Strategy<Value = ParkReason> {
    prop_oneof![
        (side(), option::of(text()), option::of(text()), text()).prop_map(
            |(side, field, code, message)| {
                let rejection = Rejection {
                    field: field.map(FieldName::from),
                    code,
                    message,
                };
                ParkReason::Rejected { side, rejection }
            }
        ),
        (text(), text()).prop_map(|(field, message)| ParkReason::Unmappable {
            field: field.into(),
            message
        }),
        vec(text().prop_map(FieldName::from), 0..3)
            .prop_map(|fields| ParkReason::Conflict { fields }),
        (side(), vec(id(), 0..3))
            .prop_map(|(side, candidates)| ParkReason::Ambiguous { side, candidates }),
        (side(), text()).prop_map(|(side, key)| ParkReason::DanglingKey { side, key }),
        (side(), id()).prop_map(|(side, id)| ParkReason::PartnerTaken { side, id }),
        Just(ParkReason::FlipFlop),
        text().prop_map(|message| ParkReason::AttemptsExhausted { message }),
        (text(), side(), id()).prop_map(|(flow, side, id)| ParkReason::WaitingFor {
            parent: JobKey {
                flow: flow.into(),
                side,
                id
            }
        }),
    ]
}

fn parked() -> impl Strategy<Value = Parked> {
    (
        reason(),
        option::of(document()),
        option::of(document()),
        option::of(document()),
        ids(),
        instant(),
    )
        .prop_map(|(reason, left, right, base, ids, since)| Parked {
            reason,
            sides: Sides::new(left, right),
            base,
            ids,
            since,
        })
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::LeftChanged),
        Just(Verdict::RightChanged),
        side().prop_map(Verdict::OwnedBy),
        side().prop_map(Verdict::ConflictWonBy),
        Just(Verdict::ConflictParked),
        side().prop_map(Verdict::AdoptedFrom),
    ]
}

fn decision() -> impl Strategy<Value = FieldDecision> {
    (
        text(),
        option::of(value()),
        value(),
        value(),
        option::of(value()),
        verdict(),
    )
        .prop_map(
            |(field, base, left, right, result, verdict)| FieldDecision {
                field: field.into(),
                base,
                left,
                right,
                result,
                verdict,
            },
        )
}

fn event() -> impl Strategy<Value = AuditEvent> {
    prop_oneof![
        proptest::sample::select(vec![
            AuditEvent::Linked,
            AuditEvent::Unlinked,
            AuditEvent::Dismissed,
            AuditEvent::Replayed,
        ]),
        (side(), text()).prop_map(|(side, key)| AuditEvent::CreateIntended { side, key }),
        (side(), vec(text(), 0..3))
            .prop_map(|(side, warnings)| AuditEvent::Created { side, warnings }),
        (side(), vec(text(), 0..3))
            .prop_map(|(side, warnings)| AuditEvent::Updated { side, warnings }),
        side().prop_map(|side| AuditEvent::DeletePropagated { side }),
        side().prop_map(|side| AuditEvent::PartnerDeleted { side }),
        side().prop_map(|side| AuditEvent::PartnerRestored { side }),
        side().prop_map(|side| AuditEvent::DeleteIntended { side }),
        side().prop_map(|side| AuditEvent::WriteUnconfirmed { side }),
        side().prop_map(|side| AuditEvent::Overwritten { side }),
        (side(), text(), any::<bool>()).prop_map(|(side, message, may_have_been_applied)| {
            AuditEvent::WriteFailed {
                side,
                message,
                may_have_been_applied,
            }
        }),
        reason().prop_map(AuditEvent::Parked),
        side().prop_map(|side| AuditEvent::EditIntended { side }),
        text().prop_map(|reason| AuditEvent::FlowStopped { reason }),
    ]
}

fn entry() -> impl Strategy<Value = AuditEntry> {
    (
        instant(),
        text(),
        ids(),
        cause(),
        any::<u32>(),
        vec(decision(), 0..3),
        event(),
        document(),
        (option::of(text()), any::<bool>()),
    )
        .prop_map(
            |(at, flow, ids, cause, attempt, fields, event, agreed, (sent, refused))| AuditEntry {
                at,
                flow: flow.into(),
                ids,
                cause,
                attempt,
                fields,
                event,
                agreed,
                sent,
                refused,
            },
        )
}

proptest! {
    #[test]
    fn links(link in link()) {
        prop_assert_eq!(decode_link(&encode_link(&link).unwrap()).unwrap(), link);
    }

    #[test]
    fn parked_jobs(parked in parked()) {
        prop_assert_eq!(decode_parked(&encode_parked(&parked).unwrap()).unwrap(), parked);
    }

    #[test]
    fn causes(cause in cause()) {
        prop_assert_eq!(decode_cause(&encode_cause(&cause).unwrap()).unwrap(), cause);
    }

    #[test]
    fn audit_entries(entry in entry()) {
        prop_assert_eq!(decode_audit(&encode_audit(&entry).unwrap()).unwrap(), entry);
    }

    /// Equality of decimals is numeric; here the scale counts too.
    #[test]
    fn decimals_to_the_last_bit(decimal in decimal()) {
        let base = Document::new().with("field", Value::Decimal(decimal));
        let link = LinkContent { base: Some(base), ..LinkContent::default() };
        let back = decode_link(&encode_link(&link).unwrap()).unwrap();
        let Some(Value::Decimal(back)) = back.base.as_ref().and_then(|base| base.get("field")) else {
            return Err(TestCaseError::fail("the decimal is gone"));
        };
        prop_assert_eq!(back.serialize(), decimal.serialize());
    }

    /// No text, however damaged, brings the reader down.
    #[test]
    fn damaged_texts_are_errors(link in link(), cut in any::<proptest::sample::Index>(), noise in text()) {
        let mut damaged: Vec<char> = encode_link(&link).unwrap().chars().collect();
        let at = cut.index(damaged.len());
        damaged.splice(at..at + 1, noise.chars());
        let _ = decode_link(&damaged.into_iter().collect::<String>());
    }
}
