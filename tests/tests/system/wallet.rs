//! A wallet made of what any wallet uses: polkadot.js. It signs a call, and reads what pallets answer.

use defaas_cli::{
    amount::{Amount, DFS},
    chain::types::{Outcome, Output, Quote, Selector, Status, Text},
};
use defaas_system_tests::{echo, ledger::transaction_fees, npm::Scripts, Node};
use serde_json::Value;
use std::path::Path;
use subxt::utils::H256;
use subxt_signer::sr25519::dev;

const FEE: u128 = DFS / 100;
const INPUT: &str = "hello from a wallet: \u{e4}\u{1f980}\n";

fn amount(value: &Value) -> u128 {
    value.as_str().unwrap().parse().unwrap()
}

fn hash(value: &Value) -> H256 {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn polkadot_js_signs_a_call_and_reads_view_functions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("wallet");
    let (scripts, node) = tokio::join!(Scripts::with_packages(&folder), Node::start());
    let node = node.unwrap();
    let chain = node.connect().await.unwrap();
    node.finalized(&chain, 1).await.unwrap();
    let function = echo::publish(&node, "//Bob", &Amount(FEE).to_string()).await;

    let arguments = [node.url(), &function.to_string(), INPUT];
    let (stdout, stderr) = scripts.run("call.mjs", &arguments).await;
    assert_eq!(stderr, "", "polkadot.js has nothing to complain about");
    let saw: Value = serde_json::from_str(&stdout).unwrap();

    // What it read, this program reads too.
    let client = chain.finalized().await.unwrap().online_client();
    let block = client.at_block(hash(&saw["priced"])).await.unwrap();
    let latest = Selector::Alias(Text::from("latest"));
    let quote = Quote {
        developer_fee: amount(&saw["quote"]["developerFee"]),
        execution_price: amount(&saw["quote"]["executionPrice"]),
        treasury_share: amount(&saw["quote"]["treasuryShare"]),
        network_fee: amount(&saw["quote"]["networkFee"]),
    };
    assert_eq!(quote, chain.quote(&block, function, &latest).await.unwrap());
    assert_eq!(quote.developer_fee, FEE);

    // What it signed was executed, in its name, and paid.
    let caller = dev::charlie().public_key().to_account_id();
    assert_eq!(saw["caller"], caller.to_string());
    let invocation = amount(&saw["invocation"]).try_into().unwrap();
    let block = client.at_block(hash(&saw["ended"])).await.unwrap();
    let record = chain.invocation(&block, invocation).await.unwrap().unwrap();
    assert_eq!(record.status, Status::Settled(Outcome::Success));
    assert_eq!(record.principal.account, caller);
    assert_eq!(record.payer, caller);
    assert_eq!(record.resolved.function, function);
    assert_eq!(record.quote, quote);
    assert_eq!(H256(record.digest), hash(&saw["digest"]));
    let output = chain.output(&block, invocation).await.unwrap();
    assert!(
        matches!(&output, Some(Output::Inline(bytes)) if bytes == INPUT.as_bytes()),
        "{output:?}",
    );
    assert_eq!(saw["output"], INPUT);

    // The fee that a wallet shows before the user signs is the most that is paid.
    let block = client.at_block(hash(&saw["requested"])).await.unwrap();
    let fees = transaction_fees(&block).await;
    let paid = fees.get(&caller).copied().unwrap_or(0);
    assert!(
        (1..=amount(&saw["fee"])).contains(&paid),
        "{paid}: {stdout}"
    );
}
