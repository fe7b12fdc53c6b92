//! What a worker tells the chain: how its attempts ended.
//!
//! One signature covers a batch. Everything the chain needs to judge an item without trusting the
//! sender stands in it: the call's digest (an id alone may name another call after a
//! re-organisation), the replica and the attempt.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

use crate::{
    signing, Attempt, Digest, Hash, InvocationId, Outcome, Output, ProviderId, Replica, WorkerId,
};

/// Most items in a report.
pub const MAX_REPORT_ITEMS: u32 = 32;
/// Domain of report signatures.
pub const REPORT_DOMAIN: &[u8; 15] = b"defaas/report/1";

/// A batch of results.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Report {
    /// First form.
    #[codec(index = 0)]
    V1(ReportV1),
}

/// A batch of results by one provider under one worker key.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ReportV1 {
    /// Who reports.
    pub provider: ProviderId,
    /// The key that signs: the one frozen in every assignment of the batch.
    pub worker: WorkerId,
    /// How often these same items were sent before. Raises the transaction's priority, so that a
    /// re-send replaces what a pool still holds.
    pub resend: u16,
    /// Results, strictly ascending by (invocation, replica).
    pub items: BoundedVec<ReportItem, ConstU32<MAX_REPORT_ITEMS>>,
}

/// The result of one attempt.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ReportItem {
    /// Which call.
    pub invocation: InvocationId,
    /// Identity of the call.
    pub digest: Digest,
    /// Which of several executions.
    pub replica: Replica,
    /// Which attempt.
    pub attempt: Attempt,
    /// How it ended.
    pub outcome: Outcome,
    /// What the function wrote, or the end of what it wrote to its error stream if it failed.
    /// `Some` for [`Outcome::Success`] and [`Outcome::FunctionFailed`], else `None`.
    pub output: Option<Output>,
    /// What the execution used.
    pub meters: Meters,
}

/// What an execution used, as its provider says. Recorded, not billed.
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
pub struct Meters {
    /// Execution time in milliseconds.
    pub duration_ms: u32,
    /// Fuel of the executor, where the version is deterministic.
    pub fuel: Option<u64>,
}

impl ReportV1 {
    /// Whether the items are sorted, unique and well formed, and there is at least one.
    pub fn is_well_formed(&self) -> bool {
        !self.items.is_empty()
            && self.items.iter().all(ReportItem::is_well_formed)
            && self.items.windows(2).all(|pair| match pair {
                [a, b] => (a.invocation, a.replica) < (b.invocation, b.replica),
                _ => true,
            })
    }
}

impl ReportItem {
    /// Whether the outcome comes with an output exactly when it must, and the output is valid.
    pub fn is_well_formed(&self) -> bool {
        match (&self.outcome, &self.output) {
            (Outcome::Success | Outcome::FunctionFailed, Some(output)) => output.is_valid(),
            (Outcome::LimitExceeded(_) | Outcome::ProviderFailed(_), None) => true,
            _ => false,
        }
    }
}

impl Report {
    /// Bytes that the worker key signs.
    pub fn payload(&self, genesis: &Hash) -> [u8; 32] {
        signing::payload(REPORT_DOMAIN, genesis, self)
    }
}
