//! Tokens in memory, for tests and for programs that bring their credentials along at each start.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{CasError, StoredToken, TokenKey, TokenRevision, TokenStore, TokenStoreError};

/// Keeps tokens in memory. Clones share their content.
#[derive(Clone, Debug, Default)]
pub struct MemoryTokenStore {
    content: Arc<Mutex<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    tokens: HashMap<TokenKey, (StoredToken, TokenRevision)>,
    /// Counts writes over all keys, so that no revision returns after a deletion.
    writes: u64,
}

impl MemoryTokenStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        // Each critical section is one map operation, so a panic elsewhere leaves the map whole.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TokenStore for MemoryTokenStore {
    async fn load(
        &self,
        key: &TokenKey,
    ) -> Result<Option<(StoredToken, TokenRevision)>, TokenStoreError> {
        Ok(self.lock().tokens.get(key).cloned())
    }

    async fn compare_and_swap(
        &self,
        key: &TokenKey,
        expected: Option<TokenRevision>,
        token: &StoredToken,
    ) -> Result<TokenRevision, CasError> {
        let mut content = self.lock();
        let current = content.tokens.get(key).map(|(_, revision)| *revision);
        if current != expected {
            return Err(CasError::Conflict);
        }
        content.writes += 1;
        let revision = TokenRevision(content.writes);
        content
            .tokens
            .insert(key.clone(), (token.clone(), revision));
        Ok(revision)
    }

    async fn delete(&self, key: &TokenKey) -> Result<(), TokenStoreError> {
        self.lock().tokens.remove(key);
        Ok(())
    }
}
