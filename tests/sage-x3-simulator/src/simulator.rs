//! The handle of a running simulator.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use rust_decimal::Decimal;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::activation::{Operation, OperationState};
use crate::base_data::{CustomerCategory, SalesOrderType};
use crate::clock::Clock;
use crate::cloud::pairing::PairingCallback;
use crate::faults::Fault;
use crate::graphql::sdl;
use crate::log::{Counters, RequestRecord};
use crate::schema::HEADING;
use crate::seed::{CustomerSeed, Edit, RecordSeed};
use crate::server;
use crate::settings::{CustomField, Generation, Settings};
use crate::snapshot::{CustomerSnapshot, RecordSnapshot};
use crate::state::Shared;
use crate::write::Refused;

/// Name of the endpoint a simulator has when none is named.
pub const DEFAULT_ENDPOINT: &str = "SEED";

/// Why the simulator did not do what its handle was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulatorError {
    /// There is no endpoint of that name; name it when building.
    #[error("the simulator has no endpoint {0}")]
    UnknownEndpoint(String),
    /// X3's rules forbid it; the messages say why.
    #[error("refused: {}", .0.join("; "))]
    Refused(Vec<String>),
    /// The address could not be listened on.
    #[error("the simulator could not listen")]
    Listen(#[from] io::Error),
}

impl SimulatorError {
    pub(crate) fn refused(diagnoses: Refused) -> Self {
        Self::Refused(
            diagnoses
                .into_iter()
                .map(|diagnose| diagnose.message)
                .collect(),
        )
    }
}

/// Builds a simulator.
#[derive(Debug, Default)]
#[must_use]
pub struct X3SimulatorBuilder {
    settings: Settings,
    clock: Clock,
    endpoints: Vec<String>,
    address: Option<SocketAddr>,
}

impl X3SimulatorBuilder {
    /// The clock; the computer's by default.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The schema generation; three by default.
    pub fn generation(mut self, generation: Generation) -> Self {
        self.settings.generation = generation;
        self
    }

    /// Adds an endpoint with data of its own; without any there is `SEED`.
    pub fn endpoint(mut self, name: &str) -> Self {
        self.endpoints.push(name.to_owned());
        self
    }

    /// Adds a text field of the site's own to the customer.
    pub fn custom_field(mut self, name: &str) -> Self {
        self.settings
            .custom_fields
            .push(CustomField::on_customer(name));
        self
    }

    /// Changes any other switch.
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Where to listen; a free port of 127.0.0.1 by default.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// Listens and serves on a task of the current runtime.
    ///
    /// # Errors
    /// [`SimulatorError::Listen`] when the address is taken or not ours.
    pub async fn start(mut self) -> Result<X3Simulator, SimulatorError> {
        if self.endpoints.is_empty() {
            self.endpoints.push(DEFAULT_ENDPOINT.to_owned());
        }
        let address = self
            .address
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Shared::new(self.settings, self.clock, &self.endpoints);
        let task = tokio::spawn(server::run(listener, shared.clone()));
        Ok(X3Simulator {
            shared,
            address,
            task,
        })
    }
}

