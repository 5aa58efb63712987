//! Laws and doubles for tests. Not covered by semver.

mod clock;
mod fake_system;
pub mod sim;
pub mod store_laws;

pub use self::{
    clock::{ManualClock, Sleep},
    fake_system::{Call, CallKind, FakeSystem, FakeSystemBuilder, Fault, RowFault, Traffic},
};
