//! The classes of things that go wrong.

use std::{collections::BTreeMap, fmt};

macro_rules! fault_classes {
    ($($(#[$doc:meta])* $class:ident = $name:literal,)*) => {
        /// A class of things that go wrong. Each is counted, and each can be left out of a run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FaultClass {
            $($(#[$doc])* $class,)*
        }

        impl FaultClass {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$class,)*];

            /// Its name in reports.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$class => $name,)*
                }
            }
        }
    };
}

fault_classes! {
    /// A worker is gone between two awaits, with all it knew.
    Crash = "crash",
    /// A call never returns; its worker is killed in the end.
    Hang = "hang",
    /// A system refuses a call because there were too many (HTTP 429).
    TooManyRequests = "too_many_requests",
    /// A system fails before the call has any effect (HTTP 5xx).
    ServerError = "server_error",
    /// A page in HTML instead of an answer.
    HtmlAnswer = "html_answer",
    /// A call is carried out and its answer is lost.
    AnswerLost = "answer_lost",
    /// The first rows of a write are carried out, the others are not, and the answer is lost.
    PartialBatch = "partial_batch",
    /// A credential does not work for a while.
    CredentialLost = "credential_lost",
    /// An access token is refused before its end.
    TokenEnded = "token_ended",
    /// A system is down for a while.
    Outage = "outage",
    /// A system refuses a row for good.
    RowRejected = "row_rejected",
    /// A row is locked for the moment.
    RowLocked = "row_locked",
    /// A system says for the moment that a record is not there.
    RowMissing = "row_missing",
    /// Rows move while a feed's pages are turned.
    PageShift = "page_shift",
    /// A page token is no longer accepted.
    PageTokenExpired = "page_token_expired",
    /// Many rows change under one stamp.
    EqualStamps = "equal_stamps",
    /// A change is committed after a later one was.
    LateCommit = "late_commit",
    /// A notification is lost.
    EventLost = "event_lost",
    /// A notification comes long after the change.
    EventLate = "event_late",
    /// A notification comes more than once.
    EventDuplicated = "event_duplicated",
    /// A notification overtakes an earlier one.
    EventReordered = "event_reordered",
    /// A notification channel dies, and comes back later.
    ChannelDied = "channel_died",
    /// The clocks of a system and a worker disagree.
    ClockSkew = "clock_skew",
    /// The workers' clock jumps.
    ClockJump = "clock_jump",
    /// The store does not answer; nothing was stored.
    StoreUnavailable = "store_unavailable",
    /// The store's answer is lost; all was stored.
    StoreAnswerLost = "store_answer_lost",
    /// A field disappears from a system for a while.
    SchemaChanged = "schema_changed",
    /// Workers get another mapping.
    MappingChanged = "mapping_changed",
    /// A user deletes a record.
    UserDeletes = "user_deletes",
    /// A user takes a record out of the bin.
    UserRestores = "user_restores",
    /// A user merges two records into one.
    UserMerges = "user_merges",
}

impl fmt::Display for FaultClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How often each class was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts(BTreeMap<FaultClass, u64>);

impl FaultCounts {
    pub(super) fn count(&mut self, class: FaultClass) {
        *self.0.entry(class).or_default() += 1;
    }

    /// How often `class` was met.
    #[must_use]
    pub fn of(&self, class: FaultClass) -> u64 {
        self.0.get(&class).copied().unwrap_or(0)
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        for (class, count) in &other.0 {
            *self.0.entry(*class).or_default() += count;
        }
    }

    /// All counts, in order of class.
    pub fn iter(&self) -> impl Iterator<Item = (FaultClass, u64)> {
        FaultClass::ALL
            .iter()
            .map(|class| (*class, self.of(*class)))
    }
}
