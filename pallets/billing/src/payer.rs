//! Who pays for a call.

use defaas_primitives::Principal;
use defaas_traits::{FunctionRef, PayerPolicy, Quote};

/// The account in whose name the call is requested pays, also when a delegate or a trigger asks.
pub struct CallerPays;

impl<AccountId: Clone> PayerPolicy<AccountId> for CallerPays {
    fn payer(principal: &Principal<AccountId>, _: &FunctionRef<AccountId>, _: &Quote) -> AccountId {
        principal.account.clone()
    }
}
