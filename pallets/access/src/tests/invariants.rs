//! Each corruption is found.

use super::*;
use frame_support::{
    storage::with_transaction,
    traits::{fungible::MutateHold, tokens::Precision::Exact},
};
use sp_runtime::{DispatchError, TransactionOutcome, TryRuntimeError};

/// Bob and Carol have grants for Alice's `HELLO`; `corrupt` breaks something, which the check
/// finds. The state is thrown away.
#[track_caller]
fn finds(message: &'static str, corrupt: impl FnOnce()) {
    let mut found = Ok(());
    ExtBuilder::default()
        .rules(&[Rule::Owner, Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, None, Some(3));
            grant(CAROL, None, None);
            check();
            found = with_transaction(|| {
                corrupt();
                TransactionOutcome::Rollback(Ok::<_, DispatchError>(Access::do_try_state()))
            })
            .unwrap();
        });
    assert_eq!(found, Err(TryRuntimeError::Other(message)));
}

fn change_policy(change: impl FnOnce(&mut PolicyOf<Test>)) {
    Policies::<Test>::mutate(HELLO, |policy| change(policy.as_mut().unwrap()));
}

fn change_grant(account: u64, change: impl FnOnce(&mut GrantOf<Test>)) {
    Grants::<Test>::mutate(HELLO, account, |grant| change(grant.as_mut().unwrap()));
}

#[test]
fn policy_without_rules() {
    finds("a policy has no rule", || {
        change_policy(|policy| policy.rules = rules(&[]))
    });
}

#[test]
fn unsorted_and_repeated_rules() {
    for wrong in [
        [Rule::Accounts, Rule::Owner],
        [Rule::Accounts, Rule::Accounts],
    ] {
        finds("a policy's rules are unsorted or repeated", || {
            change_policy(|policy| policy.rules = rules(&wrong))
        });
    }
}

#[test]
fn policy_of_a_function_that_does_not_exist() {
    finds("there is a policy without a function", || {
        let policy = Policies::<Test>::get(HELLO).unwrap();
        Policies::<Test>::insert(NOWHERE, policy)
    });
}

#[test]
fn serial_of_a_function_that_does_not_exist() {
    finds("there is a serial without a function", || {
        Serials::<Test>::insert(NOWHERE, 1)
    });
}

#[test]
fn quota_for_nothing() {
    finds("a quota is for nothing", || {
        change_grant(BOB, |grant| grant.quota = Some(Quota { limit: 0, used: 0 }))
    });
}

#[test]
fn quota_that_is_exceeded() {
    finds("a quota is exceeded", || {
        change_grant(BOB, |grant| grant.quota = Some(Quota { limit: 3, used: 4 }))
    });
}

#[test]
fn serial_that_two_grants_have() {
    finds("two grants have the same serial", || {
        change_grant(BOB, |grant| grant.serial = 2)
    });
}

#[test]
fn serial_that_was_never_given_out() {
    for wrong in [0, 3] {
        finds("a grant's serial was never given out", || {
            change_grant(BOB, |grant| grant.serial = wrong)
        });
    }
}

#[test]
fn deposit_that_is_not_held() {
    finds("deposits on hold differ from the tickets", || {
        assert_ok!(Balances::release(&DepositReason::get(), &ALICE, 1, Exact));
    });
}
