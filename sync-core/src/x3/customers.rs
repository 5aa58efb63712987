//! The customers of an X3 endpoint.

mod scope;
#[cfg(test)]
mod tests;
mod writes;

use sage_x3_client::{Customer, FieldName, Filter, X3Client};

pub use self::scope::CustomerScope;
use self::writes::CustomerWriter;
use super::{
    fields::STANDARD,
    linked_feed::LinkedFeed,
    node::NodeEndpoint,
    settings::{CustomField, CustomFieldKind, CustomerSettings},
    table::{NodeField, NodeTable},
};

/// What messages call the records.
const PLURAL: &str = "customers";

/// The customers of an X3 endpoint. A record's identity is the customer's code.
///
/// Changes are found by three feeds, each with its own stamp: `customer`, `businessPartner` and `customerAddress`. All
/// name the customer. Fields: see the [module](super).
pub type CustomerEndpoint = NodeEndpoint<Customer>;

impl CustomerEndpoint {
    /// The customers that `client` reaches.
    #[must_use]
    pub fn new(client: X3Client, settings: CustomerSettings) -> Self {
        let mut table = customer_table()
            .custom_fields(settings.custom.iter().cloned())
            .mapped_fields(&settings.mapped);
        for (source, stamp) in &settings.stamps {
            table = table.stamp(*source, stamp.clone());
        }
        let prospects = Filter::field("code.isProspect").eq(true);
        let prospects = settings.prospects_only.then_some(prospects);
        let scope = [settings.scope.filter()].into_iter().chain(prospects);
        table = table.scope(Filter::all(scope));
        if settings.balance {
            table = BALANCE_FEEDS
                .iter()
                .fold(table, |table, feed| table.supplement(feed.clone()))
                .custom_fields(balance());
        }
        let writer = CustomerWriter::new(client.clone(), settings);
        Self::of(client, table.writer(writer))
    }
}

/// Documents that move what a customer owes or has ordered. The risk customer bears it.
const BALANCE_FEEDS: [LinkedFeed; 4] = [
    balance_feed("x3Sales", "salesOrder"),
    balance_feed("x3Sales", "salesDelivery"),
    balance_feed("x3Sales", "salesInvoice"),
    balance_feed("x3InvoicingData", "customerInvoiceHeader"),
];

const fn balance_feed(package: &'static str, node: &'static str) -> LinkedFeed {
    LinkedFeed {
        package,
        node,
        path: &["billToCustomer", "riskCustomer"],
    }
}

/// The open amount, which X3 computes. Source: reference sage-x3 section 4 (observed).
fn balance() -> Option<CustomField> {
    let name = FieldName::new("creditLevelTotal").ok()?;
    Some(CustomField::new(name, CustomFieldKind::Decimal))
}

/// All that can be read of customers.
fn customer_table() -> NodeTable<Customer> {
    let fields = STANDARD.iter().map(|(name, field, path)| {
        let read = NodeField::new(*name, *path, |customer| field.read(customer));
        if field.is_searchable() {
            read
        } else {
            read.not_searchable()
        }
    });
    NodeTable::new(PLURAL, "code", fields.collect(), modified_at, |customer| {
        &customer.extra
    })
}

/// The latest change of anything that the record shows.
fn modified_at(customer: &Customer) -> Option<jiff::Timestamp> {
    let address = customer
        .default_address
        .as_ref()
        .and_then(|address| address.updated_at);
    [customer.updated_at, customer.partner_updated_at, address]
        .into_iter()
        .max()
        .flatten()
}
