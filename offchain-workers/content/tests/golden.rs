//! CIDs and DAGs made by other implementations: see `fixtures/README.md`.

mod support;

use std::fs;
use std::os::unix::fs::symlink;

use defaas_content::{Error, TreeOptions};
use support::{fixture, generated, open};

const MIB: usize = 1 << 20;
const ALL: TreeOptions = TreeOptions {
    hidden: true,
    max_bytes: u64::MAX,
};
const VISIBLE: TreeOptions = TreeOptions {
    hidden: false,
    max_bytes: u64::MAX,
};

#[tokio::test]
async fn files_get_the_cids_of_another_implementation() {
    let test = open();
    for (length, expected) in [
        (
            0,
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
        ),
        (
            1,
            "bafkreiczjzizvzezgevssqz3pxmks77qndppzouxkw3nluaoqtcsjvt3ay",
        ),
        (
            MIB,
            "bafkreiah427eof7heijs3lesvzoqn3wjama466vevlyxlhiaa4nrnfhb34",
        ),
        (
            MIB + 1,
            "bafybeib5grbnypdlew6g6xog66xg7rjmqjegze3gkhed5z7eogptsgm2ty",
        ),
        (
            5 * MIB + 12_345,
            "bafybeidwpc6joqsedhjw4xc566tgbzfw7w7qwqkchwd4hwex6vm2rxskpy",
        ),
    ] {
        let content = generated(length);
        let imported = test
            .store
            .import_file(&content[..], u64::MAX, None)
            .await
            .unwrap();
        assert_eq!(imported.cid.to_string(), expected, "{length} bytes");
        assert_eq!(imported.size, length as u64);
        assert_eq!(
            test.store.size_of(&imported.cid).await.unwrap(),
            length as u64
        );
        let read = test
            .store
            .read_all(&imported.cid, length as u64)
            .await
            .unwrap();
        assert!(read == content, "{length} bytes read back");
    }
}

/// The folder that the fixtures were made from.
fn tree(dir: &std::path::Path) {
    fs::create_dir_all(dir.join("sub/deep")).unwrap();
    fs::create_dir(dir.join("empty")).unwrap();
    fs::write(dir.join("a.txt"), "hello\n").unwrap();
    fs::write(dir.join("sub/b.txt"), "world\n").unwrap();
    fs::write(dir.join("sub/deep/c.bin"), generated(1000)).unwrap();
    fs::write(dir.join("sub/none"), "").unwrap();
    symlink("a.txt", dir.join("link")).unwrap();
    fs::write(dir.join(".hidden"), "secret\n").unwrap();
    fs::write(dir.join("Z"), "x").unwrap();
    fs::write(dir.join("ü.txt"), "u").unwrap();
}

#[tokio::test]
async fn folders_get_the_cids_of_another_implementation() {
    let test = open();
    let dir = tempfile::tempdir().unwrap();
    tree(dir.path());
    let visible = test
        .store
        .import_dir(dir.path(), VISIBLE, None)
        .await
        .unwrap();
    assert_eq!(
        visible.cid.to_string(),
        "bafybeids2ahwbx4fuf64a4bvby2sbmsx47gqlgerpdcbtr5lfabatr7raq"
    );
    assert_eq!(visible.size, 1014);
    let all = test.store.import_dir(dir.path(), ALL, None).await.unwrap();
    assert_eq!(
        all.cid.to_string(),
        "bafybeifvzj66mmpgg62vqjlo6q3kt5y3u3evjbhniieppd3ifmqdo5q6oe"
    );
}

