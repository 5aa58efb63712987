//! What the handle and the administration routes do to an endpoint's data.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::cloud::pairing::PairingCallback;
use crate::diagnose::Diagnose;
use crate::json::Json;
use crate::model::{Model, Node};
use crate::seed::Edit;
use crate::simulator::SimulatorError;
use crate::snapshot::{CustomerSnapshot, RecordSnapshot, customer, customers};
use crate::state::Shared;
use crate::store::{Row, join_key};
use crate::write::fulfilment::Quantities;
use crate::write::{Refused, Writer};

/// The node of that name.
fn known(model: &Model, name: &str) -> Result<Arc<Node>, Refused> {
    let problem = || {
        vec![Diagnose::error(
            format!("{name} : Node does not exist"),
            &[],
        )]
    };
    model.node(name).map(Arc::clone).ok_or_else(problem)
}

impl Shared {
    pub(crate) fn accept_pairing(
        &self,
        pairing: &str,
        user: &str,
        folders: &[String],
    ) -> Option<PairingCallback> {
        let mut state = self.lock();
        let settings = Arc::clone(&state.settings);
        let gateway = settings.cloud.as_ref()?;
        state
            .cloud
            .accept(pairing, user, folders, gateway, self.clock.now())
    }

    pub(crate) fn deliver(
        &self,
        endpoint: &str,
        order: &str,
        quantities: Quantities<'_>,
    ) -> Result<String, SimulatorError> {
        self.write(endpoint, |writer| writer.deliver(order, quantities))
    }

    pub(crate) fn invoice(&self, endpoint: &str, delivery: &str) -> Result<String, SimulatorError> {
        self.write(endpoint, |writer| writer.invoice(delivery))
    }

    pub(crate) fn post_invoice(&self, endpoint: &str, invoice: &str) -> Result<(), SimulatorError> {
        self.write(endpoint, |writer| writer.post_invoice(invoice))
    }

    pub(crate) fn pay_invoice(
        &self,
        endpoint: &str,
        invoice: &str,
        amount: Option<Decimal>,
    ) -> Result<(), SimulatorError> {
        self.write(endpoint, |writer| writer.pay_invoice(invoice, amount))
    }

    pub(crate) fn close_line(
        &self,
        endpoint: &str,
        order: &str,
        line: i64,
    ) -> Result<(), SimulatorError> {
        self.write(endpoint, |writer| writer.close_line(order, line))
    }

    pub(crate) fn receive(
        &self,
        endpoint: &str,
        order: &str,
        quantities: Quantities<'_>,
    ) -> Result<(), SimulatorError> {
        self.write(endpoint, |writer| writer.receive(order, quantities))
    }

    pub(crate) fn create_record(
        &self,
        endpoint: &str,
        node: &str,
        data: &Json,
    ) -> Result<String, SimulatorError> {
        self.write(endpoint, |writer| {
            let node = known(writer.model, node)?;
            writer.create(&node, data).map(|written| written.key)
        })
    }

    pub(crate) fn update_record(
        &self,
        endpoint: &str,
        node: &str,
        data: &Json,
    ) -> Result<(), SimulatorError> {
        self.write(endpoint, |writer| {
            let node = known(writer.model, node)?;
            writer.update(&node, data).map(|_| ())
        })
    }

    pub(crate) fn delete_record(
        &self,
        endpoint: &str,
        node: &str,
        id: &str,
    ) -> Result<bool, SimulatorError> {
        self.write(endpoint, |writer| {
            let node = known(writer.model, node)?;
            if writer.store.table(node.table).get(id).is_none() {
                return Ok(false);
            }
            writer.delete(&node, id).map(|()| true)
        })
    }

    pub(crate) fn set_list_price(
        &self,
        endpoint: &str,
        customer: &str,
        product: &str,
        price: Decimal,
    ) -> Result<(), SimulatorError> {
        self.write(endpoint, |writer| {
            let row = Row::new(writer.now, writer.user)
                .with("BPCNUM", customer)
                .with("ITMREF", product)
                .with_decimal("PRI", price);
            let key = join_key([customer, product]);
            writer.store.table_mut("SPRICLIST").insert(&key, row);
            Ok(())
        })
    }

    pub(crate) fn records(
        &self,
        endpoint: &str,
        node: &str,
    ) -> Result<Vec<RecordSnapshot>, SimulatorError> {
        let state = self.lock();
        let node = known(&state.model, node).map_err(SimulatorError::refused)?;
        let view = state
            .view(endpoint)
            .ok_or_else(|| SimulatorError::UnknownEndpoint(endpoint.to_owned()))?;
        Ok(view
            .records(&node)
            .map(|record| RecordSnapshot::of(&record, view))
            .collect())
    }

    pub(crate) fn record(
        &self,
        endpoint: &str,
        node: &str,
        id: &str,
    ) -> Result<Option<RecordSnapshot>, SimulatorError> {
        let state = self.lock();
        let node = known(&state.model, node).map_err(SimulatorError::refused)?;
        let view = state
            .view(endpoint)
            .ok_or_else(|| SimulatorError::UnknownEndpoint(endpoint.to_owned()))?;
        Ok(view
            .find(&node, id)
            .map(|record| RecordSnapshot::of(&record, view)))
    }

    fn write<T>(
        &self,
        endpoint: &str,
        write: impl FnOnce(&mut Writer<'_>) -> Result<T, Refused>,
    ) -> Result<T, SimulatorError> {
        let mut state = self.lock();
        let now = self.stamp(&state.settings);
        state
            .writer(endpoint, now, write)
            .ok_or_else(|| SimulatorError::UnknownEndpoint(endpoint.to_owned()))?
            .map_err(SimulatorError::refused)
    }

    pub(crate) fn create_as_user(
        &self,
        endpoint: &str,
        data: &Json,
    ) -> Result<String, SimulatorError> {
        self.write(endpoint, |writer| {
            writer.create_customer(data).map(|written| written.key)
        })
    }

    pub(crate) fn seed_supplier(
        &self,
        endpoint: &str,
        code: &str,
        name: &str,
    ) -> Result<(), SimulatorError> {
        self.write(endpoint, |writer| {
            writer.create_supplier(code, name);
            Ok(())
        })
    }

    pub(crate) fn edit_as_user(&self, endpoint: &str, edit: &Edit) -> Result<(), SimulatorError> {
        self.write(endpoint, |writer| writer.edit(edit))
    }

    pub(crate) fn delete_as_user(
        &self,
        endpoint: &str,
        code: &str,
    ) -> Result<bool, SimulatorError> {
        self.write(endpoint, |writer| Ok(writer.delete_customer(code)))
    }

    pub(crate) fn customers(
        &self,
        endpoint: &str,
    ) -> Result<Vec<CustomerSnapshot>, SimulatorError> {
        let state = self.lock();
        let data = state
            .endpoints
            .get(endpoint)
            .ok_or_else(|| SimulatorError::UnknownEndpoint(endpoint.to_owned()))?;
        Ok(customers(data, &state.model, &state.settings))
    }

    pub(crate) fn customer(
        &self,
        endpoint: &str,
        code: &str,
    ) -> Result<Option<CustomerSnapshot>, SimulatorError> {
        let state = self.lock();
        let data = state
            .endpoints
            .get(endpoint)
            .ok_or_else(|| SimulatorError::UnknownEndpoint(endpoint.to_owned()))?;
        Ok(customer(data, code, &state.model, &state.settings))
    }
}
