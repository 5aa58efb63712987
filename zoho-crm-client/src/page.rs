//! Pages, where they go on, and streams of what is on them.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    str::FromStr,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::{Stream, future::BoxFuture, stream};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// One page of a listing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on it.
    pub records: Vec<T>,
    /// Where the next page is; `None` after the last.
    pub next: Option<PageToken>,
}

impl<T> Page<T> {
    pub(crate) fn empty() -> Self {
        Self {
            records: Vec::new(),
            next: None,
        }
    }
}

/// Where a listing goes on. Can be kept as text and used later, with all other parameters of the listing unchanged.
///
/// Zoho reaches the first 2,000 records by page number and up to 100,000 by a token that lives for 24 hours and belongs
/// to the user who got it (reference: Zoho v8 section 2.2, read 2026-11).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PageToken(pub(crate) Position);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Position {
    /// Page number, from 1.
    Number(u32),
    /// `next_page_token` of the page before.
    Token(String),
}

impl PageToken {
    /// The first page.
    #[must_use]
    pub fn first() -> Self {
        Self(Position::Number(1))
    }

    pub(crate) fn number(number: u32) -> Self {
        Self(Position::Number(number))
    }
}

impl Default for PageToken {
    fn default() -> Self {
        Self::first()
    }
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Position::Number(number) => write!(f, "page:{number}"),
            Position::Token(token) => write!(f, "token:{token}"),
        }
    }
}

impl From<PageToken> for String {
    fn from(token: PageToken) -> Self {
        token.to_string()
    }
}

impl FromStr for PageToken {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let position = match text.split_once(':') {
            Some(("page", number)) => number
                .parse()
                .ok()
                .filter(|number| *number > 0)
                .map(Position::Number),
            Some(("token", token)) if !token.is_empty() => Some(Position::Token(token.to_owned())),
            _ => None,
        };
        position.map(Self).ok_or_else(|| {
            Error::invalid(
                "zoho.page_token",
                "the text is no page token of this client",
            )
        })
    }
}

impl TryFrom<String> for PageToken {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

type Fetch<T> = dyn Fn(PageToken) -> BoxFuture<'static, Result<Page<T>, Error>> + Send + Sync;

/// A stream of records that fetches a page when the one before is used up, and not earlier.
#[must_use = "streams do nothing unless polled"]
pub struct Pager<T> {
    fetch: Arc<Fetch<T>>,
    /// The page that the buffered records are on.
    current: Option<PageToken>,
    buffer: VecDeque<T>,
    next: Option<PageToken>,
    fetching: Option<BoxFuture<'static, Result<Page<T>, Error>>>,
}

impl<T> Pager<T> {
    pub(crate) fn new(
        start: PageToken,
        fetch: impl Fn(PageToken) -> BoxFuture<'static, Result<Page<T>, Error>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            fetch: Arc::new(fetch),
            current: None,
            buffer: VecDeque::new(),
            next: Some(start),
            fetching: None,
        }
    }

    /// Where a later pager must start so that nothing is missed: at the page whose records are not all handed out yet
    /// (some of them then come again), or at the next one. `None` when all is done.
    #[must_use]
    pub fn continuation(&self) -> Option<PageToken> {
        if self.buffer.is_empty() {
            self.next.clone()
        } else {
            self.current.clone()
        }
    }

    /// All records that are left, in memory. Costs less than collecting the stream, which moves them one by one.
    ///
    /// # Errors
    /// When a page cannot be read. Nothing is returned then, not even what came before: to keep that, use the stream.
    pub async fn all(self) -> Result<Vec<T>, Error> {
        let Self {
            fetch,
            buffer,
            mut next,
            ..
        } = self;
        let mut records = Vec::from(buffer);
        while let Some(token) = next {
            let page = fetch(token).await?;
            next = page.next;
            records.extend(page.records);
        }
        Ok(records)
    }

    /// A stream of whole pages instead of records. Records of a page already begun are left out.
    pub fn into_pages(self) -> impl Stream<Item = Result<Page<T>, Error>> + Send
    where
        T: Send,
    {
        stream::try_unfold((self.fetch, self.next), |(fetch, next)| async move {
            let Some(token) = next else { return Ok(None) };
            let page = fetch(token).await?;
            let next = page.next.clone();
            Ok(Some((page, (fetch, next))))
        })
    }
}

