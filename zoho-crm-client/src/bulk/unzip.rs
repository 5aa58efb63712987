//! The first file of a ZIP archive, unpacked while the archive arrives (PKWARE APPNOTE 6.3, sections 4.3 and 4.4).
//!
//! Libraries that read ZIP need the whole archive or a blocking reader; only DEFLATE comes from one here.

use bytes::{Buf, Bytes};
use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::{FileError, FileLimits};

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const HEADER_LENGTH: usize = 30;
/// Bytes unpacked in one step.
const STEP: usize = 64 * 1024;
/// The ratio is not looked at before so many bytes are unpacked: short files of zeros are harmless.
const RATIO_FROM: u64 = 1024 * 1024;

/// Unpacks what it is given.
pub(crate) struct Unzip {
    state: State,
    limits: FileLimits,
    /// Bytes of a header or descriptor that is not complete yet.
    pending: Vec<u8>,
    inflate: Decompress,
    crc: Crc,
    packed: u64,
    unpacked: u64,
    /// Of the file, if its header tells.
    expected_crc: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Header,
    Stored { left: u64 },
    Deflated,
    Descriptor,
    End,
}

/// What a step has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// All input is used up.
    NeedsInput,
    /// There is output, and perhaps more to come from the same input.
    Output,
    /// The file is complete.
    End,
}

impl Unzip {
    pub(crate) fn new(limits: FileLimits) -> Self {
        Self {
            state: State::Header,
            limits,
            pending: Vec::new(),
            inflate: Decompress::new(false),
            crc: Crc::new(),
            packed: 0,
            unpacked: 0,
            expected_crc: None,
        }
    }

    /// What it means when no more input comes.
    pub(crate) fn end_of_input(&self) -> Result<(), FileError> {
        match self.state {
            State::End => Ok(()),
            State::Header => Err(FileError::NotZip),
            _ => Err(FileError::Truncated),
        }
    }

    /// Uses up some of `input` and puts at most 64 KiB into `output`, which is emptied first.
    pub(crate) fn step(
        &mut self,
        input: &mut Bytes,
        output: &mut Vec<u8>,
    ) -> Result<Step, FileError> {
        output.clear();
        loop {
            match self.state {
                State::End => return Ok(Step::End),
                _ if input.is_empty() => return Ok(Step::NeedsInput),
                State::Header => {
                    if self.gather(input, 4) && self.number(0, 4) != LOCAL_HEADER {
                        return Err(FileError::NotZip);
                    }
                    if self.gather(input, HEADER_LENGTH) {
                        let names = self.number(26, 2) + self.number(28, 2);
                        let names = usize::try_from(names).unwrap_or(usize::MAX);
                        if self.gather(input, HEADER_LENGTH + names) {
                            self.begin()?;
                        }
                    }
                }
                State::Stored { left } => {
                    self.take_stored(input, output, left)?;
                    if !output.is_empty() {
                        return Ok(Step::Output);
                    }
                }
                State::Deflated => {
                    self.inflate(input, output)?;
                    if !output.is_empty() {
                        return Ok(Step::Output);
                    }
                }
                State::Descriptor => {
                    if !self.gather(input, 4) {
                        continue;
                    }
                    let mut crc = self.number(0, 4);
                    // The signature before the checksum is optional.
                    if crc == DESCRIPTOR {
                        if !self.gather(input, 8) {
                            continue;
                        }
                        crc = self.number(4, 4);
                    }
                    self.check(crc)?;
                }
            }
        }
    }

    /// Collects until `length` bytes are pending.
    fn gather(&mut self, input: &mut Bytes, length: usize) -> bool {
        let missing = length.saturating_sub(self.pending.len());
        let part = input.split_to(missing.min(input.len()));
        self.pending.extend_from_slice(&part);
        self.pending.len() >= length
    }

    /// A little-endian number in what is pending.
    fn number(&self, start: usize, length: usize) -> u32 {
        let bytes = self.pending.iter().skip(start).take(length);
        bytes
            .rev()
            .fold(0, |number, byte| number << 8 | u32::from(*byte))
    }

