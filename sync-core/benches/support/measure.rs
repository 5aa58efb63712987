//! Clocks, and how figures are shown.

use std::{
    fs,
    time::{Duration, Instant},
};

/// Wall-clock and processor time since it was started.
pub struct Stopwatch {
    started: Instant,
    busy: Duration,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            busy: busy(),
        }
    }

    /// What went by on the wall.
    pub fn wall(&self) -> Duration {
        self.started.elapsed()
    }

    /// What the processors worked for this process; on Linux. Elsewhere as on the wall.
    pub fn busy(&self) -> Duration {
        match busy() {
            Duration::ZERO => self.wall(),
            now => now - self.busy,
        }
    }
}

/// The time that all threads of this process were on a processor.
fn busy() -> Duration {
    let Ok(threads) = fs::read_dir("/proc/self/task") else {
        return Duration::ZERO;
    };
    let of_thread = |thread: fs::DirEntry| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    };
    let nanoseconds = threads.flatten().filter_map(of_thread).sum();
    Duration::from_nanos(nanoseconds)
}

/// One figure, the floor beside it, and whether it is within its limit.
pub fn show(what: &str, figure: f64, unit: &str, floor: Option<f64>, limit: Option<f64>) {
    let floor = floor.map_or_else(|| "-".to_owned(), |floor| format!("{floor:.2}"));
    let verdict = limit.map_or_else(String::new, |limit| {
        let word = if figure <= limit { "ok" } else { "TOO MUCH" };
        format!("at most {limit} {unit}: {word}")
    });
    println!("{what:<58} {figure:>10.2} {unit:<3} floor {floor:>8}   {verdict}");
}
