//! What bulk read and bulk write jobs have in common (reference: Zoho v8 section 7, read 2026-11).

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer};

/// What a job is doing. Zoho's documents and answers differ in spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobState {
    /// Accepted.
    Added,
    /// Waiting.
    Queued,
    /// At work.
    InProgress,
    /// Done: there is a result.
    Completed,
    /// Given up: there is none.
    Failed,
    /// Not done at all.
    Skipped,
    /// A word that this version does not know; taken for being at work.
    Other(String),
}

impl JobState {
    pub(super) fn parse(text: &str) -> Self {
        let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
        match letters.to_ascii_uppercase().as_str() {
            "ADDED" | "SCHEDULED" => Self::Added,
            "QUEUED" => Self::Queued,
            "INPROGRESS" | "RUNNING" => Self::InProgress,
            "COMPLETED" => Self::Completed,
            "FAILURE" | "FAILED" => Self::Failed,
            "SKIPPED" => Self::Skipped,
            _ => Self::Other(text.to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for JobState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "accepted",
            Self::Queued => "waiting",
            Self::InProgress => "at work",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Other(text) => text,
        })
    }
}

/// How often to ask for a job, and how long. Each question costs 1 credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Polling {
    /// Before the first question. Default 2 s.
    pub first: Duration,
    /// Pauses grow by half up to this. Default 30 s.
    pub longest: Duration,
    /// How long in all, before [`Error::JobUnfinished`](crate::Error::JobUnfinished). Default 1 hour.
    pub patience: Duration,
}

impl Default for Polling {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(30),
            patience: Duration::from_secs(60 * 60),
        }
    }
}

impl Polling {
    /// Replaces [`first`](Self::first).
    #[must_use]
    pub fn first(mut self, pause: Duration) -> Self {
        self.first = pause;
        self
    }

    /// Replaces [`longest`](Self::longest).
    #[must_use]
    pub fn longest(mut self, pause: Duration) -> Self {
        self.longest = pause;
        self
    }

    /// Replaces [`patience`](Self::patience).
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The pauses, until patience is at its end.
    pub(super) fn pauses(self) -> impl Iterator<Item = Duration> + Send {
        let mut next = self.first.min(self.longest);
        let mut waited = Duration::ZERO;
        std::iter::from_fn(move || {
            // A pause of nothing would never end.
            let pause = next.max(Duration::from_millis(1));
            waited = waited.checked_add(pause)?;
            next = (pause + pause / 2).min(self.longest);
            (waited <= self.patience).then_some(pause)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_in_every_spelling() {
        for (text, state) in [
            ("ADDED", JobState::Added),
            ("IN PROGRESS", JobState::InProgress),
            ("INPROGRESS", JobState::InProgress),
            ("IN_PROGRESS", JobState::InProgress),
            ("FAILURE", JobState::Failed),
            ("FAILED", JobState::Failed),
            ("completed", JobState::Completed),
        ] {
            assert_eq!(JobState::parse(text), state);
        }
        assert_eq!(JobState::parse("NEW"), JobState::Other("NEW".to_owned()));
    }

    #[test]
    fn pauses_grow_and_end() {
        let polling = Polling::default()
            .first(Duration::from_secs(2))
            .longest(Duration::from_secs(5))
            .patience(Duration::from_secs(20));
        let pauses: Vec<u128> = polling.pauses().map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [2_000, 3_000, 4_500, 5_000, 5_000]);
    }
}
