//! How far something is, for those who watch.

use std::{io::IsTerminal, sync::Mutex};

use indicatif::{ProgressBar, ProgressStyle};
use sync_core::{PlanProgress, Side};

/// A bar while both systems are read and the plan is taken up; silent where nobody watches.
pub(crate) struct Progress {
    bar: ProgressBar,
    listed: Mutex<[u64; 2]>,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = if quiet || !std::io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(0)
        };
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        Self {
            bar,
            listed: Mutex::default(),
        }
    }

    pub(crate) fn step(&self, step: PlanProgress) {
        match step {
            PlanProgress::Listed(side, count) => {
                let mut listed = self
                    .listed
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                listed[usize::from(side == Side::Right)] = count;
                self.bar.set_message(format!(
                    "read {} from X3, {} from Zoho",
                    listed[0], listed[1]
                ));
            }
            PlanProgress::Applied(done, all) => {
                self.bar.set_length(all);
                self.bar.set_position(done);
                self.bar.set_message("taken up");
            }
            _ => {}
        }
    }

    /// Shows `done` of `all` with a word about it.
    pub(crate) fn show(&self, done: u64, all: u64, message: &'static str) {
        self.bar.set_length(all);
        self.bar.set_position(done);
        self.bar.set_message(message);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
