//! Stand-ins for the server, the credential and the store.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use async_trait::async_trait;
use client_core::{
    AuthError, Authorize, CasError, Effect, MemoryTokenStore, RefreshToken, Request, Response,
    StoredToken, TokenCache, TokenKey, TokenRevision, TokenStore, TokenStoreError, Verdict,
    retry_after,
    testing::{ManualClock, RecordingSleep},
};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

pub(crate) fn start() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

/// 429: nothing was done. 5xx: unknown. 401: the credential.
pub(crate) fn classify(response: &Response, now: Timestamp) -> Verdict {
    let after = retry_after(response.headers(), now);
    match response.status().as_u16() {
        401 => Verdict::Reauthenticate,
        429 => Verdict::Retry {
            effect: Effect::None,
            after,
        },
        500.. => Verdict::Retry {
            effect: Effect::Unknown,
            after,
        },
        _ => Verdict::Done,
    }
}

/// A credential that becomes `token-2`, `token-3` and so on each time it is refused.
#[derive(Debug, Default)]
pub(crate) struct NumberedAuth {
    refusals: AtomicU32,
}

#[async_trait]
impl Authorize for NumberedAuth {
    async fn authorize(&self, request: &mut Request) -> Result<(), AuthError> {
        let number = self.refusals.load(Ordering::SeqCst) + 1;
        let value = format!("token-{number}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
        Ok(())
    }

    async fn refused(&self, _: &Request, _: &Response) -> Result<bool, AuthError> {
        self.refusals.fetch_add(1, Ordering::SeqCst);
        Ok(true)
    }
}

type Answer = dyn Fn(u32) -> Result<StoredToken, AuthError> + Send + Sync;

/// A token endpoint. Counts its calls, remembers the refresh tokens it was given, and lets other tasks run meanwhile.
#[derive(Clone)]
pub(crate) struct TokenEndpoint {
    answer: Arc<Answer>,
    calls: Arc<AtomicU32>,
    given: Arc<Mutex<Vec<String>>>,
}

impl std::fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenEndpoint").finish_non_exhaustive()
    }
}

impl TokenEndpoint {
    /// Answers with `access-1`, `access-2` and so on, each valid for an hour by `clock`.
    pub(crate) fn hourly(clock: &ManualClock) -> Self {
        let clock = clock.clone();
        Self::answering(move |call| Ok(access(&format!("access-{call}"), hour_from(&clock))))
    }

    /// Answers with `answer` of the call's number, from 1.
    pub(crate) fn answering(
        answer: impl Fn(u32) -> Result<StoredToken, AuthError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            answer: Arc::new(answer),
            calls: Arc::default(),
            given: Arc::default(),
        }
    }

    pub(crate) fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }

    /// The refresh token of each call, or what was there instead.
    pub(crate) fn given(&self) -> Vec<String> {
        self.given.lock().unwrap().clone()
    }
}

#[async_trait]
impl RefreshToken for TokenEndpoint {
    async fn refresh(&self, current: Option<&StoredToken>) -> Result<StoredToken, AuthError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let given = match current {
            None => "nothing stored",
            Some(token) => text(token.refresh_token.as_ref()).unwrap_or("no refresh token"),
        };
        self.given.lock().unwrap().push(given.to_owned());
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        (self.answer)(call)
    }
}

pub(crate) fn hour_from(clock: &ManualClock) -> Timestamp {
    client_core::Clock::now(clock) + SignedDuration::from_hours(1)
}

pub(crate) fn access(token: &str, expires_at: Timestamp) -> StoredToken {
    StoredToken {
        access_token: Some(SecretString::from(token)),
        expires_at: Some(expires_at),
        ..StoredToken::default()
    }
}

pub(crate) fn key() -> TokenKey {
    TokenKey::new("zoho/1000.CLIENT/acme")
}

pub(crate) fn text(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(ExposeSecret::expose_secret)
}

/// One store, one clock, one token endpoint, and as many caches as there are processes.
pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) sleep: RecordingSleep,
    pub(crate) store: FaultyStore,
    pub(crate) endpoint: TokenEndpoint,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new(start());
        let endpoint = TokenEndpoint::hourly(&clock);
        Self::with_endpoint(clock, endpoint)
    }

    pub(crate) fn with_endpoint(clock: ManualClock, endpoint: TokenEndpoint) -> Self {
        Self {
            sleep: RecordingSleep::new(clock.clone()),
            store: FaultyStore::default(),
            clock,
            endpoint,
        }
    }

    /// A cache of its own, as another process would have.
    pub(crate) fn cache(&self) -> TokenCache {
        self.cache_with(Arc::new(self.endpoint.clone()))
    }

    pub(crate) fn cache_with(&self, endpoint: Arc<dyn RefreshToken>) -> TokenCache {
        TokenCache::new(
            key(),
            Arc::new(self.store.clone()),
            endpoint,
            Arc::new(self.clock.clone()),
            Arc::new(self.sleep.clone()),
        )
    }

    /// Stores `token` as though it had always been there.
    pub(crate) async fn stored(&self, token: StoredToken) {
        let expected = self.store.load(&key()).await.unwrap();
        self.store
            .compare_and_swap(&key(), expected.map(|(_, revision)| revision), &token)
            .await
            .unwrap();
    }

    pub(crate) async fn what_is_stored(&self) -> StoredToken {
        self.store.load(&key()).await.unwrap().unwrap().0
    }
}

/// A memory store that can be told to fail.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultyStore {
    inner: MemoryTokenStore,
    loads_fail: Arc<AtomicBool>,
    /// How many swaps still succeed; none when all do.
    swaps_left: Arc<Mutex<Option<u32>>>,
    /// Whether a failing swap has happened all the same.
    fails_after_writing: Arc<AtomicBool>,
}

impl FaultyStore {
    pub(crate) fn fail_loads(&self, fail: bool) {
        self.loads_fail.store(fail, Ordering::SeqCst);
    }

    pub(crate) fn fail_swaps_after(&self, swaps: Option<u32>) {
        *self.swaps_left.lock().unwrap() = swaps;
    }

    pub(crate) fn fail_after_writing(&self) {
        self.fails_after_writing.store(true, Ordering::SeqCst);
    }

    fn swap_fails(&self) -> bool {
        match &mut *self.swaps_left.lock().unwrap() {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }
}

fn disk_full() -> TokenStoreError {
    TokenStoreError::new("writing tokens.json", "disk full")
}

#[async_trait]
impl TokenStore for FaultyStore {
    async fn load(
        &self,
        key: &TokenKey,
    ) -> Result<Option<(StoredToken, TokenRevision)>, TokenStoreError> {
        if self.loads_fail.load(Ordering::SeqCst) {
            return Err(disk_full());
        }
        self.inner.load(key).await
    }

    async fn compare_and_swap(
        &self,
        key: &TokenKey,
        expected: Option<TokenRevision>,
        token: &StoredToken,
    ) -> Result<TokenRevision, CasError> {
        if self.swap_fails() {
            if self.fails_after_writing.load(Ordering::SeqCst) {
                self.inner.compare_and_swap(key, expected, token).await?;
            }
            return Err(disk_full().into());
        }
        self.inner.compare_and_swap(key, expected, token).await
    }

    async fn delete(&self, key: &TokenKey) -> Result<(), TokenStoreError> {
        self.inner.delete(key).await
    }
}
