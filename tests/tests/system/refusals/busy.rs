//! More requests than the chain can draw providers for.

use super::stage::{Stage, FEE};
use defaas_cli::{
    chain::{
        events::Requested,
        types::{Invocation, Outcome, Selector, Status, Text},
        MAX_PAGE,
    },
    Error,
};
use defaas_system_tests::{
    functions::{all_or_none, as_many_as_possible, send, Request, LIMITS},
    ledger::{signed, Ledger},
    price::Limits,
    rest::{fees_in, reached},
};
use subxt_signer::sr25519::dev;

/// More requests than the queue takes.
const MANY: usize = 200;

/// Checks that requests are refused when the queue is full, and that those in it all end well.
///
/// # Panics
/// If it is not so.
pub async fn assert_busy(stage: &Stage) {
    let (chain, caller) = (&stage.chain, dev::charlie());
    let requests = || vec![Request::of(stage.open); MANY];
    let before = Ledger::read(&chain.best().await.unwrap()).await;

    let refused = send(chain, &caller, &all_or_none(requests())).await;
    match refused.map(|included| included.hash) {
        Err(Error::Refused { pallet, name, docs }) => {
            assert_eq!((&*pallet, &*name), ("Invocations", "Busy"));
            assert!(docs.contains("Try again a few blocks later"), "{docs}");
        }
        other => panic!("{other:?}"),
    }
    let none = chain.best().await.unwrap();
    assert_eq!(chain.next_invocation_id(&none).await.unwrap(), 0);

    let included = send(chain, &caller, &as_many_as_possible(requests())).await;
    let included = included.unwrap();
    let taken: Vec<u64> = included
        .events
        .find::<Requested>()
        .map(|requested| requested.unwrap().invocation)
        .collect();
    assert!(!taken.is_empty() && taken.len() < MANY, "{}", taken.len());
    println!("{} of {MANY} requests were taken", taken.len());

    let calls = all_ended(stage, included.block_number, &taken).await;
    let success = Status::Settled(Outcome::Success);
    for (id, call) in &calls {
        assert_eq!(call.status, success, "{id}: {call:?}");
    }
    let after = Ledger::read(&chain.best().await.unwrap()).await;
    let latest = Selector::Alias(Text::from("latest"));
    let end = chain.best().await.unwrap();
    let quote = chain.quote(&end, stage.open, &latest).await.unwrap();
    let execution = Limits {
        timeout_ms: LIMITS.timeout_ms,
        memory_mib: LIMITS.memory_bytes >> 20,
    };
    let price = FEE + execution.price().total() + quote.network_fee;
    let payer = caller.public_key().to_account_id();
    let fees = fees_in(chain, before.block + 1..=after.block).await[&payer];
    let lost = signed(taken.len() as u128 * price + fees);
    assert_eq!(after.gains_since(&before)[&payer], -lost);
    assert_eq!(after.held().get(&payer), None);
}

/// Waits until the calls `ids`, requested in block `from`, have ended.
async fn all_ended(stage: &Stage, from: u64, ids: &[u64]) -> Vec<(u64, Invocation)> {
    for height in from.. {
        let block = reached(&stage.chain, height).await;
        let mut calls = Vec::new();
        for page in ids.chunks(MAX_PAGE as usize) {
            let read = stage.chain.invocations(&block, page[0], MAX_PAGE).await;
            calls.extend(read.unwrap());
        }
        if calls.iter().all(|(_, call)| call.status.is_end()) {
            assert_eq!(calls.len(), ids.len());
            return calls;
        }
    }
    unreachable!("blocks have no end")
}
