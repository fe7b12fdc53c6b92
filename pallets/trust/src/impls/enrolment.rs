//! How a provider comes and goes.

use alloc::vec::Vec;
use defaas_primitives::{Balance, ProviderId, WorkerId, WorkerSignature};
use frame_support::{
    ensure,
    sp_runtime::{traits::SaturatedConversion, BoundedVec, DispatchError, DispatchResult},
    traits::{fungible::hold::Mutate, tokens::Precision, Get},
};

use crate::{
    genesis::Initial,
    pallet::{
        Config, Error, Event, HoldReason, InitialValidators, NextProviderId, Pallet, Profiles,
        ProviderIds, Providers, RecentHealth, WorkerKeys,
    },
    score::Score,
    types::{Offer, Profile, Provider, Status},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_register(
        who: T::AccountId,
        worker_key: WorkerId,
        proof: &WorkerSignature,
        bond: Balance,
        offer: Offer,
    ) -> DispatchResult {
        ensure!(
            Self::has_key(&who, &worker_key, proof),
            Error::<T>::BadProof
        );
        let provider = Self::enroll(who.clone(), worker_key, bond, offer)?;
        Self::deposit_event(Event::Registered {
            provider,
            account: who,
        });
        Ok(())
    }

    /// Everything a registration does but the proof and the event.
    pub(crate) fn enroll(
        account: T::AccountId,
        worker: WorkerId,
        bond: Balance,
        offer: Offer,
    ) -> Result<ProviderId, DispatchError> {
        ensure!(
            !ProviderIds::<T>::contains_key(&account),
            Error::<T>::AlreadyExists
        );
        ensure!(
            !WorkerKeys::<T>::contains_key(&worker),
            Error::<T>::WorkerKeyTaken
        );
        Self::ensure_offer(&offer)?;
        ensure!(bond >= T::MinBond::get(), Error::<T>::BondTooSmall);
        let id = NextProviderId::<T>::get();
        let next = id.checked_add(1).ok_or(Error::<T>::TooManyProviders)?;

        T::Currency::hold(&HoldReason::Bond.into(), &account, bond)?;

        let provider = Provider {
            account: account.clone(),
            worker: worker.clone(),
            bond,
            capacity: offer.capacity,
            load: 0,
            exposure: 0,
            score: Score::neutral(Self::now()),
            status: Status::Active,
            available: true,
            judged: None,
        };
        let profile = Profile {
            endpoint: offer.endpoint,
            labels: offer.labels,
            capabilities: offer.capabilities,
            encryption_key: offer.encryption_key,
            sequence: 0,
            announced_at: None,
            switched_at: None,
        };
        Self::enter_pools(id, &profile);
        NextProviderId::<T>::put(next);
        ProviderIds::<T>::insert(account, id);
        WorkerKeys::<T>::insert(worker, id);
        Providers::<T>::insert(id, provider);
        Profiles::<T>::insert(id, profile);
        Ok(id)
    }

    /// Registers the initial validators.
    ///
    /// # Panics
    /// If one of them could not have registered, proof aside: such a chain must not start.
    pub(crate) fn build_genesis(validators: &[Initial<T::AccountId>]) {
        for (index, initial) in validators.iter().enumerate() {
            let enrolled = initial
                .offer()
                .ok_or(DispatchError::Other("invalid endpoint or label"))
                .and_then(|offer| {
                    let (account, key) = (initial.account.clone(), initial.worker_key.clone());
                    Self::enroll(account, key, initial.bond, offer)
                });
            if let Err(error) = enrolled {
                panic!("initial validator {index} cannot be a provider: {error:?}");
            }
        }
        let accounts: Vec<_> = validators.iter().map(|v| v.account.clone()).collect();
        InitialValidators::<T>::put(
            BoundedVec::try_from(accounts).expect("no more initial validators than MaxValidators"),
        );
    }

    pub(crate) fn do_leave(who: T::AccountId) -> DispatchResult {
        let (id, mut provider, profile) = Self::find(&who)?;
        ensure!(
            !matches!(provider.status, Status::Leaving { .. }),
            Error::<T>::WrongState
        );
        let until = Self::now().saturating_add(T::UnbondingDelay::get().saturated_into());

        if Self::claim_standing(id, &provider) {
            Self::exit_pools(id, &profile);
        }
        provider.status = Status::Leaving { until };
        Providers::<T>::insert(id, provider);
        Self::deposit_event(Event::Left {
            provider: id,
            until,
        });
        Ok(())
    }

    pub(crate) fn do_withdraw(who: T::AccountId) -> DispatchResult {
        let (id, provider, _) = Self::find(&who)?;
        let Status::Leaving { until } = provider.status else {
            return Err(Error::<T>::WrongState.into());
        };
        ensure!(Self::now() >= until, Error::<T>::TooEarly);
        ensure!(provider.load == 0, Error::<T>::Busy);

        let reason = HoldReason::Bond.into();
        T::Currency::release(&reason, &who, provider.bond, Precision::Exact)?;
        if let Some(last) = provider.judged {
            RecentHealth::<T>::mutate(|health| health.forget(last));
        }
        Providers::<T>::remove(id);
        Profiles::<T>::remove(id);
        ProviderIds::<T>::remove(&who);
        WorkerKeys::<T>::remove(&provider.worker);
        Self::deposit_event(Event::Withdrawn {
            provider: id,
            amount: provider.bond,
        });
        Ok(())
    }

    fn ensure_offer(offer: &Offer) -> DispatchResult {
        ensure!(offer.endpoint.is_valid(), Error::<T>::InvalidEndpoint);
        ensure!(offer.labels.is_valid(), Error::<T>::InvalidLabels);
        ensure!(
            offer.capabilities.is_valid(),
            Error::<T>::InvalidCapabilities
        );
        Self::ensure_capacity(offer.capacity)
    }

    pub(crate) fn ensure_capacity(capacity: u32) -> DispatchResult {
        ensure!(capacity > 0, Error::<T>::CapacityTooSmall);
        ensure!(
            capacity <= T::MaxCapacity::get(),
            Error::<T>::CapacityTooLarge
        );
        Ok(())
    }
}
