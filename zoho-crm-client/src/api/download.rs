//! Answers that are files.

use bytes::Bytes;
use client_core::{BodyStream, TransportError};
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};

use super::{Failure, Received};
use crate::api_error::ApiError;

/// Most bytes of an attachment, the largest of Zoho's files (reference: Zoho v8 section 9.2, read 2026-11).
pub(super) const LARGEST_FILE: u64 = 100 * 1024 * 1024;

/// A file that was downloaded.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Download {
    /// Its name, as Zoho tells it. A name, never a path.
    pub name: Option<String>,
    /// What it holds, as Zoho tells it.
    pub content_type: Option<String>,
    /// What it holds.
    pub content: Bytes,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download")
            .field("content_type", &self.content_type)
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

/// A file while it arrives, of any size.
#[derive(Debug)]
#[non_exhaustive]
pub struct FileStream {
    /// Its name, as Zoho tells it. A name, never a path.
    pub name: Option<String>,
    /// What it holds, as Zoho tells it.
    pub content_type: Option<String>,
    /// What it holds, piece by piece.
    pub content: BodyStream,
}

impl FileStream {
    /// The whole file, if it has no more than `bytes` bytes.
    ///
    /// # Errors
    /// [`TransportErrorKind::TooLarge`](client_core::TransportErrorKind::TooLarge) when it has more; else when it does
    /// not arrive completely.
    pub async fn collect_at_most(self, bytes: u64) -> Result<Download, TransportError> {
        Ok(Download {
            name: self.name,
            content_type: self.content_type,
            content: self.content.collect_at_most(bytes).await?,
        })
    }
}

/// The file that a success brings, or the answer itself when it may be an error, or a page for people, instead.
pub(crate) fn file_of(
    response: http::Response<BodyStream>,
) -> Result<FileStream, Box<http::Response<BodyStream>>> {
    let disposition = disposition(response.headers());
    let content_type = content_type(response.headers());
    let is_message = content_type
        .as_deref()
        .is_some_and(|kind| kind.starts_with("application/json") || kind.starts_with("text/html"));
    if !response.status().is_success() || (disposition.is_none() && is_message) {
        return Err(Box::new(response));
    }
    Ok(FileStream {
        name: disposition.as_deref().and_then(file_name),
        content_type,
        content: response.into_body(),
    })
}

fn disposition(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_DISPOSITION)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(CONTENT_TYPE)?.to_str().ok()?.to_owned())
}

impl From<Download> for FileStream {
    fn from(file: Download) -> Self {
        Self {
            name: file.name,
            content_type: file.content_type,
            content: file.content.into(),
        }
    }
}

/// The file; `None` for 204, which stands for one that does not exist.
pub(crate) fn parse_download(received: &Received) -> Result<Option<Download>, Failure> {
    if received.status() == StatusCode::NO_CONTENT {
        return Ok(None);
    }
    if !received.status().is_success() {
        return Err(received.failure());
    }
    let disposition = disposition(received.response.headers());
    let content_type = received.content_type();
    if disposition.is_none() {
        refuse_other_than_files(received, content_type.as_deref())?;
    }
    Ok(Some(Download {
        name: disposition.as_deref().and_then(file_name),
        content_type,
        content: received.response.body().clone(),
    }))
}

/// An error, or a page for people, that comes as a success and without a file's name.
fn refuse_other_than_files(received: &Received, content_type: Option<&str>) -> Result<(), Failure> {
    let is = |kind: &str| content_type.is_some_and(|content_type| content_type.starts_with(kind));
    if is("text/html") {
        return Err(Failure::NotJson);
    }
    let error = serde_json::from_slice(received.response.body())
        .ok()
        .filter(|_| is("application/json"))
        .and_then(|body| ApiError::from_body(&body));
    match error {
        Some(error) => Err(Failure::Api(error)),
        None => Ok(()),
    }
}

