//! Weights, counted by hand.
//!
//! Each step names the distinct storage keys it reads and writes in its worst case, those of the
//! currency included (an account and its holds are two keys, a governed parameter is one), and the
//! time its computation takes. `tests::weights` brings every step into its worst case and compares
//! the keys. The times are estimates: 150 µs for checking an sr25519 signature, 1 µs for a hash,
//! half a microsecond for coding a record. [`defaas_traits::weights`] makes a weight of both.

use core::marker::PhantomData;

pub use defaas_traits::weights::Cost;
use frame_support::weights::Weight;

use crate::{draw::MAX_SAMPLES, pools::MAX_POOLS};

/// Entering one pool. Read: size. Written: size, member, slot.
pub const ENTER_POOL: Cost = Cost::new(1, 3, 5);
/// Leaving one pool. Read: slot, size, last member. Written: slot, size, last member, the member in
/// the place left, and its slot.
pub const EXIT_POOL: Cost = Cost::new(3, 5, 10);
/// Moving from one set of pools to another that shares none: sizes of both are different keys.
const MOVE_POOLS: Cost = Cost::new(0, 0, 0)
    .plus(MAX_POOLS, ENTER_POOL)
    .plus(MAX_POOLS, EXIT_POOL);

/// Read: genesis hash, id and key of the provider, minimum bond, next id, account, holds. Written:
/// account, holds, next id, id and key, both records. All pools are entered.
pub const REGISTER: Cost = Cost::new(7, 7, 170).plus(MAX_POOLS, ENTER_POOL);
/// Read: id, both records. Written: both records. All pools change; a pending eviction costs less.
pub const UPDATE: Cost = Cost::new(3, 2, 10).plus(1, MOVE_POOLS);
/// Read: id, both records, new key, genesis hash. Written: old key, new key, record.
pub const SET_WORKER_KEY: Cost = Cost::new(5, 3, 160);
/// Read: id, both records, account, holds, minimum, floor, eviction. Written: account, holds,
/// record. All pools are entered; where an eviction is called off instead, it is less.
pub const BOND_MORE: Cost = Cost::new(8, 3, 15).plus(MAX_POOLS, ENTER_POOL);
/// Read: id, both records, delay, eviction. Written: record, eviction. All pools are left.
pub const LEAVE: Cost = Cost::new(5, 2, 10).plus(MAX_POOLS, EXIT_POOL);
/// Read: id, both records, account, holds, health. Written: account, holds, id, key, both records,
/// health.
pub const WITHDRAW: Cost = Cost::new(6, 7, 15);
/// Read and written: large record.
pub const ANNOUNCE: Cost = Cost::new(1, 1, 5);
/// Read: both records, eviction. Written: both records, eviction. All pools are left or entered.
pub const SET_AVAILABLE: Cost = Cost::new(3, 3, 5).plus(MAX_POOLS, EXIT_POOL);
/// Read: both records, genesis hash.
pub const AUTHORIZE_NOTICE: Cost = Cost::new(3, 0, 155);
/// Read: bond per slot, size of the pool, and per sample a member and its record. Written: the
/// record of the one drawn. Computed: two hashes, eight decays of a score.
pub const DRAW: Cost = Cost::new(2, 1, 5).plus(MAX_SAMPLES as u32, Cost::new(2, 0, 1));
/// Read and written: record.
pub const CLOSE: Cost = Cost::new(1, 1, 2);
/// A provider that spoke. Read: tick, health, record. Written: health, record.
pub const JUDGE_SPOKEN: Cost = Cost::new(3, 2, 10);
/// A provider that was silent. Read: tick, health, record, floor, slice, account, holds, treasury, the
/// level of storage layers. Written: health, record, account, holds, treasury, eviction, level.
pub const JUDGE_SILENT: Cost = Cost::new(9, 7, 15);
/// Read: tick, the key at which the walk over the evictions ends. Written: tick.
pub const POLL: Cost = Cost::new(2, 1, 1);
/// Beside the look for the next one. Read: eviction, large record. Written: eviction. All pools are left.
pub const EVICT: Cost = Cost::new(2, 1, 5).plus(MAX_POOLS, EXIT_POOL);

/// Weights of the calls, of the hook and of what other pallets call.
pub trait WeightInfo {
    /// [`register`](crate::Pallet::register)
    fn register() -> Weight;
    /// [`update`](crate::Pallet::update)
    fn update() -> Weight;
    /// [`set_worker_key`](crate::Pallet::set_worker_key)
    fn set_worker_key() -> Weight;
    /// [`bond_more`](crate::Pallet::bond_more)
    fn bond_more() -> Weight;
    /// [`leave`](crate::Pallet::leave)
    fn leave() -> Weight;
    /// [`withdraw`](crate::Pallet::withdraw)
    fn withdraw() -> Weight;
    /// [`announce`](crate::Pallet::announce)
    fn announce() -> Weight;
    /// [`set_available`](crate::Pallet::set_available)
    fn set_available() -> Weight;
    /// Checking a notice before it gets into a block.
    fn authorize_notice() -> Weight;
    /// [`draw`](defaas_traits::Providers::draw)
    fn draw() -> Weight;
    /// [`close`](defaas_traits::Providers::close)
    fn close() -> Weight;
    /// [`judge`](defaas_traits::Providers::judge) of a provider that delivered or said that it could
    /// not.
    fn judge_spoken() -> Weight;
    /// [`judge`](defaas_traits::Providers::judge) of a provider that was silent.
    fn judge_silent() -> Weight;
    /// Counting the tick, and looking for jailed providers in pools.
    fn poll() -> Weight;
    /// Taking one jailed provider out of its pools.
    fn evict() -> Weight;
}

/// The weights above for the database of `T`.
pub struct CountedWeights<T>(PhantomData<T>);

impl<T: frame_system::Config> CountedWeights<T> {
    fn of(cost: Cost) -> Weight {
        cost.weight::<T::DbWeight>()
    }
}

impl<T: frame_system::Config> WeightInfo for CountedWeights<T> {
    fn register() -> Weight {
        Self::of(REGISTER)
    }

    fn update() -> Weight {
        Self::of(UPDATE)
    }

    fn set_worker_key() -> Weight {
        Self::of(SET_WORKER_KEY)
    }

    fn bond_more() -> Weight {
        Self::of(BOND_MORE)
    }

    fn leave() -> Weight {
        Self::of(LEAVE)
    }

    fn withdraw() -> Weight {
        Self::of(WITHDRAW)
    }

    fn announce() -> Weight {
        Self::of(ANNOUNCE)
    }

    fn set_available() -> Weight {
        Self::of(SET_AVAILABLE)
    }

    fn authorize_notice() -> Weight {
        Self::of(AUTHORIZE_NOTICE)
    }

    fn draw() -> Weight {
        Self::of(DRAW)
    }

    fn close() -> Weight {
        Self::of(CLOSE)
    }

    fn judge_spoken() -> Weight {
        Self::of(JUDGE_SPOKEN)
    }

    fn judge_silent() -> Weight {
        Self::of(JUDGE_SILENT)
    }

    fn poll() -> Weight {
        Self::of(POLL)
    }

    fn evict() -> Weight {
        Self::of(EVICT)
    }
}
