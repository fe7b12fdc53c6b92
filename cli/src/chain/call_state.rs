//! What the node tells whoever subscribes to a call, as JSON.

use defaas_primitives::{InvocationId, ProviderId};
use serde::{Deserialize, Deserializer};
use subxt::utils::H256;

/// Method that subscribes to a call.
pub(super) const SUBSCRIBE: &str = "faas_subscribeInvocation";
/// Method that ends a subscription.
pub(super) const UNSUBSCRIBE: &str = "faas_unsubscribeInvocation";
/// Error of a node that knows no such call.
pub(super) const UNKNOWN_CALL: i32 = 9_102;
/// JSON-RPC's error of a node that has no such method.
pub(super) const NO_SUCH_METHOD: i32 = -32_601;

/// Where a call stands in the state of a block. What is not used here is not read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallState {
    /// In whose state.
    pub block: H256,
    /// Which call.
    pub invocation: InvocationId,
    /// Identity of the call.
    #[serde(deserialize_with = "digest")]
    pub digest: [u8; 32],
    /// Where it stands.
    pub status: Stage,
    /// Number of the attempt, from 0 up.
    pub attempt: u8,
    /// Who executes it or has delivered it.
    pub provider: Option<ProviderId>,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Stage {
    Requested,
    Assigned,
    Settled,
    Refunded,
}

impl CallState {
    /// Whether the call has ended in that block.
    pub fn is_end(&self) -> bool {
        matches!(self.status, Stage::Settled | Stage::Refunded)
    }

    /// What it says, for people.
    pub fn describe(&self) -> String {
        let id = self.invocation;
        let attempt = self.attempt.saturating_add(1);
        match (self.status, self.provider) {
            (Stage::Assigned, Some(provider)) => {
                format!("call {id}: attempt {attempt}, provider {provider} executes it")
            }
            _ if self.is_end() => format!("call {id} has ended"),
            _ => format!("call {id}: attempt {attempt}, waiting for a provider"),
        }
    }
}

fn digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    H256::deserialize(deserializer).map(|digest| digest.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a node writes it.
    fn json(status: &str, provider: &str) -> String {
        format!(
            r#"{{"block":"0x{}","finalized":false,"invocation":7,"digest":"0x{}",
            "status":"{status}","outcome":null,"refundReason":null,"attempt":1,
            "provider":{provider},"deadline":null,"output":null,"durationMs":null,"fuel":null}}"#,
            "09".repeat(32),
            "01".repeat(32)
        )
    }

    fn state(status: &str, provider: &str) -> CallState {
        serde_json::from_str(&json(status, provider)).unwrap()
    }

    #[test]
    fn what_a_node_tells_is_read() {
        let assigned = state("assigned", "3");
        assert_eq!(assigned.block, H256([9; 32]));
        assert_eq!(assigned.digest, [1; 32]);
        assert_eq!(
            assigned.describe(),
            "call 7: attempt 2, provider 3 executes it"
        );
        assert!(state("requested", "null").describe().contains("waiting"));
    }

    #[test]
    fn settled_and_refunded_are_ends() {
        for (status, end) in [
            ("requested", false),
            ("assigned", false),
            ("settled", true),
            ("refunded", true),
        ] {
            assert_eq!(state(status, "null").is_end(), end, "{status}");
        }
    }

    #[test]
    fn a_status_that_is_not_known_is_an_error() {
        assert!(serde_json::from_str::<CallState>(&json("disputed", "null")).is_err());
    }
}
