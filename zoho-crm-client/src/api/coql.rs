//! Running COQL queries (reference: Zoho v8 section 6, read 2026-11).

use futures::FutureExt;
use http::Method;
use serde::{Deserialize, Serialize};

use super::{Failure, Outgoing, Received};
use crate::{
    client::ZohoClient,
    coql::{CoqlQuery, Keyset},
    error::Error,
    model::Record,
    page::{Page, PageToken, Pager},
};

const OPERATION: &str = "zoho.coql";

/// Rows that matched.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CoqlPage {
    /// The rows. Keys are the columns as selected, `Account_Name.Phone` for joined ones, and `id`.
    pub records: Vec<Record>,
    /// Whether more rows match than the limit let through.
    pub more_records: bool,
}

pub(crate) async fn run_coql(client: &ZohoClient, query: &CoqlQuery) -> Result<CoqlPage, Error> {
    client.send(request(query)?, parse).await
}

/// Rows from `start` on, by id or stamp instead of offsets.
pub(crate) fn stream_coql(client: ZohoClient, query: CoqlQuery, start: PageToken) -> Pager<Record> {
    Pager::new(start, move |at| {
        let (client, query) = (client.clone(), query.clone());
        async move {
            let keyset = Keyset::new(query)?;
            let outgoing = request(&keyset.query(&at)?)?;
            client
                .send(outgoing, |received| stretch(&keyset, parse(received)?))
                .await
        }
        .boxed()
    })
}

/// A page whose successor begins after its last row. Zoho's word that there is no more counts only for a page that is
/// not full.
fn stretch(keyset: &Keyset, page: CoqlPage) -> Result<Page<Record>, Failure> {
    let more = page.more_records || page.records.len() >= keyset.limit();
    let next = match page.records.last() {
        Some(last) if more => {
            let next = keyset.after_row(last);
            Some(next.ok_or_else(|| {
                Failure::Inconsistent("a row came without what to go on by".to_owned())
            })?)
        }
        _ => None,
    };
    Ok(Page {
        records: page.records,
        next,
    })
}

fn request(query: &CoqlQuery) -> Result<Outgoing, Error> {
    #[derive(Serialize)]
    struct Body {
        select_query: String,
    }
    let body = Body {
        select_query: query.to_text()?,
    };
    // A read, although Zoho has it posted.
    let outgoing = Outgoing::new(OPERATION, Method::POST, "/crm/v8/coql".to_owned())
        .repeatable(true)
        .credits(query.credits())
        .heavy(true)
        .of_module(query.module());
    outgoing.json(&body)
}

fn parse(received: &Received) -> Result<CoqlPage, Failure> {
    #[derive(Deserialize)]
    struct Body {
        data: Vec<Record>,
        info: Option<Info>,
    }
    #[derive(Deserialize)]
    struct Info {
        #[serde(default)]
        more_records: bool,
    }
    let Some(body) = received.json::<Body>()? else {
        return Ok(CoqlPage::default());
    };
    Ok(CoqlPage {
        records: body.data,
        more_records: body.info.is_some_and(|info| info.more_records),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::answer::received,
        coql::{Coql, Filter},
    };

    #[test]
    fn the_request_is_a_repeatable_read() {
        let query = Coql::select(["id"])
            .from("Accounts")
            .filter(Filter::eq("Account_Name", "Say \"hi\""));
        let outgoing = request(&query).unwrap();
        assert!(outgoing.repeatable && !outgoing.writes);
        let request = outgoing.into_request().unwrap();
        assert_eq!(request.uri(), "/crm/v8/coql");
        assert_eq!(
            request.body(),
            r#"{"select_query":"select id from Accounts where Account_Name = 'Say \"hi\"' limit 200"}"#
        );
    }

    #[test]
    fn a_stream_ends_with_a_page_that_is_not_full() {
        let keyset = Keyset::new(Coql::select(["id"]).from("Accounts").limit(2)).unwrap();
        let page = |ids: &[&str], more_records| {
            let records = ids.iter().map(|id| Record::new().with("id", *id)).collect();
            let page = CoqlPage {
                records,
                more_records,
            };
            let next = stretch(&keyset, page).unwrap().next;
            next.map(|next| next.to_string())
        };
        assert_eq!(page(&["1", "2"], false).as_deref(), Some("token:2"));
        assert_eq!(page(&["1"], true).as_deref(), Some("token:1"));
        assert_eq!(page(&["1"], false), None);
        assert_eq!(page(&[], true), None);
        let nameless = CoqlPage {
            records: vec![Record::new(), Record::new()],
            more_records: true,
        };
        assert!(matches!(
            stretch(&keyset, nameless),
            Err(Failure::Inconsistent(_))
        ));
    }

    #[test]
    fn rows_nothing_and_refusals() {
        let page = parse(&received(
            200,
            r#"{"data":[{"X3_Code":"BP001","id":"5725767000000524157","Account_Name.Phone":null}],"info":{"count":1,"more_records":true}}"#,
        ))
        .unwrap();
        assert!(page.more_records);
        assert_eq!(
            page.records[0].text("X3_Code").unwrap().as_deref(),
            Some("BP001")
        );
        assert!(parse(&received(204, "")).unwrap().records.is_empty());
        let refused = received(
            400,
            r#"{"code":"INVALID_QUERY","details":{"reason":"column given seems to be invalid","column_name":"X3_Code"},"message":"invalid query formed","status":"error"}"#,
        );
        assert!(
            matches!(parse(&refused), Err(Failure::Api(error)) if error.code() == "INVALID_QUERY")
        );
    }
}
