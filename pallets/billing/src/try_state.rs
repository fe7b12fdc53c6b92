//! What always holds.
//!
//! 1. For each account, the quotes of its open holds sum up to what the currency holds from it for
//!    [`HoldReason::Quote`].
//! 2. No quote gives the treasury more than the execution price.
//! 3. The treasury exists, so that it can receive any amount.

use alloc::collections::BTreeMap;

use defaas_primitives::Balance;
use frame_support::{
    ensure,
    traits::{
        fungible::{Inspect as _, InspectHold as _},
        Get,
    },
};
use sp_runtime::DispatchError;

use crate::{Config, HoldReason, Holds, Pallet};

impl<T: Config> Pallet<T> {
    /// Checks every invariant of this pallet.
    pub fn do_try_state() -> Result<(), DispatchError> {
        Self::holds_match_currency()?;
        Self::quotes_are_sound()?;
        Self::treasury_exists()
    }

    /// Invariant 1. An account that has money on hold for this reason without any open hold is not
    /// found here: accounts cannot be listed through the currency's trait.
    fn holds_match_currency() -> Result<(), DispatchError> {
        let mut sums = BTreeMap::<T::AccountId, Balance>::new();
        for hold in Holds::<T>::iter_values() {
            let held = hold.quote.held().ok_or("the held part overflows")?;
            let sum = sums.entry(hold.payer).or_default();
            *sum = sum.checked_add(held).ok_or("the sum of holds overflows")?;
        }
        for (payer, sum) in sums {
            let on_hold = T::Currency::balance_on_hold(&HoldReason::Quote.into(), &payer);
            ensure!(sum == on_hold, "open quotes differ from what is on hold");
        }
        Ok(())
    }

    /// Invariant 2.
    fn quotes_are_sound() -> Result<(), DispatchError> {
        for hold in Holds::<T>::iter_values() {
            ensure!(
                hold.quote.treasury_share <= hold.quote.execution_price,
                "the treasury's share exceeds the execution price"
            );
        }
        Ok(())
    }

    /// Invariant 3.
    fn treasury_exists() -> Result<(), DispatchError> {
        ensure!(
            T::Currency::balance(&T::Treasury::get()) >= T::Currency::minimum_balance(),
            "the treasury has less than the existential deposit"
        );
        Ok(())
    }
}
