//! The flows that ship, as tables to use, change or take as examples.
//!
//! Each is for Sage X3 on the left and Zoho CRM on the right. They hold no connection to either: an embedder puts the
//! endpoints in, and may add, replace or remove rows.

pub mod codes;
pub mod customers;
pub mod fulfilment;
pub mod invoices;
pub mod orders;
