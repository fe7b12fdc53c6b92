//! The chain by itself: blocks are finalized, money moves, state outlives the process.

use defaas_cli::{
    amount::DFS,
    chain::{Balances, Chain},
    output::Output,
    Error,
};
use defaas_system_tests::{node::Home, Node};
use subxt::{
    dynamic::{self, Value},
    transactions::Payload,
};
use subxt_signer::sr25519::{dev, Keypair};

/// An account that no genesis endows.
fn stranger() -> Keypair {
    Keypair::from_uri(&"//Nobody//here".parse().unwrap()).unwrap()
}

async fn balances(chain: &Chain, who: &Keypair) -> Balances {
    let block = chain.best().await.unwrap();
    chain
        .balances(&block, &who.public_key().to_account_id())
        .await
        .unwrap()
}

fn transfer(to: &Keypair, amount: u128) -> impl Payload {
    let to = Value::unnamed_variant("Id", [Value::from_bytes(to.public_key().0)]);
    dynamic::transaction(
        "Balances",
        "transfer_keep_alive",
        vec![to, Value::u128(amount)],
    )
}

#[tokio::test]
async fn finalizes_blocks_and_keeps_state_over_a_stop_and_a_kill() {
    let output = Output::new(false);
    let node = Node::start().await.unwrap();
    let chain = node.connect().await.unwrap();
    assert!(chain.is_development());
    node.finalized(&chain, 1).await.unwrap();

    assert_eq!(balances(&chain, &stranger()).await, Balances::default());
    let included = chain
        .submit(&transfer(&stranger(), 2 * DFS), &dev::alice(), &output)
        .await
        .unwrap();
    assert_eq!(balances(&chain, &stranger()).await.free, 2 * DFS);
    node.finalized(&chain, included.block_number).await.unwrap();

    let home: Home = node.stop().await.unwrap();
    let node = Node::start_in(home).await.unwrap();
    let chain = node.connect().await.unwrap();
    assert_eq!(balances(&chain, &stranger()).await.free, 2 * DFS);
    let number = node
        .finalized(&chain, included.block_number + 1)
        .await
        .unwrap();

    let node = Node::start_in(node.kill().await.unwrap()).await.unwrap();
    let chain = node.connect().await.unwrap();
    assert_eq!(balances(&chain, &stranger()).await.free, 2 * DFS);
    node.finalized(&chain, number + 1).await.unwrap();
}

#[tokio::test]
async fn refusals_are_typed() {
    let output = Output::new(false);
    let node = Node::start().await.unwrap();
    let chain = node.connect().await.unwrap();
    node.finalized(&chain, 1).await.unwrap();

    // In the block: the money is there, but the stranger would not live on it.
    let dust = chain
        .submit(&transfer(&stranger(), 1), &dev::alice(), &output)
        .await;
    assert!(
        matches!(dust, Err(Error::Refused { .. })),
        "{:?}",
        dust.err()
    );

    // In the pool: an account without money cannot even pay the fee.
    let unpaid = chain
        .submit(&transfer(&dev::alice(), DFS), &stranger(), &output)
        .await;
    assert!(
        matches!(unpaid, Err(Error::NotAccepted(_))),
        "{:?}",
        unpaid.err()
    );
}
