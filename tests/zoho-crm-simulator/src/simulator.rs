//! The handle tests hold.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::capture::Capture;
use crate::clock::Clock;
use crate::control::{self, Refusal, StoredRecord};
use crate::faults::{ActiveFault, Fault};
use crate::journal::{Counters, LogEntry};
use crate::json::Json;
use crate::outbox;
use crate::schema::{CustomField, GlobalPicklist, Schema};
use crate::server;
use crate::settings::{Credentials, Edition, Org, Settings};
use crate::world::{Shared, World};

/// Sets up a simulator.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    settings: Settings,
    custom_fields: Vec<CustomField>,
    clock: Clock,
    seed: u64,
    listen: SocketAddr,
    capture: Option<PathBuf>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            custom_fields: Vec::new(),
            clock: Clock::system(),
            seed: 1,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            capture: None,
        }
    }
}

impl Builder {
    /// Takes the time from `clock`; default the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the organisation.
    pub fn org(mut self, org: Org) -> Self {
        self.settings.org = org;
        self
    }

    /// Sets the edition.
    pub const fn edition(mut self, edition: Edition) -> Self {
        self.settings.edition = edition;
        self
    }

    /// Sets the client and the refresh token.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.settings.credentials = credentials;
        self
    }

    /// Changes any setting.
    pub fn configure(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Adds a custom field, or replaces a default one of the same name.
    pub fn custom_field(mut self, field: CustomField) -> Self {
        self.custom_fields.push(field);
        self
    }

    /// Seeds the generator behind tokens and random faults; default 1.
    pub const fn random_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the address to listen on; default a free port of 127.0.0.1.
    pub const fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Writes every exchange as a line of JSON to a new file in that folder, for a tool that judges them. Left out are
    /// admin requests and exchanges that a fault spoiled.
    pub fn capture_into(mut self, folder: impl Into<PathBuf>) -> Self {
        self.capture = Some(folder.into());
        self
    }

    /// Starts listening. Must be called inside a tokio runtime; the server runs on it.
    ///
    /// # Errors
    /// The address cannot be listened on, or the capture file cannot be created.
    pub async fn start(self) -> io::Result<ZohoSimulator> {
        let mut schema = Schema::standard();
        for field in &self.custom_fields {
            schema.add_custom_field(field);
        }
        let listener = TcpListener::bind(self.listen).await?;
        let address = listener.local_addr()?;
        let base_url = format!("http://{address}");
        let capture = match &self.capture {
            Some(folder) => Some(Capture::create(folder, address.port())?),
            None => None,
        };
        let shared = Shared::new(self.settings, schema, self.clock, self.seed, capture);
        let shared = Arc::new(shared);
        shared.world().base_url.clone_from(&base_url);
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(server::run(listener, Arc::clone(&shared), stopped));
        let sender = tokio::spawn(outbox::run(Arc::clone(&shared)));
        Ok(ZohoSimulator {
            shared,
            address,
            base_url,
            stop,
            server: Some(server),
            sender,
        })
    }
}

/// A running simulator. Dropping it closes the listener and every connection.
#[derive(Debug)]
pub struct ZohoSimulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    base_url: String,
    stop: watch::Sender<bool>,
    server: Option<JoinHandle<()>>,
    sender: JoinHandle<()>,
}