    /// The header is complete.
    fn begin(&mut self) -> Result<(), FileError> {
        let (flags, method) = (self.number(6, 2), self.number(8, 2));
        let size = self.number(18, 4);
        let name_length = usize::try_from(self.number(26, 2)).unwrap_or_default();
        let name = self.pending.get(HEADER_LENGTH..HEADER_LENGTH + name_length);
        let is_folder = name.is_some_and(|name| name.ends_with(b"/"));
        let described_later = flags & 0b1000 != 0;
        if flags & 0b1 != 0 {
            return Err(FileError::Unsupported("encryption"));
        }
        self.expected_crc = (!described_later).then(|| self.number(14, 4));
        self.pending.clear();
        self.state = match method {
            0 if is_folder => State::Header,
            0 if described_later => {
                return Err(FileError::Unsupported("a stored file of unknown length"));
            }
            0 if size == u32::MAX => {
                return Err(FileError::Unsupported("ZIP64 without compression"));
            }
            0 => State::Stored { left: size.into() },
            8 => State::Deflated,
            _ => return Err(FileError::Unsupported("another compression than DEFLATE")),
        };
        if self.state == (State::Stored { left: 0 }) {
            self.check(self.expected_crc.unwrap_or_default())?;
        }
        Ok(())
    }

    fn take_stored(
        &mut self,
        input: &mut Bytes,
        output: &mut Vec<u8>,
        left: u64,
    ) -> Result<(), FileError> {
        let portion = usize::try_from(left).unwrap_or(usize::MAX).min(STEP);
        let part = input.split_to(portion.min(input.len()));
        output.extend_from_slice(&part);
        let taken = length(part.len());
        self.account(taken, output)?;
        match left - taken {
            0 => self.check(self.expected_crc.unwrap_or_default()),
            left => {
                self.state = State::Stored { left };
                Ok(())
            }
        }
    }

    fn inflate(&mut self, input: &mut Bytes, output: &mut Vec<u8>) -> Result<(), FileError> {
        output.reserve(STEP);
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self
            .inflate
            .decompress_vec(input, output, FlushDecompress::None)
            .map_err(|_| FileError::Damaged)?;
        let taken = self.inflate.total_in() - before_in;
        input.advance(usize::try_from(taken).unwrap_or_default().min(input.len()));
        self.account(taken, output)?;
        match status {
            Status::StreamEnd => match self.expected_crc {
                Some(crc) => self.check(crc)?,
                None => self.state = State::Descriptor,
            },
            // No way forward with input at hand and room in the output.
            _ if taken == 0 && self.inflate.total_out() == before_out => {
                return Err(FileError::Damaged);
            }
            Status::Ok | Status::BufError => {}
        }
        Ok(())
    }

    fn account(&mut self, packed: u64, output: &[u8]) -> Result<(), FileError> {
        self.crc.update(output);
        self.packed += packed;
        self.unpacked += length(output.len());
        if self.unpacked > self.limits.max_bytes {
            return Err(FileError::TooLarge {
                limit: self.limits.max_bytes,
            });
        }
        let dense = self.packed.saturating_mul(self.limits.max_ratio) < self.unpacked;
        if dense && self.unpacked > RATIO_FROM {
            return Err(FileError::TooDense {
                limit: self.limits.max_ratio,
            });
        }
        Ok(())
    }

    fn check(&mut self, crc: u32) -> Result<(), FileError> {
        self.state = State::End;
        if self.crc.sum() == crc {
            Ok(())
        } else {
            Err(FileError::Damaged)
        }
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bulk::ZipWriter;

    fn unpack(archive: &[u8], portion: usize, limits: FileLimits) -> Result<Vec<u8>, FileError> {
        let mut unzip = Unzip::new(limits);
        let (mut whole, mut output) = (Vec::new(), Vec::new());
        for part in archive.chunks(portion.max(1)) {
            let mut input = Bytes::copy_from_slice(part);
            loop {
                let step = unzip.step(&mut input, &mut output)?;
                whole.extend_from_slice(&output);
                match step {
                    Step::NeedsInput => break,
                    Step::Output => {}
                    Step::End => return Ok(whole),
                }
            }
        }
        unzip.end_of_input()?;
        Ok(whole)
    }

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut zip = ZipWriter::new("data.csv");
        zip.write(content);
        zip.finish()
    }

