//! More calls at once than the provider's machine executes at once.

use codec::Encode;
use defaas_cli::{
    chain::{
        events::Requested,
        types::{Input, Outcome, Status},
    },
    store::Store,
};
use defaas_system_tests::{
    functions::{all_or_none, publish, send, Draft, Request},
    rest::{assert_at_rest, reached},
    Node,
};
use subxt_signer::sr25519::dev;

/// More than the function runtime has places for on a machine of few cores, and than fit its memory.
const CALLS: usize = 20;
/// How long each takes, in milliseconds.
const TIME: u32 = 3_000;
/// What each may take.
const TIME_LIMIT: u32 = 15_000;
const MEMORY_LIMIT: u32 = 256 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn slow_calls_beyond_what_runs_at_once_wait_for_room_and_all_succeed() {
    let node = Node::start().await.unwrap();
    let chain = node.connect().await.unwrap();
    node.finalized(&chain, 1).await.unwrap();
    let nap = wat::parse_str(include_str!("../../fixtures/nap.wat")).unwrap();
    let store = Store::at(node.upload_url(), &node.upload_token()).unwrap();
    store.add(&nap).await.unwrap();
    let draft = Draft::new("nap", &nap).with(|draft| {
        draft.version.limits.timeout_ms = TIME_LIMIT;
        draft.version.limits.memory_bytes = MEMORY_LIMIT;
    });
    let function = publish(&chain, &dev::bob(), &[draft]).await[0];

    let request =
        Request::of(function).with(|request| request.input = Input::Inline(TIME.encode()));
    let requests = all_or_none(vec![request; CALLS]);
    let included = send(&chain, &dev::charlie(), &requests).await.unwrap();
    let ids = included.events.find::<Requested>();
    let ids: Vec<u64> = ids.map(|requested| requested.unwrap().invocation).collect();
    assert_eq!(ids.len(), CALLS);

    let mut height = included.block_number;
    let calls = loop {
        let block = reached(&chain, height).await;
        let calls = chain
            .invocations(&block, ids[0], CALLS as u32)
            .await
            .unwrap();
        if calls.iter().all(|(_, call)| call.status.is_end()) {
            break calls;
        }
        height = block.block_number() + 1;
    };
    assert_eq!(calls.len(), CALLS);
    for (id, call) in calls {
        assert_eq!(
            call.status,
            Status::Settled(Outcome::Success),
            "{id}: {call:?}"
        );
        assert!(call.tried.is_empty(), "{id}: {call:?}");
    }
    assert_at_rest(&chain, &chain.best().await.unwrap()).await;
}
