//! What can be wrong with a file, and how much of it is accepted.

/// A file of a bulk job that cannot be read. Names places, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Not a ZIP archive, or one without a file.
    #[error("it is no ZIP archive with a file in it")]
    NotZip,
    /// An archive that needs what this client does not do.
    #[error("its archive uses {0}, which is not supported")]
    Unsupported(&'static str),
    /// The archive ends before its file does.
    #[error("it ends too early")]
    Truncated,
    /// The compressed data make no sense, or not what their checksum says.
    #[error("its contents are damaged")]
    Damaged,
    /// More bytes than [`FileLimits::max_bytes`].
    #[error("it unpacks to more than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// Unpacks to more than [`FileLimits::max_ratio`] times its size: made to exhaust whoever unpacks it.
    #[error("it unpacks to more than {limit} times its size")]
    TooDense {
        /// The limit.
        limit: u64,
    },
    /// A row that is longer than [`FileLimits::max_row_bytes`].
    #[error("row {row} is longer than {limit} bytes")]
    RowTooLong {
        /// Which row, from 1; the header is row 1.
        row: u64,
        /// The limit.
        limit: usize,
    },
    /// A row that has not as many fields as the header.
    #[error("row {row} has {found} fields, the header has {expected}")]
    RowShape {
        /// Which row, from 1; the header is row 1.
        row: u64,
        /// Fields of the header.
        expected: usize,
        /// Fields of the row.
        found: usize,
    },
    /// A row that is not UTF-8.
    #[error("row {row} is not UTF-8")]
    NotUtf8 {
        /// Which row, from 1; the header is row 1.
        row: u64,
    },
    /// A column that must be there is not.
    #[error("it has no column `{0}`")]
    NoColumn(String),
}

/// How much of a file is accepted. Memory does not grow with a file, only with its longest row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileLimits {
    /// Unpacked bytes. Default 8 GiB.
    pub max_bytes: u64,
    /// Unpacked bytes for each packed one, once 1 MiB is unpacked. Default 400; DEFLATE reaches 1032.
    pub max_ratio: u64,
    /// Bytes of a row. Default 16 MiB.
    pub max_row_bytes: usize,
}

impl Default for FileLimits {
    fn default() -> Self {
        Self {
            max_bytes: 8 * 1024 * 1024 * 1024,
            max_ratio: 400,
            max_row_bytes: 16 * 1024 * 1024,
        }
    }
}

impl FileLimits {
    /// Replaces [`max_bytes`](Self::max_bytes).
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Replaces [`max_ratio`](Self::max_ratio).
    #[must_use]
    pub fn max_ratio(mut self, ratio: u64) -> Self {
        self.max_ratio = ratio;
        self
    }

    /// Replaces [`max_row_bytes`](Self::max_row_bytes).
    #[must_use]
    pub fn max_row_bytes(mut self, bytes: usize) -> Self {
        self.max_row_bytes = bytes;
        self
    }
}
