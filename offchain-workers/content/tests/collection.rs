//! Pins and collection.

mod support;

use bytes::Bytes;
use defaas_content::{Cid, Codec, Error, HashFunction, Pin, PinKind, Store};
use support::{generated, open, open_with};

const MIB: usize = 1 << 20;

fn code() -> Pin {
    Pin::new(PinKind::Code)
}

/// Distinct content of a whole number of chunks, the root's node aside.
fn content(number: u8, chunks: usize) -> Vec<u8> {
    let mut content = generated(chunks * MIB);
    for chunk in content.chunks_mut(MIB) {
        chunk[0] = number;
    }
    content
}

#[tokio::test]
async fn what_is_pinned_stays_and_the_rest_goes() {
    let test = open();
    let kept = test.import(&content(1, 2), Some(code())).await;
    let gone = test.import(&content(2, 2), None).await;
    let collected = test.store.gc(0).await.unwrap();
    assert_eq!(collected.blocks, 3);
    test.store.stat(&kept).await.unwrap();
    assert!(!test.store.has(&gone).await.unwrap());
    assert_eq!(test.store.usage().blocks, 3);
}

#[tokio::test]
async fn blocks_shared_with_a_pinned_dag_stay() {
    let test = open();
    let long = test.import(&generated(3 * MIB), None).await;
    let short = test.import(&generated(2 * MIB), Some(code())).await;
    assert_eq!(test.store.gc(0).await.unwrap().blocks, 2);
    test.store.stat(&short).await.unwrap();
    assert!(!test.store.has(&long).await.unwrap());
}

#[tokio::test]
async fn content_goes_with_its_last_pin() {
    let test = open();
    let cid = test.import(b"shared code", Some(code().reference(1))).await;
    test.store.pin(&cid, code().reference(2)).await.unwrap();
    test.store
        .pin(&cid, Pin::new(PinKind::Input).until(10))
        .await
        .unwrap();
    assert!(test.store.unpin(&cid, PinKind::Code, 1).await.unwrap());
    assert!(!test.store.unpin(&cid, PinKind::Code, 1).await.unwrap());
    assert_eq!(test.store.gc(10).await.unwrap().pins, 0);
    assert!(test.store.unpin(&cid, PinKind::Code, 2).await.unwrap());
    assert_eq!(test.store.gc(10).await.unwrap().blocks, 0);
    let last = test.store.gc(11).await.unwrap();
    assert_eq!((last.pins, last.blocks), (1, 1));
}

#[tokio::test]
async fn a_pin_before_the_content_keeps_what_arrives() {
    let test = open();
    let blocks = support::fixture("cidv0");
    test.store.pin(&blocks[0].0, code()).await.unwrap();
    // From the root down, as a fetch goes: each block is reachable when it arrives.
    for (cid, block) in &blocks {
        test.store.put_block(cid, block.clone()).await.unwrap();
        assert_eq!(test.store.gc(0).await.unwrap().blocks, 0);
    }
    test.store.stat(&blocks[0].0).await.unwrap();
}

#[tokio::test]
async fn a_running_import_keeps_its_blocks_until_it_ends() {
    let test = open();
    let blocks = support::fixture("cidv0");
    let import = test.store.import().await.unwrap();
    // Leaves first: nothing but the import knows that they belong together.
    for (cid, block) in blocks.iter().rev() {
        import.put_block(cid, block.clone()).await.unwrap();
        assert_eq!(test.store.gc(0).await.unwrap().blocks, 0);
    }
    import.finish(&blocks[0].0, code()).await.unwrap();
    assert_eq!(test.store.gc(0).await.unwrap().blocks, 0);
    test.store.stat(&blocks[0].0).await.unwrap();

    let dropped = test.store.import().await.unwrap();
    let block = Bytes::from_static(b"given up");
    let cid = Cid::of(Codec::Raw, HashFunction::Sha2, &block);
    dropped.put_block(&cid, block).await.unwrap();
    drop(dropped);
    assert_eq!(test.store.gc(0).await.unwrap().blocks, 1);
}

#[tokio::test]
async fn an_import_keeps_blocks_that_were_here_before() {
    let test = open();
    let block = Bytes::from_static(b"there already");
    let cid = Cid::of(Codec::Raw, HashFunction::Sha2, &block);
    test.store.put_block(&cid, block.clone()).await.unwrap();
    let import = test.store.import().await.unwrap();
    import.put_block(&cid, block).await.unwrap();
    assert_eq!(test.store.gc(0).await.unwrap().blocks, 0);
    drop(import);
    assert_eq!(test.store.gc(0).await.unwrap().blocks, 1);
}

