//! What the dispatcher needs from the rest of the machine.
//!
//! The ports are object-safe traits behind `Arc<dyn …>` and not type parameters. Which store and
//! which executor a node uses is a setting read at start, the futures that `async_trait` boxes stand
//! next to disk, network or runtime calls that cost far more, and without type parameters the crate
//! is compiled once, not once for each combination in the node and in its tests.
//!
//! There is no port for time. Deadlines are in ticks and come from [`Chain`]; time-outs use
//! `tokio::time`, which tests pause and advance.

mod chain;
mod content;
mod executor;

use std::sync::Arc;

pub use chain::{BlockRef, Chain, ChainError, Finality, Submission};
pub use content::{ContentError, ContentStore, Pin, PinKind};
pub use executor::{Execution, Executor, ExecutorError};

/// Adapters of all ports.
#[derive(Clone)]
pub struct Ports {
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// Where code and inputs come from and outputs go to.
    pub content: Arc<dyn ContentStore>,
    /// What executes.
    pub executor: Arc<dyn Executor>,
}

/// What lies behind an adapter's error.
pub type Source = Box<dyn std::error::Error + Send + Sync>;
