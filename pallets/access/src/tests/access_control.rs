use super::*;
use defaas_primitives::{Principal, Via};
use defaas_traits::{AccessControl, FunctionRef, Permit};
use frame_support::{assert_storage_noop, weights::Weight};
use sp_runtime::DispatchError;

fn weight(who: u64) -> Weight {
    let function = FunctionRef {
        function: HELLO,
        owner: ALICE,
    };
    match Access::permit(&Principal::direct(who), &function) {
        Ok((_, weight)) | Err((_, weight)) => weight,
    }
}

#[test]
fn without_a_policy_only_the_owner_is_let_in() {
    ExtBuilder::default().build_and_execute(|| {
        grant(BOB, None, None);
        assert_eq!(permit(ALICE), Ok(Permit::Unmetered));
        assert_noop!(permit(BOB), Error::<Test>::NotAuthorized);
        assert_noop!(permit(CAROL), Error::<Test>::NotAuthorized);
    });
}

#[test]
fn public_lets_everybody_in_and_uses_no_quota() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts, Rule::Public])
        .build_and_execute(|| {
            grant(BOB, None, Some(1));
            for who in ACCOUNTS {
                assert_eq!(permit(who), Ok(Permit::Unmetered));
            }
            assert_eq!(used(BOB), Some(0));
        });
}

#[test]
fn accounts_lets_in_who_has_a_grant_and_not_even_the_owner_without_one() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, None, None);
            assert_eq!(permit(BOB), Ok(Permit::Unmetered));
            assert_noop!(permit(CAROL), Error::<Test>::NotAuthorized);
            assert_noop!(permit(ALICE), Error::<Test>::NotAuthorized);
        });
}

#[test]
fn any_of_several_rules_is_enough() {
    ExtBuilder::default()
        .rules(&[Rule::Owner, Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, None, None);
            assert_eq!(permit(ALICE), Ok(Permit::Unmetered));
            assert_eq!(permit(BOB), Ok(Permit::Unmetered));
            assert_noop!(permit(CAROL), Error::<Test>::NotAuthorized);
        });
}

#[test]
fn grant_ends_with_the_block_of_its_expiry() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, Some(5), None);
            System::set_block_number(4);
            assert_ok!(permit(BOB));
            System::set_block_number(5);
            assert_noop!(permit(BOB), Error::<Test>::Expired);
        });
}

#[test]
fn quota_lets_in_as_often_as_it_says() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, None, Some(2));
            assert_eq!(permit(BOB), Ok(metered(BOB, 1)));
            assert_eq!(permit(BOB), Ok(metered(BOB, 1)));
            assert_noop!(permit(BOB), Error::<Test>::QuotaExhausted);
            assert_eq!(used(BOB), Some(2));
        });
}

#[test]
fn undo_gives_the_call_back() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, None, Some(1));
            let taken = permit(BOB).unwrap();
            Access::undo(&taken);
            assert_eq!(used(BOB), Some(0));
            assert_ok!(permit(BOB));
        });
}

#[test]
fn undo_leaves_another_grant_alone() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, None, Some(2));
            let of_the_first = permit(BOB).unwrap();
            grant(BOB, None, Some(2));
            assert_ok!(permit(BOB));
            assert_storage_noop!(Access::undo(&of_the_first));
            assert_eq!(used(BOB), Some(1));
        });
}

#[test]
fn undo_of_what_is_gone_or_not_used_or_not_metered_does_nothing() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts])
        .build_and_execute(|| {
            assert_storage_noop!(Access::undo(&metered(BOB, 1)));
            grant(BOB, None, Some(2));
            assert_storage_noop!(Access::undo(&metered(BOB, 1)));
            assert_storage_noop!(Access::undo(&Permit::Unmetered));
            grant(BOB, None, None);
            assert_storage_noop!(Access::undo(&metered(BOB, 2)));
        });
}

#[test]
fn delegates_and_triggers_are_refused_even_by_public_functions() {
    ExtBuilder::default()
        .rules(&[Rule::Public])
        .build_and_execute(|| {
            let function = FunctionRef {
                function: HELLO,
                owner: ALICE,
            };
            for via in [Via::Delegate(BOB), Via::Trigger(3)] {
                let principal = Principal {
                    account: ALICE,
                    via,
                };
                let refused = Access::permit(&principal, &function);
                assert_eq!(
                    refused,
                    Err((Error::<Test>::Unsupported.into(), Weight::zero()))
                );
            }
        });
}

#[test]
fn weight_is_that_of_the_rule_that_decided_and_never_above_the_maximum() {
    type Weights = <Test as Config>::WeightInfo;
    ExtBuilder::default()
        .rules(&[Rule::Owner, Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, None, Some(1));
            assert_eq!(weight(ALICE), Weights::permit_by_rule());
            assert_eq!(weight(CAROL), Weights::permit_by_grant());
            assert_eq!(weight(BOB), Weights::permit_metered());
            // Used up: looked up, nothing written.
            assert_eq!(weight(BOB), Weights::permit_by_grant());
            let most = <Access as AccessControl<u64>>::max_weight();
            for used in [
                Weights::permit_by_rule(),
                Weights::permit_by_grant(),
                Weights::permit_metered(),
            ] {
                assert!(used.all_lte(most));
            }
        });
}

#[test]
fn owner_is_whom_the_caller_of_the_seam_names() {
    ExtBuilder::default().build_and_execute(|| {
        let function = FunctionRef {
            function: HELLO,
            owner: BOB,
        };
        let ask = |who| match Access::permit(&Principal::direct(who), &function) {
            Ok(_) => Ok(()),
            Err((error, _)) => Err::<(), DispatchError>(error),
        };
        assert_ok!(ask(BOB));
        assert_noop!(ask(ALICE), Error::<Test>::NotAuthorized);
    });
}
