//! Reading a file: depth first, in the order of its bytes, every block verified.
//!
//! *Assumptions*: the DAG is hostile; [`Blocks`] returns only bytes that match the CID.
//! *Invariants*: at most one block per level is held; at most [`WalkLimits::blocks`] blocks are
//! read and `max_bytes` delivered, whatever the links repeat; and what is read exceeds what is
//! delivered by [`MAX_OVERHEAD`] bytes for each of those blocks at most.

use bytes::Bytes;

use super::{open, Blocks, Kind, WalkLimits};
use crate::cid::{Cid, Codec};
use crate::dagpb::Links;
use crate::error::{Error, Result};

/// Most bytes that are read for a block of a file beside its content, on average: what is around the
/// content in the block itself, and the link to it in its parent.
///
/// Without this bound nodes without content would cost a read of [`WalkLimits::blocks`] times 2 MiB
/// before the first byte is delivered. No file is refused for the way it was cut, be it into single
/// bytes: a link takes 55 bytes at most (CID of 38, size of 10, tags and lengths 7; the name is
/// empty), the length in the parent's message 11, and the block's own message 47 (around the content
/// 10, kind and length 13, mode and time of modification 24). A CID that carries the block has 133
/// bytes at most, and they are read before they are delivered.
const MAX_OVERHEAD: u64 = 256;

/// A file being read.
pub(crate) struct FileWalk {
    root: Cid,
    limits: WalkLimits,
    max_bytes: u64,
    started: bool,
    /// The links not yet followed, one entry per level above the current one.
    open: Vec<Links>,
    visited: u64,
    /// Lengths of the stored blocks that were read, in bytes.
    read: u64,
    delivered: u64,
    /// The length that the root claims, in bytes.
    claimed: Option<u64>,
}

impl FileWalk {
    /// Starts at `root`; fails with [`Error::TooLarge`] when there is more than `max_bytes`.
    pub(crate) fn new(root: Cid, limits: WalkLimits, max_bytes: u64) -> Self {
        Self {
            root,
            limits,
            max_bytes,
            started: false,
            open: Vec::new(),
            visited: 0,
            read: 0,
            delivered: 0,
            claimed: None,
        }
    }

    /// Reads the next block and returns the bytes of the file in it, of which there may be none;
    /// `None` at the end.
    pub(crate) fn next(&mut self, blocks: &impl Blocks) -> Result<Option<Bytes>> {
        let Some(cid) = self.step()? else {
            return match self.claimed {
                Some(claimed) if claimed != self.delivered => Err(self.wrong_claim()),
                _ => Ok(None),
            };
        };
        let content = self.visit(&cid, blocks)?;
        self.delivered = self.delivered.saturating_add(content.len() as u64);
        if self.delivered > self.max_bytes {
            return Err(Error::TooLarge {
                limit: self.max_bytes,
            });
        }
        if self.claimed.is_some_and(|claimed| self.delivered > claimed) {
            return Err(self.wrong_claim());
        }
        self.check_overhead()?;
        Ok(Some(content))
    }

    /// The length that the root claims, in bytes, once the root has been read.
    pub(crate) fn claimed(&self) -> Option<u64> {
        self.claimed
    }

    /// The next block to visit.
    fn step(&mut self) -> Result<Option<Cid>> {
        if !self.started {
            self.started = true;
            return Ok(Some(self.root.clone()));
        }
        while let Some(level) = self.open.last_mut() {
            if let Some(link) = level.next() {
                return Ok(Some(link.cid?));
            }
            self.open.pop();
        }
        Ok(None)
    }

    /// Reads one block, opens its links and returns its own content.
    fn visit(&mut self, cid: &Cid, blocks: &impl Blocks) -> Result<Bytes> {
        let is_root = self.visited == 0;
        if self.open.len() >= self.limits.depth {
            return Err(Error::TooDeep {
                root: self.root.clone(),
                limit: self.limits.depth,
            });
        }
        if self.visited >= self.limits.blocks {
            return Err(Error::TooManyBlocks {
                root: self.root.clone(),
                limit: self.limits.blocks,
            });
        }
        self.visited += 1;
        let block = blocks.block(cid).map_err(|error| match error {
            Error::NotFound(missing) if !is_root => Error::Truncated {
                root: self.root.clone(),
                missing,
            },
            other => other,
        })?;
        // What a CID carries costs no reading: its parent was read.
        if cid.inline().is_none() {
            self.read = self.read.saturating_add(block.len() as u64);
        }
        if cid.codec() == Codec::Raw {
            return Ok(block);
        }
        let (data, links) = open(cid, block)?;
        if !matches!(data.kind, Kind::File | Kind::Raw) {
            return Err(Error::NotAFile {
                cid: cid.clone(),
                kind: data.kind.name(),
            });
        }
        if is_root {
            self.claimed = data.file_size;
            if data.file_size.is_some_and(|size| size > self.max_bytes) {
                return Err(Error::TooLarge {
                    limit: self.max_bytes,
                });
            }
        }
        self.open.push(links);
        Ok(data.inline)
    }

    /// The content of a node is delivered when the node is read, so this holds for a file at each
    /// of its blocks.
    fn check_overhead(&self) -> Result<()> {
        let most = self.limits.blocks.saturating_mul(MAX_OVERHEAD);
        if self.read.saturating_sub(self.delivered) > most {
            return Err(self.malformed("the file's blocks have far more bytes than its content"));
        }
        Ok(())
    }

    fn wrong_claim(&self) -> Error {
        self.malformed("the file's length is not the one it claims")
    }

    fn malformed(&self, reason: &'static str) -> Error {
        Error::Malformed {
            cid: self.root.clone(),
            reason,
        }
    }
}

/// The length of a file as its root claims it, in bytes. Reading checks the claim.
pub(crate) fn claimed_size(root: &Cid, blocks: &impl Blocks) -> Result<u64> {
    let block = blocks.block(root)?;
    if root.codec() == Codec::Raw {
        return Ok(block.len() as u64);
    }
    let (data, _) = open(root, block)?;
    match (data.kind, data.file_size) {
        (Kind::File | Kind::Raw, Some(size)) => Ok(size),
        (Kind::File | Kind::Raw, None) => Ok(data.inline.len() as u64),
        (kind, _) => Err(Error::NotAFile {
            cid: root.clone(),
            kind: kind.name(),
        }),
    }
}

#[cfg(test)]
mod tests;
