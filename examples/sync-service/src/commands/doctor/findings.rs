//! What was found.

use serde_json::{Value, json};

use crate::failure::Failure;

/// Everything that was looked at, in order.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

/// One thing that was looked at.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) area: &'static str,
    pub(super) what: String,
    pub(super) outcome: Outcome,
    /// How and where to put it right.
    pub(super) fix: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Good,
    /// It works, but could be better, or cannot be checked from here.
    Advice,
    /// It must be put right.
    Wrong,
}

impl Findings {
    pub(super) fn good(&mut self, area: &'static str, what: impl Into<String>) {
        self.push(area, what.into(), Outcome::Good, None);
    }

    pub(super) fn advice(
        &mut self,
        area: &'static str,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.push(area, what.into(), Outcome::Advice, Some(fix.into()));
    }

    pub(super) fn wrong(
        &mut self,
        area: &'static str,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.push(area, what.into(), Outcome::Wrong, Some(fix.into()));
    }

    pub(super) fn wrong_because(
        &mut self,
        area: &'static str,
        what: impl Into<String>,
        error: &Failure,
    ) {
        self.wrong(area, what, error.to_string());
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// The same problem of two flows is told once.
    fn push(&mut self, area: &'static str, what: String, outcome: Outcome, fix: Option<String>) {
        let is_known = self
            .0
            .iter()
            .any(|known| (known.area, &known.what, &known.fix) == (area, &what, &fix));
        if !is_known {
            self.0.push(Finding {
                area,
                what,
                outcome,
                fix,
            });
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    /// How much must be put right.
    pub(super) fn count_wrong(&self) -> usize {
        let wrong = self.0.iter();
        wrong
            .filter(|finding| finding.outcome == Outcome::Wrong)
            .count()
    }

    pub(super) fn as_json(&self) -> Vec<Value> {
        let finding = |finding: &Finding| {
            let outcome = match finding.outcome {
                Outcome::Good => "good",
                Outcome::Advice => "advice",
                Outcome::Wrong => "wrong",
            };
            json!({"area": finding.area, "what": finding.what, "outcome": outcome, "fix": finding.fix})
        };
        self.0.iter().map(finding).collect()
    }
}
