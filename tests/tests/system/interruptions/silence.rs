//! Nobody answers for a while, because the worker or the node does not run.

use super::{
    books::Books,
    market::{tried, Call, Market, Step, LONG, PROVIDER, SHORT, TIME_LIMIT},
};
use defaas_cli::chain::types::{Output, Status};
use defaas_system_tests::cli;
use std::time::{Duration, Instant};

/// Length of a slot.
const SLOT: Duration = Duration::from_secs(2);
/// Length of an epoch of a development chain, in slots.
const EPOCH: u64 = 20;
/// Longer than an epoch.
const LONG_STOP: Duration = Duration::from_secs(50);

#[tokio::test(flavor = "multi_thread")]
async fn silent_provider_loses_a_slice_and_score_and_its_call_is_refunded() {
    let market = Market::open(1_000).await;
    let mut market = market.stop().await.reopen_with(&["--no-worker"]).await;
    let before = market.provider().await;
    let call = market.ask(SHORT).await;

    // The slice is taken at the deadline, long before the call ends.
    let record = market.fails(&call).await;
    assert_eq!(tried(&record), [(PROVIDER, None)]);
    assert_eq!(record.status, Status::Requested);
    market.books.slashed();
    let after = market.provider().await;
    assert_eq!(after.provider.bond, market.books.bond());
    // A quarter of the score is gone, but for what time gave back in these few blocks.
    let expected = before.score / 4 * 3;
    assert!(
        after.score.abs_diff(expected) < expected / 100,
        "{} became {}",
        before.score,
        after.score,
    );

    let mut market = market.stop().await.reopen().await;
    market.serves().await;
    market.refunded(&call, None).await;
    market.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_for_longer_than_an_epoch_ends_every_open_call_and_punishes_nobody() {
    let mut market = Market::open(TIME_LIMIT).await;
    let ran = market.ask(LONG).await;
    market.reaches(&ran, Step::Started).await;
    let waited = market.ask(SHORT).await;
    let before = market.best().await;
    let tick = market.tick(&before).await;
    let stopped = Instant::now();
    let shut = market.stop().await;
    tokio::time::sleep(LONG_STOP).await;

    let mut market = shut.reopen().await;
    market.finalizes(before.block_number() + 2).await;
    let after = market.best().await;
    let blocks = after.block_number() - before.block_number();
    let slots = stopped.elapsed().as_secs() / SLOT.as_secs();
    assert!(blocks + EPOCH < slots, "{blocks} blocks in {slots} slots");
    let ticks = u64::from(market.tick(&after).await - tick);
    assert!(ticks <= blocks, "{ticks} ticks in {blocks} blocks");

    for call in [&waited, &ran] {
        let ended = market.ended(call).await;
        // Nobody was silent.
        let faults = tried(&ended);
        assert!(faults.iter().all(|(_, fault)| fault.is_some()), "{ended:?}");
    }
    market.serves().await;
    let best = market.best().await.block_number();
    market.finalizes(best + 1).await;
    market.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restart_keeps_functions_aliases_content_money_and_finished_calls() {
    let mut market = Market::open(TIME_LIMIT).await;
    let id = market.function.to_string();
    cli::run(&market.node, "//Bob", &["alias", "set", &id, "stable", "1"]).await;
    market.books = Books::open(&market.chain).await;
    let call = market.serves().await;
    let best = market.best().await.block_number();
    market.finalizes(best).await;
    let before = kept(&market, &call).await;
    market.books.check(&market.chain).await;

    let mut market = market.stop().await.reopen().await;
    assert_eq!(kept(&market, &call).await, before);
    market.books.check(&market.chain).await;
    // Its code is not uploaded again.
    market.serves().await;
    market.close().await;
}

/// What a restart must not change, as the chain shows it.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    function: String,
    aliases: String,
    call: String,
    output: Vec<u8>,
}

async fn kept(market: &Market, call: &Call) -> Kept {
    let (chain, block) = (&market.chain, market.best().await);
    let function = chain.function(&block, market.function).await.unwrap();
    let aliases = chain.aliases(&block, market.function).await.unwrap();
    assert!(aliases.iter().any(|(name, _)| name.0 == b"stable"));
    let output = match chain.output(&block, call.id()).await.unwrap() {
        Some(Output::Inline(output)) => output,
        other => panic!("not what the function writes: {other:?}"),
    };
    Kept {
        function: format!("{:?}", function.expect("it is published")),
        aliases: format!("{aliases:?}"),
        call: format!("{:?}", market.record(call).await),
        output,
    }
}
