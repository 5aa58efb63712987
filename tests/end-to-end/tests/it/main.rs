//! The mission over real sockets: Sage X3 customers and Zoho accounts, kept in agreement by the engine through both clients,
//! judged by what the two servers hold.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod both_ways;
mod conflicts;
mod contacts;
mod cost;
mod credit;
mod failures;
mod first_meeting;
mod fulfilment;
mod invoices;
mod leads;
mod orders;
mod orders_afterwards;
mod orders_by_soap;
mod overwriting;
mod products;
mod purchasing;
mod shop;
mod shown_invoices;
mod whole_discounts;
mod world;
