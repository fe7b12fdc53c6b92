//! Invariants: what holds after every block, whatever was called.
//!
//! 1. The bond in a provider's record is what is held on its account.
//! 2. Accounts and providers name each other; both records exist together; ids are below the next.
//! 3. Worker keys and providers name each other.
//! 4. Members, sizes and slots of pools agree; a provider stands in exactly its own pools if it
//!    serves or waits for eviction, else in none.
//! 5. Who waits for eviction is there and does not serve.
//! 6. Scores are within their bounds and not from the future.
//! 7. Without open assignments nothing is exposed.
//! 8. Capacities, capabilities, labels and endpoints are valid.
//! 9. The health of the network is what the last verdicts on all providers say, none of them from
//!    the future.
//!
//! That load and exposure are the sums over the open assignments needs the assignments, so it is
//! checked where these are.

use alloc::collections::{BTreeMap, BTreeSet};
use codec::Encode;
use frame_support::{
    ensure,
    sp_runtime::TryRuntimeError,
    traits::{fungible::hold::Inspect, Get},
};

use crate::{
    health::Health,
    pallet::{
        Config, Evicting, HoldReason, NextProviderId, Pallet, PoolMembers, PoolSizes, PoolSlots,
        Profiles, ProviderIds, Providers, RecentHealth, Ticks, WorkerKeys,
    },
    pools::pools_of,
};

impl<T: Config> Pallet<T> {
    /// Checks all invariants.
    ///
    /// # Errors
    /// The number and meaning of the first that does not hold.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::bonds_are_held()?;
        Self::accounts_and_providers_agree()?;
        Self::keys_and_providers_agree()?;
        Self::pools_hold_whom_they_should()?;
        Self::evictions_are_due()?;
        Self::scores_are_valid()?;
        Self::idle_means_unexposed()?;
        Self::offers_are_valid()?;
        Self::health_is_consistent()
    }

    fn bonds_are_held() -> Result<(), TryRuntimeError> {
        let reason = HoldReason::Bond.into();
        for provider in Providers::<T>::iter_values() {
            ensure!(
                T::Currency::balance_on_hold(&reason, &provider.account) == provider.bond,
                "1: a bond is not what is held"
            );
        }
        Ok(())
    }

    fn accounts_and_providers_agree() -> Result<(), TryRuntimeError> {
        let next = NextProviderId::<T>::get();
        let mut count = 0;
        for (id, provider) in Providers::<T>::iter() {
            count += 1;
            ensure!(id < next, "2: an id was not given out");
            ensure!(
                ProviderIds::<T>::get(&provider.account) == Some(id),
                "2: an account does not name its provider"
            );
            ensure!(
                Profiles::<T>::contains_key(id),
                "2: a provider has no profile"
            );
        }
        ensure!(
            ProviderIds::<T>::iter_keys().count() == count,
            "2: an account without a provider"
        );
        ensure!(
            Profiles::<T>::iter_keys().count() == count,
            "2: a profile without a provider"
        );
        Ok(())
    }

    fn keys_and_providers_agree() -> Result<(), TryRuntimeError> {
        let mut count = 0;
        for (id, provider) in Providers::<T>::iter() {
            count += 1;
            ensure!(
                WorkerKeys::<T>::get(&provider.worker) == Some(id),
                "3: a worker key does not name its provider"
            );
        }
        ensure!(
            WorkerKeys::<T>::iter_keys().count() == count,
            "3: a worker key without a provider"
        );
        Ok(())
    }

    fn pools_hold_whom_they_should() -> Result<(), TryRuntimeError> {
        let mut expected = BTreeSet::new();
        for (id, provider) in Providers::<T>::iter() {
            if !provider.serves() && !Evicting::<T>::contains_key(id) {
                continue;
            }
            let profile = Profiles::<T>::get(id).ok_or("2: a provider has no profile")?;
            for pool in pools_of(profile.capabilities, &profile.labels) {
                expected.insert((pool.encode(), id));
            }
        }
        let mut found = BTreeSet::new();
        let mut sizes = BTreeMap::<_, u32>::new();
        for (pool, index, id) in PoolMembers::<T>::iter() {
            ensure!(
                index < PoolSizes::<T>::get(&pool),
                "4: a member stands beyond the size of its pool"
            );
            ensure!(
                PoolSlots::<T>::get(id, &pool) == Some(index),
                "4: a slot does not point to its member"
            );
            *sizes.entry(pool.encode()).or_default() += 1;
            found.insert((pool.encode(), id));
        }
        ensure!(found == expected, "4: a pool does not hold whom it should");
        ensure!(
            PoolSlots::<T>::iter_keys().count() == found.len(),
            "4: a slot without a member"
        );
        let mut pools = 0;
        for (pool, size) in PoolSizes::<T>::iter() {
            pools += 1;
            ensure!(
                size > 0 && sizes.get(&pool.encode()) == Some(&size),
                "4: a size is not the number of members"
            );
        }
        ensure!(pools == sizes.len(), "4: a pool has no size");
        Ok(())
    }

    fn evictions_are_due() -> Result<(), TryRuntimeError> {
        for id in Evicting::<T>::iter_keys() {
            ensure!(
                Providers::<T>::get(id).is_some_and(|provider| !provider.serves()),
                "5: an eviction is not due"
            );
        }
        Ok(())
    }

    fn scores_are_valid() -> Result<(), TryRuntimeError> {
        for provider in Providers::<T>::iter_values() {
            ensure!(
                provider.score.is_valid() && provider.score.set_at <= Self::now(),
                "6: a score is out of bounds"
            );
        }
        Ok(())
    }

    fn idle_means_unexposed() -> Result<(), TryRuntimeError> {
        for provider in Providers::<T>::iter_values() {
            ensure!(
                provider.load > 0 || provider.exposure == 0,
                "7: exposed without an open assignment"
            );
        }
        Ok(())
    }

    fn offers_are_valid() -> Result<(), TryRuntimeError> {
        for provider in Providers::<T>::iter_values() {
            ensure!(
                (1..=T::MaxCapacity::get()).contains(&provider.capacity),
                "8: a capacity is out of bounds"
            );
        }
        for profile in Profiles::<T>::iter_values() {
            ensure!(
                profile.capabilities.is_valid()
                    && profile.labels.is_valid()
                    && profile.endpoint.is_valid(),
                "8: a profile is not valid"
            );
        }
        Ok(())
    }

    fn health_is_consistent() -> Result<(), TryRuntimeError> {
        let now = Ticks::<T>::get();
        let last = || Providers::<T>::iter_values().filter_map(|provider| provider.judged);
        ensure!(
            last().all(|verdict| verdict.tick <= now),
            "9: a verdict is from the future"
        );
        ensure!(
            RecentHealth::<T>::get().at(now) == Health::of(last(), now),
            "9: the health is not what the last verdicts say"
        );
        Ok(())
    }
}
