//! A call begins: everything is checked, cheap things first, then the price is held and the call
//! joins the queue.

use codec::Encode;
use defaas_primitives::{
    identity::{self, Identity},
    Balance, Hash, Input, InvocationId, Path, Principal, Verification,
};
use defaas_traits::{
    AccessControl, Catalog, Escrow, FunctionRef, PayerPolicy, Permit, Providers, Quote,
    RequestParams, Requirements, Resolved,
};
use frame_support::{ensure, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
    traits::{SaturatedConversion, Zero},
    DispatchError,
};

use crate::{
    digest, queue,
    types::{CallInput, Invocation, Moment, Status, FIRST_REPLICA},
    Config, Error, Event, Inputs, Invocations, NextInvocationId, Pallet, QueueEnds, Tick,
    WeightInfo,
};

/// Blocks of draws that may wait. More would wait for longer than a client is likely to.
pub(crate) const QUEUE_BLOCKS: u64 = 4;

/// What the checks found.
struct Checked<T: Config> {
    resolved: Resolved<T::AccountId>,
    permit: Permit<T::AccountId>,
    quote: Quote,
    total: Balance,
    payer: T::AccountId,
}

impl<T: Config> Pallet<T> {
    /// Requests a call and returns its number and the weight used; on failure the weight used so far.
    /// The caller rolls back what a failed request wrote.
    pub(crate) fn do_request(
        principal: Principal<T::AccountId>,
        params: RequestParams,
    ) -> Result<(InvocationId, Weight), (DispatchError, Weight)> {
        let mut used = T::WeightInfo::check_request(Self::request_bytes(&params));
        let id = NextInvocationId::<T>::get();
        let checked =
            Self::check(id, &principal, &params, &mut used).map_err(|error| (error, used))?;
        T::Escrow::open(id, &checked.payer, &checked.quote).map_err(|error| (error, used))?;
        Self::store(id, principal, params, checked);
        Ok((id, used.saturating_add(T::WeightInfo::store_request())))
    }

    /// Bytes of a request whose number the caller chooses.
    pub(crate) fn request_bytes(params: &RequestParams) -> u32 {
        Self::payload_bytes(&params.path, &params.input)
    }

    pub(crate) fn payload_bytes(path: &Path, input: &Input) -> u32 {
        path.encoded_size()
            .saturating_add(input.encoded_size())
            .saturated_into()
    }

    /// Everything that must be so before the price is held. Adds the weight of the seams to `used`.
    fn check(
        id: InvocationId,
        principal: &Principal<T::AccountId>,
        params: &RequestParams,
        used: &mut Weight,
    ) -> Result<Checked<T>, DispatchError> {
        ensure!(params.path.is_valid(), Error::<T>::InvalidPath);
        ensure!(params.input.is_valid(), Error::<T>::InvalidInput);
        let room = Self::draws_per_block().saturating_mul(QUEUE_BLOCKS);
        ensure!(QueueEnds::<T>::get().len() < room, Error::<T>::Busy);

        *used = used.saturating_add(T::Catalog::resolve_weight());
        let salt = digest::split(&frame_system::Pallet::<T>::parent_hash(), principal, id);
        let resolved = T::Catalog::resolve(params.function, &params.selector, &salt)?;
        ensure!(
            params.input.size() <= resolved.limits.max_input_bytes,
            Error::<T>::InputTooLarge
        );
        ensure!(
            resolved.verification == Verification::Single,
            Error::<T>::UnsupportedVerification
        );

        let function = FunctionRef {
            function: resolved.function,
            owner: resolved.owner.clone(),
        };
        let permit = match T::Access::permit(principal, &function) {
            Ok((permit, weight)) => {
                *used = used.saturating_add(weight);
                permit
            }
            Err((error, weight)) => {
                *used = used.saturating_add(weight);
                return Err(error);
            }
        };

        *used = used.saturating_add(T::Escrow::open_weight());
        let quote = T::Escrow::quote(&resolved)?;
        let total = quote.total().ok_or(Error::<T>::MaxFeeTooLow)?;
        ensure!(total <= params.max_fee, Error::<T>::MaxFeeTooLow);
        ensure!(
            T::Providers::any(&requirements(&resolved)),
            Error::<T>::NoProvider
        );
        let payer = T::Payer::payer(principal, &function, &quote);
        Ok(Checked {
            resolved,
            permit,
            quote,
            total,
            payer,
        })
    }

    fn store(
        id: InvocationId,
        principal: Principal<T::AccountId>,
        params: RequestParams,
        checked: Checked<T>,
    ) {
        let Checked {
            resolved,
            permit,
            quote,
            total,
            payer,
        } = checked;
        let digest = identity::digest(
            &Self::genesis_hash(),
            &Identity {
                principal: &principal,
                nonce: frame_system::Pallet::<T>::account_nonce(&principal.account),
                function: resolved.function,
                version: resolved.version,
                path: &params.path,
                input: identity::input_hash(&params.input),
                invocation: id,
            },
        );
        Self::deposit_event(Event::Requested {
            invocation: id,
            digest,
            function: resolved.function,
            version: resolved.version,
            caller: principal.account.clone(),
            payer: payer.clone(),
            price: total,
        });
        let invocation = Invocation {
            digest,
            principal,
            payer,
            permit,
            quote,
            resolved,
            input_bytes: params.input.size(),
            requested_at: Moment {
                block: frame_system::Pallet::<T>::block_number(),
                tick: Tick::<T>::get(),
            },
            status: Status::Requested,
            tried: Default::default(),
            redraws: 0,
            due: None,
            delivery: None,
        };
        NextInvocationId::<T>::put(id.saturating_add(1));
        Invocations::<T>::insert(id, invocation);
        Inputs::<T>::insert(
            id,
            CallInput {
                path: params.path,
                input: params.input,
            },
        );
        queue::push::<T>((id, FIRST_REPLICA));
    }

    /// The genesis hash, which keeps what is signed for one chain from another.
    pub(crate) fn genesis_hash() -> Hash {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
    }
}

/// The pool that a call is drawn from.
pub(crate) fn requirements<AccountId>(resolved: &Resolved<AccountId>) -> Requirements {
    Requirements {
        kind: resolved.code.kind,
        labels: resolved.required.clone(),
    }
}
