//! ZIP archives of CSV files.

use std::io::{Cursor, Read as _, Write as _};

use bytes::Bytes;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// An archive that holds one file.
pub(super) fn pack(name: &str, content: &[u8]) -> Bytes {
    let packed = || -> zip::result::ZipResult<Vec<u8>> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file(name, SimpleFileOptions::default())?;
        archive.write_all(content)?;
        Ok(archive.finish()?.into_inner())
    };
    // Writing into memory does not fail.
    Bytes::from(packed().unwrap_or_default())
}

/// Whether the bytes are a ZIP archive that can be read.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    ZipArchive::new(Cursor::new(bytes)).is_ok()
}

/// A file of an archive; without a name the first one.
pub(super) fn unpack(bytes: &[u8], name: Option<&str>) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut file = match name {
        Some(name) => archive.by_name(name).ok()?,
        None => archive.by_index(0).ok()?,
    };
    let mut content = Vec::new();
    file.read_to_end(&mut content).ok()?;
    Some(content)
}

/// The lines of a CSV file. Zoho also takes `;`, `:` and `|` for the comma; the header line tells which it is.
pub(super) fn lines(content: &[u8]) -> Option<Vec<Vec<String>>> {
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
    let header = content.split(|byte| *byte == b'\n').next()?;
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    let delimiter = *b",;:|"
        .iter()
        .max_by_key(|delimiter| (count(**delimiter), **delimiter == b','))?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(content);
    reader
        .records()
        .map(|record| Some(record.ok()?.iter().map(str::to_owned).collect()))
        .collect()
}

/// A CSV file of those lines.
pub(super) fn csv_of(lines: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    for line in lines {
        // Writing into memory does not fail.
        let _ = writer.write_record(line);
    }
    writer.into_inner().unwrap_or_default()
}
