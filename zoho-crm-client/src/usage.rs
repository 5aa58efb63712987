//! What this client has used of the organisation's allowance.

use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderMap;

/// Header with the credits left today; Zoho sends it only once half of them are used (reference: Zoho v8 section 10.4,
/// read 2026-11).
const CREDITS_REMAINING: &str = "x-api-credits-remaining";

/// Counts since the client was built, over all its clones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// API requests sent, repetitions included, token requests not.
    pub calls: u64,
    /// Credits these calls cost by Zoho's published table. An estimate: the table names few calls.
    pub estimated_credits: u64,
    /// Access tokens asked for. Zoho allows 10 in 10 minutes for a refresh token.
    pub token_requests: u64,
}

/// Request extension: what one attempt costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Credits(pub(crate) u64);

#[derive(Debug)]
pub(crate) struct Counters {
    calls: AtomicU64,
    credits: AtomicU64,
    token_requests: AtomicU64,
    /// `u64::MAX` until Zoho says.
    remaining: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            calls: AtomicU64::new(0),
            credits: AtomicU64::new(0),
            token_requests: AtomicU64::new(0),
            remaining: AtomicU64::new(u64::MAX),
        }
    }
}

impl Counters {
    pub(crate) fn count_call(&self, credits: Credits) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.credits.fetch_add(credits.0, Ordering::Relaxed);
    }

    pub(crate) fn count_token_request(&self) {
        self.token_requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read_headers(&self, headers: &HeaderMap) {
        let remaining = headers
            .get(CREDITS_REMAINING)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok());
        if let Some(remaining) = remaining {
            self.remaining.store(remaining, Ordering::Relaxed);
        }
    }

    pub(crate) fn remaining(&self) -> Option<u64> {
        Some(self.remaining.load(Ordering::Relaxed)).filter(|remaining| *remaining != u64::MAX)
    }

    pub(crate) fn snapshot(&self) -> Usage {
        Usage {
            calls: self.calls.load(Ordering::Relaxed),
            estimated_credits: self.credits.load(Ordering::Relaxed),
            token_requests: self.token_requests.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_left_are_unknown_until_zoho_says() {
        let counters = Counters::default();
        counters.read_headers(&HeaderMap::new());
        assert_eq!(counters.remaining(), None);
        let mut headers = HeaderMap::new();
        headers.insert(CREDITS_REMAINING, "1234".parse().unwrap());
        counters.read_headers(&headers);
        headers.insert(CREDITS_REMAINING, "many".parse().unwrap());
        counters.read_headers(&headers);
        assert_eq!(counters.remaining(), Some(1234));
    }
}
