//! Sales orders to be created and changed.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::SalesOrder;
use crate::{
    config::Site,
    ids::{
        CurrencyCode, CustomerCode, FieldName, OrderTypeCode, PaymentTermCode, ProductCode,
        RecordId, SalesOrderId, SiteCode, UnitCode,
    },
    model::{Input, patch},
    records::{
        Creatable, Updatable,
        sealed::{NewRecord, RecordPatch},
    },
    scalar::Scalar,
};

impl Creatable for SalesOrder {
    type New = NewSalesOrder;
}

impl Updatable for SalesOrder {
    type Patch = SalesOrderPatch;
}

patch! {
    /// The header fields of a sales order to change. What is not stated keeps its value.
    ///
    /// The names of the input's members are not published by Sage: they are taken to equal the output's (crate
    /// documentation, "assumptions").
    SalesOrderPatch {
        /// The customer's own reference, up to 20 letters.
        customer_order_reference: String => patch_text "customerOrderReference",
        /// Additional reference.
        additional_reference: String => patch_text "additionnalReference",
        /// Day of the order. X3 takes today.
        order_date: Date => patch_scalar "orderDate",
        /// Day on which the customer wants it.
        requested_delivery_date: Date => patch_scalar "requestedDeliveryDate",
        /// Planned day of shipment.
        shipment_date: Date => patch_scalar "shipmentDate",
        /// Currency. X3 takes the customer's.
        currency: CurrencyCode => patch_code "currency",
        /// Payment term. X3 takes the customer's.
        payment_term: PaymentTermCode => patch_code "paymentTerm",
        /// Site that ships. X3 takes the sales site.
        shipping_site: SiteCode => patch_code "shippingSite",
        /// Key of the ship-to address. X3 takes the customer's default.
        ship_to_address: RecordId => patch_code "shipToCustomerAddress",
    }
    and lines: Vec<SalesOrderLineChange>;
}

impl SalesOrderPatch {
    /// Adds a line, changes or removes one. X3 refuses what a line's state does not allow any more: to change or remove what
    /// is delivered, or the product of a line.
    #[must_use]
    pub fn line(mut self, change: SalesOrderLineChange) -> Self {
        self.lines.push(change);
        self
    }
}

impl RecordPatch for SalesOrderPatch {
    fn to_update_input(&self, key: &RecordId, site: &Site) -> Input {
        let mut input = Input::default();
        input.set("id", key);
        self.write_fields(&mut input);
        let lines = self.lines.iter().map(SalesOrderLineChange::to_input);
        input.set_list(site.sales_order_lines.name(), lines.collect());
        input
    }
}

/// A sales order to be created.
///
/// X3 takes most values from the customer and the products: dates, currency, payment term, addresses, prices and taxes.
/// Source: reference sage-x3 section 4.9.
///
/// ```
/// use sage_x3_client::{CustomerCode, NewSalesOrder, NewSalesOrderLine, ProductCode, SalesOrderPatch, SiteCode};
/// use rust_decimal::Decimal;
///
/// let order = NewSalesOrder::new(SiteCode::new("FR011")?, CustomerCode::new("NA001")?)
///     .values(SalesOrderPatch::new().customer_order_reference("DEAL-4711"))
///     .line(NewSalesOrderLine::new(ProductCode::new("BMS001")?, Decimal::from(3)));
/// # Ok::<(), sage_x3_client::InvalidName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSalesOrder {
    id: Option<SalesOrderId>,
    sales_site: SiteCode,
    sold_to_customer: CustomerCode,
    order_type: Option<OrderTypeCode>,
    values: SalesOrderPatch,
    lines: Vec<NewSalesOrderLine>,
}

impl NewSalesOrder {
    /// An order of `sold_to_customer` at `sales_site`. Without an [`id`](Self::id) X3 numbers it.
    #[must_use]
    pub fn new(sales_site: SiteCode, sold_to_customer: CustomerCode) -> Self {
        Self {
            id: None,
            sales_site,
            sold_to_customer,
            order_type: None,
            values: SalesOrderPatch::default(),
            lines: Vec::new(),
        }
    }

    /// Chooses the number, where the order type allows it. It makes a repeated create safe: X3 refuses a second order with
    /// the same number.
    #[must_use]
    pub fn id(mut self, id: SalesOrderId) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the order type, which drives category and numbering.
    #[must_use]
    pub fn order_type(mut self, order_type: OrderTypeCode) -> Self {
        self.order_type = Some(order_type);
        self
    }

    /// Sets the header's values.
    #[must_use]
    pub fn values(mut self, values: SalesOrderPatch) -> Self {
        self.values = values;
        self
    }

    /// Adds a line.
    #[must_use]
    pub fn line(mut self, line: NewSalesOrderLine) -> Self {
        self.lines.push(line);
        self
    }

