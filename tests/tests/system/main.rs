//! Whole-system tests: the real node with its worker, the real function runtime, the real command line
//! client, on chains of their own.
//!
//! One binary, because each binary links a client of the chain, and because most of a test is waiting
//! for blocks: run side by side they take little longer than the longest. Each starts the nodes it needs.

mod capacity;
mod chain;
mod failures;
mod interruptions;
mod refusals;
mod reorganisation;
mod reports;
mod samples;
mod throughput;
mod wallet;
