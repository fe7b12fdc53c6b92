//! The journal's file: open, append, rewrite.
//!
//! If something fails while a new file takes the name of the old one ([`rewrite`](super::rewrite)),
//! the next records are written by rewriting again. The lock is a file of its own, because a lock on
//! the journal itself would be gone with its inode.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use defaas_primitives::Hash;

use super::record::{Ledger, Record, Repeated, Undo};
use super::recovery::{self, Damage, Header, Scan};
use super::rewrite::{beside, len_of, open_private, New};

/// Longest file that is read. A journal is rewritten long before.
const MAX_FILE_BYTES: u64 = 1024 * 1024 * 1024;

/// Most damaged journals that are kept. Somebody should have looked at them long before.
const MAX_DAMAGED: u32 = 16;

/// The journal cannot be used, or did not take a record.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process has it.
    #[error("another process uses the journal {0}: only one node may work with a worker key")]
    Locked(PathBuf),
    /// It belongs to another chain.
    #[error(
        "the journal {path} belongs to the chain with genesis {found:?}: give each chain a folder \
         of its own"
    )]
    OtherChain {
        /// The file.
        path: PathBuf,
        /// Genesis hash of its chain.
        found: Hash,
    },
    /// It was written by a later release.
    #[error(
        "the journal {path} has format {version}, which this release does not know: use the \
         release that wrote it"
    )]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: u8,
    },
    /// The disk failed or is full.
    #[error(
        "cannot {step} the journal {path}: free space or repair the disk; no job begins until then"
    )]
    Io {
        /// What failed.
        step: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The record would let an attempt begin or end twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
    /// The record is longer than any should be.
    #[error("a record is too long for the journal")]
    TooLong,
    /// The journal's task has ended.
    #[error("the journal is closed")]
    Closed,
}

/// What was found when the journal was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// A whole journal. So many bytes of a record that was being written were cut.
    Whole {
        /// Bytes cut.
        torn: usize,
    },
    /// None, so a new one was made.
    Created,
    /// A damaged one. What could be read is in the new one.
    Damaged {
        /// What is wrong with it.
        damage: Damage,
        /// Where the old file is now: beside the new one, as `<file>.damaged` or the first of
        /// `<file>.damaged.1`, `<file>.damaged.2`, … that was free.
        kept: PathBuf,
    },
}

/// A lock, given back when dropped. Closing the file alone is not enough: while this process starts a
/// child, the child shares the lock until it executes its own program.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // If it fails, the lock goes with the last who shares it.
        let _ = self.0.unlock();
    }
}

/// An open journal. Blocking: belongs on a thread that may wait for the disk.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    genesis: Hash,
    file: File,
    _lock: Lock,
    /// Length of the file up to the last good record.
    len: u64,
    next_seq: u64,
    ledger: Ledger,
    /// Frames not yet written, and how to take back their records.
    buffer: Vec<u8>,
    undo: Vec<Undo>,
    must_sync: bool,
    /// Since something failed it is unknown where the file ends, or whether it still has the name.
    is_suspect: bool,
    compact_above: u64,
    /// Length after the file was last rewritten.
    compacted: u64,
    #[cfg(test)]
    breaks_after: Option<usize>,
    #[cfg(test)]
    breaks_renaming: bool,
}

impl Journal {
    /// Opens the journal of the chain with this genesis hash, or makes one, and takes its lock. The
    /// file is rewritten when it exceeds `compact_above` bytes and twice its length after the last
    /// time.
    pub fn open(
        path: &Path,
        genesis: Hash,
        compact_above: u64,
    ) -> Result<(Self, Opened), JournalError> {
        let fail = |step| {
            let path = path.to_owned();
            move |source: io::Error| JournalError::Io {
                step,
                path,
                source: Arc::new(source),
            }
        };
        let lock = open_private(&beside(path, ".lock"), false).map_err(fail("lock"))?;
        let lock = match lock.try_lock() {
            Ok(()) => Lock(lock),
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(fail("lock")(error)),
        };
        let (scan, damage) = match read(path).map_err(fail("read"))? {
            None => (None, None),
            Some(bytes) => match recovery::check_header(&bytes, &genesis) {
                Header::Valid => {
                    let scan = recovery::scan(&bytes);
                    let damage = scan.damage;
                    (Some(scan), damage)
                }
                Header::Damaged => (None, Some(Damage::Header)),
                Header::OtherChain(found) => {
                    let path = path.to_owned();
                    return Err(JournalError::OtherChain { path, found });
                }
                Header::UnknownVersion(version) => {
                    let path = path.to_owned();
                    return Err(JournalError::UnknownVersion { path, version });
                }
            },
        };
        let opened = match (&scan, damage) {
            (_, Some(damage)) => {
                let kept = free_name(path);
                // Between this and the rewriting there is no journal, which is as safe as a damaged
                // one.
                fs::rename(path, &kept).map_err(fail("set aside"))?;
                Opened::Damaged { damage, kept }
            }
            (Some(scan), None) => Opened::Whole { torn: scan.torn },
            (None, None) => Opened::Created,
        };
        let Scan {
            ledger, next_seq, ..
        } = scan.unwrap_or_else(|| recovery::scan(&[]));
        let new = New::write(path, &genesis, &ledger, next_seq).map_err(fail("rewrite"))?;
        new.take_name(path).map_err(fail("rewrite"))?;
        let journal = Self {
            path: path.to_owned(),
            genesis,
            file: new.file,
            _lock: lock,
            len: new.len,
            next_seq: new.next_seq,
            ledger,
            buffer: Vec::new(),
            undo: Vec::new(),
            must_sync: false,
            is_suspect: false,
            compact_above,
            compacted: new.len,
            #[cfg(test)]
            breaks_after: None,
            #[cfg(test)]
            breaks_renaming: false,
        };
        Ok((journal, opened))
    }

