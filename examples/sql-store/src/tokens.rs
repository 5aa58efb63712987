//! Tokens.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use client_core::{
    CasError, RefreshLease, StoredToken, TokenKey, TokenRevision, TokenStore, TokenStoreError,
};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::{
    database::Database,
    error::Error,
    sql::{Sql, Statement, column, number},
};

pub(crate) static READ: Statement =
    Statement::shared("SELECT token, revision FROM tokens WHERE name = ?1");
pub(crate) static INSERT: Statement = Statement::shared(
    "INSERT INTO tokens (name, revision, token) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
);
pub(crate) static REPLACE: Statement = Statement::shared(
    "UPDATE tokens SET revision = ?2, token = ?3 WHERE name = ?1 AND revision = ?4",
);
pub(crate) static REMOVE: Statement = Statement::shared("DELETE FROM tokens WHERE name = ?1");

/// Keeps tokens in the database of a [`SqlStore`](crate::SqlStore), for all processes that use the database.
///
/// Tokens are kept **as they are given**. Whoever can read the database, or a copy of it, can use the tokens: wrap this
/// store in `client_core::EncryptingTokenStore` (feature `encryption`).
#[derive(Clone, Debug)]
pub struct SqlTokenStore {
    database: Arc<Database>,
}

impl SqlTokenStore {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

#[async_trait]
impl TokenStore for SqlTokenStore {
    async fn load(
        &self,
        key: &TokenKey,
    ) -> Result<Option<(StoredToken, TokenRevision)>, TokenStoreError> {
        let name = key.clone();
        let found = self.database.read(move |sql| read(sql, &name)).await;
        found.map_err(|error| error.of_tokens(format!("reading token {key}")))
    }

    async fn compare_and_swap(
        &self,
        key: &TokenKey,
        expected: Option<TokenRevision>,
        token: &StoredToken,
    ) -> Result<TokenRevision, CasError> {
        let name = key.clone();
        let text =
            encode(token).map_err(|error| error.of_tokens(format!("writing token {key}")))?;
        let swapped = self
            .database
            .write(move |sql| swap(sql, &name, expected, &text))
            .await;
        swapped.map_err(|error| match error {
            Error::Conflict => CasError::Conflict,
            error => CasError::Store(error.of_tokens(format!("writing token {key}"))),
        })
    }

    async fn delete(&self, key: &TokenKey) -> Result<(), TokenStoreError> {
        let name = key.clone();
        let deleted = self.database.write(move |sql| {
            sql.change(REMOVE.with([name.as_str().into()]))?;
            Ok(())
        });
        deleted
            .await
            .map_err(|error| error.of_tokens(format!("removing token {key}")))
    }
}

fn read(sql: &mut dyn Sql, key: &TokenKey) -> Result<Option<(StoredToken, TokenRevision)>, Error> {
    let found = sql.find_one(READ.with([key.as_str().into()]))?;
    found
        .map(|mut row| {
            let token = decode(&row.text()?)?;
            Ok((token, TokenRevision(number(row.integer()?)?)))
        })
        .transpose()
}

fn swap(
    sql: &mut dyn Sql,
    key: &TokenKey,
    expected: Option<TokenRevision>,
    text: &str,
) -> Result<TokenRevision, Error> {
    let revision = sql.numbers(1)?.take()?;
    let name = key.as_str().into();
    let step = match expected {
        None => INSERT.with([name, revision.into(), text.into()]),
        Some(TokenRevision(expected)) => {
            REPLACE.with([name, revision.into(), text.into(), column(expected).into()])
        }
    };
    if sql.change(step)? == 0 {
        return Err(Error::Conflict);
    }
    Ok(TokenRevision(number(revision)?))
}

/// The form that is written, and the newest that is read.
const KNOWN_FORM: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    form: u32,
    token: T,
}

/// Read first and by itself: nothing else of a newer form can be relied on.
#[derive(Deserialize)]
struct Form {
    form: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FormV1 {
    access_token: Option<String>,
    expires_at: Option<Timestamp>,
    refresh_token: Option<String>,
    refresh_expires_at: Option<Timestamp>,
    attributes: BTreeMap<String, String>,
    refresh_lease: Option<LeaseV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeaseV1 {
    holder: String,
    until: Timestamp,
}

fn encode(token: &StoredToken) -> Result<String, Error> {
    serde_json::to_string(&Versioned {
        form: KNOWN_FORM,
        token: FormV1::from(token),
    })
    .map_err(Error::Token)
}

fn decode(text: &str) -> Result<StoredToken, Error> {
    let Form { form: found } = serde_json::from_str(text).map_err(Error::Token)?;
    if found > KNOWN_FORM {
        return Err(Error::NewerToken {
            found,
            known: KNOWN_FORM,
        });
    }
    let versioned: Versioned<FormV1> = serde_json::from_str(text).map_err(Error::Token)?;
    Ok(versioned.token.into())
}

impl From<&StoredToken> for FormV1 {
    fn from(token: &StoredToken) -> Self {
        let plain = |secret: &Option<SecretString>| {
            secret
                .as_ref()
                .map(|secret| secret.expose_secret().to_owned())
        };
        Self {
            access_token: plain(&token.access_token),
            expires_at: token.expires_at,
            refresh_token: plain(&token.refresh_token),
            refresh_expires_at: token.refresh_expires_at,
            attributes: token.attributes.clone(),
            refresh_lease: token.refresh_lease.as_ref().map(|lease| LeaseV1 {
                holder: lease.holder.clone(),
                until: lease.until,
            }),
        }
    }
}

impl From<FormV1> for StoredToken {
    fn from(form: FormV1) -> Self {
        Self {
            access_token: form.access_token.map(SecretString::from),
            expires_at: form.expires_at,
            refresh_token: form.refresh_token.map(SecretString::from),
            refresh_expires_at: form.refresh_expires_at,
            attributes: form.attributes,
            refresh_lease: form.refresh_lease.map(|lease| RefreshLease {
                holder: lease.holder,
                until: lease.until,
            }),
        }
    }
}
