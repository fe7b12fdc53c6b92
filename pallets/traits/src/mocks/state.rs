//! Typed values in storage under `:mock:<name>:<key>`.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use frame_support::storage::unhashed;

fn storage_key(name: &str, key: &impl Encode) -> Vec<u8> {
    (b":mock:", name, key).encode()
}

pub(super) fn get<V: Decode>(name: &str, key: &impl Encode) -> Option<V> {
    unhashed::get(&storage_key(name, key))
}

pub(super) fn put<V: Encode>(name: &str, key: &impl Encode, value: &V) {
    unhashed::put(&storage_key(name, key), value);
}

pub(super) fn take<V: Decode>(name: &str, key: &impl Encode) -> Option<V> {
    unhashed::take(&storage_key(name, key))
}

/// Appends to the log `name`.
pub(super) fn log<V: Encode + Decode>(name: &str, value: V) {
    let mut all: Vec<V> = get(name, &()).unwrap_or_default();
    all.push(value);
    put(name, &(), &all);
}

/// Everything appended to the log `name`.
pub(super) fn logged<V: Decode>(name: &str) -> Vec<V> {
    get(name, &()).unwrap_or_default()
}
