//! Bulk write: files that Zoho writes into a module (reference: Zoho v8 section 7.2, read 2026-11).

mod cells;
mod file;
mod outcome;
mod send;

use client_core::Upload;
use http::{
    HeaderName, HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde::{Deserialize, Serialize};

use self::{cells::EmptyCells, file::FILE_NAME};
pub use self::{
    outcome::{BulkAction, BulkOutcome, BulkRowError, BulkWritten},
    send::BulkWriteOutcomes,
};
use super::{
    Destination, Failure, Outgoing, Received,
    bulk_job::{JobState, Polling},
    bulk_read::{BULK, Callback, Named},
    multipart::FileUpload,
};
use crate::{
    bulk::FileLimits,
    client::ZohoClient,
    error::{CallContext, Error},
    model::Record,
    names::{FieldName, ModuleName, RecordId},
};

const UPLOAD: &str = "zoho.bulk_write.upload";
const CREATE: &str = "zoho.bulk_write.create";
const STATE: &str = "zoho.bulk_write.state";
const RESULT: &str = "zoho.bulk_write.result";

/// Columns that Zoho takes.
const MAX_COLUMNS: usize = 200;

/// What a bulk write does with its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BulkOperation {
    /// Creates a record for each.
    Insert,
    /// Changes the record whose field has the row's value.
    Update {
        /// `id`, or a unique field.
        find_by: FieldName,
    },
    /// Changes the record whose field has the row's value, or creates one.
    Upsert {
        /// A unique field.
        find_by: FieldName,
    },
}

impl BulkOperation {
    /// [`Update`](Self::Update)
    pub fn update(find_by: impl Into<FieldName>) -> Self {
        Self::Update {
            find_by: find_by.into(),
        }
    }

    /// [`Upsert`](Self::Upsert)
    pub fn upsert(find_by: impl Into<FieldName>) -> Self {
        Self::Upsert {
            find_by: find_by.into(),
        }
    }

    fn as_str(&self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update { .. } => "update",
            Self::Upsert { .. } => "upsert",
        }
    }

    fn find_by(&self) -> Option<&FieldName> {
        match self {
            Self::Insert => None,
            Self::Update { find_by } | Self::Upsert { find_by } => Some(find_by),
        }
    }
}

/// A column: which field its cells go to, and how they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkColumn {
    field: FieldName,
    format: Option<String>,
    find_by: Option<FieldName>,
    default: Option<String>,
}

impl BulkColumn {
    /// A column for `field`.
    pub fn new(field: impl Into<FieldName>) -> Self {
        Self {
            field: field.into(),
            format: None,
            find_by: None,
            default: None,
        }
    }

    /// How dates are written, such as `yyyy-MM-dd` for those of a [`Record`]. Zoho assumes `MM/dd/yyyy`, and
    /// `MM/dd/yyyy HH:mm:ss` for instants.
    #[must_use]
    pub fn format(mut self, format: impl Into<String>) -> Self {
        self.format = Some(format.into());
        self
    }

    /// For a lookup: the field of the other module by which its record is found. Default: its id.
    #[must_use]
    pub fn find_by(mut self, field: impl Into<FieldName>) -> Self {
        self.find_by = Some(field.into());
        self
    }

    /// What an empty cell stands for.
    #[must_use]
    pub fn default_value(mut self, value: impl Into<String>) -> Self {
        self.default = Some(value.into());
        self
    }
}

impl<F: Into<FieldName>> From<F> for BulkColumn {
    fn from(field: F) -> Self {
        Self::new(field)
    }
}

/// A write of many records through jobs that Zoho runs. A job takes a file of up to 25,000 rows and 25 MB and costs 500
/// credits.
///
/// By default an empty field of a record is an error, for it would be ignored; see [`clear_empty`](Self::clear_empty).
#[derive(Clone, Debug)]
#[must_use = "call `send`"]
pub struct BulkWriteRequest {
    client: ZohoClient,
    module: ModuleName,
    operation: BulkOperation,
    columns: Vec<BulkColumn>,
    empty: EmptyCells,
    callback: Option<String>,
    polling: Polling,
    limits: FileLimits,
}

impl BulkWriteRequest {
    pub(crate) fn new(client: ZohoClient, module: ModuleName, operation: BulkOperation) -> Self {
        Self {
            client,
            module,
            operation,
            columns: Vec::new(),
            empty: EmptyCells::Refused,
            callback: None,
            polling: Polling::default(),
            limits: FileLimits::default(),
        }
    }

    /// The columns, 1 to 200. Zoho reports each row by its first three, so begin with those that tell rows apart.
    pub fn columns<C: Into<BulkColumn>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.columns = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Empties the fields of records that are empty in a row. Every record must then have every column, empty or not:
    /// a file cannot leave a field alone in one row and empty it in the next.
    pub fn clear_empty(mut self) -> Self {
        self.empty = EmptyCells::Clear;
        self
    }

