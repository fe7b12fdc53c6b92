//! Garbage collection: what pins and leases reach stays, the rest goes.
//!
//! The caller holds the store's gate exclusively from before the roots are read until the sweep is
//! over, so no block, pin or lease appears in between (see [`crate::engine`]).
//!
//! *Assumption*: the DAGs are hostile. A block is filed without its codec, so strangers can have any
//! bytes that are stored read as a node: a mebibyte of a call's output becomes one with 26 000
//! links, to whatever they like.
//!
//! *Invariants*: memory grows with the number of stored blocks alone, by 34 bytes for each and 8 for
//! one that waits to be read, and beside that there is one node in it. A link to what is not here
//! leaves no trace. Each block is read once at most, however often and by whichever CIDs it is
//! linked.

use std::collections::HashSet;

use bytes::Bytes;

use crate::blockstore::BlockStore;
use crate::cid::{BlockKey, Cid, Codec};
use crate::dagpb::Node;
use crate::error::{Error, Result};
use crate::unixfs::Blocks;

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
    let mut marks = Marks::new(blocks)?;
    keep.into_iter().for_each(|key| marks.set(key, Mark::Kept));
    roots.into_iter().for_each(|root| marks.reach(&root));
    marks.follow(blocks)?;
    let mut collected = Collected::default();
    for key in marks.unreached() {
        if let Some(cost) = blocks.remove(&key)? {
            collected.blocks += 1;
            collected.bytes += cost;
        }
    }
    Ok(collected)
}

/// What is known of a block. It only ever rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    /// Nothing has led to it.
    Unreached,
    /// It stays. Nothing has named it as a node, so what its bytes may link to does not count.
    Kept,
    /// It stays, and what it links to stays as well.
    Node,
}

/// The blocks that were there at the beginning.
struct Marks {
    /// In the order of the keys: a list takes half of the memory of a hash table.
    blocks: Vec<(BlockKey, Mark)>,
    /// Positions of the nodes whose links have not been followed. A block gets here when it becomes
    /// [`Mark::Node`], which happens once.
    open: Vec<usize>,
}

impl Marks {
    fn new(store: &BlockStore) -> Result<Self> {
        let mut blocks = Vec::with_capacity(store.count() as usize);
        store.for_each(|key, _| {
            blocks.push((key, Mark::Unreached));
            Ok(())
        })?;
        blocks.sort_unstable_by_key(|(key, _)| *key);
        Ok(Self {
            blocks,
            open: Vec::new(),
        })
    }

    /// Keeps what `cid` names. A pin may stand before its content is fetched, so that nothing is
    /// here is no error.
    fn reach(&mut self, cid: &Cid) {
        match (cid.key(), cid.inline(), cid.codec()) {
            (Some(key), _, Codec::Raw) => self.set(key, Mark::Kept),
            (Some(key), _, Codec::DagPb) => self.set(key, Mark::Node),
            // The CIDs in it are shorter than it is, so its 128 bytes also bound the recursion.
            (None, Some(node), Codec::DagPb) => self.reach_links(Bytes::copy_from_slice(node)),
            (None, _, _) => {}
        }
    }

    /// Keeps what a node links to. Bytes that are not a node link to nothing.
    fn reach_links(&mut self, block: Bytes) {
        let Ok(node) = Node::decode(block) else {
            return;
        };
        for cid in node.links().filter_map(|link| link.cid.ok()) {
            self.reach(&cid);
        }
    }

    /// Raises the mark of a block, if it is here.
    fn set(&mut self, key: BlockKey, mark: Mark) {
        let Ok(position) = self.blocks.binary_search_by_key(&key, |(key, _)| *key) else {
            return;
        };
        let known = &mut self.blocks[position].1;
        if *known < mark {
            *known = mark;
            if mark == Mark::Node {
                self.open.push(position);
            }
        }
    }

