//! What is stored.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use defaas_traits::Quote;
use scale_info::TypeInfo;

/// What is held for one call.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Hold<AccountId> {
    /// Whose money it is until the call ends.
    pub payer: AccountId,
    /// The price when the call was requested: developer fee and execution price are held, the
    /// network fee was charged.
    pub quote: Quote,
}
