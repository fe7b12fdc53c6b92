//! A call is waited for on a chain that then gives way to another one.
//!
//! Two validators finalize nothing without each other. While they do not hear of each other each
//! builds a chain of its own, and when they meet the lighter one is given up.

use defaas_cli::{
    chain::{
        types::{Input, Invocation},
        AtBlock, Chain,
    },
    store::Store,
};
use defaas_system_tests::{
    cli,
    functions::{publish, send, Draft, Request},
    genesis::Preset,
    ledger::{signed, Ledger},
    node::Home,
    rest::fees_in,
    Node,
};
use std::time::Duration;
use subxt::config::substrate::DigestItem;
use subxt_signer::sr25519::dev;
use tokio::time::timeout;

/// By how many blocks of the heavy kind the chain that stays is ahead. The other one would need as
/// many in the few slots that it has.
const LEAD: usize = 6;
/// In so many slots on average a validator has the right to a block of that kind, eight; and as many
/// again for luck, of two seconds each.
const LEAD_TIMEOUT: Duration = Duration::from_secs(2 * 8 * 2 * LEAD as u64);
/// Longest wait for anything that takes a few blocks.
const STEP_TIMEOUT: Duration = Duration::from_secs(120);
/// Distance between two looks at the chain.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Whoever calls on the chain that stays.
const OTHERS_INPUT: &[u8] = b"from Dave";
/// Whoever calls on the chain that is given up.
const INPUT: &[u8] = b"from Charlie";

#[tokio::test(flavor = "multi_thread")]
async fn waiting_command_finds_its_call_under_another_number_and_pays_once() {
    let (alice, bob) = two_validators().await;
    let (here, there) = (alice.connect().await.unwrap(), bob.connect().await.unwrap());
    let function = publish_echo(&bob, &there).await;
    let common = there.best().await.unwrap().block_number();
    bob.finalized(&there, common).await.unwrap();
    alice.finalized(&here, common).await.unwrap();
    let alices = alice.stop().await.unwrap();

    // The chain that stays. Its first call is Dave's.
    let others = request(function, OTHERS_INPUT).transaction();
    send(&there, &dev::dave(), &others).await.unwrap();
    has_lead(&there).await;
    let bobs = bob.stop().await.unwrap();

    // The chain that is given up. Its first call is Charlie's, and nobody executes it.
    let alice = Node::start_as("--alice", alices, &["--no-worker"])
        .await
        .unwrap();
    let here = alice.connect().await.unwrap();
    let before = Ledger::read(&here.at_number(common).await.unwrap()).await;
    let input = alice.home().path().join("input");
    std::fs::write(&input, INPUT).unwrap();
    let output = alice.home().path().join("output");
    let function = function.to_string();
    let arguments = [
        "call",
        &function,
        "--input",
        input.to_str().unwrap(),
        "--output",
        output.to_str().unwrap(),
        "--wait",
    ];
    let call = cli::run(&alice, "//Charlie", &arguments);
    let (call, (_bob, given_up)) = tokio::join!(call, async {
        let given_up = first_call(&here).await;
        let record = here.invocation(&given_up, 0).await.unwrap().unwrap();
        assert!(is_of(&record, &dev::charlie()), "{record:?}");
        let address = alice.peer_address(&here).await.unwrap();
        let bob = Node::start_as("--bob", bobs, &["--reserved-nodes", &address])
            .await
            .unwrap();
        (bob, given_up)
    });

    assert_eq!(std::fs::read(&output).unwrap(), INPUT, "{call}");
    let end = here.best().await.unwrap().block_number();
    alice.finalized(&here, end).await.unwrap();
    let end = here.at_number(end).await.unwrap();
    let stays = here.at_number(given_up.block_number()).await.unwrap();
    assert_ne!(stays.block_hash(), given_up.block_hash());

    let first = here.invocation(&end, 0).await.unwrap().unwrap();
    assert!(is_of(&first, &dev::dave()), "{first:?}");
    let id = call["invocation"].as_u64().unwrap();
    assert_ne!(id, 0, "{call}");
    let record = here.invocation(&end, id).await.unwrap().unwrap();
    assert!(is_of(&record, &dev::charlie()), "{record:?}");
    let calls = here.next_invocation_id(&end).await.unwrap();
    assert_eq!(calls, 2, "each of the two stands on the chain once");

    let after = Ledger::read(&end).await;
    let caller = dev::charlie().public_key().to_account_id();
    let fees = fees_in(&here, common + 1..=end.block_number()).await[&caller];
    let price = &call["price"]["total"];
    let price: u128 = price.as_str().unwrap().parse().unwrap();
    let lost = -signed(price + fees);
    assert_eq!(after.gains_since(&before)[&caller], lost, "{call}");
    assert_eq!(after.held().get(&caller), None);
    assert_eq!(after.total(), after.issuance);
}

