//! Where a call stands, for whoever waits for it.
//!
//! The chain's record of a call has many more fields and may grow; this is the part that watchers
//! need, in a form that stays.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{Attempt, Digest, InvocationId, Meters, Outcome, OutputDigest, ProviderId, Tick};

/// Where a call stands in the state of one block.
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
pub struct InvocationState {
    /// Which call.
    pub invocation: InvocationId,
    /// Identity of the call: after a re-organisation its number may name another one.
    pub digest: Digest,
    /// How far it is.
    pub status: Status,
    /// Number of the current or last attempt, from 0 up.
    pub attempt: Attempt,
    /// Who executes it or has delivered it, if anybody.
    pub provider: Option<ProviderId>,
    /// Last tick at which a report of the current attempt is valid, while there is one.
    pub deadline: Option<Tick>,
    /// Hash and length of the output, once there is one. They outlive the output.
    pub output: Option<OutputDigest>,
    /// What the execution used, as its provider says, once it is settled.
    pub meters: Option<Meters>,
}

/// How far a call is; part of its record.
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
pub enum Status {
    /// Waits for a draw.
    #[codec(index = 0)]
    Requested,
    /// A provider executes it.
    #[codec(index = 1)]
    Assigned,
    /// Ended and paid.
    #[codec(index = 2)]
    Settled(Outcome),
    /// Ended without charge.
    #[codec(index = 3)]
    Refunded(RefundReason),
}

impl Status {
    /// Whether nothing follows.
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::Settled(_) | Self::Refunded(_))
    }
}

/// Why a call ended without charge.
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
pub enum RefundReason {
    /// No provider that could take it was there, however often it was drawn again, and none was tried.
    #[codec(index = 0)]
    NoProvider,
    /// Every provider assigned was silent or could not execute it. Also where what was reported could
    /// not be booked.
    #[codec(index = 1)]
    AttemptsExhausted,
    /// Every provider assigned found fault with its code or its input.
    #[codec(index = 2)]
    ContentUnusable,
    /// There are providers that could take it, but they had no room, however often it was drawn
    /// again.
    #[codec(index = 3)]
    ProvidersFull,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limit;
    use alloc::vec;

    #[test]
    fn encoding_of_stages_is_frozen() {
        let statuses = [
            (Status::Requested, vec![0]),
            (Status::Assigned, vec![1]),
            (Status::Settled(Outcome::Success), vec![2, 0]),
            (
                Status::Settled(Outcome::LimitExceeded(Limit::Memory)),
                vec![2, 2, 1],
            ),
            (Status::Refunded(RefundReason::NoProvider), vec![3, 0]),
            (
                Status::Refunded(RefundReason::AttemptsExhausted),
                vec![3, 1],
            ),
            (Status::Refunded(RefundReason::ContentUnusable), vec![3, 2]),
            (Status::Refunded(RefundReason::ProvidersFull), vec![3, 3]),
        ];
        for (status, bytes) in statuses {
            assert_eq!(status.encode(), bytes);
            assert_eq!(Status::decode(&mut &bytes[..]), Ok(status));
        }
    }

    #[test]
    fn encoding_of_a_state_is_frozen() {
        let state = InvocationState {
            invocation: 7,
            digest: Digest::repeat_byte(1),
            status: Status::Assigned,
            attempt: 2,
            provider: Some(3),
            deadline: Some(4),
            output: None,
            meters: None,
        };
        let mut bytes = vec![7, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend([1; 32]);
        bytes.extend([1, 2, 1, 3, 0, 0, 0, 1, 4, 0, 0, 0, 0, 0]);
        assert_eq!(state.encode(), bytes);
    }

    #[test]
    fn only_settled_and_refunded_calls_are_at_their_end() {
        assert!(Status::Settled(Outcome::FunctionFailed).is_end());
        assert!(Status::Refunded(RefundReason::NoProvider).is_end());
        assert!(!Status::Requested.is_end());
        assert!(!Status::Assigned.is_end());
    }
}