/// The name in a `Content-Disposition` (RFC 6266), the extended one if there are two; what stands before a slash or
/// backslash is cut off.
fn file_name(disposition: &str) -> Option<String> {
    let parameter = |wanted: &str| {
        parameters(disposition)
            .find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then_some(value))
    };
    let extended = parameter("filename*").and_then(|value| {
        let (charset, rest) = value.split_once('\'')?;
        let (_, encoded) = rest.split_once('\'')?;
        charset
            .eq_ignore_ascii_case("utf-8")
            .then(|| percent_decoded(encoded))
            .flatten()
    });
    let name = extended.or_else(|| parameter("filename"))?;
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    (!name.is_empty() && name != "." && name != "..").then(|| name.to_owned())
}

fn parameters(disposition: &str) -> impl Iterator<Item = (&str, String)> {
    let mut rest = disposition.split_once(';').map_or("", |(_, rest)| rest);
    std::iter::from_fn(move || {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (value, after) = after.split_once(';').unwrap_or((after, ""));
                (value.trim().to_owned(), after)
            }
        };
        rest = after;
        Some((name.trim_matches([' ', ';', '\t']), value))
    })
}

/// The text up to the closing quote and what follows it.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => break,
            '\\' => value.extend(chars.next()),
            char => value.push(char),
        }
    }
    (value, chars.as_str())
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::api::answer::received;

    fn file(disposition: Option<&str>, content_type: &str, body: &'static str) -> Received {
        let mut response = http::Response::new(Bytes::from_static(body.as_bytes()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        if let Some(disposition) = disposition {
            headers.insert(CONTENT_DISPOSITION, disposition.parse().unwrap());
        }
        Received {
            response,
            repeated: false,
        }
    }

    #[test]
    fn a_file_with_its_name() {
        let answer = file(
            Some("attachment; filename=\"Offer 7.pdf\""),
            "application/x-download;charset=UTF-8",
            "{\"code\":\"not an error\"}",
        );
        let download = parse_download(&answer).unwrap().unwrap();
        assert_eq!(download.name.as_deref(), Some("Offer 7.pdf"));
        assert_eq!(download.content, "{\"code\":\"not an error\"}");
    }

    #[test]
    fn names_are_read_in_every_form_and_never_as_paths() {
        for (disposition, name) in [
            ("attachment;filename=a.pdf", Some("a.pdf")),
            (
                r#"attachment; filename="a \"b\".pdf"; size=3"#,
                Some(r#"a "b".pdf"#),
            ),
            (
                "attachment; filename=\"x.pdf\"; filename*=UTF-8''M%C3%BCller%20GmbH.pdf",
                Some("Müller GmbH.pdf"),
            ),
            (
                "attachment; filename*=latin1''x; filename=y.pdf",
                Some("y.pdf"),
            ),
            (r"attachment; filename=..\..\evil.exe", Some("evil.exe")),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename=\"..\"", None),
            ("attachment; filename=", None),
            ("attachment", None),
        ] {
            assert_eq!(file_name(disposition).as_deref(), name, "{disposition}");
        }
    }

    #[test]
    fn a_missing_file_is_nothing_and_an_error_is_an_error() {
        assert!(parse_download(&received(204, "")).unwrap().is_none());
        let refusal =
            r#"{"code":"INVALID_DATA","details":{},"message":"invalid data","status":"error"}"#;
        for status in [200, 400] {
            match parse_download(&received(status, refusal)) {
                Err(Failure::Api(error)) => assert_eq!(error.code(), "INVALID_DATA"),
                other => panic!("{other:?}"),
            }
        }
        let page = file(None, "text/html;charset=UTF-8", "<html>");
        assert!(matches!(parse_download(&page), Err(Failure::NotJson)));
        let picture = file(None, "image/png", "\u{1}");
        assert_eq!(parse_download(&picture).unwrap().unwrap().name, None);
    }

    proptest! {
        #[test]
        fn any_disposition_gives_a_plain_name_or_none(text in r#"attachment;[a-z*=;"'% /\\.]{0,40}"#) {
            if let Some(name) = file_name(&text) {
                prop_assert!(!name.is_empty() && !name.contains(['/', '\\']) && name != "..");
            }
        }
    }
}
