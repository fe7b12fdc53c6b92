//! The content store as the dispatcher sees it: the embedded store, and a folder of code files for
//! the function runtime.
//!
//! Only what is in the local store is found: developers and operators put it there through the
//! upload listener.

use async_trait::async_trait;
use bytes::Bytes;
use defaas_content::{Cid as StoreCid, CopyError, Error as StoreError, Store};
use defaas_dispatcher::ports::{ContentError, ContentStore, Pin, PinKind};
use defaas_primitives::{call::MAX_STORED, Cid, Code, ProviderId, Tick};
use std::{collections::HashMap, io, path::PathBuf, sync::Arc};
use tokio::{fs, sync::Mutex};

/// Ends of pins are rounded up to a multiple of so many ticks, so that the calls of a busy function
/// share pins.
const PIN_STEP: Tick = 64;

/// The content of this machine. Clones share it.
#[derive(Clone)]
pub struct NodeContent {
    store: Store,
    code: Arc<CodeFolder>,
}

/// Files of code, each named by its sha-256.
struct CodeFolder {
    path: PathBuf,
    /// Whole files, and the last tick each is needed. Held while a file is written: copies are
    /// made one after the other, and those who want the same file share one.
    files: Mutex<HashMap<[u8; 32], Tick>>,
}

impl NodeContent {
    /// Content out of `store`, with code in files under `folder`. What a former run left there is
    /// removed.
    ///
    /// # Errors
    ///
    /// If the folder cannot be emptied.
    pub async fn new(store: Store, folder: PathBuf) -> io::Result<Self> {
        let mut entries = fs::read_dir(&folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            fs::remove_file(entry.path()).await?;
        }
        Ok(Self {
            store,
            code: Arc::new(CodeFolder {
                path: folder,
                files: Mutex::default(),
            }),
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

impl CodeFolder {
    async fn sweep(&self, now: Tick) -> io::Result<()> {
        let mut files = self.files.lock().await;
        let over: Vec<_> = files
            .iter()
            .filter_map(|(sha256, until)| (*until < now).then_some(*sha256))
            .collect();
        for sha256 in over {
            match fs::remove_file(self.path.join(hex::encode(sha256))).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => files.remove(&sha256),
            };
        }
        Ok(())
    }

    /// The file of `code`, copied out of `store` unless it is there.
    async fn file(
        &self,
        store: &Store,
        cid: &StoreCid,
        code: &Code,
        until: Tick,
    ) -> Result<PathBuf, ContentError> {
        let path = self.path.join(hex::encode(code.sha256));
        let mut files = self.files.lock().await;
        if let Some(known) = files.get_mut(&code.sha256) {
            *known = until.max(*known);
            return Ok(path);
        }
        let unfinished = path.with_extension("new");
        let mut file = fs::File::create(&unfinished).await.map_err(failed)?;
        let copied = store
            .copy_verified(cid, code.sha256, code.size, &mut file)
            .await;
        if let Err(error) = copied {
            fs::remove_file(&unfinished).await.map_err(failed)?;
            return Err(match error {
                CopyError::Content(error) => of_store(error),
                CopyError::Destination(error) => failed(error),
            });
        }
        fs::rename(&unfinished, &path).await.map_err(failed)?;
        files.insert(code.sha256, until);
        Ok(path)
    }
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
    ContentError::Failed(error.into())
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
        let folder = dir.path().join("code");
        std::fs::create_dir_all(&folder).expect("can be made");
        let store = Store::open(Config::in_dir(dir.path().join("content"))).expect("can be opened");
        NodeContent::new(store, folder).await.expect("can be used")
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
}
