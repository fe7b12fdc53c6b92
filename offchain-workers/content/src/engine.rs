//! The store without async: everything that touches the disk, called on blocking threads.
//!
//! # Locks
//!
//! A collection must not miss a root, and must not remove a block between the moment someone sees
//! it there and the moment a root keeps it. So there is one gate:
//!
//! * whoever adds a root (a pin, a lease) or a block holds the gate **shared** for that step;
//! * a collection holds it **exclusively** from reading the roots to the end of the sweep.
//!
//! Removing a root or reading a block needs no gate. Order, outermost first: gate, pins, stripe of a
//! block, leases; nothing is ever taken in the other direction, and a thread that holds the gate
//! shared gives it back before it collects.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;

use crate::blockstore::{disk_cost, private_dir, BlockStore, Put};
use crate::cid::Cid;
use crate::config::{Config, MAX_BLOCK_BYTES};
use crate::error::{AtPath, Error, Result};
use crate::gc::{self, Collected};
use crate::leases::{Held, Leases};
use crate::pins::{Pin, PinKind, Pins};

/// How full the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// What blocks take on disk, in bytes.
    pub bytes: u64,
    /// How many blocks there are.
    pub blocks: u64,
    /// The most they may take, in bytes.
    pub max_bytes: u64,
    /// Where collection starts, in bytes.
    pub high_water: u64,
    /// What the last collection left, in bytes: pinned, or in use at that moment. 0 before the first
    /// one.
    pub kept: u64,
    /// How many pins there are.
    pub pins: usize,
}

/// The store without async.
pub(crate) struct Engine {
    config: Config,
    blocks: BlockStore,
    gate: RwLock<()>,
    pins: Mutex<Pins>,
    /// How many pins there are, readable while a change of them is being written.
    pin_count: AtomicUsize,
    leases: Leases,
    /// Usage above which the next put collects, in bytes.
    collect_at: AtomicU64,
    /// What the last collection left, in bytes.
    kept: AtomicU64,
    /// Whether something may have lost its last root since the last collection.
    garbage: AtomicBool,
    /// Locked as long as this process has the store open.
    _lock: Lock,
}

impl Engine {
    /// Opens the store, making it if missing.
    pub(crate) fn open(config: Config) -> Result<Self> {
        config.check()?;
        if let Some(parent) = config.dir.parent() {
            std::fs::create_dir_all(parent).at(parent)?;
        }
        private_dir(&config.dir)?;
        let lock = lock(&config)?;
        let blocks = BlockStore::open(&config.dir, config.max_bytes)?;
        let pins = Pins::open(&config.dir, config.max_pins)?;
        log::info!(
            "content store open; dir={} blocks={} bytes={}",
            config.dir.display(),
            blocks.count(),
            blocks.bytes()
        );
        Ok(Self {
            collect_at: AtomicU64::new(config.high_water()),
            config,
            blocks,
            gate: RwLock::new(()),
            pin_count: AtomicUsize::new(pins.len()),
            pins: Mutex::new(pins),
            leases: Leases::default(),
            kept: AtomicU64::new(0),
            garbage: AtomicBool::new(true),
            _lock: lock,
        })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// The blocks, to read from.
    pub(crate) fn blocks(&self) -> &BlockStore {
        &self.blocks
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage {
            bytes: self.blocks.bytes(),
            blocks: self.blocks.count(),
            max_bytes: self.config.max_bytes,
            high_water: self.config.high_water(),
            kept: self.kept.load(Ordering::Relaxed),
            pins: self.pin_count.load(Ordering::Relaxed),
        }
    }

    /// Whether no more pins are kept, or the last collection could not get below the high-water mark
    /// and still nothing has changed that.
    pub(crate) fn is_full_of_pins(&self) -> bool {
        let usage = self.usage();
        usage.pins >= self.config.max_pins
            || (usage.kept > usage.high_water && usage.bytes > usage.high_water)
    }

    /// Puts a block that someone says is `cid`, kept by `lease` if there is one.
    pub(crate) fn put(&self, cid: &Cid, block: &Bytes, lease: Option<u64>) -> Result<()> {
        if block.len() > MAX_BLOCK_BYTES {
            return Err(Error::BlockTooLarge {
                size: block.len(),
                limit: MAX_BLOCK_BYTES,
            });
        }
        if !cid.names(block) {
            return Err(Error::WrongBlock(cid.clone()));
        }
        self.put_hashed(cid, block, lease)
    }

    /// Puts a block whose CID was just made from it.
    pub(crate) fn put_hashed(&self, cid: &Cid, block: &Bytes, lease: Option<u64>) -> Result<()> {
        let Some(key) = cid.key() else { return Ok(()) };
        let needed = disk_cost(block.len() as u64);
        for _ in 0..2 {
            let put = {
                let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
                let put = self.blocks.put(&key, block)?;
                match lease {
                    Some(lease) if put != Put::NoRoom => self.leases.add(lease, key),
                    Some(_) => {}
                    None => self.garbage.store(true, Ordering::Relaxed),
                }
                put
            };
            match put {
                // Without a lease the block itself would be the first thing collected.
                Put::Written if lease.is_some() => return self.collect_above_mark(),
                Put::Written | Put::Present => return Ok(()),
                Put::NoRoom => {
                    if !self.collect_for_room(needed)? {
                        break;
                    }
                }
            }
        }
        Err(Error::StoreFull {
            needed,
            capacity: self.config.max_bytes,
        })
    }

    /// Takes a lease on a DAG whose root is here.
    pub(crate) fn lease_dag(&self, root: &Cid) -> Result<u64> {
        let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        if !self.blocks.has(root)? {
            return Err(Error::NotFound(root.clone()));
        }
        Ok(self.leases.take(Held::Dag(root.clone())))
    }

    /// Takes the lease of an import.
    pub(crate) fn lease_import(&self) -> u64 {
        let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        self.leases.take(Held::Blocks(HashSet::new()))
    }

    pub(crate) fn give_back(&self, lease: u64) {
        self.leases.give_back(lease);
        self.garbage.store(true, Ordering::Relaxed);
    }

    pub(crate) fn pin(&self, cid: Cid, pin: Pin) -> Result<()> {
        let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        self.change_pins(|pins| pins.add(cid, pin))
    }

    pub(crate) fn unpin(&self, cid: Cid, kind: PinKind, reference: u64) -> Result<bool> {
        let removed = self.change_pins(|pins| pins.remove(cid, kind, reference))?;
        if removed {
            self.garbage.store(true, Ordering::Relaxed);
        }
        Ok(removed)
    }

    pub(crate) fn list_pins(&self, cid: Option<&Cid>) -> Vec<(Cid, Pin)> {
        self.pins().list(cid)
    }

    /// Drops expired pins and collects.
    pub(crate) fn collect(&self, now: u32) -> Result<Collected> {
        let pins = self.change_pins(|pins| pins.expire(now))?;
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Collected {
            pins,
            ..self.collect_gated()?
        })
    }

