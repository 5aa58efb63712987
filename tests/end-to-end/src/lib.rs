//! The mission over real sockets, faults included, and rules about the tree itself
