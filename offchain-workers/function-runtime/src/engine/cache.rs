//! Compiled code on disk.
//!
//! Compiled code is native code: whoever can put an entry here runs code in this process. So the
//! folder belongs to this user and is closed to others, and each entry carries an HMAC-SHA256 over
//! what it is and what it contains, with a key that was made here and never leaves the folder. That
//! refuses entries that came from another machine or installation, were damaged, or were renamed to
//! stand for other code. It is no protection from someone who can act as this user: that one can
//! read the key, and needs no cache to do harm.
//!
//! An entry is named `<digest of the module>.<start of the engine's fingerprint>`. A missing or
//! refused entry costs a compilation, nothing else.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hmac::{Hmac, Mac};
use rand::RngCore;
use sha2::Sha256;

use crate::compiler::MAX_COMPILED_BYTES;
use crate::digest::Digest;
use crate::unfinished::{self, Unfinished};
use crate::{private, StartError};

const KEY_FILE: &str = "key";
const KEY_BYTES: usize = 32;
const DOMAIN: &[u8] = b"defaas/compiled-code/v1";
const TAG_BYTES: usize = 32;

/// The folder.
pub(crate) struct Cache {
    dir: PathBuf,
    key: [u8; KEY_BYTES],
    max_bytes: u64,
}

/// Why an entry was refused.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is not authentic: changed, damaged or made elsewhere")]
    NotAuthentic,
    #[error("it is no file of this user")]
    Foreign,
}

impl Cache {
    /// Opens the folder, makes it and its key if they are absent.
    pub fn open(dir: &Path, max_bytes: u64) -> Result<Self, StartError> {
        private::ensure_dir(dir)?;
        unfinished::sweep(dir).map_err(StartError::path("clear", dir))?;
        let key = key(dir)?;
        Ok(Self {
            dir: dir.into(),
            key,
            max_bytes,
        })
    }

    /// Compiled code of a module, if there is any that can be trusted. Blocks.
    pub fn get(&self, digest: &Digest, fingerprint: &[u8; 32]) -> Option<Vec<u8>> {
        let path = self.path(digest, fingerprint);
        match self.read(&path, digest, fingerprint) {
            Ok(compiled) => Some(compiled),
            Err(Refusal::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
            Err(refusal) => {
                log::warn!("compiled code of {digest} is refused and compiled anew: {refusal}");
                self.remove(digest, fingerprint);
                None
            }
        }
    }

    /// Keeps compiled code, and makes room for it. A failure is logged: it costs a compilation
    /// later. Blocks.
    pub fn put(&self, digest: &Digest, fingerprint: &[u8; 32], compiled: &[u8]) {
        let write = || {
            let mut unfinished = Unfinished::create(self.path(digest, fingerprint))?;
            let tag = self.mac(digest, fingerprint, compiled).finalize();
            unfinished.file.write_all(&tag.into_bytes())?;
            unfinished.file.write_all(compiled)?;
            unfinished.replace()?;
            self.make_room()
        };
        if let Err(error) = write() {
            log::warn!("compiled code of {digest} is not kept: {error}");
        }
    }

    /// Forgets an entry.
    pub fn remove(&self, digest: &Digest, fingerprint: &[u8; 32]) {
        let path = self.path(digest, fingerprint);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                log::warn!("cannot remove {}: {error}", path.display());
            }
            _ => {}
        }
    }

    fn read(
        &self,
        path: &Path,
        digest: &Digest,
        fingerprint: &[u8; 32],
    ) -> Result<Vec<u8>, Refusal> {
        let file = open(path)?;
        let metadata = file.metadata()?;
        let own = rustix::process::geteuid().as_raw();
        if !metadata.is_file() || metadata.uid() != own {
            return Err(Refusal::Foreign);
        }
        let mut bytes = Vec::new();
        file.take(MAX_COMPILED_BYTES + TAG_BYTES as u64)
            .read_to_end(&mut bytes)?;
        let (tag, compiled) = bytes
            .split_at_checked(TAG_BYTES)
            .ok_or(Refusal::NotAuthentic)?;
        self.mac(digest, fingerprint, compiled)
            .verify_slice(tag)
            .map_err(|_| Refusal::NotAuthentic)?;
        bytes.drain(..TAG_BYTES);
        Ok(bytes)
    }

    /// Everything before the code has a fixed length, so the parts are unambiguous.
    fn mac(&self, digest: &Digest, fingerprint: &[u8; 32], compiled: &[u8]) -> Hmac<Sha256> {
        let mut mac = keyed(&self.key);
        for part in [DOMAIN, &digest.0, fingerprint, compiled] {
            mac.update(part);
        }
        mac
    }

    fn path(&self, digest: &Digest, fingerprint: &[u8; 32]) -> PathBuf {
        self.dir
            .join(format!("{digest}.{}", hex::encode(&fingerprint[..8])))
    }

    /// Removes the oldest entries until the rest is within the bound. Entries that are just being
    /// written do not count yet.
    fn make_room(&self) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            let path = entry.path();
            let is_entry = entry.file_name() != KEY_FILE && !unfinished::is_unfinished(&path);
            if metadata.is_file() && is_entry {
                let changed = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                entries.push((changed, metadata.len(), path));
            }
        }
        entries.sort();
        let mut total: u64 = entries.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in &entries {
            if total <= self.max_bytes {
                break;
            }
            fs::remove_file(path)?;
            total -= bytes;
        }
        Ok(())
    }
}

