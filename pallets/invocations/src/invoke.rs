//! Calls requested by other parts of the chain.

use defaas_primitives::{InvocationId, Principal};
use defaas_traits::{Invoke, RequestParams};
use frame_support::{storage::with_storage_layer, weights::Weight};
use sp_runtime::DispatchError;

use crate::{Config, Pallet};

/// Most bytes of an encoded path and an encoded inline input.
const MAX_REQUEST_BYTES: u32 =
    defaas_primitives::call::MAX_PATH_LEN + defaas_primitives::call::MAX_INLINE + 8;

impl<T: Config> Invoke<T::AccountId> for Pallet<T> {
    fn request(
        principal: Principal<T::AccountId>,
        params: RequestParams,
    ) -> Result<InvocationId, DispatchError> {
        with_storage_layer(|| {
            Self::do_request(principal, params)
                .map(|(id, _)| id)
                .map_err(|(error, _)| error)
        })
    }

    fn request_weight() -> Weight {
        Self::request_cost(MAX_REQUEST_BYTES)
    }
}