impl ZohoSimulator {
    /// Sets up a simulator.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts a simulator with all defaults on a free port.
    ///
    /// # Errors
    /// No port can be listened on.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// The address listened on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base of all URLs, without a slash at the end: accounts server and API domain alike.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The client and refresh token that exist from the start.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        self.shared.world().settings.credentials.clone()
    }

    /// The simulator's clock, shared with it.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.shared.clock.clone()
    }

    /// Changes settings while it runs.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.shared.world().settings);
        self.shared.wake.notify_one();
    }

    /// The present settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.shared.world().settings.clone()
    }

    fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let result = act(&mut self.shared.world());
        self.shared.wake.notify_one();
        result
    }

    /// Writes records as if they had been there for long: no notifications, no counters, at once in search. A row may set
    /// `Created_Time` and `Modified_Time`. Returns the ids in order.
    ///
    /// # Errors
    /// The module is unknown, or a row's values do not fit; rows before it stay.
    pub fn seed<R: Into<Json>>(
        &self,
        module: &str,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<Vec<String>, Refusal> {
        let rows: Vec<Json> = rows.into_iter().map(Into::into).collect();
        self.with(|world| control::seed(world, module, &rows))
    }

    /// Creates a record as a user does in the screens: `Created_By` is the human user, notifications are sent.
    ///
    /// # Errors
    /// The module is unknown, or the values do not fit.
    pub fn create_as_user(&self, module: &str, fields: impl Into<Json>) -> Result<String, Refusal> {
        let fields = fields.into();
        self.with(|world| control::create_as_user(world, module, &fields))
    }

    /// Changes a record as a user does in the screens: `Modified_Time` moves, notifications are sent.
    ///
    /// # Errors
    /// The module or record is unknown, or the values do not fit.
    pub fn edit_as_user(
        &self,
        module: &str,
        id: &str,
        fields: impl Into<Json>,
    ) -> Result<(), Refusal> {
        let fields = fields.into();
        self.with(|world| control::edit_as_user(world, module, id, &fields))
    }

    /// Moves a record to the recycle bin as a user does.
    ///
    /// # Errors
    /// The module or record is unknown.
    pub fn delete_as_user(&self, module: &str, id: &str) -> Result<(), Refusal> {
        self.with(|world| control::delete_as_user(world, module, id, false))
    }

    /// Deletes a record for good as a user does.
    ///
    /// # Errors
    /// The module or record is unknown.
    pub fn purge_as_user(&self, module: &str, id: &str) -> Result<(), Refusal> {
        self.with(|world| control::delete_as_user(world, module, id, true))
    }

    /// Takes a record out of the recycle bin as a user does; it keeps its id.
    ///
    /// # Errors
    /// The module is unknown, or the record is not in the bin.
    pub fn restore_as_user(&self, module: &str, id: &str) -> Result<(), Refusal> {
        self.with(|world| control::restore_as_user(world, module, id))
    }

    /// All records of a module, oldest first; a line-item module gives all lines. Empty for an unknown module.
    #[must_use]
    pub fn records(&self, module: &str) -> Vec<StoredRecord> {
        control::records(&self.shared.world(), module).unwrap_or_default()
    }

    /// One record.
    #[must_use]
    pub fn record(&self, module: &str, id: &str) -> Option<StoredRecord> {
        self.records(module)
            .into_iter()
            .find(|record| record.id == id)
    }

    /// Adds or replaces a custom field while it runs; false if the module or type is unknown or the name is a standard
    /// field's.
    #[must_use]
    pub fn add_custom_field(&self, field: &CustomField) -> bool {
        self.with(|world| control::add_field(world, field))
    }

    /// Removes a custom field while it runs; false if there is none of that name.
    #[must_use]
    pub fn remove_custom_field(&self, module: &str, api_name: &str) -> bool {
        self.with(|world| control::remove_field(world, module, api_name))
    }

    /// Adds a custom view whose criteria are written as in search, and says its id (`cvid`).
    ///
    /// # Errors
    /// The module is unknown, or the criteria cannot be read.
    pub fn add_custom_view(
        &self,
        module: &str,
        name: &str,
        criteria: &str,
    ) -> Result<String, Refusal> {
        self.with(|world| control::add_view(world, module, name, criteria))
    }

    /// Adds a global picklist, or replaces the one of that name.
    pub fn add_global_picklist(&self, list: GlobalPicklist) {
        self.with(|world| {
            let lists = &mut world.schema.global_picklists;
            lists.retain(|other| other.api_name != list.api_name);
            lists.push(list);
        });
    }

    /// Gives deals another pipeline, whose deals have only these stages, or an old one other stages. Without this there is
    /// one that has all stages.
    pub fn set_pipeline<S: Into<String>>(&self, name: &str, stages: impl IntoIterator<Item = S>) {
        let stages: Vec<String> = stages.into_iter().map(Into::into).collect();
        self.with(|world| world.schema.set_pipeline(name, &stages));
    }

    /// Totals since the start or the last reset.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.world().journal.counters.clone()
    }

    /// Sets all totals to zero.
    pub fn reset_counters(&self) {
        self.shared.world().journal.counters = Counters::default();
    }

    /// The requests seen, oldest first; admin requests are left out.
    #[must_use]
    pub fn log(&self) -> Vec<LogEntry> {
        self.shared.world().journal.log.iter().cloned().collect()
    }

    /// Forgets the requests seen.
    pub fn clear_log(&self) {
        self.shared.world().journal.log.clear();
    }

    /// Adds a fault.
    pub fn inject(&self, fault: Fault) {
        self.shared.world().faults.push(ActiveFault::new(fault));
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.world().faults.clear();
    }

    /// Ends every live access token: the next calls are answered `INVALID_TOKEN`.
    pub fn expire_access_tokens(&self) {
        self.shared.world().tokens.expire_all();
    }

    /// Revokes a refresh token and its access tokens; false if there is none.
    #[must_use]
    pub fn revoke_refresh_token(&self, refresh_token: &str) -> bool {
        self.shared.world().tokens.revoke(refresh_token)
    }

    /// Forgets past mints, so that the limit of ten in ten minutes starts anew.
    pub fn forget_mints(&self) {
        self.shared.world().tokens.forget_mints();
    }

    /// Hands out an authorization code as the self-client page does; empty `scopes` grant the default ones.
    #[must_use]
    pub fn grant_code(&self, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        crate::oauth::grant_code(&mut self.shared.world(), scopes)
    }

    /// Ids of the live notification channels.
    #[must_use]
    pub fn channel_ids(&self) -> Vec<String> {
        let world = self.shared.world();
        let live = world
            .channels
            .values()
            .filter(|channel| channel.expiry > world.now);
        live.map(|channel| channel.id.clone()).collect()
    }

    /// Ends every notification channel, as Zoho's side may lose them.
    pub fn lose_channels(&self) {
        self.shared.world().channels.clear();
    }

    /// Sends every waiting notification now, held and delayed ones included, and waits until the last was answered.
    pub async fn flush_callbacks(&self) {
        outbox::flush(&self.shared).await;
    }

    /// Stops accepting connections and lets running requests finish, for at most two seconds.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        if let Some(server) = self.server.take() {
            let _ = server.await;
        }
    }
}

impl Drop for ZohoSimulator {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(server) = &self.server {
            server.abort();
        }
        self.sender.abort();
    }
}
