//! What a version executes, and within which limits.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::Cid;

/// What kind of code this is, and so which executor can run it. Also what a provider says it can
/// run.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum CodeKind {
    /// A WebAssembly command or component.
    #[codec(index = 0)]
    Wasm,
    /// A container image in the OCI layout.
    #[codec(index = 1)]
    Oci,
}

/// Where the code is and how to know that it is the right one.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Code {
    /// Root of the content's DAG.
    pub cid: Cid,
    /// sha-256 of the whole content.
    pub sha256: [u8; 32],
    /// Length of the whole content in bytes.
    pub size: u64,
    /// Which executor runs it.
    pub kind: CodeKind,
}

/// What one execution may use. The price of a call follows from these, not from what was used.
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
pub struct Limits {
    /// Longest execution, in milliseconds.
    pub timeout_ms: u32,
    /// Most memory, in bytes.
    pub memory_bytes: u32,
    /// Longest input, in bytes.
    pub max_input_bytes: u32,
    /// Longest output, in bytes.
    pub max_output_bytes: u32,
}

/// How results of a version are verified.
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
pub enum Verification {
    /// One provider executes, its result stands.
    #[codec(index = 0)]
    Single,
    /// One provider executes, random calls are executed again by others.
    #[codec(index = 1)]
    Audited,
    /// So many providers execute every call and their results are compared.
    #[codec(index = 2)]
    Redundant(u8),
}
