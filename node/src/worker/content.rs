//! The content store as the dispatcher sees it: the embedded store, and a folder of code files for
//! the function runtime.
//!
//! Only what is in the local store is found: developers and operators put it there through the
//! upload listener.
//!
//! | content | pinned |
//! |---|---|
//! | code | until the deadline of the call it is for; so long it is a file in the folder, too |
//! | input | until the deadline and the retention |
//! | output | until the deadline and the retention |
//!
//! Store and folder have a bound each. What does not fit is [`ContentError::Full`], which is reported
//! as overload: a full machine is no fault of who brought code or input.

mod code_folder;

use async_trait::async_trait;
use bytes::Bytes;
use code_folder::CodeFolder;
use defaas_content::{Cid as StoreCid, Error as StoreError, Store};
use defaas_dispatcher::ports::{ContentError, ContentStore, Pin, PinKind};
use defaas_primitives::{call::MAX_STORED, Cid, Code, ProviderId, Tick};
use std::{io, path::PathBuf, sync::Arc};

/// Ends of pins are rounded up to a multiple of so many ticks, so that the calls of a busy function
/// share pins.
const PIN_STEP: Tick = 64;

/// The content of this machine. Clones share it.
#[derive(Clone)]
pub struct NodeContent {
    store: Store,
    code: Arc<CodeFolder>,
}

impl NodeContent {
    /// Content out of `store`, with code in files under `folder`, at most `max_code` bytes of it.
    /// What a former run left there is removed.
    ///
    /// # Errors
    ///
    /// If the folder cannot be emptied.
    pub async fn new(store: Store, folder: PathBuf, max_code: u64) -> io::Result<Self> {
        Ok(Self {
            store,
            code: Arc::new(CodeFolder::open(folder, max_code).await?),
        })
    }

    /// Lets go of what is needed no longer at tick `now`.
    ///
    /// # Errors
    ///
    /// If store or folder cannot be changed; the rest goes with the next call.
    pub async fn collect(&self, now: Tick) -> Result<(), CollectError> {
        // The store is collected even if the folder cannot be: else it would fill up.
        let swept = self.code.sweep(now).await;
        let collected = self.store.gc(now).await?;
        log::debug!(target: super::LOG, "content collected at tick {now}: {collected:?}");
        Ok(swept?)
    }

    /// Keeps `cid` from being collected if it is here.
    async fn pin(&self, cid: &StoreCid, pin: Pin) -> Result<(), ContentError> {
        if !self.store.has(cid).await.map_err(of_store)? {
            return Err(ContentError::NotFound);
        }
        self.store.pin(cid, store_pin(pin)).await.map_err(of_store)
    }
}

/// Content could not be collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder of code failed.
    #[error("the folder of code cannot be changed: {0}")]
    Folder(#[from] io::Error),
}

#[async_trait]
impl ContentStore for NodeContent {
    async fn code(
        &self,
        code: &Code,
        _source: Option<ProviderId>,
        pin: Pin,
    ) -> Result<PathBuf, ContentError> {
        let cid = store_cid(&code.cid)?;
        self.pin(&cid, pin).await?;
        self.code
            .file(&self.store, &cid, code, rounded(pin.until))
            .await
    }

    async fn input(&self, cid: &Cid, size: u32, pin: Pin) -> Result<Bytes, ContentError> {
        let cid = store_cid(cid)?;
        self.pin(&cid, pin).await?;
        let input = self.store.read_all(&cid, size.into()).await;
        let input = input.map_err(of_store)?;
        if input.len() as u64 == u64::from(size) {
            Ok(input)
        } else {
            Err(ContentError::Mismatch)
        }
    }

    async fn put(&self, bytes: Bytes, pin: Pin) -> Result<Cid, ContentError> {
        let imported = self
            .store
            .import_file(&bytes[..], MAX_STORED.into(), Some(store_pin(pin)))
            .await
            .map_err(of_store)?;
        Cid::parse(&imported.cid.to_bytes())
            .map_err(|error| ContentError::Failed(format!("own CID: {error:?}").into()))
    }
}

fn rounded(until: Tick) -> Tick {
    until
        .checked_next_multiple_of(PIN_STEP)
        .unwrap_or(Tick::MAX)
}

/// Each end has a pin of its own: one that ends later never gives way to one that ends earlier.
fn store_pin(pin: Pin) -> defaas_content::Pin {
    let until = rounded(pin.until);
    defaas_content::Pin {
        kind: match pin.kind {
            PinKind::Code => defaas_content::PinKind::Code,
            PinKind::Input => defaas_content::PinKind::Input,
            PinKind::Output => defaas_content::PinKind::Output,
        },
        reference: until.into(),
        until: Some(until),
    }
}

