use alloc::vec::Vec;
use codec::{Decode, Encode};
use defaas_primitives::Principal;
use frame_support::weights::Weight;
use sp_runtime::DispatchError;

use super::state;
use crate::{AccessControl, FunctionRef, Permit};

const ALLOWED: &str = "access/allowed";
const UNDONE: &str = "access/undone";

/// Permits the accounts it was told to permit, for every function.
pub struct MockAccess;

impl MockAccess {
    /// What everybody else gets.
    pub const REFUSAL: DispatchError = DispatchError::Other("not permitted");

    /// From now on `account` may call everything, with this permit.
    pub fn allow<AccountId: Encode>(account: &AccountId, permit: Permit<AccountId>) {
        state::put(ALLOWED, account, &permit);
    }

    /// Permits undone so far, in order.
    pub fn undone<AccountId: Decode>() -> Vec<Permit<AccountId>> {
        state::logged(UNDONE)
    }
}

impl<AccountId: Encode + Decode + Clone> AccessControl<AccountId> for MockAccess {
    fn max_weight() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn permit(
        principal: &Principal<AccountId>,
        _: &FunctionRef<AccountId>,
    ) -> Result<(Permit<AccountId>, Weight), (DispatchError, Weight)> {
        let used = Weight::from_parts(500, 0);
        match state::get(ALLOWED, &principal.account) {
            Some(permit) => Ok((permit, used)),
            None => Err((Self::REFUSAL, used)),
        }
    }

    fn undo(permit: &Permit<AccountId>) {
        state::log(UNDONE, permit.clone());
    }

    fn undo_weight() -> Weight {
        Weight::from_parts(500, 0)
    }
}
