//! The mission over real sockets, faults included, and rules about the tree itself.

/// The repository's README: the program in it must compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
#[derive(Debug)]
pub struct Readme;
