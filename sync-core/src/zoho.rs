//! Zoho CRM as a side.
//!
//! [`ZohoEndpoint`] is one module of an organisation. Build its client with [`retry_policy`]: the engine owns long waits.
//!
//! - Records are read by id with a list call; one that the list leaves out is looked at alone before it counts as gone.
//! - Records are found by field with COQL, which sees a record as soon as it exists; search does not.
//! - Records are created by upsert on the unique key field, so that a repeated create makes no second record. If a row
//!   sets another unique field too, it is inserted instead: an upsert would overwrite the record that has that value. So
//!   is a record with lines, which an upsert would append to those that are there.
//! - Lines ([`ModuleSettings::lines`]) come with single reads only, so such records are read one by one, at a credit each.
//!   Written, they are exchanged for the new ones as a whole; sent twice, they are there once.
//! - A path over a lookup, such as `Product_Name.Product_Code`, is read from the record that the lookup points to; written,
//!   it makes the lookup point to the one record that has this value. Owners and other lookups are references: their ids.
//! - Between the engine's look at a record and its write, somebody may change it. [`ModuleSettings::conditional_updates`]
//!   has Zoho refuse such a write, at a call for each record; [`ModuleSettings::looks_back`] finds afterwards what a write
//!   replaced and puts it into the audit trail, at a call for each record too. Both are off unless asked for.
//! - Feed `modified` reads by modification time, feed `deleted` reads deletions, both to the second.
//!
//! [`DealEndpoint`] is the module of deals with what they order.
//!
//! Notifications become work by [`hints()`]; the channel that they come by is looked after by the engine as a
//! [`NotificationChannel`]. Calls are counted in Zoho's credits.

mod channel;
mod convert;
mod deals;
mod endpoint;
mod errors;
mod feeds;
mod hints;
mod history;
mod lookups;
mod schema;
mod settings;
#[cfg(test)]
mod tests;
mod writes;

pub use self::{
    channel::NotificationChannel,
    deals::{
        AmountCheck, DealEndpoint, DealSettings, LineSource, PriceForm, ProductSource,
        Qualification, QuoteSource, WholeDiscount,
    },
    endpoint::ZohoEndpoint,
    hints::hints,
    settings::{LineSettings, ModuleSettings, retry_policy},
};
