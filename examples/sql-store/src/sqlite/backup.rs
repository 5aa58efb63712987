//! Copies of a database that is in use.

use std::{io, path::Path};

use super::connection;
use crate::error::Error;

/// Writes a copy of the database at `from`, as it is at this moment, to the new file `to`. Those who work on it go on.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    // For its owner alone, like the original. SQLite takes an empty file for a new database.
    if !connection::make_file(to)? {
        return Err(Error::File {
            path: to.to_owned(),
            source: io::ErrorKind::AlreadyExists.into(),
        });
    }
    let text = to.to_str().ok_or_else(|| Error::File {
        path: to.to_owned(),
        source: io::Error::other("the path is not text"),
    })?;
    let database = connection::plain(from)?;
    database.execute("VACUUM INTO ?1", [text])?;
    Ok(())
}
