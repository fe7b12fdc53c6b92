//! The calls, in their order.

use defaas_primitives::FunctionId;
use defaas_traits::Catalog;
use frame_support::{ensure, traits::Consideration};
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System};
use sp_runtime::{DispatchError, DispatchResult};

use crate::{
    decision::{decide, Decision},
    deposits, Config, Error, Event, Grant, GrantOf, Grants, Pallet, Policies, Policy, Quota, Rule,
    Rules, Serials,
};

/// Who may call a function without a policy.
const DEFAULT_RULES: [Rule; 1] = [Rule::Owner];

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_policy(
        who: T::AccountId,
        function: FunctionId,
        mut rules: Rules,
    ) -> DispatchResult {
        Self::ensure_owner(&who, function)?;
        ensure!(!rules.is_empty(), Error::<T>::NoRules);
        rules.sort();
        ensure!(is_strictly_ascending(&rules), Error::<T>::RepeatedRule);

        let before = Policies::<T>::get(function).map(|policy| (policy.depositor, policy.ticket));
        let ticket = deposits::taken::<T>(&who, deposits::of_policy::<T>(), before)?;
        Policies::<T>::insert(
            function,
            Policy {
                rules,
                depositor: who,
                ticket,
            },
        );
        Self::deposit_event(Event::PolicySet { function });
        Ok(())
    }

    pub(crate) fn do_clear_policy(who: &T::AccountId, function: FunctionId) -> DispatchResult {
        Self::ensure_owner(who, function)?;
        let policy = Policies::<T>::take(function).ok_or(Error::<T>::PolicyNotFound)?;
        policy.ticket.drop(&policy.depositor)?;
        Self::deposit_event(Event::PolicyCleared { function });
        Ok(())
    }

    pub(crate) fn do_grant(
        who: T::AccountId,
        function: FunctionId,
        account: T::AccountId,
        expiry: Option<BlockNumberFor<T>>,
        quota: Option<u32>,
    ) -> DispatchResult {
        Self::ensure_owner(&who, function)?;
        ensure!(
            expiry.is_none_or(|expiry| expiry > System::<T>::block_number()),
            Error::<T>::Expired
        );
        ensure!(quota != Some(0), Error::<T>::InvalidQuota);
        let serial = Serials::<T>::get(function)
            .checked_add(1)
            .ok_or(Error::<T>::TooManyGrants)?;

        let before =
            Grants::<T>::get(function, &account).map(|grant| (grant.depositor, grant.ticket));
        let ticket = deposits::taken::<T>(&who, deposits::of_grant::<T>(), before)?;
        Serials::<T>::insert(function, serial);
        Grants::<T>::insert(
            function,
            &account,
            Grant {
                expiry,
                quota: quota.map(|limit| Quota { limit, used: 0 }),
                serial,
                depositor: who,
                ticket,
            },
        );
        Self::deposit_event(Event::Granted {
            function,
            account,
            serial,
        });
        Ok(())
    }

    pub(crate) fn do_revoke(
        who: &T::AccountId,
        function: FunctionId,
        account: T::AccountId,
    ) -> DispatchResult {
        Self::ensure_owner(who, function)?;
        Self::remove_grant(function, &account, |_| Ok(()))?;
        Self::deposit_event(Event::Revoked { function, account });
        Ok(())
    }

    pub(crate) fn do_remove_expired(function: FunctionId, account: T::AccountId) -> DispatchResult {
        Self::remove_grant(function, &account, |grant| {
            ensure!(
                grant.is_expired(System::<T>::block_number()),
                Error::<T>::NotExpired
            );
            Ok(())
        })?;
        Self::deposit_event(Event::GrantRemoved { function, account });
        Ok(())
    }

    pub(crate) fn do_remove_orphaned(
        function: FunctionId,
        account: T::AccountId,
    ) -> DispatchResult {
        ensure!(
            T::Catalog::owner_of(function).is_none(),
            Error::<T>::NotOrphaned
        );
        Self::remove_grant(function, &account, |_| Ok(()))?;
        Self::deposit_event(Event::GrantRemoved { function, account });
        Ok(())
    }

    /// Whether the rules let `account` in.
    pub(crate) fn is_let_in(function: FunctionId, account: &T::AccountId) -> bool {
        let Some(owner) = T::Catalog::owner_of(function) else {
            return false;
        };
        let (decision, _) = Self::decision(function, &owner, account);
        !matches!(decision, Decision::Refused(_))
    }

    /// What the rules say to `account`, and whether its grant had to be looked up.
    pub(crate) fn decision(
        function: FunctionId,
        owner: &T::AccountId,
        account: &T::AccountId,
    ) -> (Decision<GrantOf<T>>, bool) {
        let policy = Policies::<T>::get(function);
        let rules = policy
            .as_ref()
            .map_or(&DEFAULT_RULES[..], |policy| policy.rules.as_slice());
        let mut looked_up = false;
        let decision = decide(rules, account == owner, System::<T>::block_number(), || {
            looked_up = true;
            Grants::<T>::get(function, account)
        });
        (decision, looked_up)
    }

    fn ensure_owner(who: &T::AccountId, function: FunctionId) -> DispatchResult {
        let owner = T::Catalog::owner_of(function).ok_or(Error::<T>::NotFound)?;
        ensure!(owner == *who, Error::<T>::NotOwner);
        Ok(())
    }

    /// Removes a grant if `check` lets it, and gives its deposit back.
    fn remove_grant(
        function: FunctionId,
        account: &T::AccountId,
        check: impl FnOnce(&GrantOf<T>) -> DispatchResult,
    ) -> Result<(), DispatchError> {
        let grant = Grants::<T>::get(function, account).ok_or(Error::<T>::GrantNotFound)?;
        check(&grant)?;
        Grants::<T>::remove(function, account);
        grant.ticket.drop(&grant.depositor)
    }
}

/// Whether rules are sorted and none is there twice.
pub(crate) fn is_strictly_ascending(rules: &[Rule]) -> bool {
    rules.is_sorted_by(|a, b| a < b)
}
