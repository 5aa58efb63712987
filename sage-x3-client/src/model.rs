//! What records are made of, in both directions.

mod address;
mod input;
mod patch;
mod read;
mod rest;

pub use self::{
    address::Address,
    patch::{AddressAction, AddressPatch, CustomerPatch, NewCustomer},
};
pub(crate) use self::{
    input::{Input, Leaf},
    patch::{patch, setters},
    read::{
        Extra, address_of, code, day, debug_by_key, decimal, discounts_of, filled, instant, key_of,
        member, nodes_of, pick, rest_of, slots, slots_of, text,
    },
    rest::{WithRest, field_names},
};
