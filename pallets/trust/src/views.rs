//! What the view functions show.

use alloc::vec::Vec;
use defaas_primitives::ProviderId;
use frame_support::traits::Get;

use crate::{
    pallet::{Config, NextProviderId, Pallet, Profiles, Providers},
    types::{ProviderInfo, ProviderPage},
};

/// Most providers on a page.
const MAX_PAGE: u32 = 100;
/// Most ids looked at for a page: ids of those who left stay empty for ever.
const MAX_WALK: u32 = 1_000;

impl<T: Config> Pallet<T> {
    pub(crate) fn view_provider(id: ProviderId) -> Option<ProviderInfo<T::AccountId>> {
        let provider = Providers::<T>::get(id)?;
        let profile = Profiles::<T>::get(id)?;
        Some(ProviderInfo {
            id,
            effective_capacity: provider.effective_capacity(T::BondPerSlot::get()),
            score: provider.score.at(Self::now()),
            provider,
            profile,
        })
    }

    pub(crate) fn view_providers(from: ProviderId, limit: u32) -> ProviderPage<T::AccountId> {
        let end = NextProviderId::<T>::get();
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let mut providers = Vec::new();
        let mut next = from;
        while next < end && next - from < MAX_WALK && providers.len() < limit {
            providers.extend(Self::view_provider(next));
            next += 1;
        }
        ProviderPage {
            providers,
            next: (next < end).then_some(next),
        }
    }
}
