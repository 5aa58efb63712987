//! The lines of sales orders.

use async_trait::async_trait;
use rust_decimal::Decimal;
use sage_x3_client::{SalesOrder, SalesOrderId, SalesOrderLine, X3Client};

use super::code;
use crate::{
    endpoint::EndpointError,
    ids::FieldName,
    value::{Document, Value},
    x3::{error::endpoint_error, table::Supplement},
};

/// Lines, read by their own node: one list for many orders.
#[derive(Debug)]
pub(super) struct OrderLines;

#[async_trait]
impl Supplement<SalesOrder> for OrderLines {
    fn fields(&self) -> Vec<FieldName> {
        vec!["lines".into()]
    }

    async fn read(
        &self,
        client: &X3Client,
        orders: &[SalesOrder],
    ) -> Result<Vec<Document>, EndpointError> {
        let ids: Vec<SalesOrderId> = orders.iter().map(|order| order.id.clone()).collect();
        let mut found = client
            .sales_orders()
            .lines(&ids)
            .await
            .map_err(endpoint_error)?;
        let lines = ids.iter().map(|id| {
            let lines = found.remove(id).unwrap_or_default();
            let lines: Vec<Value> = lines.iter().map(|line| document(line).into()).collect();
            Document::new().with("lines", Value::List(lines))
        });
        Ok(lines.collect())
    }
}

fn document(line: &SalesOrderLine) -> Document {
    let date = |date: Option<jiff::civil::Date>| Value::from(date.map(Value::Date));
    Document::new()
        .with("lineNumber", line.line_number.map(Decimal::from))
        .with("product", code(line.product.as_ref()))
        .with("description", line.description.as_str())
        .with("quantityInSalesUnitOrdered", line.quantity_ordered)
        .with("quantityInSalesUnitAllocated", line.quantity_allocated)
        .with("quantityInSalesUnitDelivered", line.quantity_delivered)
        .with("quantityInSalesUnitInvoiced", line.quantity_invoiced)
        .with("salesUnit", code(line.sales_unit.as_ref()))
        .with("grossPrice", line.gross_price)
        .with("netPrice", line.net_price)
        .with("netPriceExcludingTax", line.net_price_excluding_tax)
        .with(
            "discountOrCharge1",
            line.discounts_or_charges.get(&1).copied(),
        )
        .with("lineStatus", line.status.clone())
        .with("progress", progress(line))
        .with("requestedDeliveryDate", date(line.requested_delivery_date))
        .with("expectedDeliveryDate", date(line.expected_delivery_date))
        .with("shipmentDate", date(line.shipment_date))
}

/// How far a line is, in words.
fn progress(line: &SalesOrderLine) -> Value {
    let said = [
        ("delivered", line.quantity_delivered),
        ("invoiced", line.quantity_invoiced),
    ];
    let done = said.into_iter().filter_map(|(word, quantity)| {
        let quantity = quantity.filter(|quantity| !quantity.is_zero())?;
        Some(format!("{word}: {}", quantity.normalize()))
    });
    Value::text(done.collect::<Vec<_>>().join(", "))
}
