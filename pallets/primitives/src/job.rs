//! What a worker needs to know to execute one attempt.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{
    Attempt, Code, Digest, FunctionId, Input, InvocationId, Limits, Path, ProviderId, Replica,
    Tick, VersionNumber, WorkerId,
};

/// Where a page of a worklist ends, and so where the next one begins.
pub type JobCursor = (InvocationId, Replica);

/// Most jobs in a page of a worklist.
pub const MAX_JOBS_PAGE: u32 = 100;

/// One open assignment. Everything in it was frozen when the call was requested or the provider was
/// drawn, so it never changes while the attempt is open.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Job {
    /// Which call.
    pub invocation: InvocationId,
    /// Identity of the call.
    pub digest: Digest,
    /// Which of several executions.
    pub replica: Replica,
    /// Which attempt.
    pub attempt: Attempt,
    /// Last tick at which a report is valid.
    pub deadline: Tick,
    /// The key that must sign the report.
    pub worker: WorkerId,
    /// Which function.
    pub function: FunctionId,
    /// Which version of it.
    pub version: VersionNumber,
    /// What to execute.
    pub code: Code,
    /// Within which limits.
    pub limits: Limits,
    /// Whether the same input must give the same output.
    pub deterministic: bool,
    /// Who has the code, if the developer named someone.
    pub source: Option<ProviderId>,
    /// Path and query that the function sees.
    pub path: Path,
    /// What the function reads.
    pub input: Input,
}

impl Job {
    /// Where a page that ends with this job ends.
    pub fn cursor(&self) -> JobCursor {
        (self.invocation, self.replica)
    }
}
