//! An operator takes a provider out of service, as before an upgrade.

use super::market::{Market, PROVIDER, TIME_LIMIT};
use defaas_system_tests::{cli, rest::fees_in};
use std::time::Duration;
use subxt_signer::sr25519::dev;
use tokio::time::timeout;

/// The worker tells the chain in a block or two; each word of its own waits for the one before.
const TOLD_TIMEOUT: Duration = Duration::from_secs(120);
/// Exit code of what the chain refused.
const REFUSED: i32 = 4;
/// Distance between two looks at the chain.
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread")]
async fn drained_provider_is_asked_for_nothing_and_loses_nothing_until_it_serves_again() {
    let mut market = Market::open(TIME_LIMIT).await;
    market.serves().await;
    let mut market = market.stop().await.reopen_with(&["--drain"]).await;
    market.node.has_said("--drain was given").await.unwrap();
    is_available(&market, false).await;

    let before = market.best().await.block_number();
    let function = market.function.to_string();
    let call = ["call", &function, "--wait"];
    let refused = cli::attempt(&market.node, "//Charlie", &call).await;
    assert_eq!(refused.code, Some(REFUSED));
    let words = refused.complaint();
    assert!(
        words.contains("No provider has what the function requires"),
        "{words}"
    );
    let after = market.best().await.block_number();
    let caller = dev::charlie().public_key().to_account_id();
    // The transaction was included, but no call was requested.
    market
        .books
        .charged(fees_in(&market.chain, before + 1..=after).await[&caller]);

    let mut market = market.stop().await.reopen().await;
    is_available(&market, true).await;
    market.serves().await;
    market.close().await;
}

/// Waits until the chain says whether the provider takes new work.
async fn is_available(market: &Market, expected: bool) {
    let wait = async {
        while market.provider().await.provider.available != expected {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    timeout(TOLD_TIMEOUT, wait)
        .await
        .unwrap_or_else(|_| panic!("provider {PROVIDER} is not {expected} to the chain"));
}
