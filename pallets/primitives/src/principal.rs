//! Who asks for a call, and in what way.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Who asks.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Principal<AccountId> {
    /// In whose name.
    pub account: AccountId,
    /// In what way.
    pub via: Via<AccountId>,
}

/// In what way a call is asked for.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Via<AccountId> {
    /// The account signed the request itself.
    #[codec(index = 0)]
    Direct,
    /// This other key signed it in the account's name.
    #[codec(index = 1)]
    Delegate(AccountId),
    /// A trigger of the account, by number, fired.
    #[codec(index = 2)]
    Trigger(u64),
}

impl<AccountId> Principal<AccountId> {
    /// An account that signs for itself.
    pub fn direct(account: AccountId) -> Self {
        Self {
            account,
            via: Via::Direct,
        }
    }
}
