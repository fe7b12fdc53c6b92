//! Counts the storage keys that a piece of code touches, to hold hand-set weights against.

use alloc::{boxed::Box, collections::BTreeSet, vec::Vec};
use core::any::{Any, TypeId};
use frame_support::storage::storage_prefix;
use sp_externalities::{
    set_and_run_with_externalities, with_externalities, Error, Extension, ExtensionStore,
    Externalities, MultiRemovalResults,
};
use sp_storage::{ChildInfo, StateVersion, TrackedStorageKey};

/// Values of `System` that every block touches anyway and no weight counts: the block number, the
/// events and what belongs to them.
const FREE: [&[u8]; 7] = [
    b"Number",
    b"Events",
    b"EventCount",
    b"EventTopics",
    b"ExecutionPhase",
    b"ParentHash",
    b"BlockWeight",
];

/// Distinct keys touched. A key that is read and written counts once as each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyCount {
    /// Keys read.
    pub reads: u32,
    /// Keys written or removed.
    pub writes: u32,
}

/// Runs `f` on the externalities that are set (as inside `execute_with`) and counts the keys it
/// touches in the main trie.
///
/// # Panics
/// If no externalities are set.
pub fn count_keys<R>(f: impl FnOnce() -> R) -> (R, KeyCount) {
    let free = FREE
        .iter()
        .map(|name| storage_prefix(b"System", name))
        .collect();
    with_externalities(|inner| {
        let mut counter = KeyCounter {
            inner,
            free,
            reads: BTreeSet::new(),
            writes: BTreeSet::new(),
        };
        let result = set_and_run_with_externalities(&mut counter, f);
        let len = |keys: &BTreeSet<Vec<u8>>| u32::try_from(keys.len()).unwrap_or(u32::MAX);
        let count = KeyCount {
            reads: len(&counter.reads),
            writes: len(&counter.writes),
        };
        (result, count)
    })
    .expect("called where externalities are set")
}

/// Passes everything on, and remembers the keys.
struct KeyCounter<'a> {
    inner: &'a mut dyn Externalities,
    free: Vec<[u8; 32]>,
    reads: BTreeSet<Vec<u8>>,
    writes: BTreeSet<Vec<u8>>,
}

impl KeyCounter<'_> {
    fn counts(&self, key: &[u8]) -> bool {
        !self.free.iter().any(|prefix| key.starts_with(prefix))
    }

    fn read(&mut self, key: &[u8]) {
        if self.counts(key) {
            self.reads.insert(key.to_vec());
        }
    }

    fn write(&mut self, key: &[u8]) {
        if self.counts(key) {
            self.writes.insert(key.to_vec());
        }
    }
}