    /// The number that was chosen.
    #[must_use]
    pub fn chosen_id(&self) -> Option<&SalesOrderId> {
        self.id.as_ref()
    }
}

impl NewRecord for NewSalesOrder {
    fn chosen_key(&self) -> Option<RecordId> {
        self.id.as_ref().map(RecordId::from)
    }

    fn to_create_input(&self, site: &Site) -> Input {
        let mut input = Input::default();
        if let Some(id) = &self.id {
            input.set("id", id);
        }
        input.set("salesSite", &self.sales_site);
        if let Some(order_type) = &self.order_type {
            input.set("salesOrderType", order_type);
        }
        input.set("soldToCustomer", &self.sold_to_customer);
        self.values.write_fields(&mut input);
        let lines = self.lines.iter().map(NewSalesOrderLine::to_input);
        // A change of a line has no place in a new order; it goes along, so that X3 refuses it.
        let changes = self.values.lines.iter().map(|change| match change {
            SalesOrderLineChange::Add(line) => line.to_input(),
            other => other.to_input(),
        });
        input.set_list(
            site.sales_order_lines.name(),
            lines.chain(changes).collect(),
        );
        input
    }
}

/// What is to be done with a line of a sales order that is there. Source: reference sage-x3 section 3.9, lines of updates.
///
/// ```
/// use rust_decimal::Decimal;
/// use sage_x3_client::{SalesOrderLineChange, SalesOrderLinePatch, SalesOrderPatch};
///
/// let patch = SalesOrderPatch::new()
///     .line(SalesOrderLineChange::Update(1000, SalesOrderLinePatch::new().quantity(Decimal::TEN)))
///     .line(SalesOrderLineChange::Remove(2000));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SalesOrderLineChange {
    /// A further line. A patch with one is sent once, because X3 would add it a second time.
    Add(NewSalesOrderLine),
    /// A change of the line with this number, such as 1000.
    Update(i64, SalesOrderLinePatch),
    /// The line with this number goes. Only GraphQL can do it.
    Remove(i64),
}

impl SalesOrderLineChange {
    fn to_input(&self) -> Input {
        let named = |action: &str, number: &i64| {
            let mut input = Input::default();
            input.set("_action", action);
            input.set("lineNumber", *number);
            input
        };
        match self {
            Self::Add(line) => {
                let mut input = Input::default();
                input.set("_action", "create");
                line.write(&mut input);
                input
            }
            Self::Update(number, patch) => {
                let mut input = named("update", number);
                patch.write_fields(&mut input);
                input
            }
            Self::Remove(number) => named("delete", number),
        }
    }
}

patch! {
    /// The fields of a sales order's line to change. What is not stated keeps its value.
    SalesOrderLinePatch {
        /// Ordered quantity, in the line's unit.
        quantity: Decimal => patch_scalar "quantityInSalesUnitOrdered",
        /// Price before discounts, in the order's currency.
        gross_price: Decimal => patch_scalar "grossPrice",
        /// First discount or charge.
        discount: Decimal => patch_scalar "discountOrCharge1",
        /// Description, up to 30 letters.
        description: String => patch_text "productDescriptionInUserLanguage",
        /// Day on which the customer wants it.
        requested_delivery_date: Date => patch_scalar "requestedDeliveryDate",
    }
}

/// A line of a sales order to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSalesOrderLine {
    product: ProductCode,
    sales_unit: Option<UnitCode>,
    values: SalesOrderLinePatch,
}

impl NewSalesOrderLine {
    /// So much of `product`, in sales units. Without a [`gross_price`](Self::gross_price) X3 takes the price list's.
    #[must_use]
    pub fn new(product: ProductCode, quantity: Decimal) -> Self {
        Self {
            product,
            sales_unit: None,
            values: SalesOrderLinePatch::new().quantity(quantity),
        }
    }

    /// Sets the unit. X3 takes the product's sales unit.
    #[must_use]
    pub fn sales_unit(mut self, unit: UnitCode) -> Self {
        self.sales_unit = Some(unit);
        self
    }

    /// Sets the price before discounts, in the order's currency. X3 keeps three decimals.
    #[must_use]
    pub fn gross_price(mut self, price: Decimal) -> Self {
        self.values = self.values.gross_price(price);
        self
    }

    /// Sets the first discount or charge. What it means (percentage or amount, with or against the customer) is set up in
    /// the site's price structure.
    #[must_use]
    pub fn discount(mut self, discount: Decimal) -> Self {
        self.values = self.values.discount(discount);
        self
    }

