//! Holds the price of a call and pays it out: the [`Escrow`] seam.

use defaas_primitives::{Balance, InvocationId};
use defaas_traits::{Bill, Escrow, Paid, Quote, Resolved};
use frame_support::{
    defensive, ensure,
    storage::with_storage_layer,
    traits::{
        fungible::{Mutate as _, MutateHold as _},
        tokens::{Fortitude, Precision, Preservation, Restriction},
        Get,
    },
    weights::Weight,
};
use sp_runtime::{DispatchError, DispatchResult, TokenError};

use crate::{Config, Error, Event, Hold, HoldReason, Holds, Pallet, WeightInfo};

impl<T: Config> Escrow<T::AccountId> for Pallet<T> {
    fn quote(resolved: &Resolved<T::AccountId>) -> Result<Quote, DispatchError> {
        let execution_price = T::PriceCard::get()
            .price(&resolved.limits)
            .ok_or(Error::<T>::PriceTooLarge)?;
        let quote = Quote {
            developer_fee: resolved.fee,
            execution_price,
            treasury_share: T::TreasuryShare::get().mul_floor(execution_price),
            network_fee: T::NetworkFee::get(),
        };
        quote.total().ok_or(Error::<T>::PriceTooLarge)?;
        Ok(quote)
    }

    fn open(invocation: InvocationId, payer: &T::AccountId, quote: &Quote) -> DispatchResult {
        ensure!(
            !Holds::<T>::contains_key(invocation),
            Error::<T>::AlreadyExists
        );
        let held = quote.held().ok_or(Error::<T>::PriceTooLarge)?;
        with_storage_layer(|| charge::<T>(payer, held, quote.network_fee))
            .map_err(money_error::<T>)?;
        Holds::<T>::insert(
            invocation,
            Hold {
                payer: payer.clone(),
                quote: *quote,
            },
        );
        Pallet::<T>::deposit_event(Event::Opened {
            invocation,
            payer: payer.clone(),
            held,
            network_fee: quote.network_fee,
        });
        Ok(())
    }

    fn settle(invocation: InvocationId, bill: &Bill<T::AccountId>) -> Paid {
        let Some(Hold { payer, quote }) = Holds::<T>::take(invocation) else {
            return Paid::default();
        };
        let fee_due = if bill.developer_fee_due {
            quote.developer_fee
        } else {
            0
        };
        // The share is a floor of the price, so nothing is clamped here.
        let share = quote.treasury_share.min(quote.execution_price);
        let pay_due = quote.execution_price.saturating_sub(share);

        let developer = pay::<T>(&payer, &bill.developer, fee_due);
        let provider = pay::<T>(&payer, &bill.provider, pay_due);
        let unplaced = fee_due
            .saturating_sub(developer)
            .saturating_add(pay_due.saturating_sub(provider));
        let treasury_due = share.saturating_add(unplaced);
        let treasury = pay::<T>(&payer, &T::Treasury::get(), treasury_due);
        if treasury < treasury_due {
            defensive!("the treasury exists and can receive");
        }
        let rest = quote
            .developer_fee
            .saturating_add(quote.execution_price)
            .saturating_sub(developer)
            .saturating_sub(provider)
            .saturating_sub(treasury);
        let (returned, swept) = give_back::<T>(&payer, rest);

        let paid = Paid {
            developer,
            provider,
            treasury: treasury.saturating_add(swept),
            returned,
        };
        Self::deposit_event(Event::Settled {
            invocation,
            developer: paid.developer,
            provider: paid.provider,
            treasury: paid.treasury,
            returned: paid.returned,
        });
        paid
    }

    fn refund(invocation: InvocationId) -> Balance {
        let Some(Hold { payer, quote }) = Holds::<T>::take(invocation) else {
            return 0;
        };
        let held = quote.developer_fee.saturating_add(quote.execution_price);
        let (returned, _) = give_back::<T>(&payer, held);
        Self::deposit_event(Event::Refunded {
            invocation,
            returned,
        });
        returned
    }

    fn open_weight() -> Weight {
        T::WeightInfo::open()
    }

    fn settle_weight() -> Weight {
        T::WeightInfo::settle()
    }
}

/// Takes the network fee and holds the rest of the price.
fn charge<T: Config>(payer: &T::AccountId, held: Balance, network_fee: Balance) -> DispatchResult {
    if network_fee > 0 {
        let treasury = T::Treasury::get();
        T::Currency::transfer(payer, &treasury, network_fee, Preservation::Preserve)?;
    }
    if held > 0 {
        T::Currency::hold(&HoldReason::Quote.into(), payer, held)?;
    }
    Ok(())
}

/// One error for every way in which a payer's money is not enough.
fn money_error<T: Config>(error: DispatchError) -> DispatchError {
    match error {
        DispatchError::Token(
            TokenError::FundsUnavailable
            | TokenError::OnlyProvider
            | TokenError::NotExpendable
            | TokenError::Frozen,
        ) => Error::<T>::InsufficientFunds.into(),
        other => other,
    }
}

/// Pays `amount` of what is held and returns how much was paid: all of it, or nothing if `payee`
/// cannot receive it.
///
/// `Force`, because holds may be made of frozen funds, which a polite transfer then refuses. The
/// freeze was the payer's own promise; that the call is paid is an older one.
fn pay<T: Config>(payer: &T::AccountId, payee: &T::AccountId, amount: Balance) -> Balance {
    if amount == 0 {
        return 0;
    }
    // A layer, so that a transfer that fails half-way leaves nothing behind.
    with_storage_layer(|| {
        T::Currency::transfer_on_hold(
            &HoldReason::Quote.into(),
            payer,
            payee,
            amount,
            Precision::Exact,
            Restriction::Free,
            Fortitude::Force,
        )
    })
    .unwrap_or(0)
}

/// Releases `amount` to the payer and returns (what it got back, what went to the treasury). The
/// latter is `amount` if the payer cannot receive it: its free balance fell below the existential
/// deposit while something else kept the account alive, and `amount` does not lift it above.
fn give_back<T: Config>(payer: &T::AccountId, amount: Balance) -> (Balance, Balance) {
    if amount == 0 {
        return (0, 0);
    }
    let released = with_storage_layer(|| {
        T::Currency::release(&HoldReason::Quote.into(), payer, amount, Precision::Exact)
    });
    match released {
        Ok(released) => (released, 0),
        Err(_) => {
            let swept = pay::<T>(payer, &T::Treasury::get(), amount);
            if swept < amount {
                defensive!("neither the payer nor the treasury can receive");
            }
            (0, swept)
        }
    }
}
