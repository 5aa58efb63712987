//! Bodies of `multipart/form-data` (RFC 7578) with one file.

use bytes::{Bytes, BytesMut};
use client_core::Upload;

/// A file to be uploaded.
#[derive(Clone, PartialEq, Eq)]
pub struct FileUpload {
    name: String,
    content_type: String,
    content: Bytes,
}

impl std::fmt::Debug for FileUpload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileUpload")
            .field("content_type", &self.content_type)
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

impl FileUpload {
    /// A file called `name`, which should have the ending that fits its content.
    pub fn new(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self {
            name: name.into(),
            content_type: "application/octet-stream".to_owned(),
            content: content.into(),
        }
    }

    /// Says what the content is, such as `image/png`. Default: `application/octet-stream`.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = content_type.into();
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// The value of `Content-Type` and the body of a form with this file as its field `field`.
    pub(super) fn form(&self, field: &str) -> (String, Bytes) {
        let (content_type, head, tail) = self.frame(field);
        let mut body = BytesMut::with_capacity(head.len() + self.content.len() + tail.len());
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&self.content);
        body.extend_from_slice(tail.as_bytes());
        (content_type, body.freeze())
    }

    /// The same form in pieces, without a copy of the content.
    pub(super) fn form_in_pieces(&self, field: &str) -> (String, Upload) {
        let (content_type, head, tail) = self.frame(field);
        let pieces = vec![head.into(), self.content.clone(), tail.into()];
        (content_type, Upload::of_pieces(pieces))
    }

    /// The value of `Content-Type`, and what stands before and after the content.
    fn frame(&self, field: &str) -> (String, String, String) {
        let boundary = boundary_for(&self.content);
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            escaped(field),
            escaped(&self.name),
            one_line(&self.content_type),
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        (
            format!("multipart/form-data; boundary={boundary}"),
            head,
            tail,
        )
    }
}

/// A delimiter that the content does not hold.
fn boundary_for(content: &[u8]) -> String {
    let mut number = 0_u64;
    loop {
        let boundary = format!("zoho-crm-client-file-{number:016x}");
        if !content
            .windows(boundary.len())
            .any(|part| part == boundary.as_bytes())
        {
            return boundary;
        }
        number += 1;
    }
}

/// As browsers do it (HTML standard, multipart form data).
fn escaped(text: &str) -> String {
    text.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_form() {
        let file = FileUpload::new("Offer \"7\".pdf", "content").content_type("application/pdf");
        let (content_type, body) = file.form("file");
        assert_eq!(
            content_type,
            "multipart/form-data; boundary=zoho-crm-client-file-0000000000000000"
        );
        assert_eq!(
            body,
            "--zoho-crm-client-file-0000000000000000\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Offer %227%22.pdf\"\r\n\
             Content-Type: application/pdf\r\n\r\ncontent\r\n--zoho-crm-client-file-0000000000000000--\r\n"
        );
    }

    #[test]
    fn neither_name_nor_type_nor_content_ends_the_part() {
        let evil = "zoho-crm-client-file-0000000000000000";
        let file = FileUpload::new("a\r\n\r\nb\"; name=\"x", format!("1\r\n--{evil}--\r\n2"))
            .content_type("text/plain\r\nX-Evil: 1");
        let (content_type, body) = file.form("file");
        assert!(content_type.ends_with("0000000000000001"));
        let body = String::from_utf8(body.to_vec()).unwrap();
        let (head, _) = body.split_once("\r\n\r\n").unwrap();
        assert_eq!(head.lines().count(), 3);
        assert!(head.contains("filename=\"a%0D%0A%0D%0Ab%22; name=%22x\""));
    }

    #[test]
    fn debug_output_shows_neither_name_nor_content() {
        let text = format!("{:?}", FileUpload::new("jane.pdf", "secret"));
        assert!(!text.contains("jane") && !text.contains("secret"));
    }

    proptest! {
        #[test]
        fn any_content_is_framed_by_a_delimiter_that_it_does_not_hold(content in prop::collection::vec(any::<u8>(), 0..300)) {
            let (content_type, body) = FileUpload::new("x", content.clone()).form("file");
            let boundary = content_type.split_once("boundary=").unwrap().1;
            let end = format!("\r\n--{boundary}--\r\n");
            let start = body.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
            prop_assert_eq!(&body[start..body.len() - end.len()], content.as_slice());
        }
    }
}
