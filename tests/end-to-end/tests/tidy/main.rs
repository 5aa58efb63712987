//! Rules about the tree itself, kept by a test because nobody remembers them all.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod dependency_rules;
mod public_signatures;
mod security_review;
mod source_text;
mod tree;
mod tree_rules;