    /// Sets the description, up to 30 letters. X3 takes the product's.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.values = self.values.description(description.into());
        self
    }

    /// Sets the day on which the customer wants it. X3 takes the header's.
    #[must_use]
    pub fn requested_delivery_date(mut self, date: Date) -> Self {
        self.values = self.values.requested_delivery_date(date);
        self
    }

    /// Sets a field of the site, under its own name.
    #[must_use]
    pub fn extra(mut self, name: FieldName, value: impl Into<Scalar>) -> Self {
        self.values = self.values.extra(name, value);
        self
    }

    fn to_input(&self) -> Input {
        let mut input = Input::default();
        self.write(&mut input);
        input
    }

    fn write(&self, input: &mut Input) {
        input.set("product", &self.product);
        if let Some(unit) = &self.sales_unit {
            input.set("salesUnit", unit);
        }
        self.values.write_fields(input);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{Patch, SalesOrderLinesName, SiteConfig, graphql::canned::site};

    fn code<T: for<'a> TryFrom<&'a str>>(text: &str) -> T {
        T::try_from(text).ok().unwrap()
    }

    fn json(input: &Input) -> Value {
        serde_json::to_value(input).unwrap()
    }

    fn order() -> NewSalesOrder {
        NewSalesOrder::new(code("FR011"), code("NA001"))
    }

    #[test]
    fn a_create_sends_what_was_stated_and_no_more() {
        let site = site(SiteConfig::new("http://x3", "SEED"));
        let line = NewSalesOrderLine::new(code("BMS001"), "3.5".parse().unwrap())
            .sales_unit(code("UN"))
            .gross_price("22.10".parse().unwrap());
        let new = order()
            .id(code("SO-Z-1"))
            .order_type(code("SON"))
            .values(
                SalesOrderPatch::new()
                    .customer_order_reference("DEAL-1")
                    .requested_delivery_date(jiff::civil::date(2026, 12, 1)),
            )
            .line(line);
        assert_eq!(
            json(&new.to_create_input(&site)),
            json!({"id":"SO-Z-1","salesSite":"FR011","salesOrderType":"SON","soldToCustomer":"NA001",
                "customerOrderReference":"DEAL-1","requestedDeliveryDate":"2026-12-01",
                "salesOrderLines":[{"product":"BMS001","quantityInSalesUnitOrdered":"3.5","salesUnit":"UN","grossPrice":"22.10"}]})
        );
        assert_eq!(
            json(&order().to_create_input(&site)),
            json!({"salesSite":"FR011","soldToCustomer":"NA001"})
        );
    }

    #[test]
    fn sites_may_call_the_lines_otherwise() {
        let config =
            SiteConfig::new("http://x3", "SEED").sales_order_lines(SalesOrderLinesName::Lines);
        let new = order().line(NewSalesOrderLine::new(code("BMS001"), Decimal::ONE));
        assert_eq!(
            json(&new.to_create_input(&site(config)))["lines"],
            json!([{"product":"BMS001","quantityInSalesUnitOrdered":"1"}])
        );
    }

    #[test]
    fn lines_are_added_changed_and_removed_under_their_numbers() {
        let site = site(SiteConfig::new("http://x3", "SEED"));
        let patch = SalesOrderPatch::new()
            .line(SalesOrderLineChange::Update(
                1000,
                SalesOrderLinePatch::new().quantity(Decimal::TEN),
            ))
            .line(SalesOrderLineChange::Remove(2000))
            .line(SalesOrderLineChange::Add(NewSalesOrderLine::new(
                code("BMS001"),
                Decimal::ONE,
            )));
        let input = patch.to_update_input(&code("SO1"), &site);
        assert_eq!(
            json(&input),
            json!({"id":"SO1","salesOrderLines":[
                {"_action":"update","lineNumber":1000,"quantityInSalesUnitOrdered":"10"},
                {"_action":"delete","lineNumber":2000},
                {"_action":"create","product":"BMS001","quantityInSalesUnitOrdered":"1"}]})
        );
        assert!(input.adds_rows(), "it must not be repeated");
        let change = SalesOrderLineChange::Remove(2000);
        let input = SalesOrderPatch::new()
            .line(change)
            .to_update_input(&code("SO1"), &site);
        assert!(!input.adds_rows());
    }

    #[test]
    fn an_update_names_its_order_and_clears_what_is_cleared() {
        let site = site(SiteConfig::new("http://x3", "SEED"));
        let patch = SalesOrderPatch::new()
            .customer_order_reference(Patch::Clear)
            .shipment_date(Patch::Clear)
            .extra(FieldName::new("yZone").unwrap(), "N");
        assert_eq!(
            json(&patch.to_update_input(&code("SO1"), &site)),
            json!({"id":"SO1","customerOrderReference":"","shipmentDate":null,"yZone":"N"})
        );
        assert!(SalesOrderPatch::new().is_empty());
    }
}
