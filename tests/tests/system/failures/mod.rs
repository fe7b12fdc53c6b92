//! Calls that go wrong: what is said about them, who pays what for them, and what is left of them.
//!
//! Each row is one thing that can be wrong with a function or with what it is given. All run on one
//! node, each paid by an account of its own, so that every unit can be told where it went.

mod content;
mod judge;
mod rows;

use defaas_cli::{
    amount::DFS,
    chain::{calls, types::Rule, Chain},
};
use defaas_system_tests::{
    functions::{account, endow, publish, send, Draft},
    ledger::{signed, Ledger},
    price::treasury,
    rest::{assert_at_rest, fees_in},
    Node,
};
use judge::{call, Told};
use rows::{Row, FEE};
use std::{collections::BTreeMap, time::Duration};
use subxt::ext::futures::future::{join, join_all};
use subxt_signer::sr25519::dev;

/// What each caller has.
const PURSE: u128 = DFS;
/// Only provider of the chain.
const PROVIDER: u32 = 0;
/// Distance between two looks at the provider.
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[tokio::test]
async fn calls_that_go_wrong_end_with_a_reason_are_charged_by_the_rules_and_leave_nothing_behind() {
    let node = Node::start().await.unwrap();
    let chain = node.connect().await.unwrap();
    node.finalized(&chain, 1).await.unwrap();

    let faulty = rows::faulty(&node).await;
    let charged = rows::charged(&node).await;
    let bomb = rows::bomb(&node).await;
    let [bystander, last] = rows::good(&node).await;
    let all: Vec<&Row> = faulty
        .iter()
        .chain(&charged)
        .chain([&bomb, &bystander, &last])
        .collect();
    let drafts: Vec<Draft> = all.iter().map(|row| row.draft.clone()).collect();
    let first = publish(&chain, &dev::bob(), &drafts).await[0];
    let function = |row: &Row| {
        let position = all.iter().position(|other| other.name == row.name);
        first + position.expect("the row was published") as u64
    };
    let keys: Vec<_> = all.iter().map(|row| account(row.name).1).collect();
    let purses: Vec<_> = keys.iter().map(|key| (key, PURSE)).collect();
    endow(&chain, &dev::ferdie(), &purses).await;
    let grantee = &faulty[0];
    grant_one_call(&chain, grantee, function(grantee)).await;
    let before = Ledger::read(&chain.best().await.unwrap()).await;

    let run = |row| call(&node, &chain, row, function(row));
    let (mut told, rest) = join(join_all(faulty.iter().map(run)), async {
        let mut told = join_all(charged.iter().map(run)).await;
        let (exploded, undisturbed) = join(run(&bomb), async {
            busy(&chain).await;
            run(&bystander).await
        })
        .await;
        told.extend([exploded, undisturbed]);
        told
    })
    .await;
    told.extend(rest);
    told.push(run(&last).await);

    for (row, told) in all.iter().zip(&told) {
        judge::assert_end(row, told);
    }
    let end = chain.best().await.unwrap();
    assert_at_rest(&chain, &end).await;
    let after = Ledger::read(&end).await;
    assert_money(&chain, &before, &after, &all, &told).await;
    let grant = chain
        .grant_of(
            &end,
            function(grantee),
            &account(grantee.name).1.public_key().to_account_id(),
        )
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        grant.quota.unwrap().used,
        0,
        "a refund gives the grant back"
    );
    for row in faulty.iter().chain([&bomb]) {
        let version = chain.version(&end, function(row), 1).await.unwrap();
        let suspended = version.unwrap().suspended;
        assert_eq!(suspended, None, "{}: one provider is no proof", row.name);
    }
}

/// Closes the function of `row` to all but its caller, who may call it once.
async fn grant_one_call(chain: &Chain, row: &Row, function: u64) {
    let closed = calls::set_policy(function, vec![Rule::Accounts]);
    send(chain, &dev::bob(), &closed).await.unwrap();
    let caller = account(row.name).1.public_key().to_account_id();
    let grant = calls::grant(function, caller, None, Some(1));
    send(chain, &dev::bob(), &grant).await.unwrap();
}

/// Waits until the provider has something to execute.
async fn busy(chain: &Chain) {
    loop {
        let block = chain.best().await.unwrap();
        let provider = chain.provider(&block, PROVIDER).await.unwrap().unwrap();
        if provider.provider.load > 0 {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Checks that every account gained or lost exactly what it was told.
async fn assert_money(
    chain: &Chain,
    before: &Ledger,
    after: &Ledger,
    rows: &[&Row],
    told: &[Told],
) {
    let fees = fees_in(chain, before.block + 1..=after.block).await;
    let mut expected: BTreeMap<_, _> = rows
        .iter()
        .zip(told)
        .map(|(row, told)| {
            let caller = account(row.name).1.public_key().to_account_id();
            let paid = told.charged() + told.network_fee + fees[&caller];
            (caller, -signed(paid))
        })
        .collect();
    let sum = |part: fn(&Told) -> u128| signed(told.iter().map(part).sum());
    let earned = [
        (dev::bob(), sum(|told| told.developer)),
        (dev::alice(), sum(|told| told.provider)),
    ];
    for (key, gain) in earned {
        expected.insert(key.public_key().to_account_id(), gain);
    }
    let fees = signed(fees.values().sum());
    let shares = sum(|told| told.treasury + told.network_fee);
    expected.insert(treasury(), fees + shares);
    assert_eq!(after.gains_since(before), expected);
    let fee_earners = told.iter().filter(|told| told.developer == FEE).count();
    assert!(fee_earners > 0 && fee_earners < told.len());
    for row in rows {
        let caller = account(row.name).1.public_key().to_account_id();
        assert_eq!(after.held().get(&caller), None, "{}", row.name);
    }
    assert_eq!(after.open_quotes, 0);
}
