//! Work that nobody waits for any more ends soon and lets others have the disk.

mod support;

use std::fs::{self, OpenOptions};
use std::future::Future;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use defaas_content::{Cid, Codec, TreeOptions};
use sha2::{Digest, Sha256};
use support::{open_with, TestStore};
use tokio::sync::oneshot;

const PATIENCE: Duration = Duration::from_secs(20);

/// UnixFS: a file without content, without and with its length.
const EMPTY: [&[u8]; 2] = [&[8, 2], &[8, 2, 0x18, 0]];

/// A file in the place of another that can be read as slowly as the test likes.
struct Slow {
    path: PathBuf,
    content: Vec<u8>,
}

impl Slow {
    fn at(path: PathBuf) -> Self {
        let content = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success());
        Self { path, content }
    }

    /// Waits until somebody reads it, drops `work`, and only then lets the reader have the content.
    async fn abandon<T>(&self, work: impl Future<Output = T>) {
        let (opened, is_open) = oneshot::channel();
        let (go_on, goes_on) = std::sync::mpsc::channel();
        let (path, content) = (self.path.clone(), self.content.clone());
        let writer = std::thread::spawn(move || {
            let mut pipe = OpenOptions::new().write(true).open(path).unwrap();
            opened.send(()).unwrap();
            goes_on.recv().unwrap();
            pipe.write_all(&content).unwrap();
        });
        tokio::select! {
            _ = work => panic!("finished without the content"),
            is_open = tokio::time::timeout(PATIENCE, is_open) => is_open.unwrap().unwrap(),
        }
        go_on.send(()).unwrap();
        writer.join().unwrap();
    }
}

impl Drop for Slow {
    /// Whoever still waits for the content sees its end; else a test that fails would never end.
    fn drop(&mut self) {
        let pipe = OpenOptions::new().read(true).write(true).open(&self.path);
        let _ = fs::remove_file(&self.path);
        drop(pipe);
    }
}

/// A store with one permit and a file of two nodes without content, both slow.
struct Bench {
    // Dropped first: the store's thread may wait for it.
    nodes: [Slow; 2],
    root: Cid,
    test: TestStore,
}

impl Bench {
    async fn new() -> Self {
        let test = open_with(|config| config.concurrency = 1);
        let blocks = EMPTY.map(|data| support::node([], data));
        let mut nodes = Vec::new();
        for block in &blocks {
            nodes.push(test.put(Codec::DagPb, block.clone()).await);
        }
        let root = test.put(Codec::DagPb, support::node(nodes, EMPTY[0])).await;
        let slow = |block: &Bytes| {
            let digest = hex::encode(Sha256::digest(block));
            let files = test.block_files();
            let path = files
                .into_iter()
                .find(|path| path.ends_with(format!("1220{digest}")));
            Slow::at(path.unwrap())
        };
        Self {
            nodes: [slow(&blocks[0]), slow(&blocks[1])],
            root,
            test,
        }
    }

    /// Somebody else comes to their turn, although nobody ever writes the second node.
    async fn others_are_served(&self) {
        let has = self.test.store.has(&self.root);
        let has = tokio::time::timeout(PATIENCE, has).await;
        assert!(has.expect("the permit is free").unwrap());
    }
}

#[tokio::test]
async fn a_whole_read_ends_at_the_next_block_when_nobody_waits_for_it() {
    let bench = Bench::new().await;
    let read = bench.test.store.read_all(&bench.root, 100);
    bench.nodes[0].abandon(read).await;
    bench.others_are_served().await;
}

#[tokio::test]
async fn a_verified_read_ends_at_the_next_block_when_nobody_waits_for_it() {
    let bench = Bench::new().await;
    let read = bench.test.store.read_verified(&bench.root, [0; 32], 100);
    bench.nodes[0].abandon(read).await;
    bench.others_are_served().await;
}

#[tokio::test]
async fn a_walk_ends_at_the_next_block_when_nobody_waits_for_it() {
    let bench = Bench::new().await;
    let walk = bench.test.store.stat(&bench.root);
    bench.nodes[0].abandon(walk).await;
    bench.others_are_served().await;
}

#[tokio::test]
async fn the_step_of_a_reader_ends_at_the_next_block_when_the_reader_is_dropped() {
    let bench = Bench::new().await;
    let step = async {
        let mut reader = bench.test.store.cat(&bench.root, 100).await?;
        reader.next().await
    };
    bench.nodes[0].abandon(step).await;
    bench.others_are_served().await;
}

#[tokio::test]
async fn the_step_of_a_reader_goes_on_while_the_reader_is_kept() {
    let bench = Bench::new().await;
    let store = &bench.test.store;
    let mut reader = store.cat(&bench.root, 100).await.unwrap();
    bench.nodes[0].abandon(reader.next()).await;
    let node = &bench.nodes[1];
    let (path, content) = (node.path.clone(), node.content.clone());
    let writer = std::thread::spawn(move || fs::write(path, content).unwrap());
    let end = tokio::time::timeout(PATIENCE, reader.next()).await;
    assert_eq!(end.unwrap().unwrap(), None);
    writer.join().unwrap();
}

#[tokio::test]
async fn import_of_a_folder_ends_at_the_next_chunk_when_nobody_waits_for_it() {
    let test = open_with(|config| config.concurrency = 1);
    let store = &test.store;
    let folder = tempfile::tempdir().unwrap();
    // A hole, which takes no disk, but minutes to import.
    let file = fs::File::create(folder.path().join("file")).unwrap();
    file.set_len(64 << 30).unwrap();
    let options = TreeOptions {
        hidden: true,
        max_bytes: u64::MAX,
    };
    let has_begun = async {
        while store.usage().blocks == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        _ = store.import_dir(folder.path(), options, None) => panic!("finished too early"),
        begun = tokio::time::timeout(PATIENCE, has_begun) => begun.unwrap(),
    }
    let collected = tokio::time::timeout(PATIENCE, store.gc(0)).await;
    assert_ne!(collected.expect("the permit is free").unwrap().blocks, 0);
}
