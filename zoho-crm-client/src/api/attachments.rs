//! Files and links attached to records (reference: Zoho v8 section 9.2, read 2026-11).

use client_core::Upload;
use http::Method;

use super::{
    Download, FileStream, FileUpload, Outgoing, RelatedRequest, WriteOutcomes, Written, calls::run,
    download::LARGEST_FILE, outcome::parse_row, record::Place, related::delete_calls,
};
use crate::{
    error::Error,
    model::Attachment,
    names::{FieldName, RecordId},
};

const UPLOAD: &str = "zoho.attachments.upload";
const LINK: &str = "zoho.attachments.link";
const DOWNLOAD: &str = "zoho.attachments.download";
const DELETE: &str = "zoho.attachments.delete";

/// Asked for when nothing else is named. Keys such as `$link_url` come along by themselves.
const FIELDS: [&str; 9] = [
    "id",
    "File_Name",
    "Size",
    "Parent_Id",
    "Owner",
    "Created_By",
    "Modified_By",
    "Created_Time",
    "Modified_Time",
];

/// The attachments of a record: files of up to 100 MB, and links.
#[derive(Clone, Debug)]
pub struct Attachments {
    place: Place,
}

impl Attachments {
    pub(super) fn new(place: Place) -> Self {
        Self { place }
    }

    /// Lists them.
    pub fn list(&self) -> RelatedRequest<Attachment> {
        let fields = FIELDS.map(FieldName::from).to_vec();
        RelatedRequest::new(self.place.clone(), "Attachments".into(), fields)
    }

    /// Attaches a file. Not repeated after a lost answer, because Zoho would attach it twice. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for an empty file; [`Error::Api`] when Zoho refuses it.
    pub async fn upload(&self, file: &FileUpload) -> Result<Written, Error> {
        let (outgoing, form) = self.upload_request(file)?;
        self.place.client.upload(outgoing, form, parse_row).await
    }

    fn upload_request(&self, file: &FileUpload) -> Result<(Outgoing, Upload), Error> {
        if file.is_empty() {
            return Err(Error::invalid(UPLOAD, "the file is empty"));
        }
        Outgoing::change(UPLOAD, Method::POST, &self.path(UPLOAD)?)
            .of_module(&self.place.module)
            .file(file)
    }

    /// Attaches a link, which cannot be downloaded. Not repeated after a lost answer. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn link(&self, url: &str, title: Option<&str>) -> Result<Written, Error> {
        let outgoing = self.link_request(url, title)?;
        self.place.client.send(outgoing, parse_row).await
    }

    fn link_request(&self, url: &str, title: Option<&str>) -> Result<Outgoing, Error> {
        let outgoing = Outgoing::change(LINK, Method::POST, &self.path(LINK)?)
            .of_module(&self.place.module)
            .query("attachmentUrl", url);
        Ok(match title {
            Some(title) => outgoing.query("title", title),
            None => outgoing,
        })
    }

    /// Downloads an attached file, into memory; `None` when there is no such attachment. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn download(&self, id: &RecordId) -> Result<Option<Download>, Error> {
        let outgoing = self.download_request(id)?;
        self.place.client.file(outgoing, LARGEST_FILE).await
    }

    /// Downloads an attached file piece by piece, without holding it; `None` when there is no such attachment. Costs 1
    /// credit.
    ///
    /// # Errors
    /// As any call. An error while the file arrives is an item of it, and is not repeated.
    pub async fn download_stream(&self, id: &RecordId) -> Result<Option<FileStream>, Error> {
        let outgoing = self.download_request(id)?;
        let file = self.place.client.file_stream(outgoing).await?;
        Ok(file.map(|(_, file)| file))
    }

    fn download_request(&self, id: &RecordId) -> Result<Outgoing, Error> {
        let path = format!("{}/{id}", self.path(DOWNLOAD)?);
        Ok(Outgoing::get(DOWNLOAD, &path)
            .of_module(&self.place.module)
            .any_answer())
    }

    /// Deletes attachments, 100 in a call. Safe to repeat.
    ///
    /// # Errors
    /// When no call was answered. Once one was, a later call that fails shows as the outcome of its rows.
    pub async fn delete(&self, ids: &[RecordId]) -> Result<WriteOutcomes, Error> {
        let calls = delete_calls(DELETE, &self.path(DELETE)?, &self.place.module, ids);
        run(&self.place.client, calls).await
    }

    fn path(&self, operation: &'static str) -> Result<String, Error> {
        Ok(format!("{}/Attachments", self.place.path(operation)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{answer::received, record::place};

    fn attachments() -> Attachments {
        Attachments::new(place("Accounts", "12"))
    }

    #[test]
    fn a_file_is_sent_once_as_a_form() {
        let file = FileUpload::new("a.txt", "hello").content_type("text/plain");
        let (outgoing, _) = attachments().upload_request(&file).unwrap();
        assert!(!outgoing.repeatable && outgoing.writes);
        let request = outgoing.into_request().unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "/crm/v8/Accounts/12/Attachments");
        let content_type = request.headers()["content-type"].to_str().unwrap();
        assert!(content_type.starts_with("multipart/form-data; boundary="));
        assert!(
            attachments()
                .upload_request(&FileUpload::new("a", ""))
                .is_err()
        );
    }

    #[test]
    fn a_link_cannot_add_parameters() {
        let outgoing = attachments().link_request("https://example.com/?a=1&b=2", Some("T & C"));
        let outgoing = outgoing.unwrap();
        assert!(!outgoing.repeatable);
        assert_eq!(
            outgoing.into_request().unwrap().uri(),
            "/crm/v8/Accounts/12/Attachments?attachmentUrl=https%3A%2F%2Fexample.com%2F%3Fa%3D1%26b%3D2&title=T+%26+C"
        );
    }

    #[test]
    fn a_download_takes_any_answer() {
        let outgoing = attachments()
            .download_request(&"34".parse().unwrap())
            .unwrap();
        assert!(outgoing.repeatable && !outgoing.writes);
        let request = outgoing.into_request().unwrap();
        assert_eq!(request.uri(), "/crm/v8/Accounts/12/Attachments/34");
        assert_eq!(request.headers()["accept"], "*/*");
    }

    #[test]
    fn both_shapes_of_success_are_read() {
        for details in [
            r#"{"id":"34"}"#,
            r#"{"id":"34","Modified_Time":"2026-11-20T11:00:00+01:00","Created_Time":"2026-11-20T11:00:00+01:00","Created_By":{"id":"1","name":"P"}}"#,
        ] {
            let body = format!(
                r#"{{"data":[{{"code":"SUCCESS","details":{details},"message":"attachment uploaded successfully","status":"success"}}]}}"#
            );
            assert_eq!(parse_row(&received(200, body)).unwrap().id, "34");
        }
    }
}
