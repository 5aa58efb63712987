//! Typed records of the usual classes. Columns that have no field of their own, a site's own above all, are kept in
//! `columns`.
//!
//! A field is none when the representation does not show its column. Codes and kinds: reference sage-x3 section 4.8.

mod account;
mod customer;
mod macros;
mod product;
mod purchase_order;
mod sales_invoice;
mod sales_order;
mod supplier;

pub use self::{
    account::Account,
    customer::Customer,
    product::Product,
    purchase_order::PurchaseOrder,
    sales_invoice::{SalesInvoice, SalesInvoiceLine},
    sales_order::SalesOrder,
    supplier::Supplier,
};