/// A running Sage X3 server; it stops when dropped.
#[derive(Debug)]
pub struct X3Simulator {
    shared: Shared,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl X3Simulator {
    /// Starts building one.
    pub fn builder() -> X3SimulatorBuilder {
        X3SimulatorBuilder::default()
    }

    /// One with default settings.
    ///
    /// # Errors
    /// As [`X3SimulatorBuilder::start`].
    pub async fn start() -> Result<Self, SimulatorError> {
        Self::builder().start().await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:port`, without a path.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of the GraphQL interface.
    pub fn api_url(&self) -> String {
        format!("{}/xtrem/api", self.base_url())
    }

    /// The server's clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The settings as they are.
    pub fn settings(&self) -> Settings {
        Settings::clone(&self.shared.lock().settings)
    }

    /// Changes settings while it runs.
    pub fn reconfigure(&self, change: impl FnOnce(&mut Settings)) {
        self.shared.lock().reconfigure(change);
    }

    /// The schema served now, in the schema definition language.
    pub fn schema_sdl(&self) -> String {
        sdl::print(&self.shared.lock().schema, HEADING)
    }

    /// Adds or replaces a customer category.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownEndpoint`].
    pub fn add_category(
        &self,
        endpoint: &str,
        category: &CustomerCategory,
    ) -> Result<(), SimulatorError> {
        let now = self.shared.clock.now();
        match self.shared.lock().endpoints.get_mut(endpoint) {
            Some(endpoint) => {
                endpoint.add_category(category, now);
                Ok(())
            }
            None => Err(SimulatorError::UnknownEndpoint(endpoint.to_owned())),
        }
    }

    /// Adds customers as a person would; returns their codes.
    ///
    /// # Errors
    /// [`SimulatorError::Refused`] at the first one X3's rules forbid; those before it are there.
    pub fn seed_customers(
        &self,
        endpoint: &str,
        customers: impl IntoIterator<Item = CustomerSeed>,
    ) -> Result<Vec<String>, SimulatorError> {
        customers
            .into_iter()
            .map(|customer| self.create_as_user(endpoint, customer))
            .collect()
    }

    /// A person creates a customer; returns its code.
    ///
    /// # Errors
    /// [`SimulatorError::Refused`] when X3's rules forbid it.
    pub fn create_as_user(
        &self,
        endpoint: &str,
        customer: CustomerSeed,
    ) -> Result<String, SimulatorError> {
        self.shared.create_as_user(endpoint, &customer.into_json())
    }

    /// Adds a business partner that is a supplier only, whose code a customer may later share.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownEndpoint`].
    pub fn seed_supplier(
        &self,
        endpoint: &str,
        code: &str,
        name: &str,
    ) -> Result<(), SimulatorError> {
        self.shared.seed_supplier(endpoint, code, name)
    }

    /// Adds or replaces a sales order type.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownEndpoint`].
    pub fn add_order_type(
        &self,
        endpoint: &str,
        kind: &SalesOrderType,
    ) -> Result<(), SimulatorError> {
        let now = self.shared.clock.now();
        match self.shared.lock().endpoints.get_mut(endpoint) {
            Some(endpoint) => {
                endpoint.add_order_type(kind, now);
                Ok(())
            }
            None => Err(SimulatorError::UnknownEndpoint(endpoint.to_owned())),
        }
    }

    /// A person creates a record of any node by the rules of its object; returns its `_id`.
    ///
    /// # Errors
    /// [`SimulatorError::Refused`] when X3's rules forbid it.
    pub fn create_record(
        &self,
        endpoint: &str,
        record: RecordSeed,
    ) -> Result<String, SimulatorError> {
        let node = record.node.clone();
        self.shared
            .create_record(endpoint, &node, &record.into_json())
    }

    /// Creates records one after the other; returns their `_id`s.
    ///
    /// # Errors
    /// [`SimulatorError::Refused`] at the first one X3's rules forbid; those before it are there.
    pub fn seed(
        &self,
        endpoint: &str,
        records: impl IntoIterator<Item = RecordSeed>,
    ) -> Result<Vec<String>, SimulatorError> {
        records
            .into_iter()
            .map(|record| self.create_record(endpoint, record))
            .collect()
    }

    /// The price that a customer's price list has for a product.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownEndpoint`].
    pub fn set_list_price(
        &self,
        endpoint: &str,
        customer: &str,
        product: &str,
        price: Decimal,
    ) -> Result<(), SimulatorError> {
        self.shared
            .set_list_price(endpoint, customer, product, price)
    }

    /// A person deletes a record of any node with the rows of its collections; false when there was none.
    ///
    /// # Errors
    /// [`SimulatorError::Refused`] when X3's rules forbid it.
    pub fn delete_record(
        &self,
        endpoint: &str,
        node: &str,
        id: &str,
    ) -> Result<bool, SimulatorError> {
        self.shared.delete_record(endpoint, node, id)
    }

    /// All records of a node by key, with the rows of their collections.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownEndpoint`].
    pub fn records(
        &self,
        endpoint: &str,
        node: &str,
    ) -> Result<Vec<RecordSnapshot>, SimulatorError> {
        self.shared.records(endpoint, node)
    }

    /// One record of a node.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownEndpoint`].
    pub fn record(
        &self,
        endpoint: &str,
        node: &str,
        id: &str,
    ) -> Result<Option<RecordSnapshot>, SimulatorError> {
        self.shared.record(endpoint, node, id)
    }

    /// A person delivers an order, all that is left or quantities by line number; returns the delivery's number.
    ///
    /// # Errors
    /// [`SimulatorError::Refused`] when there is no such order or not that much left.
    pub fn deliver(
        &self,
        endpoint: &str,
        order: &str,
        quantities: Option<&[(i64, Decimal)]>,
    ) -> Result<String, SimulatorError> {
        self.shared.deliver(endpoint, order, quantities)
    }

    /// A person invoices a delivery; returns the invoice's number.
    ///
    /// # Errors
    /// [`SimulatorError::Refused`] when there is no such delivery or it is invoiced.
    pub fn invoice(&self, endpoint: &str, delivery: &str) -> Result<String, SimulatorError> {
        self.shared.invoice(endpoint, delivery)
    }

    /// A person posts an invoice.
    ///
    /// # Errors
    /// [`SimulatorError::Refused`] when there is no such invoice or it is posted.
    pub fn post_invoice(&self, endpoint: &str, invoice: &str) -> Result<(), SimulatorError> {
        self.shared.post_invoice(endpoint, invoice)
    }

    /// A person records a payment of a posted invoice; without an amount all that is open.
    ///
    /// # Errors
    /// [`SimulatorError::Refused`] when the invoice is not posted or less is open.
    pub fn pay_invoice(
        &self,
        endpoint: &str,
        invoice: &str,
        amount: Option<Decimal>,
    ) -> Result<(), SimulatorError> {
        self.shared.pay_invoice(endpoint, invoice, amount)
    }

    /// A person closes a line of an order that will not be delivered further.
    ///
    /// # Errors
    /// [`SimulatorError::Refused`] when there is no such line.
    pub fn close_line(&self, endpoint: &str, order: &str, line: i64) -> Result<(), SimulatorError> {
        self.shared.close_line(endpoint, order, line)
    }

    /// A person receives goods of a purchase order, all that is left or quantities by line number.
    ///
    /// # Errors
    /// [`SimulatorError::Refused`] when there is no such order or not that much left.
    pub fn receive(
        &self,
        endpoint: &str,
        order: &str,
        quantities: Option<&[(i64, Decimal)]>,
    ) -> Result<(), SimulatorError> {
        self.shared.receive(endpoint, order, quantities)
    }

    /// The URL of the cloud's gateway.
    pub fn gateway_url(&self) -> String {
        format!("{}/v1", self.base_url())
    }

    /// The `state`s of pairing requests that wait for acceptance.
    pub fn waiting_pairings(&self) -> Vec<String> {
        self.shared.lock().cloud.waiting()
    }

    /// A user of the customer accepts a pairing request for some folders; returns what the gateway posts to the
    /// application, which [`send_callback`](Self::send_callback) does. `None` when there is no such request.
    pub fn accept_pairing(
        &self,
        state: &str,
        user: &str,
        folders: &[&str],
    ) -> Option<PairingCallback> {
        let folders: Vec<String> = folders.iter().map(|&folder| folder.to_owned()).collect();
        self.shared.accept_pairing(state, user, &folders)
    }

    /// Posts a callback to its URL (plain `http`); returns the HTTP status.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn send_callback(&self, callback: &PairingCallback) -> io::Result<u16> {
        let form = self
            .settings()
            .cloud
            .map(|cloud| cloud.callback_form)
            .unwrap_or_default();
        callback.send(form).await
    }

