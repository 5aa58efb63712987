//! Records as this crate hands them out and takes them in.

mod address;
mod customer;
mod input;
mod patch;
mod read;

pub use self::{
    address::Address,
    customer::Customer,
    patch::{AddressAction, AddressPatch, CustomerPatch, NewCustomer},
};
pub(crate) use self::{
    input::{Input, Leaf},
    read::{CustomerNode, address, customer, more_addresses},
};
