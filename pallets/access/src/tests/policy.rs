use super::*;
use frame_support::traits::Footprint;
use sp_runtime::{DispatchError, TokenError};

fn deposit() -> Balance {
    DepositBase::get() + Balance::from(Footprint::from_mel::<PolicyOf<Test>>().size)
}

#[test]
fn set_stores_sorted_rules_for_a_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Access::set_policy(
            by(ALICE),
            HELLO,
            rules(&[Rule::Accounts, Rule::Owner])
        ));
        let policy = Access::policy(HELLO).unwrap();
        assert_eq!(policy.rules, rules(&[Rule::Owner, Rule::Accounts]));
        assert_eq!(policy.depositor, ALICE);
        assert_eq!(held(ALICE), deposit());
        System::assert_last_event(Event::PolicySet { function: HELLO }.into());
    });
}

#[test]
fn set_again_replaces_the_rules_at_todays_price() {
    ExtBuilder::default()
        .rules(&[Rule::Public])
        .build_and_execute(|| {
            DepositPerByte::set(&2);
            assert_ok!(Access::set_policy(by(ALICE), HELLO, rules(&[Rule::Owner])));
            assert_eq!(Access::policy(HELLO).unwrap().rules, rules(&[Rule::Owner]));
            assert_eq!(held(ALICE), 2 * deposit() - DepositBase::get());
        });
}

#[test]
fn set_by_a_new_owner_gives_the_former_one_its_deposit_back() {
    ExtBuilder::default()
        .rules(&[Rule::Public])
        .build_and_execute(|| {
            hand_over(HELLO, ALICE, BOB);
            assert_ok!(Access::set_policy(by(BOB), HELLO, rules(&[Rule::Owner])));
            assert_eq!((held(ALICE), held(BOB)), (0, deposit()));
            assert_eq!(Access::policy(HELLO).unwrap().depositor, BOB);
        });
}

#[test]
fn set_fails_for_others_and_without_a_function() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Access::set_policy(by(BOB), HELLO, rules(&[Rule::Public])),
            Error::<Test>::NotOwner
        );
        assert_noop!(
            Access::set_policy(by(ALICE), NOWHERE, rules(&[Rule::Public])),
            Error::<Test>::NotFound
        );
        assert_noop!(
            Access::set_policy(RuntimeOrigin::root(), HELLO, rules(&[Rule::Public])),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn set_fails_without_rules_and_with_repeated_ones() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Access::set_policy(by(ALICE), HELLO, rules(&[])),
            Error::<Test>::NoRules
        );
        assert_noop!(
            Access::set_policy(
                by(ALICE),
                HELLO,
                rules(&[Rule::Owner, Rule::Public, Rule::Owner])
            ),
            Error::<Test>::RepeatedRule
        );
    });
}

#[test]
fn set_fails_without_money_for_the_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        own(HELLO, PAUPER);
        assert_noop!(
            Access::set_policy(by(PAUPER), HELLO, rules(&[Rule::Public])),
            TokenError::FundsUnavailable
        );
    });
}

#[test]
fn clear_releases_the_deposit_to_whom_it_came_from() {
    ExtBuilder::default()
        .rules(&[Rule::Public])
        .build_and_execute(|| {
            hand_over(HELLO, ALICE, BOB);
            assert_ok!(Access::clear_policy(by(BOB), HELLO));
            System::assert_last_event(Event::PolicyCleared { function: HELLO }.into());
            assert_eq!(Access::policy(HELLO), None);
            assert_eq!((held(ALICE), held(BOB)), (0, 0));
        });
}

#[test]
fn clear_fails_for_others_and_without_a_policy() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Access::clear_policy(by(ALICE), HELLO),
            Error::<Test>::PolicyNotFound
        );
        assert_noop!(
            Access::clear_policy(by(ALICE), NOWHERE),
            Error::<Test>::NotFound
        );
        assert_noop!(
            Access::clear_policy(by(BOB), HELLO),
            Error::<Test>::NotOwner
        );
    });
}
