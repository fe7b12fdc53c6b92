//! Lets callers in and counts what they use.

use defaas_primitives::{Principal, Via};
use defaas_traits::{AccessControl, FunctionRef, Permit};
use frame_support::weights::Weight;
use sp_runtime::DispatchError;

use crate::{
    decision::{Decision, Refusal},
    Config, Error, Grant, GrantOf, Grants, Pallet, Quota, WeightInfo,
};

impl<T: Config> AccessControl<T::AccountId> for Pallet<T> {
    fn max_weight() -> Weight {
        T::WeightInfo::permit_metered()
    }

    fn permit(
        principal: &Principal<T::AccountId>,
        function: &FunctionRef<T::AccountId>,
    ) -> Result<(Permit<T::AccountId>, Weight), (DispatchError, Weight)> {
        if principal.via != Via::Direct {
            // Nothing was looked up. Until delegates and triggers have rules of their own, nobody
            // acts in another's name.
            return Err((Error::<T>::Unsupported.into(), Weight::zero()));
        }
        let account = &principal.account;
        let (decision, looked_up) = Self::decision(function.function, &function.owner, account);
        let decided = if looked_up {
            T::WeightInfo::permit_by_grant()
        } else {
            T::WeightInfo::permit_by_rule()
        };
        match decision {
            Decision::Free => Ok((Permit::Unmetered, decided)),
            Decision::Granted(Grant { quota: None, .. }) => Ok((Permit::Unmetered, decided)),
            Decision::Granted(
                grant @ Grant {
                    quota: Some(quota), ..
                },
            ) => {
                let permit = Self::use_one(principal, function, grant, quota);
                Ok((permit, T::WeightInfo::permit_metered()))
            }
            Decision::Refused(refusal) => Err((Error::<T>::from(refusal).into(), decided)),
        }
    }

    fn undo(permit: &Permit<T::AccountId>) {
        let Permit::Grant {
            function,
            account,
            serial,
        } = permit
        else {
            return;
        };
        // An error only says that there is nothing to write: the grant is gone or another one.
        let _ = Grants::<T>::try_mutate(function, account, |grant| {
            let quota = grant
                .as_mut()
                .filter(|grant| grant.serial == *serial)
                .and_then(|grant| grant.quota.as_mut())
                .ok_or(())?;
            quota.used = quota.used.checked_sub(1).ok_or(())?;
            Ok::<_, ()>(())
        });
    }

    fn undo_weight() -> Weight {
        T::WeightInfo::undo()
    }
}

impl<T: Config> Pallet<T> {
    /// Takes one call of a quota that is not used up.
    fn use_one(
        principal: &Principal<T::AccountId>,
        function: &FunctionRef<T::AccountId>,
        grant: GrantOf<T>,
        quota: Quota,
    ) -> Permit<T::AccountId> {
        let serial = grant.serial;
        let used = quota.used.saturating_add(1);
        let quota = Some(Quota { used, ..quota });
        Grants::<T>::insert(
            function.function,
            &principal.account,
            Grant { quota, ..grant },
        );
        Permit::Grant {
            function: function.function,
            account: principal.account.clone(),
            serial,
        }
    }
}

impl<T> From<Refusal> for Error<T> {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAuthorized => Self::NotAuthorized,
            Refusal::Expired => Self::Expired,
            Refusal::QuotaExhausted => Self::QuotaExhausted,
        }
    }
}
