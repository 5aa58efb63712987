//! Creating and changing sales orders.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::civil::Date;
use rust_decimal::Decimal;
use sage_x3_client::{
    CustomerCode, Diagnose, InvalidName, NewSalesOrder, NewSalesOrderLine, Offer, OrderTypeCode,
    Patch, ProductCode, RecordId as X3Id, SalesOrderId, SalesOrderPatch, SiteCode, UnitCode,
    X3Client,
};

use super::{PLURAL, SalesOrderSettings, remarks::Remarks};
use crate::{
    endpoint::{Key, Problem, Rejection, Write, WriteError, Written},
    ids::RecordId,
    value::{Document, Value},
    x3::{
        error::{rejection, remarks, write_error},
        table::{NodeWriter, missing_operations, unknown_field},
    },
};

/// Writes sales orders by whichever path the site offers.
#[derive(Debug)]
pub(super) struct SalesOrderWriter {
    client: X3Client,
    settings: Arc<SalesOrderSettings>,
    remarks: Remarks,
}

/// A write that can be sent.
#[derive(Debug)]
enum Prepared {
    Create(Box<NewSalesOrder>),
    Update(SalesOrderId, Box<SalesOrderPatch>),
}

/// What the fields of a write say of an order.
#[derive(Debug, Default)]
struct Values {
    patch: SalesOrderPatch,
    site: Option<SiteCode>,
    customer: Option<CustomerCode>,
    order_type: Option<OrderTypeCode>,
    ship_to: Option<String>,
    lines: Option<Vec<NewSalesOrderLine>>,
}

#[async_trait]
impl NodeWriter for SalesOrderWriter {
    fn creates(&self) -> bool {
        self.settings.creates
    }

    fn updates(&self) -> bool {
        self.settings.updates
    }

    fn problems(&self, offer: &Offer) -> Vec<Problem> {
        let without = (
            "publish the object SOH as a web service and name it, or turn the flow off",
            "let later changes of a deal park it",
        );
        missing_operations(self, offer, self.client.endpoint(), "SalesOrder", without)
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        let mut outcomes: Vec<Option<Result<Written, WriteError>>> = Vec::new();
        let (mut creates, mut updates) = (Vec::new(), Vec::new());
        for (index, write) in writes.iter().enumerate() {
            outcomes.push(match self.prepare(write) {
                Ok(Prepared::Create(new)) => {
                    creates.push((index, *new));
                    None
                }
                Ok(Prepared::Update(id, patch)) if patch.is_empty() => {
                    Some(Ok(self.written(&id, false, &[])))
                }
                Ok(Prepared::Update(id, patch)) => {
                    updates.push((index, (id, *patch)));
                    None
                }
                Err(rejection) => Some(Err(WriteError::Rejected(rejection))),
            });
        }
        let orders = self.client.sales_orders();
        let (indexes, rows): (Vec<usize>, Vec<NewSalesOrder>) = creates.into_iter().unzip();
        let batch = orders.create_many(&rows).await;
        for ((index, row), new) in indexes.into_iter().zip(batch.rows).zip(&rows) {
            let id = new.chosen_id().map(|id| id.as_str().to_uppercase());
            outcomes[index] = Some(match row {
                Ok(outcome) => Ok(self.written(&outcome.value, true, &outcome.diagnoses)),
                Err(error) => Err(write_error(error, id.as_deref())),
            });
        }
        let (indexes, rows): (Vec<usize>, Vec<(SalesOrderId, SalesOrderPatch)>) =
            updates.into_iter().unzip();
        let batch = orders.update_many(&rows).await;
        for (index, row) in indexes.into_iter().zip(batch.rows) {
            outcomes[index] = Some(match row {
                Ok(outcome) => Ok(self.written(&outcome.value, false, &outcome.diagnoses)),
                Err(error) => Err(write_error(error, None)),
            });
        }
        let missing = || {
            Err(WriteError::Later {
                reason: "X3's client gave no outcome".to_owned(),
                after: None,
            })
        };
        let outcomes = outcomes.into_iter();
        outcomes
            .map(|outcome| outcome.unwrap_or_else(missing))
            .collect()
    }
}

impl SalesOrderWriter {
    pub(super) fn new(
        client: X3Client,
        settings: Arc<SalesOrderSettings>,
        remarks: Remarks,
    ) -> Self {
        Self {
            client,
            settings,
            remarks,
        }
    }

