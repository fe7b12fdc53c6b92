//! *A signed transaction* → to the node's pool, by one subscription → *what the node tells of it*.
//!
//! The subscription is made once and its errors are read as they are. A client that tries one method
//! after the other hands a transaction over several times, and tells the last answer only: that of a
//! pool which has it from the first.

use super::{deliver::Handed, link::plain, nonce::Turn};
use crate::output::Output;
use subxt::{
    config::RpcConfigFor,
    rpcs::{
        methods::chain_head::TransactionStatus, ChainHeadRpcMethods, Error as RpcError, RpcClient,
    },
    PolkadotConfig,
};

/// Hands `bytes` over and waits until a block has them. Gives `turn` back when the pool has them.
pub(super) async fn hand_over(
    rpc: RpcClient,
    bytes: &[u8],
    turn: &mut Option<Turn>,
    output: &Output,
) -> Handed {
    let methods = ChainHeadRpcMethods::<RpcConfigFor<PolkadotConfig>>::new(rpc);
    let mut statuses = match methods.transactionwatch_v1_submit_and_watch(bytes).await {
        Ok(statuses) => statuses,
        // The node's own answer. It comes before the pool sees anything.
        Err(RpcError::User(error)) => return Handed::Refused(error.message),
        Err(error) => return Handed::Lost(plain(&error.to_string())),
    };
    let mut pooled = false;
    while let Some(status) = statuses.next().await {
        match status {
            Ok(
                TransactionStatus::Validated
                | TransactionStatus::Broadcasted
                | TransactionStatus::BestChainBlockIncluded { block: None },
            ) => {
                if !pooled {
                    output.progress("waiting for a block");
                }
                pooled = true;
                *turn = None;
            }
            Ok(
                TransactionStatus::BestChainBlockIncluded { block: Some(block) }
                | TransactionStatus::Finalized { block },
            ) => return Handed::InBlock(block.hash),
            // So a pool refuses. What it drops it had.
            Ok(TransactionStatus::Invalid { error }) if !pooled => return Handed::Refused(error),
            Ok(
                TransactionStatus::Invalid { error }
                | TransactionStatus::Dropped { error }
                | TransactionStatus::Error { error },
            ) => return Handed::Dropped(error),
            Err(error) => return Handed::Lost(plain(&error.to_string())),
        }
    }
    Handed::Lost("the node stopped telling about it".into())
}

#[cfg(test)]
mod tests {
    use super::{
        super::fake::{Answer, Fake},
        *,
    };
    use serde_json::{json, Value};
    use subxt::utils::H256;

    const BYTES: [u8; 3] = [1, 2, 3];

    fn validated() -> Value {
        json!({"event": "validated"})
    }

    fn in_block(byte: u8) -> Value {
        let hash = format!("0x{}", hex::encode([byte; 32]));
        json!({"event": "bestChainBlockIncluded", "block": {"hash": hash, "index": 2}})
    }

    fn failed(event: &str, error: &str) -> Value {
        json!({"event": event, "error": error})
    }

    async fn handed(answer: Answer) -> Handed {
        let fake = Fake::start(9).await;
        fake.answers([answer]);
        let rpc = RpcClient::from_insecure_url(fake.url()).await.unwrap();
        let handed = hand_over(rpc, &BYTES, &mut None, &Output::new(true)).await;
        assert_eq!(fake.taken(), ["0x010203"]);
        handed
    }

    #[tokio::test]
    async fn a_block_that_has_it_is_named() {
        let answer = Answer::Tells(vec![validated(), in_block(9)]);
        assert_eq!(handed(answer).await, Handed::InBlock(H256([9; 32])));
        // The node may be so fast that this is the first word.
        let answer = Answer::Tells(vec![in_block(8)]);
        assert_eq!(handed(answer).await, Handed::InBlock(H256([8; 32])));
    }

    #[tokio::test]
    async fn the_pools_refusal_and_the_nodes_are_refusals() {
        let outdated = "Invalid transaction: Transaction is outdated";
        let answer = Answer::Tells(vec![failed("invalid", outdated)]);
        assert_eq!(handed(answer).await, Handed::Refused(outdated.into()));
        let busy = "Too many subscriptions on the connection";
        let answer = Answer::Refuses(busy);
        assert_eq!(handed(answer).await, Handed::Refused(busy.into()));
    }

    #[tokio::test]
    async fn what_the_pool_had_is_dropped_and_not_refused() {
        let marked = "Extrinsic marked as invalid";
        let answer = Answer::Tells(vec![validated(), failed("invalid", marked)]);
        assert_eq!(handed(answer).await, Handed::Dropped(marked.into()));
        let limits = "Extrinsic dropped from the pool due to exceeding limits";
        let answer = Answer::Tells(vec![failed("dropped", limits)]);
        assert_eq!(handed(answer).await, Handed::Dropped(limits.into()));
    }

    #[tokio::test]
    async fn a_connection_that_breaks_before_or_after_the_answer_is_a_loss() {
        for answer in [Answer::Silence, Answer::Holds(vec![validated()])] {
            let fake = Fake::start(9).await;
            let mut relay = fake.relay().await;
            let what = format!("{answer:?}");
            fake.answers([answer]);
            let rpc = RpcClient::from_insecure_url(relay.url()).await.unwrap();
            let output = Output::new(true);
            let mut turn = None;
            let cut = async {
                fake.has_taken(1).await;
                relay.cut().await;
            };
            let (handed, ()) = tokio::join!(hand_over(rpc, &BYTES, &mut turn, &output), cut);
            assert!(matches!(handed, Handed::Lost(_)), "{what}: {handed:?}");
        }
    }
}
