//! A paid call through everything that is real: the `defaas` command, the chain, the worker, the
//! content store and the function runtime.

use defaas_cli::chain::Chain;
use defaas_system_tests::{cli, price::treasury, Node};
use serde_json::Value;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::dev;

/// What these accounts own in all, held money included.
async fn owned(chain: &Chain, accounts: &[AccountId32]) -> Vec<u128> {
    let block = chain.best().await.unwrap();
    let mut owned = Vec::new();
    for account in accounts {
        let balances = chain.balances(&block, account).await.unwrap();
        owned.push(balances.free + balances.held);
    }
    owned
}

fn units(value: &Value) -> u128 {
    value.as_str().expect("amounts are texts").parse().unwrap()
}

#[tokio::test]
async fn published_function_is_called_executed_and_paid_for() {
    let node = Node::start().await.unwrap();
    let chain = node.connect().await.unwrap();
    node.finalized(&chain, 1).await.unwrap();
    let code = node.home().path().join("echo.wasm");
    std::fs::write(
        &code,
        wat::parse_str(include_str!("../../fixtures/echo.wat")).unwrap(),
    )
    .unwrap();
    let input = node.home().path().join("input");
    std::fs::write(&input, "hello, network\n").unwrap();

    let stored = cli::run(&node, "//Bob", &["store", "add", code.to_str().unwrap()]).await;
    let published = cli::run(
        &node,
        "//Bob",
        &[
            "publish",
            code.to_str().unwrap(),
            "--name",
            "echo",
            "--fee",
            "0.25",
        ],
    )
    .await;
    assert_eq!(published["cid"], stored["cid"]);
    let again = cli::run(
        &node,
        "//Bob",
        &[
            "publish",
            code.to_str().unwrap(),
            "--name",
            "echo",
            "--fee",
            "0.25",
        ],
    )
    .await;
    assert_eq!(
        (&again["changed"], &again["function"]),
        (&false.into(), &published["function"])
    );

    let [developer, provider, caller] =
        [dev::bob(), dev::alice(), dev::charlie()].map(|key| key.public_key().to_account_id());
    let accounts = [developer, provider, caller, treasury()];
    let before = owned(&chain, &accounts).await;
    let output = node.home().path().join("output");
    let function = published["function"].to_string();
    let call = cli::run(
        &node,
        "//Charlie",
        &[
            "call",
            &function,
            "--input",
            input.to_str().unwrap(),
            "--output",
            output.to_str().unwrap(),
            "--wait",
        ],
    )
    .await;
    let after = owned(&chain, &accounts).await;

    assert_eq!(
        std::fs::read_to_string(&output).unwrap(),
        "hello, network\n",
        "{call}"
    );
    let paid = &call["paid"];
    let fee = units(&paid["developer"]);
    assert_eq!(fee, defaas_cli::amount::DFS / 4);
    assert_eq!(after[0] - before[0], fee);
    assert_eq!(after[1] - before[1], units(&paid["provider"]));
    // The treasury also gets the network fee of the call and the fee of the transaction, so the
    // four parties together own what they owned.
    assert!(after[3] - before[3] > units(&paid["treasury"]));
    assert_eq!(after.iter().sum::<u128>(), before.iter().sum::<u128>());
    println!(
        "request block {}, result block {}, latency {} ms",
        call["request_block"], call["result_block"], call["latency_ms"],
    );
}
