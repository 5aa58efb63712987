//! Sage X3 as a side.
//!
//! [`NodeEndpoint`] offers the records of any node to the engine, as a [`NodeTable`] describes them. The endpoints of the
//! standard flows are made of it.
//!
//! [`CustomerEndpoint`] offers X3's customers. Its records have these fields; all but the marked ones can
//! be written, and all but address lines, telephone numbers and e-mail addresses can be searched for.
//!
//! | field | in X3 | value |
//! |---|---|---|
//! | `code` | code of customer and business partner | text; only on creation |
//! | `customerCategory` | category | text |
//! | `companyName1`, `companyName2`, `shortCompanyName` | names of the business partner | text |
//! | `europeanUnionVatNumber` | of the business partner | text |
//! | `country`, `language` | of the business partner, by code | text |
//! | `currency` | by code | text |
//! | `isActive` | | boolean |
//! | `isProspect` | of the business partner | boolean |
//! | `creditControl` | name of the enumeration's member | text |
//! | `authorizedCreditAmount`, `minimumOrderAmount` | | number |
//! | `notes` | | text |
//! | `address.code` | default address | text; read only |
//! | `address.description`, `address.line1` to `address.line3` | default address | text |
//! | `address.zipCode`, `address.city`, `address.state`, `address.country`, `address.website` | default address | text |
//! | `address.phone`, `address.phone2` to `address.phone5` | default address | text |
//! | `address.email`, `address.email2` to `address.email5` | default address | text |
//! | fields of the site | as configured | as configured |
//!
//! [`SalesOrderEndpoint`] offers X3's sales orders, with their lines.
//! [`SalesInvoiceEndpoint`] and [`CustomerInvoiceEndpoint`] offer X3's invoices: those of sales, and those of accounting.
//!
//! Build the client with [`retry_policy`]: the engine owns long waits.
//!
//! Fields are always present: what X3 holds nothing for is `Null`. A customer without a default address gets one when an
//! address field is written.

mod addresses;
mod children;
mod contacts;
mod customer_invoices;
mod customers;
mod error;
mod fields;
mod ledger;
mod linked_feed;
mod node;
mod outcomes;
mod products;
mod purchase_orders;
mod sales_invoices;
mod sales_orders;
mod settings;
mod stock;
mod suppliers;
mod table;

pub use self::{
    contacts::{ContactEndpoint, ContactSettings},
    customer_invoices::{CustomerInvoiceEndpoint, CustomerInvoiceSettings},
    customers::{CustomerEndpoint, CustomerScope},
    node::NodeEndpoint,
    products::{ProductEndpoint, ProductSettings},
    purchase_orders::{PurchaseOrderEndpoint, PurchaseOrderSettings},
    sales_invoices::{SalesInvoiceEndpoint, SalesInvoiceSettings, credits_left_out},
    sales_orders::{SalesOrderEndpoint, SalesOrderSettings},
    settings::{CustomField, CustomFieldKind, CustomerSettings, retry_policy},
    suppliers::{SupplierEndpoint, SupplierSettings},
    table::{NodeField, NodeTable, NodeWriter, Supplement},
};
