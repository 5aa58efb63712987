//! A law that no store can break says nothing. Here each is broken at least once, by a store with one fault.

mod store;

use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt;
use sync_core::{
    MemoryStore,
    testing::store_laws::{ALL, Law, failing_statement_undoes_its_write},
};

use self::store::FaultyStore;

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident breaks $($law:ident)+;)+) => {
        /// What is wrong with a store.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        enum Fault { $($(#[$doc])* $fault,)+ }

        /// Each fault, and laws that must notice it. Others may notice it too.
        const FAULTS: &[(Fault, &[&str])] = &[$((Fault::$fault, &[$(stringify!($law)),+])),+];
    };
}

faults! {
    // The queue.
    /// Hints for a key that was queued before are dropped.
    DropsRepeatedHints breaks hints_for_one_key_make_one_job concurrent_hints_are_all_counted
        done_after_a_hint_leaves_it_due hints_do_not_defeat_back_off clock_set_back_loses_no_job;
    LosesTheCause breaks hint_makes_a_job hints_for_one_key_make_one_job again_may_change_the_cause;
    /// A hint makes a job due that waits after a failure.
    HintDefeatsBackOff breaks hints_do_not_defeat_back_off;
    HintBreaksALease breaks hint_does_not_break_a_lease done_after_a_hint_leaves_it_due;
    ParkedJobsIgnoreHints breaks hint_revives_a_parked_job;
    FilesUnderTheRightIdentity breaks hint_is_filed_under_the_left_identity;
    FilesHalfLinksUnderNothing breaks hint_for_a_half_link_keeps_its_identity;
    ForgetsTheCursor breaks hints_and_document_go_together;
    QueuesDespiteAConflict breaks conflicting_document_queues_nothing;
    // Claims.
    ClaimsNewestFirst breaks oldest_job_comes_first hint_for_a_half_link_keeps_its_identity;
    ClaimsBeyondItsLimit breaks claim_keeps_to_its_limit concurrent_claims_share_no_job;
    ClaimsFromEveryFlow breaks claim_keeps_to_its_flow;
    ClaimsASecondEarly breaks job_is_not_handed_out_early live_lease_is_not_handed_out;
    /// Time never goes back for it.
    TrustsTheNewestClock breaks clock_set_back_loses_no_job;
    NextDueIsLate breaks next_due_is_the_earliest hint_makes_a_job;
    HandsOutAJobTwice breaks concurrent_claims_share_no_job live_lease_is_not_handed_out many_workers_do_each_job_once;
    // Leases.
    LeasesLapseAtOnce breaks live_lease_is_not_handed_out hint_does_not_break_a_lease;
    LeasesNeverLapse breaks lapsed_lease_is_handed_out_anew next_due_is_the_earliest;
    LapsedLeasesAreRefused breaks lapsed_lease_holds_until_taken_over;
    StaleLeasesPrepare breaks stale_lease_cannot_prepare;
    StaleLeasesCommit breaks stale_lease_cannot_commit ended_lease_is_refused concurrent_commits_have_one_winner
        committed_entries_are_independent connections_know_nothing_of_each_other;
    ChecksTheFirstLeaseOnly breaks commit_needs_every_lease done_ends_every_job_of_the_pair;
    TokensStartAnew breaks tokens_are_never_used_twice;
    // Ends.
    DoneKeepsTheJob breaks done_removes_the_job done_ends_every_job_of_the_pair many_workers_do_each_job_once;
    EndsDespiteHints breaks done_after_a_hint_leaves_it_due park_after_a_hint_leaves_it_due
        done_ends_every_job_of_the_pair;
    LooksAgainAtOnce breaks again_waits_until_its_time job_is_not_handed_out_early hints_do_not_defeat_back_off;
    ForgetsFailures breaks again_counts_failures;
    KeepsTheCauseOfBefore breaks again_may_change_the_cause;
    ParkLosesTheBase breaks park_keeps_what_was_seen;
    WakesNobody breaks wake_revives_those_who_wait;
    WakesOnRefusal breaks wake_revives_those_who_wait;
    EndsRefusedJobs breaks refused_entry_changes_nothing audit_of_a_refused_commit_is_kept
        committed_entries_are_independent;
    // Links.
    LosesPlans breaks link_comes_back_whole;
    AnswersInAnyOrder breaks links_answer_in_order;
    IgnoresRevisions breaks stale_revision_is_refused;
    RevisionsStandStill breaks each_write_makes_a_new_revision;
    RemovedLinksStay breaks removed_link_stays_removed identity_is_free_after_its_link;
    LinksTwice breaks identity_belongs_to_one_link concurrent_inserts_have_one_winner later_entries_see_earlier_ones;
    NeverFreesIdentities breaks identity_is_free_after_its_link removed_link_stays_removed;
    FindsFirstIdentitiesOnly breaks half_link_gains_its_partner identity_is_free_after_its_link;
    StopsAtARefusal breaks prepared_entries_are_independent committed_entries_are_independent;
    LinkPagesStartOver breaks links_page_in_order_of_id;
    // The audit trail.
    AuditLosesFields breaks audit_comes_back_whole;
    AuditNewestFirst breaks audit_pages_in_order;
    AuditOfEverybody breaks audit_of_a_record connections_know_nothing_of_each_other;
    AuditEndsEarly breaks long_audit_pages_completely;
    /// An entry becomes visible after one that comes after it.
    AuditOutOfOrder breaks audit_read_while_written_skips_nothing;
    PrepareLosesAudit breaks audit_of_a_prepared_link_is_kept;
    RefusedCommitsLookAccepted breaks audit_of_a_refused_commit_is_kept;
    RefusedCommitsLoseAudit breaks audit_of_a_refused_commit_is_kept concurrent_commits_have_one_winner;
    // The rest.
    /// What a write did before one of its statements failed stays done.
    KeepsHalfAWrite breaks failing_statement_undoes_its_write;
    ParkedPagesStartOver breaks parked_jobs_page_in_order_of_key;
    DismissCountsNames breaks dismiss_removes_only_parked_jobs;
    DismissLosesAudit breaks dismiss_removes_only_parked_jobs;
    CountsParkedJobsTwice breaks counts_are_right;
    LastWriterWins breaks document_is_swapped_at_its_revision_only concurrent_documents_have_one_winner;
    OneDocumentForAll breaks documents_have_names;
    OneConnectionForAll breaks connections_know_nothing_of_each_other;
}

