//! Small documents in the store that several workers change.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::Engine;
use crate::{
    error::Error,
    link::Revision,
    store::{DocumentWrite, StoreError, StoreErrorKind},
};

/// So many workers may be quicker.
const TRIES: usize = 20;

/// The version that is written, and the newest that is read.
const NEWEST: u32 = 1;

#[derive(Serialize)]
struct Written<'a, T> {
    version: u32,
    content: &'a T,
}

#[derive(Deserialize)]
struct Found<T> {
    version: u32,
    content: T,
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, serde_json::Error> {
    let found: Found<T> = serde_json::from_str(body)?;
    if found.version > NEWEST {
        return Err(serde::de::Error::custom("a newer release wrote it"));
    }
    Ok(found.content)
}

impl Engine {
    /// A document, or an empty one.
    pub(super) async fn read_document<T: DeserializeOwned + Default>(
        &self,
        name: &str,
    ) -> Result<(T, Option<Revision>), Error> {
        match self.store.document(&self.connection, name).await? {
            Some((body, revision)) => {
                let document = read(&body).map_err(|source| Error::Document {
                    name: name.to_owned(),
                    source,
                })?;
                Ok((document, Some(revision)))
            }
            None => Ok((T::default(), None)),
        }
    }

    /// Writes a document unless somebody else was quicker. Returns whether it was written.
    pub(super) async fn write_document<T: Serialize + Sync>(
        &self,
        name: &str,
        document: &T,
        expected: Option<Revision>,
    ) -> Result<bool, Error> {
        let written = Written {
            version: NEWEST,
            content: document,
        };
        let body = serde_json::to_string(&written).map_err(|source| Error::Document {
            name: name.to_owned(),
            source,
        })?;
        let write = DocumentWrite {
            name: name.to_owned(),
            expected,
            body,
        };
        match self.store.put_document(&self.connection, &write).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == StoreErrorKind::Conflict => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Changes a document, again and again while others are quicker. Nothing is written when `change` returns `None`.
    pub(super) async fn change_document<T, R>(
        &self,
        name: &str,
        mut change: impl FnMut(&mut T) -> Option<R> + Send,
    ) -> Result<Option<R>, Error>
    where
        T: Serialize + DeserializeOwned + Default + Send + Sync,
        R: Send,
    {
        for _ in 0..TRIES {
            let (mut document, revision) = self.read_document::<T>(name).await?;
            let Some(result) = change(&mut document) else {
                return Ok(None);
            };
            if self.write_document(name, &document, revision).await? {
                return Ok(Some(result));
            }
        }
        let action = format!("changing document {name}");
        Err(StoreError::conflict(action).into())
    }
}
