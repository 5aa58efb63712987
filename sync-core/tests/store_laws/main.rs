//! The laws of stores: the store in memory keeps them, and none of them can be broken unnoticed.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod faulty;
mod memory;
mod own;
