//! What holds of the storage between any two calls.

use alloc::collections::BTreeMap;
use codec::{DecodeAll, Encode};
use defaas_primitives::{Balance, FunctionId};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

use crate::{
    impls::latest, split, Aliases, Config, FunctionIds, Functions, HoldReason, NextFunctionId,
    Pallet, Status, Versions,
};

impl<T: Config> Pallet<T> {
    /// Checks every invariant. Walks all storage: for tests and tools.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::ids_are_used_once()?;
        Self::names_and_functions_agree()?;
        Self::versions_are_dense()?;
        Self::aliases_lead_to_versions()?;
        Self::offers_can_be_taken()?;
        Self::deposits_are_held()
    }

    /// 1. Every id is below the next one.
    fn ids_are_used_once() -> Result<(), TryRuntimeError> {
        let next = NextFunctionId::<T>::get();
        ensure!(
            Functions::<T>::iter_keys().all(|id| id < next),
            "a function's id is not below the next id"
        );
        Ok(())
    }

    /// 2. Every function has one entry in the index, under its owner and name, and the index has no
    ///    others.
    fn names_and_functions_agree() -> Result<(), TryRuntimeError> {
        for (id, record) in Functions::<T>::iter() {
            ensure!(
                FunctionIds::<T>::get(&record.owner, &record.name) == Some(id),
                "a function is not found by its owner and name"
            );
        }
        ensure!(
            FunctionIds::<T>::iter().count() == Functions::<T>::iter_keys().count(),
            "the index has an entry without a function"
        );
        Ok(())
    }

    /// 3. The versions of a function are numbered 1, 2, … up to its count, which is at least 1, and
    ///    there are no others.
    fn versions_are_dense() -> Result<(), TryRuntimeError> {
        let mut expected = 0usize;
        for (id, record) in Functions::<T>::iter() {
            ensure!(record.versions > 0, "a function has no version");
            ensure!(
                (1..=record.versions).all(|number| Versions::<T>::contains_key(id, number)),
                "a version is missing"
            );
            expected = expected.saturating_add(record.versions as usize);
        }
        ensure!(
            Versions::<T>::iter_keys().count() == expected,
            "there is a version that its function does not count"
        );
        Ok(())
    }

    /// 4. The aliases of a function are as many as it counts, `latest` among them, and all their
    ///    targets, former ones included, exist.
    fn aliases_lead_to_versions() -> Result<(), TryRuntimeError> {
        let mut found = BTreeMap::<FunctionId, u32>::new();
        for (id, _, alias) in Aliases::<T>::iter() {
            let record = Functions::<T>::get(id).ok_or("there is an alias without a function")?;
            ensure!(
                split::is_valid(&alias.target, record.versions),
                "an alias has an invalid target"
            );
            ensure!(
                alias
                    .previous
                    .is_none_or(|target| split::is_valid(&target, record.versions)),
                "an alias would roll back to an invalid target"
            );
            let count = found.entry(id).or_default();
            *count = count.saturating_add(1);
        }
        for (id, record) in Functions::<T>::iter() {
            ensure!(
                found.get(&id) == Some(&record.aliases),
                "a function counts its aliases wrongly"
            );
            ensure!(
                Aliases::<T>::contains_key(id, latest()),
                "a function has no latest version"
            );
        }
        Ok(())
    }

    /// 5. No function is offered to its owner, no retired one to anybody.
    fn offers_can_be_taken() -> Result<(), TryRuntimeError> {
        for record in Functions::<T>::iter_values() {
            let Some(to) = record.offered_to else {
                continue;
            };
            ensure!(to != record.owner, "a function is offered to its owner");
            ensure!(
                !matches!(record.status, Status::Retired { .. }),
                "a retired function is offered"
            );
        }
        Ok(())
    }

    /// 6. What is held from each owner is the sum of its tickets.
    fn deposits_are_held() -> Result<(), TryRuntimeError> {
        for (owner, due) in Self::deposits()? {
            let held = T::Currency::balance_on_hold(&HoldReason::Deposit.into(), &owner);
            ensure!(held == due, "deposits on hold differ from the tickets");
        }
        Ok(())
    }

    /// The sum of each owner's tickets: what must be on hold from it. Walks all storage, for whoever
    /// compares holds of all reasons.
    ///
    /// # Errors
    /// A ticket is not an amount, or the sum overflows.
    pub fn deposits() -> Result<BTreeMap<T::AccountId, Balance>, TryRuntimeError> {
        let mut due = BTreeMap::<T::AccountId, Balance>::new();
        for (id, record) in Functions::<T>::iter() {
            let sum = due.entry(record.owner).or_default();
            let versions = Versions::<T>::iter_prefix_values(id).map(|version| version.ticket);
            let aliases = Aliases::<T>::iter_prefix_values(id).map(|alias| alias.ticket);
            for ticket in versions.chain(aliases).chain([record.ticket]) {
                *sum = sum
                    .checked_add(amount::<T>(&ticket)?)
                    .ok_or("deposits overflow")?;
            }
        }
        Ok(due)
    }
}

/// What a ticket holds. See [`Config::Deposit`].
fn amount<T: Config>(ticket: &T::Deposit) -> Result<Balance, TryRuntimeError> {
    Balance::decode_all(&mut ticket.encode().as_slice())
        .map_err(|_| "a ticket is not an amount".into())
}
