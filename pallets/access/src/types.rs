//! What is stored about who may call.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// Most rules of a policy.
pub const MAX_RULES: u32 = 8;

/// Rules of which one must let the caller in.
pub type Rules = BoundedVec<Rule, ConstU32<MAX_RULES>>;

/// Whom a rule lets in. In the order of what it costs to find out.
///
/// Index 3 is reserved for members of a group, 4 for holders of a credential: no release that knows
/// neither may give these indices to anything else.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Rule {
    /// Everybody.
    #[codec(index = 0)]
    Public,
    /// The function's owner.
    #[codec(index = 1)]
    Owner,
    /// Accounts with a grant that is neither expired nor used up.
    #[codec(index = 2)]
    Accounts,
}

/// Who may call a function.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Policy<AccountId, Ticket> {
    /// At least one, strictly ascending.
    pub rules: Rules,
    /// Who paid the deposit and gets it back.
    pub depositor: AccountId,
    /// The deposit for this record.
    pub ticket: Ticket,
}

/// That an account may call a function whose policy has [`Rule::Accounts`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Grant<AccountId, BlockNumber, Ticket> {
    /// First block in which it is no longer valid. `None`: always valid.
    pub expiry: Option<BlockNumber>,
    /// How many calls it is for. `None`: any number.
    pub quota: Option<Quota>,
    /// Which of the function's grants this is, from 1 up. A grant given anew is another one.
    pub serial: u32,
    /// Who paid the deposit and gets it back.
    pub depositor: AccountId,
    /// The deposit for this record.
    pub ticket: Ticket,
}

/// A number of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Quota {
    /// How many.
    pub limit: u32,
    /// How many of them are used.
    pub used: u32,
}
