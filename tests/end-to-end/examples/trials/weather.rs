//! What goes wrong between the service and the two systems.

use std::{collections::BTreeMap, time::Duration};

use sage_x3_simulator::{Effect, Fault as X3Fault};
use zoho_crm_simulator::{CallbackPolicy, Fault as ZohoFault, FaultKind};

use crate::world::World;

/// One fault is let loose about this often.
const BETWEEN: Duration = Duration::from_millis(400);
/// Zoho hands out ten tokens in ten minutes, so tokens are not spoilt more often than this.
const BETWEEN_TOKENS: Duration = Duration::from_secs(75);
/// Longer than this no answer is held back: callers wait.
const LONGEST_DELAY: u64 = 1_500;

pub(crate) struct Weather {
    random: fastrand::Rng,
    next: Duration,
    next_token: Duration,
    pub(crate) faults: BTreeMap<&'static str, u64>,
}

impl Weather {
    pub(crate) fn new(random: fastrand::Rng) -> Self {
        Self {
            random,
            next: Duration::ZERO,
            next_token: Duration::from_secs(10),
            faults: BTreeMap::new(),
        }
    }

    /// Lets something go wrong, if it is time.
    pub(crate) fn blow(&mut self, world: &World, now: Duration) {
        if self.faults.is_empty() {
            world.zoho.configure(|settings| {
                settings.callbacks = CallbackPolicy {
                    drop: 0.1,
                    duplicate: 0.1,
                    reorder_window: 3,
                    ..CallbackPolicy::default()
                };
            });
        }
        if now >= self.next {
            self.next = now + self.random.u32(1..=200) * BETWEEN / 100;
            let name = if self.random.bool() {
                self.trouble_x3(world)
            } else {
                self.trouble_zoho(world)
            };
            *self.faults.entry(name).or_default() += 1;
        }
        if now >= self.next_token {
            self.next_token = now + BETWEEN_TOKENS;
            let name = if self.random.bool() {
                world.zoho.expire_access_tokens();
                "zoho: tokens expired"
            } else {
                world.zoho.inject(ZohoFault::new(FaultKind::InvalidToken));
                "zoho: token refused"
            };
            *self.faults.entry(name).or_default() += 1;
        }
    }

    fn trouble_x3(&mut self, world: &World) -> &'static str {
        let mutation = self.random.bool();
        let (name, fault) = match self.random.u8(0..8) {
            0 => {
                let delay = Duration::from_millis(self.random.u64(100..LONGEST_DELAY));
                ("x3: slow", X3Fault::delay(delay))
            }
            1 => ("x3: 500", X3Fault::status(500)),
            2 => ("x3: 503", X3Fault::status(503)),
            3 => (
                "x3: 429",
                X3Fault::new(Effect::TooManyRequests {
                    retry_after: Some(1),
                }),
            ),
            4 => ("x3: log-in page", X3Fault::new(Effect::HtmlPage)),
            5 => ("x3: dropped", X3Fault::new(Effect::DropBefore)),
            6 => ("x3: answer lost", X3Fault::new(Effect::DropAfter)),
            _ => ("x3: answer cut short", X3Fault::new(Effect::TruncatedBody)),
        };
        world.x3.inject(if mutation {
            fault.on_mutations()
        } else {
            fault
        });
        name
    }

    fn trouble_zoho(&mut self, world: &World) -> &'static str {
        let (name, fault) = match self.random.u8(0..9) {
            0 => {
                let delay = self.random.u64(100..LONGEST_DELAY);
                ("zoho: slow", ZohoFault::late_answer(delay))
            }
            1 => ("zoho: 500", ZohoFault::status(500)),
            2 => ("zoho: page of a gateway", ZohoFault::html(502)),
            3 => (
                "zoho: page of a gateway, yet done",
                ZohoFault::html_after_effect(504),
            ),
            4 => ("zoho: 429", ZohoFault::new(FaultKind::TooManyRequests)),
            5 => ("zoho: dropped", ZohoFault::new(FaultKind::DropBeforeEffect)),
            6 => (
                "zoho: answer lost",
                ZohoFault::new(FaultKind::DropAfterEffect),
            ),
            7 => (
                "zoho: answer cut short",
                ZohoFault::new(FaultKind::TruncatedBody),
            ),
            _ => {
                world.zoho.lose_channels();
                return "zoho: channel lost";
            }
        };
        // Tokens have trouble of their own.
        let path = "/crm/*";
        let method = if self.random.bool() { "POST" } else { "GET" };
        world.zoho.inject(fault.on(method, path));
        name
    }

    pub(crate) fn clear(&self, world: &World) {
        world.x3.clear_faults();
        world.zoho.clear_faults();
        world
            .zoho
            .configure(|settings| settings.callbacks = CallbackPolicy::default());
    }
}