    /// The customer removes the pairing: the refresh token is good no more.
    pub fn remove_pairing(&self) {
        self.shared.lock().cloud.forget_all();
    }

    /// A person changes something.
    ///
    /// # Errors
    /// [`SimulatorError::Refused`] when X3's rules forbid it; nothing is changed then.
    pub fn edit_as_user(&self, endpoint: &str, edit: &Edit) -> Result<(), SimulatorError> {
        self.shared.edit_as_user(endpoint, edit)
    }

    /// A person deletes a customer; false when there was none.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownEndpoint`].
    pub fn delete_as_user(&self, endpoint: &str, code: &str) -> Result<bool, SimulatorError> {
        self.shared.delete_as_user(endpoint, code)
    }

    /// All customers by code.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownEndpoint`].
    pub fn customers(&self, endpoint: &str) -> Result<Vec<CustomerSnapshot>, SimulatorError> {
        self.shared.customers(endpoint)
    }

    /// One customer, when there is one of that code.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownEndpoint`].
    pub fn customer(
        &self,
        endpoint: &str,
        code: &str,
    ) -> Result<Option<CustomerSnapshot>, SimulatorError> {
        self.shared.customer(endpoint, code)
    }

    /// Sums since the start or the last reset.
    pub fn counters(&self) -> Counters {
        self.shared.lock().log.counters
    }

    /// Sets the counters to zero and empties the request log.
    pub fn reset_counters(&self) {
        self.shared.lock().log = crate::log::Log::default();
    }

    /// The requests served, oldest first; the last 10,000 are kept.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.lock().log.entries.iter().cloned().collect()
    }

    /// Adds a fault.
    pub fn inject(&self, fault: Fault) {
        self.shared.lock().faults.inject(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Activates an operation or takes the activation away.
    pub fn set_activation(&self, node: &str, operation: Operation, active: bool) {
        let state = if active {
            OperationState::Active
        } else {
            OperationState::NotActivated
        };
        self.set_operation(node, operation, state);
    }

    /// Says what happens when an operation is called.
    pub fn set_operation(&self, node: &str, operation: Operation, operation_state: OperationState) {
        let mut state = self.shared.lock();
        state.activation.set(node, operation, operation_state);
        state.rebuild_schema();
    }

    /// Stops serving; open connections are closed.
    pub async fn stop(mut self) {
        self.task.abort();
        // Waiting for the abort makes sure that the port is free when this returns.
        let _ = (&mut self.task).await;
    }
}

impl Drop for X3Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}
