//! Starts the real binaries for whole-system tests.
//!
//! Everything runs on loopback, on ports that the system gives out, in a folder of its own that goes
//! with the test. Tests wait for readiness, never for time to pass, and leave no process behind:
//! dropping a [`Node`] kills it.

pub mod binaries;
pub mod cli;
pub mod echo;
pub mod functions;
pub mod genesis;
pub mod ledger;
pub mod load;
pub mod node;
pub mod npm;
pub mod price;
pub mod processes;
pub mod rest;
pub mod samples;

pub use node::{Node, NodeError};