    /// `data/` (a folder), then `a.csv` with "Id\n1\n", stored; made by Info-ZIP's layout by hand.
    fn stored(flags: u8) -> Vec<u8> {
        let mut crc = Crc::new();
        crc.update(b"Id\n1\n");
        let mut archive = Vec::new();
        for (name, content, crc) in [("data/", "", 0), ("a.csv", "Id\n1\n", crc.sum())] {
            archive.extend_from_slice(b"PK\x03\x04\x14\x00");
            archive.extend_from_slice(&[flags, 0, 0, 0, 0, 0, 0x21, 0]);
            archive.extend_from_slice(&crc.to_le_bytes());
            for _ in 0..2 {
                archive.extend_from_slice(&u32::try_from(content.len()).unwrap().to_le_bytes());
            }
            archive.extend_from_slice(&[5, 0, 0, 0]);
            archive.extend_from_slice(name.as_bytes());
            archive.extend_from_slice(content.as_bytes());
        }
        archive
    }

    #[test]
    fn a_stored_file_behind_a_folder_is_found() {
        assert_eq!(
            unpack(&stored(0), 3, FileLimits::default()).unwrap(),
            b"Id\n1\n"
        );
        assert_eq!(
            unpack(&stored(1), 99, FileLimits::default()).unwrap_err(),
            FileError::Unsupported("encryption")
        );
    }

    /// As Java's `ZipOutputStream` writes it: sizes and checksum after the data.
    #[test]
    fn a_checksum_behind_the_data_is_checked() {
        for signature in [&b"PK\x07\x08"[..], b""] {
            let mut archive = packed(b"Id\n1\n2\n");
            let crc = archive[14..18].to_vec();
            let end = 30
                + 8
                + usize::try_from(u32::from_le_bytes(archive[18..22].try_into().unwrap())).unwrap();
            archive.truncate(end);
            archive[6] = 8;
            archive[14..26].fill(0);
            archive.extend_from_slice(signature);
            archive.extend_from_slice(&crc);
            assert_eq!(
                unpack(&archive, 1, FileLimits::default()).unwrap(),
                b"Id\n1\n2\n"
            );
            let last = archive.len() - 1;
            archive[last] ^= 1;
            assert_eq!(
                unpack(&archive, 7, FileLimits::default()).unwrap_err(),
                FileError::Damaged
            );
        }
    }

    #[test]
    fn pages_and_cut_archives_are_errors() {
        let limits = FileLimits::default();
        assert_eq!(
            unpack(b"<html>maintenance</html>", 9, limits).unwrap_err(),
            FileError::NotZip
        );
        assert_eq!(unpack(b"", 9, limits).unwrap_err(), FileError::NotZip);
        assert_eq!(
            unpack(b"PK\x05\x06\0\0\0\0", 9, limits).unwrap_err(),
            FileError::NotZip
        );
        let archive = packed(&b"Id,Name\n".repeat(100));
        assert_eq!(
            unpack(&archive[..archive.len() / 2 - 20], 9, limits).unwrap_err(),
            FileError::Truncated
        );
    }

    #[test]
    fn a_bomb_is_recognised_by_ratio_and_by_size() {
        let archive = packed(&vec![b'0'; 2 * 1024 * 1024]);
        assert!(archive.len() < 4 * 1024);
        assert_eq!(
            unpack(&archive, 512, FileLimits::default()).unwrap_err(),
            FileError::TooDense { limit: 400 }
        );
        let limits = FileLimits::default().max_bytes(1_000_000).max_ratio(2000);
        assert_eq!(
            unpack(&archive, 512, limits).unwrap_err(),
            FileError::TooLarge { limit: 1_000_000 }
        );
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked_however_it_arrives(content in prop::collection::vec(any::<u8>(), 0..5000), portion in 1usize..6000) {
            prop_assert_eq!(unpack(&packed(&content), portion, FileLimits::default()).unwrap(), content);
        }

        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..300), place in 0usize..200, portion in 1usize..50) {
            let _ = unpack(&bytes, portion, FileLimits::default());
            let mut archive = packed(&bytes);
            let place = place % archive.len();
            archive[place] ^= 0x55;
            let _ = unpack(&archive, portion, FileLimits::default());
        }
    }
}
