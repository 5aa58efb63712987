//! Quotes into orders, orders into invoices (reference: Zoho v8 OpenAPI `inventory_convert`, `inventory_mass_convert`,
//! read 2026-11).

use std::collections::BTreeMap;

use http::Method;
use serde::Serialize;

use super::{
    Failure, MassKind, ModuleApi, Outgoing, Received, RecordApi, action, mass::parse_job,
    record::Place,
};
use crate::{
    error::Error,
    model::{Lookup, Quote, SalesOrder, TypedModule},
    names::{MassJobId, ModuleName, RecordId},
};

const CONVERT: &str = "zoho.inventory.convert";

/// A module whose records can be converted into later ones of the trade: quotes into orders and invoices, orders into
/// invoices. For types of your own for these modules.
pub trait InventorySource: TypedModule {}

impl InventorySource for Quote {}
impl InventorySource for SalesOrder {}

/// Into what a quote or order is converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryTarget {
    module: ModuleName,
    module_id: Option<RecordId>,
    carry_over_tags: bool,
}

impl InventoryTarget {
    /// Into a sales order.
    #[must_use]
    pub fn sales_order() -> Self {
        Self::module("Sales_Orders")
    }

    /// Into an invoice.
    #[must_use]
    pub fn invoice() -> Self {
        Self::module("Invoices")
    }

    fn module(name: &str) -> Self {
        Self {
            module: name.into(),
            module_id: None,
            carry_over_tags: false,
        }
    }

    /// Names the target module by its id too, which Zoho's documents ask for in one place.
    #[must_use]
    pub fn module_id(mut self, id: RecordId) -> Self {
        self.module_id = Some(id);
        self
    }

    /// Gives the new record the tags of the old one.
    #[must_use]
    pub fn carry_over_tags(mut self) -> Self {
        self.carry_over_tags = true;
        self
    }
}

#[derive(Serialize)]
struct Target<'a> {
    module: Module<'a>,
    carry_over_tags: bool,
}

#[derive(Serialize)]
struct Module<'a> {
    api_name: &'a ModuleName,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RecordId>,
}

#[derive(Serialize)]
struct Conversion<'a> {
    convert_to: Vec<Target<'a>>,
}

impl<'a> Conversion<'a> {
    fn new(targets: &'a [InventoryTarget]) -> Self {
        let target = |target: &'a InventoryTarget| Target {
            module: Module {
                api_name: &target.module,
                id: target.module_id.as_ref(),
            },
            carry_over_tags: target.carry_over_tags,
        };
        Self {
            convert_to: targets.iter().map(target).collect(),
        }
    }
}

impl<T: InventorySource> RecordApi<T> {
    /// Converts the record, which stays as it is, and tells the new records by module. Not repeated after a lost
    /// answer, because Zoho would make them twice. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it, for example with `ID_ALREADY_CONVERTED`.
    pub async fn convert_to(
        &self,
        targets: &[InventoryTarget],
    ) -> Result<BTreeMap<ModuleName, Lookup>, Error> {
        let outgoing = convert_request(self.place(), targets)?;
        self.place().client.send(outgoing, parse_converted).await
    }
}

impl<T: InventorySource> ModuleApi<T> {
    /// Starts a job that converts records. Ask for its [status](crate::Mass::status) as
    /// [`MassKind::Convert`]. Not repeated after a lost answer. Costs 200 credits. Needs the scopes
    /// `ZohoCRM.mass_convert.Quotes.CREATE` or `ZohoCRM.mass_convert.SalesOrders.CREATE` and, for the status, `.READ`.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn convert_many_to(
        &self,
        records: &[RecordId],
        targets: &[InventoryTarget],
    ) -> Result<MassJobId, Error> {
        let outgoing = mass_request(self.name(), records, targets)?;
        self.client().send(outgoing, parse_job).await
    }
}

fn convert_request(place: &Place, targets: &[InventoryTarget]) -> Result<Outgoing, Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        data: [Conversion<'a>; 1],
    }
    if targets.is_empty() {
        return Err(Error::invalid(CONVERT, "nothing to convert into is named"));
    }
    let path = format!("{}/actions/convert", place.path(CONVERT)?);
    Outgoing::change(CONVERT, Method::POST, &path)
        .of_module(&place.module)
        .json(&Body {
            data: [Conversion::new(targets)],
        })
}

fn mass_request(
    module: &ModuleName,
    records: &[RecordId],
    targets: &[InventoryTarget],
) -> Result<Outgoing, Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(flatten)]
        conversion: Conversion<'a>,
        ids: &'a [RecordId],
    }
    MassKind::Convert
        .request(module)?
        .rows(records.len())
        .credits(200)
        .json(&Body {
            conversion: Conversion::new(targets),
            ids: records,
        })
}

fn parse_converted(received: &Received) -> Result<BTreeMap<ModuleName, Lookup>, Failure> {
    let details: BTreeMap<ModuleName, Option<Lookup>> = action::details(received)?;
    Ok(details
        .into_iter()
        .filter_map(|(module, record)| Some((module, record?)))
        .collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{answer::received, record::place};

    fn body(outgoing: Outgoing) -> (String, Value) {
        let request = outgoing.into_request().unwrap();
        assert_eq!(request.method(), "POST");
        (
            request.uri().to_string(),
            serde_json::from_slice(request.body()).unwrap(),
        )
    }

    #[test]
    fn a_quote_becomes_an_order_once() {
        let order = InventoryTarget::sales_order().carry_over_tags();
        let outgoing = convert_request(&place("Quotes", "12"), &[order]).unwrap();
        assert!(!outgoing.repeatable && outgoing.writes);
        assert_eq!(
            body(outgoing),
            (
                "/crm/v8/Quotes/12/actions/convert".to_owned(),
                json!({"data": [{"convert_to": [{"module": {"api_name": "Sales_Orders"}, "carry_over_tags": true}]}]})
            )
        );
        let invoice = InventoryTarget::invoice().module_id("3".parse().unwrap());
        let outgoing = mass_request(&"Quotes".into(), &["12".parse().unwrap()], &[invoice]);
        assert_eq!(
            body(outgoing.unwrap()),
            (
                "/crm/v8/Quotes/actions/mass_convert".to_owned(),
                json!({"convert_to": [{"module": {"api_name": "Invoices", "id": "3"}, "carry_over_tags": false}], "ids": ["12"]})
            )
        );
        assert!(convert_request(&place("Quotes", "12"), &[]).is_err());
    }

    #[test]
    fn new_records_are_told_by_module() {
        let answer = r#"{"data":[{"code":"SUCCESS","details":{"Sales_Orders":{"name":"SO","id":"34"},"Invoices":null},"message":"The record has been converted successfully","status":"success"}]}"#;
        let converted = parse_converted(&received(200, answer)).unwrap();
        assert_eq!(converted.len(), 1);
        assert_eq!(converted[&ModuleName::from("Sales_Orders")].id, "34");
    }
}