/// //Alice's node, on which nothing is executed, and //Bob's, on one chain.
async fn two_validators() -> (Node, Node) {
    let home = Home::of(Preset::Local);
    let alice = Node::start_as("--alice", home, &["--no-worker"])
        .await
        .unwrap();
    let here = alice.connect().await.unwrap();
    let address = alice.peer_address(&here).await.unwrap();
    let home = Home::of(Preset::Local);
    let bob = Node::start_as("--bob", home, &["--reserved-nodes", &address])
        .await
        .unwrap();
    let there = bob.connect().await.unwrap();
    bob.finalized(&there, 1).await.unwrap();
    (alice, bob)
}

/// Publishes a function of //Eve's, whose code is at `node`.
async fn publish_echo(node: &Node, chain: &Chain) -> u64 {
    let echo = wat::parse_str(include_str!("../../fixtures/echo.wat")).unwrap();
    let store = Store::at(node.upload_url(), &node.upload_token()).unwrap();
    store.add(&echo).await.unwrap();
    publish(chain, &dev::eve(), &[Draft::new("echo", &echo)]).await[0]
}

fn request(function: u64, input: &[u8]) -> Request {
    Request::of(function).with(|request| request.input = Input::Inline(input.to_vec()))
}

fn is_of(record: &Invocation, key: &subxt_signer::sr25519::Keypair) -> bool {
    record.payer == key.public_key().to_account_id()
}

/// Waits until the best chain has a call, and returns the block in which it first was seen.
async fn first_call(chain: &Chain) -> AtBlock {
    let wait = async {
        loop {
            let block = chain.best().await.unwrap();
            if chain.next_invocation_id(&block).await.unwrap() > 0 {
                return block;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    timeout(STEP_TIMEOUT, wait).await.expect("a call is made")
}

/// Waits until the best chain has so many heavy blocks since the newest finalized one that no chain
/// that begins there now overtakes it soon.
async fn has_lead(chain: &Chain) {
    let wait = async {
        while heavy_blocks(chain).await < LEAD {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    timeout(LEAD_TIMEOUT, wait).await.expect("blocks are made");
}

/// Blocks since the newest finalized one whose author drew the slot, and was not merely next in
/// turn. Of two chains BABE prefers the one with more of them (sp-consensus-babe, `PreDigest::added_weight`).
async fn heavy_blocks(chain: &Chain) -> usize {
    let finalized = chain.finalized().await.unwrap().block_number();
    let best = chain.best().await.unwrap().block_number();
    let mut heavy = 0;
    for number in finalized + 1..=best {
        let block = chain.at_number(number).await.unwrap();
        let header = block.block_header().await.unwrap();
        heavy += usize::from(header.digest.logs.iter().any(is_primary));
    }
    heavy
}

/// Whether it is BABE's word of a drawn slot: the first variant of its pre-digest.
fn is_primary(item: &DigestItem) -> bool {
    matches!(item, DigestItem::PreRuntime(engine, data) if engine == b"BABE" && data.first() == Some(&1))
}
