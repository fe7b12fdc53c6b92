//! The seam [`Providers`](defaas_traits::Providers): draws, books, keeps score.

use defaas_primitives::{Balance, ProviderId};
use defaas_traits::{Chosen, Draw, Requirements, Verdict};
use frame_support::{defensive, traits::Get, weights::Weight};

use crate::{
    draw::{draw, HashChain, MAX_SAMPLES},
    pallet::{Config, Pallet, PoolMembers, PoolSizes, Providers},
    weights::WeightInfo,
};

impl<T: Config> defaas_traits::Providers<T::AccountId> for Pallet<T> {
    fn any(requirements: &Requirements) -> bool {
        PoolSizes::<T>::contains_key(requirements)
    }

    fn draw(
        requirements: &Requirements,
        seed: [u8; 32],
        excluded: &[ProviderId],
        exposure: Balance,
    ) -> Draw<T::AccountId> {
        let now = Self::now();
        let bond_per_slot = T::BondPerSlot::get();
        let size = PoolSizes::<T>::get(requirements);
        // Whoever was not looked at may have room.
        let mut is_worth_waiting = size as usize > MAX_SAMPLES;
        let drawn = draw(&mut HashChain::new(seed), size, |index| {
            let id = PoolMembers::<T>::get(requirements, index)?;
            if excluded.contains(&id) {
                return None;
            }
            let provider = Providers::<T>::get(id)?;
            is_worth_waiting |= provider.could_take(exposure, bond_per_slot);
            let burden = provider.burden(exposure, bond_per_slot, now)?;
            Some((burden, (id, provider)))
        });
        let Some((id, mut provider)) = drawn else {
            return if is_worth_waiting {
                Draw::Full
            } else {
                Draw::Nobody
            };
        };

        // Neither overflows: the load is below a capacity, the sum of exposures within the bond.
        provider.load = provider.load.saturating_add(1);
        provider.exposure = provider.exposure.saturating_add(exposure);
        let chosen = Chosen {
            provider: id,
            account: provider.account.clone(),
            worker: provider.worker.clone(),
        };
        Providers::<T>::insert(id, provider);
        Draw::Chosen(chosen)
    }

    fn close(id: ProviderId, exposure: Balance) {
        let Some(mut provider) = Providers::<T>::get(id) else {
            defensive!("a provider with open assignments cannot withdraw");
            return;
        };
        let load = provider.load.checked_sub(1);
        let exposed = provider.exposure.checked_sub(exposure);
        if load.is_none() || exposed.is_none() || (load == Some(0) && exposed != Some(0)) {
            defensive!("what is closed was drawn, with this exposure");
        }
        provider.load = load.unwrap_or_default();
        // Without open assignments nothing is exposed, whatever was closed wrongly before.
        provider.exposure = match provider.load {
            0 => 0,
            _ => exposed.unwrap_or_default(),
        };
        Providers::<T>::insert(id, provider);
    }

    fn judge(id: ProviderId, verdict: Verdict) {
        Self::do_judge(id, verdict);
    }

    fn draw_weight() -> Weight {
        T::WeightInfo::draw()
    }

    fn close_weight() -> Weight {
        T::WeightInfo::close()
    }

    fn judge_weight(verdict: Verdict) -> Weight {
        match verdict {
            Verdict::Delivered | Verdict::Failed => T::WeightInfo::judge_spoken(),
            Verdict::Silent => T::WeightInfo::judge_silent(),
        }
    }
}
