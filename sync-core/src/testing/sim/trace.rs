//! What happened, in order, and a digest of it.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// What happened. Equal seeds give equal traces, byte for byte.
#[derive(Default)]
pub(super) struct Trace {
    line: String,
    hasher: Sha256,
    kept: Option<Vec<String>>,
}

impl Trace {
    pub(super) fn new(keep: bool) -> Self {
        Self {
            kept: keep.then(Vec::new),
            ..Self::default()
        }
    }

    pub(super) fn note(&mut self, what: std::fmt::Arguments<'_>) {
        self.line.clear();
        // Writing to a `String` does not fail.
        let _ = self.line.write_fmt(what);
        self.hasher.update(self.line.as_bytes());
        self.hasher.update(b"\n");
        if let Some(kept) = &mut self.kept {
            kept.push(self.line.clone());
        }
    }

    /// The digest of all lines, and the lines if they were kept.
    pub(super) fn finish(self) -> (String, Vec<String>) {
        let mut digest = String::with_capacity(64);
        for byte in self.hasher.finalize() {
            let _ = write!(digest, "{byte:02x}");
        }
        (digest, self.kept.unwrap_or_default())
    }
}
