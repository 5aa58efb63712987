//! One valid access token for all, with at most one refresh in flight.

use std::{
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
    process,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tracing::{info, warn};

use super::{
    AuthError, CasError, RefreshLease, StoredToken, TokenKey, TokenRevision, TokenStore,
    failure::{LastFailure, Throttle},
    held::{AccessToken, Held, Lead, later},
};
use crate::time::{Clock, Sleep};

/// Obtains a new access token from the server. The [`TokenCache`] sees to it that only one caller at a time does so.
#[async_trait]
pub trait RefreshToken: fmt::Debug + Send + Sync + 'static {
    /// Returns the renewed token. `current` is what the store holds, if anything. The result replaces it whole, except
    /// that a missing `refresh_token` keeps the old one.
    ///
    /// Must end well within the cache's [`refresh_lease`](TokenCache::refresh_lease), its own repetitions included:
    /// after that another process takes it for dead and refreshes too.
    ///
    /// # Errors
    /// [`AuthError`]; the stored token stays as it was.
    async fn refresh(&self, current: Option<&StoredToken>) -> Result<StoredToken, AuthError>;
}

/// Hands out access tokens and renews them when needed.
///
/// # Guarantees
///
/// - Tasks in one process share one refresh, and its failure; so do processes that share the store, by a lease kept
///   beside the token.
/// - A renewed token is durable in the store before anybody uses it. If the store fails at that moment, the renewed
///   token is kept here and the next caller stores it, so a rotated refresh token is not lost.
/// - While a token is still valid nobody waits for its renewal, and a failed renewal fails nobody.
/// - A refused token is dropped once; callers who find a newer one use that.
/// - After the server throttled token requests, none is made until the pause it asked for is over.
///
/// # Assumptions
///
/// A refresh takes less than [`refresh_lease`](Self::refresh_lease). If its holder dies, others wait for the lease to
/// lapse. A caller that is dropped in the middle of a refresh counts as died: with a server that rotates refresh tokens,
/// let calls end by their own time-outs.
///
/// # Clocks
///
/// A wrong or jumping clock costs a refused request or a refresh too many, never an endless wait: a lease that stands
/// unchanged for its whole length has lapsed, whatever its date says.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use client_core::{
///     AuthError, MemoryTokenStore, RefreshToken, StoredToken, SystemClock, TokenCache, TokenKey, TokioSleep,
/// };
///
/// /// Asks the server; here it has the answer at hand.
/// #[derive(Debug)]
/// struct Grant;
///
/// #[async_trait::async_trait]
/// impl RefreshToken for Grant {
///     async fn refresh(&self, _current: Option<&StoredToken>) -> Result<StoredToken, AuthError> {
///         Ok(StoredToken { access_token: Some("1000.abc".into()), ..StoredToken::default() })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), AuthError> {
/// let cache = TokenCache::new(
///     TokenKey::new("zoho/1000.CLIENT/acme"),
///     Arc::new(MemoryTokenStore::new()),
///     Arc::new(Grant),
///     Arc::new(SystemClock),
///     Arc::new(TokioSleep),
/// );
/// let token = cache.access_token().await?;
/// // The server answered 401: the next caller gets a new one.
/// cache.refused(&token.secret).await?;
/// cache.access_token().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TokenCache {
    key: TokenKey,
    store: Arc<dyn TokenStore>,
    refresher: Arc<dyn RefreshToken>,
    clock: Arc<dyn Clock>,
    sleep: Arc<dyn Sleep>,
    holder: String,
    /// Spreads early renewals of many processes: 0 to 255.
    spread: u8,
    early: Duration,
    lease: Duration,
    /// What this process knows. Never locked across an await.
    known: Mutex<Known>,
    /// Locked by the one task that goes to the store and the server.
    flight: async_lock::Mutex<Flight>,
}

