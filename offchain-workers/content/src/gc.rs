//! Garbage collection: mark what pins and leases reach, sweep the rest.
//!
//! The caller holds the store's gate exclusively from before the roots are read until the sweep is
//! over, so no block, pin or lease appears in between (see [`crate::engine`]).

use std::collections::HashSet;

use crate::blockstore::BlockStore;
use crate::cid::{BlockKey, Cid, Codec};
use crate::dagpb::{Links, Node};
use crate::error::{Error, Result};

/// What a collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Pins that had expired.
    pub pins: usize,
    /// Blocks removed.
    pub blocks: u64,
    /// What they took on disk, in bytes.
    pub bytes: u64,
}

/// Removes every block that is neither in `keep` nor reachable from `roots`.
pub(crate) fn collect(
    blocks: &BlockStore,
    roots: impl IntoIterator<Item = Cid>,
    keep: HashSet<BlockKey>,
) -> Result<Collected> {
    let marked = mark(blocks, roots, keep)?;
    let mut collected = Collected::default();
    blocks.for_each(|key, cost| {
        if !marked.contains(&key) {
            blocks.remove(&key)?;
            collected.blocks += 1;
            collected.bytes += cost;
        }
        Ok(())
    })?;
    Ok(collected)
}

/// Missing and damaged blocks end their branch: a pin may stand before its content is fetched, and
/// a DAG with a damaged node is lost until it is fetched again. A disk that fails ends the
/// collection, because what lies below the unread block is not known.
fn mark(
    blocks: &BlockStore,
    roots: impl IntoIterator<Item = Cid>,
    mut marked: HashSet<BlockKey>,
) -> Result<HashSet<BlockKey>> {
    // The same block may be marked as raw by one root and have links under another.
    let mut expanded = HashSet::new();
    let mut open: Vec<Links> = Vec::new();
    for root in roots {
        let mut next = Some(root);
        loop {
            if let Some(cid) = next.take() {
                marked.extend(cid.key());
                if cid.codec() == Codec::DagPb && expanded.insert(cid.clone()) {
                    open.extend(links(blocks, &cid)?);
                }
            }
            match open.last_mut().map(Iterator::next) {
                Some(Some(link)) => next = link.cid.ok(),
                Some(None) => drop(open.pop()),
                None => break,
            }
        }
    }
    Ok(marked)
}

fn links(blocks: &BlockStore, cid: &Cid) -> Result<Option<Links>> {
    match blocks.get(cid) {
        Ok(block) => Ok(Node::decode(block).ok().map(Node::links)),
        Err(Error::NotFound(_) | Error::Corrupt(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
