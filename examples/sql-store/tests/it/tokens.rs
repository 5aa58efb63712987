//! Tokens in the database of a store.

use std::sync::Arc;

use client_core::{
    CasError, EncryptingTokenStore, RefreshLease, StoredToken, TokenEncryptionKey, TokenKey,
    TokenStore, testing,
};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sql_store::SqlTokenStore;

use crate::{block_on, open, place::Place};

/// One after another on one store: they use keys of their own.
#[test]
fn token_store_keeps_its_laws() {
    for place in Place::each() {
        block_on(async {
            let tokens = place.open().await.token_store();
            testing::round_trip(&tokens).await;
            testing::stale_swap_changes_nothing(&tokens).await;
            testing::concurrent_swaps_have_one_winner(&tokens).await;
            testing::delete_then_swap_starts_anew(&tokens).await;
        });
    }
}

fn encrypted(tokens: SqlTokenStore) -> EncryptingTokenStore {
    let key = SecretBox::new(Box::new([7; 32]));
    let key = TokenEncryptionKey::new("k", key).unwrap();
    EncryptingTokenStore::new(Arc::new(tokens), key)
}

#[test]
fn encrypted_token_store_keeps_its_laws() {
    for place in Place::each() {
        block_on(async {
            let tokens = encrypted(place.open().await.token_store());
            testing::round_trip(&tokens).await;
            testing::stale_swap_changes_nothing(&tokens).await;
            testing::concurrent_swaps_have_one_winner(&tokens).await;
            testing::delete_then_swap_starts_anew(&tokens).await;
        });
    }
}

#[test]
fn encrypted_tokens_leave_no_readable_byte_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sync.db");
    let token = StoredToken {
        access_token: Some(SecretString::from("canary-access")),
        refresh_token: Some(SecretString::from("canary-refresh")),
        ..StoredToken::default()
    };
    let key = TokenKey::new("zoho/acme");
    block_on(async {
        let tokens = encrypted(open(&path).await.token_store());
        tokens.compare_and_swap(&key, None, &token).await.unwrap();
    });
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|bytes| bytes == b"canary"));
    }
    block_on(async {
        let tokens = encrypted(open(&path).await.token_store());
        let (found, _) = tokens.load(&key).await.unwrap().unwrap();
        assert_eq!(
            found.refresh_token.unwrap().expose_secret(),
            "canary-refresh"
        );
    });
}

#[test]
fn tokens_are_shared_by_all_who_open_the_database_and_outlive_them() {
    for place in Place::each() {
        share_tokens(&place);
    }
}

fn share_tokens(place: &Place) {
    let key = TokenKey::new("zoho/acme");
    let token = StoredToken {
        access_token: None,
        refresh_token: Some(SecretString::from("canary-secret")),
        refresh_expires_at: Some("2027-01-01T00:00:00.5Z".parse().unwrap()),
        refresh_lease: Some(RefreshLease {
            holder: "worker 1".into(),
            until: "2026-03-01T10:00:00Z".parse().unwrap(),
        }),
        ..StoredToken::default()
    };
    block_on(async {
        let (one, other) = (
            place.open().await.token_store(),
            place.open().await.token_store(),
        );
        let revision = one.compare_and_swap(&key, None, &token).await.unwrap();
        let lost = other
            .compare_and_swap(&key, None, &StoredToken::default())
            .await;
        assert!(matches!(lost, Err(CasError::Conflict)));
        other
            .compare_and_swap(&key, Some(revision), &token)
            .await
            .unwrap();
        assert!(
            !format!("{one:?}").contains("canary"),
            "what the store shows of itself has no secrets"
        );
    });
    block_on(async {
        let (found, _) = place
            .open()
            .await
            .token_store()
            .load(&key)
            .await
            .unwrap()
            .unwrap();
        assert!(found.access_token.is_none());
        assert_eq!(
            found.refresh_token.unwrap().expose_secret(),
            "canary-secret"
        );
        assert_eq!(found.refresh_expires_at, token.refresh_expires_at);
        assert_eq!(found.refresh_lease, token.refresh_lease);
    });
}

#[test]
fn token_of_a_newer_release_is_refused_without_showing_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sync.db");
    block_on(async {
        let tokens = open(&path).await.token_store();
        let sql = rusqlite::Connection::open(&path).unwrap();
        sql.execute(
            r#"INSERT INTO tokens (name, revision, token) VALUES ('a', 1, '{"form":2,"secret":"canary"}')"#,
            [],
        )
        .unwrap();
        let error = tokens.load(&TokenKey::new("a")).await.unwrap_err();
        let said = format!("{error} {}", std::error::Error::source(&error).unwrap());
        assert!(said.contains("a newer release wrote it"), "{said}");
        assert!(!format!("{said} {error:?}").contains("canary"), "{said}");
    });
}
