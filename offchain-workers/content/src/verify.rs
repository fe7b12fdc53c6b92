//! Whether content is the one that was published.
//!
//! A CID names a DAG, and one content can be put in many; the chain records the sha-256 and length
//! of the content itself beside the CID. Both are checked while reading, once.

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// Checks content part by part.
pub(crate) struct Check {
    sha256: [u8; 32],
    size: u64,
    hasher: Sha256,
    seen: u64,
}

impl Check {
    /// Expects content of `size` bytes with this sha-256.
    pub(crate) fn new(sha256: [u8; 32], size: u64) -> Self {
        Self {
            sha256,
            size,
            hasher: Sha256::new(),
            seen: 0,
        }
    }

    /// The next part.
    pub(crate) fn update(&mut self, part: &[u8]) {
        self.hasher.update(part);
        self.seen = self.seen.saturating_add(part.len() as u64);
    }

    /// After the last part.
    pub(crate) fn finish(self) -> Result<()> {
        if self.seen != self.size {
            return Err(Error::WrongSize {
                expected: self.size,
                actual: self.seen,
            });
        }
        let actual: [u8; 32] = self.hasher.finalize().into();
        if actual != self.sha256 {
            return Err(Error::WrongDigest {
                expected: hex::encode(self.sha256),
                actual: hex::encode(actual),
            });
        }
        Ok(())
    }

    /// Reading is limited to the expected length, so exceeding that limit means another length.
    pub(crate) fn explain(&self, error: Error) -> Error {
        match error {
            Error::TooLarge { limit } => Error::WrongSize {
                expected: self.size,
                actual: limit.saturating_add(1),
            },
            other => other,
        }
    }
}
