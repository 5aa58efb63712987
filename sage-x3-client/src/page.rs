//! Reading long lists in pages.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{Stream, future::BoxFuture, ready};
use serde::{Deserialize, Serialize};

use crate::{
    diagnose::Diagnose,
    error::{CallContext, Error},
    graphql::connection::Connection,
};

/// Where a page ended, as the server gave it. Positions are by value, so records that come or go before a cursor do not
/// shift the pages after it (reference sage-x3 section 3.4). Only good for the same filter and order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor that was kept as text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The cursor as text, to be kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Number of records in a page: 1 to 1000. Default 200. Without one X3 gives 20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageSize(u16);

impl PageSize {
    /// The most that Sage's own pages ask for; a documented maximum does not exist.
    pub const MAX: Self = Self(1000);

    /// `records`, brought into range.
    #[must_use]
    pub fn new(records: usize) -> Self {
        Self(
            u16::try_from(records)
                .unwrap_or(u16::MAX)
                .clamp(1, Self::MAX.0),
        )
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> usize {
        self.0.into()
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(200)
    }
}

/// Some records of a longer list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// Where to go on; none after the last page.
    pub next: Option<Cursor>,
    /// Number of records that meet the filter, if it was asked for.
    pub total: Option<u64>,
    /// Remarks of X3 that are no failures.
    pub diagnoses: Vec<Diagnose>,
    /// Stray backslashes that had to be repaired before the page could be read; only `api1` needs it, see
    /// [`api1`](crate::api1).
    pub repaired: usize,
}

impl<T> Page<T> {
    pub(crate) fn empty() -> Self {
        Self {
            items: Vec::new(),
            next: None,
            total: Some(0),
            diagnoses: Vec::new(),
            repaired: 0,
        }
    }

    /// The page with each item turned into another thing, or left out.
    pub(crate) fn try_filter_map<U>(
        self,
        f: impl FnMut(T) -> Result<Option<U>, Error>,
    ) -> Result<Page<U>, Error> {
        let items = self
            .items
            .into_iter()
            .map(f)
            .filter_map(Result::transpose)
            .collect::<Result<_, _>>()?;
        Ok(Page {
            items,
            next: self.next,
            total: self.total,
            diagnoses: self.diagnoses,
            repaired: self.repaired,
        })
    }
}

/// Makes a page of a connection. Holes that no error explains are an error: a page must never pass for complete when it
/// is not.
pub(crate) fn page<N>(
    connection: Option<Connection<N>>,
    diagnoses: Vec<Diagnose>,
    context: &CallContext,
) -> Result<Page<N>, Error> {
    let broken = |what: &str| Error::Protocol {
        context: Box::new(context.clone()),
        what: what.to_owned(),
    };
    let connection =
        connection.ok_or_else(|| broken("the list is missing although X3 reports no error"))?;
    let edges = connection
        .edges
        .ok_or_else(|| broken("the list has no edges although X3 reports no error"))?;
    let items = edges
        .whole()
        .ok_or_else(|| broken("a record of the list is missing although X3 reports no error"))?;
    let info = connection
        .page_info
        .ok_or_else(|| broken("the list does not say whether it goes on"))?;
    let next = match (info.has_next_page, info.end_cursor) {
        (Some(true), Some(cursor)) => Some(Cursor::new(cursor)),
        // Going on without a cursor would read the first page for ever.
        (Some(true), None) => return Err(broken("the list goes on but has no cursor")),
        (Some(false), _) => None,
        (None, _) => return Err(broken("the list does not say whether it goes on")),
    };
    Ok(Page {
        items,
        next,
        total: connection.total_count,
        diagnoses,
        repaired: 0,
    })
}

type Fetch<T> =
    Arc<dyn Fn(Option<Cursor>) -> BoxFuture<'static, Result<Page<T>, Error>> + Send + Sync>;

/// All pages of a list, fetched one at a time and only when asked for.
///
/// A stream of pages; [`items`](Self::items) makes it a stream of records. [`continuation`](Self::continuation) tells
/// where to resume later. After an error the stream ends; the continuation then repeats the failed page.
#[must_use = "streams do nothing unless polled"]
pub struct Pager<T> {
    fetch: Fetch<T>,
    next: Position,
    pending: Option<BoxFuture<'static, Result<Page<T>, Error>>>,
}

