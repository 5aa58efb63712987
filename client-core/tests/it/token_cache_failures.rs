//! What happens when the token endpoint or the store does not help.

use std::{sync::Arc, time::Duration};

use client_core::{AuthError, StoredToken, testing::ManualClock};
use futures::future::join_all;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    doubles::{TokenEndpoint, World, access, hour_from, start, text},
    token_cache_sharing::rotating,
};

fn unavailable() -> AuthError {
    AuthError::Unavailable {
        reason: "HTTP 502".to_owned(),
        source: Some("bad gateway".into()),
    }
}

/// Fails the first `times` calls with `error`, then gives tokens.
fn failing(clock: &ManualClock, times: u32, error: fn() -> AuthError) -> TokenEndpoint {
    let clock = clock.clone();
    TokenEndpoint::answering(move |call| {
        if call <= times {
            Err(error())
        } else {
            Ok(access(&format!("access-{call}"), hour_from(&clock)))
        }
    })
}

fn world_failing(times: u32, error: fn() -> AuthError) -> World {
    let clock = ManualClock::new(start());
    let endpoint = failing(&clock, times, error);
    World::with_endpoint(clock, endpoint)
}

async fn with_refresh_token(world: &World) {
    world
        .stored(StoredToken {
            refresh_token: Some(SecretString::from("refresh")),
            ..StoredToken::default()
        })
        .await;
}

#[tokio::test]
async fn a_failed_refresh_gives_its_lease_up_and_keeps_the_credential() {
    let world = world_failing(1, unavailable);
    with_refresh_token(&world).await;
    let error = world.cache().access_token().await.unwrap_err();
    assert!(error.is_retryable());
    let stored = world.what_is_stored().await;
    assert_eq!(stored.refresh_lease, None);
    assert_eq!(text(stored.refresh_token.as_ref()), Some("refresh"));

    let token = world.cache().access_token().await.unwrap();
    assert_eq!(token.secret.expose_secret(), "access-2");
    assert!(world.sleep.slept().is_empty());
}

#[tokio::test]
async fn a_failed_first_refresh_leaves_nothing_that_looks_like_a_credential() {
    let world = world_failing(1, unavailable);
    world.cache().access_token().await.unwrap_err();
    world.cache().access_token().await.unwrap();
    assert_eq!(world.endpoint.given(), ["nothing stored", "nothing stored"]);
}

#[tokio::test]
async fn tasks_that_waited_for_a_refresh_share_its_failure() {
    let world = world_failing(1, unavailable);
    with_refresh_token(&world).await;
    let cache = world.cache();
    let results = join_all((0..50).map(|_| cache.access_token())).await;
    assert_eq!(world.endpoint.calls(), 1);
    for result in results {
        let error = result.unwrap_err();
        assert_eq!(error.to_string(), unavailable().to_string());
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, "bad gateway");
    }
    // Who comes later tries again.
    let token = cache.access_token().await.unwrap();
    assert_eq!(token.secret.expose_secret(), "access-2");
}

#[tokio::test]
async fn a_rejected_credential_is_reported_as_such_to_everybody() {
    let world = world_failing(1, || AuthError::Rejected {
        reason: "invalid_code: the refresh token was revoked, connect again".to_owned(),
    });
    with_refresh_token(&world).await;
    let cache = world.cache();
    for result in join_all((0..3).map(|_| cache.access_token())).await {
        let error = result.unwrap_err();
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("connect again"));
    }
}

fn throttled() -> AuthError {
    AuthError::Throttled {
        reason: "Access Denied".to_owned(),
        retry_after: Duration::from_secs(600),
    }
}

