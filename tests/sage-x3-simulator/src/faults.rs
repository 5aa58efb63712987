//! Things that go wrong, on request.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whether a request reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// A GraphQL query.
    Query,
    /// A GraphQL mutation.
    Mutation,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// The answer comes that much later (in real time, whatever the simulator's clock). Adds up with other faults.
    Delay {
        /// Milliseconds.
        milliseconds: u64,
    },
    /// Nothing is done; this status with this body.
    Status {
        /// For instance 500 or 503.
        status: u16,
        /// Sent as `text/html` when it starts with `<`, else as `text/plain`.
        body: String,
    },
    /// Nothing is done; 429.
    TooManyRequests {
        /// Seconds for `Retry-After`, which is left out when `None`.
        retry_after: Option<u64>,
    },
    /// Nothing is done; HTTP 200 with a log-in page, as a proxy answers.
    HtmlPage,
    /// Nothing is done; 401 with this text.
    Unauthorized {
        /// For instance `Error 21: Invalid token`.
        text: String,
    },
    /// Nothing is done and the connection closes without a byte.
    DropBefore,
    /// Everything is done and the connection closes without a byte: the answer is lost.
    DropAfter,
    /// Everything is done; the connection closes in the middle of the body.
    TruncatedBody,
    /// Everything is done; a complete HTTP answer holds half of the JSON.
    BrokenJson,
    /// One node's branches are null, with an error each; the rest of the answer is there.
    NoRights {
        /// The node, for instance `customerAddress`.
        node: String,
    },
    /// Creates succeed and report a severity 2 diagnose in `errors[]` all the same.
    Warning {
        /// The diagnose's text.
        message: String,
    },
}

/// A fault and when it strikes; by default at the next request, once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    pub effect: Effect,
    /// Only requests whose path starts so.
    #[serde(default)]
    pub path: Option<String>,
    /// Only queries or only mutations.
    #[serde(default)]
    pub request: Option<RequestKind>,
    /// Only requests with this operation name, touching this node (`customer`) or call (`customer.create`).
    #[serde(default)]
    pub operation: Option<String>,
    /// Strikes from the n-th matching request on, counted from 1.
    #[serde(default = "one")]
    pub nth: u64,
    /// How often it strikes; `None` = for ever.
    #[serde(default = "once")]
    pub times: Option<u64>,
    /// Probability of striking, 0 to 1; decided by a generator seeded with [`seed`](Self::seed).
    #[serde(default = "certain")]
    pub probability: f64,
    /// Seed of the fault's own generator.
    #[serde(default)]
    pub seed: u64,
}

fn one() -> u64 {
    1
}

// The shape serde's `default` needs for the field's type.
#[allow(clippy::unnecessary_wraps)]
fn once() -> Option<u64> {
    Some(1)
}

fn certain() -> f64 {
    1.0
}

impl Fault {
    /// Strikes at the next request, once.
    pub fn new(effect: Effect) -> Self {
        Self {
            effect,
            path: None,
            request: None,
            operation: None,
            nth: 1,
            times: Some(1),
            probability: 1.0,
            seed: 0,
        }
    }

    /// Delays an answer.
    pub fn delay(by: Duration) -> Self {
        Self::new(Effect::Delay {
            milliseconds: u64::try_from(by.as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// The slow first call after a pause, while an X3 process is started: delays the next request only.
    pub fn slow_first_call(by: Duration) -> Self {
        Self::delay(by)
    }

    /// Answers 500, 503 or another status instead of doing anything.
    pub fn status(status: u16) -> Self {
        let body = match status {
            503 => "<html><body><h1>503 Service Unavailable</h1></body></html>".to_owned(),
            _ => "Internal server error".to_owned(),
        };
        Self::new(Effect::Status { status, body })
    }

    /// Only requests whose path starts with `path`.
    #[must_use]
    pub fn on_path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Only queries.
    #[must_use]
    pub fn on_queries(mut self) -> Self {
        self.request = Some(RequestKind::Query);
        self
    }

    /// Only mutations.
    #[must_use]
    pub fn on_mutations(mut self) -> Self {
        self.request = Some(RequestKind::Mutation);
        self
    }

    /// Only requests with this operation name, node (`customer`) or call (`customer.create`).
    #[must_use]
    pub fn on_operation(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// From the n-th matching request on, counted from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = nth;
        self
    }

    /// That many times.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// For ever.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// With this probability, decided by a generator with this seed.
    #[must_use]
    pub fn with_probability(mut self, probability: f64, seed: u64) -> Self {
        self.probability = probability;
        self.seed = seed;
        self
    }
}

/// What faults look at.
#[derive(Debug, Default, Clone)]
pub(crate) struct RequestShape {
    pub(crate) path: String,
    pub(crate) kind: Option<RequestKind>,
    pub(crate) operation_name: Option<String>,
    /// Calls like `customer.create`.
    pub(crate) calls: Vec<String>,
}

impl RequestShape {
    fn is_about(&self, operation: &str) -> bool {
        self.operation_name.as_deref() == Some(operation)
            || self
                .calls
                .iter()
                .any(|call| call == operation || call.split('.').next() == Some(operation))
    }
}

/// The faults waiting, in the order they were injected.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    fault: Fault,
    seen: u64,
    random: u64,
}

impl Faults {
    pub(crate) fn inject(&mut self, fault: Fault) {
        let random = fault.seed;
        self.waiting.push(Waiting {
            fault,
            seen: 0,
            random,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// The effects that strike this request: delays, then at most one other.
    pub(crate) fn strike(&mut self, request: &RequestShape) -> Vec<Effect> {
        let mut out = Vec::new();
        for waiting in &mut self.waiting {
            if !waiting.strikes(request) {
                continue;
            }
            let delays = matches!(waiting.fault.effect, Effect::Delay { .. });
            out.push(waiting.fault.effect.clone());
            if !delays {
                break;
            }
        }
        self.waiting
            .retain(|waiting| waiting.fault.times != Some(0));
        out
    }
}

impl Waiting {
    fn strikes(&mut self, request: &RequestShape) -> bool {
        let fault = &mut self.fault;
        let matches = fault
            .path
            .as_ref()
            .is_none_or(|path| request.path.starts_with(path))
            && fault.request.is_none_or(|kind| request.kind == Some(kind))
            && fault
                .operation
                .as_ref()
                .is_none_or(|operation| request.is_about(operation));
        if !matches || fault.times == Some(0) {
            return false;
        }
        self.seen += 1;
        if self.seen < fault.nth
            || (fault.probability < 1.0 && unit(&mut self.random) >= fault.probability)
        {
            return false;
        }
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        true
    }
}

/// The next number of a splitmix64 generator, between 0 and 1.
fn unit(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}
