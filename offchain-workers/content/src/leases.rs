//! Leases: what must stay in the store while someone works with it. They live in memory; after a
//! restart nobody works.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cid::{BlockKey, Cid};

/// What a lease keeps.
#[derive(Debug)]
pub(crate) enum Held {
    /// A DAG that is being read.
    Dag(Cid),
    /// The blocks an import has put so far; its root is known at its end only.
    Blocks(HashSet<BlockKey>),
}

/// All leases.
#[derive(Default)]
pub(crate) struct Leases {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    next: u64,
    held: HashMap<u64, Held>,
}

impl Leases {
    /// Takes a lease. The caller holds the store's gate, see [`crate::engine`].
    pub(crate) fn take(&self, held: Held) -> u64 {
        let mut table = self.table();
        let id = table.next;
        table.next += 1;
        table.held.insert(id, held);
        id
    }

    /// Adds a block to an import's lease. The caller holds the store's gate.
    pub(crate) fn add(&self, id: u64, key: BlockKey) {
        if let Some(Held::Blocks(blocks)) = self.table().held.get_mut(&id) {
            blocks.insert(key);
        }
    }

    /// Gives a lease back.
    pub(crate) fn give_back(&self, id: u64) {
        self.table().held.remove(&id);
    }

    /// What all leases keep: roots of DAGs, and single blocks.
    pub(crate) fn held(&self) -> (Vec<Cid>, HashSet<BlockKey>) {
        let mut roots = Vec::new();
        let mut blocks = HashSet::new();
        for held in self.table().held.values() {
            match held {
                Held::Dag(root) => roots.push(root.clone()),
                Held::Blocks(keys) => blocks.extend(keys),
            }
        }
        (roots, blocks)
    }

    /// Every change is one step on a map, so a panic elsewhere leaves it whole.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
