//! The folder of code that the function runtime reads: copies out of the store, one file for each
//! module, as long as a call needs it.
//!
//! Files are named by the digest of their bytes, but what a version names is a CID, a digest and a
//! size that its owner claims to belong together. A file that is there says nothing of the CID: so
//! the content of each CID is read and verified before it stands for the file. Else the answer would
//! depend on what else a provider has executed, and honest providers would disagree.
//!
//! Whoever asks for a file may lose patience at any moment. What their copy leaves then is removed
//! before the next copy and by the next sweep, so at most one such file is there beyond the bound of
//! the folder. Each copy has a name of its own until it is whole: a write of an abandoned one may
//! still be under way on its thread, and must not meet another copy.

use super::{failed, of_store};
use crate::worker::LOG;
use defaas_content::{Cid, CopyError, Store};
use defaas_dispatcher::ports::ContentError;
use defaas_primitives::{Code, Tick};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    fs::Permissions,
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};
use tokio::{
    fs,
    io::{sink, AsyncWrite},
    sync::Mutex,
};

/// Most CIDs remembered for one file. Content has more than one only if it was put into the store in
/// different ways; one that is forgotten is verified anew.
const MAX_CIDS: usize = 16;

/// Files of code, each named by its sha-256.
pub struct CodeFolder {
    path: PathBuf,
    /// Most bytes of all files.
    max_bytes: u64,
    /// Whole files. Held while a file is written: copies are made one after the other, and those who
    /// want the same file share one.
    files: Mutex<Files>,
    /// How many copies were begun.
    copies: AtomicU64,
}

type Files = HashMap<[u8; 32], CodeFile>;

struct CodeFile {
    size: u64,
    /// The last tick at which it is needed.
    until: Tick,
    /// CIDs whose content was found to be the bytes of this file, the oldest first.
    verified: VecDeque<Cid>,
}

impl CodeFile {
    /// Remembers that `cid` was verified, in place of the oldest if there are too many.
    fn remember(&mut self, cid: &Cid) {
        if self.verified.len() == MAX_CIDS {
            self.verified.pop_front();
        }
        self.verified.push_back(cid.clone());
    }
}

impl CodeFolder {
    /// The folder at `path`, with at most `max_bytes` of code. What a former run left there is
    /// removed.
    ///
    /// # Errors
    ///
    /// If it cannot be emptied.
    pub async fn open(path: PathBuf, max_bytes: u64) -> io::Result<Self> {
        let mut entries = fs::read_dir(&path).await?;
        while let Some(entry) = entries.next_entry().await? {
            fs::remove_file(entry.path()).await?;
        }
        Ok(Self {
            path,
            max_bytes,
            files: Mutex::default(),
            copies: AtomicU64::new(0),
        })
    }

    /// Removes what is needed no longer at tick `now`, and what abandoned copies have left.
    ///
    /// # Errors
    ///
    /// If a file cannot be removed; the rest goes with the next call.
    pub async fn sweep(&self, now: Tick) -> io::Result<()> {
        let mut files = self.files.lock().await;
        let over: Vec<_> = files
            .iter()
            .filter_map(|(sha256, file)| (file.until < now).then_some(*sha256))
            .collect();
        for sha256 in over {
            remove(&self.path.join(hex::encode(sha256))).await?;
            files.remove(&sha256);
        }
        self.remove_strays(&files).await
    }

    /// Removes everything but whole files that are known. The lock on `files` is held, so no copy
    /// is under way.
    async fn remove_strays(&self, files: &Files) -> io::Result<()> {
        let known: HashSet<_> = files.keys().map(hex::encode).collect();
        let mut entries = fs::read_dir(&self.path).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            if !name.to_str().is_some_and(|name| known.contains(name)) {
                log::debug!(target: LOG, "removing an abandoned file of code: {name:?}");
                remove(&entry.path()).await?;
            }
        }
        Ok(())
    }

    /// The file of `code`, copied out of `store` unless it is there, to be kept until tick `until`.
    /// What `cid` yields is verified, whether the file is there or not, unless that is remembered.
    ///
    /// # Errors
    ///
    /// [`ContentError::Mismatch`] if `cid` does not yield exactly the bytes that `code` says;
    /// [`ContentError::Full`] if there is no room for the file; else if the store does not have it,
    /// or one of the two fails.
    pub async fn file(
        &self,
        store: &Store,
        cid: &Cid,
        code: &Code,
        until: Tick,
    ) -> Result<PathBuf, ContentError> {
        let path = self.path.join(hex::encode(code.sha256));
        let mut files = self.files.lock().await;
        if fs::try_exists(&path).await.map_err(failed)? {
            if let Some(known) = files.get_mut(&code.sha256) {
                // The digest is that of bytes of another length.
                if known.size != code.size {
                    return Err(ContentError::Mismatch);
                }
                if !known.verified.contains(cid) {
                    verified(store, cid, code, &mut sink()).await?;
                    known.remember(cid);
                }
                known.until = until.max(known.until);
                return Ok(path);
            }
        }
        // Somebody may have removed the file.
        files.remove(&code.sha256);
        let taken = files.values().map(|file| file.size);
        if taken.fold(code.size, u64::saturating_add) > self.max_bytes {
            return Err(ContentError::Full);
        }
        self.remove_strays(&files).await.map_err(failed)?;
        let number = self.copies.fetch_add(1, Ordering::Relaxed);
        let unfinished = path.with_extension(format!("{number}.new"));
        copy(store, cid, code, &unfinished).await?;
        fs::rename(&unfinished, &path).await.map_err(failed)?;
        let file = CodeFile {
            size: code.size,
            until,
            verified: VecDeque::from([cid.clone()]),
        };
        files.insert(code.sha256, file);
        Ok(path)
    }
}

