//! Weights, counted by hand.
//!
//! Each step names the distinct storage keys it reads and writes, those of the ports it calls
//! included (an account and its holds are two keys), and the time its computation takes, rounded up
//! generously. [`defaas_traits::weights`] makes a weight of that. Tests hold the keys against what
//! the code touches.

use core::marker::PhantomData;

pub use defaas_traits::weights::Cost;
use frame_support::weights::Weight;

/// Next id, name index, alias, account, holds; these, the function and its version.
pub const PUBLISH: Cost = Cost::new(5, 7, 120);
/// Function, alias, account, holds; these and the version.
pub const PUBLISH_VERSION: Cost = Cost::new(4, 5, 100);
/// Function, alias, account, holds.
pub const SET_ALIAS: Cost = Cost::new(4, 4, 60);
/// Function, alias; alias.
pub const ROLL_BACK_ALIAS: Cost = Cost::new(2, 1, 20);
/// Function, alias, account, holds.
pub const REMOVE_ALIAS: Cost = Cost::new(4, 4, 60);
/// The function alone: fee, placement, description, pause, resume, retire, offer, cancel.
pub const SET: Cost = Cost::new(1, 1, 20);
/// Function and version; version.
pub const REINSTATE: Cost = Cost::new(2, 1, 20);
/// Function, both name indices, both accounts and their holds. The old name is not read.
pub const ACCEPT: Cost = Cost::new(6, 7, 120);
/// Function, name index, account, holds. The name is not read.
pub const REMOVE: Cost = Cost::new(3, 4, 80);
/// A version that is removed or moves with its deposit.
pub const PER_VERSION: Cost = Cost::new(1, 1, 60);
/// An alias that is removed or moves with its deposit.
pub const PER_ALIAS: Cost = Cost::new(1, 1, 60);
/// The key at which the walk over the aliases ends.
pub const WALK_END: Cost = Cost::new(1, 0, 5);
/// Function, alias, version.
pub const RESOLVE: Cost = Cost::new(3, 0, 30);
/// Version.
pub const SUSPEND: Cost = Cost::new(1, 1, 20);

/// Weights of the calls and of what other pallets call.
pub trait WeightInfo {
    /// [`publish`](crate::Pallet::publish)
    fn publish() -> Weight;
    /// [`publish_version`](crate::Pallet::publish_version)
    fn publish_version() -> Weight;
    /// [`set_alias`](crate::Pallet::set_alias)
    fn set_alias() -> Weight;
    /// [`roll_back_alias`](crate::Pallet::roll_back_alias)
    fn roll_back_alias() -> Weight;
    /// [`remove_alias`](crate::Pallet::remove_alias)
    fn remove_alias() -> Weight;
    /// Every call that changes the function's own record and nothing else.
    fn set() -> Weight;
    /// [`reinstate`](crate::Pallet::reinstate)
    fn reinstate() -> Weight;
    /// [`accept`](crate::Pallet::accept) of a function with so many versions and aliases.
    fn accept(versions: u32, aliases: u32) -> Weight;
    /// [`remove`](crate::Pallet::remove) of a function with so many versions and aliases.
    fn remove(versions: u32, aliases: u32) -> Weight;
    /// [`resolve`](defaas_traits::Catalog::resolve)
    fn resolve() -> Weight;
    /// [`suspend`](defaas_traits::Catalog::suspend)
    fn suspend() -> Weight;
}

/// The weights above for the database of `T`.
pub struct CountedWeights<T>(PhantomData<T>);

impl<T: frame_system::Config> CountedWeights<T> {
    fn of(cost: Cost) -> Weight {
        cost.weight::<T::DbWeight>()
    }
}

impl<T: frame_system::Config> WeightInfo for CountedWeights<T> {
    fn publish() -> Weight {
        Self::of(PUBLISH)
    }

    fn publish_version() -> Weight {
        Self::of(PUBLISH_VERSION)
    }

    fn set_alias() -> Weight {
        Self::of(SET_ALIAS)
    }

    fn roll_back_alias() -> Weight {
        Self::of(ROLL_BACK_ALIAS)
    }

    fn remove_alias() -> Weight {
        Self::of(REMOVE_ALIAS)
    }

    fn set() -> Weight {
        Self::of(SET)
    }

    fn reinstate() -> Weight {
        Self::of(REINSTATE)
    }

    fn accept(versions: u32, aliases: u32) -> Weight {
        Self::of(with_contents(ACCEPT, versions, aliases))
    }

    fn remove(versions: u32, aliases: u32) -> Weight {
        Self::of(with_contents(REMOVE, versions, aliases))
    }

    fn resolve() -> Weight {
        Self::of(RESOLVE)
    }

    fn suspend() -> Weight {
        Self::of(SUSPEND)
    }
}

/// `cost`, with every version and alias of a function that has so many.
pub const fn with_contents(cost: Cost, versions: u32, aliases: u32) -> Cost {
    cost.plus(versions, PER_VERSION)
        .plus(aliases, PER_ALIAS)
        .plus(1, WALK_END)
}
