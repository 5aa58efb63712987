//! From the configuration to both systems, the flows that are on, and an engine.

mod known;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use sql_store::SqlStore;
use sync_core::{
    Engine, EngineBuilder, FlowName, Mode, Observer, Side, SystemClock, zoho::NotificationChannel,
};
use zoho_crm_client::{Channel, ChannelEvent, ChannelId};

pub(crate) use self::known::Known;
use crate::{
    config::{Config, WebhookConfig},
    failure::{Failure, with_causes},
    flows::{self, Flows, On},
    systems::Systems,
    vault::Vault,
    words::system,
};

/// Everything that a command works with.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) config: Arc<Config>,
    pub(crate) systems: Systems,
    pub(crate) flows: Flows,
    pub(crate) store: SqlStore,
    /// What was said of flows when both systems were last asked.
    pub(crate) known: Known,
}

/// A channel by which Zoho announces changes of one flow's records.
#[derive(Clone, Debug)]
pub(crate) struct FlowChannel {
    pub(crate) flow: FlowName,
    pub(crate) channel: Channel,
}

impl Setup {
    /// Asks both systems what they offer, builds the flows, and checks that they can run. Nothing is written to either.
    pub(crate) async fn open(config: Config) -> Result<Self, Failure> {
        let store = open_store(&config).await?;
        Box::pin(Self::open_on(config, store)).await
    }

    /// The same on a store that is open.
    pub(crate) async fn open_on(config: Config, store: SqlStore) -> Result<Self, Failure> {
        let vault = Vault::open(&config, &store)?;
        let systems = Box::pin(Systems::ask(&config, &vault)).await?;
        let mut flows = flows::build(&config, &systems)?;
        Box::pin(check(&mut flows)).await?;
        let known = Known::of(&flows);
        known.remember(&store, &config).await?;
        Ok(Self {
            known,
            config: Arc::new(config),
            systems,
            flows,
            store,
        })
    }

    /// The same without asking: for what can be told from the store alone. No secret of the systems is needed, and which
    /// flows they allow is known from the last time.
    pub(crate) async fn unasked(config: Config) -> Result<Self, Failure> {
        let store = open_store(&config).await?;
        let systems = Systems::unasked(&config)?;
        let flows = flows::build(&config, &systems)?;
        Ok(Self {
            known: Known::recall(&store, &config, &flows).await?,
            config: Arc::new(config),
            systems,
            flows,
            store,
        })
    }

    /// An engine on the configured store, with every flow that is on.
    pub(crate) fn engine(&self, worker: &str) -> Result<Engine, Failure> {
        self.engine_with(worker, &[])
    }

    /// The same, which also looks after `channels`.
    pub(crate) fn engine_with(
        &self,
        worker: &str,
        channels: &[FlowChannel],
    ) -> Result<Engine, Failure> {
        Ok(self.engine_builder(worker, channels).build()?)
    }

    /// The same, which also tells `observer` what it does.
    pub(crate) fn engine_observed(
        &self,
        worker: &str,
        channels: &[FlowChannel],
        observer: Arc<dyn Observer>,
    ) -> Result<Engine, Failure> {
        let builder = self.engine_builder(worker, channels);
        Ok(builder.observer(observer).build()?)
    }

    fn engine_builder(&self, worker: &str, channels: &[FlowChannel]) -> EngineBuilder {
        let connection = self.config.connection.as_str();
        let store = Arc::new(self.store.clone());
        let mut builder = Engine::builder(connection, store, Arc::new(SystemClock))
            .worker(worker_name(worker))
            .scratch(Arc::new(sql_store::TemporaryFiles))
            .settings(self.config.settings());
        for on in &self.flows.on {
            builder = builder.flow(on.flow.clone());
        }
        for own in channels {
            let source = NotificationChannel::new(self.systems.zoho.clone(), own.channel.clone());
            builder = builder.channel(own.flow.clone(), Side::Right, Arc::new(source));
        }
        builder
    }

    /// A channel for each flow that takes changes from Zoho.
    pub(crate) fn channels(&self, webhook: &WebhookConfig) -> Result<Vec<FlowChannel>, Failure> {
        self.channels_with(webhook, &webhook.token.read("the notification token")?)
    }