/// The chain takes only CIDs that the store can verify, so another one is not content of anybody.
fn store_cid(cid: &Cid) -> Result<StoreCid, ContentError> {
    StoreCid::from_bytes(cid.as_bytes()).map_err(|_| ContentError::Mismatch)
}

fn failed(error: io::Error) -> ContentError {
    if is_full(&error) {
        ContentError::Full
    } else {
        ContentError::Failed(error.into())
    }
}

/// Whether the disk, or this user's share of it, is used up.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

fn of_store(error: StoreError) -> ContentError {
    match error {
        // What was damaged has been removed: it is missing now.
        StoreError::NotFound(_) | StoreError::Truncated { .. } | StoreError::Corrupt(_) => {
            ContentError::NotFound
        }
        StoreError::WrongDigest { .. }
        | StoreError::WrongSize { .. }
        | StoreError::TooLarge { .. }
        | StoreError::TooDeep { .. }
        | StoreError::TooManyBlocks { .. }
        | StoreError::NotAFile { .. }
        | StoreError::Unsupported { .. }
        | StoreError::Malformed { .. }
        | StoreError::UnsupportedCid(_) => ContentError::Mismatch,
        StoreError::StoreFull { .. } | StoreError::TooManyPins { .. } => ContentError::Full,
        StoreError::Io { source, .. } => failed(source),
        other => ContentError::Failed(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use defaas_content::Config;
    use defaas_primitives::CodeKind;
    use sp_io::hashing::sha2_256;
    use tempfile::TempDir;

    const PIN: Pin = Pin {
        kind: PinKind::Code,
        until: 100,
    };

    async fn content(dir: &TempDir) -> NodeContent {
        content_with(dir, u64::MAX, |_| {}).await
    }

    async fn content_with(
        dir: &TempDir,
        max_code: u64,
        change: impl FnOnce(&mut Config),
    ) -> NodeContent {
        let folder = dir.path().join("code");
        std::fs::create_dir_all(&folder).expect("can be made");
        let mut config = Config::in_dir(dir.path().join("content"));
        change(&mut config);
        let store = Store::open(config).expect("can be opened");
        let content = NodeContent::new(store, folder, max_code).await;
        content.expect("can be used")
    }

    /// Puts `bytes` and returns how the chain names them.
    async fn published(content: &NodeContent, bytes: &'static [u8], pin: Pin) -> Code {
        let cid = content.put(Bytes::from_static(bytes), pin).await;
        code(cid.expect("fits"), bytes)
    }

    /// Kinds and ends of the pins on `cid`.
    async fn pins(content: &NodeContent, cid: &Cid) -> Vec<(defaas_content::PinKind, Option<u32>)> {
        let cid = store_cid(cid).expect("can be verified");
        let pins = content.store.pins(Some(&cid)).await.expect("are readable");
        pins.into_iter()
            .map(|(_, pin)| (pin.kind, pin.until))
            .collect()
    }

    fn dir() -> TempDir {
        tempfile::tempdir().expect("a temporary folder can be made")
    }

    fn code(cid: Cid, bytes: &[u8]) -> Code {
        Code {
            cid,
            sha256: sha2_256(bytes),
            size: bytes.len() as u64,
            kind: CodeKind::Wasm,
        }
    }

    #[tokio::test]
    async fn code_is_a_file_under_its_digest_until_it_is_needed_no_longer() {
        let dir = dir();
        let content = content(&dir).await;
        let bytes = Bytes::from_static(b"some module");
        let cid = content.put(bytes.clone(), PIN).await.expect("fits");
        let code = code(cid, &bytes);
        let path = content.code(&code, None, PIN).await.expect("is there");
        assert_eq!(
            path.file_name().and_then(|name| name.to_str()),
            Some(&*hex::encode(code.sha256))
        );
        assert_eq!(std::fs::read(&path).expect("a file"), bytes);
        content.collect(PIN_STEP * 2).await.expect("collects");
        assert!(path.exists());
        content.collect(PIN_STEP * 2 + 1).await.expect("collects");
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn absent_content_is_not_found_and_other_content_a_mismatch() {
        let dir = dir();
        let content = content(&dir).await;
        let absent = Cid::raw_sha256([1; 32]);
        let found = content.input(&absent, 1, PIN).await;
        assert!(matches!(found, Err(ContentError::NotFound)));
        let cid = content.put(Bytes::from_static(b"four"), PIN).await;
        let cid = cid.expect("fits");
        for size in [3, 5] {
            let found = content.input(&cid, size, PIN).await;
            assert!(matches!(found, Err(ContentError::Mismatch)), "{size}");
        }
        assert_eq!(content.input(&cid, 4, PIN).await.expect("is there"), "four");
        let wrong = content.code(&code(cid, b"five."), None, PIN).await;
        assert!(matches!(wrong, Err(ContentError::Mismatch)));
        let left = std::fs::read_dir(dir.path().join("code")).expect("is there");
        assert_eq!(left.count(), 0);
    }

    #[test]
    fn pins_with_other_ends_stand_beside_each_other() {
        let ends = [1, 64, 65, Tick::MAX].map(|until| store_pin(Pin { until, ..PIN }));
        assert_eq!(ends[0], ends[1]);
        assert_ne!(ends[1].reference, ends[2].reference);
        assert_eq!(ends[2].until, Some(128));
        assert_eq!(ends[3].until, Some(Tick::MAX));
    }

    #[tokio::test]
    async fn code_input_and_output_are_pinned_until_their_ends_and_then_collected() {
        use defaas_content::PinKind::{Code, Input, Output};
        let dir = dir();
        let content = content(&dir).await;
        let output = Pin {
            kind: PinKind::Output,
            until: 300,
        };
        let bytes = Bytes::from_static(b"all three");
        let cid = content.put(bytes.clone(), output).await.expect("fits");
        let input = Pin {
            kind: PinKind::Input,
            until: 200,
        };
        let read = content.input(&cid, 9, input).await.expect("is there");
        assert_eq!(read, bytes);
        let code = code(cid.clone(), &bytes);
        content.code(&code, None, PIN).await.expect("is there");
        let expected = [(Code, 100), (Input, 200), (Output, 300)];
        let expected = expected.map(|(kind, until)| (kind, Some(rounded(until))));
        assert_eq!(pins(&content, &cid).await, expected);
        content.collect(rounded(300)).await.expect("collects");
        assert_eq!(pins(&content, &cid).await, expected[2..]);
        content.collect(rounded(300) + 1).await.expect("collects");
        let gone = content.input(&cid, 9, input).await;
        assert!(matches!(gone, Err(ContentError::NotFound)));
    }

    #[tokio::test]
    async fn store_full_of_pins_is_full_and_not_without_the_content() {
        let dir = dir();
        let content = content_with(&dir, u64::MAX, |config| config.max_bytes = 8_192).await;
        let kept = published(&content, b"first", PIN).await;
        published(&content, b"second", PIN).await;
        let third = content.put(Bytes::from_static(b"third"), PIN).await;
        assert!(matches!(third, Err(ContentError::Full)));
        let found = content.code(&kept, None, PIN).await;
        assert!(found.is_ok(), "what is there can still be used");
    }

    #[tokio::test]
    async fn store_with_the_most_pins_is_full() {
        let dir = dir();
        let content = content_with(&dir, u64::MAX, |config| config.max_pins = 1).await;
        let code = published(&content, b"code", PIN).await;
        let input = Pin {
            kind: PinKind::Input,
            ..PIN
        };
        let pinned = content.input(&code.cid, 4, input).await;
        assert!(matches!(pinned, Err(ContentError::Full)));
    }

    #[tokio::test]
    async fn folder_of_code_keeps_its_bound_until_something_is_needed_no_longer() {
        let dir = dir();
        let content = content_with(&dir, 8, |_| {}).await;
        let later = Pin {
            until: rounded(PIN.until) + 1,
            ..PIN
        };
        let first = published(&content, b"12345", PIN).await;
        let second = published(&content, b"67890", later).await;
        content.code(&first, None, PIN).await.expect("fits");
        let refused = content.code(&second, None, later).await;
        assert!(matches!(refused, Err(ContentError::Full)));
        let again = content.code(&first, None, PIN).await;
        assert!(again.is_ok(), "it is there already");
        content.collect(later.until).await.expect("collects");
        let path = content.code(&second, None, later).await;
        let bytes = std::fs::read(path.expect("there is room"));
        assert_eq!(bytes.expect("a file"), b"67890");
    }

    #[tokio::test]
    async fn file_of_code_that_somebody_removed_is_made_again() {
        let dir = dir();
        let content = content(&dir).await;
        let code = published(&content, b"some module", PIN).await;
        let path = content.code(&code, None, PIN).await.expect("is there");
        std::fs::remove_file(&path).expect("is ours");
        let again = content.code(&code, None, PIN).await.expect("is there");
        assert_eq!(std::fs::read(again).expect("a file"), b"some module");
    }

    #[test]
    fn full_disk_is_full_and_another_failure_of_the_disk_is_not() {
        let io = |kind| StoreError::Io {
            path: PathBuf::from("blocks"),
            source: io::Error::from(kind),
        };
        let full = of_store(io(io::ErrorKind::StorageFull));
        assert!(matches!(full, ContentError::Full));
        let quota = failed(io::Error::from(io::ErrorKind::QuotaExceeded));
        assert!(matches!(quota, ContentError::Full));
        let broken = of_store(io(io::ErrorKind::PermissionDenied));
        assert!(matches!(broken, ContentError::Failed(_)));
    }
}
