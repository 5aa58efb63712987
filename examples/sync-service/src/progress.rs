//! How far something is, for those who watch.

use std::{
    io::IsTerminal,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use sync_core::{Observation, Observer, PlanProgress, Side};

/// A bar while both systems are read and the plan is taken up; silent where nobody watches.
pub(crate) struct Progress {
    bar: ProgressBar,
    listed: Mutex<[u64; 2]>,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = match is_watched(quiet) {
            true => ProgressBar::new(0),
            false => ProgressBar::hidden(),
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

/// Whether anybody watches: the output is not for programs, and errors go to a terminal.
fn is_watched(quiet: bool) -> bool {
    !quiet && std::io::stderr().is_terminal()
}

/// A sign of life while something goes on of which nobody knows how long it takes; silent where nobody watches.
#[derive(Debug)]
pub(crate) struct Activity {
    bar: ProgressBar,
    /// Calls to X3 and to Zoho so far.
    calls: [AtomicU64; 2],
}

impl Activity {
    /// How often it moves.
    const TICK: Duration = Duration::from_millis(120);

    pub(crate) fn new(quiet: bool, message: impl Into<String>) -> Self {
        let bar = match is_watched(quiet) {
            true => ProgressBar::new_spinner(),
            false => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template("{spinner} {prefix} {msg} ({elapsed})")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style);
        bar.set_prefix(message.into());
        if !bar.is_hidden() {
            bar.enable_steady_tick(Self::TICK);
        }
        Self {
            bar,
            calls: Default::default(),
        }
    }

    /// What is being worked on from here on.
    pub(crate) fn of(&self, message: impl Into<String>) {
        self.bar.set_prefix(message.into());
    }

    /// Shows how many were done.
    pub(crate) fn count(&self, done: u64, what: &'static str) {
        // Counting is cheap, writing down what was counted is not.
        if done.is_multiple_of(100) {
            self.bar.set_message(format!("{done} {what}"));
        }
    }

    /// Prints something while it goes on.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Activity {
    fn observe(&self, observation: &Observation<'_>) {
        let Observation::Called { side, .. } = observation else {
            return;
        };
        let [x3, zoho] = &self.calls;
        let own = match side {
            Side::Left => x3,
            Side::Right => zoho,
        };
        own.fetch_add(1, Ordering::Relaxed);
        let [x3, zoho] = [x3, zoho].map(|calls| calls.load(Ordering::Relaxed));
        self.bar
            .set_message(format!("{x3} calls to X3, {zoho} to Zoho"));
    }
}
