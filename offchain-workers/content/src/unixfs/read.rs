//! Reading a file: depth first, in the order of its bytes, every block verified.
//!
//! *Assumptions*: the DAG is hostile; [`Blocks`] returns only bytes that match the CID.
//! *Invariants*: at most one block per level is held; at most [`WalkLimits::blocks`] blocks are
//! read and `max_bytes` delivered, whatever the links repeat.

use bytes::Bytes;

use super::{open, Blocks, Kind, WalkLimits};
use crate::cid::{Cid, Codec};
use crate::dagpb::Links;
use crate::error::{Error, Result};

/// A file being read.
pub(crate) struct FileWalk {
    root: Cid,
    limits: WalkLimits,
    max_bytes: u64,
    started: bool,
    /// The links not yet followed, one entry per level above the current one.
    open: Vec<Links>,
    visited: u64,
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
            delivered: 0,
            claimed: None,
        }
    }

    /// The next bytes of the file, never empty; `None` at the end.
    pub(crate) fn next(&mut self, blocks: &impl Blocks) -> Result<Option<Bytes>> {
        while let Some(cid) = self.step()? {
            let content = self.visit(&cid, blocks)?;
            if content.is_empty() {
                continue;
            }
            self.delivered = self.delivered.saturating_add(content.len() as u64);
            if self.delivered > self.max_bytes {
                return Err(Error::TooLarge {
                    limit: self.max_bytes,
                });
            }
            if self.claimed.is_some_and(|claimed| self.delivered > claimed) {
                return Err(self.wrong_claim());
            }
            return Ok(Some(content));
        }
        if self
            .claimed
            .is_some_and(|claimed| self.delivered != claimed)
        {
            return Err(self.wrong_claim());
        }
        Ok(None)
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

    fn wrong_claim(&self) -> Error {
        Error::Malformed {
            cid: self.root.clone(),
            reason: "the file's length is not the one it claims",
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
mod tests {
    use std::slice::from_ref;

    use super::super::testing::Memory;
    use super::super::{encode_directory, encode_file};
    use super::*;
    use crate::dagpb::{encode, NewLink};
    use crate::protobuf::{put_bytes, put_varint};

    const LIMITS: WalkLimits = WalkLimits {
        depth: 32,
        blocks: 1000,
    };

    fn read(memory: &Memory, root: &Cid, max_bytes: u64) -> Result<Vec<u8>> {
        let mut walk = FileWalk::new(root.clone(), LIMITS, max_bytes);
        let mut content = Vec::new();
        while let Some(part) = walk.next(memory)? {
            content.extend_from_slice(&part);
        }
        Ok(content)
    }

    fn node(memory: &mut Memory, children: &[Cid], message: &[u8]) -> Cid {
        let links = children.iter().map(|cid| NewLink {
            cid,
            name: "",
            tsize: 0,
        });
        memory.insert(Codec::DagPb, encode(links, message))
    }

    fn repeated(cid: &Cid) -> Vec<Cid> {
        vec![cid.clone(); 10]
    }

    /// A UnixFS message with content of its own and a claimed length.
    fn message(kind: u64, inline: &[u8], size: Option<u64>) -> Vec<u8> {
        let mut message = Vec::new();
        put_varint(&mut message, 1, kind);
        put_bytes(&mut message, 2, inline);
        if let Some(size) = size {
            put_varint(&mut message, 3, size);
        }
        message
    }

    #[test]
    fn content_of_an_inner_node_comes_before_that_of_its_links() {
        let mut memory = Memory::default();
        let leaf = memory.insert(Codec::Raw, "world");
        let wrapped = node(&mut memory, &[], &message(0, b", ", None));
        let root = node(
            &mut memory,
            &[wrapped, leaf],
            &message(2, b"hello", Some(12)),
        );
        assert_eq!(read(&memory, &root, 12).unwrap(), b"hello, world");
        assert_eq!(claimed_size(&root, &memory).unwrap(), 12);
    }

    #[test]
    fn a_missing_leaf_is_truncated_and_a_missing_root_not_found() {
        let mut memory = Memory::default();
        let leaf = memory.insert(Codec::Raw, "leaf");
        let root = node(&mut memory, from_ref(&leaf), &encode_file(&[4]));
        memory.0.remove(&leaf);
        assert!(matches!(
            read(&memory, &root, 100),
            Err(Error::Truncated { root: r, missing }) if r == root && missing == leaf
        ));
        memory.0.remove(&root);
        assert!(matches!(read(&memory, &root, 100), Err(Error::NotFound(cid)) if cid == root));
    }

    #[test]
    fn a_length_other_than_claimed_is_malformed() {
        let mut memory = Memory::default();
        let leaf = memory.insert(Codec::Raw, "leaf");
        for claim in [3, 5] {
            let root = node(&mut memory, from_ref(&leaf), &encode_file(&[claim]));
            assert!(
                matches!(read(&memory, &root, 100), Err(Error::Malformed { .. })),
                "{claim}"
            );
        }
    }

    #[test]
    fn more_than_the_limit_is_too_large_before_and_while_reading() {
        let mut memory = Memory::default();
        let leaf = memory.insert(Codec::Raw, "leaf");
        let honest = node(&mut memory, from_ref(&leaf), &encode_file(&[4]));
        let silent = node(&mut memory, from_ref(&leaf), &message(2, b"", None));
        for root in [honest, silent, leaf] {
            assert!(matches!(
                read(&memory, &root, 3),
                Err(Error::TooLarge { limit: 3 })
            ));
            assert_eq!(read(&memory, &root, 4).unwrap(), b"leaf");
        }
    }

    #[test]
    fn repeated_links_stop_at_the_block_limit() {
        let mut memory = Memory::default();
        // 10^20 visits of empty leaves in 21 small blocks, without a single byte.
        let mut cid = memory.insert(Codec::Raw, "");
        for _ in 0..20 {
            cid = node(&mut memory, &repeated(&cid), &message(2, b"", None));
        }
        assert!(matches!(
            read(&memory, &cid, 100),
            Err(Error::TooManyBlocks { limit: 1000, .. })
        ));
    }

    #[test]
    fn repeated_content_stops_at_the_byte_limit() {
        let mut memory = Memory::default();
        let mut cid = memory.insert(Codec::Raw, "x".repeat(100));
        for _ in 0..20 {
            cid = node(&mut memory, &repeated(&cid), &message(2, b"", None));
        }
        assert!(matches!(
            read(&memory, &cid, 1000),
            Err(Error::TooLarge { limit: 1000 })
        ));
    }

    #[test]
    fn depth_is_bounded_and_the_bound_itself_is_read() {
        let mut memory = Memory::default();
        let mut cid = memory.insert(Codec::Raw, "deep");
        for _ in 1..LIMITS.depth {
            cid = node(&mut memory, &[cid], &message(2, b"", None));
        }
        assert_eq!(read(&memory, &cid, 100).unwrap(), b"deep");
        cid = node(&mut memory, &[cid], &message(2, b"", None));
        assert!(matches!(
            read(&memory, &cid, 100),
            Err(Error::TooDeep { limit: 32, .. })
        ));
    }

    #[test]
    fn directories_and_nodes_without_unixfs_are_typed_errors() {
        let mut memory = Memory::default();
        let directory = node(&mut memory, &[], &encode_directory());
        assert!(matches!(
            read(&memory, &directory, 100),
            Err(Error::NotAFile {
                kind: "directory",
                ..
            })
        ));
        let damaged = node(&mut memory, &[], b"\xff");
        assert!(matches!(
            read(&memory, &damaged, 100),
            Err(Error::Malformed { .. })
        ));
    }

    #[test]
    fn a_link_that_cannot_be_verified_is_refused_when_followed() {
        let mut memory = Memory::default();
        let foreign = [&[1, 0x71, 0x12, 32][..], &[0; 32]].concat();
        let mut link = Vec::new();
        put_bytes(&mut link, 1, &foreign);
        let mut block = Vec::new();
        put_bytes(&mut block, 2, &link);
        put_bytes(&mut block, 1, &message(2, b"", None));
        let root = memory.insert(Codec::DagPb, block);
        assert!(matches!(
            read(&memory, &root, 100),
            Err(Error::UnsupportedCid(_))
        ));
    }
}
