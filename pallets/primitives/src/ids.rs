//! Identifiers. All are counters: after a re-organisation the same number may name another thing,
//! so whatever acts outside the chain also carries the invocation's [`Digest`](crate::Digest).

/// A function, in the order of publication on this chain.
pub type FunctionId = u64;
/// A version of a function, from 1 up, in the order of publication.
pub type VersionNumber = u32;
/// A call of a function through the chain.
pub type InvocationId = u64;
/// A registered provider. Dense, never used again after the provider has left.
pub type ProviderId = u32;
/// Which of several executions of the same invocation. 0 unless the version asks for redundancy.
pub type Replica = u8;
/// How many providers were drawn for this replica before, from 0 up.
pub type Attempt = u8;
