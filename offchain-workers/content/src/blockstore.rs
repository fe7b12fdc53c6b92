//! Blocks on disk: one file each, named by its multihash.
//!
//! ```text
//! <dir>/blocks/<last byte of the digest>/<multihash>      0600, folders 0700
//! <dir>/tmp/<number>                                      being written
//! ```
//!
//! A block is written to `tmp`, synced, renamed, and its folder synced: after a crash at any moment
//! it is there whole or not at all. What is left in `tmp` is removed on opening. Reading hashes the
//! block; one that does not match is removed and reported, never returned.
//!
//! *Invariants*: the counters equal what the files take. Whoever adds, removes or repairs a file
//! holds the stripe of its key, so check and write are one step.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::cid::{BlockKey, Cid};
use crate::config::MAX_BLOCK_BYTES;
use crate::error::{AtPath, Error, Result};
use crate::unixfs::Blocks;

/// What a file really takes is rounded up to this, in bytes; so many small blocks cannot take more
/// disk than their bound says.
pub(crate) const DISK_UNIT: u64 = 4096;
const STRIPES: usize = 64;

/// What became of a block that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// It is now in the store.
    Written,
    /// It was there before.
    Present,
    /// It does not fit.
    NoRoom,
}

/// Blocks on disk.
pub(crate) struct BlockStore {
    blocks: PathBuf,
    tmp: PathBuf,
    capacity: u64,
    bytes: AtomicU64,
    count: AtomicU64,
    next_tmp: AtomicU64,
    stripes: [Mutex<()>; STRIPES],
}

/// What a file of `length` bytes takes, in bytes.
pub(crate) fn disk_cost(length: u64) -> u64 {
    length.max(1).next_multiple_of(DISK_UNIT)
}

impl BlockStore {
    /// Opens the blocks below `dir`, removes what a crash left and counts the rest.
    pub(crate) fn open(dir: &Path, capacity: u64) -> Result<Self> {
        let store = Self {
            blocks: dir.join("blocks"),
            tmp: dir.join("tmp"),
            capacity,
            bytes: AtomicU64::new(0),
            count: AtomicU64::new(0),
            next_tmp: AtomicU64::new(0),
            stripes: std::array::from_fn(|_| Mutex::new(())),
        };
        private_dir(&store.tmp)?;
        private_dir(&store.blocks)?;
        for entry in fs::read_dir(&store.tmp).at(&store.tmp)? {
            let path = entry.at(&store.tmp)?.path();
            fs::remove_file(&path).at(path)?;
        }
        store.for_each(|_, cost| {
            store.bytes.fetch_add(cost, Ordering::Relaxed);
            store.count.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })?;
        Ok(store)
    }

    /// What all blocks take on disk, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many blocks there are.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether the block is there, unread.
    pub(crate) fn has(&self, cid: &Cid) -> Result<bool> {
        let Some(key) = cid.key() else {
            return Ok(true);
        };
        let path = self.path(&key);
        path.try_exists().at(path)
    }

    /// The block, verified.
    pub(crate) fn get(&self, cid: &Cid) -> Result<Bytes> {
        if let Some(inline) = cid.inline() {
            return Ok(Bytes::copy_from_slice(inline));
        }
        let key = cid.key().ok_or(Error::NotFound(cid.clone()))?;
        match read_block(&self.path(&key))? {
            None => Err(Error::NotFound(cid.clone())),
            Some(block) if key.names(&block) => Ok(block.into()),
            Some(_) => {
                self.remove_if_damaged(&key)?;
                log::warn!("removed a damaged block; cid={cid}");
                Err(Error::Corrupt(cid.clone()))
            }
        }
    }

    /// Writes a block that the caller has verified. A damaged file in its place is repaired.
    pub(crate) fn put(&self, key: &BlockKey, block: &[u8]) -> Result<Put> {
        let _stripe = self.stripe(key);
        let path = self.path(key);
        match read_block(&path)? {
            Some(present) if present == block => return Ok(Put::Present),
            Some(_) => drop(self.remove_file(&path)?),
            None => {}
        }
        let cost = disk_cost(block.len() as u64);
        let reserve = |bytes: u64| bytes.checked_add(cost).filter(|sum| *sum <= self.capacity);
        if self
            .bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, reserve)
            .is_err()
        {
            return Ok(Put::NoRoom);
        }
        if let Err(error) = self.write(&path, key.shard(), block) {
            self.bytes.fetch_sub(cost, Ordering::Relaxed);
            return Err(error);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        Ok(Put::Written)
    }

