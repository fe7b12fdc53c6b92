//! Pages for the view functions. Each looks at a bounded number of keys, whatever is asked for.

use alloc::vec::Vec;
use defaas_primitives::{FunctionId, Name, VersionNumber};

use crate::{
    AliasOf, Aliases, Config, FunctionIds, FunctionOf, Functions, NextFunctionId, Page, Pallet,
    VersionOf, Versions, MAX_PAGE,
};

impl<T: Config> Pallet<T> {
    /// All aliases: there are never more than [`Config::MaxAliases`].
    pub(crate) fn all_aliases(function: FunctionId) -> Vec<(Name, AliasOf<T>)> {
        Aliases::<T>::iter_prefix(function).collect()
    }

    /// Versions from `from` up.
    pub(crate) fn page_of_versions(
        function: FunctionId,
        from: VersionNumber,
        limit: u32,
    ) -> Page<(VersionNumber, VersionOf<T>), VersionNumber> {
        let newest = Functions::<T>::get(function).map_or(0, |record| record.versions);
        let end = from
            .saturating_add(limit.min(MAX_PAGE))
            .min(newest.saturating_add(1));
        let items = (from..end)
            .filter_map(|number| Some((number, Versions::<T>::get(function, number)?)))
            .collect();
        let next = (end <= newest).then_some(end);
        Page { items, next }
    }

    /// Functions from `from` up.
    pub(crate) fn page_of_functions(
        from: FunctionId,
        limit: u32,
    ) -> Page<(FunctionId, FunctionOf<T>), FunctionId> {
        let total = NextFunctionId::<T>::get();
        let end = from
            .saturating_add(u64::from(limit.min(MAX_PAGE)))
            .min(total);
        let items = (from..end)
            .filter_map(|id| Some((id, Functions::<T>::get(id)?)))
            .collect();
        let next = (end < total).then_some(end);
        Page { items, next }
    }

    /// Functions of one owner, after the one of name `after`.
    pub(crate) fn page_of_owner(
        owner: T::AccountId,
        after: Option<Name>,
        limit: u32,
    ) -> Page<(Name, FunctionId), Name> {
        let mut rest = match after {
            Some(name) => {
                let start = FunctionIds::<T>::hashed_key_for(&owner, name);
                FunctionIds::<T>::iter_prefix_from(&owner, start)
            }
            None => FunctionIds::<T>::iter_prefix(&owner),
        };
        let limit = limit.min(MAX_PAGE) as usize;
        let items: Vec<_> = rest.by_ref().take(limit).collect();
        let more = rest.next().is_some();
        let next = items.last().filter(|_| more).map(|(name, _)| name.clone());
        Page { items, next }
    }
}
