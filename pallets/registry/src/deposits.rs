//! How large a deposit is and who has paid it.
//!
//! Every record has a ticket of its own, paid by the function's owner. The size is the record's
//! largest possible encoding, so the amount is known beforehand and no later change of the record
//! touches it. A version also counts its code, because others keep that.

use defaas_primitives::Code;
use frame_support::traits::{Consideration, Footprint};
use sp_runtime::DispatchError;

use crate::{AliasOf, Config, FunctionOf, VersionOf};

/// Of a function's record.
pub fn of_function<T: Config>() -> Footprint {
    Footprint::from_mel::<FunctionOf<T>>()
}

/// Of a version's record and its code.
pub fn of_version<T: Config>(code: &Code) -> Footprint {
    let record = Footprint::from_mel::<VersionOf<T>>();
    Footprint {
        size: record.size.saturating_add(code.size),
        ..record
    }
}

/// Of an alias' record.
pub fn of_alias<T: Config>() -> Footprint {
    Footprint::from_mel::<AliasOf<T>>()
}

/// Takes a deposit from `new` at today's price and gives `old` its own back.
pub fn moved<T: Config>(
    ticket: T::Deposit,
    footprint: Footprint,
    old: &T::AccountId,
    new: &T::AccountId,
) -> Result<T::Deposit, DispatchError> {
    let taken = T::Deposit::new(new, footprint)?;
    ticket.drop(old)?;
    Ok(taken)
}
