//! Making a failing run as small as it can be and still fail.

use super::{SimulationOptions, SimulationOutcome, simulate};

/// Leaves out steps and classes of faults as long as a promise is still broken. `None`: no promise is broken as it is.
#[must_use]
pub fn shrink(options: &SimulationOptions) -> Option<(SimulationOptions, SimulationOutcome)> {
    let mut smallest = options.clone();
    let mut outcome = failing(&smallest)?;
    for class in &options.faults {
        let mut fewer = smallest.clone();
        fewer.faults.remove(class);
        if let Some(still) = failing(&fewer) {
            (smallest, outcome) = (fewer, still);
        }
    }
    let mut cut = smallest.steps / 2;
    while cut > 0 {
        let shorter = SimulationOptions {
            steps: smallest.steps.saturating_sub(cut),
            ..smallest.clone()
        };
        match failing(&shorter) {
            Some(still) => (smallest, outcome) = (shorter, still),
            None => cut /= 2,
        }
    }
    Some((smallest, outcome))
}

fn failing(options: &SimulationOptions) -> Option<SimulationOutcome> {
    let outcome = simulate(options);
    (!outcome.violations.is_empty()).then_some(outcome)
}
