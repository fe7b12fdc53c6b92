//! Moving aliases.

use defaas_primitives::{AliasTarget, FunctionId, Name};
use frame_support::{
    ensure,
    traits::{Consideration, Get},
};
use sp_runtime::{DispatchError, DispatchResult};

use super::latest;
use crate::{deposits, split, Alias, Aliases, Config, Error, Event, FunctionOf, Functions, Pallet};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_alias(
        who: &T::AccountId,
        function: FunctionId,
        alias: Name,
        target: AliasTarget,
    ) -> DispatchResult {
        ensure!(alias.is_valid(), Error::<T>::InvalidName);
        ensure!(alias != latest(), Error::<T>::Reserved);
        let mut record = Self::changeable(who, function)?;
        ensure!(
            split::is_valid(&target, record.versions),
            Error::<T>::InvalidTarget
        );
        Self::point_alias(function, &mut record, alias, target)?;
        Functions::<T>::insert(function, record);
        Ok(())
    }

    pub(crate) fn do_roll_back_alias(
        who: &T::AccountId,
        function: FunctionId,
        alias: Name,
    ) -> DispatchResult {
        Self::changeable(who, function)?;
        Aliases::<T>::try_mutate(function, &alias, |entry| {
            let entry = entry.as_mut().ok_or(Error::<T>::AliasNotFound)?;
            let previous = entry.previous.take().ok_or(Error::<T>::NothingToRollBack)?;
            entry.previous = Some(core::mem::replace(&mut entry.target, previous));
            Ok::<_, DispatchError>(())
        })?;
        Self::deposit_event(Event::AliasRolledBack { function, alias });
        Ok(())
    }

    pub(crate) fn do_remove_alias(
        who: &T::AccountId,
        function: FunctionId,
        alias: Name,
    ) -> DispatchResult {
        ensure!(alias != latest(), Error::<T>::Reserved);
        let mut record = Self::changeable(who, function)?;
        let removed = Aliases::<T>::take(function, &alias).ok_or(Error::<T>::AliasNotFound)?;
        removed.ticket.drop(who)?;
        record.aliases = record.aliases.saturating_sub(1);
        Functions::<T>::insert(function, record);
        Self::deposit_event(Event::AliasRemoved { function, alias });
        Ok(())
    }

    /// Points an alias to a valid target, creating it if need be. `record` is the caller's to
    /// store.
    pub(super) fn point_alias(
        function: FunctionId,
        record: &mut FunctionOf<T>,
        alias: Name,
        target: AliasTarget,
    ) -> DispatchResult {
        let entry = match Aliases::<T>::get(function, &alias) {
            // What it pointed to before stays known.
            Some(entry) if entry.target == target => return Ok(()),
            Some(entry) => Alias {
                target,
                previous: Some(entry.target),
                ticket: entry.ticket,
            },
            None => {
                ensure!(
                    record.aliases < T::MaxAliases::get(),
                    Error::<T>::TooManyAliases
                );
                record.aliases = record.aliases.saturating_add(1);
                Alias {
                    target,
                    previous: None,
                    ticket: T::Deposit::new(&record.owner, deposits::of_alias::<T>())?,
                }
            }
        };
        Aliases::<T>::insert(function, &alias, entry);
        Self::deposit_event(Event::AliasSet { function, alias });
        Ok(())
    }
}
