//! Content identifiers as the chain stores them: the binary form, bounded.
//!
//! The chain never resolves a CID. It checks the shape, so that nobody pays for a call of something
//! that no worker could ever fetch. Only hash functions that every worker verifies are accepted:
//! sha2-256 and blake2b-256 with 32-byte digests; only codecs that every worker walks: raw and
//! dag-pb. Binary layout: <https://github.com/multiformats/cid>.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

/// Longest CID the chain stores, in bytes. Today's longest accepted form has 38.
pub const MAX_CID_LEN: u32 = 64;

const SHA2_256_PREFIX: [u8; 2] = [0x12, 32];
const BLAKE2B_256_PREFIX: [u8; 4] = [0xa0, 0xe4, 0x02, 32];
const CODEC_RAW: u8 = 0x55;
const CODEC_DAG_PB: u8 = 0x70;
const DIGEST_LEN: usize = 32;

/// A content identifier in binary form.
///
/// Decoding bounds the length only; whoever takes one from outside calls [`Cid::check`].
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Cid(pub BoundedVec<u8, ConstU32<MAX_CID_LEN>>);

/// Why bytes are not a CID that workers can fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CidError {
    /// Longer than [`MAX_CID_LEN`].
    TooLong,
    /// Neither version 0 nor version 1.
    UnknownVersion,
    /// Version 1 with a codec other than raw or dag-pb.
    UnsupportedCodec,
    /// A hash function other than sha2-256 and blake2b-256, or a digest that is not 32 bytes.
    UnsupportedHash,
}

impl Cid {
    /// Checks `bytes` and takes them.
    pub fn parse(bytes: &[u8]) -> Result<Self, CidError> {
        let cid = Self(bytes.to_vec().try_into().map_err(|_| CidError::TooLong)?);
        cid.check()?;
        Ok(cid)
    }

    /// CIDv1 of a single raw block with this sha2-256 digest.
    pub fn raw_sha256(digest: [u8; 32]) -> Self {
        let mut bytes = alloc::vec![1, CODEC_RAW];
        bytes.extend_from_slice(&SHA2_256_PREFIX);
        bytes.extend_from_slice(&digest);
        Self(BoundedVec::truncate_from(bytes))
    }

    /// Whether every worker can fetch and verify this.
    pub fn check(&self) -> Result<(), CidError> {
        match self.0.as_slice() {
            // Version 0 is a bare sha2-256 multihash; its codec is dag-pb.
            multihash @ [0x12, ..] => check_multihash(multihash),
            [1, CODEC_RAW | CODEC_DAG_PB, multihash @ ..] => check_multihash(multihash),
            [1, ..] => Err(CidError::UnsupportedCodec),
            _ => Err(CidError::UnknownVersion),
        }
    }

    /// The binary form.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn check_multihash(multihash: &[u8]) -> Result<(), CidError> {
    let digest = multihash
        .strip_prefix(&SHA2_256_PREFIX)
        .or_else(|| multihash.strip_prefix(&BLAKE2B_256_PREFIX))
        .ok_or(CidError::UnsupportedHash)?;
    if digest.len() == DIGEST_LEN {
        Ok(())
    } else {
        Err(CidError::UnsupportedHash)
    }
}
