//! Faults: what goes wrong on the way, and for which request.

use serde::{Deserialize, Serialize};

use crate::exchange::Call;
use crate::rng::Rng;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum FaultKind {
    /// The answer comes late by that many real milliseconds; the effect happens before the delay if `after_effect`.
    Delay {
        /// Milliseconds.
        millis: u64,
        /// Whether the request takes effect before the delay.
        #[serde(default)]
        after_effect: bool,
    },
    /// An error answer, as JSON or as a gateway's HTML page.
    Status {
        /// The status.
        status: u16,
        /// Whether the body is an HTML page.
        #[serde(default)]
        html: bool,
        /// Whether the request takes effect first (a gateway that gave up waiting).
        #[serde(default)]
        after_effect: bool,
    },
    /// 429 `TOO_MANY_REQUESTS`.
    TooManyRequests,
    /// 401 `INVALID_TOKEN`, although the token is good.
    InvalidToken,
    /// The connection is closed without an answer and nothing was done.
    DropBeforeEffect,
    /// The request takes effect, then the connection is closed without an answer.
    DropAfterEffect,
    /// Half of the answer's body is sent, then the connection is closed.
    TruncatedBody,
    /// The answer's Content-Type says `text/html` although the body is JSON.
    WrongContentType,
    /// The answer's body is replaced by something that is not JSON, under its usual status and Content-Type.
    GarbledBody,
}

/// A fault and the requests it strikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// Verb; `None` for any.
    #[serde(default)]
    pub method: Option<String>,
    /// Path pattern, in which `*` stands for any characters; `None` for any path outside `/__admin`.
    #[serde(default)]
    pub path: Option<String>,
    /// Strikes from the n-th matching request on, counted from 1; default 1.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many requests it strikes; `None` for all.
    #[serde(default = "one_time")]
    pub times: Option<u64>,
    /// Chance with which it strikes a matching request; default 1.
    #[serde(default = "always")]
    pub probability: f64,
}

const fn one() -> u64 {
    1
}
#[allow(
    clippy::unnecessary_wraps,
    reason = "serde's default must have the field's type"
)]
const fn one_time() -> Option<u64> {
    Some(1)
}
const fn always() -> f64 {
    1.0
}

impl Fault {
    /// A fault that strikes the next request, once.
    #[must_use]
    pub const fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            method: None,
            path: None,
            nth: 1,
            times: Some(1),
            probability: 1.0,
        }
    }

    /// An answer that is late by real milliseconds, before anything happened.
    #[must_use]
    pub const fn delay(millis: u64) -> Self {
        Self::new(FaultKind::Delay {
            millis,
            after_effect: false,
        })
    }

    /// An answer that is late by real milliseconds, after the request took effect.
    #[must_use]
    pub const fn late_answer(millis: u64) -> Self {
        Self::new(FaultKind::Delay {
            millis,
            after_effect: true,
        })
    }

    /// A JSON error answer without effect.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::new(FaultKind::Status {
            status,
            html: false,
            after_effect: false,
        })
    }

    /// A gateway's HTML error page without effect.
    #[must_use]
    pub const fn html(status: u16) -> Self {
        Self::new(FaultKind::Status {
            status,
            html: true,
            after_effect: false,
        })
    }

    /// A gateway's HTML error page although the request took effect.
    #[must_use]
    pub const fn html_after_effect(status: u16) -> Self {
        Self::new(FaultKind::Status {
            status,
            html: true,
            after_effect: true,
        })
    }

    /// Restricts the fault to a verb and a path pattern (`*` matches any characters).
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        self.path = Some(path.to_owned());
        self
    }

    /// Restricts the fault to a path pattern.
    #[must_use]
    pub fn on_path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Spares the first `nth - 1` matching requests.
    #[must_use]
    pub const fn from_nth(mut self, nth: u64) -> Self {
        self.nth = nth;
        self
    }

    /// Strikes that many requests.
    #[must_use]
    pub const fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Strikes every matching request until it is cleared.
    #[must_use]
    pub const fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Strikes a matching request with that chance, and does not wear out.
    #[must_use]
    pub const fn with_probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self.times = None;
        self
    }
}

/// A fault with its progress.
#[derive(Debug)]
pub(crate) struct ActiveFault {
    pub(crate) fault: Fault,
    seen: u64,
    struck: u64,
}

impl ActiveFault {
    pub(crate) const fn new(fault: Fault) -> Self {
        Self {
            fault,
            seen: 0,
            struck: 0,
        }
    }

    fn strikes(&mut self, call: &Call, rng: &mut Rng) -> bool {
        let fault = &self.fault;
        let method = fault
            .method
            .as_ref()
            .is_none_or(|method| method.eq_ignore_ascii_case(call.method.as_str()));
        let path = fault
            .path
            .as_ref()
            .is_none_or(|pattern| matches_pattern(pattern, &call.path));
        if !method || !path {
            return false;
        }
        self.seen += 1;
        let worn_out = fault.times.is_some_and(|times| self.struck >= times);
        if worn_out || self.seen < fault.nth || !rng.chance(fault.probability) {
            return false;
        }
        self.struck += 1;
        true
    }
}

/// The faults that strike a request: all delays, and the first of the others.
pub(crate) fn strike(faults: &mut [ActiveFault], call: &Call, rng: &mut Rng) -> Vec<FaultKind> {
    let mut kinds: Vec<FaultKind> = Vec::new();
    let mut struck = false;
    for active in faults {
        let is_delay = matches!(active.fault.kind, FaultKind::Delay { .. });
        // A request can be lost only once, so the second fault keeps its strike for a later request.
        if (is_delay || !struck) && active.strikes(call, rng) {
            struck |= !is_delay;
            kinds.push(active.fault.kind.clone());
        }
    }
    kinds
}

/// Whether `text` matches a pattern in which `*` stands for any characters.
pub(crate) fn matches_pattern(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    if rest.is_empty() {
        return true;
    }
    loop {
        if matches_pattern(rest, text) {
            return true;
        }
        let mut chars = text.chars();
        if chars.next().is_none() {
            return false;
        }
        text = chars.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_any_characters() {
        assert!(matches_pattern(
            "/crm/v8/*/upsert",
            "/crm/v8/Accounts/upsert"
        ));
        assert!(matches_pattern("/crm/*", "/crm/v8/coql"));
        assert!(matches_pattern("*", "/anything"));
        assert!(!matches_pattern("/crm/v8/*/upsert", "/crm/v8/Accounts"));
        assert!(!matches_pattern("/crm/v8/Accounts", "/crm/v8/Accounts/1"));
    }
}
