//! The store: verified reads, bounds, damage, restarts.

mod support;

use std::fs;
use std::io;
use std::pin::Pin as StdPin;
use std::task::{Context, Poll};

use bytes::Bytes;
use defaas_content::{
    Cid, Codec, Config, CopyError, Error, HashFunction, Pin, PinKind, Store, MAX_BLOCK_BYTES,
};
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use support::{generated, open, open_with};
use tokio::io::{AsyncRead, ReadBuf};

const MIB: usize = 1 << 20;

fn user() -> Option<Pin> {
    Some(Pin::new(PinKind::User))
}

fn sha256(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

#[tokio::test]
async fn verified_reads_check_digest_and_length() {
    let test = open();
    let content = generated(3 * MIB);
    let cid = test.import(&content, None).await;
    let (digest, size) = (sha256(&content), content.len() as u64);
    assert!(test.store.read_verified(&cid, digest, size).await.unwrap() == content);
    let wrong = test.store.read_verified(&cid, [0; 32], size).await;
    assert!(matches!(
        wrong,
        Err(Error::WrongDigest { actual, .. }) if actual == hex::encode(digest)
    ));
    for expected in [size - 1, size + 1, 0] {
        let read = test.store.read_verified(&cid, digest, expected).await;
        assert!(matches!(read, Err(Error::WrongSize { expected: e, .. }) if e == expected));
    }
}

#[tokio::test]
async fn verified_copies_write_everything_and_report_what_is_wrong() {
    let test = open();
    let content = generated(2 * MIB + 5);
    let cid = test.import(&content, None).await;
    let (digest, size) = (sha256(&content), content.len() as u64);
    let mut copy = Vec::new();
    test.store
        .copy_verified(&cid, digest, size, &mut copy)
        .await
        .unwrap();
    assert!(copy == content);
    let wrong = test
        .store
        .copy_verified(&cid, [0; 32], size, &mut Vec::new())
        .await;
    assert!(matches!(
        wrong,
        Err(CopyError::Content(Error::WrongDigest { .. }))
    ));
    let short = test
        .store
        .copy_verified(&cid, digest, size - 1, &mut Vec::new())
        .await;
    assert!(matches!(
        short,
        Err(CopyError::Content(Error::WrongSize { .. }))
    ));
    let (mut closed, other_end) = tokio::io::duplex(8);
    drop(other_end);
    let unwritten = test
        .store
        .copy_verified(&cid, digest, size, &mut closed)
        .await;
    assert!(matches!(unwritten, Err(CopyError::Destination(_))));
}

#[tokio::test]
async fn a_file_streams_in_the_order_of_its_bytes() {
    let test = open();
    let content = generated(4 * MIB + 7);
    let cid = test.import(&content, None).await;
    let reader = test.store.cat(&cid, u64::MAX).await.unwrap();
    let parts: Vec<Bytes> = reader.into_stream().try_collect().await.unwrap();
    assert_eq!(parts.len(), 5);
    assert!(parts.concat() == content);
}

#[tokio::test]
async fn a_reader_can_be_waited_for_again_after_giving_up() {
    let test = open();
    let content = generated(3 * MIB);
    let cid = test.import(&content, None).await;
    let mut reader = test.store.cat(&cid, u64::MAX).await.unwrap();
    let mut read = Vec::new();
    loop {
        // Polled once and dropped: on a blocking thread the read goes on.
        tokio::select! {
            biased;
            part = reader.next() => match part.unwrap() {
                Some(part) => read.extend_from_slice(&part),
                None => break,
            },
            () = tokio::task::yield_now() => {}
        }
    }
    assert!(read == content);
}

#[tokio::test]
async fn a_reader_that_failed_stays_failed() {
    let test = open();
    let cid = test.import(b"content", None).await;
    let mut reader = test.store.cat(&cid, 3).await.unwrap();
    assert!(matches!(
        reader.next().await,
        Err(Error::TooLarge { limit: 3 })
    ));
    assert!(matches!(reader.next().await, Err(Error::Stopped)));
}

#[tokio::test]
async fn what_is_not_here_is_not_found() {
    let test = open();
    let cid = Cid::of(Codec::Raw, HashFunction::Sha2, b"elsewhere");
    assert!(!test.store.has(&cid).await.unwrap());
    assert!(matches!(test.store.get_block(&cid).await, Err(Error::NotFound(c)) if c == cid));
    assert!(matches!(
        test.store.cat(&cid, 10).await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        test.store.read_all(&cid, 10).await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        test.store.stat(&cid).await,
        Err(Error::NotFound(_))
    ));
}

#[tokio::test]
async fn inline_content_is_always_here() {
    let test = open();
    let cid: Cid = "bafkqaddimvwgy3zao5xxe3debi".parse().unwrap();
    assert!(test.store.has(&cid).await.unwrap());
    assert_eq!(
        test.store.read_all(&cid, 100).await.unwrap(),
        &b"hello world\n"[..]
    );
    test.store
        .put_block(&cid, Bytes::from_static(b"hello world\n"))
        .await
        .unwrap();
    assert_eq!(test.store.usage().blocks, 0);
}

#[tokio::test]
async fn blocks_that_are_not_what_their_cid_names_are_refused() {
    let test = open();
    let cid = Cid::of(Codec::Raw, HashFunction::Sha2, b"content");
    let put = test
        .store
        .put_block(&cid, Bytes::from_static(b"others"))
        .await;
    assert!(matches!(put, Err(Error::WrongBlock(c)) if c == cid));
    assert!(!test.store.has(&cid).await.unwrap());
}

#[tokio::test]
async fn the_longest_block_is_taken_and_one_byte_more_refused() {
    let test = open();
    for (length, fits) in [(MAX_BLOCK_BYTES, true), (MAX_BLOCK_BYTES + 1, false)] {
        let block = Bytes::from(vec![7; length]);
        let cid = Cid::of(Codec::Raw, HashFunction::Sha2, &block);
        let put = test.store.put_block(&cid, block).await;
        assert_eq!(put.is_ok(), fits);
        assert_eq!(test.store.get_block(&cid).await.is_ok(), fits);
    }
}

#[tokio::test]
async fn a_damaged_block_is_never_returned_and_a_new_import_repairs_it() {
    let test = open();
    let content = generated(2 * MIB);
    let cid = test.import(&content, user()).await;
    let leaf = test
        .block_files()
        .into_iter()
        .find(|path| fs::metadata(path).unwrap().len() == MIB as u64);
    let leaf = leaf.unwrap();
    let mut bytes = fs::read(&leaf).unwrap();
    bytes[1000] ^= 1;
    fs::write(&leaf, bytes).unwrap();

    assert!(matches!(
        test.store.read_all(&cid, u64::MAX).await,
        Err(Error::Corrupt(_))
    ));
    assert!(!leaf.exists());
    assert!(matches!(
        test.store.read_all(&cid, u64::MAX).await,
        Err(Error::Truncated { .. })
    ));
    assert_eq!(test.import(&content, user()).await, cid);
    assert!(test.store.read_all(&cid, u64::MAX).await.unwrap() == content);
}

#[tokio::test]
async fn imports_stop_at_their_limit_and_leave_only_garbage() {
    let test = open();
    let content = generated(2 * MIB);
    let limit = content.len() as u64 - 1;
    let import = test.store.import_file(&content[..], limit, user()).await;
    assert!(matches!(import, Err(Error::TooLarge { .. })));
    test.store.gc(0).await.unwrap();
    assert_eq!(test.store.usage().blocks, 0);
    assert!(test.store.pins(None).await.unwrap().is_empty());
}

/// Gives a few bytes, then fails.
struct Broken(usize);

impl AsyncRead for Broken {
    fn poll_read(
        mut self: StdPin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.0 == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let length = self.0.min(buf.remaining());
        buf.put_slice(&vec![1; length]);
        self.0 -= length;
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_source_that_breaks_off_leaves_only_garbage() {
    let test = open();
    let import = test
        .store
        .import_file(Broken(2 * MIB + 9), u64::MAX, user())
        .await;
    assert!(matches!(import, Err(Error::Source(_))));
    assert_ne!(test.store.usage().blocks, 0);
    test.store.gc(0).await.unwrap();
    assert_eq!(test.store.usage().blocks, 0);
}

#[tokio::test]
async fn blocks_and_pins_survive_reopening_and_half_blocks_do_not() {
    let test = open();
    let content = generated(MIB + 1);
    let cid = test.import(&content, user()).await;
    let (usage, pins) = (test.store.usage(), test.store.pins(None).await.unwrap());
    let path = test.path();
    let dir = test.dir;
    drop(test.store);

    fs::write(path.join("tmp/17"), b"half a block").unwrap();
    let store = Store::open(Config::in_dir(&path)).unwrap();
    assert_eq!(store.usage(), usage);
    assert_eq!(store.pins(None).await.unwrap(), pins);
    assert_eq!(fs::read_dir(path.join("tmp")).unwrap().count(), 0);
    store.gc(u32::MAX).await.unwrap();
    assert!(store.read_all(&cid, u64::MAX).await.unwrap() == content);
    drop(dir);
}

#[tokio::test]
async fn one_process_has_the_store_open() {
    let test = open();
    let second = Store::open(Config::in_dir(test.path()));
    assert!(matches!(second, Err(Error::InUse(_))));
}

#[test]
fn contradictory_configurations_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let changes: [fn(&mut Config); 5] = [
        |config| config.high_water_percent = 0,
        |config| config.high_water_percent = 101,
        |config| config.max_bytes = 4095,
        |config| config.concurrency = 0,
        |config| config.max_pins = 0,
    ];
    for change in changes {
        let mut config = Config::in_dir(dir.path().join("store"));
        change(&mut config);
        assert!(matches!(Store::open(config), Err(Error::Config(_))));
    }
}

#[tokio::test]
async fn dags_of_more_blocks_than_are_walked_are_refused() {
    let test = open_with(|config| config.max_dag_blocks = 20);
    let root = test.put_fixture("cidv0").await;
    assert!(matches!(
        test.store.stat(&root).await,
        Err(Error::TooManyBlocks { limit: 20, .. })
    ));
    let read = test.store.read_all(&root, 1000).await;
    assert!(matches!(read, Err(Error::TooManyBlocks { limit: 20, .. })));
}
