//! Files for file and image fields (reference: Zoho v8 section 9.2, read 2026-11).

use std::fmt;

use client_core::Upload;
use http::Method;
use serde::{Deserialize, Serialize};

use super::{Download, FileStream, FileUpload, Outgoing, action, download::LARGEST_FILE};
use crate::{client::ZohoClient, error::Error};

const UPLOAD: &str = "zoho.files.upload";
const DOWNLOAD: &str = "zoho.files.download";

/// The id of an uploaded file: text, not digits.
///
/// In a record it is the value of a file field, alone or several in a `Vec`. Zoho adds files to those that the field
/// has.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileId(String);

impl FileId {
    /// An id that an upload gave.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileId({})", self.0)
    }
}

/// A file that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct UploadedFile {
    /// Its id, to be set in a file field.
    pub id: FileId,
    /// Its name.
    pub name: Option<String>,
}

/// Zoho's store of files that records refer to.
#[derive(Clone, Debug)]
pub struct Files {
    client: ZohoClient,
}

impl Files {
    pub(crate) fn new(client: ZohoClient) -> Self {
        Self { client }
    }

    /// Uploads a file of up to 20 MB. Not repeated after a lost answer; a file that no record refers to does no harm.
    /// Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for an empty file; [`Error::Api`] when Zoho refuses it.
    pub async fn upload(&self, file: &FileUpload) -> Result<UploadedFile, Error> {
        let (outgoing, form) = upload_request(file)?;
        self.client.upload(outgoing, form, action::details).await
    }

    /// Downloads a file, into memory; `None` when there is no such file. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn download(&self, id: &FileId) -> Result<Option<Download>, Error> {
        self.client.file(download_request(id), LARGEST_FILE).await
    }

    /// Downloads a file piece by piece, without holding it; `None` when there is no such file. Costs 1 credit.
    ///
    /// # Errors
    /// As any call. An error while the file arrives is an item of it, and is not repeated.
    pub async fn download_stream(&self, id: &FileId) -> Result<Option<FileStream>, Error> {
        let file = self.client.file_stream(download_request(id)).await?;
        Ok(file.map(|(_, file)| file))
    }
}

fn upload_request(file: &FileUpload) -> Result<(Outgoing, Upload), Error> {
    if file.is_empty() {
        return Err(Error::invalid(UPLOAD, "the file is empty"));
    }
    Outgoing::change(UPLOAD, Method::POST, "/files").file(file)
}

fn download_request(id: &FileId) -> Outgoing {
    Outgoing::get(DOWNLOAD, "/files")
        .any_answer()
        .query("id", id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::answer::received, model::Record};

    #[test]
    fn the_requests() {
        let (outgoing, _) = upload_request(&FileUpload::new("a.txt", "x")).unwrap();
        assert!(!outgoing.repeatable && outgoing.writes);
        let request = outgoing.into_request().unwrap();
        assert_eq!(
            (request.method().as_str(), request.uri().path()),
            ("POST", "/crm/v8/files")
        );
        let request = download_request(&FileId::new("ae9c&x=1"))
            .into_request()
            .unwrap();
        assert_eq!(request.uri(), "/crm/v8/files?id=ae9c%26x%3D1");
        assert!(upload_request(&FileUpload::new("a", "")).is_err());
    }

    #[test]
    fn an_uploaded_file_is_the_value_of_a_field() {
        let body = r#"{"data":[{"code":"SUCCESS","details":{"name":"a.txt","id":"ae9c7cefa418aec1d6a5cc2d9ab35c32"},"message":"a.txt uploaded Succesfully","status":"success"}]}"#;
        let file: UploadedFile = action::details(&received(200, body)).unwrap();
        let record = Record::new().with("Certificates", vec![file.id]);
        assert_eq!(
            record.get("Certificates").unwrap().get(),
            r#"[{"File_Id__s":"ae9c7cefa418aec1d6a5cc2d9ab35c32"}]"#
        );
        // Written twice, it is there twice.
        assert!(record.growing_field().is_some());
    }
}
