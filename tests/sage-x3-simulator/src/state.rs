//! Everything a running simulator holds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::activation::Activation;
use crate::clock::Clock;
use crate::cloud::pairing::Cloud;
use crate::endpoint::Endpoint;
use crate::faults::Faults;
use crate::graphql::types::Schema;
use crate::log::Log;
use crate::model::Model;
use crate::record::View;
use crate::schema;
use crate::settings::{Settings, StampPrecision};
use crate::write::Writer;

/// Shared by the server's tasks and the handle.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Arc<Settings>,
    pub(crate) model: Arc<Model>,
    pub(crate) schema: Arc<Schema>,
    pub(crate) activation: Activation,
    pub(crate) endpoints: BTreeMap<String, Endpoint>,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) cloud: Cloud,
}

impl Shared {
    pub(crate) fn new(settings: Settings, clock: Clock, endpoints: &[String]) -> Self {
        let activation = Activation::default();
        let model = Model::new(&settings);
        let schema = schema::build(&model, &activation, &settings);
        let now = clock.now();
        let endpoints = endpoints
            .iter()
            .map(|name| (name.clone(), Endpoint::with_base_data(now)))
            .collect();
        let state = State {
            settings: Arc::new(settings),
            model: Arc::new(model),
            schema: Arc::new(schema),
            activation,
            endpoints,
            faults: Faults::default(),
            log: Log::default(),
            cloud: Cloud::default(),
        };
        Self {
            clock,
            state: Arc::new(Mutex::new(state)),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // Operations prepare their rows before they store them, so a panic leaves no half-written state behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stamp a write made now gets.
    pub(crate) fn stamp(&self, settings: &Settings) -> Timestamp {
        rounded(self.clock.now(), settings.stamp_precision)
    }
}

impl State {
    /// Changes the settings and rebuilds what depends on them.
    pub(crate) fn reconfigure(&mut self, change: impl FnOnce(&mut Settings)) {
        change(Arc::make_mut(&mut self.settings));
        self.model = Arc::new(Model::new(&self.settings));
        for endpoint in self.endpoints.values_mut() {
            endpoint.listings.clear();
        }
        self.rebuild_schema();
    }

    pub(crate) fn rebuild_schema(&mut self) {
        self.schema = Arc::new(schema::build(&self.model, &self.activation, &self.settings));
    }

    /// An endpoint's data, to be read.
    pub(crate) fn view(&self, endpoint: &str) -> Option<View<'_>> {
        Some(View {
            store: &self.endpoints.get(endpoint)?.store,
            model: &self.model,
            settings: &self.settings,
        })
    }

    /// Writes to an endpoint outside the interface.
    pub(crate) fn writer<T>(
        &mut self,
        endpoint: &str,
        now: Timestamp,
        write: impl FnOnce(&mut Writer<'_>) -> T,
    ) -> Option<T> {
        let endpoint = self.endpoints.get_mut(endpoint)?;
        let mut writer = Writer {
            store: &mut endpoint.store,
            sequences: &mut endpoint.sequences,
            model: &self.model,
            settings: &self.settings,
            now,
            user: &self.settings.human_user,
        };
        Some(write(&mut writer))
    }
}

fn rounded(at: Timestamp, precision: StampPrecision) -> Timestamp {
    let milliseconds = at.as_millisecond();
    let rounded = match precision {
        StampPrecision::Millisecond => milliseconds,
        // Three steps to ten milliseconds: .000, .003, .007.
        StampPrecision::SqlServerDatetime => {
            let tens = milliseconds.div_euclid(10) * 10;
            tens + match milliseconds.rem_euclid(10) {
                0 | 1 => 0,
                2..=4 => 3,
                5..=8 => 7,
                _ => 10,
            }
        }
    };
    Timestamp::from_millisecond(rounded).unwrap_or(at)
}
