use alloc::vec::Vec;
use codec::{Decode, Encode};
use defaas_primitives::{Balance, InvocationId, Principal};
use frame_support::weights::Weight;
use sp_runtime::{DispatchError, DispatchResult};

use super::state;
use crate::{Bill, Escrow, FunctionRef, Paid, PayerPolicy, Quote, Resolved};

const QUOTE: &str = "escrow/quote";
const BROKE: &str = "escrow/broke";
const OPEN: &str = "escrow/open";
const ENDED: &str = "escrow/ended";

/// The caller pays.
pub struct MockPayer;

impl<AccountId: Clone> PayerPolicy<AccountId> for MockPayer {
    fn payer(principal: &Principal<AccountId>, _: &FunctionRef<AccountId>, _: &Quote) -> AccountId {
        principal.account.clone()
    }
}

/// Quotes what it was told to, and keeps books without moving money.
pub struct MockEscrow;

impl MockEscrow {
    /// What a payer without money gets.
    pub const TOO_POOR: DispatchError = DispatchError::Other("cannot pay");
    /// What a second hold for the same call gets.
    pub const OPEN_ALREADY: DispatchError = DispatchError::Other("open already");

    /// The price of every call from now on.
    pub fn set_quote(quote: Quote) {
        state::put(QUOTE, &(), &quote);
    }

    /// From now on `account` cannot pay.
    pub fn bankrupt<AccountId: Encode>(account: &AccountId) {
        state::put(BROKE, account, &true);
    }

    /// What is held for a call.
    pub fn held(invocation: InvocationId) -> Option<Balance> {
        state::get::<Quote>(OPEN, &invocation).and_then(|quote| quote.held())
    }

    /// How calls ended, in order: what was paid, all zero but `returned` for a refund.
    pub fn ended() -> Vec<(InvocationId, Paid)> {
        state::logged(ENDED)
    }
}

impl<AccountId: Encode + Decode> Escrow<AccountId> for MockEscrow {
    fn quote(resolved: &Resolved<AccountId>) -> Result<Quote, DispatchError> {
        let quote: Quote = state::get(QUOTE, &()).unwrap_or_default();
        Ok(Quote {
            developer_fee: resolved.fee,
            ..quote
        })
    }

    fn open(invocation: InvocationId, payer: &AccountId, quote: &Quote) -> DispatchResult {
        if state::get(BROKE, payer).unwrap_or(false) {
            return Err(Self::TOO_POOR);
        }
        if Self::held(invocation).is_some() {
            return Err(Self::OPEN_ALREADY);
        }
        state::put(OPEN, &invocation, quote);
        Ok(())
    }

    fn settle(invocation: InvocationId, bill: &Bill<AccountId>) -> Paid {
        let Some(quote) = state::take::<Quote>(OPEN, &invocation) else {
            return Paid::default();
        };
        let developer = if bill.developer_fee_due {
            quote.developer_fee
        } else {
            0
        };
        let paid = Paid {
            developer,
            provider: quote.execution_price - quote.treasury_share,
            treasury: quote.treasury_share,
            returned: quote.developer_fee - developer,
        };
        state::log(ENDED, (invocation, paid));
        paid
    }

    fn refund(invocation: InvocationId) -> Balance {
        let Some(quote) = state::take::<Quote>(OPEN, &invocation) else {
            return 0;
        };
        let returned = quote.held().unwrap_or_default();
        state::log(
            ENDED,
            (
                invocation,
                Paid {
                    returned,
                    ..Paid::default()
                },
            ),
        );
        returned
    }

    fn open_weight() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn settle_weight() -> Weight {
        Weight::from_parts(1_000, 0)
    }
}