fn keyed(key: &[u8; KEY_BYTES]) -> Hmac<Sha256> {
    // Any length of key is valid for HMAC.
    match Hmac::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

/// Reads the key of the folder, or makes one. Without its key all entries are refused, so losing it
/// costs compilations.
fn key(dir: &Path) -> Result<[u8; KEY_BYTES], StartError> {
    let path = dir.join(KEY_FILE);
    match open(&path) {
        Ok(mut file) => {
            let metadata = file
                .metadata()
                .map_err(StartError::path("look at", &path))?;
            let own = rustix::process::geteuid().as_raw();
            if !metadata.is_file() || metadata.uid() != own || metadata.mode() & 0o077 != 0 {
                let problem = "it is no file of this user alone; remove it".into();
                return Err(StartError::NotPrivate { path, problem });
            }
            let mut key = [0; KEY_BYTES];
            file.read_exact(&mut key)
                .map_err(StartError::path("read", &path))?;
            Ok(key)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut key = [0; KEY_BYTES];
            rand::rngs::OsRng.fill_bytes(&mut key);
            let write = || {
                let mut unfinished = Unfinished::create(path.clone())?;
                unfinished.file.write_all(&key)?;
                unfinished.file.sync_all()?;
                unfinished.add()
            };
            write().map_err(StartError::path("make", &path))?;
            Ok(key)
        }
        Err(error) => Err(StartError::path("open", &path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGINE: [u8; 32] = [1; 32];

    fn opened(dir: &Path) -> Cache {
        Cache::open(dir, 1 << 20).unwrap()
    }

    fn entries(dir: &Path) -> Vec<PathBuf> {
        let paths = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut entries: Vec<_> = paths.filter(|path| !path.ends_with(KEY_FILE)).collect();
        entries.sort();
        entries
    }

    fn private_dir() -> (tempfile::TempDir, PathBuf) {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().join("cache");
        (scratch, dir)
    }

    #[test]
    fn what_was_put_is_there_after_opening_again() {
        let (_scratch, dir) = private_dir();
        let digest = Digest::of(b"a");
        opened(&dir).put(&digest, &ENGINE, b"compiled");
        let again = opened(&dir);
        assert_eq!(again.get(&digest, &ENGINE).unwrap(), b"compiled");
        assert_eq!(again.get(&digest, &[2; 32]), None);
        assert_eq!(again.get(&Digest::of(b"b"), &ENGINE), None);
    }

    #[test]
    fn changed_entry_is_refused_and_removed() {
        let (_scratch, dir) = private_dir();
        let (cache, digest) = (opened(&dir), Digest::of(b"a"));
        for position in [0, TAG_BYTES, TAG_BYTES + 7] {
            cache.put(&digest, &ENGINE, b"compiled");
            let path = &entries(&dir)[0];
            let mut bytes = fs::read(path).unwrap();
            bytes[position] ^= 1;
            fs::write(path, bytes).unwrap();
            assert_eq!(cache.get(&digest, &ENGINE), None);
            assert!(entries(&dir).is_empty());
        }
        cache.put(&digest, &ENGINE, b"compiled");
        fs::write(&entries(&dir)[0], b"short").unwrap();
        assert_eq!(cache.get(&digest, &ENGINE), None);
    }

    #[test]
    fn entry_of_other_code_or_another_folder_is_refused() {
        let (_scratch, dir) = private_dir();
        let (_other_scratch, other_dir) = private_dir();
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let cache = opened(&dir);
        cache.put(&a, &ENGINE, b"compiled");
        fs::rename(&entries(&dir)[0], cache.path(&b, &ENGINE)).unwrap();
        assert_eq!(cache.get(&b, &ENGINE), None);

        opened(&other_dir).put(&a, &ENGINE, b"compiled");
        fs::copy(&entries(&other_dir)[0], cache.path(&a, &ENGINE)).unwrap();
        assert_eq!(cache.get(&a, &ENGINE), None);
    }

    #[test]
    fn oldest_entries_make_room() {
        let (_scratch, dir) = private_dir();
        let cache = Cache::open(&dir, 2 * (TAG_BYTES as u64 + 4)).unwrap();
        let digests = [b"a", b"b", b"c"].map(|name| Digest::of(name));
        for (age, digest) in digests.iter().enumerate() {
            cache.put(digest, &ENGINE, b"code");
            let changed = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(age as u64);
            let file = File::options()
                .write(true)
                .open(cache.path(digest, &ENGINE));
            // The third entry pushed out the first before its date was changed.
            file.unwrap().set_modified(changed).unwrap();
        }
        assert_eq!(
            digests.map(|d| cache.get(&d, &ENGINE).is_some()),
            [false, true, true]
        );
    }

    #[test]
    fn what_a_killed_process_left_unfinished_is_gone_after_opening_and_never_an_entry() {
        let (_scratch, dir) = private_dir();
        let cache = Cache::open(&dir, TAG_BYTES as u64 + 4).unwrap();
        let digest = Digest::of(b"a");
        let left = Unfinished::create(cache.path(&Digest::of(b"b"), &ENGINE)).unwrap();
        left.file.set_len(1 << 20).unwrap();
        cache.put(&digest, &ENGINE, b"code");
        assert_eq!(entries(&dir).len(), 2);
        assert!(cache.get(&digest, &ENGINE).is_some());
        // As if this process had been killed and another had got its number.
        std::mem::forget(left);
        opened(&dir);
        assert_eq!(entries(&dir), [cache.path(&digest, &ENGINE)]);
    }

    #[test]
    fn open_refuses_a_key_that_others_can_read() {
        use std::os::unix::fs::PermissionsExt;
        let (_scratch, dir) = private_dir();
        drop(opened(&dir));
        let readable = fs::Permissions::from_mode(0o640);
        fs::set_permissions(dir.join(KEY_FILE), readable).unwrap();
        assert!(matches!(
            Cache::open(&dir, 1),
            Err(StartError::NotPrivate { .. })
        ));
    }
}
