//! When a token is renewed, and what a wrong clock does.

use std::time::Duration;

use client_core::{Clock, StoredToken, testing::ManualClock};
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};

use crate::doubles::{TokenEndpoint, World, access, hour_from, start};

/// Seconds before the end of an hour's token at which a new cache renews it.
async fn lead() -> u64 {
    let world = World::new();
    let cache = world.cache();
    cache.access_token().await.unwrap();
    for left in (60..3600).rev() {
        world.clock.advance(Duration::from_secs(1));
        cache.access_token().await.unwrap();
        if world.endpoint.calls() == 2 {
            return left;
        }
    }
    panic!("never renewed");
}

#[tokio::test]
async fn tokens_are_renewed_early_and_not_by_all_processes_at_the_same_moment() {
    let mut leads = std::collections::BTreeSet::new();
    for _ in 0..16 {
        let lead = lead().await;
        assert!((120..=150).contains(&lead), "{lead} s before the end");
        leads.insert(lead);
    }
    assert!(leads.len() > 3, "leads {leads:?}");
}

#[tokio::test]
async fn a_token_that_lives_shorter_than_the_lead_is_renewed_at_half_its_life() {
    let clock = ManualClock::new(start());
    let endpoint = {
        let clock = clock.clone();
        TokenEndpoint::answering(move |call| {
            let end = clock.now() + SignedDuration::from_secs(60);
            Ok(access(&format!("access-{call}"), end))
        })
    };
    let world = World::with_endpoint(clock, endpoint);
    let cache = world.cache();
    for (second, calls) in [(0, 1), (10, 1), (29, 1), (30, 2), (59, 2), (60, 3)] {
        world.clock.set(start() + SignedDuration::from_secs(second));
        cache.access_token().await.unwrap();
        assert_eq!(world.endpoint.calls(), calls, "after {second} s");
    }
}

#[tokio::test]
async fn a_token_without_an_end_is_used_until_it_is_refused() {
    let endpoint = TokenEndpoint::answering(|call| {
        Ok(StoredToken {
            access_token: Some(SecretString::from(format!("access-{call}"))),
            ..StoredToken::default()
        })
    });
    let world = World::with_endpoint(ManualClock::new(start()), endpoint);
    let cache = world.cache();
    let token = cache.access_token().await.unwrap();
    world.clock.advance(Duration::from_secs(3600 * 24 * 365));
    cache.access_token().await.unwrap();
    assert_eq!(world.endpoint.calls(), 1);
    cache.refused(&token.secret).await.unwrap();
    let token = cache.access_token().await.unwrap();
    assert_eq!(token.secret.expose_secret(), "access-2");
}

#[tokio::test]
async fn a_new_token_that_has_already_ended_points_to_the_clock() {
    let endpoint = TokenEndpoint::answering(|_| Ok(access("past", start())));
    let world = World::with_endpoint(ManualClock::new(start()), endpoint);
    let error = world.cache().access_token().await.unwrap_err();
    assert!(error.to_string().contains("check the clock"), "{error}");
    assert_eq!(world.endpoint.calls(), 1);
}

#[tokio::test]
async fn a_clock_set_forward_costs_one_refresh() {
    let world = World::new();
    let cache = world.cache();
    cache.access_token().await.unwrap();
    world
        .clock
        .set(start() + SignedDuration::from_hours(24 * 365));
    for _ in 0..3 {
        let token = cache.access_token().await.unwrap();
        assert_eq!(token.secret.expose_secret(), "access-2");
    }
    assert_eq!(world.endpoint.calls(), 2);
}

#[tokio::test]
async fn a_clock_set_back_costs_one_refused_request() {
    let world = World::new();
    let cache = world.cache();
    let token = cache.access_token().await.unwrap();
    world.clock.set(start() - SignedDuration::from_hours(24));
    // By this clock the token is good for another day; the server knows better after an hour.
    cache.access_token().await.unwrap();
    assert_eq!(world.endpoint.calls(), 1);
    cache.refused(&token.secret).await.unwrap();
    cache.access_token().await.unwrap();
    cache.access_token().await.unwrap();
    assert_eq!(world.endpoint.calls(), 2);
    assert!(world.sleep.slept().is_empty());
}

#[tokio::test]
async fn absurd_settings_neither_panic_nor_hang() {
    let world = World::new();
    world
        .stored(access("stored", hour_from(&world.clock)))
        .await;
    let cache = world
        .cache()
        .refresh_early(Duration::MAX)
        .refresh_lease(Duration::MAX);
    let token = cache.access_token().await.unwrap();
    assert_eq!(token.secret.expose_secret(), "access-1");
    cache.access_token().await.unwrap();
    assert_eq!(world.endpoint.calls(), 1);
    let cache = world
        .cache()
        .refresh_early(Duration::ZERO)
        .refresh_lease(Duration::ZERO);
    cache.access_token().await.unwrap();
}