    /// Has Zoho call `url` when a job has ended; [`BulkJobCall`](crate::webhook::BulkJobCall) reads the call.
    pub fn callback(mut self, url: impl Into<String>) -> Self {
        self.callback = Some(url.into());
        self
    }

    /// How to wait for jobs.
    pub fn polling(mut self, polling: Polling) -> Self {
        self.polling = polling;
        self
    }

    /// How much of a result is accepted.
    pub fn limits(mut self, limits: FileLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Writes `rows`: fills a file, uploads it, starts a job, waits for it and hands out what became of each row, in
    /// order; goes on with the next file. Nothing is sent before the first outcome is asked for.
    ///
    /// Jobs are started once: a job whose answer is lost may be running, so that its error [may have been
    /// applied](Error::may_have_been_applied).
    pub fn send(
        self,
        rows: impl futures::Stream<Item = Record> + Send + 'static,
    ) -> BulkWriteOutcomes {
        BulkWriteOutcomes::new(self, Box::pin(rows))
    }

    fn check(&self) -> Result<(), Error> {
        if !(1..=MAX_COLUMNS).contains(&self.columns.len()) {
            return Err(invalid(format!(
                "{} columns are named: give 1 to {MAX_COLUMNS}",
                self.columns.len()
            )));
        }
        match self.operation.find_by() {
            Some(key) if !self.columns.iter().any(|column| &column.field == key) => Err(invalid(
                format!("rows are found by `{key}`, which is no column"),
            )),
            _ => Ok(()),
        }
    }

    /// The organisation must be the token's own.
    fn upload_request(&self, zgid: &str, archive: Vec<u8>) -> Result<(Outgoing, Upload), Error> {
        let zgid = HeaderValue::from_str(zgid)
            .map_err(|error| Error::invalid(UPLOAD, error.to_string()))?;
        let file = FileUpload::new("data.zip", archive).content_type("application/zip");
        let (kind, form) = file.form("file");
        let kind = HeaderValue::try_from(kind)
            .map_err(|error| Error::invalid(UPLOAD, error.to_string()))?;
        let feature = HeaderValue::from_static("bulk-write");
        // An upload alone changes no record, so it may be repeated.
        let outgoing = Outgoing::new(UPLOAD, Method::POST, "/crm/v8/upload".to_owned())
            .of_module(&self.module)
            .repeatable(true)
            .to(Destination::Content)
            .header(HeaderName::from_static("feature"), feature)
            .header(HeaderName::from_static("x-crm-org"), zgid)
            .header(CONTENT_TYPE, kind);
        Ok((outgoing, form))
    }

    fn create_request(&self, file: &RecordId) -> Result<Outgoing, Error> {
        let ignore_empty = self.empty == EmptyCells::Refused;
        let mappings = self.columns.iter().enumerate();
        let body = Body {
            character_encoding: "UTF-8",
            operation: self.operation.as_str(),
            ignore_empty,
            callback: self.callback.as_deref().map(Callback::new),
            resource: [Resource {
                kind: "data",
                module: Named {
                    api_name: self.module.as_str(),
                },
                file_id: file,
                file_names: [FILE_NAME],
                find_by: self.operation.find_by(),
                ignore_empty,
                field_mappings: mappings
                    .map(|(index, column)| Mapping::new(index, column))
                    .collect(),
            }],
        };
        let mut outgoing = Outgoing::new(CREATE, Method::POST, format!("{BULK}/write"))
            .of_module(&self.module)
            .credits(500)
            .json(&body)?;
        outgoing.writes = true;
        Ok(outgoing)
    }
}

fn invalid(reason: String) -> Error {
    Error::invalid(CREATE, reason)
}

#[derive(Serialize)]
struct Body<'a> {
    character_encoding: &'static str,
    operation: &'static str,
    ignore_empty: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback: Option<Callback<'a>>,
    resource: [Resource<'a>; 1],
}

#[derive(Serialize)]
struct Resource<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    module: Named<'a>,
    file_id: &'a RecordId,
    file_names: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    find_by: Option<&'a FieldName>,
    ignore_empty: bool,
    field_mappings: Vec<Mapping<'a>>,
}

#[derive(Serialize)]
struct Mapping<'a> {
    api_name: &'a FieldName,
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    find_by: Option<&'a FieldName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_value: Option<DefaultValue<'a>>,
}

#[derive(Serialize)]
struct DefaultValue<'a> {
    value: &'a str,
}

