//! How a caller names a version, and what an alias points to.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

use crate::{Name, VersionNumber};

/// Most versions an alias splits its calls over.
pub const MAX_SPLIT: u32 = 8;

/// Which version of a function a caller wants.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Selector {
    /// This one.
    #[codec(index = 0)]
    Version(VersionNumber),
    /// Whatever the alias points to when the call is requested.
    #[codec(index = 1)]
    Alias(Name),
}

/// What an alias points to.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum AliasTarget {
    /// One version.
    #[codec(index = 0)]
    Version(VersionNumber),
    /// Several, each with a weight; a call goes to one with probability weight / sum of weights.
    #[codec(index = 1)]
    Weighted(BoundedVec<(VersionNumber, u8), ConstU32<MAX_SPLIT>>),
}
