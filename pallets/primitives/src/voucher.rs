//! What a client signs for calls outside the chain: a claim on a payment channel.
//!
//! Vouchers are cumulative: the newest one replaces all before it, so the chain sees one redemption
//! for any number of calls.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;

use crate::{signing, Balance, Hash};

/// Domain of voucher signatures.
pub const VOUCHER_DOMAIN: &[u8; 16] = b"defaas/voucher/1";

/// A payment channel: the hash of what it was opened with, so that a channel opened again after a
/// re-organisation is the same one only if it is equal.
pub type ChannelId = H256;

/// A claim on a channel.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Voucher {
    /// First form.
    #[codec(index = 0)]
    V1(VoucherV1),
}

/// A claim on a channel.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct VoucherV1 {
    /// Which channel.
    pub channel: ChannelId,
    /// Number of calls paid so far, this one included. Strictly ascending.
    pub sequence: u64,
    /// What the provider may redeem in all, this call included.
    pub cumulative: Balance,
}

impl Voucher {
    /// Bytes that the payer's key signs.
    pub fn payload(&self, genesis: &Hash) -> [u8; 32] {
        signing::payload(VOUCHER_DOMAIN, genesis, self)
    }
}
