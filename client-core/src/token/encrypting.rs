//! Tokens that only who has the key can read.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, KeyInit, Payload},
};
use secrecy::{ExposeSecret, SecretBox, SecretString, zeroize::Zeroizing};

use super::{
    CasError, StoredToken, TokenKey, TokenRevision, TokenStore, TokenStoreError, form::TokenForm,
};

/// What an encrypted token begins with: what it is, and in which form.
const MARK: &str = "encrypted-token:1";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// A key for tokens, with a name that is stored beside what it encrypted. Its name is not secret.
pub struct TokenEncryptionKey {
    name: String,
    key: SecretBox<[u8; KEY_BYTES]>,
}

impl TokenEncryptionKey {
    /// A key of 32 random bytes, for example of `openssl rand -base64 32`, in base64.
    ///
    /// # Errors
    /// [`TokenEncryptionKeyError`]. A name is made of letters, digits, `-`, `_` and `.`.
    pub fn from_base64(
        name: impl Into<String>,
        key: &SecretString,
    ) -> Result<Self, TokenEncryptionKeyError> {
        let bytes = STANDARD
            .decode(key.expose_secret().trim())
            .map(Zeroizing::new);
        let bytes = bytes.map_err(|_| TokenEncryptionKeyError::NotBase64)?;
        let found = bytes.len();
        let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
            .map_err(|_| TokenEncryptionKeyError::WrongLength { found })?;
        Self::new(name, SecretBox::new(Box::new(key)))
    }

    /// A key of 32 random bytes.
    ///
    /// # Errors
    /// [`TokenEncryptionKeyError::WrongName`]. A name is made of letters, digits, `-`, `_` and `.`.
    pub fn new(
        name: impl Into<String>,
        key: SecretBox<[u8; KEY_BYTES]>,
    ) -> Result<Self, TokenEncryptionKeyError> {
        let name = name.into();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_plain) {
            return Err(TokenEncryptionKeyError::WrongName { name });
        }
        Ok(Self { name, key })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.key.expose_secret()))
    }
}

impl fmt::Debug for TokenEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEncryptionKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A key that is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenEncryptionKeyError {
    /// The text is not base64.
    #[error("the key for tokens is not base64")]
    NotBase64,
    /// There are too few or too many bytes.
    #[error("the key for tokens has {found} bytes; it must have 32")]
    WrongLength {
        /// How many there are.
        found: usize,
    },
    /// The name has characters that a name cannot have, or none.
    #[error("`{name}` is no name for a key: letters, digits, `-`, `_` and `.` are allowed")]
    WrongName {
        /// The name.
        name: String,
    },
}

/// Encrypts what another store keeps.
///
/// The whole token is encrypted and authenticated (XChaCha20-Poly1305, a random nonce for each write) together with the
/// name of its credential and of the key: who can write to the store can neither read a token, nor change one, nor pass
/// one credential's token off as another's. They can remove a token or put an older one of the same credential back.
///
/// ```
/// use std::sync::Arc;
///
/// use client_core::{EncryptingTokenStore, MemoryTokenStore, TokenEncryptionKey};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let text = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".to_owned().into(); // openssl rand -base64 32
/// let key = TokenEncryptionKey::from_base64("2026", &text)?;
/// let tokens = EncryptingTokenStore::new(Arc::new(MemoryTokenStore::new()), key);
/// # drop(tokens);
/// # Ok(())
/// # }
/// ```
///
/// # A new key
///
/// Make the new key the current one and keep the old one by [`reads_also`](Self::reads_also). Each token is encrypted
/// anew when it is next written, or at once by [`rotate`](Self::rotate). When all are, drop the old key.
#[derive(Clone, Debug)]
pub struct EncryptingTokenStore {
    inner: Arc<dyn TokenStore>,
    current: Arc<TokenEncryptionKey>,
    others: BTreeMap<String, Arc<TokenEncryptionKey>>,
    reads_plain_text: bool,
}

impl EncryptingTokenStore {
    /// Encrypts what `inner` keeps with `current`.
    #[must_use]
    pub fn new(inner: Arc<dyn TokenStore>, current: TokenEncryptionKey) -> Self {
        Self {
            inner,
            current: Arc::new(current),
            others: BTreeMap::new(),
            reads_plain_text: false,
        }
    }

    /// Reads also what was encrypted with `key`; never writes with it.
    #[must_use]
    pub fn reads_also(mut self, key: TokenEncryptionKey) -> Self {
        self.others.insert(key.name.clone(), Arc::new(key));
        self
    }

    /// Reads also tokens that were written before they were encrypted, until all are [rotated](Self::rotate). Refused
    /// unless asked for: whoever can write to the store could put a token of their own there.
    #[must_use]
    pub fn reads_plain_text(mut self) -> Self {
        self.reads_plain_text = true;
        self
    }

