//! Tokens: what they are, where they are kept, and who may renew them.

mod cache;
#[cfg(feature = "encryption")]
mod encrypting;
mod failure;
mod file;
mod form;
mod held;
mod memory;

use std::{collections::BTreeMap, error::Error as StdError, fmt, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

#[cfg(feature = "encryption")]
pub use self::encrypting::{EncryptingTokenStore, TokenEncryptionKey, TokenEncryptionKeyError};
pub use self::{
    cache::{RefreshToken, TokenCache},
    file::FileTokenStore,
    held::AccessToken,
    memory::MemoryTokenStore,
};

/// Names one credential in a store, for example `zoho/1000.ABC/acme`. Not secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenKey(String);

impl TokenKey {
    /// A key with the text `name`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The version of a stored token. Each write makes a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenRevision(pub u64);

/// Claim of one process to renew a token, so that the others wait instead of renewing too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshLease {
    /// Who renews.
    pub holder: String,
    /// When the claim lapses, should its holder have died.
    pub until: Timestamp,
}

/// A credential as a store keeps it.
#[derive(Clone, Debug, Default)]
pub struct StoredToken {
    /// The access token, if one was obtained and not refused since.
    pub access_token: Option<SecretString>,
    /// When the access token ends.
    pub expires_at: Option<Timestamp>,
    /// The long-lived token that access tokens are obtained with.
    pub refresh_token: Option<SecretString>,
    /// When the refresh token ends, where it does.
    pub refresh_expires_at: Option<Timestamp>,
    /// Facts that belong to the token, such as `api_domain`. Not secret.
    pub attributes: BTreeMap<String, String>,
    /// Set while somebody renews the token.
    pub refresh_lease: Option<RefreshLease>,
}

/// Keeps tokens. All methods are atomic, also against other processes that use the same store.
///
/// A revision names one write of one key for ever: it does not come back after a deletion. The laws in
/// `client_core::testing` (feature `testing`) check an implementation.
#[async_trait]
pub trait TokenStore: fmt::Debug + Send + Sync + 'static {
    /// The token under `key` with its revision.
    ///
    /// # Errors
    /// [`TokenStoreError`] when the store cannot be read.
    async fn load(
        &self,
        key: &TokenKey,
    ) -> Result<Option<(StoredToken, TokenRevision)>, TokenStoreError>;

    /// Writes `token` if the stored revision is still `expected` (`None`: nothing is stored), and makes it durable
    /// before it returns.
    ///
    /// # Errors
    /// [`CasError::Conflict`] when somebody else wrote first; nothing was changed. [`CasError::Store`] when the store
    /// failed; whether it was written is unknown.
    async fn compare_and_swap(
        &self,
        key: &TokenKey,
        expected: Option<TokenRevision>,
        token: &StoredToken,
    ) -> Result<TokenRevision, CasError>;

    /// Removes the token; removing what is not there succeeds.
    ///
    /// # Errors
    /// [`TokenStoreError`] when the store cannot be written.
    async fn delete(&self, key: &TokenKey) -> Result<(), TokenStoreError>;
}

/// A token store failed.
#[derive(Debug, thiserror::Error)]
#[error("the token store failed: {action}")]
pub struct TokenStoreError {
    action: String,
    #[source]
    source: Box<dyn StdError + Send + Sync>,
}

impl TokenStoreError {
    /// An error while doing `action`, such as "reading /var/lib/sync/tokens.json".
    pub fn new(
        action: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            action: action.into(),
            source: source.into(),
        }
    }
}

/// Why a compare-and-swap did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CasError {
    /// Somebody else wrote first.
    #[error("the token was changed by somebody else")]
    Conflict,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] TokenStoreError),
}

/// No usable credential.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The credential is wrong, revoked or expired for good. A person must act; repeating is useless.
    #[error("the credential was rejected: {reason}")]
    Rejected {
        /// What the server said and what to do about it.
        reason: String,
    },
    /// Too many token requests. Repeat after the pause.
    #[error("too many token requests: {reason}")]
    Throttled {
        /// What the server said.
        reason: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// The token endpoint could not be reached or answered nonsense. Repeat later.
    #[error("the token endpoint did not help: {reason}")]
    Unavailable {
        /// What happened.
        reason: String,
        /// The cause, if there is one.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// The answer points to a host that tokens must not go to.
    #[error("tokens are not sent to `{host}`: it is neither a known host nor an allowed one")]
    UntrustedHost {
        /// The host.
        host: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] TokenStoreError),
}

impl AuthError {
    /// Whether the same call may succeed later without a person's help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. } | Self::Unavailable { .. } | Self::Store(_)
        )
    }
}
