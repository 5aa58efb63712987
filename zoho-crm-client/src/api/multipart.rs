//! Bodies of `multipart/form-data` (RFC 7578) with one file.

use std::hash::{BuildHasher, Hasher, RandomState};

use bytes::Bytes;
use client_core::Upload;

/// A file to be uploaded, held in memory or read piece by piece.
#[derive(Clone)]
pub struct FileUpload {
    name: String,
    content_type: String,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Whole(Bytes),
    Pieces(Upload),
}

impl std::fmt::Debug for FileUpload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileUpload")
            .field("content_type", &self.content_type)
            .field("bytes", &self.length())
            .finish_non_exhaustive()
    }
}

impl FileUpload {
    /// A file called `name`, which should have the ending that fits its content.
    pub fn new(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self::of(name.into(), Content::Whole(content.into()))
    }

    /// A file called `name` that is read while it is sent, so that it is never held whole. `content` is opened anew when
    /// the upload has to be repeated.
    pub fn streamed(name: impl Into<String>, content: Upload) -> Self {
        Self::of(name.into(), Content::Pieces(content))
    }

    fn of(name: String, content: Content) -> Self {
        Self {
            name,
            content_type: "application/octet-stream".to_owned(),
            content,
        }
    }

    /// Says what the content is, such as `image/png`. Default: `application/octet-stream`.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = content_type.into();
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length() == 0
    }

    fn length(&self) -> u64 {
        match &self.content {
            Content::Whole(content) => u64::try_from(content.len()).unwrap_or(u64::MAX),
            Content::Pieces(content) => content.length(),
        }
    }

    /// The value of `Content-Type` and a form with this file as its field `field`, without a copy of the content.
    pub(super) fn form(&self, field: &str) -> (String, Upload) {
        let boundary = match &self.content {
            Content::Whole(content) => boundary_for(content),
            Content::Pieces(_) => unlikely_boundary(),
        };
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            escaped(field),
            escaped(&self.name),
            one_line(&self.content_type),
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        let content = match &self.content {
            Content::Whole(content) => Upload::from(content.clone()),
            Content::Pieces(content) => content.clone(),
        };
        (
            format!("multipart/form-data; boundary={boundary}"),
            content.between(head.into(), tail.into()),
        )
    }
}

/// A delimiter for content that cannot be looked through beforehand: nobody can guess its 128 bits.
fn unlikely_boundary() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("zoho-crm-client-file-{:016x}{:016x}", random(), random())
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
    use futures::{FutureExt, TryStreamExt};
    use proptest::prelude::*;

    use super::*;

    /// The content type, and what is sent.
    fn form(file: &FileUpload) -> (String, Vec<u8>) {
        let (content_type, form) = file.form("file");
        let pieces: Vec<Bytes> = form.open().try_collect().now_or_never().unwrap().unwrap();
        let body = pieces.concat();
        assert_eq!(u64::try_from(body.len()).unwrap(), form.length());
        (content_type, body)
    }

    #[test]
    fn a_file_in_pieces_is_framed_like_a_whole_one() {
        let pieces = Upload::of_pieces(vec!["con".into(), "tent".into()]);
        let file = FileUpload::streamed("a.txt", pieces);
        let (content_type, body) = form(&file);
        let (_, boundary) = content_type.split_once("boundary=").unwrap();
        let whole = form(&FileUpload::new("a.txt", "content")).1;
        let whole = String::from_utf8(whole).unwrap();
        let usual = "zoho-crm-client-file-0000000000000000";
        assert_eq!(
            String::from_utf8(body).unwrap(),
            whole.replace(usual, boundary)
        );
        assert_ne!(form(&file).0, content_type);
    }

    #[test]
    fn the_form() {
        let file = FileUpload::new("Offer \"7\".pdf", "content").content_type("application/pdf");
        let (content_type, body) = form(&file);
        assert_eq!(
            content_type,
            "multipart/form-data; boundary=zoho-crm-client-file-0000000000000000"
        );
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "--zoho-crm-client-file-0000000000000000\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Offer %227%22.pdf\"\r\n\
             Content-Type: application/pdf\r\n\r\ncontent\r\n--zoho-crm-client-file-0000000000000000--\r\n"
        );
    }

    #[test]
    fn neither_name_nor_type_nor_content_ends_the_part() {
        let evil = "zoho-crm-client-file-0000000000000000";
        let file = FileUpload::new("a\r\n\r\nb\"; name=\"x", format!("1\r\n--{evil}--\r\n2"))
            .content_type("text/plain\r\nX-Evil: 1");
        let (content_type, body) = form(&file);
        assert!(content_type.ends_with("0000000000000001"));
        let body = String::from_utf8(body).unwrap();
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
            let (content_type, body) = form(&FileUpload::new("x", content.clone()));
            let boundary = content_type.split_once("boundary=").unwrap().1;
            let end = format!("\r\n--{boundary}--\r\n");
            let start = body.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
            prop_assert_eq!(&body[start..body.len() - end.len()], content.as_slice());
        }
    }
}
