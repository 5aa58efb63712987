//! The handle on one record.

use std::{fmt, marker::PhantomData};

use http::Method;
use serde::Serialize;

use super::{
    Attachments, Download, FileStream, Locks, Notes, Outgoing, OwnerChange, Photo, RelatedList,
    TimelineRequest, Written, download::LARGEST_FILE, get, outcome::parse_row,
    outgoing::module_path, owner,
};
use crate::{
    client::ZohoClient,
    error::Error,
    model::{Model, Record},
    names::{FieldName, ModuleName, RecordId},
};

const CLONE: &str = "zoho.records.clone";
const FIELD_FILE: &str = "zoho.records.field_file";

/// Where a record is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) client: ZohoClient,
    pub(super) module: ModuleName,
    pub(super) id: RecordId,
}

impl Place {
    /// `/Accounts/12`.
    pub(super) fn path(&self, operation: &'static str) -> Result<String, Error> {
        Ok(format!(
            "{}/{}",
            module_path(operation, &self.module)?,
            self.id
        ))
    }
}

/// One record, by its id: what belongs to it and what can be done with it. Cheap to make and to clone; nothing is sent
/// until something is asked for.
///
/// The record's own fields are read and written through its [module](crate::ModuleApi).
pub struct RecordApi<T = Record> {
    place: Place,
    model: PhantomData<fn() -> T>,
}

impl<T> Clone for RecordApi<T> {
    fn clone(&self) -> Self {
        Self {
            place: self.place.clone(),
            model: PhantomData,
        }
    }
}

impl<T> fmt::Debug for RecordApi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordApi")
            .field("module", &self.place.module)
            .field("id", &self.place.id)
            .finish_non_exhaustive()
    }
}

impl<T: Model> RecordApi<T> {
    pub(super) fn new(client: ZohoClient, module: ModuleName, id: RecordId) -> Self {
        Self {
            place: Place { client, module, id },
            model: PhantomData,
        }
    }

    /// The record with all its fields and line items; `None` when there is no such record. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn get(&self) -> Result<Option<T>, Error> {
        get::one(&self.place.client, &self.place.module, &self.place.id).await
    }

    /// Rich-text fields in full, which lists cut to 500 characters; `None` when there is no such record. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn rich_text<F: Into<FieldName>>(
        &self,
        fields: impl IntoIterator<Item = F>,
    ) -> Result<Option<Record>, Error> {
        let fields: Vec<FieldName> = fields.into_iter().map(Into::into).collect();
        let outgoing = get::rich_text_request(&self.place.module, &self.place.id, &fields)?;
        self.place.client.send(outgoing, get::parse_one).await
    }

    /// A related list, by its API name.
    #[must_use]
    pub fn related(&self, list: impl Into<ModuleName>) -> RelatedList {
        self.related_as(list)
    }

    /// A related list whose records are read into `R`.
    #[must_use]
    pub fn related_as<R: Model>(&self, list: impl Into<ModuleName>) -> RelatedList<R> {
        RelatedList::new(self.place.clone(), list.into())
    }

    /// What happened to it: who changed which field when, from what to what.
    pub fn timeline(&self) -> TimelineRequest {
        TimelineRequest::new(self.place.clone())
    }

    /// Its notes.
    #[must_use]
    pub fn notes(&self) -> Notes {
        Notes::new(self.place.clone())
    }

    /// Its attachments.
    #[must_use]
    pub fn attachments(&self) -> Attachments {
        Attachments::new(self.place.clone())
    }

    /// Its picture.
    #[must_use]
    pub fn photo(&self) -> Photo {
        Photo::new(self.place.clone())
    }

    /// Its locks.
    #[must_use]
    pub fn locks(&self) -> Locks {
        Locks::new(self.place.clone())
    }

    /// Makes a copy of the record, with `changes` to it. Not repeated after a lost answer, because Zoho would copy it
    /// twice. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it, for example because a unique field would not be so any more.
    pub async fn clone_record(&self, changes: &Record) -> Result<Written, Error> {
        let outgoing = clone_request(&self.place, changes)?;
        self.place.client.send(outgoing, parse_row).await
    }

    /// Gives the record to another user. Safe to repeat unless somebody is told of it. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn change_owner(&self, owner: &OwnerChange) -> Result<Written, Error> {
        let outgoing = owner::one(&self.place, owner)?;
        self.place.client.send(outgoing, parse_row).await
    }

    /// Downloads a file from a file or image field, into memory; `attachment` is the `id` of the field's entry. `None` when there is
    /// no such file. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn field_file(&self, attachment: &RecordId) -> Result<Option<Download>, Error> {
        let outgoing = field_file_request(&self.place, attachment)?;
        self.place.client.file(outgoing, LARGEST_FILE).await
    }

    /// The same piece by piece, without holding the file.
    ///
    /// # Errors
    /// As any call. An error while the file arrives is an item of it, and is not repeated.
    pub async fn field_file_stream(
        &self,
        attachment: &RecordId,
    ) -> Result<Option<FileStream>, Error> {
        let outgoing = field_file_request(&self.place, attachment)?;
        let file = self.place.client.file_stream(outgoing).await?;
        Ok(file.map(|(_, file)| file))
    }
}

