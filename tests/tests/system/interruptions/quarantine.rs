//! The function runtime crashes again and again while it executes the same code.

use super::{
    books::Books,
    market::{
        Market,
        Step::{Accepted, Executed, Submitted},
        LONG, SHORT, TIME_LIMIT,
    },
};
use defaas_cli::{chain::types::Fault, store::Store};
use defaas_system_tests::{
    cli,
    functions::{publish, Draft},
};
use subxt_signer::sr25519::dev;

/// So many crashes quarantine the code.
const CRASHES: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn code_that_ran_at_three_crashes_is_not_executed_again_and_other_code_is() {
    let mut market = Market::open(TIME_LIMIT).await;
    market.serves().await;
    let mut calls = Vec::new();
    for _ in 0..CRASHES {
        market.node.function_runtime().await.unwrap();
        let call = market.ask(LONG).await;
        market.executes().await;
        market.node.kill_function_runtime().await.unwrap();
        market.reaches(&call, Executed).await;
        calls.push(call);
    }

    let suspected = market.ask(SHORT).await;
    market.reaches(&suspected, Submitted).await;
    let never_started = [Accepted, Executed, Submitted];
    assert_eq!(market.steps(&suspected), never_started);
    calls.push(suspected);
    // A suspect is not convicted: that it is not executed is this provider's failure.
    for call in &calls {
        market.refunded(call, Some(Fault::Internal)).await;
    }
    market.books.check(&market.chain).await;

    assert_eq!(answer_of_other_code(&market).await, b"still here");
    market.books = Books::open(&market.chain).await;
    market.close().await;
}

/// What a function with other code answers, which says what it is told.
async fn answer_of_other_code(market: &Market) -> Vec<u8> {
    let node = &market.node;
    let echo = wat::parse_str(include_str!("../../../fixtures/echo.wat")).unwrap();
    let store = Store::at(node.upload_url(), &node.upload_token()).unwrap();
    store.add(&echo).await.unwrap();
    let drafts = [Draft::new("echo", &echo)];
    let function = publish(&market.chain, &dev::eve(), &drafts).await[0].to_string();
    let [input, output] = ["input", "output"].map(|name| node.home().path().join(name));
    std::fs::write(&input, "still here").unwrap();
    let mut call = vec!["call", function.as_str(), "--wait"];
    call.extend(["--input", input.to_str().unwrap()]);
    call.extend(["--output", output.to_str().unwrap()]);
    cli::run(node, "//Dave", &call).await;
    std::fs::read(output).unwrap()
}