#[derive(Debug, Default)]
struct Known {
    held: Option<Held>,
    failures: u64,
    last_failure: Option<LastFailure>,
}

#[derive(Debug, Default)]
struct Flight {
    unsaved: Option<Unsaved>,
    throttle: Option<Throttle>,
}

/// A renewed token that the store does not have yet.
#[derive(Debug)]
struct Unsaved {
    token: StoredToken,
    /// The refresh token that it was obtained with.
    obtained_with: Option<SecretString>,
    /// The revision that it is to replace.
    replaces: TokenRevision,
}

/// What a caller finds in memory.
enum Found {
    Fresh(AccessToken),
    EndsSoon(Held),
    Nothing { failures: u64 },
}

/// How long to wait before looking again whether another process has finished its refresh.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// A request needs this long to arrive, so a token that ends sooner is as good as ended.
const ON_THE_WAY: Duration = Duration::from_secs(5);
/// How long a token that could not be renewed early is used before the next try.
const NEXT_EARLY_TRY: Duration = Duration::from_secs(15);

impl TokenCache {
    /// A cache over the token `key` in `store`.
    pub fn new(
        key: TokenKey,
        store: Arc<dyn TokenStore>,
        refresher: Arc<dyn RefreshToken>,
        clock: Arc<dyn Clock>,
        sleep: Arc<dyn Sleep>,
    ) -> Self {
        // The standard library seeds this from the system's randomness. A process id would not do: in containers every
        // process may have the same one.
        let random = RandomState::new().build_hasher().finish();
        let [spread, ..] = random.to_be_bytes();
        Self {
            key,
            store,
            refresher,
            clock,
            sleep,
            holder: format!("{}-{random:016x}", process::id()),
            spread,
            early: Duration::from_secs(120),
            lease: Duration::from_secs(90),
            known: Mutex::default(),
            flight: async_lock::Mutex::default(),
        }
    }

    /// Renews tokens that end within `early`, or up to a quarter sooner: each cache draws its own lead, so that
    /// processes that share a token do not all come at once. Default 2 minutes. Should be shorter than a token's life;
    /// a token that lives shorter is renewed at half its life.
    #[must_use]
    pub fn refresh_early(mut self, early: Duration) -> Self {
        self.early = early;
        self
    }

    /// How long others wait for a refresh whose holder has died. Default 90 seconds.
    #[must_use]
    pub fn refresh_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// A valid access token.
    ///
    /// # Errors
    /// [`AuthError`] when none is stored and none can be obtained. Callers that waited for one refresh share its error.
    pub async fn access_token(&self) -> Result<AccessToken, AuthError> {
        let failures_before = match self.look() {
            Found::Fresh(token) => return Ok(token),
            Found::EndsSoon(held) => {
                return match self.flight.try_lock() {
                    Some(flight) => self.obtain_and_keep(flight, Some(held)).await,
                    None => Ok(held.token),
                };
            }
            Found::Nothing { failures } => failures,
        };
        let flight = self.flight.lock().await;
        match self.look() {
            Found::Fresh(token) => return Ok(token),
            Found::EndsSoon(held) => return Ok(held.token),
            Found::Nothing { failures } if failures != failures_before => {
                if let Some(failure) = &self.known().last_failure {
                    return Err(failure.to_error());
                }
            }
            Found::Nothing { .. } => {}
        }
        self.obtain_and_keep(flight, None).await
    }

    /// Tells the cache that the server refused `token`. A token that was replaced in the meantime is left alone.
    ///
    /// # Errors
    /// [`AuthError::Store`] when the store fails.
    pub async fn refused(&self, token: &SecretString) -> Result<(), AuthError> {
        let _flight = self.flight.lock().await;
        self.known()
            .held
            .take_if(|held| same(&held.token.secret, token));
        self.change_stored(|stored| {
            let is_stored = stored
                .access_token
                .as_ref()
                .is_some_and(|stored| same(stored, token));
            if is_stored {
                stored.access_token = None;
                stored.expires_at = None;
            }
            is_stored
        })
        .await
    }

