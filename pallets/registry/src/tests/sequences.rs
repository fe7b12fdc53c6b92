//! Random calls by random accounts: the invariants hold after each, money is only ever held.

use super::*;
use defaas_primitives::{FunctionId, Placement};
use defaas_traits::{Catalog, SuspendReason};
use frame_support::traits::fungible::Inspect;
use proptest::{collection::vec, prelude::*, sample::select};
use sp_runtime::traits::Dispatchable;

#[derive(Clone, Debug)]
enum Step {
    /// By whom the call is meant for, if there is such an account.
    ByTheRightOne(Box<Call<Test>>),
    By(Box<Call<Test>>, u64),
    Suspend(FunctionId, u32),
    Wait(u64),
}

fn account() -> impl Strategy<Value = u64> {
    select(ACCOUNTS.to_vec())
}

fn id() -> impl Strategy<Value = FunctionId> {
    0u64..3
}

fn alias() -> impl Strategy<Value = defaas_primitives::Name> {
    prop_oneof![
        Just("latest"),
        Just("stable"),
        Just("a"),
        Just("b"),
        Just("c")
    ]
    .prop_map(name)
}

fn target() -> impl Strategy<Value = AliasTarget> {
    prop_oneof![
        (0u32..5).prop_map(to),
        vec((0u32..5, 0u8..4), 0..4).prop_map(|weights| split(&weights)),
    ]
}

fn call() -> impl Strategy<Value = Call<Test>> {
    let publish = prop_oneof![Just("f"), Just("g")].prop_map(|called| Call::publish {
        name: name(called),
        description: None,
        fee: 5,
        placement: Placement::default(),
        version: spec(),
    });
    prop_oneof![
        6 => publish,
        6 => id().prop_map(|function| Call::publish_version { function, version: spec() }),
        12 => (id(), alias(), target())
            .prop_map(|(function, alias, target)| Call::set_alias { function, alias, target }),
        6 => (id(), alias())
            .prop_map(|(function, alias)| Call::roll_back_alias { function, alias }),
        6 => (id(), alias()).prop_map(|(function, alias)| Call::remove_alias { function, alias }),
        2 => id().prop_map(|function| Call::pause { function, reason: None }),
        4 => id().prop_map(|function| Call::resume { function }),
        1 => id().prop_map(|function| Call::retire { function }),
        3 => id().prop_map(|function| Call::remove { function }),
        4 => (id(), account()).prop_map(|(function, to)| Call::transfer { function, to }),
        1 => id().prop_map(|function| Call::cancel_transfer { function }),
        6 => id().prop_map(|function| Call::accept { function }),
        4 => (id(), 1u32..3)
            .prop_map(|(function, version)| Call::reinstate { function, version }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => call().prop_map(|call| Step::ByTheRightOne(Box::new(call))),
        3 => (call(), account()).prop_map(|(call, who)| Step::By(Box::new(call), who)),
        2 => (id(), 1u32..3).prop_map(|(function, version)| Step::Suspend(function, version)),
        2 => (1u64..12).prop_map(Step::Wait),
    ]
}

/// To whom a function is offered for `accept`, its owner for everything else.
fn right_one(call: &Call<Test>) -> u64 {
    let party = match call {
        Call::accept { function } => {
            Registry::function(*function).and_then(|function| function.offered_to)
        }
        Call::publish_version { function, .. }
        | Call::set_alias { function, .. }
        | Call::roll_back_alias { function, .. }
        | Call::remove_alias { function, .. }
        | Call::pause { function, .. }
        | Call::resume { function }
        | Call::retire { function }
        | Call::remove { function }
        | Call::transfer { function, .. }
        | Call::cancel_transfer { function }
        | Call::reinstate { function, .. } => <Registry as Catalog<u64>>::owner_of(*function),
        _ => None,
    };
    party.unwrap_or(ALICE)
}

fn dispatch(call: Call<Test>, who: u64) {
    // Many fail, as they should.
    let _ = RuntimeCall::from(call).dispatch(by(who));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn keep_every_invariant(steps in vec(step(), 1..80)) {
        ExtBuilder::default().published().build_and_execute(|| {
            let total = |who: &u64| Balances::total_balance(who);
            let money = ACCOUNTS.map(|who| total(&who));
            for step in steps {
                match step {
                    Step::ByTheRightOne(call) => {
                        let who = right_one(&call);
                        dispatch(*call, who);
                    }
                    Step::By(call, who) => dispatch(*call, who),
                    Step::Suspend(function, version) => <Registry as Catalog<u64>>::suspend(
                        function,
                        version,
                        SuspendReason::InvalidCode,
                    ),
                    Step::Wait(blocks) => {
                        System::set_block_number(System::block_number() + blocks)
                    }
                }
                check();
                assert_eq!(ACCOUNTS.map(|who| total(&who)), money);
            }
        });
    }
}
