//! Pools in storage. A pool is an array without holes: whoever leaves is replaced by the last.
//!
//! A provider stands in its pools exactly while it [`serves`](Provider::serves), with one exception:
//! jail is a consequence of a verdict, whose cost every call pays, and leaving all pools touches
//! some eighty keys. So a jailed provider is only noted in [`Evicting`] and taken out in one of the
//! next blocks; the draw refuses it at once.

use defaas_primitives::ProviderId;
use defaas_traits::Requirements;
use frame_support::{defensive, weights::WeightMeter};

use crate::{
    pallet::{Config, Evicting, Pallet, PoolMembers, PoolSizes, PoolSlots, Profiles},
    pools::pools_of,
    types::{Profile, Provider},
    weights::WeightInfo,
};

/// Most providers taken out of their pools in one block. One is some eighty keys, a good percent of
/// the block, and the draw does not wait for it.
pub(crate) const MAX_EVICTIONS: u32 = 1;

impl<T: Config> Pallet<T> {
    /// Whether the provider stands in its pools, as it was before a change. The caller decides what
    /// becomes of it: a pending eviction is off.
    pub(crate) fn claim_standing(id: ProviderId, before: &Provider<T::AccountId>) -> bool {
        before.serves() || Evicting::<T>::take(id).is_some()
    }

    /// Brings the pools from where a provider stands to where it shall stand.
    pub(crate) fn restand(id: ProviderId, profile: &Profile, stands: bool, shall: bool) {
        match (stands, shall) {
            (true, false) => Self::exit_pools(id, profile),
            (false, true) => Self::enter_pools(id, profile),
            _ => {}
        }
    }

    /// Adds a provider that stands in no pool to all of its pools.
    pub(crate) fn enter_pools(id: ProviderId, profile: &Profile) {
        for pool in pools_of(profile.capabilities, &profile.labels) {
            let index = PoolSizes::<T>::get(&pool);
            PoolSizes::<T>::insert(&pool, index.saturating_add(1));
            PoolMembers::<T>::insert(&pool, index, id);
            PoolSlots::<T>::insert(id, pool, index);
        }
    }

    /// Removes a provider that stands in all of its pools from them.
    pub(crate) fn exit_pools(id: ProviderId, profile: &Profile) {
        for pool in pools_of(profile.capabilities, &profile.labels) {
            Self::exit_pool(id, &pool);
        }
    }

    fn exit_pool(id: ProviderId, pool: &Requirements) {
        let slot = PoolSlots::<T>::take(id, pool);
        let last = PoolSizes::<T>::get(pool).checked_sub(1);
        let (Some(slot), Some(last)) = (slot, last) else {
            defensive!("a provider that stands in a pool has a slot in it");
            return;
        };
        let Some(moved) = PoolMembers::<T>::take(pool, last) else {
            defensive!("a pool has no holes");
            return;
        };
        if slot != last {
            PoolMembers::<T>::insert(pool, slot, moved);
            PoolSlots::<T>::insert(moved, pool, slot);
        }
        if last == 0 {
            PoolSizes::<T>::remove(pool);
        } else {
            PoolSizes::<T>::insert(pool, last);
        }
    }

    /// Takes jailed providers out of their pools, as many as the weight allows. The look for the
    /// first is the caller's to pay.
    pub(crate) fn evict_jailed(meter: &mut WeightMeter) {
        for id in Evicting::<T>::iter_keys().take(MAX_EVICTIONS as usize) {
            if meter.try_consume(T::WeightInfo::evict()).is_err() {
                return;
            }
            Evicting::<T>::remove(id);
            let Some(profile) = Profiles::<T>::get(id) else {
                defensive!("a provider that stands in pools has a profile");
                continue;
            };
            Self::exit_pools(id, &profile);
        }
    }
}