    /// The revision of the token last handed out, for tests and diagnosis.
    pub async fn revision(&self) -> Option<TokenRevision> {
        self.known().held.as_ref().map(|held| held.revision)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Each critical section is a few assignments, so a panic elsewhere leaves the state whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) -> Found {
        let now = self.clock.now();
        let known = self.known();
        match &known.held {
            Some(held) if held.is_fresh(now) => Found::Fresh(held.token.clone()),
            Some(held) if held.is_usable(now) => Found::EndsSoon(held.clone()),
            _ => Found::Nothing {
                failures: known.failures,
            },
        }
    }

    async fn obtain_and_keep(
        &self,
        mut flight: async_lock::MutexGuard<'_, Flight>,
        mut still_valid: Option<Held>,
    ) -> Result<AccessToken, AuthError> {
        let result = match self.obtain(&mut flight, &mut still_valid).await {
            Err(error) => self.fall_back(still_valid, error),
            obtained => obtained,
        };
        let mut known = self.known();
        match result {
            Ok(held) => {
                let token = held.token.clone();
                known.held = Some(held);
                Ok(token)
            }
            Err(error) => {
                known.held = None;
                known.failures += 1;
                known.last_failure = Some(LastFailure::of(&error));
                Err(error)
            }
        }
    }

    /// A fresh token from the store, or by a refresh under a lease. While another process renews, one that ends soon
    /// will do. `still_valid` follows what the store holds, for the case of failure.
    async fn obtain(
        &self,
        flight: &mut Flight,
        still_valid: &mut Option<Held>,
    ) -> Result<Held, AuthError> {
        let mut watched = WatchedLease::default();
        loop {
            if let Some(held) = self.save(flight).await?
                && held.is_usable(self.clock.now())
            {
                return Ok(held);
            }
            let stored = self.store.load(&self.key).await?;
            let now = self.clock.now();
            *still_valid = stored
                .as_ref()
                .and_then(|(token, revision)| Held::new(token, *revision, self.lead()))
                .filter(|held| held.is_usable(now));
            if let Some(held) = still_valid
                && held.is_fresh(now)
            {
                return Ok(held.clone());
            }
            if let Some(left) = self.foreign_lease(stored.as_ref(), &watched) {
                let pause = left.min(LOOK_AGAIN);
                if let Some(held) = still_valid.take() {
                    return Ok(held.postponed_to(later(now, pause)));
                }
                watched.wait(stored.map(|(_, revision)| revision), pause);
                self.sleep.sleep(pause).await;
            } else if let Some(held) = self.refresh_unless_throttled(flight, stored).await? {
                return self.if_usable(held);
            }
        }
    }

    /// The token that is still valid instead of `error`, if there is one.
    fn fall_back(&self, still_valid: Option<Held>, error: AuthError) -> Result<Held, AuthError> {
        let now = self.clock.now();
        let Some(held) = still_valid.filter(|held| held.is_usable(now)) else {
            return Err(error);
        };
        warn!(credential = %self.key, %error, "early renewal failed, the present access token is still valid");
        let pause = match error {
            AuthError::Throttled { retry_after, .. } => retry_after,
            _ => NEXT_EARLY_TRY,
        };
        Ok(held.postponed_to(later(now, pause)))
    }

    /// How long another process may still be renewing, if one is.
    fn foreign_lease(
        &self,
        stored: Option<&(StoredToken, TokenRevision)>,
        watched: &WatchedLease,
    ) -> Option<Duration> {
        let (token, revision) = stored?;
        let lease = token.refresh_lease.as_ref()?;
        let by_date = Duration::try_from(lease.until.duration_since(self.clock.now())).ok()?;
        // The holder's clock may be ahead of ours, or ours may have been set back: nobody waits longer than a lease.
        let by_patience = self.lease.checked_sub(watched.waited_for(*revision))?;
        let left = by_date.min(by_patience);
        (lease.holder != self.holder && !left.is_zero()).then_some(left)
    }