    /// Removes a block and returns what it took on disk, in bytes; `None` if it is not there.
    pub(crate) fn remove(&self, key: &BlockKey) -> Result<Option<u64>> {
        let _stripe = self.stripe(key);
        self.remove_file(&self.path(key))
    }

    /// Calls `f` with every block's key and what it takes on disk, in bytes. Files with other names
    /// are none of ours and left alone.
    pub(crate) fn for_each(&self, mut f: impl FnMut(BlockKey, u64) -> Result<()>) -> Result<()> {
        for shard in 0..=u8::MAX {
            let dir = self.shard_dir(shard);
            let entries = match fs::read_dir(&dir) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error).at(dir),
            };
            for entry in entries {
                let entry = entry.at(&dir)?;
                let name = entry.file_name();
                let key = name.to_str().and_then(BlockKey::from_file_name);
                let Some(key) = key.filter(|key| key.shard() == shard) else {
                    log::warn!("not a block; path={}", entry.path().display());
                    continue;
                };
                match entry.metadata() {
                    Ok(metadata) => f(key, disk_cost(metadata.len()))?,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error).at(entry.path()),
                }
            }
        }
        Ok(())
    }

    fn write(&self, path: &Path, shard: u8, block: &[u8]) -> Result<()> {
        let dir = self.shard_dir(shard);
        if !dir.try_exists().at(&dir)? {
            private_dir(&dir)?;
            sync_dir(&self.blocks)?;
        }
        let number = self.next_tmp.fetch_add(1, Ordering::Relaxed);
        let tmp = self.tmp.join(number.to_string());
        let written = write_synced(&tmp, block)
            .and_then(|()| fs::rename(&tmp, path))
            .at(path);
        written.and_then(|()| sync_dir(&dir)).inspect_err(|_| {
            // What cannot be removed either is swept or counted on the next opening.
            let _ = fs::remove_file(&tmp);
            let _ = fs::remove_file(path);
        })
    }

    /// Another thread may have repaired the block since it was read.
    fn remove_if_damaged(&self, key: &BlockKey) -> Result<()> {
        let _stripe = self.stripe(key);
        let path = self.path(key);
        match read_block(&path)? {
            Some(block) if !key.names(&block) => self.remove_file(&path).map(drop),
            _ => Ok(()),
        }
    }

    /// What the file took on disk, in bytes; `None` if there is none. The caller holds the stripe.
    fn remove_file(&self, path: &Path) -> Result<Option<u64>> {
        let cost = match fs::symlink_metadata(path) {
            Ok(metadata) => disk_cost(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).at(path),
        };
        fs::remove_file(path).at(path)?;
        self.bytes.fetch_sub(cost, Ordering::Relaxed);
        self.count.fetch_sub(1, Ordering::Relaxed);
        Ok(Some(cost))
    }

    fn stripe(&self, key: &BlockKey) -> MutexGuard<'_, ()> {
        let stripe = &self.stripes[usize::from(key.shard()) % STRIPES];
        // It guards no data of its own.
        stripe.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shard_dir(&self, shard: u8) -> PathBuf {
        self.blocks.join(format!("{shard:02x}"))
    }

    fn path(&self, key: &BlockKey) -> PathBuf {
        self.shard_dir(key.shard()).join(key.file_name())
    }
}

impl Blocks for BlockStore {
    fn block(&self, cid: &Cid) -> Result<Bytes> {
        self.get(cid)
    }
}

/// The file's bytes; one byte more than a block can have is enough to see that it is damaged.
fn read_block(path: &Path) -> Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).at(path),
    };
    let length = file
        .metadata()
        .at(path)?
        .len()
        .min(MAX_BLOCK_BYTES as u64 + 1);
    let mut block = Vec::with_capacity(length as usize);
    file.take(MAX_BLOCK_BYTES as u64 + 1)
        .read_to_end(&mut block)
        .at(path)?;
    Ok(Some(block))
}

/// Writes a file for its owner only, and to the disk.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a rename in `dir` last.
fn sync_dir(dir: &Path) -> Result<()> {
    File::open(dir).and_then(|dir| dir.sync_all()).at(dir)
}

