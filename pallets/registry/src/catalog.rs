//! What other pallets learn of functions.

use defaas_primitives::{FunctionId, Selector, VersionNumber};
use defaas_traits::{Catalog, Resolved, SuspendReason};
use frame_support::{ensure, weights::Weight};
use sp_runtime::DispatchError;

use crate::{
    split, Aliases, Config, Error, Event, Functions, Pallet, Status, Versions, WeightInfo,
};

impl<T: Config> Catalog<T::AccountId> for Pallet<T> {
    fn resolve(
        function: FunctionId,
        selector: &Selector,
        salt: &[u8; 32],
    ) -> Result<Resolved<T::AccountId>, DispatchError> {
        Self::do_resolve(function, selector, salt)
    }

    fn owner_of(function: FunctionId) -> Option<T::AccountId> {
        Functions::<T>::get(function).map(|record| record.owner)
    }

    fn suspend(function: FunctionId, version: VersionNumber, reason: SuspendReason) {
        Versions::<T>::mutate_exists(function, version, |entry| {
            let Some(entry) = entry.as_mut().filter(|entry| entry.suspended.is_none()) else {
                return;
            };
            entry.suspended = Some(reason);
            Self::deposit_event(Event::VersionSuspended {
                function,
                version,
                reason,
            });
        });
    }

    fn resolve_weight() -> Weight {
        T::WeightInfo::resolve()
    }

    fn suspend_weight() -> Weight {
        T::WeightInfo::suspend()
    }
}

impl<T: Config> Pallet<T> {
    /// An alias that splits its calls picks among all its versions, whatever their state: a
    /// suspended one fails the calls that fall to it, instead of silently changing the split that
    /// the owner chose.
    pub(crate) fn do_resolve(
        function: FunctionId,
        selector: &Selector,
        salt: &[u8; 32],
    ) -> Result<Resolved<T::AccountId>, DispatchError> {
        let record = Functions::<T>::get(function).ok_or(Error::<T>::NotFound)?;
        match record.status {
            Status::Active => (),
            Status::Paused(_) => return Err(Error::<T>::Paused.into()),
            Status::Retired { .. } => return Err(Error::<T>::Retired.into()),
        }
        let number = match selector {
            Selector::Version(number) => *number,
            Selector::Alias(name) => {
                let alias = Aliases::<T>::get(function, name).ok_or(Error::<T>::AliasNotFound)?;
                split::pick(&alias.target, salt).ok_or(Error::<T>::InvalidTarget)?
            }
        };
        let version = Versions::<T>::get(function, number).ok_or(Error::<T>::VersionNotFound)?;
        ensure!(version.suspended.is_none(), Error::<T>::Suspended);
        Ok(Resolved {
            function,
            owner: record.owner,
            version: number,
            code: version.spec.code,
            limits: version.spec.limits,
            deterministic: version.spec.deterministic,
            verification: version.spec.verification,
            required: record.placement.required,
            source: version.spec.source,
            fee: record.fee,
        })
    }
}
