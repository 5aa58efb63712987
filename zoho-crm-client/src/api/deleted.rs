//! What was deleted (reference: Zoho v8 section 2.7, read 2026-11).

use futures::FutureExt;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Outgoing,
    list::PAGE_SIZE,
    outgoing::module_path,
    paging::{check_size, number, parse_numbered},
};
use crate::{
    client::ZohoClient,
    error::Error,
    model::{DateTime, Lookup},
    names::{ModuleName, RecordId},
    page::{Page, PageToken, Pager},
};

const OPERATION: &str = "zoho.records.deleted";

/// A record that is gone from its module.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct DeletedRecord {
    /// Its id.
    pub id: RecordId,
    /// When it was deleted. Whole seconds.
    pub deleted_time: Option<DateTime>,
    /// How final that is.
    #[serde(rename = "type")]
    pub kind: Option<DeletedKind>,
    /// Its name; `None` once it has left the recycle bin.
    pub display_name: Option<String>,
    /// Who deleted it.
    pub deleted_by: Option<Lookup>,
}

/// How final a deletion is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DeletedKind {
    /// In the recycle bin: can be restored.
    Recycle,
    /// Gone for good.
    Permanent,
    /// A word that this version does not know.
    #[serde(untagged)]
    Other(String),
}

/// A listing of deleted records, in the recycle bin or gone for good. Costs 2 credits a page.
#[derive(Clone, Debug)]
#[must_use = "call `page` or `stream`"]
pub struct DeletedRequest {
    client: ZohoClient,
    module: ModuleName,
    since: Option<Timestamp>,
    per_page: u16,
}

impl DeletedRequest {
    pub(super) fn new(client: ZohoClient, module: ModuleName) -> Self {
        Self {
            client,
            module,
            since: None,
            per_page: PAGE_SIZE,
        }
    }

    /// Only records deleted after `since`, in whole seconds, rounded down.
    pub fn since(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }

    /// Records on a page, 1 to 200. Default 200.
    pub fn per_page(mut self, records: u16) -> Self {
        self.per_page = records;
        self
    }

    /// One page. Empty when nothing was deleted.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when a limit is broken or `at` comes from another listing.
    pub async fn page(&self, at: &PageToken) -> Result<Page<DeletedRecord>, Error> {
        let number = number(OPERATION, at)?;
        let outgoing = request(&self.module, self.since, self.per_page, number)?;
        self.client
            .send(outgoing, |received| parse_numbered(received, number))
            .await
    }

    /// All deleted records, fetched page by page as they are asked for.
    pub fn stream(self) -> Pager<DeletedRecord> {
        self.stream_from(PageToken::first())
    }

    /// All deleted records from the page `start` on, which an earlier stream's [`continuation`](Pager::continuation) gave.
    pub fn stream_from(self, start: PageToken) -> Pager<DeletedRecord> {
        Pager::new(start, move |at| {
            let request = self.clone();
            async move { request.page(&at).await }.boxed()
        })
    }
}

fn request(
    module: &ModuleName,
    since: Option<Timestamp>,
    per_page: u16,
    page: u32,
) -> Result<Outgoing, Error> {
    check_size(OPERATION, per_page)?;
    let path = format!("{}/deleted", module_path(OPERATION, module)?);
    Ok(Outgoing::get(OPERATION, &path)
        .of_module(module)
        .credits(2)
        .query("type", "all")
        .query("per_page", per_page.to_string())
        .query("page", page.to_string())
        .modified_since(since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::answer::received;

    #[test]
    fn the_request() {
        let since = "2026-11-20T10:00:00Z".parse().unwrap();
        let request = request(&"Accounts".into(), Some(since), 200, 2)
            .unwrap()
            .into_request()
            .unwrap();
        assert_eq!(
            request.uri(),
            "/crm/v8/Accounts/deleted?type=all&per_page=200&page=2"
        );
        assert_eq!(
            request.headers()["if-modified-since"],
            "2026-11-20T10:00:00+00:00"
        );
    }

    #[test]
    fn records_in_the_bin_and_gone_for_good() {
        let body = r#"{"data":[
            {"deleted_by":{"name":"Patricia Boyle","id":"5725767000000411001"},"id":"5725767000000524157",
             "display_name":"Müller GmbH","type":"recycle","created_by":{"name":"P","id":"5725767000000411001"},
             "deleted_time":"2026-11-20T11:00:00+01:00"},
            {"deleted_by":null,"id":"5725767000000524158","display_name":null,"type":"permanent","created_by":null,
             "deleted_time":"2026-11-20T11:00:01+01:00"},
            {"id":"5725767000000524159","type":"archived"}
        ],"info":{"per_page":200,"count":3,"page":1,"more_records":true}}"#;
        let page: Page<DeletedRecord> = parse_numbered(&received(200, body), 1).unwrap();
        let kinds: Vec<_> = page
            .records
            .iter()
            .map(|record| record.kind.clone().unwrap())
            .collect();
        assert_eq!(
            kinds,
            [
                DeletedKind::Recycle,
                DeletedKind::Permanent,
                DeletedKind::Other("archived".to_owned())
            ]
        );
        assert_eq!(
            page.records[0].deleted_time.unwrap().to_string(),
            "2026-11-20T10:00:00+00:00"
        );
        assert_eq!(page.next, Some(PageToken::number(2)));
    }

    #[test]
    fn nothing_deleted_is_an_empty_page() {
        for status in [204, 304] {
            let page: Page<DeletedRecord> = parse_numbered(&received(status, ""), 1).unwrap();
            assert!(page.records.is_empty() && page.next.is_none());
        }
    }
}
