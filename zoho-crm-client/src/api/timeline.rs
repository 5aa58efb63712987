//! What happened to a record, by field (reference: Zoho v8 OpenAPI `timelines`, read 2026-11).

use futures::FutureExt;
use serde::Deserialize;

use super::{
    Failure, Outgoing, Received,
    list::{Info, Order, PAGE_SIZE, following},
    record::Place,
};
use crate::{
    error::Error,
    model::TimelineEntry,
    page::{Page, PageToken, Pager, Position},
};

const OPERATION: &str = "zoho.records.timeline";

/// The timeline of a record: who changed which field when, from what to what.
#[derive(Clone, Debug)]
#[must_use = "call `page` or `stream`"]
pub struct TimelineRequest {
    place: Place,
    order: Order,
    per_page: u16,
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "__timeline")]
    entries: Vec<TimelineEntry>,
    info: Option<Info>,
}

impl TimelineRequest {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            order: Order::Descending,
            per_page: PAGE_SIZE,
        }
    }

    /// By time. Default: newest first.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Entries on a page, 1 to 200. Default 200.
    pub fn per_page(mut self, entries: u16) -> Self {
        self.per_page = entries;
        self
    }

    /// One page. Empty when there is nothing. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when a limit is broken; [`Error::Api`] with `INVALID_DATA` when there is no such record.
    pub async fn page(&self, at: &PageToken) -> Result<Page<TimelineEntry>, Error> {
        let outgoing = self.request(at)?;
        let per_page = self.per_page;
        let parse = |received: &Received| parse(received, at, per_page);
        self.place.client.send(outgoing, parse).await
    }

    /// All entries, fetched page by page as they are asked for.
    pub fn stream(self) -> Pager<TimelineEntry> {
        Pager::new(PageToken::first(), move |at| {
            let request = self.clone();
            async move { request.page(&at).await }.boxed()
        })
    }

    fn request(&self, at: &PageToken) -> Result<Outgoing, Error> {
        if !(1..=PAGE_SIZE).contains(&self.per_page) {
            return Err(Error::invalid(
                OPERATION,
                format!(
                    "a page holds 1 to {PAGE_SIZE} entries, not {}",
                    self.per_page
                ),
            ));
        }
        let path = format!("{}/__timeline", self.place.path(OPERATION)?);
        let request = Outgoing::get(OPERATION, &path)
            .of_module(&self.place.module)
            .query("sort_by", "audited_time")
            .query("sort_order", self.order.as_str())
            .query("per_page", self.per_page.to_string());
        Ok(match &at.0 {
            Position::Number(number) => request.query("page", number.to_string()),
            Position::Token(token) => request.query("page_token", token.clone()),
        })
    }
}

fn parse(
    received: &Received,
    at: &PageToken,
    per_page: u16,
) -> Result<Page<TimelineEntry>, Failure> {
    let Some(body) = received.json::<Body>()? else {
        return Ok(Page::empty());
    };
    Ok(Page {
        next: following(at, per_page, body.info)?.filter(|_| !body.entries.is_empty()),
        records: body.entries,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{answer::received, record::place};

    fn timeline() -> TimelineRequest {
        TimelineRequest::new(place("Accounts", "12"))
    }

    #[test]
    fn the_requests() {
        let request = timeline().request(&PageToken::first()).unwrap();
        assert!(request.repeatable && !request.writes);
        assert_eq!(
            request.into_request().unwrap().uri(),
            "/crm/v8/Accounts/12/__timeline?sort_by=audited_time&sort_order=desc&per_page=200&page=1"
        );
        let next = PageToken(Position::Token("abc".to_owned()));
        let oldest = timeline().order(Order::Ascending).per_page(50);
        let request = oldest.request(&next).unwrap().into_request().unwrap();
        assert_eq!(
            request.uri(),
            "/crm/v8/Accounts/12/__timeline?sort_by=audited_time&sort_order=asc&per_page=50&page_token=abc"
        );
        assert!(
            timeline()
                .per_page(201)
                .request(&PageToken::first())
                .is_err()
        );
    }

    #[test]
    fn entries_are_read_as_the_document_has_them() {
        let body = r#"{"__timeline":[
            {"audited_time":"2026-11-20T11:00:00+01:00","action":"updated","id":"7","source":"crm_ui","type":null,
             "done_by":{"name":"P Boyle","id":"5"},"related_record":null,"extension":null,"automation_details":null,
             "record":{"name":"Éclair","id":"12","module":{"api_name":"Accounts","id":"3"}},
             "field_history":[
                {"api_name":"Phone","id":"31","field_label":"Phone","data_type":"phone","_value":{"new":"2","old":null}},
                {"api_name":"Owner","id":"32","_value":{"new":{"id":"6","name":"N"},"old":5}}]},
            {"audited_time":"2026-11-20T10:00:00+01:00","action":"added","id":"6","field_history":null}],
            "info":{"per_page":2,"page":1,"count":2,"more_records":true,"next_page_token":"abc"}}"#;
        let page = parse(&received(200, body), &PageToken::first(), 2).unwrap();
        assert!(page.next.is_some());
        let [updated, added] = page.records.as_slice() else {
            panic!("two entries")
        };
        assert_eq!(
            updated.audited_time.to_string(),
            "2026-11-20T10:00:00+00:00"
        );
        assert_eq!(updated.done_by.as_ref().unwrap().id, "5");
        assert_eq!(updated.other["record"]["id"], "12");
        let [phone, owner] = updated.field_history.as_slice() else {
            panic!("two fields")
        };
        assert_eq!(phone.api_name, "Phone");
        assert_eq!(
            (phone.values.old.as_deref(), phone.values.new.as_deref()),
            (None, Some("2"))
        );
        assert_eq!(
            (owner.values.old.as_deref(), owner.values.new.as_deref()),
            (Some("5"), Some("6"))
        );
        assert!(added.field_history.is_empty() && added.done_by.is_none());
        assert!(!format!("{page:?}").contains("Boyle"));
    }

    #[test]
    fn nothing_is_an_empty_page_and_an_answer_without_entries_is_none() {
        let first = PageToken::first();
        let none = parse(&received(204, ""), &first, 200).unwrap();
        assert!(none.records.is_empty() && none.next.is_none());
        assert!(parse(&received(200, r#"{"info":{}}"#), &first, 200).is_err());
    }
}
