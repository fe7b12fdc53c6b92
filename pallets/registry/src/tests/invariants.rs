//! Each corruption is found.

use super::*;
use frame_support::{
    storage::with_transaction,
    traits::{fungible::MutateHold, tokens::Precision::Exact},
};
use sp_runtime::{DispatchError, TransactionOutcome, TryRuntimeError};

/// Alice has `hello` with two versions and `stable`; `corrupt` breaks something, which the check
/// finds. The state is thrown away.
#[track_caller]
fn finds(message: &'static str, corrupt: impl FnOnce()) {
    let mut found = Ok(());
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::publish_version(by(ALICE), 0, spec()));
        assert_ok!(Registry::set_alias(by(ALICE), 0, name("stable"), to(1)));
        check();
        found = with_transaction(|| {
            corrupt();
            TransactionOutcome::Rollback(Ok::<_, DispatchError>(Registry::do_try_state()))
        })
        .unwrap();
    });
    assert_eq!(found, Err(TryRuntimeError::Other(message)));
}

fn change(change: impl FnOnce(&mut FunctionOf<Test>)) {
    Functions::<Test>::mutate(0, |function| change(function.as_mut().unwrap()));
}

#[test]
fn id_that_will_be_given_out_again() {
    finds("a function's id is not below the next id", || {
        NextFunctionId::<Test>::put(0)
    });
}

#[test]
fn function_without_its_name() {
    finds("a function is not found by its owner and name", || {
        FunctionIds::<Test>::remove(ALICE, name("hello"))
    });
}

#[test]
fn name_without_a_function() {
    finds("the index has an entry without a function", || {
        FunctionIds::<Test>::insert(BOB, name("ghost"), 0)
    });
}

#[test]
fn function_without_versions() {
    finds("a function has no version", || {
        change(|function| function.versions = 0)
    });
}

#[test]
fn missing_version() {
    finds("a version is missing", || Versions::<Test>::remove(0, 1));
}

#[test]
fn version_that_is_not_counted() {
    finds(
        "there is a version that its function does not count",
        || {
            let version = Versions::<Test>::get(0, 1).unwrap();
            Versions::<Test>::insert(0, 3, version)
        },
    );
}

#[test]
fn alias_of_a_function_that_is_gone() {
    finds("there is an alias without a function", || {
        let alias = Aliases::<Test>::get(0, name("stable")).unwrap();
        Aliases::<Test>::insert(7, name("stable"), alias)
    });
}

#[test]
fn alias_to_a_version_that_does_not_exist() {
    finds("an alias has an invalid target", || {
        Aliases::<Test>::mutate(0, name("stable"), |alias| {
            alias.as_mut().unwrap().target = to(3)
        })
    });
}

#[test]
fn roll_back_to_a_version_that_does_not_exist() {
    finds("an alias would roll back to an invalid target", || {
        Aliases::<Test>::mutate(0, name("stable"), |alias| {
            alias.as_mut().unwrap().previous = Some(split(&[(1, 1), (3, 1)]))
        })
    });
}

#[test]
fn alias_that_is_not_counted() {
    finds("a function counts its aliases wrongly", || {
        change(|function| function.aliases = 3)
    });
}

#[test]
fn missing_latest() {
    finds("a function has no latest version", || {
        Aliases::<Test>::remove(0, name("latest"));
        change(|function| function.aliases = 1);
    });
}

#[test]
fn offer_to_the_owner() {
    finds("a function is offered to its owner", || {
        change(|function| function.offered_to = Some(ALICE))
    });
}

#[test]
fn offer_of_a_retired_function() {
    finds("a retired function is offered", || {
        change(|function| {
            function.status = Status::Retired { since: 1 };
            function.offered_to = Some(BOB);
        })
    });
}

#[test]
fn deposit_that_is_not_held() {
    finds("deposits on hold differ from the tickets", || {
        assert_ok!(Balances::release(&DepositReason::get(), &ALICE, 1, Exact));
    });
}
