//! What identifies one attempt everywhere in this crate.

use codec::{Decode, Encode};
use defaas_primitives::{Attempt, Digest, InvocationId, Job, Replica};

/// One attempt of one replica of one call.
///
/// The number of a call alone is not enough: after a re-organisation it may name another call. The
/// digest keeps the two apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct AttemptKey {
    /// Which call.
    pub invocation: InvocationId,
    /// Which of several executions.
    pub replica: Replica,
    /// Which attempt.
    pub attempt: Attempt,
    /// Identity of the call.
    pub digest: Digest,
}

impl From<&Job> for AttemptKey {
    fn from(job: &Job) -> Self {
        Self {
            invocation: job.invocation,
            replica: job.replica,
            attempt: job.attempt,
            digest: job.digest,
        }
    }
}

impl std::fmt::Display for AttemptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}/{}/{} {:?}",
            self.invocation, self.replica, self.attempt, self.digest
        )
    }
}
