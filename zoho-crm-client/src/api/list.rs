//! Listing records (reference: Zoho v8 get-records, section 2.2, read 2026-11).

use std::{fmt, marker::PhantomData};

use futures::FutureExt;
use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned},
};

use super::{
    Failure, Outgoing, Received,
    join::{self, Columns},
    outgoing::{field_list, id_list, module_path},
    paging::check_size,
};
use crate::{
    client::ZohoClient,
    error::Error,
    model::{Model, Record},
    names::{FieldName, ModuleName, RecordId},
    page::{Page, PageToken, Pager, Position},
};

pub(super) const OPERATION: &str = "zoho.records.list";

/// Field names in one call, by number and by length of the parameter.
pub(super) const FIELDS_PER_CALL: usize = 50;
pub(super) const PARAMETER_LENGTH: usize = 1024;

/// No API name comes near it; one that does would leave no room beside it.
const LONGEST_NAME: usize = 500;

/// Most records of a page.
pub(super) const PAGE_SIZE: u16 = 200;

/// Records that page numbers reach; beyond, a token must be used.
const REACHED_BY_NUMBER: u32 = 2000;

/// What Zoho can sort a list by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// `id`, which never changes: pages do not shift. Zoho's default.
    Id,
    /// `Created_Time`.
    CreatedTime,
    /// `Modified_Time`.
    ModifiedTime,
}

/// Direction of a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest first.
    Ascending,
    /// Largest first. Zoho's default for lists.
    Descending,
}

/// Which leads to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Converted {
    /// Those that were converted.
    Only,
    /// All.
    Both,
}

impl Converted {
    fn as_str(self) -> &'static str {
        match self {
            Self::Only => "true",
            Self::Both => "both",
        }
    }
}

impl SortBy {
    fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::CreatedTime => "Created_Time",
            Self::ModifiedTime => "Modified_Time",
        }
    }
}

impl Order {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}

/// A listing of a module's records. Line items and multi-select lookups never come with a list, and rich text is cut to
/// 500 characters.
#[must_use = "call `page` or `stream`"]
pub struct ListRequest<T = Record> {
    client: ZohoClient,
    query: ListQuery,
    model: PhantomData<fn() -> T>,
}

/// The parameters, apart from fields and page.
#[derive(Clone, Debug)]
pub(super) struct ListQuery {
    pub(super) module: ModuleName,
    pub(super) fields: Vec<FieldName>,
    pub(super) ids: Vec<RecordId>,
    pub(super) modified_since: Option<Timestamp>,
    pub(super) sort: Option<(SortBy, Order)>,
    pub(super) view: Option<RecordId>,
    pub(super) converted: Option<Converted>,
    pub(super) per_page: u16,
}

impl<T> Clone for ListRequest<T> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            query: self.query.clone(),
            model: PhantomData,
        }
    }
}

impl<T> fmt::Debug for ListRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListRequest")
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}

impl<T: Model> ListRequest<T> {
    pub(super) fn new(client: ZohoClient, module: ModuleName, fields: Vec<FieldName>) -> Self {
        Self {
            client,
            query: ListQuery::new(module, fields),
            model: PhantomData,
        }
    }

    /// The fields to read, by API name; `id` always comes along. Zoho takes 50 in a call: those beyond are read by
    /// further calls and joined by id and `Modified_Time`. A record that changes meanwhile is read anew as a whole, so
    /// that none is put together from two states (but times have whole seconds only: a second change within the same
    /// second is not seen).
    pub fn fields<F: Into<FieldName>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.query.fields = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Only records modified after `since`. Sent in whole seconds, rounded down, which is how finely Zoho keeps times:
    /// ask from a little before the last stamp seen, or changes of the same second are missed.
    pub fn modified_since(mut self, since: Timestamp) -> Self {
        self.query.modified_since = Some(since);
        self
    }

    /// Sorts. Sorted lists count against Zoho's limit of 10 such calls at once.
    pub fn sort_by(mut self, by: SortBy, order: Order) -> Self {
        self.query.sort = Some((by, order));
        self
    }

