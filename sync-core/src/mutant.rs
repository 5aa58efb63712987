//! Deliberate bugs, one at a time, for the test of the tests: the simulation must find each of them.
//!
//! A bug is a line `if bug!(Name) { .. }` in the engine. Without feature `testing` it is never on.

/// Whether a deliberate bug is switched on.
#[cfg(feature = "testing")]
macro_rules! bug {
    ($mutant:ident) => {
        $crate::mutant::is_on($crate::mutant::Mutant::$mutant)
    };
}

/// Whether a deliberate bug is switched on: without feature `testing`, never.
#[cfg(not(feature = "testing"))]
macro_rules! bug {
    ($mutant:ident) => {
        $crate::mutant::never()
    };
}

pub(crate) use bug;

#[cfg(not(feature = "testing"))]
pub(crate) const fn never() -> bool {
    false
}

#[cfg(feature = "testing")]
pub use switch::Mutant;
#[cfg(feature = "testing")]
pub(crate) use switch::is_on;
#[cfg(feature = "testing")]
pub(crate) use switch::with;

#[cfg(feature = "testing")]
mod switch {
    use std::{cell::Cell, fmt};

    macro_rules! mutants {
        ($($(#[$doc:meta])* $mutant:ident = $name:literal,)*) => {
            /// A deliberate bug of the engine.
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            #[non_exhaustive]
            pub enum Mutant {
                $($(#[$doc])* $mutant,)*
            }

            impl Mutant {
                /// All of them.
                pub const ALL: &'static [Self] = &[$(Self::$mutant,)*];

                /// Its name in reports.
                #[must_use]
                pub fn name(self) -> &'static str {
                    match self {
                        $(Self::$mutant => $name,)*
                    }
                }
            }
        };
    }

    mutants! {
        /// What both sides agreed on is not remembered after a write.
        SkipBaseUpdate = "skip_base_update",
        /// A job is done although a hint came in while it was in work.
        AckWithoutGeneration = "ack_without_generation",
        /// A record is created without looking for the one that an earlier try may have made.
        CreateWithoutLookUp = "create_without_look_up",
        /// After a lost answer of a create everything about it is forgotten.
        ForgetIntent = "forget_intent",
        /// Rows with the very stamp of the watermark are passed over.
        TieLostAtCursor = "tie_lost_at_cursor",
        /// The watermark is the workers' present time.
        WatermarkByOwnClock = "watermark_by_own_clock",
        /// A feed's place is stored before its rows are queued.
        CursorBeforeHints = "cursor_before_hints",
        /// When a page fails, the feed goes on behind it.
        FailedPageSkipped = "failed_page_skipped",
        /// After a write the next change is taken for its echo.
        EchoSkipped = "echo_skipped",
        /// A plan that was carried out in part counts as done.
        PartialWriteIsDone = "partial_write_is_done",
        /// Plans are not stored before they are carried out.
        PlanNotStored = "plan_not_stored",
        /// What both sides are to agree on is stored before it is written.
        BaseBeforeWrite = "base_before_write",
        /// A lost answer counts as a write that was not done.
        LostAnswerIsFailure = "lost_answer_is_failure",
        /// A lost answer counts as a write that was done.
        LostAnswerIsSuccess = "lost_answer_is_success",
        /// A worker goes on writing after its lease has run out.
        LeaseOverrun = "lease_overrun",
        /// A record that could not be read counts as deleted.
        FailedReadIsDeletion = "failed_read_is_deletion",
        /// A row that a system refuses is given up in silence.
        RejectionSwallowed = "rejection_swallowed",
        /// A conflict that a person should see is given up in silence.
        ConflictSwallowed = "conflict_swallowed",
        /// A record that failed once is never tried again.
        RetryNeverDue = "retry_never_due",
        /// A system that failed once is left alone for ever.
        BreakerNeverCloses = "breaker_never_closes",
        /// Outcomes of a write are matched in the wrong order.
        OutcomesReversed = "outcomes_reversed",
        /// Only the left side is written when both should be.
        RightSideForgotten = "right_side_forgotten",
        /// A pair whose record was deleted gets a new partner.
        DeletionIgnored = "deletion_ignored",
        /// Partners that exist already are not looked for by their values.
        MatchingSkipped = "matching_skipped",
        /// A search that failed counts as one that found nothing.
        FailedSearchIsAbsence = "failed_search_is_absence",
        /// A field that was emptied keeps its value on the other side.
        EmptinessNotWritten = "emptiness_not_written",
        /// A parked record stays parked whatever happens.
        ParkedForGood = "parked_for_good",
        /// A budget is exceeded by one call.
        BudgetOffByOne = "budget_off_by_one",
        /// A flow goes on beyond what its guards allow.
        GuardIgnored = "guard_ignored",
        /// What both sides agree on moves without an entry in the audit trail.
        AgreementNotAudited = "agreement_not_audited",
        /// Writes do not appear in the audit trail.
        WritesNotAudited = "writes_not_audited",
        /// A merged value is written to the side that has it already.
        WinnerIsPatched = "winner_is_patched",
        /// Nobody sees that another process renews the credential.
        TwoRefreshes = "two_refreshes",
        /// Nobody asks what a write replaced.
        NeverLooksBack = "never_looks_back",
        /// The merge ignores a plan that was interrupted.
        PlanForgottenInMerge = "plan_forgotten_in_merge",
    }

    impl fmt::Display for Mutant {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.name())
        }
    }

    thread_local! {
        static ON: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    pub(crate) fn is_on(mutant: Mutant) -> bool {
        ON.get() == Some(mutant)
    }

    /// Runs `body` with the bug switched on in this thread.
    pub(crate) fn with<T>(mutant: Option<Mutant>, body: impl FnOnce() -> T) -> T {
        /// Switches it off even when `body` panics.
        struct Off(Option<Mutant>);
        impl Drop for Off {
            fn drop(&mut self) {
                ON.set(self.0);
            }
        }
        let _off = Off(ON.replace(mutant));
        body()
    }
}
