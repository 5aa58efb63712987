//! Credentials and tokens, encrypted in the database.

mod keys;
mod reloading;

use std::sync::Arc;

use client_core::{
    CasError, EncryptingTokenStore, StoredToken, TokenKey, TokenStore, TokenStoreError,
};
use secrecy::SecretString;
use sql_store::SqlStore;

pub(crate) use self::keys::KeyRing;
use self::reloading::Reloading;
use crate::{
    config::{Config, Secret},
    failure::Failure,
};

/// Where credentials and tokens are kept.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    connection: String,
    plain: Arc<dyn TokenStore>,
    /// With the place of its keys.
    encrypted: Option<(Secret, EncryptingTokenStore)>,
}

/// A secret that an operator hands over once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// The secret of the client in Zoho's API console.
    ZohoClientSecret,
    /// The secret of the application at X3, or the user's password.
    X3Secret,
}

impl Credential {
    const ALL: [Self; 2] = [Self::ZohoClientSecret, Self::X3Secret];

    fn name(self) -> &'static str {
        match self {
            Self::ZohoClientSecret => "zoho-client-secret",
            Self::X3Secret => "x3-secret",
        }
    }

    /// What it is, in words.
    fn words(self) -> &'static str {
        match self {
            Self::ZohoClientSecret => "Zoho's client secret",
            Self::X3Secret => "the secret for X3",
        }
    }

    /// What obtains it.
    fn command(self) -> &'static str {
        match self {
            Self::ZohoClientSecret => "connect zoho",
            Self::X3Secret => "connect x3",
        }
    }
}

impl Vault {
    /// The vault in the database: encrypted if the configuration names a key. Without one it keeps access tokens in plain
    /// text, and no credentials.
    pub(crate) fn open(config: &Config, store: &SqlStore) -> Result<Self, Failure> {
        let keys = config.secrets.as_ref();
        let keys = keys
            .map(|secrets| KeyRing::read(&secrets.key))
            .transpose()?;
        Ok(Self::with(config, store, keys))
    }

    /// The vault with a key for what an operator is about to hand over: makes the key file if there is none.
    pub(crate) fn open_for_writing(config: &Config, store: &SqlStore) -> Result<Self, Failure> {
        let Some(secrets) = &config.secrets else {
            return Err(Failure::input(
                "credentials are only kept encrypted: add `[secrets]` with `key = { file = \"sync.key\" }` to the \
                 configuration; the file is made for you",
            ));
        };
        KeyRing::make_if_missing(&secrets.key)?;
        let keys = KeyRing::read(&secrets.key)?;
        Ok(Self::with(config, store, Some(keys)))
    }

    fn with(config: &Config, store: &SqlStore, keys: Option<KeyRing>) -> Self {
        let plain: Arc<dyn TokenStore> = Arc::new(store.token_store());
        let places = config.secrets.as_ref().map(|secrets| secrets.key.clone());
        let stores = keys.map(|keys| keys.encrypting(Arc::clone(&plain)));
        let encrypted = places.zip(stores);
        Self {
            connection: config.connection.clone(),
            plain,
            encrypted,
        }
    }

    /// Where the clients keep their tokens.
    pub(crate) fn tokens(&self) -> Arc<dyn TokenStore> {
        match &self.encrypted {
            Some((place, encrypted)) => Arc::new(Reloading::new(
                place.clone(),
                Arc::clone(&self.plain),
                encrypted.clone(),
            )),
            None => Arc::clone(&self.plain),
        }
    }

    /// Whether what is kept is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.encrypted.is_some()
    }

    /// The configured secret, or the one that is kept.
    pub(crate) async fn secret(
        &self,
        configured: Option<&Secret>,
        credential: Credential,
    ) -> Result<SecretString, Failure> {
        if let Some(secret) = configured {
            return secret.read(credential.words());
        }
        let kept = match &self.encrypted {
            Some((_, encrypted)) => encrypted.load(&self.key(credential.name())).await,
            None => Ok(None),
        };
        let kept = kept.map_err(unreadable)?;
        kept.and_then(|(token, _)| token.access_token)
            .ok_or_else(|| {
                Failure::input(format!(
                    "{} is neither configured nor in the encrypted store: run `sync-service {}`",
                    credential.words(),
                    credential.command()
                ))
            })
    }

    /// Keeps a secret, instead of the one that was kept before.
    pub(crate) async fn keep(
        &self,
        credential: Credential,
        secret: &SecretString,
    ) -> Result<(), Failure> {
        let Some((_, encrypted)) = &self.encrypted else {
            return Err(Failure::input(
                "there is no key to encrypt credentials with",
            ));
        };
        let key = self.key(credential.name());
        let token = StoredToken {
            access_token: Some(secret.clone()),
            ..StoredToken::default()
        };
        loop {
            let revision = encrypted.load(&key).await.map_err(unreadable)?;
            let revision = revision.map(|(_, revision)| revision);
            match encrypted.compare_and_swap(&key, revision, &token).await {
                Ok(_) => return Ok(()),
                Err(CasError::Conflict) => {}
                Err(CasError::Store(error)) => return Err(unreadable(error)),
            }
        }
    }

    /// Under which name Zoho's tokens are kept.
    pub(crate) fn zoho_key(config: &Config) -> TokenKey {
        let (connection, client) = (&config.connection, &config.zoho.client_id);
        TokenKey::new(format!("{connection}/zoho/{client}"))
    }

    /// Under which name the tokens of a pairing with X3 in the cloud are kept.
    pub(crate) fn x3_key(config: &Config) -> TokenKey {
        TokenKey::new(format!("{}/x3-cloud", config.connection))
    }

    /// Encrypts everything that is kept for the connection with the current key. Returns how much was written.
    pub(crate) async fn rotate(&self, config: &Config) -> Result<usize, Failure> {
        let Some((_, encrypted)) = &self.encrypted else {
            return Err(Failure::input(
                "there is no [secrets] section, so nothing is encrypted",
            ));
        };
        // Tokens that were kept before there was a key are encrypted too.
        let encrypted = encrypted.clone().reads_plain_text();
        let mut keys = vec![Self::zoho_key(config), Self::x3_key(config)];
        keys.extend(Credential::ALL.map(|credential| self.key(credential.name())));
        let mut written = 0;
        for key in keys {
            written += usize::from(encrypted.rotate(&key).await.map_err(unreadable)?);
        }
        Ok(written)
    }

    fn key(&self, name: &str) -> TokenKey {
        TokenKey::new(format!("{}/{name}", self.connection))
    }
}

fn unreadable(error: TokenStoreError) -> Failure {
    Failure::input_because("kept credentials cannot be read", &error)
}
