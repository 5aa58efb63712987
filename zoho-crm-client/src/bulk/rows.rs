//! The rows of a zipped CSV file, while it arrives.

use bytes::{Buf, Bytes};
use client_core::{BodyStream, TransportError};

use super::{
    CsvReader, CsvRow, FileError, FileLimits,
    unzip::{Step, Unzip},
};

/// Reads rows one by one. Holds one piece of the body, 64 KiB unpacked, and one row.
pub(crate) struct RowReader {
    body: BodyStream,
    unzip: Unzip,
    csv: CsvReader,
    input: Bytes,
    unpacked: Vec<u8>,
    read: usize,
    ended: bool,
}

/// Why there are no more rows.
#[derive(Debug)]
pub(crate) enum RowsError {
    Transport(TransportError),
    File(FileError),
}

impl From<FileError> for RowsError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl RowReader {
    pub(crate) fn new(body: BodyStream, limits: FileLimits) -> Self {
        Self {
            body,
            unzip: Unzip::new(limits),
            csv: CsvReader::new(limits),
            input: Bytes::new(),
            unpacked: Vec::new(),
            read: 0,
            ended: false,
        }
    }

    /// The next row; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<CsvRow>, RowsError> {
        loop {
            let mut rest = self.unpacked.get(self.read..).unwrap_or_default();
            if self.ended || !rest.is_empty() {
                let row = self.csv.next_row(&mut rest)?;
                self.read = self.unpacked.len() - rest.remaining();
                if row.is_some() || self.ended {
                    return Ok(row);
                }
            }
            self.unpack().await?;
        }
    }

    /// More text, or the end.
    async fn unpack(&mut self) -> Result<(), RowsError> {
        self.read = 0;
        loop {
            match self.unzip.step(&mut self.input, &mut self.unpacked)? {
                Step::Output => return Ok(()),
                Step::End => {
                    self.ended = true;
                    return Ok(());
                }
                Step::NeedsInput => match self.body.piece().await {
                    Some(Ok(piece)) => self.input = piece,
                    Some(Err(error)) => return Err(RowsError::Transport(error)),
                    None => {
                        self.unzip.end_of_input()?;
                        self.ended = true;
                        return Ok(());
                    }
                },
            }
        }
    }
}
