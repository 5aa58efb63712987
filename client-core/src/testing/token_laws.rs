//! What every token store must do. Each law is a plain async function that panics when the store breaks it.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "laws are assertions"
)]

use futures::future::join_all;
use secrecy::{ExposeSecret, SecretString};

use crate::{CasError, RefreshLease, StoredToken, TokenKey, TokenStore};

fn token(access: &str) -> StoredToken {
    StoredToken {
        access_token: Some(SecretString::from(access)),
        expires_at: Some("2026-11-20T10:00:00Z".parse().unwrap()),
        refresh_token: Some(SecretString::from("refresh")),
        attributes: [(
            "api_domain".to_owned(),
            "https://www.zohoapis.eu".to_owned(),
        )]
        .into(),
        ..StoredToken::default()
    }
}

fn access(token: &StoredToken) -> &str {
    token.access_token.as_ref().unwrap().expose_secret()
}

/// What was written is read back whole, under its key alone.
pub async fn round_trip(store: &dyn TokenStore) {
    let key = TokenKey::new("law/round-trip");
    assert!(store.load(&key).await.unwrap().is_none());
    let written = StoredToken {
        refresh_expires_at: Some("2026-12-20T10:00:00Z".parse().unwrap()),
        refresh_lease: Some(RefreshLease {
            holder: "somebody".to_owned(),
            until: "2026-11-20T09:01:30.123456789Z".parse().unwrap(),
        }),
        ..token("a")
    };
    let revision = store.compare_and_swap(&key, None, &written).await.unwrap();
    let (found, found_revision) = store.load(&key).await.unwrap().unwrap();
    assert_eq!(access(&found), "a");
    assert_eq!(found.expires_at, written.expires_at);
    assert_eq!(found.refresh_expires_at, written.refresh_expires_at);
    assert_eq!(found.refresh_lease, written.refresh_lease);
    assert_eq!(found.refresh_token.unwrap().expose_secret(), "refresh");
    assert_eq!(found.attributes, written.attributes);
    assert_eq!(found_revision, revision);
    assert!(
        store
            .load(&TokenKey::new("law/other"))
            .await
            .unwrap()
            .is_none()
    );
}

/// A swap with an old revision, or one that expects nothing where something is, fails and changes nothing.
pub async fn stale_swap_changes_nothing(store: &dyn TokenStore) {
    let key = TokenKey::new("law/stale");
    let first = store
        .compare_and_swap(&key, None, &token("a"))
        .await
        .unwrap();
    let second = store
        .compare_and_swap(&key, Some(first), &token("b"))
        .await
        .unwrap();
    assert_ne!(first, second);
    for expected in [Some(first), None] {
        let lost = store.compare_and_swap(&key, expected, &token("c")).await;
        assert!(matches!(lost, Err(CasError::Conflict)));
    }
    assert_eq!(access(&store.load(&key).await.unwrap().unwrap().0), "b");
}

/// Of many swaps from one revision exactly one succeeds.
pub async fn concurrent_swaps_have_one_winner(store: &dyn TokenStore) {
    let key = TokenKey::new("law/race");
    let start = store
        .compare_and_swap(&key, None, &token("start"))
        .await
        .unwrap();
    let contenders: Vec<StoredToken> = (0..16)
        .map(|number| token(&format!("contender-{number}")))
        .collect();
    let results = join_all(
        contenders
            .iter()
            .map(|contender| store.compare_and_swap(&key, Some(start), contender)),
    )
    .await;
    let winners: Vec<usize> = (0..results.len())
        .filter(|index| results[*index].is_ok())
        .collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(
        access(&store.load(&key).await.unwrap().unwrap().0),
        format!("contender-{}", winners[0])
    );
}

/// A deleted token is gone, deleting again is fine, and an old revision does not come back to life.
pub async fn delete_then_swap_starts_anew(store: &dyn TokenStore) {
    let key = TokenKey::new("law/delete");
    let revision = store
        .compare_and_swap(&key, None, &token("a"))
        .await
        .unwrap();
    store.delete(&key).await.unwrap();
    store.delete(&key).await.unwrap();
    assert!(store.load(&key).await.unwrap().is_none());
    assert!(matches!(
        store
            .compare_and_swap(&key, Some(revision), &token("b"))
            .await,
        Err(CasError::Conflict)
    ));
    store
        .compare_and_swap(&key, None, &token("c"))
        .await
        .unwrap();
    assert!(matches!(
        store
            .compare_and_swap(&key, Some(revision), &token("d"))
            .await,
        Err(CasError::Conflict)
    ));
    assert_eq!(access(&store.load(&key).await.unwrap().unwrap().0), "c");
}
