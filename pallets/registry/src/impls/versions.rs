//! Publishing versions and putting them back into service.

use defaas_primitives::{AliasTarget, FunctionId, VersionNumber};
use frame_support::{
    ensure,
    traits::{Consideration, Get},
};
use sp_runtime::{DispatchError, DispatchResult};

use super::latest;
use crate::{
    deposits, Config, Error, Event, FunctionOf, Functions, Pallet, Version, VersionSpec, Versions,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_publish_version(
        who: &T::AccountId,
        function: FunctionId,
        spec: VersionSpec,
    ) -> DispatchResult {
        Self::ensure_spec(&spec)?;
        let mut record = Self::changeable(who, function)?;
        Self::add_version(function, &mut record, spec)?;
        Functions::<T>::insert(function, record);
        Ok(())
    }

    pub(crate) fn do_reinstate(
        who: &T::AccountId,
        function: FunctionId,
        version: VersionNumber,
    ) -> DispatchResult {
        Self::changeable(who, function)?;
        Versions::<T>::try_mutate(function, version, |entry| {
            let entry = entry.as_mut().ok_or(Error::<T>::VersionNotFound)?;
            ensure!(entry.suspended.is_some(), Error::<T>::NotSuspended);
            entry.suspended = None;
            Ok::<_, DispatchError>(())
        })?;
        Self::deposit_event(Event::VersionReinstated { function, version });
        Ok(())
    }

    /// Adds the next version and moves `latest` to it. `record` is the caller's to store.
    pub(super) fn add_version(
        function: FunctionId,
        record: &mut FunctionOf<T>,
        spec: VersionSpec,
    ) -> DispatchResult {
        ensure!(
            record.versions < T::MaxVersions::get(),
            Error::<T>::TooManyVersions
        );
        record.versions = record.versions.saturating_add(1);
        let version = record.versions;
        let ticket = T::Deposit::new(&record.owner, deposits::of_version::<T>(&spec.code))?;
        Versions::<T>::insert(
            function,
            version,
            Version {
                spec,
                suspended: None,
                ticket,
            },
        );
        Self::deposit_event(Event::VersionPublished { function, version });
        Self::point_alias(function, record, latest(), AliasTarget::Version(version))
    }
}
