//! What the tests of this crate share.
// Each test binary compiles this for itself and uses a part of it.
#![allow(dead_code)]

pub mod form;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use defaas_content::{Cid, Codec, Config, HashFunction, Pin, PinKind, Store};
use ipld_dagpb::{PbLink, PbNode};

/// The generator of `fixtures/README.md`: xorshift64*.
pub fn generated(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut content = Vec::with_capacity(length + 8);
    while content.len() < length {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        content.extend(state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    content.truncate(length);
    content
}

/// Blocks made by another implementation; the first is the root.
pub fn fixture(name: &str) -> Vec<(Cid, Bytes)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(format!("{name}.blocks"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| {
            let (cid, digits) = line.split_once(' ').unwrap();
            (cid.parse().unwrap(), hex::decode(digits).unwrap().into())
        })
        .collect()
}

/// A node of another implementation, with links in this order.
pub fn node(children: impl IntoIterator<Item = Cid>, data: &'static [u8]) -> Bytes {
    let links = children.into_iter().map(|child| PbLink {
        cid: child.to_bytes().try_into().unwrap(),
        name: Some(String::new()),
        size: Some(0),
    });
    let node = PbNode {
        links: links.collect(),
        data: Some(data.into()),
    };
    node.into_bytes().into()
}

/// A store in a folder that goes with it.
pub struct TestStore {
    pub store: Store,
    pub dir: tempfile::TempDir,
}

pub fn open() -> TestStore {
    open_with(|_| {})
}

pub fn open_with(change: impl FnOnce(&mut Config)) -> TestStore {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::in_dir(dir.path().join("store"));
    change(&mut config);
    TestStore {
        store: Store::open(config).unwrap(),
        dir,
    }
}

impl TestStore {
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    pub async fn import(&self, content: &[u8], pin: Option<Pin>) -> Cid {
        self.store
            .import_file(content, u64::MAX, pin)
            .await
            .unwrap()
            .cid
    }

    /// Puts a fixture and pins its root.
    pub async fn put_fixture(&self, name: &str) -> Cid {
        let blocks = fixture(name);
        let import = self.store.import().await.unwrap();
        for (cid, block) in &blocks {
            import.put_block(cid, block.clone()).await.unwrap();
        }
        let root = blocks[0].0.clone();
        import.finish(&root, Pin::new(PinKind::User)).await.unwrap();
        root
    }

    /// Puts a block that nothing keeps, as bytes or as a node.
    pub async fn put(&self, codec: Codec, block: Bytes) -> Cid {
        let cid = Cid::of(codec, HashFunction::Sha2, &block);
        self.store.put_block(&cid, block).await.unwrap();
        cid
    }

    /// The files of all blocks.
    pub fn block_files(&self) -> Vec<PathBuf> {
        let shards = std::fs::read_dir(self.path().join("blocks")).unwrap();
        shards
            .flat_map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap())
            .map(|file| file.unwrap().path())
            .collect()
    }
}
