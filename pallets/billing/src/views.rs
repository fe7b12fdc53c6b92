//! What anyone may ask. The answers come from the code that calls use.

use defaas_primitives::{Balance, FunctionId, Selector};
use defaas_traits::{Catalog, Escrow, Quote};
use frame_support::traits::fungible::InspectHold as _;
use sp_runtime::DispatchError;

use crate::{Config, HoldReason, Pallet};

/// Where an alias splits its calls, the price shown is that of one of its versions; a call may go to
/// another one, and `max_fee` protects its payer.
const SALT: [u8; 32] = [0; 32];

impl<T: Config> Pallet<T> {
    pub(crate) fn price_of(
        function: FunctionId,
        selector: &Selector,
    ) -> Result<Quote, DispatchError> {
        <Self as Escrow<T::AccountId>>::quote(&T::Catalog::resolve(function, selector, &SALT)?)
    }

    pub(crate) fn held_from(account: &T::AccountId) -> Balance {
        T::Currency::balance_on_hold(&HoldReason::Quote.into(), account)
    }
}