    /// Only records of the custom view `id`, in its order: not together with [`sort_by`](Self::sort_by). Costs 3
    /// credits a call, and counts against Zoho's limit of 10 such calls at once.
    pub fn custom_view(mut self, id: RecordId) -> Self {
        self.query.view = Some(id);
        self
    }

    /// Leads that were converted too, or only those. Default: only others.
    pub fn converted(mut self, converted: Converted) -> Self {
        self.query.converted = Some(converted);
        self
    }

    /// Records on a page, 1 to 200. Default 200.
    pub fn per_page(mut self, records: u16) -> Self {
        self.query.per_page = records;
        self
    }

    /// One page. Empty when nothing matches. Costs 1 credit, and 1 more for each further 50 fields and 50 records.
    ///
    /// With more than 50 fields, a record that is deleted between the calls is left out: that it is gone is asked for
    /// itself.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when no field is named or a limit is broken; [`Error::Api`] with
    /// `PAGINATION_LIMIT_EXCEEDED` beyond 100,000 records (start again from the last modification time seen).
    pub async fn page(&self, at: &PageToken) -> Result<Page<T>, Error> {
        let columns = self.query.columns()?;
        let outgoing = self.query.request(&columns.first, at)?;
        let per_page = self.query.per_page;
        if columns.others.is_empty() {
            return self
                .client
                .send(outgoing, |received| parse(received, at, per_page))
                .await;
        }
        let page = self
            .client
            .send(outgoing, |received| parse::<Record>(received, at, per_page))
            .await?;
        let records =
            join::complete(&self.client, &self.query.module, page.records, &columns).await?;
        Ok(Page {
            records,
            next: page.next,
        })
    }

    /// All records from the first page on, fetched page by page as they are asked for.
    pub fn stream(self) -> Pager<T> {
        self.stream_from(PageToken::first())
    }

    /// All records from the page `start` on, which an earlier stream's [`continuation`](Pager::continuation) gave.
    pub fn stream_from(self, start: PageToken) -> Pager<T> {
        Pager::new(start, move |at| {
            let request = self.clone();
            async move { request.page(&at).await }.boxed()
        })
    }
}

impl ListQuery {
    pub(super) fn new(module: ModuleName, fields: Vec<FieldName>) -> Self {
        Self {
            module,
            fields,
            ids: Vec::new(),
            modified_since: None,
            sort: None,
            view: None,
            converted: None,
            per_page: PAGE_SIZE,
        }
    }

    /// The fields in portions that fit one call each.
    pub(super) fn columns(&self) -> Result<Columns, Error> {
        if let Some(long) = self
            .fields
            .iter()
            .find(|field| field.as_str().len() > LONGEST_NAME)
        {
            return Err(Error::invalid(
                OPERATION,
                format!(
                    "a field name has {} characters: that is no API name",
                    long.as_str().len()
                ),
            ));
        }
        Columns::new(&self.fields, FIELDS_PER_CALL, PARAMETER_LENGTH).ok_or_else(|| {
            Error::invalid(
                OPERATION,
                "name the fields to read: Zoho lists nothing without them",
            )
        })
    }

    pub(super) fn request(&self, fields: &[FieldName], at: &PageToken) -> Result<Outgoing, Error> {
        check_size(OPERATION, self.per_page)?;
        let path = module_path(OPERATION, &self.module)?;
        let mut request = Outgoing::get(OPERATION, &path)
            .of_module(&self.module)
            .query("fields", field_list(OPERATION, fields)?);
        if !self.ids.is_empty() {
            request = request.query("ids", id_list(&self.ids));
        }
        if let Some((by, order)) = self.sort {
            request = request
                .heavy(true)
                .query("sort_by", by.as_str())
                .query("sort_order", order.as_str());
        }
        if let Some(view) = &self.view {
            if self.sort.is_some() {
                return Err(Error::invalid(
                    OPERATION,
                    "a custom view has an order of its own: sort by nothing else",
                ));
            }
            request = request.heavy(true).credits(3).query("cvid", view.as_str());
        }
        if let Some(converted) = self.converted {
            request = request.query("converted", converted.as_str());
        }
        request = request.query("per_page", self.per_page.to_string());
        request = match &at.0 {
            Position::Number(number) => request.query("page", number.to_string()),
            Position::Token(token) => request.query("page_token", token.clone()),
        };
        Ok(request.modified_since(self.modified_since))
    }
}

