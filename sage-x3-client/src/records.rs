//! Records of any node.

mod ids;
