//! Where a call stands, as JSON.

use defaas_openfaas::outcome_token;
use defaas_primitives::{
    Attempt, Digest, Hash, InvocationId, InvocationState, Meters, OutputDigest, ProviderId,
    RefundReason, Status, Tick,
};
use serde::Serialize;

/// Where a call stands in the state of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallState {
    /// In whose state.
    block: Hash,
    /// Whether that block is final, so that this cannot be taken back.
    finalized: bool,
    /// Which call.
    invocation: InvocationId,
    /// Identity of the call: after a re-organisation its number may name another one.
    digest: Digest,
    /// `requested`, `assigned`, `settled` or `refunded`.
    status: &'static str,
    /// How it ended, if it is settled: the words that the function runtime uses too.
    outcome: Option<&'static str>,
    /// Why it is not charged, if it is refunded.
    refund_reason: Option<&'static str>,
    /// Number of the current or last attempt, from 0 up.
    attempt: Attempt,
    /// Who executes it or has delivered it.
    provider: Option<ProviderId>,
    /// Last tick at which a report of the current attempt is valid.
    deadline: Option<Tick>,
    /// Hash and length of the output.
    output: Option<OutputState>,
    /// Execution time in milliseconds, as the provider says.
    duration_ms: Option<u32>,
    /// Fuel used, of deterministic functions, as the provider says.
    fuel: Option<u64>,
}

/// What is known of an output without having it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct OutputState {
    /// Its sha-256.
    sha256: Hash,
    /// Its length in bytes.
    size: u32,
}

impl CallState {
    /// `state` as it is in `block`.
    pub fn new(state: InvocationState, block: Hash, finalized: bool) -> Self {
        let InvocationState {
            invocation,
            digest,
            status,
            attempt,
            provider,
            deadline,
            output,
            meters,
        } = state;
        let (status, outcome, refund_reason) = match &status {
            Status::Requested => ("requested", None, None),
            Status::Assigned => ("assigned", None, None),
            Status::Settled(outcome) => ("settled", Some(outcome_token(outcome)), None),
            Status::Refunded(reason) => ("refunded", None, Some(refund_token(*reason))),
        };
        Self {
            block,
            finalized,
            invocation,
            digest,
            status,
            outcome,
            refund_reason,
            attempt,
            provider,
            deadline,
            output: output.map(|OutputDigest { sha256, size }| OutputState {
                sha256: sha256.into(),
                size,
            }),
            duration_ms: meters.map(|Meters { duration_ms, .. }| duration_ms),
            fuel: meters.and_then(|meters| meters.fuel),
        }
    }

    /// Whether nothing follows: the call has ended, and that is final.
    pub fn is_last(&self) -> bool {
        self.finalized && matches!(self.status, "settled" | "refunded")
    }

    /// Whether `other` says the same, be it of another block.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let other = Self {
            block: self.block,
            ..other.clone()
        };
        *self == other
    }
}

fn refund_token(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::NoProvider => "no-provider",
        RefundReason::AttemptsExhausted => "attempts-exhausted",
        RefundReason::ContentUnusable => "content-unusable",
        RefundReason::ProvidersFull => "providers-full",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use defaas_primitives::Outcome;

    fn settled() -> InvocationState {
        InvocationState {
            invocation: 7,
            digest: Digest::repeat_byte(1),
            status: Status::Settled(Outcome::Success),
            attempt: 0,
            provider: Some(3),
            deadline: None,
            output: Some(OutputDigest {
                sha256: [2; 32],
                size: 5,
            }),
            meters: Some(Meters {
                duration_ms: 12,
                fuel: None,
            }),
        }
    }

    #[test]
    fn json_has_camel_case_names_and_the_words_of_the_runtime() {
        let state = CallState::new(settled(), Hash::repeat_byte(9), true);
        assert_eq!(
            serde_json::to_value(&state).expect("can be written"),
            serde_json::json!({
                "block": format!("0x{}", "09".repeat(32)),
                "finalized": true,
                "invocation": 7,
                "digest": format!("0x{}", "01".repeat(32)),
                "status": "settled",
                "outcome": "success",
                "refundReason": null,
                "attempt": 0,
                "provider": 3,
                "deadline": null,
                "output": { "sha256": format!("0x{}", "02".repeat(32)), "size": 5 },
                "durationMs": 12,
                "fuel": null,
            })
        );
    }

    #[test]
    fn only_a_final_end_is_the_last_state() {
        let state = |status, finalized| {
            let state = InvocationState {
                status,
                ..settled()
            };
            CallState::new(state, Hash::zero(), finalized)
        };
        assert!(state(Status::Settled(Outcome::Success), true).is_last());
        assert!(state(Status::Refunded(RefundReason::NoProvider), true).is_last());
        assert!(!state(Status::Settled(Outcome::Success), false).is_last());
        assert!(!state(Status::Assigned, true).is_last());
    }

    #[test]
    fn the_block_alone_is_no_news() {
        let first = CallState::new(settled(), Hash::repeat_byte(1), false);
        let later = CallState::new(settled(), Hash::repeat_byte(2), false);
        let last = CallState::new(settled(), Hash::repeat_byte(2), true);
        assert!(first.says_the_same_as(&later));
        assert!(!later.says_the_same_as(&last));
    }
}
