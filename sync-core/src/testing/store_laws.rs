//! What every [`Store`] must do. Each law is a plain async function that panics, with a sentence, when the store breaks
//! it.
//!
//! A law works in connections of its own, so that all of them can run on one store, at the same time. None needs time to
//! pass, and none needs a particular runtime: only what the store itself needs.
//!
//! [`store_laws!`](crate::store_laws) makes a test of each law:
//!
//! ```
//! use sync_core::{MemoryStore, testing::store_laws::Law};
//!
//! // Makes a store, and runs one law on it to its end.
//! fn run(law: Law) {
//!     let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//!     runtime.block_on(law(&MemoryStore::new()));
//! }
//!
//! sync_core::store_laws!(run);
//! # run(sync_core::testing::store_laws::ALL[0].1);
//! ```
//!
//! A store that outlives its process also keeps [`content_outlives_the_store`], which opens it twice; one whose
//! statements can fail keeps [`failing_statement_undoes_its_write`].
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "laws are assertions"
)]

mod atomic;
mod audit;
mod claim;
mod desk;
mod durable;
mod finish;
mod lease;
mod link;
mod link_batch;
mod operate;
mod queue;
mod race;

use std::{future::Future, pin::Pin};

pub use self::{
    atomic::{POISON, failing_statement_undoes_its_write},
    audit::{
        audit_comes_back_whole, audit_of_a_prepared_link_is_kept, audit_of_a_record,
        audit_of_a_refused_commit_is_kept, audit_of_length_pages_completely, audit_pages_in_order,
        audit_read_while_written_skips_nothing, long_audit_pages_completely,
    },
    claim::{
        claim_keeps_to_its_flow, claim_keeps_to_its_limit, clock_set_back_loses_no_job,
        job_is_not_handed_out_early, next_due_is_the_earliest, oldest_job_comes_first,
    },
    durable::content_outlives_the_store,
    finish::{
        again_counts_failures, again_may_change_the_cause, again_waits_until_its_time,
        done_after_a_hint_leaves_it_due, done_ends_every_job_of_the_pair, done_removes_the_job,
        park_after_a_hint_leaves_it_due, park_keeps_what_was_seen, wake_revives_those_who_wait,
    },
    lease::{
        commit_needs_every_lease, ended_lease_is_refused, hint_does_not_break_a_lease,
        lapsed_lease_holds_until_taken_over, lapsed_lease_is_handed_out_anew,
        live_lease_is_not_handed_out, stale_lease_cannot_commit, stale_lease_cannot_prepare,
        tokens_are_never_used_twice,
    },
    link::{
        each_write_makes_a_new_revision, half_link_gains_its_partner, identity_belongs_to_one_link,
        identity_is_free_after_its_link, link_comes_back_whole, links_answer_in_order,
        links_page_in_order_of_id, removed_link_stays_removed, stale_revision_is_refused,
    },
    link_batch::{
        committed_entries_are_independent, later_entries_see_earlier_ones,
        prepared_entries_are_independent, refused_entry_changes_nothing,
    },
    operate::{
        connections_know_nothing_of_each_other, counts_are_right, dismiss_removes_only_parked_jobs,
        document_is_swapped_at_its_revision_only, documents_have_names,
        parked_jobs_page_in_order_of_key,
    },
    queue::{
        conflicting_document_queues_nothing, hint_for_a_half_link_keeps_its_identity,
        hint_is_filed_under_the_left_identity, hint_makes_a_job, hint_revives_a_parked_job,
        hints_and_document_go_together, hints_do_not_defeat_back_off,
        hints_for_one_key_make_one_job,
    },
    race::{
        concurrent_claims_share_no_job, concurrent_commits_have_one_winner,
        concurrent_documents_have_one_winner, concurrent_hints_are_all_counted,
        concurrent_inserts_have_one_winner, many_workers_do_each_job_once,
    },
};
use crate::Store;

/// A law: panics when the store breaks it.
pub type Law = for<'a> fn(&'a dyn Store) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Every law that needs nothing but a store, by name.
pub const ALL: &[(&str, Law)] = crate::store_laws!(@list all);

/// Makes a `#[test]` of each law of [`testing::store_laws`](crate::testing::store_laws), under the law's name.
///
/// Takes the path of a function `fn(Law)` that makes a store and runs the law on it to its end.
#[macro_export]
macro_rules! store_laws {
    ($run:path) => {
        $crate::store_laws! { @list tests $run }
    };
    (@list $form:ident $($run:path)?) => {
        $crate::store_laws! {
            @$form $($run)? =>
            again_counts_failures
            again_may_change_the_cause
            again_waits_until_its_time
            audit_comes_back_whole
            audit_of_a_prepared_link_is_kept
            audit_of_a_record
            audit_of_a_refused_commit_is_kept
            audit_pages_in_order
            audit_read_while_written_skips_nothing
            claim_keeps_to_its_flow
            claim_keeps_to_its_limit
            clock_set_back_loses_no_job
            commit_needs_every_lease
            committed_entries_are_independent
            concurrent_claims_share_no_job
            concurrent_commits_have_one_winner
            concurrent_documents_have_one_winner
            concurrent_hints_are_all_counted
            concurrent_inserts_have_one_winner
            conflicting_document_queues_nothing
            connections_know_nothing_of_each_other
            counts_are_right
            dismiss_removes_only_parked_jobs
            document_is_swapped_at_its_revision_only
            documents_have_names
            done_after_a_hint_leaves_it_due
            done_ends_every_job_of_the_pair
            done_removes_the_job
            each_write_makes_a_new_revision
            ended_lease_is_refused
            half_link_gains_its_partner
            hint_does_not_break_a_lease
            hint_for_a_half_link_keeps_its_identity
            hint_is_filed_under_the_left_identity
            hint_makes_a_job
            hint_revives_a_parked_job
            hints_and_document_go_together
            hints_do_not_defeat_back_off
            hints_for_one_key_make_one_job
            identity_belongs_to_one_link
            identity_is_free_after_its_link
            job_is_not_handed_out_early
            lapsed_lease_holds_until_taken_over
            lapsed_lease_is_handed_out_anew
            later_entries_see_earlier_ones
            link_comes_back_whole
            links_answer_in_order
            links_page_in_order_of_id
            live_lease_is_not_handed_out
            long_audit_pages_completely
            many_workers_do_each_job_once
            next_due_is_the_earliest
            oldest_job_comes_first
            park_after_a_hint_leaves_it_due
            park_keeps_what_was_seen
            parked_jobs_page_in_order_of_key
            prepared_entries_are_independent
            refused_entry_changes_nothing
            removed_link_stays_removed
            stale_lease_cannot_commit
            stale_lease_cannot_prepare
            stale_revision_is_refused
            tokens_are_never_used_twice
            wake_revives_those_who_wait
        }
    };
    (@tests $run:path => $($law:ident)*) => {
        $(
            #[test]
            fn $law() {
                $run(|store| Box::pin($crate::testing::store_laws::$law(store)));
            }
        )*
    };
    (@all => $($law:ident)*) => {
        &[$((stringify!($law), |store| Box::pin($law(store)))),*]
    };
}