    fn written(&self, id: &SalesOrderId, created: bool, diagnoses: &[Diagnose]) -> Written {
        let warnings = remarks(diagnoses);
        self.remarks.note(id, &warnings);
        Written {
            id: RecordId::from(id.as_str()),
            created,
            warnings,
        }
    }

    /// What a write amounts to, before anything is asked of X3.
    fn prepare(&self, write: &Write) -> Result<Prepared, Rejection> {
        match write {
            Write::Create { key, fields } if self.settings.creates => {
                let order = self.creation(key, fields)?;
                Ok(Prepared::Create(Box::new(order)))
            }
            Write::Create { .. } => {
                Err(rejection(None, "orders may not be created here".to_owned()))
            }
            Write::Update { id, fields, .. } => {
                let id = SalesOrderId::new(id.as_str()).map_err(at("id"))?;
                let values = self.values(fields)?;
                let fixed = [
                    ("lines", values.lines.is_some()),
                    ("soldToCustomer", values.customer.is_some()),
                    ("salesSite", values.site.is_some()),
                    ("salesOrderType", values.order_type.is_some()),
                    ("shipToCustomerAddress", values.ship_to.is_some()),
                ];
                if let Some((field, _)) = fixed.iter().find(|(_, is_set)| *is_set) {
                    let message = format!("`{field}` of an order is not changed from outside X3");
                    return Err(rejection(Some(field), message));
                }
                Ok(Prepared::Update(id, Box::new(values.patch)))
            }
            Write::Delete { .. } => Err(rejection(
                None,
                "X3 offers no deletion of sales orders: close them there".to_owned(),
            )),
        }
    }

    fn creation(&self, key: &Key, fields: &Document) -> Result<NewSalesOrder, Rejection> {
        let mut values = self.values(fields)?;
        let mut number = None;
        match key.field.as_str() {
            "id" => number = Some(SalesOrderId::new(key.value.as_str()).map_err(at("id"))?),
            "customerOrderReference" => {
                values.patch = values.patch.customer_order_reference(key.value.as_str());
            }
            other => {
                let message = "orders are created under `id` or `customerOrderReference` alone";
                return Err(rejection(Some(other), message.to_owned()));
            }
        }
        let lacks = |field: &str, what: &str| rejection(Some(field), what.to_owned());
        let site = values
            .site
            .or_else(|| self.settings.sales_site.clone())
            .ok_or_else(|| lacks("salesSite", "no sales site is known for the order"))?;
        let customer = values
            .customer
            .ok_or_else(|| lacks("soldToCustomer", "an order needs a customer"))?;
        let lines = values.lines.unwrap_or_default();
        if lines.is_empty() {
            return Err(lacks("lines", "an order needs at least one line"));
        }
        let mut patch = values.patch;
        if let Some(address) = values.ship_to {
            let key = X3Id::of_parts([customer.as_str(), address.as_str()]);
            patch = patch.ship_to_address(key.map_err(at("shipToCustomerAddress"))?);
        }
        let mut order = NewSalesOrder::new(site, customer).values(patch);
        if let Some(number) = number {
            order = order.id(number);
        }
        if let Some(kind) = values
            .order_type
            .or_else(|| self.settings.order_type.clone())
        {
            order = order.order_type(kind);
        }
        Ok(lines.into_iter().fold(order, NewSalesOrder::line))
    }