impl<'a> Mapping<'a> {
    fn new(index: usize, column: &'a BulkColumn) -> Self {
        Self {
            api_name: &column.field,
            index,
            format: column.format.as_deref(),
            find_by: column.find_by.as_ref(),
            default_value: column
                .default
                .as_deref()
                .map(|value| DefaultValue { value }),
        }
    }
}

/// A bulk write job. Its id is all that is needed to come back to it.
#[derive(Clone, Debug)]
pub struct BulkWriteJob {
    client: ZohoClient,
    id: RecordId,
}

/// What Zoho says of a job.
#[derive(Clone, Debug)]
struct Detail {
    state: JobState,
    code: Option<String>,
    download_url: Option<String>,
}

impl BulkWriteJob {
    pub(crate) fn new(client: ZohoClient, id: RecordId) -> Self {
        Self { client, id }
    }

    /// The job's id.
    #[must_use]
    pub fn id(&self) -> &RecordId {
        &self.id
    }

    /// What the job is doing, and where its result is once it is completed.
    ///
    /// # Errors
    /// [`Error::JobFailed`] when it failed or was skipped; [`Error::Api`] with `RESOURCE_NOT_FOUND` when there is no such
    /// job (any more).
    pub async fn state(&self) -> Result<(JobState, Option<String>), Error> {
        let request = Outgoing::new(STATE, Method::GET, format!("{BULK}/write/{}", self.id));
        let request = request.repeatable(true);
        let detail = self.client.send(request, parse_state).await?;
        if matches!(detail.state, JobState::Failed | JobState::Skipped) {
            return Err(Error::JobFailed {
                context: self.context(),
                job: self.id.clone(),
                code: detail.code,
            });
        }
        Ok((detail.state, detail.download_url))
    }

    /// Waits until the job is completed and returns where its result is.
    ///
    /// # Errors
    /// [`Error::JobFailed`] when it failed, [`Error::JobUnfinished`] when it takes longer than `polling` allows.
    pub async fn wait(&self, polling: &Polling) -> Result<String, Error> {
        let mut last = JobState::Added;
        for pause in polling.pauses() {
            self.client.wait(pause).await;
            match self.state().await? {
                (JobState::Completed, Some(link)) => return Ok(link),
                (state, _) => last = state,
            }
        }
        Err(Error::JobUnfinished {
            context: self.context(),
            job: self.id.clone(),
            state: last,
        })
    }

    fn context(&self) -> Box<CallContext> {
        Box::new(CallContext {
            operation: STATE,
            method: Method::GET,
            path: format!("{BULK}/write/{}", self.id),
            status: None,
            attempts: 1,
            may_have_been_applied: false,
        })
    }
}

/// Where a result is: a path below the API's base is on its host, any other on the host for files.
fn result_request(link: &str) -> Result<Outgoing, Error> {
    let default = (!link.starts_with("/crm/")).then_some(Destination::Content);
    let any = HeaderValue::from_static("*/*");
    Ok(Outgoing::link(RESULT, link, default)?.header(ACCEPT, any))
}

fn parse_uploaded(received: &Received) -> Result<RecordId, Failure> {
    #[derive(Deserialize)]
    struct Details {
        file_id: RecordId,
    }
    parse_details::<Details>(received).map(|details| details.file_id)
}

fn parse_created(received: &Received) -> Result<RecordId, Failure> {
    #[derive(Deserialize)]
    struct Details {
        id: RecordId,
    }
    parse_details::<Details>(received).map(|details| details.id)
}

/// The `details` of a success.
fn parse_details<T: serde::de::DeserializeOwned>(received: &Received) -> Result<T, Failure> {
    #[derive(Deserialize)]
    struct Answer<T> {
        details: T,
    }
    let answer = received.json::<Answer<T>>()?;
    let answer = answer.map(|answer| answer.details);
    answer.ok_or_else(|| Failure::Inconsistent("the answer is empty".to_owned()))
}

fn parse_state(received: &Received) -> Result<Detail, Failure> {
    #[derive(Deserialize)]
    struct Answer {
        status: JobState,
        #[serde(default)]
        resource: Vec<Part>,
        result: Option<Link>,
    }
    #[derive(Deserialize)]
    struct Part {
        code: Option<String>,
    }
    #[derive(Deserialize)]
    struct Link {
        download_url: Option<String>,
    }
    let answer = received.json::<Answer>()?;
    let answer =
        answer.ok_or_else(|| Failure::Inconsistent("Zoho says nothing of the job".to_owned()))?;
    let download_url = answer.result.and_then(|result| result.download_url);
    if answer.status == JobState::Completed && download_url.is_none() {
        return Err(Failure::Inconsistent(
            "the job is completed but names no result".to_owned(),
        ));
    }
    Ok(Detail {
        state: answer.status,
        code: answer.resource.into_iter().find_map(|part| part.code),
        download_url,
    })
}

#[cfg(test)]
mod tests;
