//! Sends notifications over real HTTP, in the background.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::json::Json;
use crate::world::{Shared, World};

/// How long a receiver may take.
const RECEIVER_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the simulator's clock is looked at while something waits for it.
const CLOCK_POLL: Duration = Duration::from_millis(20);
/// How long (real time) notifications wait for company before they are reordered.
const REORDER_PATIENCE: Duration = Duration::from_millis(250);

/// A notification on its way.
#[derive(Debug)]
pub(crate) struct Callback {
    pub(crate) url: String,
    pub(crate) body: Json,
    pub(crate) due: Timestamp,
    pub(crate) queued: Instant,
}

/// Notifications that have not been sent yet.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) queue: VecDeque<Callback>,
    in_flight: usize,
    flushing: bool,
    /// How many of the queue a filled reorder window has released.
    released: usize,
}

impl Outbox {
    /// Nothing waits and nothing is being sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.in_flight == 0
    }
}

enum Next {
    Send(Callback),
    Wait(Duration),
    Idle,
}

fn next(world: &mut World) -> Next {
    let policy = world.settings.callbacks.clone();
    let (now, outbox) = (world.now, &mut world.outbox);
    if outbox.queue.is_empty() {
        outbox.flushing = false;
        outbox.released = 0;
        return Next::Idle;
    }
    if policy.hold && !outbox.flushing {
        return Next::Idle;
    }
    let reorders = policy.reorder_window > 1;
    if reorders && !outbox.flushing && outbox.released == 0 {
        let waited = outbox
            .queue
            .front()
            .map(|callback| callback.queued.elapsed())
            .unwrap_or_default();
        if outbox.queue.len() < policy.reorder_window && waited < REORDER_PATIENCE {
            return Next::Wait(REORDER_PATIENCE.saturating_sub(waited));
        }
        outbox.released = outbox.queue.len();
    }
    let flushing = outbox.flushing;
    let is_due = |callback: &Callback| flushing || callback.due <= now;
    let due: Vec<usize> = (0..outbox.queue.len())
        .filter(|index| outbox.queue.get(*index).is_some_and(is_due))
        .collect();
    // The oldest is never the one to go first while there is another: that makes the order differ for certain.
    let pick = if reorders && due.len() > 1 {
        1 + world.rng.below(due.len() - 1)
    } else {
        0
    };
    let Some(callback) = due.get(pick).and_then(|index| outbox.queue.remove(*index)) else {
        return Next::Wait(CLOCK_POLL);
    };
    outbox.released = outbox.released.saturating_sub(1);
    outbox.in_flight += 1;
    Next::Send(callback)
}

/// Sends whatever is due until the task is aborted.
pub(crate) async fn run(shared: Arc<Shared>) {
    let client = reqwest::Client::builder()
        .timeout(RECEIVER_TIMEOUT)
        .build()
        .unwrap_or_default();
    loop {
        let woken = shared.wake.notified();
        let step = next(&mut shared.world());
        match step {
            Next::Send(callback) => {
                let delivered = deliver(&client, &callback).await;
                let mut world = shared.world();
                world.outbox.in_flight -= 1;
                let counters = &mut world.journal.counters;
                if delivered {
                    counters.callbacks_delivered += 1;
                } else {
                    counters.callbacks_failed += 1;
                }
                drop(world);
                shared.sent.notify_waiters();
            }
            Next::Wait(pause) => {
                tokio::select! {
                    () = woken => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
            Next::Idle => woken.await,
        }
    }
}

/// One attempt: Zoho documents no retries, so there are none.
async fn deliver(client: &reqwest::Client, callback: &Callback) -> bool {
    let request = client
        .post(&callback.url)
        .header("content-type", "application/json")
        .body(callback.body.to_string());
    request
        .send()
        .await
        .is_ok_and(|response| response.status().is_success())
}

/// Sends everything now, delayed and held notifications included, and waits until the last one was answered.
pub(crate) async fn flush(shared: &Shared) {
    loop {
        let sent = shared.sent.notified();
        tokio::pin!(sent);
        // Registered before the look at the queue, so that a delivery in between is not missed.
        sent.as_mut().enable();
        {
            let mut world = shared.world();
            if world.outbox.is_empty() {
                return;
            }
            world.outbox.flushing = true;
        }
        shared.wake.notify_one();
        sent.await;
    }
}
