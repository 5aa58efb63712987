//! The one fault of JSON that X3 servers are known for: backslashes that begin no escape, in long texts. Source: reference
//! sage-x3 section 4.3.

use bytes::Bytes;

/// `body` with each stray backslash doubled, and how many there were; none when there is nothing to repair. A backslash that
/// begins a valid escape is left alone, so what was sound keeps its meaning.
pub(crate) fn repair_backslashes(body: &[u8]) -> Option<(Bytes, usize)> {
    let mut repaired = Vec::new();
    let mut copied = 0;
    let mut count = 0;
    let mut in_string = false;
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        at += match byte {
            b'"' => {
                in_string = !in_string;
                1
            }
            b'\\' if in_string => match escape_length(&body[at..]) {
                Some(length) => length,
                None => {
                    repaired.extend_from_slice(&body[copied..=at]);
                    repaired.push(b'\\');
                    copied = at + 1;
                    count += 1;
                    1
                }
            },
            _ => 1,
        };
    }
    if count == 0 {
        return None;
    }
    repaired.extend_from_slice(&body[copied..]);
    Some((repaired.into(), count))
}

/// Length of the escape that `text` begins with, if it is one of JSON's.
fn escape_length(text: &[u8]) -> Option<usize> {
    match text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => text
            .get(2..6)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .map(|_| 6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn read(body: &str) -> (Value, usize) {
        let (repaired, count) = repair_backslashes(body.as_bytes()).unwrap();
        (serde_json::from_slice(&repaired).unwrap(), count)
    }

    #[test]
    fn a_stray_backslash_is_taken_literally() {
        let (value, count) = read(r#"{"TEX":"C:\Program Files\Sage, 5\' \u12 end"}"#);
        assert_eq!(value["TEX"], r"C:\Program Files\Sage, 5\' \u12 end");
        assert_eq!(count, 4);
    }

    #[test]
    fn sound_escapes_beside_a_stray_one_keep_their_meaning() {
        let (value, count) = read(r#"["a\nb \"x\" \\ A \q"]"#);
        assert_eq!(value[0], "a\nb \"x\" \\ A \\q");
        assert_eq!(count, 1);
    }

    proptest! {
        /// Sound JSON is never touched.
        #[test]
        fn sound_text_needs_no_repair(text in any::<String>()) {
            let body = serde_json::to_vec(&serde_json::json!({"t": text})).unwrap();
            prop_assert!(repair_backslashes(&body).is_none());
        }

        #[test]
        fn any_bytes_are_looked_at_without_a_panic_and_only_once(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some((repaired, count)) = repair_backslashes(&body) {
                prop_assert_eq!(repaired.len(), body.len() + count);
                prop_assert!(repair_backslashes(&repaired).is_none());
            }
        }
    }
}
