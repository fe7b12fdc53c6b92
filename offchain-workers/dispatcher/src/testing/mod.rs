//! In-memory adapters of all ports, for tests.
//!
//! [`FakeChain`] has blocks, branches, finality and a pool with the chain's rules for reports;
//! [`FakeStore`] and [`FakeExecutor`] do what they are told per content and per function. All of them
//! outlive a dispatcher, so a test can stop one and start the next. Time is tokio's: tests pause it.

mod chain;
mod content;
mod executor;

pub use chain::{FakeChain, PoolMode};
pub use content::{FakeStore, Fetch};
pub use executor::{Behaviour, FakeExecutor};

use codec::Decode;
use defaas_primitives::call::Inline;
use defaas_primitives::{
    Cid, Code, CodeKind, Digest, Hash, Input, InvocationId, Job, Limits, Path, ProviderId, Tick,
    WorkerId,
};

/// The provider that [`job`] is assigned to.
pub const PROVIDER: ProviderId = 7;

/// A worker key that nobody holds.
pub fn worker(n: u8) -> WorkerId {
    WorkerId::decode(&mut &[n; 32][..]).expect("a public key is 32 bytes; qed")
}

/// The CID of content that is named by a number.
pub fn cid(n: u8) -> Cid {
    Cid::raw_sha256([n; 32])
}

/// A job of call `invocation` with `deadline`: function 0, code 0, an inline input.
pub fn job(invocation: InvocationId, deadline: Tick) -> Job {
    Job {
        invocation,
        digest: Digest::from_low_u64_be(invocation),
        replica: 0,
        attempt: 0,
        deadline,
        worker: worker(1),
        function: 0,
        version: 1,
        code: Code {
            cid: cid(0),
            sha256: [0; 32],
            size: 1_000,
            kind: CodeKind::Wasm,
        },
        limits: Limits {
            timeout_ms: 10_000,
            memory_bytes: 64 * 1024 * 1024,
            max_input_bytes: 4_096,
            max_output_bytes: 64 * 1024,
        },
        deterministic: true,
        source: None,
        path: Path::default(),
        input: Input::Inline(Inline::truncate_from(invocation.to_le_bytes().to_vec())),
    }
}

/// The hash of the fake chain's first block.
pub fn genesis() -> Hash {
    Hash::repeat_byte(0xce)
}