#[tokio::test]
async fn folders_of_another_implementation_are_read_by_path() {
    let test = open();
    let root = test.put_fixture("directory").await;
    assert_eq!(test.store.stat(&root).await.unwrap().blocks, 11);
    for (path, content) in [
        ("a.txt", &b"hello\n"[..]),
        ("/sub/b.txt", b"world\n"),
        ("sub/none", b""),
        ("ü.txt", b"u"),
        ("sub/deep/c.bin", &generated(1000)),
    ] {
        let cid = test.store.resolve(&root, path).await.unwrap();
        assert_eq!(
            test.store.read_all(&cid, 1000).await.unwrap(),
            content,
            "{path}"
        );
    }
    assert_eq!(test.store.resolve(&root, "").await.unwrap(), root);
    let below_a_file = test.store.resolve(&root, "a.txt/b").await;
    assert!(matches!(
        below_a_file,
        Err(Error::NotADirectory { kind: "file", .. })
    ));
    let missing = test.store.resolve(&root, "sub/missing").await;
    assert!(matches!(missing, Err(Error::NoSuchEntry { name, .. }) if name == "missing"));
    let link = test.store.resolve(&root, "link").await.unwrap();
    let read_link = test.store.read_all(&link, 1000).await;
    assert!(matches!(
        read_link,
        Err(Error::NotAFile {
            kind: "symbolic link",
            ..
        })
    ));
    let read_folder = test.store.read_all(&root, 1000).await;
    assert!(matches!(
        read_folder,
        Err(Error::NotAFile {
            kind: "directory",
            ..
        })
    ));
}

/// CIDv0 with dag-pb leaves, the trickle layout, blake2b, and leaves inside their CIDs: all hold the
/// same thousand bytes.
#[tokio::test]
async fn dags_of_other_shapes_are_taken_as_given() {
    for name in ["cidv0", "trickle", "blake2b", "inline"] {
        let test = open();
        let root = test.put_fixture(name).await;
        assert!(
            test.store.read_all(&root, 1000).await.unwrap() == generated(1000),
            "{name}"
        );
        assert_eq!(test.store.size_of(&root).await.unwrap(), 1000, "{name}");
        assert_eq!(
            test.store.stat(&root).await.unwrap().blocks,
            fixture(name).len() as u64
        );
        let collected = test.store.gc(0).await.unwrap();
        assert_eq!(collected.blocks, 0, "{name}");
    }
}

#[tokio::test]
async fn every_block_of_another_implementation_is_needed() {
    for name in ["cidv0", "trickle", "blake2b", "directory", "hamt"] {
        let blocks = fixture(name);
        for missing in 1..blocks.len() {
            let test = open();
            for (number, (cid, block)) in blocks.iter().enumerate() {
                if number != missing {
                    test.store.put_block(cid, block.clone()).await.unwrap();
                }
            }
            let stat = test.store.stat(&blocks[0].0).await;
            assert!(
                matches!(&stat, Err(Error::Truncated { missing: cid, .. }) if *cid == blocks[missing].0),
                "{name} {missing}: {stat:?}"
            );
        }
    }
}

#[tokio::test]
async fn sharded_folders_are_kept_but_not_read() {
    let test = open();
    let root = test.put_fixture("hamt").await;
    assert_eq!(
        test.store.stat(&root).await.unwrap().blocks,
        fixture("hamt").len() as u64
    );
    let resolved = test.store.resolve(&root, "b.txt").await;
    assert!(matches!(
        resolved,
        Err(Error::Unsupported {
            kind: "sharded directory",
            ..
        })
    ));
    let read = test.store.read_all(&root, 1000).await;
    assert!(matches!(
        read,
        Err(Error::NotAFile {
            kind: "sharded directory",
            ..
        })
    ));
    assert_eq!(test.store.gc(0).await.unwrap().blocks, 0);
}

#[tokio::test]
async fn folders_that_cannot_be_represented_are_refused() {
    let test = open();
    let dir = tempfile::tempdir().unwrap();
    let import = || test.store.import_dir(dir.path(), VISIBLE, None);
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
    assert!(matches!(import().await, Err(Error::NotImportable { .. })));
    fs::remove_file(dir.path().join("socket")).unwrap();

    fs::write(dir.path().join("file"), "12345").unwrap();
    let limited = TreeOptions {
        hidden: false,
        max_bytes: 4,
    };
    let too_large = test.store.import_dir(dir.path(), limited, None).await;
    assert!(matches!(too_large, Err(Error::TooLarge { limit: 4 })));

    let mut deep = dir.path().to_owned();
    for _ in 0..30 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    assert!(matches!(import().await, Err(Error::NotImportable { .. })));
}
