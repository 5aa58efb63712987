//! Searching and counting (reference: Zoho v8 sections 2.8 and 2.9, read 2026-11).

use std::{fmt, marker::PhantomData};

use futures::FutureExt;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Failure, Outgoing, Received,
    list::{FIELDS_PER_CALL, PAGE_SIZE, PARAMETER_LENGTH},
    outgoing::{field_list, module_path},
    paging::{check_size, number, parse_numbered},
};
use crate::{
    client::ZohoClient,
    criteria::SearchBy,
    error::Error,
    model::{Model, Record},
    names::{FieldName, ModuleName},
    page::{Page, PageToken, Pager},
};

const SEARCH: &str = "zoho.records.search";
const COUNT: &str = "zoho.records.count";

/// Records that a search reaches.
const REACHED: u32 = 2000;

/// A search of a module's records through Zoho's search index.
///
/// The index lags behind writes by seconds or more, so a record just written may be missing: to look for something
/// before creating it, upsert by a unique field, or ask with [COQL](ZohoClient::coql), which reads live data. `equals`
/// on a text finds records that contain it: compare what comes back. Needs scope `ZohoSearch.securesearch.READ`.
#[must_use = "call `page` or `stream`"]
pub struct SearchRequest<T = Record> {
    client: ZohoClient,
    query: SearchQuery,
    model: PhantomData<fn() -> T>,
}

#[derive(Clone, Debug)]
struct SearchQuery {
    module: ModuleName,
    by: SearchBy,
    fields: Vec<FieldName>,
    per_page: u16,
}

impl<T> Clone for SearchRequest<T> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            query: self.query.clone(),
            model: PhantomData,
        }
    }
}

impl<T> fmt::Debug for SearchRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchRequest")
            .field("module", &self.query.module)
            .finish_non_exhaustive()
    }
}

impl<T: Model> SearchRequest<T> {
    pub(super) fn new(
        client: ZohoClient,
        module: ModuleName,
        by: SearchBy,
        fields: Vec<FieldName>,
    ) -> Self {
        Self {
            client,
            query: SearchQuery {
                module,
                by,
                fields,
                per_page: PAGE_SIZE,
            },
            model: PhantomData,
        }
    }

    /// The fields to read, at most 50; `id` always comes along. Default: those of the model, or all.
    pub fn fields<F: Into<FieldName>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.query.fields = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Records on a page, 1 to 200. Default 200.
    pub fn per_page(mut self, records: u16) -> Self {
        self.query.per_page = records;
        self
    }

    /// One page. Empty when nothing matches. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when a condition cannot be sent safely, a limit is broken, or the page lies beyond the
    /// 2,000 records that a search reaches (narrow the search then); [`Error::Api`] with `INVALID_QUERY` when a field
    /// does not know the operator.
    pub async fn page(&self, at: &PageToken) -> Result<Page<T>, Error> {
        let number = self.query.number(at)?;
        let outgoing = self.query.request(number)?;
        self.client
            .send(outgoing, |received| parse_numbered(received, number))
            .await
    }

    /// All matches, fetched page by page as they are asked for. Ends with an error, not silently, when there are more
    /// than 2,000.
    pub fn stream(self) -> Pager<T> {
        self.stream_from(PageToken::first())
    }

    /// All matches from the page `start` on, which an earlier stream's [`continuation`](Pager::continuation) gave.
    pub fn stream_from(self, start: PageToken) -> Pager<T> {
        Pager::new(start, move |at| {
            let request = self.clone();
            async move { request.page(&at).await }.boxed()
        })
    }
}

impl SearchQuery {
    fn number(&self, at: &PageToken) -> Result<u32, Error> {
        check_size(SEARCH, self.per_page)?;
        let number = number(SEARCH, at)?;
        if number.saturating_mul(u32::from(self.per_page)) > REACHED {
            return Err(Error::invalid(
                SEARCH,
                format!("there are more matches than the {REACHED} that a search reaches"),
            ));
        }
        Ok(number)
    }

