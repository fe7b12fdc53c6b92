//! Hashes that split an alias and seed a draw. Each has a domain of its own, which is a part of no
//! other: the runtime's tests compare all domains of the chain.

use codec::Encode;
use defaas_primitives::{Attempt, Digest, Hash, InvocationId, Principal, Replica};
use sp_io::hashing::blake2_256;

/// Domain of a draw's seed.
pub const DRAW_DOMAIN: &[u8; 13] = b"defaas/draw/1";
/// Domain of the salt that splits an alias.
pub const SPLIT_DOMAIN: &[u8; 14] = b"defaas/split/1";

/// Decides where an alias sends a call. Callers can try until they get the version they want; the
/// split is for rolling out versions, not for secrets.
pub fn split<AccountId: Encode>(
    parent: &Hash,
    principal: &Principal<AccountId>,
    invocation: InvocationId,
) -> [u8; 32] {
    (SPLIT_DOMAIN, parent, principal, invocation).using_encoded(blake2_256)
}

/// Seed of one draw in a block with the VRF output `vrf`.
pub fn seed(vrf: &[u8; 32], call: &Digest, replica: Replica, attempt: Attempt) -> [u8; 32] {
    (DRAW_DOMAIN, vrf, call, replica, attempt).using_encoded(blake2_256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_seed_counts() {
        let digest = Digest::repeat_byte(1);
        let first = seed(&[1; 32], &digest, 0, 0);
        assert_ne!(first, seed(&[2; 32], &digest, 0, 0));
        assert_ne!(first, seed(&[1; 32], &Digest::repeat_byte(2), 0, 0));
        assert_ne!(first, seed(&[1; 32], &digest, 1, 0));
        assert_ne!(first, seed(&[1; 32], &digest, 0, 1));
    }
}
