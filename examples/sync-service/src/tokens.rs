//! What is known of the credentials, their values apart.

use client_core::{StoredToken, TokenKey};
use sync_core::Side;

use crate::{
    config::X3Credential,
    failure::{Failure, with_causes},
    setup::Setup,
    vault::Vault,
};

/// A credential and the token that is kept for it.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) side: Side,
    /// What kind of credential.
    pub(crate) kind: &'static str,
    /// What is kept; nothing for credentials that make a token for each call. Else why it cannot be read.
    pub(crate) token: Result<Option<StoredToken>, Failure>,
}

/// The credentials of both systems.
pub(crate) async fn held(setup: &Setup) -> Vec<Held> {
    let config = &setup.config;
    let (kind, key) = match config.x3.credential {
        X3Credential::ConnectedApp { .. } => ("connected application", None),
        X3Credential::Basic { .. } => ("user and password", None),
        X3Credential::Cloud { .. } => ("pairing with the cloud", Some(Vault::x3_key(config))),
    };
    let x3 = Held {
        side: Side::Left,
        kind,
        token: match key {
            None => Ok(None),
            Some(key) => kept(setup, &key).await.map(Some),
        },
    };
    let zoho = Held {
        side: Side::Right,
        kind: "OAuth client with a refresh token",
        token: kept(setup, &Vault::zoho_key(config)).await.map(Some),
    };
    vec![x3, zoho]
}

/// What is kept under a key; empty when nothing is.
async fn kept(setup: &Setup, key: &TokenKey) -> Result<StoredToken, Failure> {
    let vault = Vault::open(&setup.config, &setup.store)?;
    match vault.tokens().load(key).await {
        Ok(found) => Ok(found.map(|(token, _)| token).unwrap_or_default()),
        Err(error) => Err(Failure::input(with_causes(&error, &error))),
    }
}
