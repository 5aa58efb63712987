//! An access token in memory, and until when it serves.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::{StoredToken, TokenRevision};

/// An access token that was valid when it was handed out.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token.
    pub secret: SecretString,
    /// Facts that belong to it, such as `api_domain`.
    pub attributes: Arc<BTreeMap<String, String>>,
}

/// How long before its end a token is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lead {
    /// When somebody should renew it.
    pub(super) renew: Duration,
    /// When nobody should use it.
    pub(super) unusable: Duration,
}

#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) token: AccessToken,
    pub(super) revision: TokenRevision,
    renew_at: Option<Timestamp>,
    unusable_at: Option<Timestamp>,
}

impl Held {
    /// The access token in `stored`, if there is one.
    pub(super) fn new(stored: &StoredToken, revision: TokenRevision, lead: Lead) -> Option<Self> {
        let before_end = |lead| stored.expires_at.map(|end| sooner(end, lead));
        Some(Self {
            token: AccessToken {
                secret: stored.access_token.clone()?,
                attributes: Arc::new(stored.attributes.clone()),
            },
            revision,
            renew_at: before_end(lead.renew),
            unusable_at: before_end(lead.unusable),
        })
    }

    /// The same for a token that was issued at `now`: it serves for half its life at least, however short that is.
    pub(super) fn just_issued(
        stored: &StoredToken,
        revision: TokenRevision,
        lead: Lead,
        now: Timestamp,
    ) -> Option<Self> {
        let mut held = Self::new(stored, revision, lead)?;
        if let Some(end) = stored.expires_at {
            let life = Duration::try_from(end.duration_since(now)).unwrap_or_default();
            let half = Some(later(now, life / 2));
            held.renew_at = held.renew_at.max(half);
            held.unusable_at = held.unusable_at.max(half);
        }
        Some(held)
    }

    /// Whether nobody needs to renew it yet.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        is_ahead(self.renew_at, now)
    }

    /// Whether it can be used.
    pub(super) fn is_usable(&self, now: Timestamp) -> bool {
        is_ahead(self.unusable_at, now)
    }

    /// The same token, to be renewed at `renew_at`.
    pub(super) fn postponed_to(self, renew_at: Timestamp) -> Self {
        Self {
            renew_at: Some(renew_at),
            ..self
        }
    }
}

/// Whether `end` is still to come; without an end it always is.
fn is_ahead(end: Option<Timestamp>, now: Timestamp) -> bool {
    end.is_none_or(|end| end > now)
}

pub(super) fn later(instant: Timestamp, by: Duration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn sooner(instant: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    instant.saturating_sub(by).unwrap_or(Timestamp::MIN)
}
