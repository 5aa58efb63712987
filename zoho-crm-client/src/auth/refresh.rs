//! Obtaining access tokens again and again: with a refresh token, or with the client's own credentials (reference: Zoho
//! v8 sections 1.3 and 1.6, read 2026-11).

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use client_core::{AuthError, RefreshToken, StoredToken};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::{
    ACCOUNTS_SERVER,
    endpoint::{TokenEndpoint, WINDOW},
};

/// Zoho issues at most so many access tokens in [`WINDOW`], then refuses for as long.
const TOKENS_IN_WINDOW: usize = 10;

/// Obtains access tokens with a refresh token.
#[derive(Debug)]
pub(crate) struct RefreshGrant {
    endpoint: TokenEndpoint,
    accounts_url: String,
    seed: Option<SecretString>,
    budget: SharedBudget,
}

impl RefreshGrant {
    /// `seed` is used while the store holds no refresh token, and when Zoho rejects the stored one. It belongs to
    /// `accounts_url`; a stored one belongs to the server that is stored with it.
    pub(crate) fn new(
        endpoint: TokenEndpoint,
        accounts_url: String,
        seed: Option<SecretString>,
    ) -> Self {
        Self {
            endpoint,
            accounts_url,
            seed,
            budget: SharedBudget::default(),
        }
    }

    async fn exchange(
        &self,
        attempt: &Attempt,
        current: Option<&StoredToken>,
    ) -> Result<StoredToken, AuthError> {
        self.budget.spend(current, self.endpoint.now())?;
        let answer = self
            .endpoint
            .refresh(&attempt.accounts_url, &attempt.refresh_token)
            .await;
        self.budget.learn(answer, self.endpoint.now())
    }

    /// The store may have been written by somebody else, so its server is checked each time.
    fn kept(&self, current: Option<&StoredToken>) -> Result<Option<Attempt>, AuthError> {
        let Some(token) = current else {
            return Ok(None);
        };
        let Some(refresh_token) = token.refresh_token.clone() else {
            return Ok(None);
        };
        let accounts_url = match token.attributes.get(ACCOUNTS_SERVER) {
            Some(text) => self.endpoint.hosts().admit_accounts(text)?,
            None => self.accounts_url.clone(),
        };
        Ok(Some(Attempt {
            refresh_token,
            accounts_url,
        }))
    }
}

struct Attempt {
    refresh_token: SecretString,
    accounts_url: String,
}

#[async_trait]
impl RefreshToken for RefreshGrant {
    async fn refresh(&self, current: Option<&StoredToken>) -> Result<StoredToken, AuthError> {
        let kept = self.kept(current)?;
        let other_seed = self.seed.clone().filter(|seed| {
            kept.as_ref()
                .is_none_or(|kept| kept.refresh_token.expose_secret() != seed.expose_secret())
        });
        let seed = other_seed.map(|refresh_token| Attempt {
            refresh_token,
            accounts_url: self.accounts_url.clone(),
        });
        let (first, second) = match (kept, seed) {
            (Some(kept), seed) => (kept, seed),
            (None, Some(seed)) => (seed, None),
            (None, None) => {
                return Err(AuthError::Rejected {
                    reason: "there is no refresh token, neither in the token store nor in the client's settings: \
                             obtain one with access_type=offline and configure it"
                        .to_owned(),
                });
            }
        };
        let (used, mut renewed) = match (self.exchange(&first, current).await, second) {
            // The operator has configured a new one after the stored one was revoked.
            (Err(AuthError::Rejected { .. }), Some(second)) => {
                // Tokens are counted for each refresh token.
                let renewed = self.exchange(&second, None).await?;
                (second, renewed)
            }
            (renewed, _) => (first, renewed?),
        };
        renewed.refresh_token.get_or_insert(used.refresh_token);
        Ok(renewed)
    }
}

/// Obtains access tokens with nothing but the client's credentials: for self clients and one organisation.
#[derive(Debug)]
pub(crate) struct ClientGrant {
    endpoint: TokenEndpoint,
    accounts_url: String,
    soid: String,
    scopes: String,
    budget: SharedBudget,
}

impl ClientGrant {
    pub(crate) fn new(
        endpoint: TokenEndpoint,
        accounts_url: String,
        soid: String,
        scopes: String,
    ) -> Self {
        Self {
            endpoint,
            accounts_url,
            soid,
            scopes,
            budget: SharedBudget::default(),
        }
    }
}

#[async_trait]
impl RefreshToken for ClientGrant {
    async fn refresh(&self, current: Option<&StoredToken>) -> Result<StoredToken, AuthError> {
        self.budget.spend(current, self.endpoint.now())?;
        let answer = self
            .endpoint
            .client_only(&self.accounts_url, &self.soid, &self.scopes)
            .await;
        self.budget.learn(answer, self.endpoint.now())
    }
}

#[derive(Debug, Default)]
struct SharedBudget(Mutex<Budget>);

