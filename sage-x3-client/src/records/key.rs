//! Keys of records as types.

use crate::ids::{InvalidName, RecordId};

/// The key of a node's records.
pub trait RecordKey:
    Clone + Ord + std::fmt::Debug + Send + Sync + 'static + super::sealed::Key
{
    /// The key as the record's `_id` has it.
    fn record_id(&self) -> RecordId;

    /// Reads the key from an `_id`.
    ///
    /// # Errors
    /// [`InvalidName`] when the text is no key of this kind.
    fn from_record_id(id: RecordId) -> Result<Self, InvalidName>;
}

impl super::sealed::Key for RecordId {}

impl RecordKey for RecordId {
    fn record_id(&self) -> RecordId {
        self.clone()
    }

    fn from_record_id(id: RecordId) -> Result<Self, InvalidName> {
        Ok(id)
    }
}
