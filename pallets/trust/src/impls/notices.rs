//! What workers say about themselves, in calls that cost them nothing.
//!
//! Such a call has no fee and no nonce, so what protects the chain is checked before it gets into a
//! block: the provider exists, the sequence number is new, the last notice of the kind is long
//! enough ago, and, last because it is dear, the signature. The first three cost a few reads. The
//! call itself then cannot fail: if it did, its number would not be used up and it could be sent
//! again for ever.

use defaas_primitives::{
    notice::MAX_SEQUENCE_STEP, BlockNumber, Endpoint, Notice, NoticeBody, ProviderId,
    WorkerSignature,
};
use frame_support::{
    defensive,
    pallet_prelude::{InvalidTransaction, TransactionSource, UnknownTransaction, ValidTransaction},
    sp_runtime::{
        traits::SaturatedConversion,
        transaction_validity::{TransactionLongevity, TransactionValidityWithRefund},
    },
    traits::Get,
    weights::Weight,
};
use sp_application_crypto::RuntimeAppPublic;

use crate::{
    pallet::{Config, Event, Pallet, Profiles, Providers},
    types::Profile,
};

/// Custom code of [`UnknownTransaction`] for a notice that comes too soon after the last one. Not
/// an [`InvalidTransaction`]: the pool would ban the same bytes for half an hour.
pub const NOTICE_TOO_EARLY: u8 = 1;

/// Blocks that a notice may wait in a pool. One that was left out so long is said anew.
pub const NOTICE_LONGEVITY: TransactionLongevity = 64;

impl<T: Config> Pallet<T> {
    pub(crate) fn authorize_announce(
        _: TransactionSource,
        provider: &ProviderId,
        sequence: &u64,
        endpoint: &Endpoint,
        signature: &WorkerSignature,
    ) -> TransactionValidityWithRefund {
        if !endpoint.is_valid() {
            return Err(InvalidTransaction::Call.into());
        }
        let notice = Notice {
            provider: *provider,
            sequence: *sequence,
            body: NoticeBody::Endpoint(endpoint.clone()),
        };
        Self::authorize_notice(&notice, |profile| profile.announced_at, signature)
    }

    pub(crate) fn authorize_set_available(
        _: TransactionSource,
        provider: &ProviderId,
        sequence: &u64,
        available: &bool,
        signature: &WorkerSignature,
    ) -> TransactionValidityWithRefund {
        let notice = Notice {
            provider: *provider,
            sequence: *sequence,
            body: NoticeBody::Available(*available),
        };
        Self::authorize_notice(&notice, |profile| profile.switched_at, signature)
    }

    /// `last`: block of the last notice of this kind.
    fn authorize_notice(
        notice: &Notice,
        last: impl FnOnce(&Profile) -> Option<BlockNumber>,
        signature: &WorkerSignature,
    ) -> TransactionValidityWithRefund {
        // Perhaps registered in a block that this node has not seen yet.
        let unknown = || UnknownTransaction::CannotLookup;
        let profile = Profiles::<T>::get(notice.provider).ok_or_else(unknown)?;
        let step = notice.sequence.saturating_sub(profile.sequence);
        if step == 0 {
            return Err(InvalidTransaction::Stale.into());
        }
        if step > MAX_SEQUENCE_STEP {
            return Err(InvalidTransaction::Call.into());
        }
        let interval: BlockNumber = T::AnnounceInterval::get().saturated_into();
        if last(&profile).is_some_and(|block| Self::now() < block.saturating_add(interval)) {
            return Err(UnknownTransaction::Custom(NOTICE_TOO_EARLY).into());
        }
        let provider = Providers::<T>::get(notice.provider).ok_or_else(unknown)?;
        let payload = notice.payload(&Self::genesis_hash());
        if !provider.worker.verify(&payload, signature) {
            return Err(InvalidTransaction::BadProof.into());
        }
        ValidTransaction::with_tag_prefix("defaas/notice")
            .priority(T::NoticePriority::get())
            // One of a kind in the pool: notices are free, and were they told apart by their number, a
            // worker could fill the pool with them.
            .and_provides((notice.provider, kind(&notice.body)))
            .longevity(NOTICE_LONGEVITY)
            .propagate(true)
            .build()
            .map(|valid| (valid, Weight::zero()))
    }

    pub(crate) fn do_announce(id: ProviderId, sequence: u64, endpoint: Endpoint) {
        let Some(mut profile) = Profiles::<T>::get(id) else {
            defensive!("an authorized notice has a provider");
            return;
        };
        profile.sequence = sequence;
        profile.announced_at = Some(Self::now());
        profile.endpoint = endpoint;
        Profiles::<T>::insert(id, profile);
        Self::deposit_event(Event::Announced { provider: id });
    }

    pub(crate) fn do_set_available(id: ProviderId, sequence: u64, available: bool) {
        let (Some(mut provider), Some(mut profile)) =
            (Providers::<T>::get(id), Profiles::<T>::get(id))
        else {
            defensive!("an authorized notice has a provider");
            return;
        };
        profile.sequence = sequence;
        profile.switched_at = Some(Self::now());
        let stands = Self::claim_standing(id, &provider);
        provider.available = available;
        Self::restand(id, &profile, stands, provider.serves());
        Providers::<T>::insert(id, provider);
        Profiles::<T>::insert(id, profile);
        Self::deposit_event(Event::AvailabilitySet {
            provider: id,
            available,
        });
    }
}

/// Tells the kinds of notices apart in the pool.
fn kind(body: &NoticeBody) -> u8 {
    match body {
        NoticeBody::Endpoint(_) => 0,
        NoticeBody::Available(_) => 1,
    }
}
