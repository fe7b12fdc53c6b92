//! What the calls and hooks do, by group.
//!
//! | file | holds |
//! |---|---|
//! | [`enrolment`] | register, genesis, leave, withdraw |
//! | [`upkeep`] | update, rotation of keys, more bond |
//! | [`notices`] | authorized calls of workers |
//! | [`membership`] | pools in storage |
//! | [`discipline`] | score, slices, jail |

pub(crate) mod discipline;
pub(crate) mod enrolment;
pub(crate) mod membership;
pub(crate) mod notices;
pub(crate) mod upkeep;

use defaas_primitives::{
    worker::possession_payload, BlockNumber, Hash, ProviderId, WorkerId, WorkerSignature,
};
use frame_support::{
    sp_runtime::{
        traits::{SaturatedConversion, Zero},
        DispatchError,
    },
    weights::{Weight, WeightMeter},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_application_crypto::RuntimeAppPublic;

use crate::{
    impls::membership::MAX_EVICTIONS,
    pallet::{Config, Error, Pallet, Profiles, ProviderIds, Providers, Ticks},
    types::{Profile, Provider},
    weights::WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// Once per block, before its transactions. Where there is no room for it, the tick stands still.
    pub(crate) fn do_poll(meter: &mut WeightMeter) {
        if meter.try_consume(T::WeightInfo::poll()).is_err() {
            return;
        }
        // 2³² ticks of 2 s are 272 years.
        Ticks::<T>::mutate(|ticks| *ticks = ticks.saturating_add(1));
        Self::evict_jailed(meter);
    }

    /// The most that the hook takes of a block.
    pub fn max_poll_weight() -> Weight {
        T::WeightInfo::poll()
            .saturating_add(T::WeightInfo::evict().saturating_mul(MAX_EVICTIONS.into()))
    }

    /// The block that is being executed.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    pub(crate) fn genesis_hash() -> Hash {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
    }

    /// The provider of `account`, in both records.
    #[allow(clippy::type_complexity)]
    fn find(
        account: &T::AccountId,
    ) -> Result<(ProviderId, Provider<T::AccountId>, Profile), DispatchError> {
        let id = ProviderIds::<T>::get(account).ok_or(Error::<T>::NotFound)?;
        let provider = Providers::<T>::get(id).ok_or(Error::<T>::NotFound)?;
        let profile = Profiles::<T>::get(id).ok_or(Error::<T>::NotFound)?;
        Ok((id, provider, profile))
    }

    /// Whether `proof` shows that `account` has the secret of `worker_key`.
    fn has_key(account: &T::AccountId, worker_key: &WorkerId, proof: &WorkerSignature) -> bool {
        let payload = possession_payload(&Self::genesis_hash(), account);
        worker_key.verify(&payload, proof)
    }
}
