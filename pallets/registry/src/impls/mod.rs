//! The calls, in their order, by what they act on.

mod aliases;
mod functions;
mod ownership;
mod validate;
mod versions;

use alloc::vec::Vec;
use defaas_primitives::{FunctionId, Name};
use frame_support::{ensure, BoundedVec};
use sp_runtime::{DispatchError, DispatchResult};

use crate::{Config, Error, FunctionOf, Functions, Pallet, Status, LATEST};

/// The alias that the pallet moves by itself.
pub(crate) fn latest() -> Name {
    Name(BoundedVec::truncate_from(Vec::from(LATEST)))
}

impl<T: Config> Pallet<T> {
    /// The function, if it is `who`'s.
    fn owned(who: &T::AccountId, function: FunctionId) -> Result<FunctionOf<T>, DispatchError> {
        let record = Functions::<T>::get(function).ok_or(Error::<T>::NotFound)?;
        ensure!(record.owner == *who, Error::<T>::NotOwner);
        Ok(record)
    }

    /// The function, if it is `who`'s and may still change.
    fn changeable(
        who: &T::AccountId,
        function: FunctionId,
    ) -> Result<FunctionOf<T>, DispatchError> {
        let record = Self::owned(who, function)?;
        ensure!(
            !matches!(record.status, Status::Retired { .. }),
            Error::<T>::Retired
        );
        Ok(record)
    }

    /// Changes the function's own record.
    fn change(
        who: &T::AccountId,
        function: FunctionId,
        change: impl FnOnce(&mut FunctionOf<T>) -> DispatchResult,
    ) -> DispatchResult {
        let mut record = Self::changeable(who, function)?;
        change(&mut record)?;
        Functions::<T>::insert(function, record);
        Ok(())
    }
}