    fn values(&self, fields: &Document) -> Result<Values, Rejection> {
        let mut values = Values::default();
        for (name, value) in fields.iter() {
            let name = name.as_str();
            let invalid = |message: String| rejection(Some(name), message);
            let patch = std::mem::take(&mut values.patch);
            values.patch = match name {
                // X3 has nothing of the kind.
                "ordered" | "shares" => patch,
                "salesSite" => {
                    values.site = filled(value).map_err(invalid)?;
                    patch
                }
                "soldToCustomer" => {
                    values.customer = filled(value).map_err(invalid)?;
                    patch
                }
                "salesOrderType" => {
                    values.order_type = filled(value).map_err(invalid)?;
                    patch
                }
                "shipToCustomerAddress" => {
                    values.ship_to =
                        Some(text(value).map_err(invalid)?).filter(|address| !address.is_empty());
                    patch
                }
                "lines" => {
                    values.lines = Some(lines(value).map_err(invalid)?);
                    patch
                }
                "customerOrderReference" => {
                    patch.customer_order_reference(text_patch(value).map_err(invalid)?)
                }
                "additionnalReference" => {
                    patch.additional_reference(text_patch(value).map_err(invalid)?)
                }
                "orderDate" => patch.order_date(date_patch(value).map_err(invalid)?),
                "requestedDeliveryDate" => {
                    patch.requested_delivery_date(date_patch(value).map_err(invalid)?)
                }
                "shipmentDate" => patch.shipment_date(date_patch(value).map_err(invalid)?),
                "currency" => patch.currency(code_patch(value).map_err(invalid)?),
                "paymentTerm" => patch.payment_term(code_patch(value).map_err(invalid)?),
                "shippingSite" => patch.shipping_site(code_patch(value).map_err(invalid)?),
                _ => {
                    let custom = self.settings.custom.iter();
                    let mut known = custom.filter(|field| field.name.as_str() == name);
                    let Some(field) = known.next() else {
                        return Err(invalid(unknown_field(PLURAL, name)));
                    };
                    let scalar = field.kind.scalar(value).map_err(invalid)?;
                    patch.extra(field.name.clone(), scalar)
                }
            };
        }
        Ok(values)
    }
}

fn lines(value: &Value) -> Result<Vec<NewSalesOrderLine>, String> {
    let Value::List(rows) = value else {
        return Err(format!("expected lines, found {}", value.type_name()));
    };
    let numbered = rows.iter().zip(1..);
    numbered
        .map(|(row, number)| line(row).map_err(|message| format!("line {number}: {message}")))
        .collect()
}

fn line(row: &Value) -> Result<NewSalesOrderLine, String> {
    let Value::Fields(fields) = row else {
        return Err("it is no group of fields".to_owned());
    };
    let product: Option<ProductCode> = filled(fields.get("product").unwrap_or(&Value::Null))?;
    let product = product.ok_or("its product has no code in Zoho")?;
    let quantity = number(fields.get("quantityInSalesUnitOrdered"))?
        .filter(|quantity| *quantity > Decimal::ZERO)
        .ok_or("it needs a quantity above zero")?;
    let mut line = NewSalesOrderLine::new(product, quantity);
    if let Some(price) = number(fields.get("grossPrice"))? {
        line = line.gross_price(price);
    }
    if let Some(discount) = number(fields.get("discountOrCharge1"))?.filter(|it| !it.is_zero()) {
        line = line.discount(discount);
    }
    if let Some(unit) = filled::<UnitCode>(fields.get("salesUnit").unwrap_or(&Value::Null))? {
        line = line.sales_unit(unit);
    }
    if let Some(Value::Text(description)) = fields.get("description") {
        line = line.description(description.as_str());
    }
    if let Some(Value::Date(date)) = fields.get("requestedDeliveryDate") {
        line = line.requested_delivery_date(*date);
    }
    Ok(line)
}

fn number(value: Option<&Value>) -> Result<Option<Decimal>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Decimal(number)) => Ok(Some(*number)),
        Some(other) => Err(format!("expected a number, found {}", other.type_name())),
    }
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Text(_) | Value::Reference(_) => Ok(value.to_string()),
        other => Err(format!("expected text, found {}", other.type_name())),
    }
}

/// A code, or none for emptiness.
fn filled<T: TryFrom<String, Error = InvalidName>>(value: &Value) -> Result<Option<T>, String> {
    let text = text(value)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    T::try_from(text)
        .map(Some)
        .map_err(|error| error.to_string())
}

fn text_patch(value: &Value) -> Result<Patch<String>, String> {
    let text = text(value)?;
    Ok(if text.is_empty() {
        Patch::Clear
    } else {
        Patch::Set(text)
    })
}

fn code_patch<T: TryFrom<String, Error = InvalidName>>(value: &Value) -> Result<Patch<T>, String> {
    Ok(filled(value)?.map_or(Patch::Clear, Patch::Set))
}

fn date_patch(value: &Value) -> Result<Patch<Date>, String> {
    match value {
        Value::Null => Ok(Patch::Clear),
        Value::Date(date) => Ok(Patch::Set(*date)),
        other => Err(format!("expected a date, found {}", other.type_name())),
    }
}

fn at(field: &'static str) -> impl Fn(InvalidName) -> Rejection {
    move |error| rejection(Some(field), error.to_string())
}
