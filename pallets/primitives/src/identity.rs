//! What a call is known by: a digest that no other call has, on this chain or on another branch of it.
//! The chain computes it, and so does whoever looks for a call after a re-organisation.

use codec::Encode;
use sp_io::hashing::blake2_256;

use crate::{
    signing, Digest, FunctionId, Hash, Input, InvocationId, Path, Principal, VersionNumber,
};

/// Domain of a call's identity.
pub const CALL_DOMAIN: &[u8; 13] = b"defaas/call/1";

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
pub fn digest<AccountId: Encode, Nonce: Encode>(
    genesis: &Hash,
    identity: &Identity<AccountId, Nonce>,
) -> Digest {
    Digest::from(signing::payload(CALL_DOMAIN, genesis, identity))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Via;

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
        let first = digest(&genesis, &identity(&alice, &path));
        assert_eq!(first, digest(&genesis, &identity(&alice, &path)));
        let others = [
            digest(&Hash::repeat_byte(2), &identity(&alice, &path)),
            digest(&genesis, &identity(&other, &path)),
            digest(&genesis, &identity(&alice, &other_path)),
            digest(
                &genesis,
                &Identity {
                    nonce: 4,
                    ..identity(&alice, &path)
                },
            ),
            digest(
                &genesis,
                &Identity {
                    function: 8,
                    ..identity(&alice, &path)
                },
            ),
            digest(
                &genesis,
                &Identity {
                    version: 2,
                    ..identity(&alice, &path)
                },
            ),
            digest(
                &genesis,
                &Identity {
                    input: [8; 32],
                    ..identity(&alice, &path)
                },
            ),
            digest(
                &genesis,
                &Identity {
                    invocation: 6,
                    ..identity(&alice, &path)
                },
            ),
        ];
        for (index, other) in others.iter().enumerate() {
            assert_ne!(*other, first, "part {index} does not count");
        }
    }

    #[test]
    fn digest_of_a_call_on_a_chain_stays_what_it_was() {
        let hash = |hex: &str| hex.parse::<Hash>().unwrap();
        let charlie = hash("90b5ab205c6974c9ea841be688864633dc9ca8a357843eeacf2314649965fe22");
        let input = Input::Inline(b"hello\n".to_vec().try_into().unwrap());
        let identity = Identity {
            principal: &Principal::direct(charlie),
            nonce: 1u32,
            function: 0,
            version: 1,
            path: &Path::parse("/").unwrap(),
            input: input_hash(&input),
            invocation: 0,
        };
        let genesis = hash("0083d71e8c8913cb3190bd4f7e40cc2f85aef6074fbfa8355114e4e9ae1a3e6f");
        let expected = hash("5bf16e421211ea6be83e83afd7e76e3eac813819c27536ebcd64b01d7d72f496");
        assert_eq!(digest(&genesis, &identity), expected);
    }
}
