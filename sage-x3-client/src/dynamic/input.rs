//! What to write.

use super::name;
use crate::{error::InvalidRequest, model::Input, scalar::Scalar};

/// The members of an input, in the order in which they were set. A member that is not set is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct NodeInput(Input);

impl NodeInput {
    /// No member.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a plain member; a reference is the key of its target.
    ///
    /// # Errors
    /// [`InvalidRequest`] when `member` cannot be a name.
    pub fn set(mut self, member: &str, value: impl Into<Scalar>) -> Result<Self, InvalidRequest> {
        self.0.set(name(member)?.as_str(), value);
        Ok(self)
    }

    /// Sets a member that is an object, such as a text stream.
    ///
    /// # Errors
    /// As for [`set`](Self::set).
    pub fn object(mut self, member: &str, value: Self) -> Result<Self, InvalidRequest> {
        self.0.set_object(name(member)?.as_str(), value.0);
        Ok(self)
    }

    /// Sets a member that is a list of rows. In an update each row says by `_action` what is to be done with it.
    ///
    /// # Errors
    /// As for [`set`](Self::set).
    pub fn list(
        mut self,
        member: &str,
        rows: impl IntoIterator<Item = Self>,
    ) -> Result<Self, InvalidRequest> {
        let rows = rows.into_iter().map(|row| row.0).collect();
        self.0.set_list(name(member)?.as_str(), rows);
        Ok(self)
    }

    pub(super) fn to_input(&self) -> Input {
        self.0.clone()
    }
}