#[derive(Clone, Debug)]
enum Position {
    At(Option<Cursor>),
    Failed(Option<Cursor>),
    End,
}

impl<T> Pager<T> {
    pub(crate) fn new<F, Fut>(start: Option<Cursor>, fetch: F) -> Self
    where
        F: Fn(Option<Cursor>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Page<T>, Error>> + Send + 'static,
    {
        Self {
            fetch: Arc::new(move |cursor| Box::pin(fetch(cursor))),
            next: Position::At(start),
            pending: None,
        }
    }

    /// Where to resume: the cursor for the page that was not delivered yet. None before the first and after the last.
    #[must_use]
    pub fn continuation(&self) -> Option<&Cursor> {
        match &self.next {
            Position::At(cursor) | Position::Failed(cursor) => cursor.as_ref(),
            Position::End => None,
        }
    }

    /// The records one by one.
    pub fn items(self) -> impl Stream<Item = Result<T, Error>> + Send + use<T>
    where
        T: Send + 'static,
    {
        use futures::{StreamExt as _, TryStreamExt as _, stream};
        self.map(|page| page.map(|page| stream::iter(page.items.into_iter().map(Ok))))
            .try_flatten()
    }
}

impl<T> Stream for Pager<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Position::At(cursor) = &this.next else {
            return Poll::Ready(None);
        };
        let pending = this
            .pending
            .get_or_insert_with(|| (this.fetch)(cursor.clone()));
        let result = ready!(pending.as_mut().poll(context));
        this.pending = None;
        this.next = match &result {
            Ok(page) => page
                .next
                .clone()
                .map_or(Position::End, |cursor| Position::At(Some(cursor))),
            Err(_) => Position::Failed(cursor.clone()),
        };
        Poll::Ready(Some(result))
    }
}

impl<T> fmt::Debug for Pager<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pager")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::{StreamExt as _, TryStreamExt as _, executor::block_on};

    use super::*;
    use crate::error::InvalidRequest;

    fn numbered(calls: &Arc<AtomicUsize>, fail_at: Option<usize>) -> Pager<usize> {
        let calls = Arc::clone(calls);
        Pager::new(None, move |cursor| {
            calls.fetch_add(1, Ordering::Relaxed);
            let number: usize = cursor.map_or(0, |cursor| cursor.as_str().parse().unwrap());
            async move {
                if fail_at == Some(number) {
                    return Err(InvalidRequest::new("failed").into());
                }
                let next = (number < 2).then(|| Cursor::new((number + 1).to_string()));
                Ok(Page {
                    items: vec![number * 2, number * 2 + 1],
                    next,
                    total: None,
                    diagnoses: Vec::new(),
                    repaired: 0,
                })
            }
        })
    }

    #[test]
    fn pages_are_fetched_only_on_demand() {
        let calls = Arc::default();
        let mut pager = numbered(&calls, None);
        assert_eq!(calls.load(Ordering::Relaxed), 0);
        assert_eq!(block_on(pager.next()).unwrap().unwrap().items, [0, 1]);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert_eq!(pager.continuation().unwrap().as_str(), "1");
        assert_eq!(
            block_on(pager.items().try_collect::<Vec<_>>()).unwrap(),
            [2, 3, 4, 5]
        );
        assert_eq!(calls.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn after_an_error_the_stream_ends_where_it_can_be_resumed() {
        let calls = Arc::default();
        let mut pager = numbered(&calls, Some(1));
        assert!(block_on(pager.next()).unwrap().is_ok());
        assert!(block_on(pager.next()).unwrap().is_err());
        assert!(block_on(pager.next()).is_none());
        assert_eq!(pager.continuation().unwrap().as_str(), "1");
    }

    #[test]
    fn page_sizes_stay_in_range() {
        assert_eq!(PageSize::new(0).get(), 1);
        assert_eq!(PageSize::new(100_000).get(), 1000);
    }
}
