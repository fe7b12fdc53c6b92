use alloc::vec::Vec;
use codec::{Decode, Encode};
use defaas_primitives::{FunctionId, Selector, VersionNumber};
use frame_support::weights::Weight;
use sp_runtime::DispatchError;

use super::state;
use crate::{Catalog, OnFunction, Resolved, SuspendReason};

const RESOLVED: &str = "catalog/resolved";
const OWNER: &str = "catalog/owner";
const SUSPENDED: &str = "catalog/suspended";
const TRANSFERRED: &str = "on-function/transferred";
const REMOVED: &str = "on-function/removed";

/// Knows the functions it was told of. Every selector of a function leads to the same version.
pub struct MockCatalog;

impl MockCatalog {
    /// What an unknown function gets.
    pub const UNKNOWN: DispatchError = DispatchError::Other("no such function");
    /// What a suspended version gets.
    pub const OUT_OF_SERVICE: DispatchError = DispatchError::Other("suspended");

    /// Adds or replaces a function.
    pub fn insert<AccountId: Encode>(resolved: &Resolved<AccountId>) {
        state::put(RESOLVED, &resolved.function, resolved);
        state::put(OWNER, &resolved.function, &resolved.owner);
    }

    /// Removes a function.
    pub fn remove<AccountId: Decode>(function: FunctionId) {
        state::take::<Resolved<AccountId>>(RESOLVED, &function);
        state::take::<AccountId>(OWNER, &function);
    }

    /// Whether and why a version was suspended.
    pub fn suspended(function: FunctionId, version: VersionNumber) -> Option<SuspendReason> {
        state::get(SUSPENDED, &(function, version))
    }
}

impl<AccountId: Encode + Decode> Catalog<AccountId> for MockCatalog {
    fn resolve(
        function: FunctionId,
        _: &Selector,
        _: &[u8; 32],
    ) -> Result<Resolved<AccountId>, DispatchError> {
        let resolved: Resolved<AccountId> = state::get(RESOLVED, &function).ok_or(Self::UNKNOWN)?;
        match Self::suspended(function, resolved.version) {
            Some(_) => Err(Self::OUT_OF_SERVICE),
            None => Ok(resolved),
        }
    }

    fn owner_of(function: FunctionId) -> Option<AccountId> {
        state::get(OWNER, &function)
    }

    fn suspend(function: FunctionId, version: VersionNumber, reason: SuspendReason) {
        state::put(SUSPENDED, &(function, version), &reason);
    }

    fn resolve_weight() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn suspend_weight() -> Weight {
        Weight::from_parts(1_000, 0)
    }
}

/// Remembers what it was told.
pub struct MockOnFunction;

impl MockOnFunction {
    /// (function, old owner, new owner), in order.
    pub fn transfers<AccountId: Decode>() -> Vec<(FunctionId, AccountId, AccountId)> {
        state::logged(TRANSFERRED)
    }

    /// Functions that went, in order.
    pub fn removals() -> Vec<FunctionId> {
        state::logged(REMOVED)
    }
}

impl<AccountId: Encode + Decode + Clone> OnFunction<AccountId> for MockOnFunction {
    fn transferred(function: FunctionId, old: &AccountId, new: &AccountId) -> Weight {
        state::log(TRANSFERRED, (function, old.clone(), new.clone()));
        <Self as OnFunction<AccountId>>::max_weight()
    }

    fn removed(function: FunctionId) -> Weight {
        state::log(REMOVED, function);
        <Self as OnFunction<AccountId>>::max_weight()
    }

    fn max_weight() -> Weight {
        Weight::from_parts(1_000, 0)
    }
}
