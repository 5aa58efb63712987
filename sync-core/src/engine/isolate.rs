//! One record that a system chokes on must not hold up the others of its batch.

use super::{
    Engine,
    batch::{Interrupted, SideDown, Work},
    breaker::Lane,
    outcome::Outcome,
};
use crate::{endpoint::EndpointErrorKind, error::Error, flow::Flow};

/// So many records that cannot be read one by one, and none that can: it is the system, not the records.
const LONE_FAILURES: usize = 3;

impl Engine {
    /// Looks at all pairs. Where the answer cannot be understood they are looked at in smaller and smaller parts, so that
    /// one bad record does not hold up the others for ever.
    pub(super) async fn look_at_all(
        &self,
        flow: &Flow,
        works: Vec<Work>,
    ) -> Result<Vec<Work>, Error> {
        let mut seen: Vec<Work> = Vec::with_capacity(works.len());
        let mut alone: Vec<Work> = Vec::new();
        let mut down = None;
        let mut parts = vec![works];
        while let Some(mut part) = parts.pop() {
            match self.look(flow, &mut part).await {
                Ok(()) => seen.append(&mut part),
                Err(Interrupted::Store(error)) => return Err(error.into()),
                Err(Interrupted::Down(failure)) => {
                    part.iter_mut().for_each(Work::forget);
                    let hopeless = seen.is_empty() && alone.len() >= LONE_FAILURES;
                    if failure.error.kind != EndpointErrorKind::Protocol || hopeless {
                        parts.push(part);
                        down = Some(failure);
                        break;
                    }
                    if part.len() > 1 {
                        let rest = part.split_off(part.len() / 2);
                        parts.extend([rest, part]);
                        continue;
                    }
                    for mut work in part {
                        work.outcome = Some(Outcome::Failed(failure.error.message.clone()));
                        alone.push(work);
                    }
                    if seen.is_empty() && parts.iter().all(Vec::is_empty) {
                        down = Some(failure);
                    }
                }
            }
        }
        if let Some(SideDown { side, error }) = down {
            let now = self.clock.now();
            let until = self.breakers.trip(&flow.name, side, Lane::Read, error, now);
            for mut work in parts.into_iter().flatten() {
                work.outcome = Some(Outcome::Postponed(until));
                seen.push(work);
            }
        }
        seen.append(&mut alone);
        Ok(seen)
    }
}