impl Externalities for KeyCounter<'_> {
    fn set_offchain_storage(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.inner.set_offchain_storage(key, value)
    }

    fn storage(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        self.read(key);
        self.inner.storage(key)
    }

    fn storage_hash(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        self.read(key);
        self.inner.storage_hash(key)
    }

    fn child_storage_hash(&mut self, child: &ChildInfo, key: &[u8]) -> Option<Vec<u8>> {
        self.inner.child_storage_hash(child, key)
    }

    fn child_storage(&mut self, child: &ChildInfo, key: &[u8]) -> Option<Vec<u8>> {
        self.inner.child_storage(child, key)
    }

    fn next_storage_key(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        let next = self.inner.next_storage_key(key);
        if let Some(next) = &next {
            self.read(next);
        }
        next
    }

    fn next_child_storage_key(&mut self, child: &ChildInfo, key: &[u8]) -> Option<Vec<u8>> {
        self.inner.next_child_storage_key(child, key)
    }

    fn kill_child_storage(
        &mut self,
        child: &ChildInfo,
        limit: Option<u32>,
        cursor: Option<&[u8]>,
    ) -> MultiRemovalResults {
        self.inner.kill_child_storage(child, limit, cursor)
    }

    /// Counts the keys under the prefix before they go: an unbounded removal shows.
    fn clear_prefix(
        &mut self,
        prefix: &[u8],
        limit: Option<u32>,
        cursor: Option<&[u8]>,
    ) -> MultiRemovalResults {
        let mut last = prefix.to_vec();
        while let Some(next) = self.inner.next_storage_key(&last) {
            if !next.starts_with(prefix) {
                break;
            }
            self.write(&next);
            last = next;
        }
        self.inner.clear_prefix(prefix, limit, cursor)
    }

    fn clear_child_prefix(
        &mut self,
        child: &ChildInfo,
        prefix: &[u8],
        limit: Option<u32>,
        cursor: Option<&[u8]>,
    ) -> MultiRemovalResults {
        self.inner.clear_child_prefix(child, prefix, limit, cursor)
    }

    fn place_storage(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.write(&key);
        self.inner.place_storage(key, value)
    }

    fn place_child_storage(&mut self, child: &ChildInfo, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.inner.place_child_storage(child, key, value)
    }

    fn storage_root(&mut self, version: StateVersion) -> Vec<u8> {
        self.inner.storage_root(version)
    }

    fn child_storage_root(&mut self, child: &ChildInfo, version: StateVersion) -> Vec<u8> {
        self.inner.child_storage_root(child, version)
    }

    fn storage_append(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.write(&key);
        self.inner.storage_append(key, value)
    }

    fn storage_start_transaction(&mut self) {
        self.inner.storage_start_transaction()
    }

    fn storage_rollback_transaction(&mut self) -> Result<(), ()> {
        self.inner.storage_rollback_transaction()
    }

    fn storage_commit_transaction(&mut self) -> Result<(), ()> {
        self.inner.storage_commit_transaction()
    }

    fn wipe(&mut self) {
        self.inner.wipe()
    }

    fn commit(&mut self) {
        self.inner.commit()
    }

    fn read_write_count(&self) -> (u32, u32, u32, u32) {
        self.inner.read_write_count()
    }

    fn reset_read_write_count(&mut self) {
        self.inner.reset_read_write_count()
    }

    fn get_whitelist(&self) -> Vec<TrackedStorageKey> {
        self.inner.get_whitelist()
    }

    fn set_whitelist(&mut self, new: Vec<TrackedStorageKey>) {
        self.inner.set_whitelist(new)
    }

    fn get_read_and_written_keys(&self) -> Vec<(Vec<u8>, u32, u32, bool)> {
        self.inner.get_read_and_written_keys()
    }
}

impl ExtensionStore for KeyCounter<'_> {
    fn extension_by_type_id(&mut self, id: TypeId) -> Option<&mut dyn Any> {
        self.inner.extension_by_type_id(id)
    }

    fn register_extension_with_type_id(
        &mut self,
        id: TypeId,
        extension: Box<dyn Extension>,
    ) -> Result<(), Error> {
        self.inner.register_extension_with_type_id(id, extension)
    }

    fn deregister_extension_by_type_id(&mut self, id: TypeId) -> Result<(), Error> {
        self.inner.deregister_extension_by_type_id(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_state_machine::BasicExternalities;

    fn on_empty_storage<R>(f: impl FnOnce() -> R) -> R {
        BasicExternalities::new_empty().execute_with(f)
    }

    #[test]
    fn counts_each_key_once_as_read_and_once_as_written() {
        on_empty_storage(|| {
            let (_, count) = count_keys(|| {
                for _ in 0..3 {
                    frame_support::storage::unhashed::put(b"one", &1u32);
                    frame_support::storage::unhashed::get::<u32>(b"one");
                }
                frame_support::storage::unhashed::get::<u32>(b"two");
                frame_support::storage::unhashed::kill(b"three");
            });
            assert_eq!(
                count,
                KeyCount {
                    reads: 2,
                    writes: 2
                }
            );
        });
    }

    #[test]
    fn passes_effects_and_results_through() {
        on_empty_storage(|| {
            let (got, _) = count_keys(|| {
                frame_support::storage::unhashed::put(b"one", &1u32);
                frame_support::storage::unhashed::get::<u32>(b"one")
            });
            assert_eq!(got, Some(1));
            assert_eq!(
                frame_support::storage::unhashed::get::<u32>(b"one"),
                Some(1)
            );
        });
    }

    #[test]
    fn block_number_and_events_are_free() {
        on_empty_storage(|| {
            let (_, count) = count_keys(|| {
                for name in FREE {
                    let key = storage_prefix(b"System", name);
                    frame_support::storage::unhashed::put(&key, &1u32);
                }
                let account = storage_prefix(b"System", b"Account");
                frame_support::storage::unhashed::put(&account, &1u32);
            });
            assert_eq!(
                count,
                KeyCount {
                    reads: 0,
                    writes: 1
                }
            );
        });
    }
}
