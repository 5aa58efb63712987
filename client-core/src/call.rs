//! A request together with what the retry loop must know about it.

use std::{fmt, marker::PhantomData, time::Duration};

use crate::transport::{Request, Timeout};

mod sealed {
    #[expect(
        unnameable_types,
        reason = "sealed: only this crate says what may be repeated"
    )]
    pub trait Sealed {}
    impl Sealed for super::Repeatable {}
    impl Sealed for super::Once {}
}

/// Whether sending a request twice is harmless. Implemented by [`Repeatable`] and [`Once`] alone.
pub trait RepeatKind: sealed::Sealed + Send + Sync + 'static {
    /// True when a request of this kind may be sent again although the first may have been applied.
    const REPEATABLE: bool;
}

/// A request whose repetition changes nothing: a read, an upsert by a unique key, an update to stated values.
#[derive(Clone, Copy, Debug)]
pub enum Repeatable {}

/// A request that must never be applied twice, such as a plain insert. It is repeated only after proof that the server
/// did not act on it.
#[derive(Clone, Copy, Debug)]
pub enum Once {}

impl RepeatKind for Repeatable {
    const REPEATABLE: bool = true;
}

impl RepeatKind for Once {
    const REPEATABLE: bool = false;
}

/// A request, its name in logs and errors, and (in its type) whether it may be repeated.
pub struct Call<K> {
    pub(crate) operation: &'static str,
    pub(crate) request: Request,
    kind: PhantomData<fn() -> K>,
}

impl Call<Repeatable> {
    /// A request that may be repeated.
    #[must_use]
    pub fn repeatable(operation: &'static str, request: Request) -> Self {
        Self {
            operation,
            request,
            kind: PhantomData,
        }
    }
}

impl Call<Once> {
    /// A request that must not be applied twice.
    #[must_use]
    pub fn once(operation: &'static str, request: Request) -> Self {
        Self {
            operation,
            request,
            kind: PhantomData,
        }
    }
}

impl<K> Call<K> {
    /// Bounds each attempt by `timeout` instead of the transport's own limit.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.request.extensions_mut().insert(Timeout(timeout));
        self
    }

    /// The request as it will be authorized and sent.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }
}

impl<K> fmt::Debug for Call<K> {
    /// Shows no header, body or query: they may carry secrets and record values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.operation)
            .field("method", self.request.method())
            .field("path", &self.request.uri().path())
            .finish()
    }
}
