//! What became of writes.

use crate::{diagnose::Diagnose, error::WriteError, write::WritePath};

/// A write that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome<T> {
    /// What it gave, such as the code of a new record.
    pub value: T,
    /// By which path it was done.
    pub path: WritePath,
    /// What X3 remarked although it did it. "Created although `errors[]` is not empty" ends up here.
    pub diagnoses: Vec<Diagnose>,
}

/// What became of several writes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Batch<T> {
    /// One for each row, in the order given.
    pub rows: Vec<Result<Outcome<T>, WriteError>>,
    /// Remarks that belong to no row in particular.
    pub diagnoses: Vec<Diagnose>,
    /// Requests that carried rows.
    pub requests: usize,
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            diagnoses: Vec::new(),
            requests: 0,
        }
    }
}