#[derive(Deserialize)]
pub(super) struct Body<T> {
    // Zoho leaves the key out of no success seen so far; an answer without it must not pass for an empty page.
    #[serde(
        deserialize_with = "records",
        bound(deserialize = "T: Deserialize<'de>")
    )]
    pub(super) data: Vec<T>,
    pub(super) info: Option<Info>,
}

/// A page's records, with room for a full page from the start: large records are costly to move.
fn records<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct Visitor<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of records")
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut records = Vec::new();
            while let Some(record) = items.next_element()? {
                if records.len() == 1 {
                    records.reserve_exact(usize::from(PAGE_SIZE));
                }
                records.push(record);
            }
            Ok(records)
        }
    }

    deserializer.deserialize_seq(Visitor(PhantomData))
}

#[derive(Deserialize)]
pub(super) struct Info {
    #[serde(default)]
    pub(super) more_records: bool,
    next_page_token: Option<String>,
}

/// One page, or an empty one for 204 and 304.
pub(crate) fn parse<T: DeserializeOwned>(
    received: &Received,
    at: &PageToken,
    per_page: u16,
) -> Result<Page<T>, Failure> {
    let Some(body) = received.json::<Body<T>>()? else {
        return Ok(Page::empty());
    };
    Ok(Page {
        next: following(at, per_page, body.info)?,
        records: body.data,
    })
}

