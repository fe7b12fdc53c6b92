//! The sample functions, published, called and paid for on real inputs: they answer what a direct run
//! answers, and the price goes where it should to the last unit.

use defaas_cli::{
    amount::{Amount, DFS},
    chain::Chain,
};
use defaas_primitives::call::MAX_INLINE;
use defaas_system_tests::{
    cli,
    ledger::{signed, transaction_fees, Ledger},
    price::{self, Limits},
    samples, Node,
};
use std::collections::BTreeMap;
use subxt_signer::sr25519::dev;

/// With these the execution price and the treasury's share of it are no whole numbers before they
/// are rounded.
const LIMITS: Limits = Limits {
    timeout_ms: 3_333,
    memory_mib: 101,
};
const FEE: u128 = DFS / 1_000 + 1;

#[tokio::test]
async fn word_count_of_a_text_is_that_of_a_direct_run_and_is_paid_to_the_unit() {
    let called = publish_call_and_settle("word-count", "top=3", "gettysburg-address.txt").await;
    assert!(!called.output_is_stored);
}

#[tokio::test]
async fn thumbnail_of_a_photograph_is_that_of_a_direct_run_and_is_paid_to_the_unit() {
    // Both pictures are too long to stand on chain: they go by CID.
    let called = publish_call_and_settle("thumbnail", "width=96", "coffee.jpg").await;
    assert!(called.input_bytes > u64::from(MAX_INLINE));
    assert!(called.output_is_stored);
    assert!(called.answer.starts_with(b"\x89PNG\r\n\x1a\n"));
}

/// What came of a call.
struct Called {
    answer: Vec<u8>,
    input_bytes: u64,
    output_is_stored: bool,
}

/// Bob publishes a sample and Charlie calls it; Alice's node executes.
async fn publish_call_and_settle(sample: &str, query: &str, input: &str) -> Called {
    let node = Node::start().await.unwrap();
    let chain = node.connect().await.unwrap();
    node.finalized(&chain, 1).await.unwrap();
    let function = publish(&node, sample).await;

    let input = samples::input(input);
    let output = node.home().path().join("output");
    let call = cli::run(
        &node,
        "//Charlie",
        &[
            "call",
            &function,
            "--path",
            &format!("/?{query}"),
            "--input",
            input.to_str().unwrap(),
            "--output",
            output.to_str().unwrap(),
            "--wait",
        ],
    )
    .await;
    let answer = std::fs::read(&output).unwrap();
    assert!(
        answer == samples::run(sample, query, &input).await,
        "another answer than that of a direct run: {call}",
    );

    let [requested, ended] =
        ["request_block", "result_block"].map(|block| call[block].as_u64().unwrap());
    node.finalized(&chain, ended).await.unwrap();
    let network_fee = call["price"]["network_fee"].as_str().unwrap();
    assert_paid(&chain, requested, ended, network_fee.parse().unwrap()).await;
    println!("{sample}: request in block {requested}, result in block {ended}");
    Called {
        answer,
        input_bytes: std::fs::metadata(&input).unwrap().len(),
        output_is_stored: call["output"]["cid"].is_string(),
    }
}

async fn publish(node: &Node, sample: &str) -> String {
    let code = samples::code(sample);
    let code = code.to_str().unwrap();
    let Limits {
        timeout_ms,
        memory_mib,
    } = LIMITS;
    let (fee, timeout) = (Amount(FEE).to_string(), timeout_ms.to_string());
    let memory = format!("{memory_mib}MiB");
    let mut arguments = vec!["publish", code, "--name", sample, "--fee", &fee];
    arguments.extend(["--timeout", &timeout, "--memory", &memory]);
    let published = cli::run(node, "//Bob", &arguments).await;
    let stored = cli::run(node, "//Bob", &["store", "add", code]).await;
    assert_eq!(published["cid"], stored["cid"]);
    let again = cli::run(node, "//Bob", &arguments).await;
    assert_eq!(again["changed"], false, "{again}");
    assert_eq!(again["function"], published["function"]);
    published["function"].to_string()
}

/// From before the request to after its end, money went from the caller to developer, provider and
/// treasury, in the parts that the prices say, and nowhere else.
async fn assert_paid(chain: &Chain, requested: u64, ended: u64, network_fee: u128) {
    let [developer, provider, caller] =
        [dev::bob(), dev::alice(), dev::charlie()].map(|key| key.public_key().to_account_id());
    let client = chain.finalized().await.unwrap().online_client();
    let before = Ledger::read(&client.at_block(requested - 1).await.unwrap()).await;
    let after = Ledger::read(&client.at_block(ended).await.unwrap()).await;
    let mut transaction_fee = 0;
    for number in requested..=ended {
        let fees = transaction_fees(&client.at_block(number).await.unwrap()).await;
        transaction_fee += fees.get(&caller).copied().unwrap_or(0);
    }
    assert!(transaction_fee > 0);

    let execution = LIMITS.price();
    let treasury = execution.treasury + network_fee + transaction_fee;
    let cost = FEE + execution.provider + treasury;
    let gains = BTreeMap::from([
        (developer, signed(FEE)),
        (provider, signed(execution.provider)),
        (price::treasury(), signed(treasury)),
        (caller, -signed(cost)),
    ]);
    assert_eq!(after.gains_since(&before), gains);
    assert_eq!(after.held(), before.held());
    assert_eq!(after.open_quotes, 0);
    assert_eq!(
        (after.total(), after.issuance),
        (before.total(), before.issuance)
    );
    assert_eq!(after.total(), after.issuance);
}
