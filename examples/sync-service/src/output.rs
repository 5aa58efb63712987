//! Where what is told goes.

use std::{
    fmt,
    io::Write as _,
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::Value;

static ASIDE: AtomicBool = AtomicBool::new(false);

/// From here on lines go to standard error: standard output is for a document.
pub(crate) fn lines_go_aside() {
    ASIDE.store(true, Ordering::Relaxed);
}

/// Prints a line. Whoever reads may have gone, as `head` does after its first lines; that is no failure of ours.
pub(crate) fn line(text: fmt::Arguments<'_>) {
    let _ = if ASIDE.load(Ordering::Relaxed) {
        writeln!(anstream::stderr(), "{text}")
    } else {
        writeln!(anstream::stdout(), "{text}")
    };
}

/// Prints a document on standard output, wherever lines go.
pub(crate) fn document(document: &Value) {
    let _ = writeln!(anstream::stdout(), "{document}");
}
