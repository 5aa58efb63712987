//! A ZIP archive with one file, written in one pass (PKWARE APPNOTE 6.3, section 4.3).

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// Bytes added to the archive's buffer at a time.
const STEP: usize = 32 * 1024;
/// What the compressor may still hold back, and what [`ZipWriter::finish`] adds, generously.
const HELD_BACK: usize = 128 * 1024;
/// 1980-01-01, the earliest that the format knows: an archive does not depend on when it was made.
const DATE: u16 = 0x0021;

/// Packs what it is given.
pub(crate) struct ZipWriter {
    archive: Vec<u8>,
    name: &'static str,
    compress: Compress,
    crc: Crc,
}

impl ZipWriter {
    pub(crate) fn new(name: &'static str) -> Self {
        let mut archive = Vec::new();
        archive.extend_from_slice(b"PK\x03\x04");
        archive.extend_from_slice(&facts(0, 0, 0, name));
        archive.extend_from_slice(name.as_bytes());
        Self {
            archive,
            name,
            compress: Compress::new(Compression::default(), false),
            crc: Crc::new(),
        }
    }

    /// The most that the archive may have grown to once `more` further bytes are in it.
    pub(crate) fn length_with(&self, more: usize) -> usize {
        // DEFLATE adds 5 bytes to each 16 KiB that it cannot compress.
        self.archive.len() + HELD_BACK + more + more / 1024
    }

    pub(crate) fn write(&mut self, content: &[u8]) {
        self.crc.update(content);
        let mut rest = content;
        while !rest.is_empty() {
            self.archive.reserve(STEP);
            let before = self.compress.total_in();
            let done = self
                .compress
                .compress_vec(rest, &mut self.archive, FlushCompress::None);
            let taken = usize::try_from(self.compress.total_in() - before).unwrap_or_default();
            rest = rest.get(taken..).unwrap_or_default();
            if done.is_err() {
                // Only a finished compressor refuses; this one is not.
                return;
            }
        }
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        loop {
            self.archive.reserve(STEP);
            let done = self
                .compress
                .compress_vec(&[], &mut self.archive, FlushCompress::Finish);
            if !matches!(done, Ok(Status::Ok | Status::BufError)) {
                break;
            }
        }
        let (packed, content) = (self.compress.total_out(), self.compress.total_in());
        let facts = facts(self.crc.sum(), packed, content, self.name);
        if let Some(place) = self.archive.get_mut(4..4 + facts.len()) {
            place.copy_from_slice(&facts);
        }
        let directory_start = self.archive.len();
        self.archive.extend_from_slice(b"PK\x01\x02\x14\x00");
        self.archive.extend_from_slice(&facts);
        // Comment length, disk, attributes (twice), offset of the local header.
        self.archive.extend_from_slice(&[0; 14]);
        self.archive.extend_from_slice(self.name.as_bytes());
        let directory_length = self.archive.len() - directory_start;
        self.archive
            .extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
        self.archive
            .extend_from_slice(&short(directory_length).to_le_bytes());
        self.archive
            .extend_from_slice(&short(directory_start).to_le_bytes());
        self.archive.extend_from_slice(&[0; 2]);
        self.archive
    }
}

/// The part that local header and directory share: version, flags, method, time, sizes, lengths of name and extras.
fn facts(crc: u32, packed: u64, content: u64, name: &str) -> [u8; 26] {
    let mut facts = [0; 26];
    let mut fields = facts.iter_mut();
    let mut put = |bytes: &[u8]| {
        for (byte, place) in bytes.iter().zip(fields.by_ref()) {
            *place = *byte;
        }
    };
    put(&20_u16.to_le_bytes());
    put(&0_u16.to_le_bytes());
    put(&8_u16.to_le_bytes());
    put(&0_u16.to_le_bytes());
    put(&DATE.to_le_bytes());
    put(&crc.to_le_bytes());
    put(&u32::try_from(packed).unwrap_or(u32::MAX).to_le_bytes());
    put(&u32::try_from(content).unwrap_or(u32::MAX).to_le_bytes());
    put(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
    facts
}

/// Archives stay far below 4 GiB.
fn short(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