    fn request(&self, number: u32) -> Result<Outgoing, Error> {
        let (name, value) = self.by.parameter(SEARCH)?;
        let path = format!("{}/search", module_path(SEARCH, &self.module)?);
        let mut request = Outgoing::get(SEARCH, &path)
            .of_module(&self.module)
            .query(name, value);
        if !self.fields.is_empty() {
            let fields = field_list(SEARCH, &self.fields)?;
            if self.fields.len() > FIELDS_PER_CALL || fields.len() > PARAMETER_LENGTH {
                return Err(Error::invalid(
                    SEARCH,
                    format!("a search reads at most {FIELDS_PER_CALL} fields"),
                ));
            }
            request = request.query("fields", fields);
        }
        Ok(request
            .query("per_page", self.per_page.to_string())
            .query("page", number.to_string()))
    }
}

/// How many records match, or how many there are. Counts with a selector go by the search index.
pub(super) async fn count(
    client: &ZohoClient,
    module: &ModuleName,
    by: Option<&SearchBy>,
) -> Result<u64, Error> {
    client.send(count_request(module, by)?, parse_count).await
}

fn count_request(module: &ModuleName, by: Option<&SearchBy>) -> Result<Outgoing, Error> {
    let path = format!("{}/actions/count", module_path(COUNT, module)?);
    let request = Outgoing::get(COUNT, &path).of_module(module);
    let Some(by) = by else {
        return Ok(request);
    };
    let (name, value) = by.parameter(COUNT)?;
    Ok(request.query(name, value))
}

/// Zoho's documents show a number in one place and text in another.
pub(super) fn parse_count(received: &Received) -> Result<u64, Failure> {
    #[derive(Deserialize)]
    struct Count {
        count: Value,
    }
    let Some(body) = received.json::<Count>()? else {
        return Ok(0);
    };
    let count = match &body.count {
        Value::String(text) => text.trim().parse().ok(),
        number => number.as_u64(),
    };
    count.ok_or_else(|| Failure::Inconsistent("the count is no number".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::answer::received, criteria::Criteria};

    fn query(by: impl Into<SearchBy>) -> SearchQuery {
        SearchQuery {
            module: "Accounts".into(),
            by: by.into(),
            fields: vec!["Account_Name".into()],
            per_page: 200,
        }
    }

    #[test]
    fn the_request() {
        let request = query(Criteria::equals("Account_Name", "A & B, (C)"))
            .request(3)
            .unwrap()
            .into_request()
            .unwrap();
        assert_eq!(
            request.uri(),
            "/crm/v8/Accounts/search?criteria=%28Account_Name%3Aequals%3AA+%26+B%5C%2C+%5C%28C%5C%29%29&fields=Account_Name&per_page=200&page=3"
        );
        let count = count_request(&"Leads".into(), Some(&SearchBy::Email("a@b.c".into())))
            .unwrap()
            .into_request()
            .unwrap();
        assert_eq!(count.uri(), "/crm/v8/Leads/actions/count?email=a%40b.c");
    }

    #[test]
    fn a_search_does_not_ask_beyond_its_reach() {
        let query = query(SearchBy::Word("zylker".into()));
        assert_eq!(query.number(&PageToken::number(10)).unwrap(), 10);
        assert!(query.number(&PageToken::number(11)).is_err());
        assert!(query.number(&"token:x".parse().unwrap()).is_err());
    }

    #[test]
    fn pages_follow_while_there_is_more() {
        let body =
            r#"{"data":[{"id":"1"}],"info":{"per_page":1,"count":1,"page":1,"more_records":true}}"#;
        let page: Page<Record> = parse_numbered(&received(200, body), 1).unwrap();
        assert_eq!(page.next, Some(PageToken::number(2)));
        let none: Page<Record> = parse_numbered(&received(204, ""), 1).unwrap();
        assert!(none.records.is_empty() && none.next.is_none());
    }

    #[test]
    fn a_count_is_read_from_number_and_text() {
        for body in [r#"{"count":123}"#, r#"{"count":"123"}"#] {
            assert_eq!(parse_count(&received(200, body)).unwrap(), 123);
        }
        for body in [r#"{"count":"many"}"#, r#"{"count":-1}"#, r#"{"count":1.5}"#] {
            assert!(matches!(
                parse_count(&received(200, body)),
                Err(Failure::Inconsistent(_))
            ));
        }
    }
}
