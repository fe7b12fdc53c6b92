//! What runs functions.

use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use defaas_primitives::{Job, Meters, Outcome};

use super::Source;

/// Code could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    /// The code needs something that is not offered here.
    #[error("the code needs something that this executor does not offer")]
    Unsupported,
    /// The code cannot be compiled or unpacked.
    #[error("the code is invalid")]
    InvalidCode,
    /// The executor takes nothing more at the moment.
    #[error("the executor is at its capacity")]
    Busy,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// It cannot be reached, or failed.
    #[error("the executor failed")]
    Failed(#[source] Source),
}

impl ExecutorError {
    /// Whether asking again can help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy | Self::TimedOut | Self::Failed(_))
    }
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// How it ended.
    pub outcome: Outcome,
    /// After [`Outcome::Success`] what the function wrote, after [`Outcome::FunctionFailed`] the end
    /// of what it wrote to its error stream, else ignored. At most one byte more than
    /// [`Limits::max_output_bytes`](defaas_primitives::Limits::max_output_bytes) is ever read.
    pub output: Bytes,
    /// What it used.
    pub meters: Meters,
}

/// The executor as a port. Dropping a future stops the work as far as the executor can.
#[async_trait]
pub trait Executor: Send + Sync + 'static {
    /// Makes the version of `job` ready to be called, with its code in the file `code`. Returns at
    /// once if it is ready. Never runs the function, so it may be repeated.
    async fn ensure_deployed(&self, job: &Job, code: &Path) -> Result<(), ExecutorError>;

    /// Runs the function once within its limits and says how it ended. Is never repeated within an
    /// attempt and so must not repeat anything itself that may have run the function.
    async fn invoke(&self, job: &Job, input: Bytes) -> Execution;
}
