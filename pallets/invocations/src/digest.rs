//! Hashes that name a call, split an alias and seed a draw. Each has a domain of its own.

use codec::Encode;
use defaas_primitives::{
    signing, Attempt, Digest, FunctionId, Hash, Input, InvocationId, Path, Principal, Replica,
    VersionNumber,
};
use sp_io::hashing::blake2_256;

/// Domain of a call's identity.
pub const CALL_DOMAIN: &[u8; 13] = b"defaas/call/1";
/// Domain of a draw's seed.
pub const DRAW_DOMAIN: &[u8; 13] = b"defaas/draw/1";
/// Domain of the salt that splits an alias.
pub const SPLIT_DOMAIN: &[u8; 14] = b"defaas/split/1";

/// What makes a call another one than any before, on this chain or on another branch of it.
#[derive(Encode)]
pub struct Identity<'a, AccountId, Nonce> {
    /// Who asked.
    pub principal: &'a Principal<AccountId>,
    /// The account's nonce while the request executes.
    pub nonce: Nonce,
    /// Which function.
    pub function: FunctionId,
    /// Which version.
    pub version: VersionNumber,
    /// Path and query.
    pub path: &'a Path,
    /// blake2b-256 of the encoded input.
    pub input: [u8; 32],
    /// The number of the call: two calls in one transaction share the nonce.
    pub invocation: InvocationId,
}

/// Hash of the encoded input, as it stands in [`Identity`].
pub fn input_hash(input: &Input) -> [u8; 32] {
    input.using_encoded(blake2_256)
}

/// Identity of a call on the chain with this genesis hash.
pub fn call<AccountId: Encode, Nonce: Encode>(
    genesis: &Hash,
    identity: &Identity<AccountId, Nonce>,
) -> Digest {
    Digest::from(signing::payload(CALL_DOMAIN, genesis, identity))
}

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
    use defaas_primitives::Via;

    fn identity<'a>(principal: &'a Principal<u64>, path: &'a Path) -> Identity<'a, u64, u32> {
        Identity {
            principal,
            nonce: 3,
            function: 7,
            version: 1,
            path,
            input: [9; 32],
            invocation: 5,
        }
    }

    #[test]
    fn every_part_of_the_identity_counts() {
        let (alice, path) = (Principal::direct(1u64), Path::default());
        let other = Principal {
            account: 1,
            via: Via::Trigger(0),
        };
        let other_path = Path::parse("/other").unwrap();
        let genesis = Hash::repeat_byte(1);
        let digest = call(&genesis, &identity(&alice, &path));
        assert_eq!(digest, call(&genesis, &identity(&alice, &path)));
        let others = [
            call(&Hash::repeat_byte(2), &identity(&alice, &path)),
            call(&genesis, &identity(&other, &path)),
            call(&genesis, &identity(&alice, &other_path)),
            call(
                &genesis,
                &Identity {
                    nonce: 4,
                    ..identity(&alice, &path)
                },
            ),
            call(
                &genesis,
                &Identity {
                    function: 8,
                    ..identity(&alice, &path)
                },
            ),
            call(
                &genesis,
                &Identity {
                    version: 2,
                    ..identity(&alice, &path)
                },
            ),
            call(
                &genesis,
                &Identity {
                    input: [8; 32],
                    ..identity(&alice, &path)
                },
            ),
            call(
                &genesis,
                &Identity {
                    invocation: 6,
                    ..identity(&alice, &path)
                },
            ),
        ];
        for (index, other) in others.iter().enumerate() {
            assert_ne!(*other, digest, "part {index} does not count");
        }
    }

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
