//! dag-pb: nodes with links. Specification: <https://ipld.io/specs/codecs/dag-pb/spec/>.
//!
//! ```text
//! PBNode { Links = 2: repeated PBLink, Data = 1: bytes }     written links first
//! PBLink { Hash = 1: CID bytes, Name = 2: string, Tsize = 3: uint64 }
//! ```
//!
//! A node keeps its block and reads links one at a time: what a reader of a hostile DAG holds is
//! one block per level, not the links of each in decoded form.

use bytes::Bytes;

use crate::cid::{Cid, UnsupportedCid};
use crate::protobuf::{put_bytes, put_varint, Malformed, Reader, Value};

/// A node whose structure has been checked.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    block: Bytes,
    data: Option<Bytes>,
}

/// A link to a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The child. Links to what cannot be verified here fail only when they are followed.
    pub(crate) cid: Result<Cid, UnsupportedCid>,
    /// Its name: empty in files, the entry's name in directories.
    pub(crate) name: Bytes,
    /// The child's cumulative size as claimed: its block and all below it, in bytes.
    pub(crate) tsize: u64,
}

impl Node {
    /// Reads a block and checks all of its structure.
    pub(crate) fn decode(block: Bytes) -> Result<Self, Malformed> {
        let mut data = None;
        let mut reader = Reader::new(&block);
        while let Some(field) = reader.field()? {
            match field {
                (1, Value::Bytes(bytes)) if data.is_none() => data = Some(block.slice_ref(bytes)),
                (2, Value::Bytes(bytes)) => check_link(bytes)?,
                // The codec knows no other fields and no second data.
                _ => return Err(Malformed),
            }
        }
        Ok(Self { block, data })
    }

    /// The payload: a UnixFS message in files and directories.
    pub(crate) fn data(&self) -> Option<&Bytes> {
        self.data.as_ref()
    }

    /// The links, in order.
    pub(crate) fn links(self) -> Links {
        Links {
            position: 0,
            block: self.block,
        }
    }
}

/// Iterates over the links of a checked node.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    block: Bytes,
    position: usize,
}

impl Iterator for Links {
    type Item = Link;

    fn next(&mut self) -> Option<Link> {
        let mut reader = Reader::new(&self.block[self.position..]);
        // The structure was checked by `decode`, so an error can only mean the end.
        while let Ok(Some(field)) = reader.field() {
            if let (2, Value::Bytes(bytes)) = field {
                self.position = self.block.len() - reader.remaining();
                return Some(read_link(&self.block, bytes));
            }
        }
        self.position = self.block.len();
        None
    }
}

fn check_link(message: &[u8]) -> Result<(), Malformed> {
    let mut has_hash = false;
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        match field {
            (1, Value::Bytes(_)) if !has_hash => has_hash = true,
            (2, Value::Bytes(_)) | (3, Value::Varint(_)) => {}
            _ => return Err(Malformed),
        }
    }
    has_hash.then_some(()).ok_or(Malformed)
}

fn read_link(block: &Bytes, message: &[u8]) -> Link {
    let mut link = Link {
        cid: Err(UnsupportedCid::Malformed),
        name: Bytes::new(),
        tsize: 0,
    };
    let mut reader = Reader::new(message);
    while let Ok(Some(field)) = reader.field() {
        match field {
            (1, Value::Bytes(bytes)) => link.cid = Cid::from_bytes(bytes),
            (2, Value::Bytes(bytes)) => link.name = block.slice_ref(bytes),
            (3, Value::Varint(size)) => link.tsize = size,
            _ => {}
        }
    }
    link
}

/// A link to be written.
pub(crate) struct NewLink<'a> {
    /// The child.
    pub(crate) cid: &'a Cid,
    /// Its name; empty in files.
    pub(crate) name: &'a str,
    /// Its cumulative size in bytes.
    pub(crate) tsize: u64,
}

/// Writes a node. The caller gives links in their final order.
pub(crate) fn encode<'a>(links: impl IntoIterator<Item = NewLink<'a>>, data: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    for link in links {
        let mut message = Vec::new();
        put_bytes(&mut message, 1, &link.cid.to_bytes());
        // Written even when empty, as every other implementation does.
        put_bytes(&mut message, 2, link.name.as_bytes());
        put_varint(&mut message, 3, link.tsize);
        put_bytes(&mut block, 2, &message);
    }
    put_bytes(&mut block, 1, data);
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cid::{Codec, HashFunction};
    use ipld_core::cid::Cid as TheirCid;
    use proptest::prelude::*;

    fn raw(content: &[u8]) -> Cid {
        Cid::of(Codec::Raw, HashFunction::Sha2, content)
    }

    proptest! {
        /// The oracle is the independent codec of the IPLD project.
        #[test]
        fn nodes_are_written_as_another_codec_writes_them(
            mut names in proptest::collection::vec("[a-z]{0,6}", 0..8),
            sizes in proptest::collection::vec(any::<u64>(), 8),
            data in proptest::collection::vec(any::<u8>(), 0..50),
        ) {
            names.sort();
            let cids: Vec<_> = names.iter().map(|name| raw(name.as_bytes())).collect();
            let links: Vec<_> = names
                .iter()
                .zip(&cids)
                .zip(&sizes)
                .map(|((name, cid), tsize)| NewLink { cid, name, tsize: *tsize })
                .collect();
            let theirs = ipld_dagpb::PbNode {
                links: links
                    .iter()
                    .map(|link| ipld_dagpb::PbLink {
                        cid: TheirCid::try_from(link.cid.to_bytes()).unwrap(),
                        name: Some(link.name.into()),
                        size: Some(link.tsize),
                    })
                    .collect(),
                data: Some(data.clone().into()),
            };
            let block = encode(links, &data);
            prop_assert_eq!(&block, &theirs.into_bytes());

            let node = Node::decode(block.into()).unwrap();
            prop_assert_eq!(node.data().unwrap(), &data);
            let read: Vec<_> = node.links().collect();
            prop_assert_eq!(read.len(), names.len());
            for ((link, name), size) in read.iter().zip(&names).zip(&sizes) {
                prop_assert_eq!(&link.cid, &Ok(raw(name.as_bytes())));
                prop_assert_eq!(&link.name, name.as_bytes());
                prop_assert_eq!(link.tsize, *size);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(node) = Node::decode(bytes.into()) {
                node.links().for_each(drop);
            }
        }

        #[test]
        fn damaged_nodes_never_panic(position in 0usize..80, value: u8) {
            let mut block = encode([NewLink { cid: &raw(b"x"), name: "name", tsize: 7 }], b"data");
            let position = position % block.len();
            block[position] = value;
            if let Ok(node) = Node::decode(block.into()) {
                node.links().for_each(drop);
            }
        }
    }

    #[test]
    fn data_before_links_is_read_too() {
        let block = encode(
            [NewLink {
                cid: &raw(b"x"),
                name: "",
                tsize: 1,
            }],
            b"data",
        );
        let (links, data) = block.split_at(block.len() - 6);
        let swapped = [data, links].concat();
        let node = Node::decode(swapped.into()).unwrap();
        assert_eq!(node.data().unwrap(), &b"data"[..]);
        assert_eq!(node.links().next().unwrap().cid, Ok(raw(b"x")));
    }

    #[test]
    fn link_without_a_hash_is_refused() {
        assert!(Node::decode(Bytes::from_static(&[0x12, 2, 0x12, 0])).is_err());
    }
}
