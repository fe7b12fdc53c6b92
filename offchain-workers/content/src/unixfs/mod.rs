//! UnixFS: files, directories and symbolic links in dag-pb nodes.
//! Specification: <https://specs.ipfs.tech/unixfs/>.
//!
//! ```text
//! Data { Type = 1: enum, Data = 2: bytes, filesize = 3: uint64, blocksizes = 4: repeated uint64,
//!        hashType = 5, fanout = 6, mode = 7, mtime = 8 }
//! ```

pub(crate) mod balanced;
pub(crate) mod dir;
pub(crate) mod import;
pub(crate) mod read;
pub(crate) mod walk;

use bytes::Bytes;

use crate::cid::Cid;
use crate::dagpb::{Links, Node};
use crate::error::{Error, Result};
use crate::protobuf::{put_bytes, put_varint, Malformed, Reader, Value};

/// Where the pure code reads blocks from: verified against their CIDs.
pub(crate) trait Blocks {
    /// The block that `cid` names.
    fn block(&self, cid: &Cid) -> Result<Bytes>;
}

/// How far a DAG is followed. Blocks are hashed, so a DAG has no cycles; but links can repeat, and
/// 32 levels of a few repeated links would expand without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WalkLimits {
    /// Most levels, the root being the first.
    pub(crate) depth: usize,
    /// Most blocks, counted each time they are visited.
    pub(crate) blocks: u64,
}

/// What a UnixFS node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Content without metadata: a leaf of old files.
    Raw,
    /// A directory in one node.
    Directory,
    /// A file or an inner node of one.
    File,
    /// Deprecated.
    Metadata,
    /// A symbolic link; the data is its target.
    Symlink,
    /// A directory spread over many nodes.
    HamtShard,
}

impl Kind {
    /// The word for it in errors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Raw | Self::File => "file",
            Self::Directory => "directory",
            Self::Metadata => "metadata node",
            Self::Symlink => "symbolic link",
            Self::HamtShard => "sharded directory",
        }
    }

    fn from_number(number: u64) -> Result<Self, Malformed> {
        Ok(match number {
            0 => Self::Raw,
            1 => Self::Directory,
            2 => Self::File,
            3 => Self::Metadata,
            4 => Self::Symlink,
            5 => Self::HamtShard,
            _ => return Err(Malformed),
        })
    }

    fn number(self) -> u64 {
        match self {
            Self::Raw => 0,
            Self::Directory => 1,
            Self::File => 2,
            Self::Metadata => 3,
            Self::Symlink => 4,
            Self::HamtShard => 5,
        }
    }
}

/// The UnixFS message of a node, as far as reading needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Data {
    /// What the node is.
    pub(crate) kind: Kind,
    /// Content inside the node; comes before that of its links.
    pub(crate) inline: Bytes,
    /// Length of the whole content below, in bytes, as claimed.
    pub(crate) file_size: Option<u64>,
}

impl Data {
    /// Reads the message.
    pub(crate) fn decode(message: &Bytes) -> Result<Self, Malformed> {
        let mut kind = None;
        let mut inline = Bytes::new();
        let mut file_size = None;
        let mut reader = Reader::new(message);
        while let Some(field) = reader.field()? {
            match field {
                (1, Value::Varint(number)) => kind = Some(Kind::from_number(number)?),
                (2, Value::Bytes(bytes)) => inline = message.slice_ref(bytes),
                (3, Value::Varint(size)) => file_size = Some(size),
                // The lengths below each link, one by one or packed; only offsets need them.
                (4, Value::Varint(_) | Value::Bytes(_)) => {}
                (1..=4, _) => return Err(Malformed),
                // Metadata, and whatever later versions add.
                _ => {}
            }
        }
        Ok(Self {
            kind: kind.ok_or(Malformed)?,
            inline,
            file_size,
        })
    }
}

/// Writes the message of a file's inner node: `sizes` are the lengths of content below each link.
pub(crate) fn encode_file(sizes: &[u64]) -> Vec<u8> {
    let mut message = Vec::new();
    put_varint(&mut message, 1, Kind::File.number());
    put_varint(&mut message, 3, sizes.iter().sum());
    for size in sizes {
        put_varint(&mut message, 4, *size);
    }
    message
}

/// Writes the message of a directory.
pub(crate) fn encode_directory() -> Vec<u8> {
    let mut message = Vec::new();
    put_varint(&mut message, 1, Kind::Directory.number());
    message
}

/// Writes the message of a symbolic link.
pub(crate) fn encode_symlink(target: &str) -> Vec<u8> {
    let mut message = Vec::new();
    put_varint(&mut message, 1, Kind::Symlink.number());
    put_bytes(&mut message, 2, target.as_bytes());
    message
}

/// A dag-pb block read as UnixFS.
pub(crate) fn open(cid: &Cid, block: Bytes) -> Result<(Data, Links)> {
    let malformed = |reason| Error::Malformed {
        cid: cid.clone(),
        reason,
    };
    let node = Node::decode(block).map_err(|_| malformed("it is not a dag-pb node"))?;
    let message = node
        .data()
        .ok_or_else(|| malformed("it has no UnixFS message"))?;
    let data = Data::decode(message).map_err(|_| malformed("its UnixFS message is damaged"))?;
    Ok((data, node.links()))
}

#[cfg(test)]
pub(crate) mod testing {
    use std::collections::HashMap;

    use super::*;
    use crate::cid::{Codec, HashFunction};

    /// Blocks in memory.
    #[derive(Clone, Default)]
    pub(crate) struct Memory(pub(crate) HashMap<Cid, Bytes>);

    impl Memory {
        pub(crate) fn insert(&mut self, codec: Codec, block: impl Into<Bytes>) -> Cid {
            let block = block.into();
            let cid = Cid::of(codec, HashFunction::Sha2, &block);
            self.0.insert(cid.clone(), block);
            cid
        }
    }

    impl Blocks for Memory {
        fn block(&self, cid: &Cid) -> Result<Bytes> {
            if let Some(inline) = cid.inline() {
                return Ok(Bytes::copy_from_slice(inline));
            }
            self.0.get(cid).cloned().ok_or(Error::NotFound(cid.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_are_those_of_other_implementations() {
        // Taken from blocks made by another implementation, see tests/fixtures.
        assert_eq!(encode_directory(), [0x08, 0x01]);
        assert_eq!(encode_symlink("a.txt"), *b"\x08\x04\x12\x05a.txt");
        assert_eq!(encode_file(&[3, 2]), [0x08, 2, 0x18, 5, 0x20, 3, 0x20, 2]);
    }

    #[test]
    fn size_and_inline_content_are_read() {
        let message = Bytes::from_static(b"\x08\x02\x12\x03abc\x18\x09\x22\x02\x01\x02\x38\x07");
        let data = Data::decode(&message).unwrap();
        assert_eq!(data.kind, Kind::File);
        assert_eq!(&data.inline[..], b"abc");
        assert_eq!(data.file_size, Some(9));
    }

    #[test]
    fn messages_without_a_known_kind_are_refused() {
        assert!(Data::decode(&Bytes::new()).is_err());
        assert!(Data::decode(&Bytes::from_static(&[0x08, 6])).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Data::decode(&bytes.into());
        }
    }
}
