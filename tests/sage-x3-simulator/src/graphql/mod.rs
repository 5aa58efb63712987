//! A GraphQL server core: parser, validation and execution, worded as the JavaScript reference server words it.
//!
//! It is written here rather than taken from a Rust server library because a client of Sage X3 meets the JavaScript
//! server's error texts, and because numbers must stay text (a decimal never passes through `f64`).

pub(crate) mod ast;
pub(crate) mod error;
pub(crate) mod execute;
pub(crate) mod introspection;
mod lexer;
pub(crate) mod parser;
pub(crate) mod sdl;
pub(crate) mod types;
pub(crate) mod validate;
pub(crate) mod values;