/// The next page, if there is one: by number while numbers reach, then by token. A listing that could go round in circles
/// ends with an error.
pub(super) fn following(
    at: &PageToken,
    per_page: u16,
    info: Option<Info>,
) -> Result<Option<PageToken>, Failure> {
    let Some(info) = info.filter(|info| info.more_records) else {
        return Ok(None);
    };
    if let Position::Number(number) = at.0
        && number.saturating_add(1).saturating_mul(u32::from(per_page)) <= REACHED_BY_NUMBER
    {
        return Ok(Some(PageToken::number(number + 1)));
    }
    let Some(token) = info.next_page_token else {
        return Err(Failure::Inconsistent(
            "Zoho says that there are more records but gives no token to reach them".to_owned(),
        ));
    };
    let next = PageToken(Position::Token(token));
    if next == *at {
        return Err(Failure::Inconsistent(
            "Zoho gives the same page token again".to_owned(),
        ));
    }
    Ok(Some(next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::answer::received;

    fn query() -> ListQuery {
        ListQuery::new(
            "Accounts".into(),
            vec!["Account_Name".into(), "Modified_Time".into()],
        )
    }

    fn uri(query: &ListQuery, at: &PageToken) -> String {
        let request = query.request(&query.fields, at).unwrap();
        request.into_request().unwrap().uri().to_string()
    }

    #[test]
    fn an_incremental_request() {
        let query = ListQuery {
            modified_since: Some("2026-11-20T10:00:00.789Z".parse().unwrap()),
            sort: Some((SortBy::ModifiedTime, Order::Ascending)),
            ..query()
        };
        let outgoing = query.request(&query.fields, &PageToken::first()).unwrap();
        assert!(outgoing.repeatable && !outgoing.writes);
        let request = outgoing.into_request().unwrap();
        assert_eq!(request.method(), "GET");
        assert_eq!(
            request.uri(),
            "/crm/v8/Accounts?fields=Account_Name%2CModified_Time&sort_by=Modified_Time&sort_order=asc&per_page=200&page=1"
        );
        assert_eq!(
            request.headers()["if-modified-since"],
            "2026-11-20T10:00:00+00:00"
        );
    }

    #[test]
    fn a_token_excludes_the_page_number_and_leaves_the_rest_unchanged() {
        let at = PageToken(Position::Token("abc".to_owned()));
        assert_eq!(
            uri(&query(), &at),
            "/crm/v8/Accounts?fields=Account_Name%2CModified_Time&per_page=200&page_token=abc"
        );
    }

    #[test]
    fn a_view_is_named_and_excludes_another_order() {
        let mut query = ListQuery {
            view: Some("99".parse().unwrap()),
            converted: Some(Converted::Both),
            ..query()
        };
        assert_eq!(
            uri(&query, &PageToken::first()),
            "/crm/v8/Accounts?fields=Account_Name%2CModified_Time&cvid=99&converted=both&per_page=200&page=1"
        );
        query.sort = Some((SortBy::Id, Order::Ascending));
        assert!(query.request(&query.fields, &PageToken::first()).is_err());
    }

    #[test]
    fn limits_are_checked_before_sending() {
        for per_page in [0, 201] {
            let query = ListQuery {
                per_page,
                ..query()
            };
            assert!(query.request(&query.fields, &PageToken::first()).is_err());
        }
        let wrong = ListQuery {
            fields: vec!["Account Name".into()],
            ..query()
        };
        let error = wrong
            .request(&wrong.fields, &PageToken::first())
            .unwrap_err();
        assert!(error.to_string().contains("`Account Name`"));
    }

    #[test]
    fn a_name_that_leaves_no_room_is_refused() {
        let query = ListQuery {
            fields: vec![FieldName::new("x".repeat(501))],
            ..query()
        };
        assert!(query.columns().is_err());
    }

    /// Body as in the reference's sample, shortened.
    fn body(more: bool, token: Option<&str>) -> String {
        let token = token.map_or_else(|| "null".to_owned(), |token| format!("\"{token}\""));
        format!(
            r#"{{"data":[{{"id":"5725767000000524157","Account_Name":"Müller GmbH","Annual_Revenue":99999999999999.99}}],
                "info":{{"call":false,"per_page":200,"next_page_token":{token},"count":1,"sort_by":"id","page":1,
                "previous_page_token":null,"page_token_expiry":"2026-11-21T10:00:00+01:00","sort_order":"desc","email":false,
                "more_records":{more}}}}}"#
        )
    }

    #[test]
    fn a_page_is_read_exactly() {
        let page: Page<Record> =
            parse(&received(200, body(false, None)), &PageToken::first(), 200).unwrap();
        assert_eq!(page.next, None);
        assert_eq!(
            page.records[0].get("Annual_Revenue").unwrap().get(),
            "99999999999999.99"
        );
    }

    #[test]
    fn nothing_there_and_nothing_new_are_empty_pages() {
        for status in [204, 304] {
            let page: Page<Record> =
                parse(&received(status, ""), &PageToken::first(), 200).unwrap();
            assert!(page.records.is_empty() && page.next.is_none());
        }
    }

    #[test]
    fn numbers_reach_2000_records_then_the_token_takes_over() {
        let next = |page, per_page| {
            let answer = received(200, body(true, Some("t1")));
            parse::<Record>(&answer, &PageToken::number(page), per_page)
                .unwrap()
                .next
                .unwrap()
                .to_string()
        };
        assert_eq!(next(9, 200), "page:10");
        assert_eq!(next(10, 200), "token:t1");
        assert_eq!(next(12, 150), "page:13");
        assert_eq!(next(13, 150), "token:t1");
    }

    #[test]
    fn a_listing_that_cannot_go_on_is_an_error_not_an_end() {
        let answer = received(200, body(true, None));
        assert!(parse::<Record>(&answer, &PageToken::number(10), 200).is_err());
        let same = PageToken(Position::Token("t1".to_owned()));
        let answer = received(200, body(true, Some("t1")));
        assert!(parse::<Record>(&answer, &same, 200).is_err());
    }
}