    /// Reads all nodes and keeps what they lead to.
    ///
    /// Missing and damaged blocks end their branch: a DAG with a damaged node is lost until it is
    /// fetched again. A disk that fails ends the collection, because what lies below the unread
    /// block is not known.
    fn follow(&mut self, blocks: &impl Blocks) -> Result<()> {
        while let Some(position) = self.open.pop() {
            let (key, _) = self.blocks[position];
            match blocks.block(&key.as_node()) {
                Ok(block) => self.reach_links(block),
                Err(Error::NotFound(_) | Error::Corrupt(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn unreached(self) -> impl Iterator<Item = BlockKey> {
        let blocks = self.blocks.into_iter();
        blocks.filter_map(|(key, mark)| (mark == Mark::Unreached).then_some(key))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::path::Path;
    use std::slice::from_ref;

    use super::*;
    use crate::cid::HashFunction;
    use crate::dagpb::{encode, NewLink};
    use tempfile::TempDir;

    struct Bench {
        store: BlockStore,
        dir: TempDir,
    }

    impl Bench {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            Self {
                store: BlockStore::open(dir.path(), 1 << 20).unwrap(),
                dir,
            }
        }

        fn put(&self, codec: Codec, block: &[u8]) -> Cid {
            let cid = Cid::of(codec, HashFunction::Sha2, block);
            self.store.put(&cid.key().unwrap(), block).unwrap();
            cid
        }

        fn node(&self, children: &[Cid]) -> Cid {
            self.put(Codec::DagPb, &node(children))
        }

        fn has(&self, cid: &Cid) -> bool {
            self.store.has(cid).unwrap()
        }

        /// How many blocks a collection removes.
        fn collect(&self, roots: &[Cid], keep: &[Cid]) -> u64 {
            let keep = keep.iter().filter_map(Cid::key).collect();
            let collected = collect(&self.store, roots.iter().cloned(), keep).unwrap();
            collected.blocks
        }
    }

    fn node(children: &[Cid]) -> Vec<u8> {
        let links = children.iter().map(|cid| NewLink {
            cid,
            name: "",
            tsize: 0,
        });
        encode(links, b"")
    }

    /// The CID that reads the same block as bytes.
    fn raw(block: &[u8]) -> Cid {
        Cid::of(Codec::Raw, HashFunction::Sha2, block)
    }

    fn inline(node: &[u8]) -> Cid {
        let length = u8::try_from(node.len()).unwrap();
        // Lengths of 128 and more would take two bytes.
        assert!(length < 128);
        let bytes = [&[1, 0x70, 0, length][..], node].concat();
        Cid::from_bytes(&bytes).unwrap()
    }

    #[test]
    fn what_a_block_links_to_stays_if_any_root_names_the_block_as_a_node() {
        let bench = Bench::new();
        let leaf = bench.put(Codec::Raw, b"leaf");
        let parent = bench.node(from_ref(&leaf));
        let bytes = raw(&node(from_ref(&leaf)));
        for roots in [
            [bytes.clone(), parent.clone()],
            [parent.clone(), bytes.clone()],
        ] {
            assert_eq!(bench.collect(&roots, &[]), 0);
        }
        assert_eq!(bench.collect(from_ref(&parent), from_ref(&bytes)), 0);
        assert!(bench.has(&parent) && bench.has(&leaf));
        assert_eq!(bench.collect(&[bytes], &[]), 1);
        assert!(bench.has(&parent) && !bench.has(&leaf));
    }

    #[test]
    fn a_single_kept_block_does_not_keep_what_it_links_to() {
        let bench = Bench::new();
        let leaf = bench.put(Codec::Raw, b"leaf");
        let parent = bench.node(from_ref(&leaf));
        assert_eq!(bench.collect(&[], from_ref(&parent)), 1);
        assert!(bench.has(&parent) && !bench.has(&leaf));
    }

    #[test]
    fn what_a_node_inside_a_cid_links_to_stays() {
        let bench = Bench::new();
        let leaf = bench.put(Codec::Raw, b"leaf");
        let once = inline(&node(from_ref(&leaf)));
        let twice = inline(&node(from_ref(&once)));
        assert_eq!(bench.collect(from_ref(&once), &[]), 0);
        assert_eq!(bench.collect(from_ref(&twice), &[]), 0);
        let stored = bench.node(&[twice]);
        assert_eq!(bench.collect(&[stored], &[]), 0);
        assert!(bench.has(&leaf));
    }

    #[test]
    fn the_branch_below_a_damaged_node_goes_and_the_others_stay() {
        let bench = Bench::new();
        let leaves = [b"1", b"2"].map(|leaf| bench.put(Codec::Raw, leaf));
        let nodes = leaves.clone().map(|leaf| bench.node(&[leaf]));
        let damaged = nodes[0].key().unwrap();
        let shard = format!("{:02x}", damaged.shard());
        let path = Path::new("blocks").join(shard).join(damaged.file_name());
        std::fs::write(bench.dir.path().join(path), b"other bytes").unwrap();
        // The damaged block is removed as such and not counted as garbage.
        assert_eq!(bench.collect(&nodes, &[]), 1);
        assert_eq!(leaves.map(|leaf| bench.has(&leaf)), [false, true]);
        assert_eq!(nodes.map(|node| bench.has(&node)), [false, true]);
    }

    /// Notes what is read.
    struct Noted<'a> {
        store: &'a BlockStore,
        read: RefCell<Vec<BlockKey>>,
    }

    impl Blocks for Noted<'_> {
        fn block(&self, cid: &Cid) -> Result<Bytes> {
            self.read.borrow_mut().extend(cid.key());
            self.store.block(cid)
        }
    }

    #[test]
    fn each_node_is_read_once_however_often_and_by_whichever_cids_it_is_linked() {
        let bench = Bench::new();
        let absent = raw(b"not here");
        let leaf = bench.put(Codec::Raw, b"leaf");
        let inner = bench.node(&[leaf, absent]);
        let v0 = Cid::from_bytes(&inner.to_bytes()[2..]).unwrap();
        let roots: Vec<_> = (1..4)
            .map(|count| {
                let mut children = vec![inner.clone(); count];
                children.push(v0.clone());
                bench.node(&children)
            })
            .collect();
        let mut marks = Marks::new(&bench.store).unwrap();
        for root in roots.iter().chain([&inner, &v0]) {
            marks.reach(root);
        }
        let noted = Noted {
            store: &bench.store,
            read: RefCell::default(),
        };
        marks.follow(&noted).unwrap();
        let mut read = noted.read.into_inner();
        read.sort_unstable();
        let mut expected: Vec<_> = roots.iter().chain([&inner]).filter_map(Cid::key).collect();
        expected.sort_unstable();
        assert_eq!(read, expected);
        assert_eq!(marks.unreached().count(), 0);
    }
}
