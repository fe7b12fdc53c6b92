//! Domain separation: nothing signed for one purpose or chain is valid for another.
//!
//! A payload is the SCALE encoding of `(domain, genesis hash, message)`. Domains have a fixed
//! length and name the message's version, so no two of these can share an encoding. Every message
//! is hashed with blake2b-256 before it is signed, so that hardware signers see 32 bytes.

use codec::Encode;
use sp_io::hashing::blake2_256;

use crate::Hash;

/// Bytes to sign for `message` under `domain` on the chain with this genesis hash.
pub fn payload<const N: usize>(
    domain: &[u8; N],
    genesis: &Hash,
    message: &impl Encode,
) -> [u8; 32] {
    (domain, genesis, message).using_encoded(blake2_256)
}
