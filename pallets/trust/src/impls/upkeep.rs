//! What a provider changes about itself.

use defaas_primitives::{Balance, WorkerId, WorkerSignature};
use frame_support::{
    ensure,
    sp_runtime::DispatchResult,
    traits::{fungible::hold::Mutate, Get},
};

use crate::{
    pallet::{Config, Error, Event, HoldReason, Pallet, Profiles, Providers, WorkerKeys},
    types::{Changes, Status},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_update(who: T::AccountId, changes: Changes) -> DispatchResult {
        let (id, mut provider, old) = Self::find(&who)?;
        let mut profile = old.clone();
        if let Some(endpoint) = changes.endpoint {
            ensure!(endpoint.is_valid(), Error::<T>::InvalidEndpoint);
            profile.endpoint = endpoint;
        }
        if let Some(labels) = changes.labels {
            ensure!(labels.is_valid(), Error::<T>::InvalidLabels);
            profile.labels = labels;
        }
        if let Some(capabilities) = changes.capabilities {
            ensure!(capabilities.is_valid(), Error::<T>::InvalidCapabilities);
            profile.capabilities = capabilities;
        }
        if let Some(capacity) = changes.capacity {
            Self::ensure_capacity(capacity)?;
            provider.capacity = capacity;
        }
        if changes.encryption_key.is_some() {
            profile.encryption_key = changes.encryption_key;
        }

        if !profile.is_placed_like(&old) && Self::claim_standing(id, &provider) {
            Self::exit_pools(id, &old);
            if provider.serves() {
                Self::enter_pools(id, &profile);
            }
        }
        Providers::<T>::insert(id, provider);
        Profiles::<T>::insert(id, profile);
        Self::deposit_event(Event::Updated { provider: id });
        Ok(())
    }

    pub(crate) fn do_set_worker_key(
        who: T::AccountId,
        worker_key: WorkerId,
        proof: &WorkerSignature,
    ) -> DispatchResult {
        let (id, mut provider, _) = Self::find(&who)?;
        ensure!(
            !WorkerKeys::<T>::contains_key(&worker_key),
            Error::<T>::WorkerKeyTaken
        );
        ensure!(
            Self::has_key(&who, &worker_key, proof),
            Error::<T>::BadProof
        );

        WorkerKeys::<T>::remove(&provider.worker);
        WorkerKeys::<T>::insert(&worker_key, id);
        // The sequence of notices goes on: were it reset, notices signed by a key that comes back
        // later could be sent again.
        provider.worker = worker_key.clone();
        Providers::<T>::insert(id, provider);
        Self::deposit_event(Event::WorkerKeyRotated {
            provider: id,
            worker_key,
        });
        Ok(())
    }

    pub(crate) fn do_bond_more(who: T::AccountId, amount: Balance) -> DispatchResult {
        let (id, mut provider, profile) = Self::find(&who)?;
        ensure!(
            !matches!(provider.status, Status::Leaving { .. }),
            Error::<T>::WrongState
        );
        let bond = provider
            .bond
            .checked_add(amount)
            .ok_or(Error::<T>::BondTooLarge)?;

        T::Currency::hold(&HoldReason::Bond.into(), &who, amount)?;

        provider.bond = bond;
        let freed = provider.status == Status::Jailed
            && bond >= T::MinBond::get()
            && bond > T::FloorBond::get();
        if freed {
            let stands = Self::claim_standing(id, &provider);
            provider.status = Status::Active;
            Self::restand(id, &profile, stands, provider.serves());
        }
        Providers::<T>::insert(id, provider);
        Self::deposit_event(Event::BondIncreased {
            provider: id,
            amount,
        });
        if freed {
            Self::deposit_event(Event::Freed { provider: id });
        }
        Ok(())
    }
}
