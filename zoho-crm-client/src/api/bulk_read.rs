//! Bulk read: jobs that write the records of a module into files (reference: Zoho v8 section 7.1, read 2026-11).

mod criteria;
mod rows;

use http::Method;
use serde::{Deserialize, Serialize};

pub(super) use self::rows::OpenFile;
pub use self::{criteria::BulkCriteria, rows::BulkRows};
use super::{
    Failure, Outgoing, Received,
    bulk_job::{JobState, Polling},
};
use crate::{
    bulk::FileLimits,
    client::ZohoClient,
    error::{CallContext, Error},
    names::{FieldName, ModuleName, RecordId},
};

const CREATE: &str = "zoho.bulk_read.create";
const STATE: &str = "zoho.bulk_read.state";
const RESULT: &str = "zoho.bulk_read.result";

/// Base path of bulk jobs.
pub(super) const BULK: &str = "/crm/bulk/v8";

/// A read of many records through jobs that Zoho runs. A job yields up to 200,000 rows and costs 50 credits, whatever it
/// yields.
#[derive(Clone, Debug)]
#[must_use = "call `rows` or `start`"]
pub struct BulkReadRequest {
    pub(super) client: ZohoClient,
    module: ModuleName,
    fields: Vec<FieldName>,
    view: Option<RecordId>,
    criteria: Option<BulkCriteria>,
    page: ReadPage,
    callback: Option<String>,
    pub(super) polling: Polling,
    pub(super) limits: FileLimits,
}

/// Which 200,000 rows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ReadPage {
    Number(u32),
    Token(String),
}

impl BulkReadRequest {
    pub(crate) fn new(client: ZohoClient, module: ModuleName) -> Self {
        Self {
            client,
            module,
            fields: Vec::new(),
            view: None,
            criteria: None,
            page: ReadPage::Number(1),
            callback: None,
            polling: Polling::default(),
            limits: FileLimits::default(),
        }
    }

    /// The columns, by API name, `id` included; of a lookup's record by dot, such as `Account_Name.Phone`. Default: all fields.
    pub fn fields<F: Into<FieldName>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.fields = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Only the records of a custom view.
    pub fn view(mut self, id: RecordId) -> Self {
        self.view = Some(id);
        self
    }

    /// Only records that meet `criteria`.
    pub fn criteria(mut self, criteria: BulkCriteria) -> Self {
        self.criteria = Some(criteria);
        self
    }

    /// Begins at the page that a [result](BulkReadResult::next_page_token) of an earlier job named.
    pub fn page_token(mut self, token: impl Into<String>) -> Self {
        self.page = ReadPage::Token(token.into());
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

    /// How much of a file is accepted.
    pub fn limits(mut self, limits: FileLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Starts the job for one page. Sent once: a job whose answer is lost may be running, which costs its credits and
    /// nothing else.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the criteria break a limit; [`Error::Api`] when Zoho refuses them.
    pub async fn start(&self) -> Result<BulkReadJob, Error> {
        let id = self.client.send(self.request()?, parse_created).await?;
        Ok(BulkReadJob {
            client: self.client.clone(),
            id,
        })
    }

    /// All rows of all pages: starts a job, waits for it, hands out its file row by row while it is downloaded, goes on
    /// with the next page. Nothing is started before the first row is asked for.
    pub fn rows(self) -> BulkRows {
        BulkRows::of_request(self)
    }

    pub(super) fn at(mut self, result: &BulkReadResult) -> Self {
        self.page = match &result.next_page_token {
            Some(token) => ReadPage::Token(token.clone()),
            None => ReadPage::Number(result.page + 1),
        };
        self
    }

    fn request(&self) -> Result<Outgoing, Error> {
        let body = Body {
            callback: self.callback.as_deref().map(Callback::new),
            query: match &self.page {
                // The token stands for the whole query.
                ReadPage::Token(token) => Query {
                    page_token: Some(token),
                    ..Query::default()
                },
                ReadPage::Number(number) => {
                    if let Some(criteria) = &self.criteria {
                        criteria.check()?;
                    }
                    Query {
                        module: Some(Named {
                            api_name: self.module.as_str(),
                        }),
                        fields: &self.fields,
                        cvid: self.view.as_ref(),
                        criteria: self.criteria.as_ref(),
                        page: (*number > 1).then_some(*number),
                        page_token: None,
                    }
                }
            },
        };
        let mut outgoing = Outgoing::new(CREATE, Method::POST, format!("{BULK}/read"))
            .of_module(&self.module)
            .credits(50)
            .json(&body)?;
        outgoing.writes = true;
        Ok(outgoing)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    callback: Option<Callback<'a>>,
    query: Query<'a>,
}

#[derive(Serialize)]
pub(super) struct Callback<'a> {
    url: &'a str,
    method: &'static str,
}

impl<'a> Callback<'a> {
    pub(super) fn new(url: &'a str) -> Self {
        Self {
            url,
            method: "post",
        }
    }
}

#[derive(Serialize)]
pub(super) struct Named<'a> {
    pub(super) api_name: &'a str,
}

#[derive(Default, Serialize)]
struct Query<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<Named<'a>>,
    #[serde(skip_serializing_if = "<[FieldName]>::is_empty")]
    fields: &'a [FieldName],
    #[serde(skip_serializing_if = "Option::is_none")]
    cvid: Option<&'a RecordId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    criteria: Option<&'a BulkCriteria>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_token: Option<&'a str>,
}

