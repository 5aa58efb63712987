mod golden;
mod round_trip;

use super::*;

const CAUSE: &str = r#"{"version":1,"content":"sweep"}"#;

#[test]
fn newer_version_is_refused_and_says_which() {
    let newer = r#"{"version":2,"body":{"anything":[1.5]}}"#;
    let error = decode_link(newer).unwrap_err();
    assert!(matches!(
        error,
        StoredFormError::NewerVersion {
            what: "link",
            found: 2,
            known: 1
        }
    ));
    assert!(error.to_string().contains("a newer release wrote it"));
}

#[test]
fn damaged_text_is_refused() {
    for damaged in [
        "",
        "null",
        "{}",
        &CAUSE[..CAUSE.len() - 1],
        r#"{"version":0,"content":"sweep"}"#,
        r#"{"version":-1,"content":"sweep"}"#,
        r#"{"version":1}"#,
        r#"{"version":1,"content":"no such cause"}"#,
        r#"{"version":1,"content":"sweep","more":1}"#,
    ] {
        let error = decode_cause(damaged).unwrap_err();
        assert!(
            matches!(error, StoredFormError::Malformed { what: "cause", .. }),
            "{damaged}: {error:?}"
        );
    }
}

#[test]
fn unknown_field_is_refused_rather_than_dropped_at_the_next_write() {
    let link = r#"{"version":1,"content":{"ids":{"left":"1","right":null},"unsettled_writes":0,"more":1}}"#;
    assert!(matches!(
        decode_link(link),
        Err(StoredFormError::Malformed { .. })
    ));
}

#[test]
fn decimal_that_cannot_be_exact_is_refused_rather_than_rounded() {
    for decimal in [
        "1e3",
        "1.00000000000000000000000000001",
        "79228162514264337593543950336",
        "",
        "one",
    ] {
        let text = format!(
            r#"{{"version":1,"content":{{"ids":{{"left":"1","right":null}},"unsettled_writes":0,
                "base":{{"amount":{{"decimal":"{decimal}"}}}}}}}}"#
        );
        assert!(
            matches!(decode_link(&text), Err(StoredFormError::Malformed { .. })),
            "{decimal}"
        );
    }
}

#[test]
fn lists_that_could_not_be_read_again_are_not_written() {
    let nested = |depth: usize| {
        (0..depth).fold(crate::Value::Null, |value, _| {
            crate::Value::List(vec![value])
        })
    };
    let link = |depth| LinkContent {
        base: Some(crate::Document::new().with("field", nested(depth))),
        ..LinkContent::default()
    };
    assert_eq!(
        decode_link(&encode_link(&link(16)).unwrap()).unwrap(),
        link(16)
    );
    assert!(matches!(
        encode_link(&link(17)),
        Err(StoredFormError::NotStorable { what: "link", .. })
    ));
    assert!(matches!(
        encode_link(&link(1000)),
        Err(StoredFormError::NotStorable { .. })
    ));
}
