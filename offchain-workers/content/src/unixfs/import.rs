//! Files into blocks, under the profile `unixfs-v1-2025`, so that the same bytes get the same CID
//! as from any other implementation with that profile.
//! Specification: <https://specs.ipfs.tech/ipips/ipip-0499/>.

use bytes::Bytes;

use super::balanced::{Balanced, Child, Sink};
use crate::cid::{Cid, Codec, HashFunction};
use crate::error::Result;

/// What decides a file's CID beside its bytes. CIDv1, sha2-256, raw leaves and the balanced layout
/// are fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    /// Length of each leaf but the last, in bytes.
    pub(crate) chunk_bytes: usize,
    /// Most links of a file's inner node.
    pub(crate) width: usize,
    /// A directory whose block would be longer than this, in bytes, is a sharded one, which is not
    /// written here.
    pub(crate) directory_bytes: usize,
}

/// The profile `unixfs-v1-2025`.
pub(crate) const UNIXFS_V1_2025: Profile = Profile {
    chunk_bytes: 1 << 20,
    width: 1024,
    directory_bytes: 256 << 10,
};

/// Builds one file from its chunks.
pub(crate) struct FileBuilder {
    tree: Balanced,
    leaves: u64,
}

impl FileBuilder {
    /// An empty file.
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            tree: Balanced::new(profile.width),
            leaves: 0,
        }
    }

    /// Appends a chunk: as long as the profile says, only the last may be shorter.
    pub(crate) fn chunk(&mut self, chunk: Bytes, sink: &mut Sink<'_>) -> Result<()> {
        let leaf = Child {
            cid: Cid::of(Codec::Raw, HashFunction::Sha2, &chunk),
            content: chunk.len() as u64,
            cumulative: chunk.len() as u64,
        };
        self.leaves += 1;
        sink(&leaf.cid, chunk)?;
        self.tree.push(leaf, sink)
    }

    /// Closes the file. One without content is one empty leaf.
    pub(crate) fn finish(mut self, sink: &mut Sink<'_>) -> Result<Child> {
        if self.leaves == 0 {
            self.chunk(Bytes::new(), sink)?;
        }
        let root = self.tree.finish(sink)?;
        Ok(root.expect("there is at least one leaf; qed"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::FileWalk;
    use super::super::testing::Memory;
    use super::super::{Blocks, WalkLimits};
    use super::*;
    use crate::testing::generated;
    use proptest::prelude::*;

    fn import(content: &[u8], profile: Profile) -> (Child, Memory) {
        let mut memory = Memory::default();
        let mut sink = |cid: &Cid, block| {
            memory.0.insert(cid.clone(), block);
            Ok(())
        };
        let mut file = FileBuilder::new(profile);
        for chunk in content.chunks(profile.chunk_bytes) {
            file.chunk(Bytes::copy_from_slice(chunk), &mut sink)
                .unwrap();
        }
        let root = file.finish(&mut sink).unwrap();
        (root, memory)
    }

    fn read(root: &Cid, blocks: &impl Blocks) -> Vec<u8> {
        let limits = WalkLimits {
            depth: 32,
            blocks: 100_000,
        };
        let mut walk = FileWalk::new(root.clone(), limits, u64::MAX);
        let mut content = Vec::new();
        while let Some(part) = walk.next(blocks).unwrap() {
            content.extend_from_slice(&part);
        }
        content
    }

    /// CIDs made by another implementation, see `tests/fixtures/README.md`: chunks of `chunk` bytes
    /// and at most 4 links a node, around the boundaries where the tree grows.
    #[test]
    fn small_trees_have_the_cids_of_another_implementation() {
        for (chunk, length, expected) in [
            (
                1,
                1,
                "bafkreiczjzizvzezgevssqz3pxmks77qndppzouxkw3nluaoqtcsjvt3ay",
            ),
            (
                1,
                3,
                "bafybeifhjtnhry4266kxmgbzslvdenp6q3klnqstn6y7bmkamgam4dqhta",
            ),
            (
                1,
                4,
                "bafybeia6w5c5jffbuuefxihtoc6brco7sb24y2yzkqmtrc6ehcumskhliu",
            ),
            (
                1,
                5,
                "bafybeiatmnem7lfe7homftpb7sn4aeyrwylwp5twuune2e2qjwzfrwhkvq",
            ),
            (
                1,
                16,
                "bafybeidhdpjoyomk2wsnqsukltzucwatt4oghk7kar432q36glbuceyfd4",
            ),
            (
                1,
                17,
                "bafybeiaeinnc5gv42jkfxiqqygwr5rjs366dcu72scny64hah3idzwinca",
            ),
            (
                1,
                1000,
                "bafybeidjhitpumgtinxk7srppknebi7xwcps6m6hdoxlulcsmlk27sv73m",
            ),
            (
                16,
                255,
                "bafybeicbzz6deptnt3l7aa4xbu67ioom7xzw226waiherlyvmxbf5pfhe4",
            ),
            (
                16,
                256,
                "bafybeib426bzndm3bshtbbhuirh57he4ptt2b7ceye55wk2mei3mmupxwu",
            ),
            (
                16,
                257,
                "bafybeie5b5nynrrpict7t2t5vpi2ktcm6eqi5zekpmp262vsjqyvadggsy",
            ),
            (
                16,
                1000,
                "bafybeics25zihbwt6222ntvwnnzyqwxe7ga4nrvfdpl23g4c2bloggdpam",
            ),
        ] {
            let profile = Profile {
                chunk_bytes: chunk,
                width: 4,
                ..UNIXFS_V1_2025
            };
            let (root, _) = import(&generated(length), profile);
            assert_eq!(
                root.cid.to_string(),
                expected,
                "{length} bytes in chunks of {chunk}"
            );
        }
    }

    #[test]
    fn cumulative_size_is_that_of_the_blocks() {
        let profile = Profile {
            chunk_bytes: 10,
            width: 3,
            ..UNIXFS_V1_2025
        };
        let (root, memory) = import(&generated(200), profile);
        let blocks: usize = memory.0.values().map(|block| block.len()).sum();
        assert_eq!(root.cumulative, blocks as u64);
        assert_eq!(root.content, 200);
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            content in proptest::collection::vec(any::<u8>(), 0..600),
            chunk_bytes in 1usize..40,
            width in 2usize..6,
        ) {
            let profile = Profile { chunk_bytes, width, ..UNIXFS_V1_2025 };
            let (root, memory) = import(&content, profile);
            prop_assert_eq!(root.content, content.len() as u64);
            prop_assert_eq!(read(&root.cid, &memory), content);
        }

        #[test]
        fn chunk_boundaries_lose_nothing(
            chunks in 0usize..20,
            chunk_bytes in 1usize..20,
            around in -1isize..=1,
        ) {
            let length = (chunks * chunk_bytes).saturating_add_signed(around);
            let profile = Profile { chunk_bytes, width: 2, ..UNIXFS_V1_2025 };
            let (root, memory) = import(&generated(length), profile);
            prop_assert_eq!(read(&root.cid, &memory), generated(length));
        }
    }
}
