//! What must be so when nothing is left to do, and what the time until then cost.

use crate::ledger::{transaction_fees, Ledger};
use defaas_cli::{
    amount::DFS,
    chain::{types::ProviderStatus, AtBlock, Chain},
};
use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};
use subxt::{
    dynamic::{self, Value},
    rpcs::rpc_params,
    utils::{to_hex, AccountId32},
};

/// What every open call has an entry in.
const OF_OPEN_CALLS: [(&str, &str); 5] = [
    ("Billing", "Holds"),
    ("Invocations", "Queue"),
    ("Invocations", "Inputs"),
    ("Invocations", "Assignments"),
    ("Invocations", "Worklist"),
];
/// Bond of a provider of a development chain, in units.
const BOND: u128 = 1_000 * DFS;
/// Most providers of a chain under test.
const MAX_PROVIDERS: u32 = 100;
/// Distance between two looks at the newest block.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Checks that no call is open in `block`: nothing is held for one, waits for a draw or a deadline, or
/// weighs on a provider. And that no provider lost any of its bond: only silence costs that.
///
/// # Panics
/// If it is not so.
pub async fn assert_at_rest(chain: &Chain, block: &AtBlock) {
    for (pallet, entry) in OF_OPEN_CALLS {
        let keys = some_keys(chain, block, pallet, entry).await;
        assert!(keys.is_empty(), "{pallet}.{entry} has {keys:?}");
    }
    let providers = chain.providers(block, 0, MAX_PROVIDERS).await;
    let providers = providers.expect("providers can be listed").providers;
    assert!(!providers.is_empty(), "somebody executes");
    for info in providers {
        let provider = info.provider;
        let weight = (provider.load, provider.exposure);
        assert_eq!(weight, (0, 0), "load and exposure of {}", info.id);
        assert_eq!(provider.bond, BOND, "bond of {}", info.id);
        assert_eq!(provider.status, ProviderStatus::Active, "{}", info.id);
        assert!(provider.available, "{}", info.id);
    }
    let ledger = Ledger::read(block).await;
    assert_eq!(ledger.total(), ledger.issuance, "no money is lost or made");
}

/// The first keys of a map, as far as there are any.
async fn some_keys(chain: &Chain, block: &AtBlock, pallet: &str, entry: &str) -> Vec<String> {
    let address = dynamic::storage::<Vec<Value>, Value>(pallet, entry);
    let map = block.storage().entry(address).expect("it is in storage");
    let parameters = rpc_params![to_hex(map.key_prefix()), 5, (), block.block_hash()];
    let keys = chain.rpc().request("state_getKeysPaged", parameters).await;
    keys.expect("keys can be listed")
}

/// What each account paid for transactions in these blocks, in units.
///
/// # Panics
/// If the node does not have them.
pub async fn fees_in(chain: &Chain, blocks: RangeInclusive<u64>) -> BTreeMap<AccountId32, u128> {
    let mut all = BTreeMap::new();
    for block in blocks {
        let block = chain.at_number(block).await.expect("the block is there");
        for (account, fee) in transaction_fees(&block).await {
            *all.entry(account).or_default() += fee;
        }
    }
    all
}

/// Waits until the newest block has at least this height.
///
/// # Panics
/// If the node does not answer.
pub async fn reached(chain: &Chain, height: u64) -> AtBlock {
    loop {
        let block = chain.best().await.expect("there is a block");
        if block.block_number() >= height {
            return block;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