    /// What all records say, those not yet written included.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Length of the file in bytes.
    pub fn file_len(&self) -> u64 {
        self.len
    }

    /// Takes `records`, all or none, to be written by the next [`Journal::flush`].
    pub fn stage(&mut self, records: Vec<Record>) -> Result<(), JournalError> {
        let (begin, undos, seq) = (self.buffer.len(), self.undo.len(), self.next_seq);
        let mut must_sync = false;
        let result = records.into_iter().try_for_each(|record| {
            must_sync |= record.is_durable();
            if !recovery::write_frame(&mut self.buffer, self.next_seq, &record) {
                return Err(JournalError::TooLong);
            }
            self.undo.push(self.ledger.apply(record)?);
            self.next_seq = self.next_seq.wrapping_add(1);
            Ok(())
        });
        match result {
            Ok(()) => self.must_sync |= must_sync,
            Err(_) => {
                self.buffer.truncate(begin);
                self.next_seq = seq;
                for undo in self.undo.drain(undos..).rev() {
                    self.ledger.undo(undo);
                }
            }
        }
        result
    }

    /// Writes what was staged, and synchronises it if a record asks for it. On failure all of it is
    /// taken back.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = if self.is_suspect {
            self.compact()
        } else {
            self.append()
        };
        self.buffer.clear();
        self.must_sync = false;
        let undo = std::mem::take(&mut self.undo);
        if let Err(error) = written {
            self.is_suspect = true;
            for undo in undo.into_iter().rev() {
                self.ledger.undo(undo);
            }
            return Err(error);
        }
        if self.len > self.compact_above && self.len / 2 > self.compacted {
            if let Err(error) = self.compact() {
                // The records are in the old file. If that still has the name: not again before it
                // has doubled.
                log::warn!(target: crate::LOG, "{error}: {}", crate::causes(&error));
                self.compacted = self.len;
            }
        }
        Ok(())
    }

    /// [`Journal::stage`] and [`Journal::flush`].
    pub fn append_all(&mut self, records: Vec<Record>) -> Result<(), JournalError> {
        self.stage(records)?;
        self.flush()
    }

    /// Makes writes fail after so many more, as a full disk does.
    #[cfg(test)]
    pub(crate) fn break_after(&mut self, writes: usize) {
        self.breaks_after = Some(writes);
    }

    /// Makes the next rewriting fail right after the new file has the name.
    #[cfg(test)]
    pub(crate) fn break_renaming(&mut self) {
        self.breaks_renaming = true;
    }

    #[cfg(test)]
    fn break_if_due(&mut self) {
        self.breaks_after = match self.breaks_after {
            Some(0) => {
                self.file = File::open(&self.path).expect("the journal is there");
                None
            }
            other => other.map(|writes| writes - 1),
        };
    }

    fn append(&mut self) -> Result<(), JournalError> {
        #[cfg(test)]
        self.break_if_due();
        self.file
            .write_all(&self.buffer)
            .map_err(|error| self.fail("write", error))?;
        if self.must_sync {
            self.file
                .sync_data()
                .map_err(|error| self.fail("synchronise", error))?;
        }
        self.len = self.len.saturating_add(len_of(&self.buffer));
        Ok(())
    }

    fn compact(&mut self) -> Result<(), JournalError> {
        let new = New::write(&self.path, &self.genesis, &self.ledger, self.next_seq)
            .map_err(|error| self.fail("rewrite", error))?;
        #[cfg(test)]
        let new = new.broken_if(std::mem::take(&mut self.breaks_renaming));
        // What is appended to a file without a name is lost, whatever the disk says.
        self.is_suspect = true;
        new.take_name(&self.path)
            .map_err(|error| self.fail("rewrite", error))?;
        self.file = new.file;
        self.len = new.len;
        self.compacted = new.len;
        self.next_seq = new.next_seq;
        self.is_suspect = false;
        Ok(())
    }

    fn fail(&self, step: &'static str, source: io::Error) -> JournalError {
        JournalError::Io {
            step,
            path: self.path.clone(),
            source: Arc::new(source),
        }
    }
}

/// A name for a damaged journal that no other file has, as long as there are fewer than
/// [`MAX_DAMAGED`] of them; the last name is used again after that.
fn free_name(path: &Path) -> PathBuf {
    let plain = beside(path, ".damaged");
    let numbered = (1..MAX_DAMAGED).map(|number| beside(path, &format!(".damaged.{number}")));
    let last = beside(path, &format!(".damaged.{}", MAX_DAMAGED - 1));
    std::iter::once(plain)
        .chain(numbered)
        .find(|name| !name.exists())
        .unwrap_or(last)
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(metadata) if metadata.len() > MAX_FILE_BYTES => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is longer than any journal can be",
        )),
        Ok(_) => fs::read(path).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_that_a_starting_child_shares_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let open = || Journal::open(&path, Hash::zero(), u64::MAX);
        let (held, _) = open().unwrap();
        let _shared = held._lock.0.try_clone().unwrap();
        assert!(matches!(open(), Err(JournalError::Locked(_))));
        drop(held);
        assert!(open().is_ok());
    }
}
