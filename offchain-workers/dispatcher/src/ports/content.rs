//! The content store: everything that goes by CID.

use std::path::PathBuf;

use async_trait::async_trait;
use bytes::Bytes;
use defaas_primitives::{Cid, Code, ProviderId, Tick};

use super::Source;

/// Why content is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinKind {
    /// It is code that is about to be executed.
    Code,
    /// It is the input of a call that was taken.
    Input,
    /// It is the output of a call that was executed here.
    Output,
}

/// A promise to keep content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Why it is kept.
    pub kind: PinKind,
    /// Until this tick.
    pub until: Tick,
}

/// Content could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// Nobody who was asked has it.
    #[error("nobody who was asked has the content")]
    NotFound,
    /// The whole content of the CID is there, and does not have the digest or the length that the
    /// job says. A peer that sends wrong blocks is no such case: another peer is asked.
    #[error("the content is not what it is said to be")]
    Mismatch,
    /// The store can take no more: everything in it is pinned.
    #[error("the store is full of pinned content: give it more room")]
    Full,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The store or the network failed.
    #[error("the content store failed")]
    Failed(#[source] Source),
}

impl ContentError {
    /// Whether asking again can help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::NotFound | Self::TimedOut | Self::Failed(_))
    }
}

/// The content store as a port. What it hands out is verified against what was asked for, and
/// concurrent requests for the same content share one transfer. Dropping a future stops the work.
#[async_trait]
pub trait ContentStore: Send + Sync + 'static {
    /// A complete file whose content has this code's CID, sha-256 and length. The file stays as it is
    /// while the pin holds. `source` may have the code if nobody else does.
    async fn code(
        &self,
        code: &Code,
        source: Option<ProviderId>,
        pin: Pin,
    ) -> Result<PathBuf, ContentError>;

    /// The `size` bytes under `cid`. More or fewer are a [`ContentError::Mismatch`]; no more than
    /// `size` are ever fetched.
    async fn input(&self, cid: &Cid, size: u32, pin: Pin) -> Result<Bytes, ContentError>;

    /// Stores `bytes` and returns the root of their DAG.
    async fn put(&self, bytes: Bytes, pin: Pin) -> Result<Cid, ContentError>;
}
