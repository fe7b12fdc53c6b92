//! What verdicts lead to: score for all of them, and for silence a slice of the bond, or jail.

use defaas_primitives::{Balance, ProviderId};
use defaas_traits::Verdict;
use frame_support::{
    defensive,
    storage::with_storage_layer,
    traits::{
        fungible::hold::Mutate,
        tokens::{Fortitude, Precision, Restriction},
        Get,
    },
};

use crate::{
    health::LastVerdict,
    pallet::{Config, Event, Evicting, HoldReason, Pallet, Providers, RecentHealth, Ticks},
    types::{Provider, Status},
};

impl<T: Config> Pallet<T> {
    /// Keeps score, counts the provider and punishes silence, unless the network is ill. A provider
    /// that is gone does not count: no bond stands behind it.
    pub(crate) fn do_judge(id: ProviderId, verdict: Verdict) {
        let Some(mut provider) = Providers::<T>::get(id) else {
            return;
        };
        let latest = LastVerdict {
            tick: Ticks::<T>::get(),
            silent: verdict == Verdict::Silent,
        };
        let before = provider.judged.replace(latest);
        let ill = RecentHealth::<T>::mutate(|health| {
            health.record(before, latest);
            health.is_ill(latest.tick)
        });
        provider.score = provider.score.judged(verdict, Self::now());
        if latest.silent && !ill {
            Self::punish(id, &mut provider);
        }
        Providers::<T>::insert(id, provider);
    }

    /// Takes a slice, down to the floor at most. At the floor comes jail.
    fn punish(id: ProviderId, provider: &mut Provider<T::AccountId>) {
        let floor = T::FloorBond::get();
        let slice = T::Slice::get().min(provider.bond.saturating_sub(floor));
        let taken = Self::slash(&provider.account, slice);
        if taken > 0 {
            provider.bond = provider.bond.saturating_sub(taken);
            Self::deposit_event(Event::Slashed {
                provider: id,
                amount: taken,
            });
        }
        if provider.bond <= floor && provider.status == Status::Active {
            if provider.serves() {
                Evicting::<T>::insert(id, ());
            }
            provider.status = Status::Jailed;
            Self::deposit_event(Event::Jailed { provider: id });
        }
    }

    /// Moves up to `amount` of the bond of `account` to the treasury and returns how much. A
    /// transfer, not a burn, so that the issuance does not change; if the treasury cannot receive
    /// it, nothing is taken.
    fn slash(account: &T::AccountId, amount: Balance) -> Balance {
        if amount == 0 {
            return 0;
        }
        // Forced: a freeze on the account must not shield the bond.
        with_storage_layer(|| {
            T::Currency::transfer_on_hold(
                &HoldReason::Bond.into(),
                account,
                &T::Treasury::get(),
                amount,
                Precision::BestEffort,
                Restriction::Free,
                Fortitude::Force,
            )
        })
        .unwrap_or_else(|_| {
            defensive!("the treasury can receive a slice");
            0
        })
    }
}