impl SharedBudget {
    fn lock(&self) -> MutexGuard<'_, Budget> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `current` says what other processes, and this one before it was started anew, have asked for.
    fn spend(&self, current: Option<&StoredToken>, now: Timestamp) -> Result<(), AuthError> {
        let mut budget = self.lock();
        if let Some(times) = current.and_then(|token| token.attributes.get(REQUEST_TIMES)) {
            budget.remember(times, now);
        }
        budget.spend(now)
    }

    /// Writes into a new token when it and others before it were asked for.
    fn learn(
        &self,
        answer: Result<StoredToken, AuthError>,
        now: Timestamp,
    ) -> Result<StoredToken, AuthError> {
        let mut budget = self.lock();
        if let Err(AuthError::Throttled { .. }) = answer {
            budget.close(now);
        }
        let mut token = answer?;
        let times = budget.times();
        token.attributes.insert(REQUEST_TIMES.to_owned(), times);
        Ok(token)
    }
}

/// Token attribute with the times of the last token requests, in seconds since 1970, separated by blanks.
const REQUEST_TIMES: &str = "token_requests";

/// Counts token requests, so that neither a loop in one process nor processes that are started over and over lock the
/// connection out.
#[derive(Debug, Default)]
struct Budget {
    /// In order.
    spent: VecDeque<Timestamp>,
    closed_until: Option<Timestamp>,
}

impl Budget {
    /// Adds what others have spent. Times that lie ahead come from another clock and count for nothing.
    fn remember(&mut self, times: &str, now: Timestamp) {
        let seconds = times.split(' ').filter_map(|time| time.parse().ok());
        let times = seconds.filter_map(|second| Timestamp::from_second(second).ok());
        for time in times.filter(|time| *time <= now) {
            let second = |spent: &Timestamp| spent.as_second() == time.as_second();
            if !self.spent.iter().any(second) {
                self.spent.push_back(time);
            }
        }
        self.spent.make_contiguous().sort_unstable();
    }

    fn times(&self) -> String {
        let latest = self.spent.iter().rev().take(TOKENS_IN_WINDOW).rev();
        let seconds: Vec<String> = latest.map(|time| time.as_second().to_string()).collect();
        seconds.join(" ")
    }

    fn spend(&mut self, now: Timestamp) -> Result<(), AuthError> {
        if let Some(until) = self.closed_until.filter(|until| *until > now) {
            return Err(throttled(
                "Zoho refused further token requests a while ago (Access Denied)",
                until,
                now,
            ));
        }
        while self
            .spent
            .front()
            .is_some_and(|first| *first + WINDOW <= now)
        {
            self.spent.pop_front();
        }
        if let Some(first) = self
            .spent
            .front()
            .filter(|_| self.spent.len() >= TOKENS_IN_WINDOW)
        {
            return Err(throttled(
                "10 access tokens were asked for within 10 minutes, which is all that Zoho allows: \
                 tokens are being refused or invalidated, perhaps by another program with the same refresh token",
                *first + WINDOW,
                now,
            ));
        }
        self.spent.push_back(now);
        Ok(())
    }

    fn close(&mut self, now: Timestamp) {
        self.closed_until = Some(now + WINDOW);
    }
}

fn throttled(reason: &str, until: Timestamp, now: Timestamp) -> AuthError {
    AuthError::Throttled {
        reason: reason.to_owned(),
        retry_after: Duration::try_from(until.duration_since(now)).unwrap_or(WINDOW),
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_token_within_ten_minutes_is_not_asked_for() {
        let start: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let mut budget = Budget::default();
        for minute in 0..10 {
            budget
                .spend(start + Duration::from_secs(minute * 30))
                .unwrap();
        }
        let late = start + Duration::from_secs(540);
        match budget.spend(late).unwrap_err() {
            AuthError::Throttled { retry_after, .. } => {
                assert_eq!(retry_after, Duration::from_secs(60));
            }
            other => panic!("{other}"),
        }
        budget.spend(start + WINDOW).unwrap();
    }

    #[test]
    fn what_other_processes_asked_for_counts_too() {
        let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let mut others = Budget::default();
        for second in 0..9 {
            let time = now - Duration::from_secs(300 - second * 10);
            others.spend(time).unwrap();
        }
        let mut budget = Budget::default();
        budget.remember(&others.times(), now);
        // Told twice, they count once.
        budget.remember(&others.times(), now);
        budget.spend(now).unwrap();
        match budget.spend(now).unwrap_err() {
            AuthError::Throttled { retry_after, .. } => {
                assert_eq!(retry_after, Duration::from_secs(300));
            }
            other => panic!("{other}"),
        }
        let mut fresh = Budget::default();
        let ahead = (now + Duration::from_secs(9)).as_second();
        fresh.remember(&format!("{ahead} rubbish"), now);
        assert!(fresh.times().is_empty());
    }

    #[test]
    fn after_a_refusal_zoho_is_left_alone_for_ten_minutes() {
        let start: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let mut budget = Budget::default();
        budget.close(start);
        assert!(budget.spend(start + Duration::from_secs(599)).is_err());
        assert!(budget.spend(start + Duration::from_secs(600)).is_ok());
    }
}