#[tokio::test]
async fn a_throttled_endpoint_is_left_alone_for_the_pause_it_asked_for() {
    let world = world_failing(1, throttled);
    with_refresh_token(&world).await;
    let cache = world.cache();
    cache.access_token().await.unwrap_err();
    world.clock.advance(Duration::from_secs(400));
    let error = cache.access_token().await.unwrap_err();
    let AuthError::Throttled { retry_after, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(retry_after, Duration::from_secs(200));
    assert_eq!(world.endpoint.calls(), 1);

    world.clock.advance(retry_after);
    cache.access_token().await.unwrap();
    assert_eq!(world.endpoint.calls(), 2);
}

#[tokio::test]
async fn while_throttled_a_token_that_another_process_obtained_is_used() {
    let world = world_failing(1, throttled);
    with_refresh_token(&world).await;
    let cache = world.cache();
    cache.access_token().await.unwrap_err();
    world
        .stored(access("by another", hour_from(&world.clock)))
        .await;
    let token = cache.access_token().await.unwrap();
    assert_eq!(token.secret.expose_secret(), "by another");
}

#[tokio::test]
async fn a_clock_set_back_does_not_prolong_a_throttle() {
    let world = world_failing(1, throttled);
    with_refresh_token(&world).await;
    let cache = world.cache();
    cache.access_token().await.unwrap_err();
    world.clock.set(start() - SignedDuration::from_hours(24));
    cache.access_token().await.unwrap();
}

#[tokio::test]
async fn a_failed_early_renewal_fails_nobody_and_is_tried_again_later() {
    let world = world_failing(1, unavailable);
    let end = start() + SignedDuration::from_secs(100);
    world.stored(access("present", end)).await;
    let cache = world.cache();
    for _ in 0..5 {
        let token = cache.access_token().await.unwrap();
        assert_eq!(token.secret.expose_secret(), "present");
    }
    assert_eq!(world.endpoint.calls(), 1);
    world.clock.advance(Duration::from_secs(30));
    let token = cache.access_token().await.unwrap();
    assert_eq!(token.secret.expose_secret(), "access-2");
}

#[tokio::test]
async fn a_token_that_has_ended_is_not_handed_out_instead_of_an_error() {
    let world = world_failing(u32::MAX, unavailable);
    world
        .stored(access("present", start() + SignedDuration::from_secs(100)))
        .await;
    let cache = world.cache();
    cache.access_token().await.unwrap();
    world.clock.advance(Duration::from_secs(96));
    assert!(cache.access_token().await.is_err());
}

#[tokio::test]
async fn a_token_refused_by_the_server_is_not_handed_out_instead_of_an_error() {
    let world = world_failing(u32::MAX, unavailable);
    world
        .stored(access("revoked", start() + SignedDuration::from_secs(100)))
        .await;
    let (cache, other) = (world.cache(), world.cache());
    let revoked = cache.access_token().await.unwrap().secret;
    other.access_token().await.unwrap();
    cache.refused(&revoked).await.unwrap();
    assert!(cache.access_token().await.is_err());
    // The other process learns of it at its next look into the store.
    world.clock.advance(Duration::from_secs(30));
    assert!(other.access_token().await.is_err());
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_named_as_the_problem() {
    let world = World::new();
    world.store.fail_loads(true);
    let error = world.cache().access_token().await.unwrap_err();
    assert!(matches!(error, AuthError::Store(_)) && error.is_retryable());
    assert_eq!(
        error.to_string(),
        "the token store failed: writing tokens.json"
    );
    assert_eq!(world.endpoint.calls(), 0);
}

#[tokio::test]
async fn without_a_durable_lease_no_refresh_is_made() {
    let world = World::new();
    world.store.fail_swaps_after(Some(0));
    let error = world.cache().access_token().await.unwrap_err();
    assert!(matches!(error, AuthError::Store(_)));
    assert_eq!(world.endpoint.calls(), 0);
}

#[tokio::test]
async fn a_refusal_that_cannot_be_recorded_is_reported() {
    let world = World::new();
    let cache = world.cache();
    let token = cache.access_token().await.unwrap();
    world.store.fail_swaps_after(Some(0));
    let error = cache.refused(&token.secret).await.unwrap_err();
    assert!(matches!(error, AuthError::Store(_)));
}

#[tokio::test]
async fn an_unreadable_store_does_not_disturb_those_who_have_a_valid_token() {
    let world = World::new();
    let cache = world.cache();
    cache.access_token().await.unwrap();
    world.store.fail_loads(true);
    cache.access_token().await.unwrap();
    world.clock.advance(Duration::from_secs(3600 - 60));
    let token = cache.access_token().await.unwrap();
    assert_eq!(token.secret.expose_secret(), "access-1");
}

#[tokio::test]
async fn a_rotated_refresh_token_is_durable_before_its_access_token_is_used() {
    for written_all_the_same in [false, true] {
        let clock = ManualClock::new(start());
        let world = World::with_endpoint(clock.clone(), rotating(&clock));
        with_refresh_token(&world).await;
        let cache = world.cache();
        // The lease is written, the renewed token is not, or its writer is not told.
        world.store.fail_swaps_after(Some(1));
        if written_all_the_same {
            world.store.fail_after_writing();
        }
        let error = cache.access_token().await.unwrap_err();
        assert!(matches!(error, AuthError::Store(_)));

        // The old refresh token is worthless now: another refresh could only fail.
        world.store.fail_swaps_after(None);
        let token = cache.access_token().await.unwrap();
        assert_eq!(token.secret.expose_secret(), "access-1");
        assert_eq!(world.endpoint.calls(), 1);
        let stored = world.what_is_stored().await;
        assert_eq!(text(stored.refresh_token.as_ref()), Some("refresh-1"));
        assert_eq!(stored.refresh_lease, None);
    }
}

#[tokio::test]
async fn an_answer_without_an_access_token_is_an_error_but_keeps_what_it_rotated() {
    let clock = ManualClock::new(start());
    let endpoint = TokenEndpoint::answering(|_| {
        Ok(StoredToken {
            refresh_token: Some(SecretString::from("rotated")),
            ..StoredToken::default()
        })
    });
    let world = World::with_endpoint(clock, endpoint);
    with_refresh_token(&world).await;
    let error = world.cache().access_token().await.unwrap_err();
    assert!(error.to_string().contains("no access token"), "{error}");
    let stored = world.what_is_stored().await;
    assert_eq!(text(stored.refresh_token.as_ref()), Some("rotated"));
}

#[tokio::test]
async fn a_store_shared_by_reference_works_like_an_owned_one() {
    let world = World::new();
    let endpoint = Arc::new(world.endpoint.clone());
    world.cache_with(endpoint).access_token().await.unwrap();
    assert_eq!(world.endpoint.calls(), 1);
}
