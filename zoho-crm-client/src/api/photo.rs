//! The picture of a record (reference: Zoho v8 section 9.2, read 2026-11).

use client_core::Upload;
use http::Method;

use super::{Download, FileUpload, Outgoing, action, download::LARGEST_FILE, record::Place};
use crate::error::Error;

const GET: &str = "zoho.photo.get";
const UPLOAD: &str = "zoho.photo.upload";
const DELETE: &str = "zoho.photo.delete";

/// The picture of a record.
#[derive(Clone, Debug)]
pub struct Photo {
    place: Place,
}

impl Photo {
    pub(super) fn new(place: Place) -> Self {
        Self { place }
    }

    /// Downloads it; `None` when there is none. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn get(&self) -> Result<Option<Download>, Error> {
        let outgoing = Outgoing::get(GET, &self.path(GET)?)
            .of_module(&self.place.module)
            .any_answer();
        self.place.client.file(outgoing, LARGEST_FILE).await
    }

    /// Sets it, in place of the one that is there. Safe to repeat. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it, for example because it is no picture.
    pub async fn upload(&self, picture: &FileUpload) -> Result<(), Error> {
        let (outgoing, form) = self.upload_request(picture)?;
        self.place.client.upload(outgoing, form, action::done).await
    }

    fn upload_request(&self, picture: &FileUpload) -> Result<(Outgoing, Upload), Error> {
        self.change(UPLOAD, Method::POST)?.file(picture)
    }

    /// Deletes it. Safe to repeat. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn delete(&self) -> Result<(), Error> {
        let outgoing = self.change(DELETE, Method::DELETE)?;
        self.place.client.send(outgoing, action::done).await
    }

    fn change(&self, operation: &'static str, method: Method) -> Result<Outgoing, Error> {
        Ok(Outgoing::change(operation, method, &self.path(operation)?)
            .of_module(&self.place.module)
            .repeatable(true))
    }

    fn path(&self, operation: &'static str) -> Result<String, Error> {
        Ok(format!("{}/photo", self.place.path(operation)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::record::place;

    #[test]
    fn a_picture_replaces_the_one_before() {
        let photo = Photo::new(place("Contacts", "12"));
        let picture = FileUpload::new("a.png", "\u{1}").content_type("image/png");
        let (outgoing, _) = photo.upload_request(&picture).unwrap();
        assert!(outgoing.repeatable && outgoing.writes);
        let request = outgoing.into_request().unwrap();
        assert_eq!(
            (request.method().as_str(), request.uri().path()),
            ("POST", "/crm/v8/Contacts/12/photo")
        );
        let delete = photo.change(DELETE, Method::DELETE).unwrap();
        assert_eq!(delete.into_request().unwrap().method(), "DELETE");
    }
}
