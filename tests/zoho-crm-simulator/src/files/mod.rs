//! Files: those kept for fields, attachments of records, and pictures of records (reference: zoho-crm-v8 section 9.2).

mod attachments;
pub(crate) mod fields;
mod photos;
mod storage;

use std::collections::BTreeMap;

use bytes::Bytes;

pub(crate) use attachments::{attachment, attachments};
pub(crate) use photos::photo;
pub(crate) use storage::storage;

use crate::exchange::Call;
use crate::failure::Failure;
use crate::json::object;
use crate::multipart::Part;
use crate::store::Id;

/// A file's content.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    name: String,
    content_type: String,
    bytes: Bytes,
}

impl StoredFile {
    fn of(part: &Part) -> Self {
        let content_type = part.content_type.as_deref();
        Self {
            name: part.file_name.clone().unwrap_or_else(|| part.name.clone()),
            content_type: content_type
                .unwrap_or("application/octet-stream")
                .to_owned(),
            bytes: part.bytes.clone(),
        }
    }
}

/// All files of the organisation.
#[derive(Debug, Default)]
pub(crate) struct Files {
    stored: BTreeMap<String, StoredFile>,
    attachments: BTreeMap<Id, attachments::Attachment>,
    photos: BTreeMap<Id, StoredFile>,
}

impl Files {
    /// Whether a record has a picture.
    pub(crate) fn has_photo(&self, record: Id) -> bool {
        self.photos.contains_key(&record)
    }

    /// Moves the attachments of one record to another.
    pub(crate) fn move_attachments(&mut self, from: Id, to: Id) {
        for attachment in self.attachments.values_mut() {
            if attachment.parent == from {
                attachment.parent = to;
            }
        }
    }
}

/// The files of a multipart body, which must be there and small enough.
fn files_of(call: &Call, most: usize, most_bytes: usize) -> Result<Vec<&Part>, Failure> {
    let files: Vec<&Part> = call
        .parts
        .iter()
        .filter(|part| part.name == "file")
        .collect();
    if files.is_empty() {
        let message = "a file is expected";
        let details = object! { "expected_type" => "file" };
        return Err(Failure::new(400, "INVALID_REQUEST", message, details));
    }
    if files.len() > most {
        return Err(Failure::limit_exceeded(
            u64::try_from(most).unwrap_or(u64::MAX),
            "file",
        ));
    }
    if files.iter().any(|file| file.bytes.len() > most_bytes) {
        let message = "the file is larger than allowed";
        let code = "FILE_SIZE_MORE_THAN_ALLOWED_SIZE";
        return Err(Failure::new(415, code, message, object! {}));
    }
    Ok(files)
}