/// A bulk read job. Its id is all that is needed to come back to it; its file is kept for about a day.
#[derive(Clone, Debug)]
pub struct BulkReadJob {
    client: ZohoClient,
    id: RecordId,
}

/// What a completed job has found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BulkReadResult {
    /// Which page, from 1.
    #[serde(default = "first_page")]
    pub page: u32,
    /// Rows in the file.
    #[serde(default)]
    pub count: u64,
    /// Where the file is.
    pub download_url: String,
    /// Whether there are more pages.
    #[serde(default)]
    pub more_records: bool,
    /// The next page, for 24 hours and this user.
    pub next_page_token: Option<String>,
}

fn first_page() -> u32 {
    1
}

impl BulkReadJob {
    pub(crate) fn new(client: ZohoClient, id: RecordId) -> Self {
        Self { client, id }
    }

    /// The job's id.
    #[must_use]
    pub fn id(&self) -> &RecordId {
        &self.id
    }

    /// What the job is doing, and its result once it is completed.
    ///
    /// # Errors
    /// [`Error::JobFailed`] when it failed; [`Error::Api`] with `RESOURCE_NOT_FOUND` when there is no such job (any
    /// more).
    pub async fn state(&self) -> Result<(JobState, Option<BulkReadResult>), Error> {
        let request = Outgoing::new(STATE, Method::GET, format!("{BULK}/read/{}", self.id));
        let request = request.repeatable(true);
        let detail = self.client.send(request, parse_state).await?;
        if detail.state == JobState::Failed {
            let code = detail.error_code();
            let job = self.id.clone();
            let context = self.context();
            return Err(Error::JobFailed { context, job, code });
        }
        Ok((detail.state.clone(), detail.found()))
    }

    /// Waits until the job is completed.
    ///
    /// # Errors
    /// [`Error::JobFailed`] when it failed, [`Error::JobUnfinished`] when it takes longer than `polling` allows.
    pub async fn wait(&self, polling: &Polling) -> Result<BulkReadResult, Error> {
        let mut last = JobState::Added;
        for pause in polling.pauses() {
            self.client.wait(pause).await;
            match self.state().await? {
                (_, Some(result)) => return Ok(result),
                (state, None) => last = state,
            }
        }
        Err(Error::JobUnfinished {
            context: self.context(),
            job: self.id.clone(),
            state: last,
        })
    }

    /// The rows of a completed job's file, handed out while it is downloaded.
    ///
    /// # Errors
    /// As any call; [`Error::Auth`] when the file is on a host that tokens must not go to. What is wrong with the file
    /// shows in the stream.
    pub async fn rows(
        &self,
        result: &BulkReadResult,
        limits: FileLimits,
    ) -> Result<BulkRows, Error> {
        BulkRows::of_file(&self.client, result, limits).await
    }

    fn context(&self) -> Box<CallContext> {
        Box::new(CallContext {
            operation: STATE,
            method: Method::GET,
            path: format!("{BULK}/read/{}", self.id),
            status: None,
            attempts: 1,
            may_have_been_applied: false,
        })
    }
}

fn parse_created(received: &Received) -> Result<RecordId, Failure> {
    #[derive(Deserialize)]
    struct Answer {
        data: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Row {
        details: Created,
    }
    #[derive(Deserialize)]
    struct Created {
        id: RecordId,
    }
    let answer = received.json::<Answer>()?;
    let row = answer.and_then(|answer| answer.data.into_iter().next());
    row.map(|row| row.details.id)
        .ok_or_else(|| Failure::Inconsistent("Zoho names no job".to_owned()))
}

#[derive(Debug, Deserialize)]
struct Detail {
    state: JobState,
    result: Option<serde_json::Value>,
}

impl Detail {
    fn found(self) -> Option<BulkReadResult> {
        let result = self.result.filter(|_| self.state == JobState::Completed)?;
        serde_json::from_value(result).ok()
    }

    fn error_code(&self) -> Option<String> {
        let error = self.result.as_ref()?.get("error_message")?;
        Some(error.get("code")?.as_str()?.to_owned())
    }
}

fn parse_state(received: &Received) -> Result<Detail, Failure> {
    #[derive(Deserialize)]
    struct Answer {
        data: Vec<Detail>,
    }
    let answer = received.json::<Answer>()?;
    let detail = answer.and_then(|answer| answer.data.into_iter().next());
    let detail =
        detail.ok_or_else(|| Failure::Inconsistent("Zoho says nothing of the job".to_owned()))?;
    let lacks_file = || {
        let result = detail.result.as_ref();
        result.is_none_or(|result| {
            !result
                .get("download_url")
                .is_some_and(|url| url.is_string())
        })
    };
    if detail.state == JobState::Completed && lacks_file() {
        return Err(Failure::Inconsistent(
            "the job is completed but names no file".to_owned(),
        ));
    }
    Ok(detail)
}

#[cfg(test)]
mod tests;
