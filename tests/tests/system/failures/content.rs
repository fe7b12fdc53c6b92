//! Code, whole and broken, in the content store of the node.

use defaas_cli::{chain::types::ContentId, store::Store};
use defaas_system_tests::Node;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Length of the blocks that a long file is cut into.
const BLOCK: u64 = 1 << 20;

/// Puts `bytes` into the store of `node`.
pub async fn store(node: &Node, bytes: &[u8]) -> ContentId {
    let store = Store::at(node.upload_url(), &node.upload_token()).unwrap();
    store.add(bytes).await.unwrap()
}

/// Puts `bytes`, which are longer than a block, into the store of `node`, and returns the file of their
/// first block too.
pub async fn store_in_blocks(node: &Node, bytes: &[u8]) -> (ContentId, PathBuf) {
    let worker = node.upload_token();
    let blocks = worker.parent().unwrap().join("content/blocks");
    let before = full_blocks(&blocks);
    let cid = store(node, bytes).await;
    let after = full_blocks(&blocks);
    let mut new = after.difference(&before);
    let block = new.next().expect("a block was stored").clone();
    assert_eq!(new.next(), None, "the content has one full block");
    (cid, block)
}

fn full_blocks(folder: &Path) -> BTreeSet<PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap())
        .map(|block| block.unwrap())
        .filter(|block| block.metadata().unwrap().len() == BLOCK)
        .map(|block| block.path())
        .collect()
}

/// The module in the WebAssembly text format.
pub fn module(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A module that does nothing. Another `mark` makes another module.
pub fn nothing(mark: &str) -> Vec<u8> {
    module(&format!(
        r#"(module (memory (export "memory") 1) (func (export "_start")) (@custom "mark" "{mark}"))"#
    ))
}

/// The same, so long that it is stored in two blocks.
pub fn long_module(filler: char) -> Vec<u8> {
    let filler = filler.to_string();
    nothing(&filler.repeat((BLOCK + BLOCK / 2) as usize))
}

/// A short module over which a compiler sits for most of a minute: in each of 3 000 loops, one in the
/// other, each of 3 000 variables may come from the loop's begin or from its end.
pub fn compile_bomb() -> Vec<u8> {
    const SIZE: usize = 3_000;
    let variables = "i32 ".repeat(SIZE);
    let begins = "loop ".repeat(SIZE);
    let ends = "local.get 0 br_if 0 end ".repeat(SIZE);
    let work: String = (0..SIZE)
        .map(|from| {
            let to = (from + 1) % SIZE;
            format!("local.get {from} i32.const 1 i32.add local.set {to} ")
        })
        .collect();
    module(&format!(
        r#"(module (memory (export "memory") 1)
          (func (export "_start") (local {variables}) {begins} {work} {ends}))"#
    ))
}
