//! Starts the real binaries for whole-system tests.
//!
//! Everything runs on loopback, on ports that the system gives out, in a folder of its own that goes
//! with the test. Tests wait for readiness, never for time to pass, and leave no process behind:
//! dropping a [`Node`] kills it.

pub mod binaries;
pub mod cli;
pub mod node;

pub use node::{Node, NodeError};
