//! The store's client against a real upload listener.

use defaas_cli::{chain::types::ContentId, store::Store, Error};
use defaas_content::{
    upload::{Upload, UploadConfig},
    Config, Store as Content,
};
use std::{net::SocketAddr, path::Path};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Larger than a block, so its CID is not that of its hash.
const LARGE: usize = 3 * 1024 * 1024;

async fn listener(folder: &Path) -> (String, DropGuard) {
    let content = Content::open(Config::in_dir(folder.join("content"))).unwrap();
    let config = UploadConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        token_file: folder.join("token"),
        ..UploadConfig::default()
    };
    let upload = Upload::bind(&config, content).await.unwrap();
    let url = format!("http://{}", upload.local_addr());
    let stop = CancellationToken::new();
    tokio::spawn(upload.run(stop.clone()));
    (url, stop.drop_guard())
}

#[tokio::test]
async fn what_is_added_is_pinned_and_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let (url, _running) = listener(folder.path()).await;
    let store = Store::at(&url, &folder.path().join("token")).unwrap();
    for bytes in [
        b"\r\n--form\r\n".to_vec(),
        Vec::new(),
        (0..LARGE).map(|i| (i / 7) as u8).collect(),
    ] {
        let cid = store.add(&bytes).await.unwrap();
        assert_eq!(store.get(&cid, bytes.len() as u64).await.unwrap(), bytes);
        store.pin(&cid).await.unwrap();
    }
}

#[tokio::test]
async fn a_small_file_has_the_cid_that_publish_foretells() {
    use sha2::{Digest, Sha256};
    let folder = tempfile::tempdir().unwrap();
    let (url, _running) = listener(folder.path()).await;
    let store = Store::at(&url, &folder.path().join("token")).unwrap();
    let bytes = vec![7; 1024 * 1024];
    let foretold = ContentId::raw(Sha256::digest(&bytes).into());
    assert_eq!(store.add(&bytes).await.unwrap(), foretold);
}

#[tokio::test]
async fn more_than_asked_for_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (url, _running) = listener(folder.path()).await;
    let store = Store::at(&url, &folder.path().join("token")).unwrap();
    let cid = store.add(b"12345").await.unwrap();
    let error = store.get(&cid, 4).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 4, .. }), "{error}");
}

#[tokio::test]
async fn errors_say_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let (url, running) = listener(folder.path()).await;
    let other = folder.path().join("other");
    std::fs::write(&other, "0123456789abcdef0123456789abcdef").unwrap();
    let stranger = Store::at(&url, &other).unwrap();
    let error = stranger.add(b"x").await.unwrap_err();
    assert!(error.to_string().contains("token"), "{error}");
    assert_eq!(error.exit_code(), 3);

    let store = Store::at(&url, &folder.path().join("token")).unwrap();
    let absent = ContentId::raw([9; 32]);
    assert!(matches!(
        store.get(&absent, 1).await,
        Err(Error::Store { .. })
    ));
    drop(running);

    let missing = Store::at(&url, &folder.path().join("missing"));
    assert!(matches!(missing, Err(Error::Store { .. })));
}
