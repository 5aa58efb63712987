//! Creating and changing records.

use std::fmt;

use super::{
    Creatable, Node, RecordKey as _, Records, Updatable,
    sealed::{NewRecord as _, RecordPatch as _},
};
use crate::{
    diagnose::Diagnose,
    error::{Error, RecordError, RecordErrorKind, WriteError},
    ids::RecordId,
    outcome::{Batch, Outcome},
    write::{WriteAction, WriteKind, WritePath, WriteRow, single},
};

/// A record that was created.
#[derive(Debug)]
#[non_exhaustive]
pub struct Created<N: Node> {
    /// Its key, chosen by the caller or numbered by X3.
    pub key: N::Key,
    /// By which path it was created.
    pub path: WritePath,
    /// What X3 remarked although it did it. "Created although `errors[]` is not empty" ends up here.
    pub diagnoses: Vec<Diagnose>,
    /// The record as X3 has it now, with the values that X3 added.
    pub record: ReadBack<N>,
}

/// A record as it was read after it had been written. Whatever came of reading, the record was written.
#[non_exhaustive]
pub enum ReadBack<N> {
    /// It was read.
    Record(Box<N>),
    /// X3 says that it wrote it, but does not have it. Treat the write as uncertain.
    Missing,
    /// Reading failed.
    Failed(Box<Error>),
    /// It was not asked for: [`Records::without_read_back`].
    Skipped,
}

impl<N> ReadBack<N> {
    /// The record, if it was read.
    #[must_use]
    pub fn record(&self) -> Option<&N> {
        match self {
            Self::Record(record) => Some(record),
            _ => None,
        }
    }
}

impl<N> fmt::Debug for ReadBack<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(_) => f.write_str("Record(..)"),
            Self::Missing => f.write_str("Missing"),
            Self::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
            Self::Skipped => f.write_str("Skipped"),
        }
    }
}

impl<N: Node> Records<N> {
    /// Does not read single creates back.
    #[must_use]
    pub fn without_read_back(mut self) -> Self {
        self.read_back = false;
        self
    }

    async fn write(&self, action: WriteAction, rows: &[WriteRow]) -> Batch<N::Key> {
        let batch = self.client.write_rows(write_kind::<N>(action), rows).await;
        Batch {
            rows: batch
                .rows
                .into_iter()
                .map(|row| row.and_then(typed))
                .collect(),
            diagnoses: batch.diagnoses,
            requests: batch.requests,
        }
    }
}

impl<N: Creatable> Records<N> {
    /// Creates one record by the first path that the site offers, and reads it back.
    ///
    /// May be repeated: no. It is sent again only when the first attempt surely had no effect. After an error whose
    /// [`may_have_been_applied`](Error::may_have_been_applied) is true, look the record up before anything else.
    ///
    /// # Errors
    /// [`Error::Rejected`] when X3 does not accept the record; [`Error::NotActivated`] when the site offers this user no
    /// path to create it.
    pub async fn create(&self, new: &N::New) -> Result<Created<N>, Error> {
        let batch = self.create_many(std::slice::from_ref(new)).await;
        let outcome = single(&self.client, N::META.names.create, batch)?;
        let record = if self.read_back {
            match self.read(&outcome.value).await {
                Ok(Some(record)) => ReadBack::Record(Box::new(record)),
                Ok(None) => ReadBack::Missing,
                Err(error) => ReadBack::Failed(Box::new(error)),
            }
        } else {
            ReadBack::Skipped
        };
        Ok(Created {
            key: outcome.value,
            path: outcome.path,
            diagnoses: outcome.diagnoses,
            record,
        })
    }

    /// Creates several records, [`SiteConfig::write_batch`](crate::SiteConfig::write_batch) a request, and tells for
    /// each what became of it. Reads nothing back: [`read_many`](Self::read_many) does.
    ///
    /// May be repeated: no, as for [`create`](Self::create). When a request fails as a whole, those after it are not
    /// sent.
    ///
    /// A refused record whose key was chosen is looked up by that key, because X3's messages are localised: if it is
    /// there, the refusal is [`RecordErrorKind::AlreadyExists`].
    pub async fn create_many(&self, new: &[N::New]) -> Batch<N::Key> {
        let rows: Vec<WriteRow> = new
            .iter()
            .map(|new| WriteRow {
                key: new.chosen_key(),
                identity: new.identity(),
                input: new.to_create_input(self.client.site()),
            })
            .collect();
        self.write(WriteAction::Create, &rows).await
    }
}

impl<N: Updatable> Records<N>
where
    N::Patch: Clone,
{
    /// Changes one record to the stated values, by the first path that the site offers.
    ///
    /// May be repeated: yes, the second time changes nothing more. A patch that adds rows, such as a line or an address, is
    /// sent once.
    ///
    /// # Errors
    /// [`Error::Rejected`] when X3 does not accept the values; [`Error::NotActivated`] when the site offers this user no
    /// path to change the record.
    pub async fn update(&self, key: &N::Key, patch: &N::Patch) -> Result<Outcome<N::Key>, Error> {
        let batch = self.update_many(&[(key.clone(), patch.clone())]).await;
        single(&self.client, N::META.names.update, batch)
    }

    /// Changes several records, [`SiteConfig::write_batch`](crate::SiteConfig::write_batch) a request, and tells for
    /// each what became of it.
    ///
    /// May be repeated: as for [`update`](Self::update). When a request fails as a whole, those after it are not sent. A refused record that does
    /// not exist is told apart by a look-up: [`RecordErrorKind::NotFound`].
    pub async fn update_many(&self, patches: &[(N::Key, N::Patch)]) -> Batch<N::Key> {
        let rows: Vec<WriteRow> = patches
            .iter()
            .map(|(key, patch)| {
                let id = key.record_id();
                WriteRow {
                    input: patch.to_update_input(&id, self.client.site()),
                    key: Some(id),
                    identity: None,
                }
            })
            .collect();
        self.write(WriteAction::Update, &rows).await
    }
}

fn write_kind<N: Node>(action: WriteAction) -> WriteKind<'static> {
    let meta = N::META;
    WriteKind {
        node: &meta.node,
        action,
        operation: match action {
            WriteAction::Create => meta.names.create,
            WriteAction::Update => meta.names.update,
        },
        key_path: meta.key_path.unwrap_or("_id"),
    }
}

/// An outcome with the node's own kind of key. A record was written even if its key cannot be read.
fn typed<K: super::RecordKey>(outcome: Outcome<RecordId>) -> Result<Outcome<K>, WriteError> {
    let Outcome {
        value,
        path,
        diagnoses,
    } = outcome;
    match K::from_record_id(value) {
        Ok(value) => Ok(Outcome {
            value,
            path,
            diagnoses,
        }),
        Err(_) => Err(WriteError::Record(RecordError {
            kind: RecordErrorKind::Unclear,
            diagnoses,
            may_have_been_applied: true,
        })),
    }
}
