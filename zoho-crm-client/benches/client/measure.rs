//! Time and memory of this process.

use std::{fmt, str::FromStr};

use rustix::time::{ClockId, clock_gettime};

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Seconds.
    pub(crate) cpu: f64,
    /// Seconds.
    pub(crate) wall: f64,
    pub(crate) peak_kib: f64,
}

impl Measured {
    pub(crate) fn least(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.min(other.cpu),
            wall: self.wall.min(other.wall),
            peak_kib: self.peak_kib.min(other.peak_kib),
        }
    }

    pub(crate) fn mebibytes(self) -> f64 {
        self.peak_kib / 1024.0
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.cpu, self.wall, self.peak_kib)
    }
}

impl FromStr for Measured {
    type Err = std::num::ParseFloatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut numbers = text.split(' ').map(str::parse);
        let mut next = || numbers.next().unwrap_or_else(|| "".parse());
        Ok(Self {
            cpu: next()?,
            wall: next()?,
            peak_kib: next()?,
        })
    }
}

/// Measures from its making.
pub(crate) struct Stopwatch {
    cpu: f64,
    wall: f64,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self {
            cpu: seconds(ClockId::ProcessCPUTime),
            wall: seconds(ClockId::Monotonic),
        }
    }

    /// Tells the process that started this one.
    pub(crate) fn report(self) {
        let measured = Measured {
            cpu: seconds(ClockId::ProcessCPUTime) - self.cpu,
            wall: seconds(ClockId::Monotonic) - self.wall,
            peak_kib: peak_kib(),
        };
        println!("{measured}");
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds since the start of the machine"
)]
fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Most memory that was resident at any time, from Linux's own account.
fn peak_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
