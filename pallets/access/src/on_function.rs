//! What becomes of policies and grants when a function changes hands or goes.

use defaas_primitives::FunctionId;
use defaas_traits::OnFunction;
use frame_support::{defensive, traits::Consideration, weights::Weight};

use crate::{Config, Pallet, Policies, Serials, WeightInfo};

impl<T: Config> OnFunction<T::AccountId> for Pallet<T> {
    /// Callers keep what they were granted, and the former owner's deposits stay with the records:
    /// moving them would take a number of steps that nobody bounds.
    fn transferred(_: FunctionId, _: &T::AccountId, _: &T::AccountId) -> Weight {
        Weight::zero()
    }

    /// The policy goes at once. Grants are as many as the owner paid for, so they stay, unusable,
    /// until somebody calls [`remove_orphaned`](Pallet::remove_orphaned).
    fn removed(function: FunctionId) -> Weight {
        Serials::<T>::remove(function);
        if let Some(policy) = Policies::<T>::take(function) {
            if policy.ticket.drop(&policy.depositor).is_err() {
                defensive!("a deposit that is on hold can be released");
            }
        }
        T::WeightInfo::removed()
    }

    fn max_weight() -> Weight {
        T::WeightInfo::removed()
    }
}
