//! Random calls by random accounts: the invariants hold after each, money is only ever held, and no
//! grant lets in more often than its quota says.

use super::*;
use defaas_primitives::{FunctionId, Principal};
use defaas_traits::{mocks::MockCatalog, AccessControl, Catalog, FunctionRef, Permit};
use frame_support::traits::fungible::Inspect;
use proptest::{collection::vec, prelude::*, sample::select};
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    /// By the function's owner if there is one: most calls are the owner's.
    ByOwner(Box<RuntimeCall>, FunctionId),
    By(Box<RuntimeCall>, u64),
    Permit(FunctionId, u64),
    UndoOldest,
    HandOver(FunctionId, u64),
    RemoveFunction(FunctionId),
    Wait(u64),
}

fn id() -> impl Strategy<Value = FunctionId> {
    0u64..3
}

fn account() -> impl Strategy<Value = u64> {
    select(ACCOUNTS.to_vec())
}

fn call() -> impl Strategy<Value = (Call<Test>, FunctionId)> {
    let rule = prop_oneof![Just(Rule::Public), Just(Rule::Owner), Just(Rule::Accounts)];
    let grant = (
        id(),
        account(),
        proptest::option::of(1u64..30),
        proptest::option::of(0u32..4),
    );
    prop_oneof![
        3 => (id(), vec(rule, 0..4)).prop_map(|(function, chosen)| {
            let rules = rules(&chosen);
            (Call::set_policy { function, rules }, function)
        }),
        1 => id().prop_map(|function| (Call::clear_policy { function }, function)),
        4 => grant.prop_map(|(function, account, expiry, quota)| {
            let call = Call::grant { function, account, expiry, quota };
            (call, function)
        }),
        1 => (id(), account())
            .prop_map(|(function, account)| (Call::revoke { function, account }, function)),
        1 => (id(), account())
            .prop_map(|(function, account)| (Call::remove_expired { function, account }, function)),
        1 => (id(), account())
            .prop_map(|(function, account)| (Call::remove_orphaned { function, account }, function)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => call().prop_map(|(call, function)| Step::ByOwner(Box::new(call.into()), function)),
        2 => (call(), account()).prop_map(|((call, _), who)| Step::By(Box::new(call.into()), who)),
        6 => (id(), account()).prop_map(|(function, who)| Step::Permit(function, who)),
        2 => Just(Step::UndoOldest),
        1 => (id(), account()).prop_map(|(function, to)| Step::HandOver(function, to)),
        1 => id().prop_map(Step::RemoveFunction),
        1 => (1u64..8).prop_map(Step::Wait),
    ]
}

fn owner_of(function: FunctionId) -> Option<u64> {
    <MockCatalog as Catalog<u64>>::owner_of(function)
}

/// Permits that were neither undone nor refused, and the quota of the grant they are of.
#[derive(Default)]
struct Ledger {
    open: Vec<Permit<u64>>,
    limits: BTreeMap<(FunctionId, u64, u32), u32>,
}

impl Ledger {
    fn permit(&mut self, function: FunctionId, account: u64) {
        let Some(owner) = owner_of(function) else {
            return;
        };
        let asked = Access::permit(
            &Principal::direct(account),
            &FunctionRef { function, owner },
        );
        let Ok((permit, _)) = asked else {
            return;
        };
        if let Permit::Grant { serial, .. } = permit {
            let grant = Access::grant_of(function, account).unwrap();
            let limit = grant.quota.unwrap().limit;
            self.limits.insert((function, account, serial), limit);
            self.open.push(permit);
        }
    }

    fn undo_oldest(&mut self) {
        if !self.open.is_empty() {
            Access::undo(&self.open.remove(0));
        }
    }

    fn check(&self) {
        for ((function, account, serial), limit) in &self.limits {
            let permit = Permit::Grant {
                function: *function,
                account: *account,
                serial: *serial,
            };
            let open = self.open.iter().filter(|other| **other == permit).count();
            assert!(open <= *limit as usize, "let in too often");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn keep_every_invariant(steps in vec(step(), 1..80)) {
        ExtBuilder::default().build_and_execute(|| {
            own(1, BOB);
            own(2, PAUPER);
            let total = |who: u64| Balances::total_balance(&who);
            let money = ACCOUNTS.map(total);
            let mut ledger = Ledger::default();
            for step in steps {
                match step {
                    // Many fail, as they should.
                    Step::ByOwner(call, function) => {
                        let who = owner_of(function).unwrap_or(CAROL);
                        let _ = call.dispatch(by(who));
                    }
                    Step::By(call, who) => {
 let _ = call.dispatch(by(who));
 }
                    Step::Permit(function, who) => ledger.permit(function, who),
                    Step::UndoOldest => ledger.undo_oldest(),
                    Step::HandOver(function, to) => {
                        if let Some(owner) = owner_of(function) {
                            hand_over(function, owner, to);
                        }
                    }
                    Step::RemoveFunction(function) => remove_function(function),
                    Step::Wait(blocks) => {
                        System::set_block_number(System::block_number() + blocks)
                    }
                }
                check();
                ledger.check();
                assert_eq!(ACCOUNTS.map(total), money);
            }
        });
    }
}