/// Removes a file, if it is there.
async fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Makes a new file at `path` with the bytes of `code`: the whole of it, or none.
async fn copy(store: &Store, cid: &Cid, code: &Code, path: &Path) -> Result<(), ContentError> {
    let mut file = fs::File::create_new(path).await.map_err(failed)?;
    // The function runtime may be another user. Everybody else is kept out by the folder.
    let readable = Permissions::from_mode(0o644);
    file.set_permissions(readable).await.map_err(failed)?;
    let copied = verified(store, cid, code, &mut file).await;
    if copied.is_err() {
        remove(path).await.map_err(failed)?;
    }
    copied
}

/// Writes what `cid` yields to `writer`. It was the bytes of `code` only if this succeeds.
async fn verified(
    store: &Store,
    cid: &Cid,
    code: &Code,
    writer: &mut (impl AsyncWrite + Unpin),
) -> Result<(), ContentError> {
    let copied = store.copy_verified(cid, code.sha256, code.size, writer);
    copied.await.map_err(|error| match error {
        CopyError::Content(error) => of_store(error),
        CopyError::Destination(error) => failed(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use defaas_content::{Codec, Config, HashFunction, TreeOptions};
    use defaas_primitives::CodeKind;
    use sp_io::hashing::sha2_256;
    use std::time::Duration;
    use tempfile::TempDir;

    const ECHO: &[u8] = b"code of echo";
    const OTHER: &[u8] = b"other code, longer";

    struct Bench {
        dir: TempDir,
        store: Store,
        folder: CodeFolder,
    }

    impl Bench {
        async fn new() -> Self {
            let dir = tempfile::tempdir().expect("a temporary folder can be made");
            let store = Store::open(Config {
                concurrency: 1,
                ..Config::in_dir(dir.path().join("content"))
            });
            let path = dir.path().join("code");
            fs::create_dir(&path).await.expect("can be made");
            let folder = CodeFolder::open(path, u64::MAX).await;
            Self {
                store: store.expect("can be opened"),
                folder: folder.expect("can be emptied"),
                dir,
            }
        }

        /// Puts `bytes` as one block, which nothing keeps from being collected.
        async fn put(&self, hash: HashFunction, bytes: &'static [u8]) -> Cid {
            let cid = Cid::of(Codec::Raw, hash, bytes);
            let put = self.store.put_block(&cid, Bytes::from_static(bytes)).await;
            put.expect("there is room");
            cid
        }

        /// Asks for the file of a version with this CID, and digest and size of these bytes.
        async fn file(&self, cid: &Cid, bytes: &[u8]) -> Result<PathBuf, ContentError> {
            self.sized(cid, bytes, bytes.len() as u64).await
        }

        /// Begins a copy of `bytes` and drops it when its file is there. Meanwhile somebody else has
        /// the store's only turn.
        async fn abandon(&self, cid: &Cid, bytes: &[u8]) {
            let hole = self.dir.path().join("hole");
            std::fs::create_dir_all(&hole).expect("can be made");
            let file = std::fs::File::create(hole.join("file")).expect("can be made");
            // Takes no disk, but minutes to import.
            file.set_len(64 << 30).expect("is a hole");
            let options = TreeOptions {
                hidden: false,
                max_bytes: u64::MAX,
            };
            let begun = async {
                while self.names().is_empty() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::select! {
                biased;
                () = begun => {}
                _ = self.store.import_dir(hole, options, None) => panic!("ended too early"),
                _ = self.file(cid, bytes) => panic!("ended without a turn"),
            }
            assert!(self.names()[0].ends_with(".new"), "{:?}", self.names());
        }

        /// What is in the folder.
        fn names(&self) -> Vec<String> {
            let entries = std::fs::read_dir(&self.folder.path).expect("is there");
            let name = |entry: io::Result<std::fs::DirEntry>| {
                let name = entry.expect("is readable").file_name();
                name.into_string().expect("is text")
            };
            entries.map(name).collect()
        }

        async fn sized(&self, cid: &Cid, bytes: &[u8], size: u64) -> Result<PathBuf, ContentError> {
            let code = Code {
                cid: defaas_primitives::Cid::parse(&cid.to_bytes()).expect("is one of ours"),
                sha256: sha2_256(bytes),
                size,
                kind: CodeKind::Wasm,
            };
            self.folder.file(&self.store, cid, &code, 1).await
        }
    }

    #[tokio::test]
    async fn cid_of_other_content_than_the_file_of_that_digest_is_a_mismatch() {
        let bench = Bench::new().await;
        let echo = bench.put(HashFunction::Sha2, ECHO).await;
        let other = bench.put(HashFunction::Sha2, OTHER).await;
        bench.file(&other, OTHER).await.expect("is there");
        // Also after it was refused once, and when both files are there.
        for _ in 0..2 {
            let wrong = bench.file(&echo, OTHER).await;
            assert!(matches!(wrong, Err(ContentError::Mismatch)), "{wrong:?}");
            bench.file(&echo, ECHO).await.expect("is there");
        }
    }

    #[tokio::test]
    async fn size_other_than_that_of_the_file_is_a_mismatch() {
        let bench = Bench::new().await;
        let echo = bench.put(HashFunction::Sha2, ECHO).await;
        bench.file(&echo, ECHO).await.expect("is there");
        for size in [0, 1, ECHO.len() as u64 + 1, u64::MAX] {
            let wrong = bench.sized(&echo, ECHO, size).await;
            assert!(matches!(wrong, Err(ContentError::Mismatch)), "{size}");
        }
    }

    #[tokio::test]
    async fn each_cid_of_a_file_is_read_once_and_then_remembered() {
        let bench = Bench::new().await;
        let first = bench.put(HashFunction::Sha2, ECHO).await;
        let second = bench.put(HashFunction::Blake2b, ECHO).await;
        let path = bench.file(&first, ECHO).await.expect("is there");
        // What is not in the store any more cannot be read again.
        bench.store.gc(0).await.expect("collects");
        assert_eq!(bench.file(&first, ECHO).await.expect("known"), path);
        let unread = bench.file(&second, ECHO).await;
        assert!(matches!(unread, Err(ContentError::NotFound)), "{unread:?}");
        bench.put(HashFunction::Blake2b, ECHO).await;
        assert_eq!(bench.file(&second, ECHO).await.expect("is there"), path);
        bench.store.gc(0).await.expect("collects");
        assert_eq!(bench.file(&second, ECHO).await.expect("known"), path);
    }

    #[tokio::test]
    async fn sweep_removes_what_an_abandoned_copy_left_and_nothing_else() {
        let bench = Bench::new().await;
        let echo = bench.put(HashFunction::Sha2, ECHO).await;
        let other = bench.put(HashFunction::Sha2, OTHER).await;
        bench.abandon(&other, OTHER).await;
        bench.folder.sweep(0).await.expect("can be swept");
        assert_eq!(bench.names(), [""; 0]);
        let path = bench.file(&echo, ECHO).await.expect("is there");
        // Whole, but its copy was abandoned before it was known.
        let stray = bench.folder.path.join(hex::encode([7; 32]));
        std::fs::write(stray, OTHER).expect("can be written");
        bench.folder.sweep(0).await.expect("can be swept");
        assert_eq!(bench.names(), [hex::encode(sha2_256(ECHO))]);
        assert_eq!(std::fs::read(path).expect("a file"), ECHO);
    }

    #[tokio::test]
    async fn next_copy_removes_what_abandoned_ones_left_and_is_whole() {
        let bench = Bench::new().await;
        let other = bench.put(HashFunction::Sha2, OTHER).await;
        let echo = bench.put(HashFunction::Sha2, ECHO).await;
        bench.abandon(&other, OTHER).await;
        bench.file(&echo, ECHO).await.expect("is there");
        assert_eq!(bench.names(), [hex::encode(sha2_256(ECHO))]);
        bench.folder.sweep(2).await.expect("can be swept");
        // The one that was abandoned is no hindrance to itself.
        bench.abandon(&other, OTHER).await;
        let path = bench.file(&other, OTHER).await.expect("is there");
        assert_eq!(bench.names(), [hex::encode(sha2_256(OTHER))]);
        assert_eq!(std::fs::read(path).expect("a file"), OTHER);
    }

    #[test]
    fn oldest_cid_is_forgotten_beyond_the_bound() {
        let cid = |number: usize| Cid::of(Codec::Raw, HashFunction::Sha2, &number.to_le_bytes());
        let mut file = CodeFile {
            size: 1,
            until: 1,
            verified: VecDeque::new(),
        };
        (0..=MAX_CIDS).for_each(|number| file.remember(&cid(number)));
        assert_eq!(file.verified.len(), MAX_CIDS);
        assert!(!file.verified.contains(&cid(0)));
        assert!(file.verified.contains(&cid(MAX_CIDS)));
    }
}
