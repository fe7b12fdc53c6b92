//! A node with functions in every state in which a function can be.

use defaas_cli::{
    chain::{calls, types::Rule, types::Text, Chain},
    store::Store,
};
use defaas_system_tests::{
    functions::{publish, send, Draft},
    Node,
};
use subxt_signer::sr25519::dev;

/// Most bytes that the functions take.
pub const MAX_INPUT: u32 = 16;
/// What the function's owner gets for a call, in units.
pub const FEE: u128 = defaas_cli::amount::DFS / 10;
/// How many functions there are.
const FUNCTIONS: usize = 5;

/// The node and its functions, all of //Bob.
pub struct Stage {
    /// The node.
    pub node: Node,
    /// A connection to it.
    pub chain: Chain,
    /// Function that everybody may call.
    pub open: u64,
    /// Function that its owner may call.
    pub owners: u64,
    /// Function that accounts with a grant may call.
    pub granted: u64,
    /// Paused function.
    pub paused: u64,
    /// Retired function.
    pub retired: u64,
}

impl Stage {
    /// Starts the node and publishes the functions.
    pub async fn set() -> Self {
        let node = Node::start().await.unwrap();
        let chain = node.connect().await.unwrap();
        node.finalized(&chain, 1).await.unwrap();
        let echo = wat::parse_str(include_str!("../../../fixtures/echo.wat")).unwrap();
        let store = Store::at(node.upload_url(), &node.upload_token()).unwrap();
        store.add(&echo).await.unwrap();
        let drafts = ["open", "owners", "granted", "paused", "retired"].map(|name| {
            Draft::new(name, &echo).with(|draft| {
                draft.fee = FEE;
                draft.version.limits.max_input_bytes = MAX_INPUT;
            })
        });
        let ids = publish(&chain, &dev::bob(), &drafts).await;
        let [open, owners, granted, paused, retired]: [u64; FUNCTIONS] = ids.try_into().unwrap();
        let bob = dev::bob();
        let owner_only = calls::set_policy(owners, vec![Rule::Owner]);
        send(&chain, &bob, &owner_only).await.unwrap();
        let with_grant = calls::set_policy(granted, vec![Rule::Accounts]);
        send(&chain, &bob, &with_grant).await.unwrap();
        let pause = calls::pause(paused, Some(Text::from("maintenance")));
        send(&chain, &bob, &pause).await.unwrap();
        send(&chain, &bob, &calls::retire(retired)).await.unwrap();
        Self {
            node,
            chain,
            open,
            owners,
            granted,
            paused,
            retired,
        }
    }
}