    fn collect_above_mark(&self) -> Result<()> {
        if self.blocks.bytes() <= self.collect_at.load(Ordering::Relaxed) {
            return Ok(());
        }
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have collected while this one waited.
        if self.blocks.bytes() > self.collect_at.load(Ordering::Relaxed) {
            self.collect_gated()?;
        }
        Ok(())
    }

    /// `false` if nothing can have become garbage since the last collection.
    fn collect_for_room(&self, needed: u64) -> Result<bool> {
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let fits = self.blocks.bytes().saturating_add(needed) <= self.config.max_bytes;
        if !fits {
            if !self.garbage.load(Ordering::Relaxed) {
                return Ok(false);
            }
            self.collect_gated()?;
        }
        Ok(true)
    }

    /// The caller holds the gate exclusively.
    fn collect_gated(&self) -> Result<Collected> {
        // Before the roots are read: a root removed from here on is garbage for the next time.
        self.garbage.store(false, Ordering::Relaxed);
        let (leased, keep) = self.leases.held();
        let roots = self.pins().roots();
        let collected = gc::collect(&self.blocks, roots.into_iter().chain(leased), keep)
            .inspect_err(|_| self.garbage.store(true, Ordering::Relaxed))?;
        let kept = self.blocks.bytes();
        self.kept.store(kept, Ordering::Relaxed);
        // A store that stays above the mark is not swept at every put, only once it has grown by
        // another thirty-second part.
        let grown = kept.saturating_add(self.config.max_bytes / 32);
        self.collect_at
            .store(grown.max(self.config.high_water()), Ordering::Relaxed);
        log::info!(
            "collected; blocks={} bytes={} kept={kept}",
            collected.blocks,
            collected.bytes
        );
        Ok(collected)
    }

    fn change_pins<T>(&self, change: impl FnOnce(&mut Pins) -> Result<T>) -> Result<T> {
        let mut pins = self.pins();
        let changed = change(&mut pins);
        self.pin_count.store(pins.len(), Ordering::Relaxed);
        changed
    }

    /// A change of pins is written before it is made in memory, so a panic leaves both whole.
    fn pins(&self) -> MutexGuard<'_, Pins> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lock, given back when dropped. Closing the file alone is not enough: while this process starts a
/// child, the child shares the lock until it executes its own program.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // If it fails, the lock goes with the last who shares it.
        let _ = self.0.unlock();
    }
}

fn lock(config: &Config) -> Result<Lock> {
    let path = config.dir.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .at(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(config.dir.clone())),
        Err(TryLockError::Error(error)) => Err(error).at(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_that_a_starting_child_shares_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::in_dir(dir.path());
        let held = lock(&config).unwrap();
        let _shared = held.0.try_clone().unwrap();
        assert!(matches!(lock(&config), Err(Error::InUse(_))));
        drop(held);
        assert!(lock(&config).is_ok());
    }
}
