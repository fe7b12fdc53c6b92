//! Weights, counted by hand.
//!
//! Each step names the distinct storage keys it reads and writes, those of the ports it calls
//! included (an account and its holds are two keys), and the time its computation takes, rounded up
//! generously. [`defaas_traits::weights`] makes a weight of that. Tests hold the keys against what
//! the code touches.

use core::marker::PhantomData;

pub use defaas_traits::weights::Cost;
use frame_support::weights::Weight;

/// Owner, policy; accounts and holds of the owner and of the former depositor; policy.
pub const SET_POLICY: Cost = Cost::new(6, 5, 80);
/// Owner, policy, account and holds of the depositor; all but the owner.
pub const CLEAR_POLICY: Cost = Cost::new(4, 3, 60);
/// Owner, serial, grant; accounts and holds of the owner and of the former depositor; serial, grant.
pub const GRANT: Cost = Cost::new(7, 6, 80);
/// Owner, grant, account and holds of the depositor; all but the owner.
pub const REVOKE: Cost = Cost::new(4, 3, 60);
/// Grant, account and holds of the depositor.
pub const REMOVE_EXPIRED: Cost = Cost::new(3, 3, 60);
/// Owner, grant, account and holds of the depositor; all but the owner.
pub const REMOVE_ORPHANED: Cost = Cost::new(4, 3, 60);
/// Policy.
pub const PERMIT_BY_RULE: Cost = Cost::new(1, 0, 10);
/// Policy, grant.
pub const PERMIT_BY_GRANT: Cost = Cost::new(2, 0, 20);
/// Policy, grant; grant.
pub const PERMIT_METERED: Cost = Cost::new(2, 1, 25);
/// Grant.
pub const UNDO: Cost = Cost::new(1, 1, 15);
/// Policy, account and holds of the depositor; these and the serial.
pub const REMOVED: Cost = Cost::new(3, 4, 60);

/// Weights of the calls and of what other pallets call.
pub trait WeightInfo {
    /// [`set_policy`](crate::Pallet::set_policy)
    fn set_policy() -> Weight;
    /// [`clear_policy`](crate::Pallet::clear_policy)
    fn clear_policy() -> Weight;
    /// [`grant`](crate::Pallet::grant)
    fn grant() -> Weight;
    /// [`revoke`](crate::Pallet::revoke)
    fn revoke() -> Weight;
    /// [`remove_expired`](crate::Pallet::remove_expired)
    fn remove_expired() -> Weight;
    /// [`remove_orphaned`](crate::Pallet::remove_orphaned)
    fn remove_orphaned() -> Weight;
    /// [`permit`](defaas_traits::AccessControl::permit) when no grant is looked up.
    fn permit_by_rule() -> Weight;
    /// [`permit`](defaas_traits::AccessControl::permit) when one is, and nothing is written.
    fn permit_by_grant() -> Weight;
    /// [`permit`](defaas_traits::AccessControl::permit) when a quota is used: the worst case.
    fn permit_metered() -> Weight;
    /// [`undo`](defaas_traits::AccessControl::undo)
    fn undo() -> Weight;
    /// [`removed`](defaas_traits::OnFunction::removed)
    fn removed() -> Weight;
}

/// The weights above for the database of `T`.
pub struct CountedWeights<T>(PhantomData<T>);

impl<T: frame_system::Config> CountedWeights<T> {
    fn of(cost: Cost) -> Weight {
        cost.weight::<T::DbWeight>()
    }
}

impl<T: frame_system::Config> WeightInfo for CountedWeights<T> {
    fn set_policy() -> Weight {
        Self::of(SET_POLICY)
    }

    fn clear_policy() -> Weight {
        Self::of(CLEAR_POLICY)
    }

    fn grant() -> Weight {
        Self::of(GRANT)
    }

    fn revoke() -> Weight {
        Self::of(REVOKE)
    }

    fn remove_expired() -> Weight {
        Self::of(REMOVE_EXPIRED)
    }

    fn remove_orphaned() -> Weight {
        Self::of(REMOVE_ORPHANED)
    }

    fn permit_by_rule() -> Weight {
        Self::of(PERMIT_BY_RULE)
    }

    fn permit_by_grant() -> Weight {
        Self::of(PERMIT_BY_GRANT)
    }

    fn permit_metered() -> Weight {
        Self::of(PERMIT_METERED)
    }

    fn undo() -> Weight {
        Self::of(UNDO)
    }

    fn removed() -> Weight {
        Self::of(REMOVED)
    }
}
