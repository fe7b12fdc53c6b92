//! The balanced layout: all leaves at the same depth, each inner node but the last of its level
//! full.
//!
//! The nodes are built bottom-up as the leaves arrive, one open node per level, so a file of any
//! length needs `width × levels` links of memory.

use bytes::Bytes;

use super::encode_file;
use crate::cid::{Cid, Codec, HashFunction};
use crate::dagpb::{encode, NewLink};
use crate::error::Result;

/// A finished node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    /// Its CID.
    pub(crate) cid: Cid,
    /// Length of the content below, in bytes.
    pub(crate) content: u64,
    /// Its block and all blocks below it, in bytes, repeated ones counted each time.
    pub(crate) cumulative: u64,
}

/// Takes finished blocks.
pub(crate) type Sink<'a> = dyn FnMut(&Cid, Bytes) -> Result<()> + 'a;

/// Builds the tree over leaves.
pub(crate) struct Balanced {
    width: usize,
    levels: Vec<Vec<Child>>,
}

impl Balanced {
    /// A tree whose nodes have at most `width` links.
    pub(crate) fn new(width: usize) -> Self {
        Self {
            width,
            levels: Vec::new(),
        }
    }

    /// Appends a leaf.
    pub(crate) fn push(&mut self, leaf: Child, sink: &mut Sink<'_>) -> Result<()> {
        let mut child = leaf;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let open = &mut self.levels[level];
            open.push(child);
            if open.len() < self.width {
                break;
            }
            child = fold(std::mem::take(open), sink)?;
        }
        Ok(())
    }

    /// Closes the open nodes and returns the root; `None` if there was no leaf.
    pub(crate) fn finish(self, sink: &mut Sink<'_>) -> Result<Option<Child>> {
        let top = self.levels.len().saturating_sub(1);
        let mut carried = None;
        for (level, mut open) in self.levels.into_iter().enumerate() {
            open.extend(carried);
            carried = match open.len() {
                0 => None,
                // A root of one link would be one level too many; below the top it is what keeps
                // all leaves at the same depth.
                1 if level == top => open.pop(),
                _ => Some(fold(open, sink)?),
            };
        }
        Ok(carried)
    }
}

fn fold(children: Vec<Child>, sink: &mut Sink<'_>) -> Result<Child> {
    let sizes: Vec<u64> = children.iter().map(|child| child.content).collect();
    let links = children.iter().map(|child| NewLink {
        cid: &child.cid,
        name: "",
        tsize: child.cumulative,
    });
    let block = Bytes::from(encode(links, &encode_file(&sizes)));
    let below: u64 = children.iter().map(|child| child.cumulative).sum();
    let folded = Child {
        cid: Cid::of(Codec::DagPb, HashFunction::Sha2, &block),
        content: sizes.iter().sum(),
        cumulative: below + block.len() as u64,
    };
    sink(&folded.cid, block)?;
    Ok(folded)
}
