//! Requests that are refused: with which word, where, and what they cost.
//!
//! What the pool of transactions does not take costs nothing; what fails in a block costs the fee of
//! its transaction and nothing else.

mod access;
mod busy;
mod by_chain;
mod by_command;
mod stage;

use by_chain::Refusal;
use defaas_system_tests::{
    cli,
    functions::{account, endow},
    ledger::{signed, Ledger},
    rest::{assert_at_rest, fees_in},
};
use stage::Stage;
use std::collections::BTreeMap;
use subxt::ext::futures::{
    future::{join, join_all},
    stream, StreamExt,
};
use subxt_signer::sr25519::dev;

/// Transactions on their way at once: a node answers so many questions of one connection at a time.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn refused_requests_are_named_and_cost_at_most_the_fee_of_their_transaction() {
    let stage = Stage::set().await;
    let (node, chain) = (&stage.node, &stage.chain);
    let raw = by_chain::rows(&stage).await;
    let typed = by_command::rows(&stage);
    let names: Vec<(&str, u128)> = raw
        .iter()
        .map(|row| (row.name, row.purse))
        .chain(typed.iter().map(|row| (row.name, row.purse)))
        .collect();
    let keys: Vec<_> = names.iter().map(|(name, _)| account(name).1).collect();
    let purses: Vec<_> = keys
        .iter()
        .zip(&names)
        .map(|(key, (_, purse))| (key, *purse))
        .filter(|(_, purse)| *purse > 0)
        .collect();
    endow(chain, &dev::ferdie(), &purses).await;
    let before = Ledger::read(&chain.best().await.unwrap()).await;

    join(
        stream::iter(&raw).for_each_concurrent(AT_ONCE, |row| by_chain::assert_refused(chain, row)),
        join_all(
            typed
                .iter()
                .map(|row| by_command::assert_refused(node, row)),
        ),
    )
    .await;

    let end = chain.best().await.unwrap();
    assert_at_rest(chain, &end).await;
    let after = Ledger::read(&end).await;
    let fees = fees_in(chain, before.block + 1..=after.block).await;
    let gains = after.gains_since(&before);
    let charged: BTreeMap<&str, bool> = raw
        .iter()
        .map(|row| (row.name, matches!(row.refusal, Refusal::InBlock(_))))
        .chain(typed.iter().map(|row| (row.name, false)))
        .collect();
    for (name, charged) in charged {
        let account = account(name).1.public_key().to_account_id();
        let paid = fees.get(&account).copied().unwrap_or_default();
        assert_eq!(paid > 0, charged, "{name}: fee {paid}");
        let lost = gains.get(&account).copied().unwrap_or_default();
        assert_eq!(lost, -signed(paid), "{name}");
        assert_eq!(after.held().get(&account), None, "{name}");
    }
    stage.assert_good_call().await;
}

#[tokio::test]
async fn access_is_what_the_rules_and_grants_of_the_moment_say() {
    let stage = Stage::set().await;
    access::paused_is_until_resumed(&stage).await;
    access::grants_let_in_until_used_up_revoked_or_over(&stage).await;
    let end = stage.chain.best().await.unwrap();
    assert_at_rest(&stage.chain, &end).await;
}

#[tokio::test]
async fn full_queue_is_busy_and_those_who_are_in_it_are_served() {
    let stage = Stage::set().await;
    busy::assert_busy(&stage).await;
    let end = stage.chain.best().await.unwrap();
    assert_at_rest(&stage.chain, &end).await;
    stage.assert_good_call().await;
}

impl Stage {
    /// Checks that the node still does what it is for.
    async fn assert_good_call(&self) {
        let function = self.open.to_string();
        let report = cli::run(&self.node, "//Dave", &["call", &function, "--wait"]).await;
        assert_eq!(report["status"], "Success");
    }
}