    async fn refresh_unless_throttled(
        &self,
        flight: &mut Flight,
        stored: Option<(StoredToken, TokenRevision)>,
    ) -> Result<Option<Held>, AuthError> {
        if let Some(throttle) = &flight.throttle
            && let Some(error) = throttle.error_at(self.clock.now())
        {
            return Err(error);
        }
        let result = self.refresh_under_lease(flight, stored).await;
        flight.throttle = match &result {
            Err(error) => Throttle::asked_for_by(error, self.clock.now()),
            Ok(_) => None,
        };
        result
    }

    /// `None` when another process was quicker at any step; look again then.
    async fn refresh_under_lease(
        &self,
        flight: &mut Flight,
        stored: Option<(StoredToken, TokenRevision)>,
    ) -> Result<Option<Held>, AuthError> {
        let (current, expected) = match stored {
            Some((token, revision)) => (token, Some(revision)),
            None => (StoredToken::default(), None),
        };
        let mut claimed = current.clone();
        let claimed_at = self.clock.now();
        claimed.refresh_lease = Some(RefreshLease {
            holder: self.holder.clone(),
            until: later(claimed_at, self.lease),
        });
        let revision = match self
            .store
            .compare_and_swap(&self.key, expected, &claimed)
            .await
        {
            Ok(revision) => revision,
            Err(CasError::Conflict) => return Ok(None),
            Err(CasError::Store(error)) => return Err(error.into()),
        };
        // Whoever was held up here for long would still be renewing when the lease has run out.
        if self.clock.now() >= later(claimed_at, self.lease / 2) {
            return Ok(None);
        }
        // A row that holds nothing but a lease is what an earlier failure left behind.
        let holds_something = current.access_token.is_some()
            || current.refresh_token.is_some()
            || !current.attributes.is_empty();
        match self
            .refresher
            .refresh(holds_something.then_some(&current))
            .await
        {
            Ok(renewed) => {
                flight.unsaved = Some(Unsaved {
                    token: completed(renewed, &current),
                    obtained_with: current.refresh_token,
                    replaces: revision,
                });
                info!(credential = %self.key, "access token renewed");
                self.save(flight).await
            }
            Err(error) => {
                self.give_up_lease().await;
                Err(error)
            }
        }
    }

    /// Stores a renewed token that is not stored yet. `None` when there is none, or it was superseded.
    async fn save(&self, flight: &mut Flight) -> Result<Option<Held>, AuthError> {
        // It leaves `flight` only once it is stored: neither an error nor a dropped caller may lose it.
        while let Some(unsaved) = &mut flight.unsaved {
            let revision = match self
                .store
                .compare_and_swap(&self.key, Some(unsaved.replaces), &unsaved.token)
                .await
            {
                Ok(revision) => revision,
                Err(CasError::Store(error)) => return Err(error.into()),
                Err(CasError::Conflict) => match self.still_wanted(unsaved).await? {
                    Some((revision, lease)) => {
                        unsaved.replaces = revision;
                        // Another process may be renewing meanwhile: nobody else must.
                        unsaved.token.refresh_lease =
                            lease.filter(|lease| lease.holder != self.holder);
                        continue;
                    }
                    None => {
                        warn!(credential = %self.key, "the credential was replaced during its renewal, the stored one is used");
                        flight.unsaved = None;
                        return Ok(None);
                    }
                },
            };
            let now = self.clock.now();
            let held = Held::just_issued(&unsaved.token, revision, self.lead(), now);
            flight.unsaved = None;
            return match held {
                Some(held) => Ok(Some(held)),
                None => Err(unavailable("its answer holds no access token")),
            };
        }
        Ok(None)
    }

