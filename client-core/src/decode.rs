//! JSON decoding with errors that name the place.

use serde::de::DeserializeOwned;

/// A body that is not the JSON that was expected. It names places and types, never a value of the document: values are
/// customers' data, or tokens.
#[derive(Debug, thiserror::Error)]
#[error("unexpected JSON at `{path}`")]
pub struct DecodeError {
    /// Where in the document, such as `data[3].Created_Time`.
    pub path: String,
    #[source]
    source: Problem,
}

/// serde_json's message without the document's values.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Problem(String);

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self(without_values(&error.to_string()))
    }
}

/// serde quotes the text that it found, and puts numbers and names that it found in backticks after these words.
fn without_values(message: &str) -> String {
    let quoted = match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            format!("{}\"…\"{}", &message[..first], &message[last + 1..])
        }
        _ => message.to_owned(),
    };
    let names_value = ["invalid type: ", "invalid value: ", "unknown variant "]
        .iter()
        .any(|start| quoted.starts_with(start));
    let Some((before, rest)) = quoted.split_once('`').filter(|_| names_value) else {
        return quoted;
    };
    match rest.split_once('`') {
        Some((_, after)) if before.len() < quoted.find(", expected").unwrap_or(usize::MAX) => {
            format!("{before}`…`{after}")
        }
        _ => quoted,
    }
}

/// Decodes `body`.
///
/// # Errors
/// [`DecodeError`] naming the place.
pub fn decode_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    // Keeping track of the place costs time for every value, so it is done only once there is something to report.
    if let Some(value) = decoded(body) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value =
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| DecodeError {
            path: error.path().to_string(),
            source: error.into_inner().into(),
        })?;
    deserializer.end().map_err(|error| DecodeError {
        path: "end of document".to_owned(),
        source: error.into(),
    })?;
    Ok(value)
}

/// What `body` says, if it is JSON of that type; where it is not, nobody wants to know.
#[must_use]
pub fn decoded<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    match str::from_utf8(body) {
        // To look through the whole once costs less than to look through each string.
        Ok(text) => serde_json::from_str(text).ok(),
        // Strings that nobody reads may hold anything.
        Err(_) => serde_json::from_slice(body).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_matter_only_where_they_are_read() {
        let body = [
            &b"{\"data\":[1],\"name\":\"\xff\"}"[..],
            b"{\"data\":[\"\xff\"]}",
        ];
        assert_eq!(decode_json::<Page>(body[0]).unwrap().data, [1]);
        assert_eq!(decode_json::<Page>(body[1]).unwrap_err().path, "data[0]");
    }

    #[derive(Debug, serde::Deserialize)]
    struct Page {
        data: Vec<u32>,
    }

    #[test]
    fn the_error_names_the_place() {
        let error = decode_json::<Page>(br#"{"data":[1,"x"]}"#).unwrap_err();
        assert_eq!(error.path, "data[1]");
    }

    #[test]
    fn rubbish_after_the_document_is_an_error() {
        assert!(decode_json::<Page>(br#"{"data":[]} <html>"#).is_err());
    }

    #[derive(Debug, serde::Deserialize)]
    enum Stage {
        Open,
    }

    /// The whole message, as a log shows it.
    fn message<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> String {
        let error = decode_json::<T>(body.as_bytes()).unwrap_err();
        format!("{error}: {} {error:?}", error.source)
    }

    #[test]
    fn the_error_shows_no_value_of_the_document() {
        for message in [
            message::<Page>(r#"{"data":[1,"canary, \"quoted\" `canary`, expected canary"]}"#),
            message::<Page>(r#"{"data":[271828182845]}"#),
            message::<Page>(r#"{"data":[2.718281828]}"#),
            message::<Page>(r#"{"data":"canary"}"#),
            message::<Stage>(r#""canary""#),
            message::<jiff::Timestamp>(r#""canary""#),
            message::<crate::ExactDecimal>(r#""canary""#),
        ] {
            assert!(!message.contains("canary"), "{message}");
            assert!(!message.contains("718281828"), "{message}");
        }
    }

    #[test]
    fn the_error_still_says_what_was_expected() {
        let text = message::<Page>(r#"{"data":["canary"]}"#);
        assert!(text.contains("data[0]"), "{text}");
        assert!(text.contains("expected u32"), "{text}");
        let text = message::<Page>("{}");
        assert!(text.contains("missing field `data`"), "{text}");
        let text = message::<Stage>(r#""canary""#);
        assert!(text.contains("`Open`"), "{text}");
    }
}
