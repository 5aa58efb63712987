//! The whole state of the simulated organisation, and the lock around it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::bulk;
use crate::capture::Capture;
use crate::clock::{Clock, plus_seconds, whole_second, zoho_time};
use crate::failure::Failure;
use crate::faults::ActiveFault;
use crate::files::Files;
use crate::journal::Journal;
use crate::limits::Ledger;
use crate::locks::Locks;
use crate::mass;
use crate::oauth::Tokens;
use crate::outbox::Outbox;
use crate::records::PageToken;
use crate::related::Links;
use crate::rng::Rng;
use crate::schema::{Module, Schema};
use crate::settings::Settings;
use crate::store::{Id, Store};
use crate::tags::Tags;
use crate::timeline::Timelines;
use crate::views::View;
use crate::watch::Channel;

/// The state one simulator's tasks share.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    pub(crate) clock: Clock,
    /// Where exchanges are written, if anywhere.
    pub(crate) capture: Option<Capture>,
    /// Something was put into the outbox, or may have become due.
    pub(crate) wake: Notify,
    /// A notification left the outbox.
    pub(crate) sent: Notify,
}

impl Shared {
    pub(crate) fn new(
        settings: Settings,
        schema: Schema,
        clock: Clock,
        seed: u64,
        capture: Option<Capture>,
    ) -> Self {
        let now = clock.now();
        let world = World::new(settings, schema, seed, now);
        Self {
            world: Mutex::new(world),
            clock,
            capture,
            wake: Notify::new(),
            sent: Notify::new(),
        }
    }

    /// The state, with its time brought up to date. Never held across an await.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // A panic in one request must not take the whole simulator down, so a poisoned lock is used as it is.
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.now = self.clock.now();
        world
    }
}

/// Everything the simulated organisation consists of.
#[derive(Debug)]
pub(crate) struct World {
    /// The instant of the present request.
    pub(crate) now: Timestamp,
    pub(crate) base_url: String,
    pub(crate) settings: Settings,
    pub(crate) schema: Schema,
    pub(crate) store: Store,
    pub(crate) tokens: Tokens,
    pub(crate) ledger: Ledger,
    /// API calls in progress, and how many of them are heavy.
    pub(crate) running: u32,
    pub(crate) running_heavy: u32,
    pub(crate) channels: BTreeMap<String, Channel>,
    pub(crate) outbox: Outbox,
    pub(crate) page_tokens: BTreeMap<String, PageToken>,
    pub(crate) faults: Vec<ActiveFault>,
    pub(crate) journal: Journal,
    pub(crate) rng: Rng,
    /// Custom views besides those every module has.
    pub(crate) views: Vec<View>,
    /// Records linked to each other outside of look-ups.
    pub(crate) links: Links,
    pub(crate) bulk: bulk::Jobs,
    pub(crate) mass_jobs: mass::Jobs,
    pub(crate) files: Files,
    pub(crate) tags: Tags,
    pub(crate) locks: Locks,
    pub(crate) timelines: Timelines,
    /// Records that were converted, and into which module.
    pub(crate) converted: BTreeSet<(Id, String)>,
}

impl World {
    fn new(settings: Settings, schema: Schema, seed: u64, now: Timestamp) -> Self {
        Self {
            now,
            base_url: String::new(),
            tokens: Tokens::new(&settings.credentials, now),
            store: Store::new(&schema),
            settings,
            schema,
            ledger: Ledger::default(),
            running: 0,
            running_heavy: 0,
            channels: BTreeMap::new(),
            outbox: Outbox::default(),
            page_tokens: BTreeMap::new(),
            faults: Vec::new(),
            journal: Journal::default(),
            rng: Rng::new(seed),
            views: Vec::new(),
            links: Links::default(),
            bulk: bulk::Jobs::default(),
            mass_jobs: mass::Jobs::default(),
            files: Files::default(),
            tags: Tags::default(),
            locks: Locks::default(),
            timelines: Timelines::default(),
            converted: BTreeSet::new(),
        }
    }

    /// The present time as Zoho stores it: whole seconds.
    pub(crate) fn stamp(&self) -> Timestamp {
        whole_second(self.now)
    }

    /// An instant in the organisation's written form.
    pub(crate) fn time_text(&self, instant: Timestamp) -> String {
        zoho_time(instant, self.settings.org.offset())
    }

    /// When a write made now shows in search.
    pub(crate) fn searchable_at(&self) -> Timestamp {
        plus_seconds(self.now, self.settings.behaviour.search_delay_seconds)
    }

    /// A module the organisation may use, or the error Zoho gives for one that is unknown, hidden or not in the edition.
    pub(crate) fn module(&self, api_name: &str) -> Result<Arc<Module>, Failure> {
        let module = self.schema.available(api_name, &self.settings);
        module.cloned().ok_or_else(|| Failure::invalid_module(0))
    }
}
