//! Bodies in pieces, for files that are too large to be held whole.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};

use super::{TransportError, TransportErrorKind};

/// A body in pieces, in order. After an error nothing more comes.
pub struct BodyStream {
    pieces: Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>,
}

impl BodyStream {
    /// A body that consists of `pieces`.
    pub fn new(pieces: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static) -> Self {
        Self {
            pieces: Box::pin(pieces),
        }
    }

    /// The next piece; `None` after the last.
    pub async fn piece(&mut self) -> Option<Result<Bytes, TransportError>> {
        self.pieces.next().await
    }

    /// The same body, which ends with [`TransportErrorKind::TooLarge`] once it has more than `bytes` bytes.
    #[must_use]
    pub fn at_most(self, bytes: u64) -> Self {
        let left = Some(bytes);
        Self::new(stream::unfold(
            (self, left),
            move |(mut body, left)| async move {
                let left = left?;
                let piece = match body.piece().await? {
                    Ok(piece) => piece,
                    Err(error) => return Some((Err(error), (body, None))),
                };
                let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                match left.checked_sub(length) {
                    Some(left) => Some((Ok(piece), (body, Some(left)))),
                    None => Some((Err(too_large(bytes)), (body, None))),
                }
            },
        ))
    }

    /// The whole body, if it has no more than `bytes` bytes.
    ///
    /// # Errors
    /// [`TransportErrorKind::TooLarge`] when it has more; whatever the stream ends with otherwise.
    pub async fn collect_at_most(self, bytes: u64) -> Result<Bytes, TransportError> {
        let mut body = self.at_most(bytes);
        let Some(first) = body.piece().await else {
            return Ok(Bytes::new());
        };
        let first = first?;
        let Some(second) = body.piece().await else {
            return Ok(first);
        };
        let mut whole = BytesMut::from(first.as_ref());
        whole.extend_from_slice(&second?);
        while let Some(piece) = body.piece().await {
            whole.extend_from_slice(&piece?);
        }
        Ok(whole.freeze())
    }
}

fn too_large(limit: u64) -> TransportError {
    TransportError::new(
        TransportErrorKind::TooLarge,
        format!("more than {limit} bytes"),
    )
}

impl From<Bytes> for BodyStream {
    fn from(whole: Bytes) -> Self {
        let pieces = (!whole.is_empty()).then_some(Ok(whole));
        Self::new(stream::iter(pieces))
    }
}

impl Stream for BodyStream {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pieces.as_mut().poll_next(context)
    }
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyStream").finish_non_exhaustive()
    }
}

type Open = dyn Fn() -> BodyStream + Send + Sync;

/// A request's body in pieces, of known length, that can be produced again when the request is repeated. Cheap to clone.
#[derive(Clone)]
pub struct Upload {
    length: u64,
    open: Arc<Open>,
}

impl Upload {
    /// A body of `length` bytes. `open` makes it anew for each attempt.
    pub fn new(length: u64, open: impl Fn() -> BodyStream + Send + Sync + 'static) -> Self {
        Self {
            length,
            open: Arc::new(open),
        }
    }

    /// `pieces` one after another, without a copy of them.
    #[must_use]
    pub fn of_pieces(pieces: Vec<Bytes>) -> Self {
        let length = pieces.iter().map(Bytes::len).sum::<usize>();
        Self::new(u64::try_from(length).unwrap_or(u64::MAX), move || {
            BodyStream::new(stream::iter(pieces.clone().into_iter().map(Ok)))
        })
    }

    /// `self` between `before` and `after`, as a part stands in a form.
    #[must_use]
    pub fn between(self, before: Bytes, after: Bytes) -> Self {
        let around = u64::try_from(before.len() + after.len()).unwrap_or(u64::MAX);
        Self::new(self.length.saturating_add(around), move || {
            let before = BodyStream::from(before.clone());
            let after = BodyStream::from(after.clone());
            BodyStream::new(before.chain(self.open()).chain(after))
        })
    }

    /// Its length in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The body from its start.
    #[must_use]
    pub fn open(&self) -> BodyStream {
        (self.open)()
    }
}

impl From<Bytes> for Upload {
    fn from(whole: Bytes) -> Self {
        Self::of_pieces(vec![whole])
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, TryStreamExt};

    use super::*;

    fn body(pieces: &'static [&'static str]) -> BodyStream {
        let pieces = pieces
            .iter()
            .map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
        BodyStream::new(stream::iter(pieces))
    }

    #[test]
    fn a_body_within_its_limit_arrives_whole() {
        for (pieces, whole) in [
            (&[][..], ""),
            (&["abc"], "abc"),
            (&["ab", "c", "", "de"], "abcde"),
        ] {
            let collected = body(pieces).collect_at_most(5).now_or_never().unwrap();
            assert_eq!(collected.unwrap(), whole);
        }
    }

    #[test]
    fn a_body_beyond_its_limit_is_refused_when_the_limit_is_passed() {
        let collected = body(&["abc", "def", "ghi"]).collect_at_most(5);
        let error = collected.now_or_never().unwrap().unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::TooLarge);
        let mut pieces = body(&["abc", "def", "ghi"]).at_most(5);
        assert!(pieces.piece().now_or_never().unwrap().unwrap().is_ok());
        assert!(pieces.piece().now_or_never().unwrap().unwrap().is_err());
        assert!(pieces.piece().now_or_never().unwrap().is_none());
    }

    #[test]
    fn an_upload_can_be_opened_again_and_knows_its_length() {
        let upload =
            Upload::of_pieces(vec!["con".into(), "tent".into()]).between("<".into(), ">".into());
        assert_eq!(upload.length(), 9);
        for _ in 0..2 {
            let pieces: Vec<Bytes> = upload.open().try_collect().now_or_never().unwrap().unwrap();
            assert_eq!(pieces.concat(), b"<content>");
        }
    }
}
