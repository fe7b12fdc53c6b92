//! What holds of the storage between any two calls.

use alloc::collections::{BTreeMap, BTreeSet};
use codec::{DecodeAll, Encode};
use defaas_primitives::Balance;
use defaas_traits::Catalog;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

use crate::{impls::is_strictly_ascending, Config, Grants, HoldReason, Pallet, Policies, Serials};

impl<T: Config> Pallet<T> {
    /// Checks every invariant. Walks all storage: for tests and tools.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::policies_are_in_order()?;
        Self::nothing_but_grants_outlives_a_function()?;
        Self::quotas_are_kept()?;
        Self::serials_are_used_once()?;
        Self::deposits_are_held()
    }

    /// 1. Every policy has at least one rule, and its rules are strictly ascending.
    fn policies_are_in_order() -> Result<(), TryRuntimeError> {
        for policy in Policies::<T>::iter_values() {
            ensure!(!policy.rules.is_empty(), "a policy has no rule");
            ensure!(
                is_strictly_ascending(&policy.rules),
                "a policy's rules are unsorted or repeated"
            );
        }
        Ok(())
    }

    /// 2. Every policy and every serial is of a function that exists.
    fn nothing_but_grants_outlives_a_function() -> Result<(), TryRuntimeError> {
        ensure!(
            Policies::<T>::iter_keys().all(|function| T::Catalog::owner_of(function).is_some()),
            "there is a policy without a function"
        );
        ensure!(
            Serials::<T>::iter_keys().all(|function| T::Catalog::owner_of(function).is_some()),
            "there is a serial without a function"
        );
        Ok(())
    }

    /// 3. Every quota is for at least one call and no more than used up.
    fn quotas_are_kept() -> Result<(), TryRuntimeError> {
        for quota in Grants::<T>::iter_values().filter_map(|grant| grant.quota) {
            ensure!(quota.limit > 0, "a quota is for nothing");
            ensure!(quota.used <= quota.limit, "a quota is exceeded");
        }
        Ok(())
    }

    /// 4. No grant of a function that exists has a serial that will be given out again, or one that
    ///    another has.
    fn serials_are_used_once() -> Result<(), TryRuntimeError> {
        let mut seen = BTreeSet::new();
        for (function, _, grant) in Grants::<T>::iter() {
            ensure!(
                seen.insert((function, grant.serial)),
                "two grants have the same serial"
            );
            let given = Serials::<T>::get(function);
            ensure!(
                (1..=given).contains(&grant.serial) || T::Catalog::owner_of(function).is_none(),
                "a grant's serial was never given out"
            );
        }
        Ok(())
    }

    /// 5. What is held from each depositor is the sum of its tickets.
    fn deposits_are_held() -> Result<(), TryRuntimeError> {
        for (depositor, due) in Self::deposits()? {
            let held = T::Currency::balance_on_hold(&HoldReason::Deposit.into(), &depositor);
            ensure!(held == due, "deposits on hold differ from the tickets");
        }
        Ok(())
    }

    /// The sum of each depositor's tickets: what must be on hold from it. Walks all storage, for whoever
    /// compares holds of all reasons.
    ///
    /// # Errors
    /// A ticket is not an amount, or the sum overflows.
    pub fn deposits() -> Result<BTreeMap<T::AccountId, Balance>, TryRuntimeError> {
        let policies = Policies::<T>::iter_values().map(|policy| (policy.depositor, policy.ticket));
        let grants = Grants::<T>::iter_values().map(|grant| (grant.depositor, grant.ticket));
        let mut due = BTreeMap::<T::AccountId, Balance>::new();
        for (depositor, ticket) in policies.chain(grants) {
            let sum = due.entry(depositor).or_default();
            *sum = sum
                .checked_add(amount::<T>(&ticket)?)
                .ok_or("deposits overflow")?;
        }
        Ok(due)
    }
}

/// What a ticket holds. See [`Config::Deposit`].
fn amount<T: Config>(ticket: &T::Deposit) -> Result<Balance, TryRuntimeError> {
    Balance::decode_all(&mut ticket.encode().as_slice())
        .map_err(|_| "a ticket is not an amount".into())
}