    /// The revision that a renewed token should replace after somebody else wrote, with the lease that is on it; none when
    /// theirs is to stay.
    async fn still_wanted(
        &self,
        unsaved: &Unsaved,
    ) -> Result<Option<(TokenRevision, Option<RefreshLease>)>, AuthError> {
        let Some((stored, revision)) = self.store.load(&self.key).await? else {
            return Ok(None);
        };
        // Another refresh token means a new consent, another renewal that rotated it, or a write of ours that arrived
        // although the store reported a failure: what is stored is good. With the same one, the other writer changed
        // something lesser, and ours may be the only copy of a rotated refresh token.
        let is_same = same_option(&stored.refresh_token, &unsaved.obtained_with);
        Ok(is_same.then_some((revision, stored.refresh_lease)))
    }

    async fn give_up_lease(&self) {
        let result = self
            .change_stored(|stored| {
                let is_ours = stored
                    .refresh_lease
                    .as_ref()
                    .is_some_and(|lease| lease.holder == self.holder);
                if is_ours {
                    stored.refresh_lease = None;
                }
                is_ours
            })
            .await;
        // Failing here only makes others wait for the lease to lapse.
        if let Err(error) = result {
            warn!(credential = %self.key, %error, "could not give up the refresh lease");
        }
    }

    /// Applies `change` to what is stored, unless that is nothing or `change` says that it has nothing to do.
    async fn change_stored(
        &self,
        change: impl Fn(&mut StoredToken) -> bool + Send + Sync,
    ) -> Result<(), AuthError> {
        loop {
            let Some((mut stored, revision)) = self.store.load(&self.key).await? else {
                return Ok(());
            };
            if !change(&mut stored) {
                return Ok(());
            }
            match self
                .store
                .compare_and_swap(&self.key, Some(revision), &stored)
                .await
            {
                Ok(_) => return Ok(()),
                Err(CasError::Conflict) => {}
                Err(CasError::Store(error)) => return Err(error.into()),
            }
        }
    }

    fn lead(&self) -> Lead {
        let spread = (self.early / 1024).saturating_mul(u32::from(self.spread));
        Lead {
            renew: self.early.saturating_add(spread),
            unusable: ON_THE_WAY.min(self.early),
        }
    }

    fn if_usable(&self, held: Held) -> Result<Held, AuthError> {
        if held.is_usable(self.clock.now()) {
            return Ok(held);
        }
        Err(unavailable(
            "the new access token is already expired: check the clock of this machine",
        ))
    }
}

/// How long one revision of another process's lease was watched.
#[derive(Debug, Default)]
struct WatchedLease {
    revision: Option<TokenRevision>,
    waited: Duration,
}

impl WatchedLease {
    fn waited_for(&self, revision: TokenRevision) -> Duration {
        if self.revision == Some(revision) {
            self.waited
        } else {
            Duration::ZERO
        }
    }

    fn wait(&mut self, revision: Option<TokenRevision>, pause: Duration) {
        if self.revision != revision {
            *self = Self {
                revision,
                waited: Duration::ZERO,
            };
        }
        self.waited += pause;
    }
}

/// `renewed`, with what a server leaves out when it has not changed.
fn completed(mut renewed: StoredToken, current: &StoredToken) -> StoredToken {
    renewed.refresh_lease = None;
    if renewed.refresh_token.is_none() {
        renewed.refresh_token.clone_from(&current.refresh_token);
        renewed.refresh_expires_at = current.refresh_expires_at;
    }
    renewed
}

fn unavailable(reason: &str) -> AuthError {
    AuthError::Unavailable {
        reason: reason.to_owned(),
        source: None,
    }
}

fn same(left: &SecretString, right: &SecretString) -> bool {
    left.expose_secret() == right.expose_secret()
}

fn same_option(left: &Option<SecretString>, right: &Option<SecretString>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => same(left, right),
        (None, None) => true,
        _ => false,
    }
}
