//! What a worker tells the chain about itself, without a fee.
//!
//! A notice has no nonce of an account to protect it, so it carries a number of its own: the chain
//! accepts each number of a provider once, and only upwards.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{signing, Endpoint, Hash, ProviderId};

/// Domain of notice signatures.
pub const NOTICE_DOMAIN: &[u8; 15] = b"defaas/notice/1";

/// A statement of a worker about itself.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Notice {
    /// Who speaks.
    pub provider: ProviderId,
    /// Above that of the last notice the chain took, by at most [`MAX_SEQUENCE_STEP`].
    pub sequence: u64,
    /// What it says.
    pub body: NoticeBody,
}

/// Largest distance between the sequence numbers of two notices in a row. Workers count up by one;
/// the bound keeps a leaked key from using up the numbers of its provider.
pub const MAX_SEQUENCE_STEP: u64 = 1 << 32;

/// What a notice says.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum NoticeBody {
    /// The gateway is reached here from now on.
    #[codec(index = 0)]
    Endpoint(Endpoint),
    /// Whether new assignments are taken from now on.
    #[codec(index = 1)]
    Available(bool),
}

impl Notice {
    /// Bytes that the worker key signs.
    pub fn payload(&self, genesis: &Hash) -> [u8; 32] {
        signing::payload(NOTICE_DOMAIN, genesis, self)
    }
}
