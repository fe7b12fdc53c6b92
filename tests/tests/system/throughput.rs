//! Many calls at once: all are executed and paid, each once, and no money comes or goes.

use defaas_cli::{
    amount::{Amount, DFS},
    chain::{
        types::{Invocation, Outcome, Output, Status},
        AtBlock, Chain, MAX_PAGE,
    },
};
use defaas_system_tests::{
    echo,
    ledger::signed,
    load::{Load, Run},
    price::{self, Limits},
    Node,
};
use std::{collections::BTreeMap, io::Write};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::{dev, Keypair};

const CALLS_EACH: usize = 50;
const FEE: u128 = DFS / 80;

fn account(key: &Keypair) -> AccountId32 {
    key.public_key().to_account_id()
}

#[tokio::test]
async fn two_hundred_calls_at_once_are_all_executed_and_paid_once() {
    let node = Node::start().await.unwrap();
    let chain = node.connect().await.unwrap();
    node.finalized(&chain, 1).await.unwrap();
    let function = echo::publish(&node, "//Bob", &Amount(FEE).to_string()).await;

    let load = Load {
        function,
        max_fee: DFS,
        callers: vec![dev::charlie(), dev::dave(), dev::eve(), dev::ferdie()],
        calls_each: CALLS_EACH,
    };
    let run = load.run(&chain).await;
    report(&run);

    assert_eq!(run.calls.len(), load.callers.len() * CALLS_EACH);
    let block = chain.finalized().await.unwrap();
    let records = records(&chain, &block, run.calls.len()).await;
    for call in &run.calls {
        let record = &records[&call.id];
        assert_eq!(record.status, Status::Settled(Outcome::Success));
        assert_eq!(record.principal.account, call.caller);
        assert_eq!(u64::from(record.requested_at.block), call.requested);
        let output = chain.output(&block, call.id).await.unwrap();
        assert!(
            matches!(&output, Some(Output::Inline(bytes)) if *bytes == call.input),
            "call {}: {output:?}",
            call.id,
        );
    }
    assert_money_went_where_it_should(&run, &records);
}

/// Says it also when the test passes, whose output is not shown otherwise.
fn report(run: &Run) {
    let written = writeln!(
        std::io::stderr(),
        "{} calls in blocks {} to {}: {} refunded, {} requests refused Busy and sent again; \
         blocks from request to result: p50 {}, p95 {}, max {}",
        run.calls.len(),
        run.before.block + 1,
        run.after.block,
        run.refunded(),
        run.busy,
        run.latency(50),
        run.latency(95),
        run.latency(100),
    );
    written.expect("the error stream is open");
}

/// The records of the first `count` calls of the chain.
async fn records(chain: &Chain, block: &AtBlock, count: usize) -> BTreeMap<u64, Invocation> {
    let mut records = BTreeMap::new();
    while records.len() < count {
        let from = records.len() as u64;
        let page = chain.invocations(block, from, MAX_PAGE).await.unwrap();
        assert!(!page.is_empty(), "only {from} calls have a record");
        records.extend(page);
    }
    records
}

/// Nobody but the four parties is richer or poorer, these by what the prices say, and nothing stays
/// held.
fn assert_money_went_where_it_should(run: &Run, records: &BTreeMap<u64, Invocation>) {
    let price = Limits::DEFAULT.price();
    let mut gains = BTreeMap::<AccountId32, i128>::new();
    for call in &run.calls {
        let network_fee = records[&call.id].quote.network_fee;
        for (account, gain) in [
            (account(&dev::bob()), signed(FEE)),
            (account(&dev::alice()), signed(price.provider)),
            (price::treasury(), signed(price.treasury + network_fee)),
            (call.caller, -signed(FEE + price.total() + network_fee)),
        ] {
            *gains.entry(account).or_default() += gain;
        }
    }
    for (payer, fee) in &run.transaction_fees {
        *gains.entry(*payer).or_default() -= signed(*fee);
        *gains.entry(price::treasury()).or_default() += signed(*fee);
    }
    assert_eq!(run.after.gains_since(&run.before), gains);
    assert_eq!(run.after.total(), run.before.total());
    assert_eq!(run.after.total(), run.after.issuance);
    assert_eq!(run.after.issuance, run.before.issuance);
    assert_eq!(run.after.open_quotes, 0);
    assert_eq!(run.after.held(), run.before.held());
}
