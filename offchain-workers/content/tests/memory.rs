//! How much memory a collection takes. The only test in its process, whose memory it measures.

mod support;

use defaas_content::{Cid, Codec, HashFunction, Pin, PinKind};
use support::open;

const MIB: u64 = 1 << 20;
/// Nodes of the chain, a mebibyte each.
const NODES: u32 = 96;
/// Links of a node: what fits in a mebibyte.
const LINKS: u32 = 23_800;
/// More than a few nodes and the rest of the process take.
const MOST: u64 = 24 * MIB;

/// The most memory this process has had so far, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    kibibytes.unwrap().parse::<u64>().unwrap() << 10
}

/// Names a block that is not here.
fn absent(node: u32, link: u32) -> Cid {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&node.to_le_bytes());
    digest[4..8].copy_from_slice(&link.to_le_bytes());
    Cid::from_bytes(&[&[1, 0x55, 0x12, 32][..], &digest].concat()).unwrap()
}

#[tokio::test]
async fn collection_of_a_long_chain_of_nodes_full_of_links_takes_the_memory_of_a_few() {
    let test = open();
    let end = Cid::of(Codec::DagPb, HashFunction::Sha2, b"not here either");
    let mut first = end;
    for number in 0..NODES {
        // The way on comes first, so that all else is still to be followed below it.
        let made_up = (0..LINKS).map(|link| absent(number, link));
        let links = [first].into_iter().chain(made_up);
        let node = support::node(links, b"");
        assert!((MIB - 4096..=MIB).contains(&(node.len() as u64)));
        // Bytes of some output, until somebody names them otherwise.
        let raw = test.put(Codec::Raw, node.clone()).await;
        first = Cid::of(Codec::DagPb, HashFunction::Sha2, &node);
        assert_ne!(raw, first);
    }
    test.store
        .pin(&first, Pin::new(PinKind::Input))
        .await
        .unwrap();
    let before = peak();
    let collected = test.store.gc(0).await.unwrap();
    let grown = peak() - before;
    assert_eq!(collected.blocks, 0);
    assert!(grown <= MOST, "{} KiB", grown >> 10);
}