impl<T: Unpin> Stream for Pager<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(record) = self.buffer.pop_front() {
                return Poll::Ready(Some(Ok(record)));
            }
            if self.fetching.is_none() {
                let Some(token) = self.next.clone() else {
                    return Poll::Ready(None);
                };
                self.fetching = Some((self.fetch)(token));
            }
            let Some(fetching) = self.fetching.as_mut() else {
                continue;
            };
            let result = ready!(fetching.as_mut().poll(context));
            self.fetching = None;
            match result {
                Ok(page) => {
                    self.current = self.next.take();
                    self.next = page.next;
                    self.buffer = page.records.into();
                }
                // The page is asked for again if the caller polls on.
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl<T> fmt::Debug for Pager<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pager")
            .field("next", &self.next)
            .field("buffered", &self.buffer.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::{FutureExt, StreamExt};

    use super::*;

    fn block_on<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(future)
    }

    /// Three pages of two numbers each; counts the fetches.
    fn numbers(fetches: &Arc<AtomicU32>) -> Pager<u32> {
        let fetches = Arc::clone(fetches);
        Pager::new(PageToken::first(), move |token| {
            fetches.fetch_add(1, Ordering::Relaxed);
            let Position::Number(number) = token.0 else {
                panic!("no token was given")
            };
            let next = (number < 3).then(|| PageToken::number(number + 1));
            async move {
                Ok(Page {
                    records: vec![number * 10, number * 10 + 1],
                    next,
                })
            }
            .boxed()
        })
    }

    #[test]
    fn records_come_in_order_and_pages_only_on_demand() {
        let fetches = Arc::new(AtomicU32::new(0));
        let mut pager = numbers(&fetches);
        assert_eq!(fetches.load(Ordering::Relaxed), 0);
        assert_eq!(block_on(pager.next()).unwrap().unwrap(), 10);
        assert_eq!(block_on(pager.next()).unwrap().unwrap(), 11);
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
        let rest: Vec<u32> = block_on(pager.map(Result::unwrap).collect());
        assert_eq!(rest, [20, 21, 30, 31]);
        assert_eq!(fetches.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn all_that_is_left_comes_at_once() {
        assert_eq!(block_on(numbers(&Arc::default()).all()).unwrap().len(), 6);
        let mut pager = numbers(&Arc::default());
        assert_eq!(block_on(pager.next()).unwrap().unwrap(), 10);
        assert_eq!(block_on(pager.all()).unwrap(), [11, 20, 21, 30, 31]);
        let broken: Pager<u32> = Pager::new(PageToken::first(), |_| {
            async { Err(Error::invalid("test", "broken")) }.boxed()
        });
        assert!(block_on(broken.all()).is_err());
    }

    #[test]
    fn a_continuation_misses_nothing() {
        let mut pager = numbers(&Arc::default());
        assert_eq!(pager.continuation(), Some(PageToken::first()));
        block_on(pager.next()).unwrap().unwrap();
        assert_eq!(pager.continuation(), Some(PageToken::first()));
        block_on(pager.next()).unwrap().unwrap();
        assert_eq!(pager.continuation(), Some(PageToken::number(2)));
        let all: Vec<_> = block_on(pager.by_ref().collect());
        assert_eq!(all.len(), 4);
        assert_eq!(pager.continuation(), None);
    }

    #[test]
    fn a_failed_page_is_asked_for_again() {
        let tries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tries);
        let mut pager = Pager::new(PageToken::first(), move |_| {
            let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                if first {
                    return Err(Error::invalid("test", "broken"));
                }
                Ok(Page {
                    records: vec![1],
                    next: None,
                })
            }
            .boxed()
        });
        assert!(block_on(pager.next()).unwrap().is_err());
        assert_eq!(block_on(pager.next()).unwrap().unwrap(), 1);
        assert!(block_on(pager.next()).is_none());
    }

    #[test]
    fn tokens_survive_as_text() {
        for token in [
            PageToken::number(7),
            PageToken(Position::Token("c8e:x/+=".to_owned())),
        ] {
            assert_eq!(token.to_string().parse::<PageToken>().unwrap(), token);
            let json = serde_json::to_string(&token).unwrap();
            assert_eq!(serde_json::from_str::<PageToken>(&json).unwrap(), token);
        }
        for text in ["", "page:0", "page:x", "token:", "7"] {
            assert!(text.parse::<PageToken>().is_err(), "{text}");
        }
    }
}