/// Makes a folder for its owner only, if it is missing.
pub(crate) fn private_dir(dir: &Path) -> Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        result => result.at(dir),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cid::{Codec, HashFunction};
    use std::os::unix::fs::PermissionsExt;

    fn open(dir: &Path) -> BlockStore {
        BlockStore::open(dir, 1 << 20).unwrap()
    }

    fn put(store: &BlockStore, block: &[u8]) -> (Cid, Put) {
        let cid = Cid::of(Codec::Raw, HashFunction::Sha2, block);
        let put = store.put(&cid.key().unwrap(), block).unwrap();
        (cid, put)
    }

    fn overwrite(store: &BlockStore, cid: &Cid, bytes: &[u8]) {
        fs::write(store.path(&cid.key().unwrap()), bytes).unwrap();
    }

    #[test]
    fn blocks_are_counted_once_and_survive_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let (cid, first) = put(&store, &[1; 5000]);
        assert_eq!(first, Put::Written);
        assert_eq!(put(&store, &[1; 5000]).1, Put::Present);
        put(&store, b"");
        assert_eq!((store.count(), store.bytes()), (2, 3 * DISK_UNIT));
        drop(store);
        let store = open(dir.path());
        assert_eq!((store.count(), store.bytes()), (2, 3 * DISK_UNIT));
        assert_eq!(store.get(&cid).unwrap(), vec![1; 5000]);
    }

    #[test]
    fn files_and_folders_are_for_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let (cid, _) = put(&store, b"private");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&store.path(&cid.key().unwrap())), 0o600);
        assert_eq!(mode(&store.blocks), 0o700);
        assert_eq!(mode(&store.tmp), 0o700);
    }

    #[test]
    fn a_damaged_block_is_reported_once_and_gone() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        for damage in [&b"others"[..], b"", &[0; MAX_BLOCK_BYTES + 5]] {
            let (cid, put) = put(&store, b"content");
            assert_eq!(put, Put::Written);
            overwrite(&store, &cid, damage);
            assert!(matches!(store.get(&cid), Err(Error::Corrupt(c)) if c == cid));
            assert!(matches!(store.get(&cid), Err(Error::NotFound(c)) if c == cid));
            assert!(!store.has(&cid).unwrap());
        }
        assert_eq!(store.count(), 0);
    }

    #[test]
    fn putting_a_block_again_repairs_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let (cid, _) = put(&store, b"content");
        overwrite(&store, &cid, b"damaged");
        assert_eq!(put(&store, b"content").1, Put::Written);
        assert_eq!(store.get(&cid).unwrap(), &b"content"[..]);
        assert_eq!((store.count(), store.bytes()), (1, DISK_UNIT));
    }

    #[test]
    fn what_a_crash_left_half_written_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path()));
        fs::write(dir.path().join("tmp/7"), b"half").unwrap();
        let store = open(dir.path());
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
        assert_eq!(store.count(), 0);
    }

    #[test]
    fn files_that_are_no_blocks_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path()));
        let foreign = dir.path().join("blocks/00/notes.txt");
        fs::create_dir(dir.path().join("blocks/00")).unwrap();
        fs::write(&foreign, b"mine").unwrap();
        assert_eq!(open(dir.path()).count(), 0);
        assert!(foreign.exists());
    }

    #[test]
    fn a_block_that_does_not_fit_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let store = BlockStore::open(dir.path(), 2 * DISK_UNIT).unwrap();
        assert_eq!(put(&store, b"1").1, Put::Written);
        assert_eq!(put(&store, b"2").1, Put::Written);
        let (cid, third) = put(&store, b"3");
        assert_eq!(third, Put::NoRoom);
        assert!(!store.has(&cid).unwrap());
        store
            .remove(&Cid::of(Codec::Raw, HashFunction::Sha2, b"1").key().unwrap())
            .unwrap();
        assert_eq!(put(&store, b"3").1, Put::Written);
    }

    #[test]
    fn removing_tells_what_a_block_took_and_that_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let key = put(&store, &[1; 5000]).0.key().unwrap();
        assert_eq!(store.remove(&key).unwrap(), Some(2 * DISK_UNIT));
        assert_eq!(store.remove(&key).unwrap(), None);
        assert_eq!((store.count(), store.bytes()), (0, 0));
    }

    #[test]
    fn one_block_from_many_threads_is_counted_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| put(&store, b"the same"));
            }
        });
        assert_eq!((store.count(), store.bytes()), (1, DISK_UNIT));
    }
}
