//! Reports that no worker sent: forged, replayed, malformed. And questions about calls that are none.
//!
//! Reports are free and have no nonce, so it is the pool that must turn them away; whatever it is
//! given, the node goes on.

mod forge;

use defaas_cli::{
    chain::{
        events::{find, Requested},
        types::Status,
        Chain,
    },
    store::Store,
    Error,
};
use defaas_system_tests::{
    cli,
    functions::{publish, send, Draft, Request},
    rest::assert_at_rest,
    Node,
};
use forge::{assert_turned_away, garbage, included_report, Forger};
use serde_json::Value;
use std::time::Duration;
use subxt::rpcs::{client::RpcSubscription, rpc_params, Error as RpcError};
use subxt_signer::sr25519::dev;

/// JSON-RPC error of the node: there is no such call.
const UNKNOWN_CALL: i32 = 9_102;
/// Of JSON-RPC 2.0: parameters that are none.
const INVALID_PARAMETERS: i32 = -32_602;
/// A subscription says the next thing within this time, finality included.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test]
async fn reports_by_others_than_the_worker_are_turned_away_and_the_call_ends_as_it_should() {
    let node = Node::start().await.unwrap();
    let chain = node.connect().await.unwrap();
    node.finalized(&chain, 1).await.unwrap();
    let [echo, spin] = publish_both(&node, &chain).await;

    let call = ["call", &echo.to_string(), "--wait"];
    let settled = cli::run(&node, "//Charlie", &call).await;
    let height = settled["result_block"].as_u64().unwrap();
    let genuine = included_report(&chain, height).await;

    let request = Request::of(spin).transaction();
    let included = send(&chain, &dev::dave(), &request).await.unwrap();
    let open = find::<Requested>(included.events.iter()).unwrap().unwrap();
    let mut states = subscribe(&chain, open.invocation).await.unwrap();
    let assigned = next_with(&mut states, "assigned").await.unwrap();
    let forger = Forger::new(&chain, &genuine, &assigned).await;

    for (what, bytes, why) in forger.attempts() {
        assert_turned_away(&chain, what, &bytes, why).await;
    }
    for (what, bytes, why) in garbage(&genuine) {
        assert_turned_away(&chain, what, &bytes, why).await;
    }
    // As a transaction of somebody who pays for it.
    let report = forger.signed_by_its_worker_it_would_be_true();
    let call_data = [forger.call_index().to_vec(), report].concat();
    let block = chain.best().await.unwrap();
    let payload = block.transactions().from_call_data_bytes(&call_data);
    let answer = send(&chain, &dev::eve(), &payload.unwrap()).await;
    let error = answer.map(|included| included.hash).unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("Bad origin"), "{error}");
    let record = chain.invocation(&block, open.invocation).await.unwrap();
    assert_eq!(record.unwrap().status, Status::Assigned);

    let ended = next_with(&mut states, "settled").await.unwrap();
    assert_eq!(ended["outcome"], "limit-timeout", "{ended}");
    let last = last_of(states, ended).await;
    assert_eq!(last["outcome"], "limit-timeout", "{last}");
    let end = chain.best().await.unwrap();
    assert_at_rest(&chain, &end).await;
    let again = cli::run(&node, "//Charlie", &call).await;
    assert_eq!(again["status"], "Success");
}

#[tokio::test]
async fn questions_about_calls_that_are_none_are_answered_so() {
    let node = Node::start().await.unwrap();
    let chain = node.connect().await.unwrap();
    let rpc = chain.rpc();
    for id in [0, 7, u64::MAX] {
        let answer: Value = rpc
            .request("faas_invocation", rpc_params![id])
            .await
            .unwrap();
        assert!(answer.is_null(), "{id}: {answer}");
        let refused = subscribe(&chain, id).await.map(drop).unwrap_err();
        let (code, message) = refusal(refused);
        assert_eq!(code, UNKNOWN_CALL, "{id}: {message}");
        assert!(message.contains(&id.to_string()), "{message}");
    }
    for wrong in ["-1", "seven"] {
        let answer = rpc.request::<Value>("faas_invocation", rpc_params![wrong]);
        assert_eq!(refusal(answer.await.unwrap_err()).0, INVALID_PARAMETERS);
        let answer = rpc.subscribe::<Value>(
            "faas_subscribeInvocation",
            rpc_params![wrong],
            "faas_unsubscribeInvocation",
        );
        let refused = answer.await.map(drop).unwrap_err();
        assert_eq!(refusal(refused).0, INVALID_PARAMETERS);
    }
    let shown = cli::attempt(&node, "//Charlie", &["invocation", "show", "7"]).await;
    assert_eq!(shown.code, Some(8), "{shown:?}");
    assert!(shown.complaint().contains("call 7"), "{shown:?}");
    node.finalized(&chain, 1).await.unwrap();
}

/// Publishes a function that answers and one that computes for ever, for at most some seconds.
async fn publish_both(node: &Node, chain: &Chain) -> [u64; 2] {
    let store = Store::at(node.upload_url(), &node.upload_token()).unwrap();
    let mut drafts = Vec::new();
    for (name, text) in [
        ("echo", include_str!("../../../fixtures/echo.wat")),
        ("spin", include_str!("../../../fixtures/spin.wat")),
    ] {
        let code = wat::parse_str(text).unwrap();
        store.add(&code).await.unwrap();
        drafts.push(Draft::new(name, &code).with(|draft| {
            draft.version.limits.timeout_ms = 10_000;
        }));
    }
    let ids = publish(chain, &dev::bob(), &drafts).await;
    ids.try_into().unwrap()
}

async fn subscribe(chain: &Chain, id: u64) -> Result<RpcSubscription<Value>, RpcError> {
    chain
        .rpc()
        .subscribe(
            "faas_subscribeInvocation",
            rpc_params![id],
            "faas_unsubscribeInvocation",
        )
        .await
}

/// The next state with this status; `None` if there is none.
async fn next_with(states: &mut RpcSubscription<Value>, status: &str) -> Option<Value> {
    while let Some(state) = next(states).await {
        if state["status"] == status {
            return Some(state);
        }
    }
    None
}

/// The state after which nothing can change: the first that is final, from `state` on.
async fn last_of(mut states: RpcSubscription<Value>, mut state: Value) -> Value {
    while state["finalized"] != true {
        state = next(&mut states).await.expect("a final state follows");
    }
    state
}

async fn next(states: &mut RpcSubscription<Value>) -> Option<Value> {
    let state = tokio::time::timeout(PATIENCE, states.next()).await;
    state
        .expect("something is said in time")
        .map(Result::unwrap)
}

/// Code and text of the node's refusal.
fn refusal(error: RpcError) -> (i32, String) {
    match error {
        RpcError::User(refused) => (refused.code, refused.message),
        other => panic!("{other:?}"),
    }
}
