//! Writes, sent in batches: one outcome for each, in order.

use sage_x3_client::{Creatable, Diagnose, Node, RecordKey as _, Records, Updatable};

use super::error::{remarks, write_error};
use crate::{
    endpoint::{WriteError, Written},
    ids::RecordId,
};

/// A write that can be sent.
pub(super) enum Ready<N: Creatable + Updatable> {
    /// A record to be made. With the identity that it will have, if that is chosen.
    Create(Box<N::New>, Option<RecordId>),
    /// A record to be changed.
    Update(N::Key, Box<N::Patch>),
    /// Nothing of the record is to change.
    Nothing(N::Key),
}

/// Sends creates, then updates.
pub(super) async fn send<N>(
    records: &Records<N>,
    ready: Vec<Result<Ready<N>, WriteError>>,
) -> Vec<Result<Written, WriteError>>
where
    N: Creatable + Updatable,
    N::New: Clone,
    N::Patch: Clone,
{
    let mut outcomes: Vec<Option<Result<Written, WriteError>>> = Vec::with_capacity(ready.len());
    let (mut creates, mut updates) = (Vec::new(), Vec::new());
    let (mut new, mut patches) = (Vec::new(), Vec::new());
    for (index, ready) in ready.into_iter().enumerate() {
        outcomes.push(match ready {
            Err(error) => Some(Err(error)),
            Ok(Ready::Nothing(key)) => Some(Ok(written::<N>(&key, false, &[]))),
            Ok(Ready::Create(record, chosen)) => {
                creates.push((index, chosen));
                new.push(*record);
                None
            }
            Ok(Ready::Update(key, patch)) => {
                updates.push(index);
                patches.push((key, *patch));
                None
            }
        });
    }
    let batch = records.create_many(&new).await;
    for ((index, chosen), row) in creates.into_iter().zip(batch.rows) {
        outcomes[index] = Some(match row {
            Ok(done) => Ok(written::<N>(&done.value, true, &done.diagnoses)),
            Err(error) => Err(write_error(error, chosen.as_ref().map(RecordId::as_str))),
        });
    }
    let batch = records.update_many(&patches).await;
    for (index, row) in updates.into_iter().zip(batch.rows) {
        outcomes[index] = Some(match row {
            Ok(done) => Ok(written::<N>(&done.value, false, &done.diagnoses)),
            Err(error) => Err(write_error(error, None)),
        });
    }
    let missing = || {
        Err(WriteError::Later {
            reason: "X3's client gave no outcome".to_owned(),
            after: None,
        })
    };
    let outcomes = outcomes.into_iter();
    outcomes
        .map(|outcome| outcome.unwrap_or_else(missing))
        .collect()
}

fn written<N: Node>(key: &N::Key, created: bool, diagnoses: &[Diagnose]) -> Written {
    Written {
        id: RecordId::from(key.record_id().as_str()),
        created,
        warnings: remarks(diagnoses),
    }
}
