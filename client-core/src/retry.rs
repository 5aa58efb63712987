//! How often, how long and when a request is repeated.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use http::{HeaderMap, header::RETRY_AFTER};
use jiff::{Timestamp, fmt::rfc2822};

/// Bounds on repetition. Both limits hold: attempts and total time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included. At least 1.
    pub max_attempts: u32,
    /// Pause before the second attempt; each further pause doubles.
    pub base_delay: Duration,
    /// Pauses double up to this. Jitter may add as much again, and the server may ask for more.
    pub max_delay: Duration,
    /// No attempt starts later than this after the first.
    pub deadline: Duration,
    /// Adds between nothing and the pause itself to each pause, so that callers that failed together do not return
    /// together.
    pub jitter: bool,
}

impl Default for RetryPolicy {
    /// 5 attempts, pauses from 250 ms to 20 s with jitter, 2 minutes in all.
    fn default() -> Self {
        Self {
            max_attempts: 5,
            base_delay: Duration::from_millis(250),
            max_delay: Duration::from_secs(20),
            deadline: Duration::from_secs(120),
            jitter: true,
        }
    }
}

impl RetryPolicy {
    /// One attempt, no repetition.
    #[must_use]
    pub fn none() -> Self {
        Self {
            max_attempts: 1,
            ..Self::default()
        }
    }

    /// The pauses between attempts, in order.
    pub(crate) fn pauses(&self) -> ExponentialBackoff {
        let mut builder = ExponentialBuilder::default()
            .with_min_delay(self.base_delay)
            .with_max_delay(self.max_delay)
            .with_max_times(
                usize::try_from(self.max_attempts.saturating_sub(1)).unwrap_or(usize::MAX),
            );
        if self.jitter {
            builder = builder.with_jitter();
        }
        builder.build()
    }
}

/// Whether the server may have acted on a request that it answered with a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The answer proves that nothing was done (throttled, refused before processing).
    None,
    /// The request may have been applied.
    Unknown,
}

/// What an API's classifier makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Hand the answer to the caller, be it a success or a final error.
    Done,
    /// The credential was refused: get a fresh one and repeat, at most once a call.
    Reauthenticate,
    /// Worth repeating, if repeating is harmless.
    Retry {
        /// Whether the failed attempt may have been applied.
        effect: Effect,
        /// Pause that the server asked for.
        after: Option<Duration>,
    },
}

/// Reads `Retry-After` in either of its forms (RFC 9110 section 10.2.3): seconds, or a date.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = rfc2822::DateTimeParser::new()
        .parse_zoned(text)
        .ok()?
        .timestamp();
    Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())])
    }

    #[test]
    fn retry_after_accepts_seconds_and_dates() {
        let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        assert_eq!(
            retry_after(&headers("7"), now),
            Some(Duration::from_secs(7))
        );
        assert_eq!(
            retry_after(&headers("Fri, 20 Nov 2026 10:01:30 GMT"), now),
            Some(Duration::from_secs(90))
        );
        assert_eq!(
            retry_after(&headers("Fri, 20 Nov 2026 09:00:00 GMT"), now),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after(&headers("soon"), now), None);
    }

    #[test]
    fn pauses_double_up_to_the_ceiling_and_end_with_the_attempts() {
        let policy = RetryPolicy {
            max_attempts: 5,
            max_delay: Duration::from_secs(1),
            jitter: false,
            ..RetryPolicy::default()
        };
        let millis: Vec<u128> = policy.pauses().map(|pause| pause.as_millis()).collect();
        assert_eq!(millis, [250, 500, 1000, 1000]);
    }
}
