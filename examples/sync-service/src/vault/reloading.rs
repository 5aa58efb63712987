//! The encrypted store of a program that goes on while its key is changed.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use client_core::{
    CasError, EncryptingTokenStore, StoredToken, TokenKey, TokenRevision, TokenStore,
    TokenStoreError,
};

use super::KeyRing;
use crate::config::Secret;

/// Reads its keys anew when a token cannot be read: `rotate-key` may have run meanwhile.
#[derive(Debug)]
pub(super) struct Reloading {
    place: Secret,
    plain: Arc<dyn TokenStore>,
    store: Mutex<EncryptingTokenStore>,
}

impl Reloading {
    /// `store` with the keys that were read at `place`, over `plain`.
    pub(super) fn new(
        place: Secret,
        plain: Arc<dyn TokenStore>,
        store: EncryptingTokenStore,
    ) -> Self {
        Self {
            place,
            plain,
            store: Mutex::new(store),
        }
    }

    fn store(&self) -> EncryptingTokenStore {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.clone()
    }

    /// The store with the keys as they are now; none when they cannot be read.
    fn reload(&self) -> Option<EncryptingTokenStore> {
        let keys = KeyRing::read(&self.place).ok()?;
        let fresh = keys.encrypting(Arc::clone(&self.plain));
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        *store = fresh.clone();
        Some(fresh)
    }
}

#[async_trait]
impl TokenStore for Reloading {
    async fn load(
        &self,
        key: &TokenKey,
    ) -> Result<Option<(StoredToken, TokenRevision)>, TokenStoreError> {
        match self.store().load(key).await {
            Ok(found) => Ok(found),
            Err(error) => match self.reload() {
                Some(store) => store.load(key).await,
                None => Err(error),
            },
        }
    }

    async fn compare_and_swap(
        &self,
        key: &TokenKey,
        expected: Option<TokenRevision>,
        token: &StoredToken,
    ) -> Result<TokenRevision, CasError> {
        self.store().compare_and_swap(key, expected, token).await
    }

    async fn delete(&self, key: &TokenKey) -> Result<(), TokenStoreError> {
        self.store().delete(key).await
    }
}

#[cfg(test)]
mod tests {
    use client_core::MemoryTokenStore;
    use secrecy::{ExposeSecret as _, SecretString};

    use super::*;

    #[tokio::test]
    async fn a_running_program_goes_on_when_the_key_is_changed_under_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.key");
        let place = Secret::File { file: file.clone() };
        KeyRing::make_if_missing(&place).unwrap();
        let plain: Arc<dyn TokenStore> = Arc::new(MemoryTokenStore::new());
        let open = || {
            let keys = KeyRing::read(&place).unwrap();
            keys.encrypting(Arc::clone(&plain))
        };
        let running = Reloading::new(place.clone(), Arc::clone(&plain), open());
        let key = TokenKey::new("main/zoho");
        let token = StoredToken {
            access_token: Some(SecretString::from("canary")),
            ..StoredToken::default()
        };
        running.compare_and_swap(&key, None, &token).await.unwrap();

        KeyRing::add(&file).unwrap();
        assert!(open().rotate(&key).await.unwrap());
        KeyRing::drop_others(&file).unwrap();

        let (kept, revision) = running.load(&key).await.unwrap().unwrap();
        assert_eq!(kept.access_token.unwrap().expose_secret(), "canary");
        // What it writes from now on is readable by those who know the new key alone.
        running
            .compare_and_swap(&key, Some(revision), &token)
            .await
            .unwrap();
        assert!(open().load(&key).await.unwrap().is_some());
    }
}
