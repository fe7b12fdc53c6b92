//! Something is killed, or the journal is lost or damaged.

use super::{
    journal,
    market::{
        Call, Market, Shut,
        Step::{self, Accepted, Executed, Started, Submitted},
        LONG, SHORT, TIME_LIMIT,
    },
};
use defaas_cli::chain::types::Fault;
use defaas_dispatcher::journal::Record;
use defaas_primitives::Output;
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn attempt_cut_off_by_a_crash_is_never_executed_again_and_its_call_refunded() {
    tokio::join!(
        function_runtime_is_killed(),
        node_is_killed(),
        node_is_killed_and_twice_again_while_it_recovers(),
        journal_is_lost(),
        journal_is_damaged(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn result_in_the_journal_is_reported_after_a_kill_without_another_execution() {
    tokio::join!(
        node_is_killed_after(Executed),
        node_is_killed_after(Submitted),
        last_record_is_torn(),
    );
}

async fn function_runtime_is_killed() {
    let (mut market, call) = running().await;
    let first = market.node.kill_function_runtime().await.unwrap();
    // The connection broke: the function may have run or not.
    market.reaches(&call, Executed).await;
    let second = market.node.function_runtime().await.unwrap();
    assert_ne!(second, first);
    market.serves().await;
    market.refunded(&call, Some(Fault::Internal)).await;
    let steps = [Accepted, Started, Executed, Submitted];
    assert_eq!(market.steps(&call), steps);
    assert!(second.is_alive());
    market.close().await;
}

async fn node_is_killed() {
    let (market, call) = running().await;
    let mut market = market.kill().await.reopen().await;
    market.serves().await;
    interrupted(market, &call, &[Started, Executed, Submitted]).await;
}

async fn node_is_killed_and_twice_again_while_it_recovers() {
    let (market, call) = running().await;
    // As soon as it listens, and again as soon as it has drawn its conclusion.
    let market = market.kill().await.reopen().await;
    let market = market.kill().await.reopen().await;
    market.reaches(&call, Executed).await;
    let mut market = market.kill().await.reopen().await;
    market.serves().await;
    interrupted(market, &call, &[Executed, Submitted]).await;
}

async fn journal_is_lost() {
    let (market, call) = running().await;
    let shut = market.kill().await;
    fs::remove_file(shut.home.journal()).unwrap();
    let market = shut.reopen().await;
    let words = ": new; attempts that are open now will not be executed";
    market.node.has_said(words).await.unwrap();
    distrustful(market, &call).await;
}

async fn journal_is_damaged() {
    let (market, call) = running().await;
    let shut = market.kill().await;
    let file = shut.home.journal();
    journal::damage(&file);
    let damaged = fs::read(&file).unwrap();
    let market = shut.reopen().await;
    let words = "the old file is kept as ";
    market.node.has_said(words).await.unwrap();
    let aside = file.with_file_name("journal.damaged");
    assert_eq!(fs::read(aside).unwrap(), damaged);
    distrustful(market, &call).await;
}

/// The attempt of `call`, which the journal does not know any more, is not executed: it may have been.
/// Not later ones either for some blocks; then all is as before.
async fn distrustful(mut market: Market, call: &Call) {
    let file = market.node.home().journal();
    journal::wait_for(&file, |record| *record == Record::Settled).await;
    market.serves().await;
    interrupted(market, call, &[Executed, Submitted]).await;
}

async fn node_is_killed_after(step: Step) {
    let (market, call) = done(step).await;
    let shut = market.kill().await;
    let written = output(&shut, &call);
    let market = shut.reopen().await;
    delivered(market, &call, &written).await;
}

async fn last_record_is_torn() {
    let (market, call) = done(Submitted).await;
    let shut = market.kill().await;
    let written = output(&shut, &call);
    assert!(shut.ends_with(&call, Submitted));
    let file = shut.home.journal();
    journal::tear(&file);
    assert!(shut.ends_with(&call, Executed));
    let market = shut.reopen().await;
    let words = "bytes of an unfinished record cut";
    market.node.has_said(words).await.unwrap();
    assert!(!file.with_file_name("journal.damaged").exists());
    delivered(market, &call, &written).await;
}

/// A node that has just made this step for a call, before a block can hold the report.
async fn done(step: Step) -> (Market, Call) {
    let mut market = Market::open(TIME_LIMIT).await;
    market.serves().await;
    let call = market.ask(SHORT).await;
    market.reaches(&call, step).await;
    (market, call)
}

/// What the function wrote in the first attempt of `call`, as the journal has it.
fn output(shut: &Shut, call: &Call) -> Vec<u8> {
    match shut.conclusion(call).output {
        Some(Output::Inline(output)) => output.to_vec(),
        other => panic!("not what the function writes: {other:?}"),
    }
}

/// Asserts that `call`, whose output was recorded before the node ended, is paid for this output.
async fn delivered(mut market: Market, call: &Call, written: &[u8]) {
    let was_open = !market.record(call).await.status.is_end();
    assert_eq!(market.settled(call).await, written);
    if was_open {
        // No block held the report when the node was killed. It was sent from the journal.
        market.reaches(call, Submitted).await;
    }
    assert!(!market.steps(call).contains(&Started));
    market.serves().await;
    market.close().await;
}

/// A node that has executed a call, and now executes one that takes long.
async fn running() -> (Market, Call) {
    let mut market = Market::open(TIME_LIMIT).await;
    market.serves().await;
    let call = market.ask(LONG).await;
    market.reaches(&call, Started).await;
    (market, call)
}

/// Asserts that `call`, which was under way when the node ended, is reported so and ends, and that
/// its attempt made these steps and no others since.
async fn interrupted(mut market: Market, call: &Call, steps: &[Step]) {
    market.refunded(call, Some(Fault::Interrupted)).await;
    assert_eq!(market.steps(call), steps);
    market.close().await;
}
