//! Several transactions of one account at once.
//!
//! The number of the next transaction counts those that wait in the node's pool. Two that ask at the
//! same time get the same number, so on one machine they take turns: each holds a lock file from the
//! question until the pool has its transaction. Against other machines nothing helps but to try
//! again, which is safe as long as the pool never had the transaction.

use super::Chain;
use crate::{output::Output, Result};
use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    time::Duration,
};
use subxt::{rpcs::rpc_params, utils::AccountId32};

/// Longest wait for a turn. Whoever waits longer goes on without: a lock is a courtesy.
const TURN_TIMEOUT: Duration = Duration::from_secs(60);
/// Shortest pause between two looks at a lock, or two tries.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);

impl Chain {
    /// The number that the account's next transaction must have, those in the pool counted.
    pub(super) async fn next_nonce(&self, account: &AccountId32) -> Result<u64> {
        self.rpc()
            .request("system_accountNextIndex", rpc_params![account.to_string()])
            .await
            .map_err(|error| self.broken(error))
    }

    /// Waits until no other process on this machine submits for `account`.
    pub(super) async fn turn(&self, account: &AccountId32, output: &Output) -> Option<Turn> {
        let folder = self.turns.as_deref()?;
        let file = open(folder, account).ok()?;
        tokio::time::timeout(TURN_TIMEOUT, lock(file, output))
            .await
            .ok()?
    }
}

/// The right to submit; given back when dropped.
pub(super) struct Turn {
    _lock: File,
}

fn open(folder: &Path, account: &AccountId32) -> std::io::Result<File> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(folder.join(format!(".{}.lock", hex::encode(account.0))))
}

async fn lock(file: File, output: &Output) -> Option<Turn> {
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Some(Turn { _lock: file }),
            Err(TryLockError::WouldBlock) => {
                if !told {
                    output.progress("waiting for a process that sends for the same account");
                    told = true;
                }
                pause(1).await;
            }
            Err(TryLockError::Error(_)) => return None,
        }
    }
}

/// A pause of random length, so that those who collided do not collide again. Longer after more
/// tries.
pub(super) async fn pause(tries: u32) {
    let longest = SHORTEST_PAUSE.saturating_mul(tries.saturating_add(1));
    tokio::time::sleep(SHORTEST_PAUSE + longest.mul_f64(rand::random::<f64>())).await;
}

/// Whether the pool says that another transaction has this number. The words are those of the
/// pool's errors, which nodes pass on as text, each of their methods in its own way.
pub(super) fn is_number_taken(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    [
        "stale",
        "outdated",
        "too low priority",
        "priority is too low",
        "priority of the transaction is too low",
    ]
    .iter()
    .any(|words| reason.contains(words))
}

/// Whether the pool says that it has, or lately had, this very transaction: no refusal.
pub(super) fn is_known(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    ["already imported", "temporarily banned"]
        .iter()
        .any(|words| reason.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pools_words_for_a_taken_number_are_known_and_others_are_not() {
        for taken in [
            "Invalid transaction validity: Stale",
            "Invalid transaction: Transaction is outdated",
            "Too low priority (7 > 7)",
            "The priority of the transaction is too low (pool 317 > current 317)",
            "Priority is too low: (7 vs 7)",
        ] {
            assert!(is_number_taken(taken), "{taken}");
        }
        for other in [
            "Invalid transaction validity: Payment",
            "Invalid transaction: Inability to pay some fees (e.g. account balance too low)",
            "Transaction couldn't enter the pool because of the limit",
            // The pool has this very transaction: another one with the next number would pay twice.
            "[0x12] Already imported",
        ] {
            assert!(!is_number_taken(other), "{other}");
        }
    }

    #[test]
    fn a_transaction_that_the_pool_has_is_known_and_others_are_not() {
        for known in [
            "Transaction is already imported",
            "[0x12] Already imported",
            "Transaction is temporarily banned",
        ] {
            assert!(is_known(known), "{known}");
        }
        assert!(!is_known("Invalid transaction: Transaction is outdated"));
    }

    #[tokio::test]
    async fn one_process_at_a_time_has_the_turn_of_an_account() {
        let folder = tempfile::tempdir().unwrap();
        let locks = folder.path().join("locks");
        let [alice, bob] = [AccountId32([1; 32]), AccountId32([2; 32])];
        let output = Output::new(true);
        let first = lock(open(&locks, &alice).unwrap(), &output).await.unwrap();
        let other = lock(open(&locks, &bob).unwrap(), &output).await;
        assert!(other.is_some());
        let second = open(&locks, &alice).unwrap();
        assert!(matches!(second.try_lock(), Err(TryLockError::WouldBlock)));
        drop(first);
        assert!(lock(second, &output).await.is_some());
    }
}
