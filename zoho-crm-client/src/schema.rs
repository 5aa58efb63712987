//! An organisation's own fields in code: writing types for them, and noticing when they change.
//!
//! [`generate_module`] writes the source of a [`zoho_model!`](crate::zoho_model) type and of an [`ExpectedModule`] that
//! says what the type was made from. `cargo run --example generate` does so for a real organisation.
//! [`ZohoClient::check_schema`](crate::ZohoClient::check_schema) compares what is expected with what is there.

mod check;
mod expected;
mod generate;

pub use self::{
    check::Drift,
    expected::{ExpectedField, ExpectedModule, ModuleFacts},
    generate::generate_module,
};