#[tokio::test]
async fn what_is_being_read_stays() {
    let test = open();
    let cid = test.import(&content(1, 3), None).await;
    let mut reader = test.store.cat(&cid, u64::MAX).await.unwrap();
    let mut read = 0;
    while let Some(part) = reader.next().await.unwrap() {
        read += part.len();
        assert_eq!(test.store.gc(0).await.unwrap().blocks, 0);
    }
    assert_eq!(read, 3 * MIB);
    drop(reader);
    assert_eq!(test.store.gc(0).await.unwrap().blocks, 4);
}

/// Room for ten chunks and a few nodes.
fn small() -> support::TestStore {
    open_with(|config| {
        config.max_bytes = 10 * MIB as u64 + 64 * 1024;
        config.high_water_percent = 80;
    })
}

#[tokio::test]
async fn garbage_makes_room_for_imports_by_itself() {
    let test = small();
    for number in 0..8 {
        test.import(&content(number, 4), None).await;
        let usage = test.store.usage();
        assert!(usage.bytes <= usage.max_bytes);
    }
    assert!(!test.store.is_full_of_pins());
}

#[tokio::test]
async fn a_store_full_of_pins_says_so_and_recovers() {
    let test = small();
    let mut pinned = Vec::new();
    for number in 0..2 {
        pinned.push(test.import(&content(number, 4), Some(code())).await);
    }
    let import = test
        .store
        .import_file(&content(9, 4)[..], u64::MAX, Some(code()))
        .await;
    assert!(matches!(import, Err(Error::StoreFull { .. })), "{import:?}");
    assert!(test.store.is_full_of_pins());
    for cid in &pinned {
        test.store.stat(cid).await.unwrap();
    }
    test.store
        .unpin(&pinned[0], PinKind::Code, 0)
        .await
        .unwrap();
    test.import(&content(9, 4), Some(code())).await;
    test.store
        .unpin(&pinned[1], PinKind::Code, 0)
        .await
        .unwrap();
    test.store.gc(0).await.unwrap();
    assert!(!test.store.is_full_of_pins());
}

#[tokio::test]
async fn pins_are_bounded() {
    let test = open_with(|config| config.max_pins = 1);
    test.import(b"one", Some(code())).await;
    let two = test
        .store
        .import_file(&b"two"[..], u64::MAX, Some(code()))
        .await;
    assert!(matches!(two, Err(Error::TooManyPins { limit: 1 })));
}

/// Imports, reads and collections at once, with blocks that come and go and come again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_pinned_is_lost_while_all_happens_at_once() {
    let test = open();
    let store = &test.store;
    let stop = tokio_util::sync::CancellationToken::new();
    let collector = tokio::spawn({
        let (store, stop) = (store.clone(), stop.clone());
        async move {
            let mut collections = 0;
            while !stop.is_cancelled() {
                store.gc(0).await.unwrap();
                collections += 1;
            }
            collections
        }
    });
    let workers: Vec<_> = (0..4u64)
        .map(|worker| tokio::spawn(churn(store.clone(), worker)))
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    stop.cancel();
    assert!(collector.await.unwrap() > 0);
    store.gc(0).await.unwrap();
    assert_eq!(store.usage().blocks, 0);
    assert_eq!(store.usage().bytes, 0);
}

/// All workers import the same few files, so that one puts what another has just let go.
async fn churn(store: Store, worker: u64) {
    for round in 0..30 {
        let content = vec![round % 3; 2000];
        let pin = code().reference(worker);
        let imported = store
            .import_file(&content[..], u64::MAX, Some(pin))
            .await
            .unwrap();
        tokio::task::yield_now().await;
        let read = store.read_all(&imported.cid, 2000).await.unwrap();
        assert_eq!(read, content);
        assert!(store
            .unpin(&imported.cid, PinKind::Code, worker)
            .await
            .unwrap());
    }
}

#[tokio::test]
async fn a_store_with_the_most_pins_says_so_until_some_expire() {
    let test = open_with(|config| config.max_pins = 2);
    let brief = Pin::new(PinKind::Output).until(5);
    test.import(b"first", Some(brief)).await;
    assert!(!test.store.is_full_of_pins());
    let second = test.import(b"second", Some(brief)).await;
    assert!(test.store.is_full_of_pins());
    assert_eq!(test.store.usage().pins, 2);
    let more = test.store.pin(&second, code()).await;
    assert!(matches!(more, Err(Error::TooManyPins { limit: 2 })));
    test.store.gc(6).await.unwrap();
    assert!(!test.store.is_full_of_pins());
    assert_eq!(test.store.usage().pins, 0);
}

#[tokio::test]
async fn usage_tells_what_the_last_collection_left() {
    let test = open();
    test.import(&content(1, 2), Some(code())).await;
    test.import(&content(2, 2), None).await;
    assert_eq!(test.store.usage().kept, 0, "nothing was collected yet");
    test.store.gc(0).await.unwrap();
    let usage = test.store.usage();
    assert!(usage.kept > 2 * MIB as u64 && usage.kept == usage.bytes);
}
