//! The laws hold for the stores that ship, and each law catches a store that breaks it.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_trait::async_trait;
use client_core::{
    CasError, EncryptingTokenStore, FileTokenStore, MemoryTokenStore, StoredToken,
    TokenEncryptionKey, TokenKey, TokenRevision, TokenStore, TokenStoreError,
    testing::{
        concurrent_swaps_have_one_winner, delete_then_swap_starts_anew, round_trip,
        stale_swap_changes_nothing,
    },
};
use futures::FutureExt;
use secrecy::SecretString;

#[tokio::test]
async fn the_memory_store_keeps_the_laws() {
    // One store for all laws: they use keys of their own.
    let store = MemoryTokenStore::new();
    round_trip(&store).await;
    stale_swap_changes_nothing(&store).await;
    concurrent_swaps_have_one_winner(&store).await;
    delete_then_swap_starts_anew(&store).await;
}

#[tokio::test]
async fn the_file_store_keeps_the_laws() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileTokenStore::new(folder.path().join("tokens.json"));
    round_trip(&store).await;
    stale_swap_changes_nothing(&store).await;
    concurrent_swaps_have_one_winner(&store).await;
    delete_then_swap_starts_anew(&store).await;
}

#[tokio::test]
async fn the_encrypting_store_keeps_the_laws() {
    let key = SecretString::from("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
    let key = TokenEncryptionKey::from_base64("k", &key).unwrap();
    let store = EncryptingTokenStore::new(Arc::new(MemoryTokenStore::new()), key);
    round_trip(&store).await;
    stale_swap_changes_nothing(&store).await;
    concurrent_swaps_have_one_winner(&store).await;
    delete_then_swap_starts_anew(&store).await;
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bug {
    ForgetsAttributes,
    ForgetsTheLease,
    MixesKeysUp,
    IgnoresTheExpectedRevision,
    OverwritesWhenNothingIsExpected,
    ReusesRevisions,
    DeleteDoesNothing,
}

#[derive(Debug)]
struct BrokenStore {
    bug: Bug,
    inner: MemoryTokenStore,
}

impl BrokenStore {
    fn new(bug: Bug) -> Self {
        Self {
            bug,
            inner: MemoryTokenStore::new(),
        }
    }

    fn key(&self, key: &TokenKey) -> TokenKey {
        match self.bug {
            Bug::MixesKeysUp => TokenKey::new("the only one"),
            _ => key.clone(),
        }
    }

    /// The revision that the store inside will accept.
    async fn present(&self, key: &TokenKey) -> Option<TokenRevision> {
        let stored = self.inner.load(key).await.unwrap();
        stored.map(|(_, revision)| revision)
    }
}

#[async_trait]
impl TokenStore for BrokenStore {
    async fn load(
        &self,
        key: &TokenKey,
    ) -> Result<Option<(StoredToken, TokenRevision)>, TokenStoreError> {
        let found = self.inner.load(&self.key(key)).await?;
        Ok(found.map(|(token, revision)| match self.bug {
            Bug::ReusesRevisions => (token, TokenRevision(1)),
            _ => (token, revision),
        }))
    }

    async fn compare_and_swap(
        &self,
        key: &TokenKey,
        expected: Option<TokenRevision>,
        token: &StoredToken,
    ) -> Result<TokenRevision, CasError> {
        let mut token = token.clone();
        let key = &self.key(key);
        let present = self.present(key).await;
        let expected = match (self.bug, expected) {
            (Bug::IgnoresTheExpectedRevision, Some(_)) => present,
            (Bug::OverwritesWhenNothingIsExpected, None) => present,
            (Bug::ReusesRevisions, Some(TokenRevision(1))) => present,
            (_, expected) => expected,
        };
        match self.bug {
            Bug::ForgetsAttributes => token.attributes.clear(),
            Bug::ForgetsTheLease => token.refresh_lease = None,
            _ => {}
        }
        let revision = self.inner.compare_and_swap(key, expected, &token).await?;
        Ok(match self.bug {
            Bug::ReusesRevisions => TokenRevision(1),
            _ => revision,
        })
    }

    async fn delete(&self, key: &TokenKey) -> Result<(), TokenStoreError> {
        match self.bug {
            Bug::DeleteDoesNothing => Ok(()),
            _ => self.inner.delete(key).await,
        }
    }
}

#[tokio::test]
async fn each_law_catches_a_store_that_breaks_it() {
    for bug in [
        Bug::ForgetsAttributes,
        Bug::ForgetsTheLease,
        Bug::MixesKeysUp,
    ] {
        let store = BrokenStore::new(bug);
        let caught = AssertUnwindSafe(round_trip(&store)).catch_unwind().await;
        assert!(caught.is_err(), "round_trip accepts {bug:?}");
    }
    for bug in [
        Bug::IgnoresTheExpectedRevision,
        Bug::OverwritesWhenNothingIsExpected,
        Bug::ReusesRevisions,
    ] {
        let store = BrokenStore::new(bug);
        let caught = AssertUnwindSafe(stale_swap_changes_nothing(&store))
            .catch_unwind()
            .await;
        assert!(
            caught.is_err(),
            "stale_swap_changes_nothing accepts {bug:?}"
        );
    }
    let store = BrokenStore::new(Bug::IgnoresTheExpectedRevision);
    let caught = AssertUnwindSafe(concurrent_swaps_have_one_winner(&store))
        .catch_unwind()
        .await;
    assert!(
        caught.is_err(),
        "concurrent_swaps_have_one_winner accepts it"
    );
    for bug in [Bug::DeleteDoesNothing, Bug::ReusesRevisions] {
        let store = BrokenStore::new(bug);
        let caught = AssertUnwindSafe(delete_then_swap_starts_anew(&store))
            .catch_unwind()
            .await;
        assert!(
            caught.is_err(),
            "delete_then_swap_starts_anew accepts {bug:?}"
        );
    }
}