    /// The same for looking at them only: they cannot be opened.
    pub(crate) fn channels_to_look_at(&self) -> Result<Vec<FlowChannel>, Failure> {
        match &self.config.webhook {
            Some(webhook) => self.channels_with(webhook, &SecretString::from("not read")),
            None => Ok(Vec::new()),
        }
    }

    fn channels_with(
        &self,
        webhook: &WebhookConfig,
        token: &SecretString,
    ) -> Result<Vec<FlowChannel>, Failure> {
        let watched = self.flows.on.iter().filter_map(|on| {
            // What only shows X3's records takes no changes from Zoho.
            if on.flow.policy.mode == (Mode::Mirror { owner: Side::Left }) {
                return None;
            }
            let module = flows::ALL.get(on.place)?.watched?;
            Some((on, module))
        });
        watched
            .map(|(on, module)| channel(webhook, on, module, token))
            .collect()
    }

    /// The flow of this name, or all that are on, parents first.
    pub(crate) fn wanted(&self, only: Option<&str>) -> Result<Vec<&FlowName>, Failure> {
        match only {
            Some(name) => Ok(vec![&self.flows.find(name)?.flow.name]),
            None => Ok(self.names().collect()),
        }
    }

    /// Names of the flows that are on, parents first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &FlowName> {
        self.flows.on.iter().map(|on| &on.flow.name)
    }
}

/// Tells workers apart. In containers all of them have the same process number.
fn worker_name(worker: &str) -> String {
    let mut random = [0; 4];
    // Without random numbers the name says less; what a worker holds is decided by its leases.
    let _ = getrandom::fill(&mut random);
    let random = u32::from_be_bytes(random);
    format!("{worker}-{}-{random:08x}", std::process::id())
}

/// The channel of one flow. Channels are numbered from the configured number on, by the places of their flows.
fn channel(
    webhook: &WebhookConfig,
    on: &On,
    module: &str,
    token: &SecretString,
) -> Result<FlowChannel, Failure> {
    let number = webhook.channel_id.parse::<u64>().ok();
    let number = number.and_then(|first| first.checked_add(on.place as u64));
    let Some(number) = number else {
        return Err(Failure::input(
            "[webhook] channel_id is larger than Zoho takes",
        ));
    };
    let events = [ChannelEvent::all(module)];
    let url = webhook.public_url.as_str();
    Ok(FlowChannel {
        flow: on.flow.name.clone(),
        channel: Channel::new(ChannelId::from(number), events, url, token.clone()),
    })
}

/// Asks both ends of every flow whether the systems are set up for it. A flow for which they are not is off, and does not
/// keep the others from running; when none is left, all problems are told at once.
async fn check(flows: &mut Flows) -> Result<(), Failure> {
    let mut problems: Vec<String> = Vec::new();
    let mut off: Vec<(FlowName, String)> = Vec::new();
    for on in &flows.on {
        let mut own = Vec::new();
        for side in Side::BOTH {
            let found = on.flow.endpoints.get(side).check().await;
            let found = found.map_err(|error| {
                Failure::input(with_causes(format!("{}: {error}", system(side)), &error))
            })?;
            let told = found.into_iter();
            own.extend(told.map(|problem| format!("{}: {}", system(side), problem.message)));
        }
        if !own.is_empty() {
            off.push((on.flow.name.clone(), own.join("; ")));
        }
        // Flows that share a record have the same problem with it.
        for problem in own {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    if !off.is_empty() && off.len() == flows.on.len() {
        return Err(Failure::all(&problems));
    }
    flows.turn_off(off);
    Ok(())
}

/// Opens the store, and makes it if it is not there.
pub(crate) async fn open_store(config: &Config) -> Result<SqlStore, Failure> {
    let opened = match (&config.database, &config.database_url) {
        (Some(file), _) => {
            let opened = SqlStore::open_sqlite(file).await;
            opened.map_err(|error| {
                (
                    format!("cannot open the database {}", file.display()),
                    error,
                )
            })
        }
        (None, Some(url)) => {
            let url = url.read("the address of the database")?;
            let opened = SqlStore::open_postgres(url.expose_secret()).await;
            opened.map_err(|error| ("cannot open the database at database_url".to_owned(), error))
        }
        (None, None) => return Err(Failure::input("no database is configured".to_owned())),
    };
    opened.map_err(|(message, error)| Failure::input_because(message, &error))
}
