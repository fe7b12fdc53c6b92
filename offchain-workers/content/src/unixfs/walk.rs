//! Walking a whole DAG of any shape: files, directories, sharded directories.
//!
//! Each block is visited once, however often it is linked, so the cost is that of what is stored.

use std::collections::HashSet;

use super::{Blocks, WalkLimits};
use crate::cid::{Cid, Codec};
use crate::dagpb::{Links, Node};
use crate::error::{Error, Result};

/// What a DAG consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DagStat {
    /// Distinct blocks, inline ones included.
    pub blocks: u64,
    /// Their lengths together, in bytes.
    pub bytes: u64,
}

/// Reads and verifies every block below `root`. A missing one is [`Error::Truncated`].
pub(crate) fn walk(root: &Cid, blocks: &impl Blocks, limits: WalkLimits) -> Result<DagStat> {
    let mut stat = DagStat {
        blocks: 0,
        bytes: 0,
    };
    let mut seen = HashSet::new();
    let mut open: Vec<Links> = Vec::new();
    let mut next = Some(root.clone());
    loop {
        if let Some(cid) = next.take() {
            if seen.insert(cid.clone()) {
                if open.len() >= limits.depth {
                    return Err(Error::TooDeep {
                        root: root.clone(),
                        limit: limits.depth,
                    });
                }
                if stat.blocks >= limits.blocks {
                    return Err(Error::TooManyBlocks {
                        root: root.clone(),
                        limit: limits.blocks,
                    });
                }
                let block = blocks.block(&cid).map_err(|error| match error {
                    Error::NotFound(missing) if cid != *root => Error::Truncated {
                        root: root.clone(),
                        missing,
                    },
                    other => other,
                })?;
                stat.blocks += 1;
                stat.bytes += block.len() as u64;
                if cid.codec() == Codec::DagPb {
                    let node = Node::decode(block).map_err(|_| Error::Malformed {
                        cid,
                        reason: "it is not a dag-pb node",
                    })?;
                    open.push(node.links());
                }
            }
        }
        match open.last_mut().map(Iterator::next) {
            Some(Some(link)) => next = Some(link.cid?),
            Some(None) => drop(open.pop()),
            None => return Ok(stat),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::super::encode_directory;
    use super::super::testing::Memory;
    use super::*;
    use crate::dagpb::{encode, NewLink};

    const LIMITS: WalkLimits = WalkLimits {
        depth: 4,
        blocks: 10,
    };

    fn directory(memory: &mut Memory, children: &[Cid]) -> Cid {
        let links = children.iter().map(|cid| NewLink {
            cid,
            name: "entry",
            tsize: 0,
        });
        memory.insert(Codec::DagPb, encode(links, &encode_directory()))
    }

    #[test]
    fn repeated_blocks_count_once() {
        let mut memory = Memory::default();
        let leaf = memory.insert(Codec::Raw, "leaf");
        let inner = directory(&mut memory, &vec![leaf; 1000]);
        let root = directory(&mut memory, &vec![inner; 1000]);
        let stat = walk(&root, &memory, LIMITS).unwrap();
        assert_eq!(stat.blocks, 3);
        let bytes: usize = memory.0.values().map(|block| block.len()).sum();
        assert_eq!(stat.bytes, bytes as u64);
    }

    #[test]
    fn depth_and_number_of_blocks_are_bounded() {
        let mut memory = Memory::default();
        let leaves: Vec<_> = (0..10)
            .map(|i: u8| memory.insert(Codec::Raw, vec![i]))
            .collect();
        let wide = directory(&mut memory, &leaves);
        assert!(matches!(
            walk(&wide, &memory, LIMITS),
            Err(Error::TooManyBlocks { .. })
        ));
        let mut deep = leaves[0].clone();
        for _ in 0..4 {
            deep = directory(&mut memory, &[deep]);
        }
        assert!(matches!(
            walk(&deep, &memory, LIMITS),
            Err(Error::TooDeep { .. })
        ));
    }

    #[test]
    fn a_missing_block_is_named() {
        let mut memory = Memory::default();
        let leaf = memory.insert(Codec::Raw, "leaf");
        let root = directory(&mut memory, from_ref(&leaf));
        memory.0.remove(&leaf);
        assert!(matches!(
            walk(&root, &memory, LIMITS),
            Err(Error::Truncated { missing, .. }) if missing == leaf
        ));
    }
}
