//! What the registry stores and takes.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use defaas_primitives::{
    AliasTarget, Balance, Cid, Code, Limits, Name, Placement, ProviderId, Verification,
    VersionNumber,
};
use defaas_traits::SuspendReason;
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// Longest reason of a pause, in bytes.
pub const MAX_REASON_LEN: u32 = 128;
/// Most items that a view function returns, and most ids that it looks at.
pub const MAX_PAGE: u32 = 100;
/// The alias that follows the newest version. The pallet itself moves it.
pub const LATEST: &[u8] = b"latest";

/// Why a function is paused, for people to read: UTF-8.
pub type Reason = BoundedVec<u8, ConstU32<MAX_REASON_LEN>>;

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Function<AccountId, BlockNumber, Ticket> {
    /// Whose it is, and who is paid the fee.
    pub owner: AccountId,
    /// What its owner calls it. Unique among the owner's functions.
    pub name: Name,
    /// A text about it.
    pub description: Option<Cid>,
    /// Whether it can be called.
    pub status: Status<BlockNumber>,
    /// What the owner gets per call.
    pub fee: Balance,
    /// Where it wants to run.
    pub placement: Placement,
    /// How many versions it has. They are numbered 1, 2, … up to this.
    pub versions: VersionNumber,
    /// How many aliases it has, `latest` included.
    pub aliases: u32,
    /// To whom the owner offers it.
    pub offered_to: Option<AccountId>,
    /// The owner's deposit for this record.
    pub ticket: Ticket,
}

/// Whether a function can be called.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Status<BlockNumber> {
    /// It can.
    #[codec(index = 0)]
    Active,
    /// Not until its owner resumes it.
    #[codec(index = 1)]
    Paused(Option<Reason>),
    /// Never again.
    #[codec(index = 2)]
    Retired {
        /// Block in which its owner retired it.
        since: BlockNumber,
    },
}

/// What a developer says about a version. Never changes once it is published.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct VersionSpec {
    /// What to execute.
    pub code: Code,
    /// Within which limits.
    pub limits: Limits,
    /// Whether the same input always gives the same output.
    pub deterministic: bool,
    /// How results are verified. Only [`Verification::Single`] is supported now.
    pub verification: Verification,
    /// Description of the interface (OpenAPI).
    pub manifest: Option<Cid>,
    /// A provider that has the code. A hint for those who fetch it: nothing depends on it.
    pub source: Option<ProviderId>,
}

/// A version of a function.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Version<Ticket> {
    /// As published.
    pub spec: VersionSpec,
    /// Why the network took it out of service, if it did.
    pub suspended: Option<SuspendReason>,
    /// The owner's deposit for this record and for the code that others keep.
    pub ticket: Ticket,
}

/// A movable name for a version.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Alias<Ticket> {
    /// What it points to.
    pub target: AliasTarget,
    /// What it pointed to before: there a roll-back leads.
    pub previous: Option<AliasTarget>,
    /// The owner's deposit for this record.
    pub ticket: Ticket,
}

/// A part of a longer list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Page<Item, Cursor> {
    /// What is in this part. Can be shorter than asked for, even empty, before the end.
    pub items: Vec<Item>,
    /// Where the next part begins, or `None` at the end.
    pub next: Option<Cursor>,
}