    /// Encrypts the token under `key` with the current key, unless it is already. Returns whether it was written.
    ///
    /// # Errors
    /// [`TokenStoreError`] when it cannot be read, or the store fails.
    pub async fn rotate(&self, key: &TokenKey) -> Result<bool, TokenStoreError> {
        loop {
            let Some((sealed, revision)) = self.inner.load(key).await? else {
                return Ok(false);
            };
            if key_name(&sealed) == Some(&self.current.name) {
                return Ok(false);
            }
            let token = self.open(key, &sealed)?;
            let sealed = self.seal(key, &token)?;
            match self
                .inner
                .compare_and_swap(key, Some(revision), &sealed)
                .await
            {
                Ok(_) => return Ok(true),
                // Somebody else wrote it, perhaps with an old key.
                Err(CasError::Conflict) => {}
                Err(CasError::Store(error)) => return Err(error),
            }
        }
    }

    fn seal(&self, key: &TokenKey, token: &StoredToken) -> Result<StoredToken, TokenStoreError> {
        let failed = |problem: &'static str| {
            TokenStoreError::new(format!("encrypting token {key}"), problem)
        };
        let plain = serde_json::to_vec(&TokenForm::from(token)).map(Zeroizing::new);
        let plain = plain.map_err(|_| failed("it cannot be encoded"))?;
        let nonce = XNonce::try_generate().map_err(|_| failed("there are no random numbers"))?;
        let bound = bound_to(key, &self.current.name);
        let payload = Payload {
            msg: &plain,
            aad: &bound,
        };
        let cipher = self.current.cipher();
        let secret = cipher
            .encrypt(&nonce, payload)
            .map_err(|_| failed("it is too long"))?;
        let mut bytes = nonce.to_vec();
        bytes.extend(secret);
        let text = format!("{MARK}:{}:{}", self.current.name, STANDARD.encode(bytes));
        Ok(StoredToken {
            access_token: Some(SecretString::from(text)),
            ..StoredToken::default()
        })
    }

    fn open(&self, key: &TokenKey, sealed: &StoredToken) -> Result<StoredToken, TokenStoreError> {
        let failed =
            |problem: String| TokenStoreError::new(format!("decrypting token {key}"), problem);
        let Some((name, text)) = parts(sealed) else {
            return if self.reads_plain_text {
                Ok(sealed.clone())
            } else {
                Err(failed("it is not encrypted".to_owned()))
            };
        };
        let known = if name == self.current.name {
            Some(&self.current)
        } else {
            self.others.get(name)
        };
        let known = known.ok_or_else(|| failed(format!("the key `{name}` is not known here")))?;
        let wrong = || {
            failed(format!(
                "it was not encrypted for this credential with the key `{name}`, or was changed since"
            ))
        };
        let bytes = STANDARD.decode(text).map_err(|_| wrong())?;
        let (nonce, secret) = bytes.split_at_checked(NONCE_BYTES).ok_or_else(wrong)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| wrong())?;
        let payload = Payload {
            msg: secret,
            aad: &bound_to(key, name),
        };
        let plain = known.cipher().decrypt(&nonce, payload).map(Zeroizing::new);
        let plain = plain.map_err(|_| wrong())?;
        let form: TokenForm = serde_json::from_slice(&plain).map_err(|_| wrong())?;
        Ok(StoredToken::from(&form))
    }
}

/// The name of the key and the text that it encrypted; none when the token is not encrypted.
fn parts(sealed: &StoredToken) -> Option<(&str, &str)> {
    let text = sealed.access_token.as_ref()?.expose_secret();
    text.strip_prefix(MARK)?.strip_prefix(':')?.split_once(':')
}

fn key_name(sealed: &StoredToken) -> Option<&str> {
    parts(sealed).map(|(name, _)| name)
}

/// What a token is encrypted together with. A name of a key has no colon, so that no two pairs of names look alike.
fn bound_to(key: &TokenKey, name: &str) -> Vec<u8> {
    format!("{MARK}:{name}:{key}").into_bytes()
}

#[async_trait]
impl TokenStore for EncryptingTokenStore {
    async fn load(
        &self,
        key: &TokenKey,
    ) -> Result<Option<(StoredToken, TokenRevision)>, TokenStoreError> {
        let found = self.inner.load(key).await?;
        found
            .map(|(sealed, revision)| Ok((self.open(key, &sealed)?, revision)))
            .transpose()
    }

    async fn compare_and_swap(
        &self,
        key: &TokenKey,
        expected: Option<TokenRevision>,
        token: &StoredToken,
    ) -> Result<TokenRevision, CasError> {
        let sealed = self.seal(key, token)?;
        self.inner.compare_and_swap(key, expected, &sealed).await
    }

    async fn delete(&self, key: &TokenKey) -> Result<(), TokenStoreError> {
        self.inner.delete(key).await
    }
}
