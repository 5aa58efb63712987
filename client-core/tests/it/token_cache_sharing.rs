//! One refresh for all who need it: tasks, caches, processes.

use std::{sync::Arc, time::Duration};

use client_core::{AuthError, Clock, RefreshLease, StoredToken, TokenStore, testing::ManualClock};
use futures::future::join_all;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinSet;

use crate::doubles::{TokenEndpoint, World, access, hour_from, key, start, text};

/// A token that ended long ago, with what it takes to renew it.
fn expired() -> StoredToken {
    StoredToken {
        refresh_token: Some(SecretString::from("refresh")),
        ..access("expired", start() - SignedDuration::from_hours(1))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_tasks_share_one_refresh() {
    let world = World::new();
    world.stored(expired()).await;
    let cache = Arc::new(world.cache());
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let cache = Arc::clone(&cache);
        tasks.spawn(async move { cache.access_token().await });
    }
    for token in tasks.join_all().await {
        assert_eq!(token.unwrap().secret.expose_secret(), "access-1");
    }
    assert_eq!(world.endpoint.calls(), 1);
}

#[tokio::test]
async fn processes_on_one_store_share_one_refresh() {
    let world = World::new();
    world.stored(expired()).await;
    let caches: Vec<_> = (0..5).map(|_| world.cache()).collect();
    let calls = caches
        .iter()
        .flat_map(|cache| (0..10).map(|_| cache.access_token()));
    for token in join_all(calls).await {
        assert_eq!(token.unwrap().secret.expose_secret(), "access-1");
    }
    assert_eq!(world.endpoint.calls(), 1);
}

#[tokio::test]
async fn processes_share_the_very_first_token_too() {
    let world = World::new();
    let caches = [world.cache(), world.cache(), world.cache()];
    let tokens = join_all(caches.iter().map(|cache| cache.access_token())).await;
    assert!(tokens.iter().all(Result::is_ok));
    assert_eq!(world.endpoint.calls(), 1);
    assert_eq!(world.endpoint.given(), ["nothing stored"]);
}

#[tokio::test]
async fn a_valid_stored_token_is_used_without_any_refresh() {
    let world = World::new();
    world
        .stored(access("stored", hour_from(&world.clock)))
        .await;
    let cache = world.cache();
    for _ in 0..3 {
        let token = cache.access_token().await.unwrap();
        assert_eq!(token.secret.expose_secret(), "stored");
    }
    assert_eq!(world.endpoint.calls(), 0);
}

#[tokio::test]
async fn facts_of_the_token_come_with_it_from_the_store_and_from_the_server() {
    let clock = ManualClock::new(start());
    let with_domain = {
        let clock = clock.clone();
        move |token: &str, domain: &str| StoredToken {
            attributes: [("api_domain".to_owned(), domain.to_owned())].into(),
            ..access(token, hour_from(&clock))
        }
    };
    let renewed = with_domain("renewed", "https://www.zohoapis.in");
    let endpoint = TokenEndpoint::answering(move |_| Ok(renewed.clone()));
    let world = World::with_endpoint(clock, endpoint);
    world
        .stored(with_domain("stored", "https://www.zohoapis.eu"))
        .await;
    let cache = world.cache();
    let token = cache.access_token().await.unwrap();
    assert_eq!(token.attributes["api_domain"], "https://www.zohoapis.eu");
    cache.refused(&token.secret).await.unwrap();
    let token = cache.access_token().await.unwrap();
    assert_eq!(token.attributes["api_domain"], "https://www.zohoapis.in");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_for_all_who_were_refused() {
    let world = World::new();
    world
        .stored(access("revoked", hour_from(&world.clock)))
        .await;
    let caches = [world.cache(), world.cache()];
    let calls = caches.iter().flat_map(|cache| {
        (0..20).map(async |_| {
            let token = cache.access_token().await.unwrap();
            if token.secret.expose_secret() == "revoked" {
                cache.refused(&token.secret).await.unwrap();
            }
            cache.access_token().await
        })
    });
    for token in join_all(calls).await {
        assert_eq!(token.unwrap().secret.expose_secret(), "access-1");
    }
    assert_eq!(world.endpoint.calls(), 1);
}

#[tokio::test]
async fn a_refusal_that_comes_late_leaves_the_newer_token_alone() {
    let world = World::new();
    world
        .stored(access("revoked", hour_from(&world.clock)))
        .await;
    let (cache, other) = (world.cache(), world.cache());
    let revoked = cache.access_token().await.unwrap().secret;
    other.access_token().await.unwrap();
    cache.refused(&revoked).await.unwrap();
    cache.access_token().await.unwrap();

    // Once in the process that renewed, once in one that has not heard of it.
    cache.refused(&revoked).await.unwrap();
    other.refused(&revoked).await.unwrap();
    for cache in [&cache, &other] {
        let token = cache.access_token().await.unwrap();
        assert_eq!(token.secret.expose_secret(), "access-1");
    }
    assert_eq!(world.endpoint.calls(), 1);
}

#[tokio::test]
async fn a_refused_token_does_not_return_after_a_restart() {
    let world = World::new();
    world
        .stored(access("revoked", hour_from(&world.clock)))
        .await;
    let cache = world.cache();
    let revoked = cache.access_token().await.unwrap();
    cache.refused(&revoked.secret).await.unwrap();
    drop(cache);
    let token = world.cache().access_token().await.unwrap();
    assert_eq!(token.secret.expose_secret(), "access-1");
}

fn leased_until(until: jiff::Timestamp) -> StoredToken {
    StoredToken {
        refresh_lease: Some(RefreshLease {
            holder: "a process that died".to_owned(),
            until,
        }),
        ..expired()
    }
}

#[tokio::test]
async fn the_lease_of_a_dead_holder_lapses_at_its_date() {
    let world = World::new();
    world
        .stored(leased_until(start() + SignedDuration::from_secs(60)))
        .await;
    world.cache().access_token().await.unwrap();
    let waited: Duration = world.sleep.slept().iter().sum();
    assert_eq!(waited, Duration::from_secs(60));
    assert_eq!(world.endpoint.calls(), 1);
    assert_eq!(world.what_is_stored().await.refresh_lease, None);
}

#[tokio::test]
async fn a_lease_dated_by_a_wrong_clock_is_waited_for_no_longer_than_a_lease_lasts() {
    let world = World::new();
    world
        .stored(leased_until(start() + SignedDuration::from_hours(8760)))
        .await;
    let cache = world.cache().refresh_lease(Duration::from_secs(45));
    cache.access_token().await.unwrap();
    let waited: Duration = world.sleep.slept().iter().sum();
    assert_eq!(waited, Duration::from_secs(45));
}

#[tokio::test]
async fn a_lease_that_has_lapsed_is_not_waited_for() {
    let world = World::new();
    world.stored(leased_until(start())).await;
    world.cache().access_token().await.unwrap();
    assert!(world.sleep.slept().is_empty());
}

#[tokio::test]
async fn a_holder_that_is_alive_is_waited_for_although_it_renews_its_lease_row() {
    let world = World::new();
    world
        .stored(leased_until(start() + SignedDuration::from_secs(60)))
        .await;
    let waiting = world.cache();
    let other_process = async {
        tokio::task::yield_now().await;
        world
            .stored(access("by the other", hour_from(&world.clock)))
            .await;
    };
    let (token, ()) = futures::join!(waiting.access_token(), other_process);
    assert_eq!(token.unwrap().secret.expose_secret(), "by the other");
    assert_eq!(world.endpoint.calls(), 0);
}

#[tokio::test]
async fn while_another_process_renews_early_the_present_token_is_handed_out_at_once() {
    let world = World::new();
    let lease = leased_until(start() + SignedDuration::from_secs(60));
    world
        .stored(StoredToken {
            access_token: Some(SecretString::from("present")),
            expires_at: Some(start() + SignedDuration::from_secs(100)),
            ..lease
        })
        .await;
    let token = world.cache().access_token().await.unwrap();
    assert_eq!(token.secret.expose_secret(), "present");
    assert!(world.sleep.slept().is_empty());
    assert_eq!(world.endpoint.calls(), 0);
}

#[tokio::test]
async fn while_one_task_renews_early_the_others_go_on_with_the_present_token() {
    let world = World::new();
    world
        .stored(access("present", hour_from(&world.clock)))
        .await;
    let cache = world.cache();
    cache.access_token().await.unwrap();
    world.clock.advance(Duration::from_secs(3600 - 60));
    let tokens = join_all((0..10).map(|_| cache.access_token())).await;
    let secrets: Vec<_> = tokens
        .iter()
        .map(|token| token.as_ref().unwrap().secret.expose_secret())
        .collect();
    assert_eq!(secrets[0], "access-1");
    assert_eq!(secrets[1..], ["present"; 9]);
    let token = cache.access_token().await.unwrap();
    assert_eq!(token.secret.expose_secret(), "access-1");
    assert_eq!(world.endpoint.calls(), 1);
}

#[tokio::test]
async fn a_caller_that_is_dropped_in_the_middle_delays_nobody_in_its_process() {
    let world = World::new();
    world.stored(expired()).await;
    let cache = world.cache();
    {
        let mut dropped = Box::pin(cache.access_token());
        for _ in 0..3 {
            assert!(futures::poll!(&mut dropped).is_pending());
        }
    }
    assert!(world.what_is_stored().await.refresh_lease.is_some());
    cache.access_token().await.unwrap();
    assert!(world.sleep.slept().is_empty());
}

#[tokio::test]
async fn a_missing_refresh_token_keeps_the_old_one_and_its_end() {
    let world = World::new();
    let end = start() + SignedDuration::from_hours(24 * 30);
    world
        .stored(StoredToken {
            refresh_expires_at: Some(end),
            ..expired()
        })
        .await;
    world.cache().access_token().await.unwrap();
    let stored = world.what_is_stored().await;
    assert_eq!(text(stored.access_token.as_ref()), Some("access-1"));
    assert_eq!(text(stored.refresh_token.as_ref()), Some("refresh"));
    assert_eq!(stored.refresh_expires_at, Some(end));
    assert_eq!(stored.refresh_lease, None);
}

/// A server that gives a new refresh token each time.
pub(crate) fn rotating(clock: &ManualClock) -> TokenEndpoint {
    let clock = clock.clone();
    TokenEndpoint::answering(move |call| {
        Ok(StoredToken {
            refresh_token: Some(SecretString::from(format!("refresh-{call}"))),
            refresh_expires_at: Some(clock.now() + SignedDuration::from_hours(24 * 30)),
            ..access(&format!("access-{call}"), hour_from(&clock))
        })
    })
}

#[tokio::test]
async fn each_refresh_uses_the_token_that_the_last_one_brought() {
    let clock = ManualClock::new(start());
    let world = World::with_endpoint(clock.clone(), rotating(&clock));
    world.stored(expired()).await;
    for _ in 0..3 {
        // Another process each time: only the store connects them.
        world.cache().access_token().await.unwrap();
        clock.advance(Duration::from_secs(3600));
    }
    assert_eq!(
        world.endpoint.given(),
        ["refresh", "refresh-1", "refresh-2"]
    );
}

#[tokio::test]
async fn a_write_by_somebody_else_during_a_renewal_does_not_lose_the_rotated_token() {
    let clock = ManualClock::new(start());
    let world = World::with_endpoint(clock.clone(), rotating(&clock));
    world
        .stored(StoredToken {
            refresh_token: Some(SecretString::from("refresh")),
            ..access("ends soon", start() + SignedDuration::from_secs(60))
        })
        .await;
    let (renewing, refused) = (world.cache(), world.cache());
    let other_process = async {
        tokio::task::yield_now().await;
        refused
            .refused(&SecretString::from("ends soon"))
            .await
            .unwrap();
    };
    let (token, ()) = futures::join!(renewing.access_token(), other_process);
    assert_eq!(token.unwrap().secret.expose_secret(), "access-1");
    let stored = world.what_is_stored().await;
    assert_eq!(text(stored.access_token.as_ref()), Some("access-1"));
    assert_eq!(text(stored.refresh_token.as_ref()), Some("refresh-1"));
    assert_eq!(world.endpoint.calls(), 1);
}

#[tokio::test]
async fn a_new_consent_during_a_renewal_wins() {
    let world = World::new();
    world.stored(expired()).await;
    let cache = world.cache();
    let person_connects_again = async {
        tokio::task::yield_now().await;
        world
            .stored(StoredToken {
                refresh_token: Some(SecretString::from("consented anew")),
                ..access("by consent", hour_from(&world.clock))
            })
            .await;
    };
    let (token, ()) = futures::join!(cache.access_token(), person_connects_again);
    assert_eq!(token.unwrap().secret.expose_secret(), "by consent");
    let stored = world.what_is_stored().await;
    assert_eq!(text(stored.refresh_token.as_ref()), Some("consented anew"));
}

#[tokio::test]
async fn a_credential_removed_during_a_renewal_does_not_come_back() {
    let endpoint = TokenEndpoint::answering(|call| match call {
        1 => Ok(access("renewed", start() + SignedDuration::from_hours(1))),
        _ => Err(AuthError::Rejected {
            reason: "no credential: connect first".to_owned(),
        }),
    });
    let world = World::with_endpoint(ManualClock::new(start()), endpoint);
    world.stored(expired()).await;
    let cache = world.cache();
    let person_disconnects = async {
        tokio::task::yield_now().await;
        world.store.delete(&key()).await.unwrap();
    };
    let (token, ()) = futures::join!(cache.access_token(), person_disconnects);
    assert!(matches!(token.unwrap_err(), AuthError::Rejected { .. }));
    let stored = world.what_is_stored().await;
    assert!(stored.access_token.is_none() && stored.refresh_token.is_none());
    assert_eq!(world.endpoint.given(), ["refresh", "nothing stored"]);
}

#[tokio::test]
async fn the_revision_changes_with_the_token() {
    let world = World::new();
    let cache = world.cache();
    assert_eq!(cache.revision().await, None);
    let first = cache.access_token().await.unwrap();
    let revision = cache.revision().await.unwrap();
    cache.access_token().await.unwrap();
    assert_eq!(cache.revision().await, Some(revision));
    cache.refused(&first.secret).await.unwrap();
    cache.access_token().await.unwrap();
    assert_ne!(cache.revision().await, Some(revision));
}
