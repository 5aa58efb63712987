//! Files of bulk jobs: CSV inside ZIP, read and written piece by piece.

mod csv;
mod error;
mod rows;
mod unzip;
mod zip;

pub use self::{
    csv::CsvRow,
    error::{FileError, FileLimits},
};
pub(crate) use self::{
    csv::{CsvReader, CsvWriter},
    rows::{RowReader, RowsError},
    zip::ZipWriter,
};
