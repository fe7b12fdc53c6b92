//! Which call is waited for.
//!
//! After a re-organisation the number of a call may name another one, and the same request may have
//! another number, with it another digest and perhaps another version. What stays is the transaction:
//! its account and its number. From them and from what was asked for, the digest that a call must
//! have at a number follows, so it is known again with certainty.

use super::{
    events::Requested,
    types::{ContentId, Input, Invocation},
    AtBlock, Chain,
};
use crate::Result;
use defaas_primitives::{
    call::Inline,
    identity::{self, Identity},
    Cid, FunctionId, Hash, InvocationId, Nonce, Path, Principal, VersionNumber,
};
use subxt::utils::{AccountId32, H256};

/// How far around its number a call is searched for.
const SEARCH: u32 = 50;

/// A call that is waited for.
#[derive(Clone, Debug)]
pub struct Sought {
    /// The number it has, as far as is known.
    pub id: InvocationId,
    digest: [u8; 32],
    request: Option<Request>,
}

/// What a transaction asked for: enough to know its call under any number.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who signed it.
    pub account: AccountId32,
    /// Number of the transaction among those of the account.
    pub nonce: u64,
    /// Which function.
    pub function: FunctionId,
    /// Path and query.
    pub path: Vec<u8>,
    /// What the function reads.
    pub input: Input,
}

impl From<&Requested> for Sought {
    /// Known again only under its number.
    fn from(requested: &Requested) -> Self {
        Self {
            id: requested.invocation,
            digest: requested.digest,
            request: None,
        }
    }
}

impl Sought {
    /// The call that `request` made.
    pub fn of(requested: &Requested, request: Request) -> Self {
        Self {
            request: Some(request),
            ..Self::from(requested)
        }
    }

    /// Whether a call with this number and digest is the one, as far as was seen before.
    pub(super) fn is(&self, id: InvocationId, digest: &[u8; 32]) -> bool {
        self.id == id && self.digest == *digest
    }

    /// Whether this record is the call's.
    fn has(&self, genesis: H256, id: InvocationId, record: &Invocation) -> bool {
        if record.digest == self.digest {
            return true;
        }
        let foretold = self
            .request
            .as_ref()
            .and_then(|request| request.digest(genesis, record.resolved.version, id));
        foretold == Some(record.digest)
    }
}

impl Request {
    /// The digest that its call has under number `id`, `None` if this is no valid request.
    fn digest(&self, genesis: H256, version: VersionNumber, id: InvocationId) -> Option<[u8; 32]> {
        // While the request executes, its transaction is counted already.
        let nonce: Nonce = self.nonce.checked_add(1)?.try_into().ok()?;
        let identity = Identity {
            principal: &Principal::direct(self.account),
            nonce,
            function: self.function,
            version,
            path: &Path(self.path.clone().try_into().ok()?),
            input: identity::input_hash(&on_chain(&self.input)?),
            invocation: id,
        };
        Some(identity::digest(&Hash::from(genesis.0), &identity).0)
    }
}

/// In the chain's own type.
fn on_chain(input: &Input) -> Option<defaas_primitives::Input> {
    Some(match input {
        Input::Inline(bytes) => {
            defaas_primitives::Input::Inline(Inline::try_from(bytes.clone()).ok()?)
        }
        Input::Stored {
            cid: ContentId(cid),
            size,
        } => defaas_primitives::Input::Stored {
            cid: Cid::parse(cid).ok()?,
            size: *size,
        },
    })
}

impl Chain {
    /// Looks for the call at `at`, at its number and near it, and notes the number it has there.
    pub(super) async fn locate(
        &self,
        at: &AtBlock,
        sought: &mut Sought,
    ) -> Result<Option<Invocation>> {
        let genesis = self.genesis;
        let here = self.invocation(at, sought.id).await?;
        let mut found = here
            .filter(|record| sought.has(genesis, sought.id, record))
            .map(|record| (sought.id, record));
        if found.is_none() {
            let from = sought.id.saturating_sub(SEARCH.into());
            let near = self.invocations(at, from, 2 * SEARCH).await?;
            found = near
                .into_iter()
                .find(|(id, record)| sought.has(genesis, *id, record));
        }
        Ok(found.map(|(id, record)| {
            sought.id = id;
            sought.digest = record.digest;
            record
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chain::types::Status, commands::fixture::record, names::CallPath};

    /// Of a development chain whose calls 0 and 1 these were.
    const GENESIS: &str = "0083d71e8c8913cb3190bd4f7e40cc2f85aef6074fbfa8355114e4e9ae1a3e6f";
    const CALLER: &str = "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y";
    const FIRST: &str = "5bf16e421211ea6be83e83afd7e76e3eac813819c27536ebcd64b01d7d72f496";
    const SECOND: &str = "3cdbc1ec9f120b91cf52fb855d3c23b8bc8c83f44121955afd18705eefd68501";
    const STORED: &str = "bafkreid5uwduooszufsavydofj7b3rrwnjymjyirup2r6wvbokhfo74a54";

    fn bytes(text: &str) -> [u8; 32] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    fn request(nonce: u64, input: Input) -> Request {
        let path: CallPath = "/".parse().unwrap();
        Request {
            account: CALLER.parse().unwrap(),
            nonce,
            function: 0,
            path: path.0 .0,
            input,
        }
    }

    fn genesis() -> H256 {
        H256(bytes(GENESIS))
    }

    #[test]
    fn digests_are_those_that_the_chain_gave() {
        let first = request(0, Input::Inline(b"hello\n".to_vec()));
        assert_eq!(first.digest(genesis(), 1, 0), Some(bytes(FIRST)));
        let input = Input::Stored {
            cid: STORED.parse().unwrap(),
            size: 300_000,
        };
        let second = request(1, input);
        assert_eq!(second.digest(genesis(), 1, 1), Some(bytes(SECOND)));
    }

    #[test]
    fn a_call_is_known_again_under_another_number_and_no_other_call_is_taken_for_it() {
        let request = request(0, Input::Inline(b"hello\n".to_vec()));
        let requested = Requested {
            invocation: 0,
            digest: bytes(FIRST),
            version: 1,
            price: 0,
        };
        let sought = Sought::of(&requested, request.clone());
        assert!(sought.is(0, &bytes(FIRST)));
        assert!(!sought.is(1, &bytes(FIRST)));
        let mut record = record(Status::Requested, None);
        record.resolved.version = 2;
        assert!(!sought.has(genesis(), 7, &record));
        record.digest = request.digest(genesis(), 2, 7).unwrap();
        assert!(sought.has(genesis(), 7, &record));
        assert!(!sought.has(genesis(), 8, &record));
        assert!(!Sought::from(&requested).has(genesis(), 7, &record));
    }

    #[test]
    fn what_no_chain_takes_has_no_digest() {
        let long = request(0, Input::Inline(vec![0; 5_000]));
        assert_eq!(long.digest(genesis(), 1, 0), None);
        let late = request(u64::from(u32::MAX), Input::Inline(Vec::new()));
        assert_eq!(late.digest(genesis(), 1, 0), None);
    }
}
