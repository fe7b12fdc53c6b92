//! Handing a function over, in two steps: nobody is given a function, with its deposits, unasked.

use alloc::vec::Vec;
use defaas_primitives::{FunctionId, Name};
use defaas_traits::OnFunction;
use frame_support::{ensure, weights::Weight};
use sp_runtime::{DispatchError, DispatchResult};

use crate::{
    deposits, Alias, Aliases, Config, Error, Event, FunctionIds, Functions, Pallet, Version,
    Versions, WeightInfo,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_transfer(
        who: &T::AccountId,
        function: FunctionId,
        to: T::AccountId,
    ) -> DispatchResult {
        ensure!(to != *who, Error::<T>::OwnAlready);
        Self::change(who, function, |record| {
            record.offered_to = Some(to.clone());
            Ok(())
        })?;
        Self::deposit_event(Event::TransferOffered { function, to });
        Ok(())
    }

    pub(crate) fn do_cancel_transfer(who: &T::AccountId, function: FunctionId) -> DispatchResult {
        Self::change(who, function, |record| {
            ensure!(record.offered_to.is_some(), Error::<T>::NoOffer);
            record.offered_to = None;
            Ok(())
        })?;
        Self::deposit_event(Event::TransferCancelled { function });
        Ok(())
    }

    /// Returns the weight used.
    pub(crate) fn do_accept(
        new: T::AccountId,
        function: FunctionId,
    ) -> Result<Weight, DispatchError> {
        let mut record = Functions::<T>::get(function).ok_or(Error::<T>::NotFound)?;
        ensure!(
            record.offered_to.as_ref() == Some(&new),
            Error::<T>::NotOffered
        );
        ensure!(
            !FunctionIds::<T>::contains_key(&new, &record.name),
            Error::<T>::AlreadyExists
        );

        let old = core::mem::replace(&mut record.owner, new.clone());
        record.offered_to = None;
        record.ticket =
            deposits::moved::<T>(record.ticket, deposits::of_function::<T>(), &old, &new)?;
        for number in 1..=record.versions {
            let version =
                Versions::<T>::get(function, number).ok_or(Error::<T>::VersionNotFound)?;
            let footprint = deposits::of_version::<T>(&version.spec.code);
            let ticket = deposits::moved::<T>(version.ticket, footprint, &old, &new)?;
            Versions::<T>::insert(function, number, Version { ticket, ..version });
        }
        // The names first: a map must not change while it is walked.
        let names: Vec<Name> = Aliases::<T>::iter_key_prefix(function).collect();
        for name in names {
            let alias = Aliases::<T>::get(function, &name).ok_or(Error::<T>::AliasNotFound)?;
            let ticket = deposits::moved::<T>(alias.ticket, deposits::of_alias::<T>(), &old, &new)?;
            Aliases::<T>::insert(function, &name, Alias { ticket, ..alias });
        }
        FunctionIds::<T>::remove(&old, &record.name);
        FunctionIds::<T>::insert(&new, &record.name, function);
        let used = T::WeightInfo::accept(record.versions, record.aliases);
        Functions::<T>::insert(function, record);
        let told = T::OnFunction::transferred(function, &old, &new);
        Self::deposit_event(Event::FunctionTransferred {
            function,
            from: old,
            to: new,
        });
        Ok(used.saturating_add(told))
    }
}
