//! How large a deposit is and who has paid it.
//!
//! Each record names its depositor: the owner at the time. After a transfer of the function the
//! former owner's deposits stay with the records until the new owner replaces or removes them.

use frame_support::traits::{Consideration, Footprint};
use sp_runtime::DispatchError;

use crate::{Config, GrantOf, PolicyOf};

/// Of a policy's record: its largest possible encoding.
pub fn of_policy<T: Config>() -> Footprint {
    Footprint::from_mel::<PolicyOf<T>>()
}

/// Of a grant's record: its largest possible encoding.
pub fn of_grant<T: Config>() -> Footprint {
    Footprint::from_mel::<GrantOf<T>>()
}

/// Takes a deposit from `payer` at today's price, in place of the one that somebody paid for the
/// record before.
pub fn taken<T: Config>(
    payer: &T::AccountId,
    footprint: Footprint,
    before: Option<(T::AccountId, T::Deposit)>,
) -> Result<T::Deposit, DispatchError> {
    match before {
        None => T::Deposit::new(payer, footprint),
        Some((depositor, ticket)) if depositor == *payer => ticket.update(payer, footprint),
        Some((depositor, ticket)) => {
            let taken = T::Deposit::new(payer, footprint)?;
            ticket.drop(&depositor)?;
            Ok(taken)
        }
    }
}
