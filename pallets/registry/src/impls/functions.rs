//! Publishing, changing, retiring and removing functions.

use defaas_primitives::{Balance, Cid, FunctionId, Name, Placement};
use defaas_traits::OnFunction;
use frame_support::{
    ensure,
    traits::{Consideration, Get},
    weights::Weight,
};
use frame_system::Pallet as System;
use sp_runtime::{traits::Saturating, ArithmeticError, DispatchError, DispatchResult};

use crate::{
    deposits, Aliases, Config, Error, Event, Function, FunctionIds, Functions, NextFunctionId,
    Pallet, Reason, Status, VersionSpec, Versions, WeightInfo,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_publish(
        owner: T::AccountId,
        name: Name,
        description: Option<Cid>,
        fee: Balance,
        placement: Placement,
        spec: VersionSpec,
    ) -> DispatchResult {
        ensure!(name.is_valid(), Error::<T>::InvalidName);
        Self::ensure_cid(description.as_ref())?;
        Self::ensure_placement(&placement)?;
        Self::ensure_spec(&spec)?;
        ensure!(
            !FunctionIds::<T>::contains_key(&owner, &name),
            Error::<T>::AlreadyExists
        );
        let function = NextFunctionId::<T>::get();
        let next = function.checked_add(1).ok_or(ArithmeticError::Overflow)?;

        let mut record = Function {
            ticket: T::Deposit::new(&owner, deposits::of_function::<T>())?,
            owner: owner.clone(),
            name: name.clone(),
            description,
            status: Status::Active,
            fee,
            placement,
            versions: 0,
            aliases: 0,
            offered_to: None,
        };
        NextFunctionId::<T>::put(next);
        FunctionIds::<T>::insert(&owner, &name, function);
        Self::deposit_event(Event::FunctionPublished {
            function,
            owner,
            name,
        });
        Self::add_version(function, &mut record, spec)?;
        Functions::<T>::insert(function, record);
        Ok(())
    }

    pub(crate) fn do_set_fee(
        who: &T::AccountId,
        function: FunctionId,
        fee: Balance,
    ) -> DispatchResult {
        Self::change(who, function, |record| {
            record.fee = fee;
            Ok(())
        })?;
        Self::deposit_event(Event::FeeSet { function, fee });
        Ok(())
    }

    pub(crate) fn do_set_placement(
        who: &T::AccountId,
        function: FunctionId,
        placement: Placement,
    ) -> DispatchResult {
        Self::ensure_placement(&placement)?;
        Self::change(who, function, |record| {
            record.placement = placement;
            Ok(())
        })?;
        Self::deposit_event(Event::PlacementSet { function });
        Ok(())
    }

    pub(crate) fn do_set_description(
        who: &T::AccountId,
        function: FunctionId,
        description: Option<Cid>,
    ) -> DispatchResult {
        Self::ensure_cid(description.as_ref())?;
        Self::change(who, function, |record| {
            record.description = description;
            Ok(())
        })?;
        Self::deposit_event(Event::DescriptionSet { function });
        Ok(())
    }

    pub(crate) fn do_pause(
        who: &T::AccountId,
        function: FunctionId,
        reason: Option<Reason>,
    ) -> DispatchResult {
        Self::ensure_reason(reason.as_ref())?;
        Self::change(who, function, |record| {
            ensure!(record.status == Status::Active, Error::<T>::WrongState);
            record.status = Status::Paused(reason);
            Ok(())
        })?;
        Self::deposit_event(Event::FunctionPaused { function });
        Ok(())
    }

    pub(crate) fn do_resume(who: &T::AccountId, function: FunctionId) -> DispatchResult {
        Self::change(who, function, |record| {
            ensure!(
                matches!(record.status, Status::Paused(_)),
                Error::<T>::WrongState
            );
            record.status = Status::Active;
            Ok(())
        })?;
        Self::deposit_event(Event::FunctionResumed { function });
        Ok(())
    }

    pub(crate) fn do_retire(who: &T::AccountId, function: FunctionId) -> DispatchResult {
        Self::change(who, function, |record| {
            record.status = Status::Retired {
                since: System::<T>::block_number(),
            };
            record.offered_to = None;
            Ok(())
        })?;
        Self::deposit_event(Event::FunctionRetired { function });
        Ok(())
    }

    /// Returns the weight used.
    pub(crate) fn do_remove(
        who: &T::AccountId,
        function: FunctionId,
    ) -> Result<Weight, DispatchError> {
        let record = Self::owned(who, function)?;
        let Status::Retired { since } = record.status else {
            return Err(Error::<T>::WrongState.into());
        };
        ensure!(
            System::<T>::block_number() >= since.saturating_add(T::RemovalDelay::get()),
            Error::<T>::TooEarly
        );

        for number in 1..=record.versions {
            if let Some(version) = Versions::<T>::take(function, number) {
                version.ticket.drop(who)?;
            }
        }
        for (_, alias) in Aliases::<T>::drain_prefix(function) {
            alias.ticket.drop(who)?;
        }
        FunctionIds::<T>::remove(who, &record.name);
        Functions::<T>::remove(function);
        record.ticket.drop(who)?;
        let told = T::OnFunction::removed(function);
        Self::deposit_event(Event::FunctionRemoved { function });
        Ok(T::WeightInfo::remove(record.versions, record.aliases).saturating_add(told))
    }
}