impl<T> RecordApi<T> {
    pub(super) fn place(&self) -> &Place {
        &self.place
    }
}

fn clone_request(place: &Place, changes: &Record) -> Result<Outgoing, Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        data: [&'a Record; 1],
    }
    let path = format!("{}/actions/clone", place.path(CLONE)?);
    let outgoing = Outgoing::change(CLONE, Method::POST, &path).of_module(&place.module);
    if changes.is_empty() {
        return Ok(outgoing);
    }
    outgoing.json(&Body { data: [changes] })
}

fn field_file_request(place: &Place, attachment: &RecordId) -> Result<Outgoing, Error> {
    let path = format!(
        "{}/actions/download_fields_attachment",
        place.path(FIELD_FILE)?
    );
    Ok(Outgoing::get(FIELD_FILE, &path)
        .of_module(&place.module)
        .any_answer()
        .query("fields_attachment_id", attachment.as_str()))
}

/// A place for tests of requests, with a client that cannot send.
#[cfg(test)]
pub(super) fn place(module: &str, id: &str) -> Place {
    use std::sync::Arc;

    use client_core::testing::{ManualClock, RecordingSleep, ScriptedTransport};

    let clock = ManualClock::new(jiff::Timestamp::UNIX_EPOCH);
    let credentials = crate::ClientCredentials::new("1000.X", String::from("secret"));
    let client = ZohoClient::builder(crate::DataCenter::Eu, credentials)
        .refresh_token(String::from("1000.refresh"))
        .transport(Arc::new(ScriptedTransport::new()))
        .sleep(Arc::new(RecordingSleep::new(clock.clone())))
        .clock(Arc::new(clock))
        .build()
        .unwrap();
    Place {
        client,
        module: module.into(),
        id: id.parse().unwrap(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_a_wrong_module_is_not_asked_for() {
        let wrong = place("Accounts/../org", "12");
        assert!(wrong.path("test").is_err());
    }

    #[test]
    fn a_copy_is_made_once() {
        let plain = clone_request(&place("Deals", "12"), &Record::new()).unwrap();
        assert!(!plain.repeatable && plain.writes);
        let request = plain.into_request().unwrap();
        assert_eq!(request.uri(), "/crm/v8/Deals/12/actions/clone");
        assert!(request.body().is_empty());
        let changes = Record::new().with("Deal_Name", "Copy");
        let request = clone_request(&place("Deals", "12"), &changes)
            .unwrap()
            .into_request();
        assert_eq!(
            request.unwrap().body(),
            r#"{"data":[{"Deal_Name":"Copy"}]}"#
        );
    }

    #[test]
    fn the_request_for_a_file_in_a_field() {
        let outgoing = field_file_request(&place("Accounts", "12"), &"34".parse().unwrap());
        let request = outgoing.unwrap().into_request().unwrap();
        assert_eq!(
            request.uri(),
            "/crm/v8/Accounts/12/actions/download_fields_attachment?fields_attachment_id=34"
        );
        assert_eq!(request.headers()["accept"], "*/*");
    }
}
