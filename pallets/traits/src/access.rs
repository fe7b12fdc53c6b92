//! Who may call.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use defaas_primitives::{FunctionId, Principal};
use frame_support::weights::Weight;
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

/// The function a principal wants to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionRef<AccountId> {
    /// Which one.
    pub function: FunctionId,
    /// Its owner now.
    pub owner: AccountId,
}

/// What a call took from a quota when it was permitted. Kept with the call, so that a refunded call
/// can give it back.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Permit<AccountId> {
    /// Nothing.
    #[codec(index = 0)]
    Unmetered,
    /// One call of the grant's quota.
    #[codec(index = 1)]
    Grant {
        /// The function granted.
        function: FunctionId,
        /// To whom.
        account: AccountId,
        /// Which of the grants this account had for the function, one after the other.
        serial: u32,
    },
}

/// Decides who may call what. Both results of [`permit`](Self::permit) carry the weight used, which
/// is at most [`max_weight`](Self::max_weight).
pub trait AccessControl<AccountId> {
    /// Worst-case weight of [`permit`](Self::permit).
    fn max_weight() -> Weight;

    /// Whether `principal` may call `function` now. Takes one call from a quota where there is one.
    fn permit(
        principal: &Principal<AccountId>,
        function: &FunctionRef<AccountId>,
    ) -> Result<(Permit<AccountId>, Weight), (DispatchError, Weight)>;

    /// Gives back what a permit took. Infallible: no effect if the grant is gone or another one.
    fn undo(permit: &Permit<AccountId>);

    /// Worst-case weight of [`undo`](Self::undo).
    fn undo_weight() -> Weight;
}
