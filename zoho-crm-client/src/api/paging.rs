//! What listings have in common: the size of a page, and pages that have numbers only.

use serde::de::DeserializeOwned;

use super::{
    Failure, Received,
    list::{Body, PAGE_SIZE},
};
use crate::{
    error::Error,
    page::{Page, PageToken, Position},
};

/// Refuses a page that Zoho would not give.
pub(super) fn check_size(operation: &'static str, per_page: u16) -> Result<(), Error> {
    if (1..=PAGE_SIZE).contains(&per_page) {
        return Ok(());
    }
    Err(Error::invalid(
        operation,
        format!("a page has room for 1 to {PAGE_SIZE}, not {per_page}"),
    ))
}

/// The number of the page `at`, for a listing that knows no page tokens.
pub(super) fn number(operation: &'static str, at: &PageToken) -> Result<u32, Error> {
    match at.0 {
        Position::Number(number) => Ok(number),
        Position::Token(_) => Err(Error::invalid(
            operation,
            "this listing has page numbers only: the page token is of another one",
        )),
    }
}

/// The page `number`, or an empty one for 204 and 304. An empty page is the last, whatever Zoho says, or a listing could
/// go on for ever.
pub(super) fn parse_numbered<T: DeserializeOwned>(
    received: &Received,
    number: u32,
) -> Result<Page<T>, Failure> {
    let Some(body) = received.json::<Body<T>>()? else {
        return Ok(Page::empty());
    };
    let more = body.info.is_some_and(|info| info.more_records) && !body.data.is_empty();
    Ok(Page {
        records: body.data,
        next: more.then(|| PageToken::number(number.saturating_add(1))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::answer::received, model::Record};

    #[test]
    fn pages_have_1_to_200_entries() {
        for (per_page, good) in [(0, false), (1, true), (200, true), (201, false)] {
            assert_eq!(check_size("test", per_page).is_ok(), good, "{per_page}");
        }
    }

    #[test]
    fn a_token_is_no_number() {
        assert_eq!(number("test", &PageToken::number(7)).unwrap(), 7);
        assert!(number("test", &"token:abc".parse().unwrap()).is_err());
    }

    #[test]
    fn a_numbered_listing_ends() {
        let next = |number, status, body| {
            let page: Page<Record> = parse_numbered(&received(status, body), number).unwrap();
            page.next
        };
        let more = r#"{"data":[{"id":"34"}],"info":{"per_page":1,"count":1,"page":1,"more_records":true}}"#;
        assert_eq!(next(1, 200, more), Some(PageToken::number(2)));
        assert_eq!(next(u32::MAX, 200, more), Some(PageToken::number(u32::MAX)));
        let last = r#"{"data":[{"id":"34"}],"info":{"more_records":false}}"#;
        assert_eq!(next(1, 200, last), None);
        let empty = r#"{"data":[],"info":{"more_records":true}}"#;
        assert_eq!(next(1, 200, empty), None);
        assert_eq!(next(1, 204, ""), None);
    }
}