/// Every law that one store can be held to; this one can fail.
fn laws() -> impl Iterator<Item = (&'static str, Law)> {
    let failing: (&str, Law) = ("failing_statement_undoes_its_write", |store| {
        Box::pin(failing_statement_undoes_its_write(store))
    });
    ALL.iter().copied().chain([failing])
}

/// The laws that a store breaks, with what they say.
async fn broken(fault: Option<Fault>) -> BTreeMap<&'static str, String> {
    let mut broken = BTreeMap::new();
    for (name, law) in laws() {
        let store = FaultyStore::new(MemoryStore::new(), fault);
        if let Err(panic) = std::panic::AssertUnwindSafe(law(&store))
            .catch_unwind()
            .await
        {
            let said = panic.downcast::<String>().map(|said| *said);
            let said =
                said.or_else(|panic| panic.downcast::<&str>().map(|said| (*said).to_owned()));
            broken.insert(name, said.unwrap());
        }
    }
    broken
}

#[tokio::test]
async fn store_without_a_fault_keeps_every_law() {
    assert_eq!(broken(None).await, BTreeMap::new());
}

#[tokio::test]
async fn each_fault_is_noticed() {
    let mut unnoticed = Vec::new();
    for (fault, laws) in FAULTS {
        let broken = broken(Some(*fault)).await;
        unnoticed.extend(
            laws.iter()
                .filter(|law| !broken.contains_key(*law))
                .map(|law| (fault, law)),
        );
        for (law, said) in broken {
            let is_bare = said.starts_with("assertion failed: ")
                || said.starts_with("assertion `left == right` failed\n");
            assert!(
                !is_bare,
                "{law} must say in a sentence what is wrong: {said}"
            );
        }
    }
    assert!(
        unnoticed.is_empty(),
        "these laws did not notice these faults: {unnoticed:#?}"
    );
}

#[test]
fn each_law_has_a_fault() {
    let covered: BTreeSet<&str> = FAULTS
        .iter()
        .flat_map(|(_, laws)| laws.iter().copied())
        .collect();
    let all: BTreeSet<&str> = laws().map(|(name, _)| name).collect();
    assert_eq!(covered, all);
}
