use std::cell::Cell;
use std::slice::from_ref;

use super::*;
use crate::cid::{HashFunction, MAX_INLINE_BYTES};
use crate::config::{Config, MAX_BLOCK_BYTES};
use crate::dagpb::{encode, NewLink};
use crate::protobuf::{put_bytes, put_varint};
use crate::testing::generated;
use crate::unixfs::testing::Memory;
use crate::unixfs::{encode_directory, encode_file};

const LIMITS: WalkLimits = WalkLimits {
    depth: 32,
    blocks: 1000,
};

fn read(memory: &Memory, root: &Cid, max_bytes: u64) -> Result<Vec<u8>> {
    read_all(FileWalk::new(root.clone(), LIMITS, max_bytes), memory)
}

fn read_all(mut walk: FileWalk, blocks: &impl Blocks) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    while let Some(part) = walk.next(blocks)? {
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

/// Counts what is read, in bytes.
struct Counted<'a> {
    memory: &'a Memory,
    read: Cell<u64>,
}

impl Blocks for Counted<'_> {
    fn block(&self, cid: &Cid) -> Result<Bytes> {
        let block = self.memory.block(cid)?;
        self.read.set(self.read.get() + block.len() as u64);
        Ok(block)
    }
}

#[test]
fn repeated_nodes_without_content_stop_at_the_bytes_read() {
    let limits = Config::default().walk_limits();
    let mut memory = Memory::default();
    // A mebibyte in a field that later versions may add.
    let mut padded = message(2, b"", None);
    put_bytes(&mut padded, 9, &vec![0; 1 << 20]);
    let heavy = node(&mut memory, &[], &padded);
    let root = node(&mut memory, &vec![heavy; 26_000], &message(2, b"", None));
    // However much the caller takes.
    for max_bytes in [1, 16 << 20, u64::MAX] {
        let counted = Counted {
            memory: &memory,
            read: Cell::default(),
        };
        let walk = FileWalk::new(root.clone(), limits, max_bytes);
        let error = read_all(walk, &counted).unwrap_err();
        let Error::Malformed { cid, reason } = error else {
            panic!("{error}");
        };
        assert_eq!(cid, root);
        assert!(reason.contains("more bytes than its content"), "{reason}");
        // The block that is one too many is read.
        let most = MAX_OVERHEAD * limits.blocks + MAX_BLOCK_BYTES as u64;
        assert!(counted.read.get() <= most, "{}", counted.read.get());
    }
}

/// A link with all that it can have: the longest CID and the longest size.
fn longest_link(child: &Cid) -> NewLink<'_> {
    NewLink {
        cid: child,
        name: "",
        tsize: u64::MAX,
    }
}

/// The parts that the length of a file has in the messages of its nodes are as long as they can
/// be, and so is the rest.
fn longest_message(inline: &[u8], children: usize) -> Vec<u8> {
    let mut message = message(2, inline, Some(u64::MAX));
    for _ in 0..children {
        put_varint(&mut message, 4, u64::MAX);
    }
    put_varint(&mut message, 7, u64::from(u32::MAX));
    let mut time = Vec::new();
    put_varint(&mut time, 1, u64::MAX);
    time.extend([2 << 3 | 5, 0, 0, 0, 0]);
    put_bytes(&mut message, 8, &time);
    message
}

fn put_blake2b(memory: &mut Memory, block: Vec<u8>) -> Cid {
    let cid = Cid::of(Codec::DagPb, HashFunction::Blake2b, &block);
    memory.0.insert(cid.clone(), block.into());
    cid
}

#[test]
fn files_of_single_bytes_are_read_to_the_limit_of_blocks_whatever_their_nodes_carry() {
    for width in [1, 2, 174] {
        let mut memory = Memory::default();
        let content = generated(300);
        let leaf = |byte: &u8| encode([], &longest_message(&[*byte], 0));
        let mut level: Vec<_> = content
            .iter()
            .map(|byte| put_blake2b(&mut memory, leaf(byte)))
            .collect();
        let mut blocks = level.len();
        // Nodes of one link each never come together: after some levels the root takes them all.
        for _ in 0..10 {
            if level.len() == 1 {
                break;
            }
            level = level
                .chunks(width)
                .map(|children| {
                    let message = longest_message(b"", children.len());
                    let links = children.iter().map(longest_link);
                    put_blake2b(&mut memory, encode(links, &message))
                })
                .collect();
            blocks += level.len();
        }
        // The root claims no length: the longest one would be wrong.
        let root = encode(level.iter().map(longest_link), &message(2, b"", None));
        let root = put_blake2b(&mut memory, root);
        let limits = WalkLimits {
            depth: 32,
            blocks: blocks as u64 + 1,
        };
        let read = |limits| {
            let walk = FileWalk::new(root.clone(), limits, content.len() as u64);
            read_all(walk, &memory)
        };
        assert_eq!(read(limits).unwrap(), content, "{width}");
        let fewer = WalkLimits {
            blocks: limits.blocks - 1,
            ..limits
        };
        assert!(matches!(read(fewer), Err(Error::TooManyBlocks { .. })));
    }
}

#[test]
fn files_inside_cids_are_read_to_the_limit_of_blocks() {
    let mut memory = Memory::default();
    let content = generated(50 * MAX_INLINE_BYTES);
    let inline = |chunk: &[u8]| {
        // Raw, identity, 128 bytes.
        let cid = [&[1, 0x55, 0, 0x80, 1][..], chunk].concat();
        Cid::from_bytes(&cid).unwrap()
    };
    let leaves: Vec<_> = content.chunks(MAX_INLINE_BYTES).map(inline).collect();
    let links = leaves.iter().map(longest_link);
    let parent = encode(links, &longest_message(b"", leaves.len()));
    let parent = put_blake2b(&mut memory, parent);
    let root = node(&mut memory, &[parent], &message(2, b"", None));
    let limits = WalkLimits {
        depth: 3,
        blocks: 52,
    };
    let walk = FileWalk::new(root, limits, content.len() as u64);
    assert_eq!(read_all(walk, &memory).unwrap(), content);
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
