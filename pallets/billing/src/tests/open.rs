//! Charging the network fee and holding the rest.

use frame_support::{
    assert_noop, assert_ok,
    traits::fungible::{Mutate, MutateFreeze},
};

use crate::{mock::*, Error, Event, Hold, Holds};

#[test]
fn charges_the_network_fee_and_holds_the_rest() {
    ExtBuilder::default().build_and_execute(|| {
        let quote = quote_of(500, 1_000, 50, 30);
        assert_ok!(open(0, PAYER, &quote));
        assert_eq!(free(PAYER), ENDOWMENT - 1_530);
        assert_eq!(on_hold(PAYER), 1_500);
        assert_eq!(free(TREASURY), ENDOWMENT + 30);
        let hold = Hold {
            payer: PAYER,
            quote,
        };
        assert_eq!(Billing::hold(0), Some(hold));
        assert_eq!(Billing::held(PAYER), 1_500);
        assert_eq!(
            last_event(),
            Event::Opened {
                invocation: 0,
                payer: PAYER,
                held: 1_500,
                network_fee: 30
            }
            .into()
        );
    });
}

#[test]
fn fails_for_a_call_that_has_a_hold() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(open(0, PAYER, &quote_of(500, 1_000, 50, 30)));
        assert_noop!(
            open(0, OTHER_PAYER, &quote_of(1, 1, 0, 1)),
            Error::<Test>::AlreadyExists
        );
    });
}

#[test]
fn takes_all_but_the_existential_deposit() {
    let quote = quote_of(500, 1_000, 50, 30);
    ExtBuilder::default()
        .balance(PAYER, EXISTENTIAL_DEPOSIT + 1_530)
        .build_and_execute(|| {
            assert_ok!(open(0, PAYER, &quote));
            assert_eq!(free(PAYER), EXISTENTIAL_DEPOSIT);
        });
}

#[test]
fn fails_with_nothing_changed_where_the_hold_would_touch_the_existential_deposit() {
    let quote = quote_of(500, 1_000, 50, 30);
    ExtBuilder::default()
        .balance(PAYER, EXISTENTIAL_DEPOSIT + 1_529)
        .build_and_execute(|| {
            assert_noop!(open(0, PAYER, &quote), Error::<Test>::InsufficientFunds);
        });
}

#[test]
fn fails_where_the_network_fee_would_touch_the_existential_deposit() {
    ExtBuilder::default()
        .balance(PAYER, EXISTENTIAL_DEPOSIT + 29)
        .build_and_execute(|| {
            assert_noop!(
                open(0, PAYER, &quote_of(0, 0, 0, 30)),
                Error::<Test>::InsufficientFunds
            );
        });
}

#[test]
fn fails_for_an_account_that_does_not_exist() {
    ExtBuilder::default().build_and_execute(|| {
        for quote in [quote_of(500, 1_000, 50, 30), quote_of(0, 1, 0, 0)] {
            assert_noop!(open(0, NOBODY, &quote), Error::<Test>::InsufficientFunds);
        }
    });
}

#[test]
fn fails_where_the_held_part_overflows() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            open(0, PAYER, &quote_of(u128::MAX, 1, 0, 0)),
            Error::<Test>::PriceTooLarge
        );
    });
}

#[test]
fn holds_frozen_funds() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Balances::set_freeze(&0, &PAYER, ENDOWMENT - 30));
        assert_ok!(open(0, PAYER, &quote_of(500, 1_000, 50, 30)));
        assert_eq!(on_hold(PAYER), 1_500);
    });
}

#[test]
fn fails_where_only_frozen_funds_could_pay_the_network_fee() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Balances::set_freeze(&0, &PAYER, ENDOWMENT - 29));
        assert_noop!(
            open(0, PAYER, &quote_of(500, 1_000, 50, 30)),
            Error::<Test>::InsufficientFunds
        );
    });
}

#[test]
fn a_free_call_is_recorded_and_holds_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(open(0, NOBODY, &quote_of(0, 0, 0, 0)));
        assert!(Holds::<Test>::contains_key(0));
        assert_eq!(on_hold(NOBODY), 0);
    });
}

#[test]
fn the_treasury_may_pay_itself() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(open(0, TREASURY, &quote_of(500, 1_000, 50, 30)));
        assert_eq!(free(TREASURY), ENDOWMENT - 1_500);
    });
}

#[test]
fn holds_of_several_calls_add_up() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(open(0, PAYER, &quote_of(500, 1_000, 50, 30)));
        assert_ok!(open(1, PAYER, &quote_of(1, 2, 0, 30)));
        assert_eq!(on_hold(PAYER), 1_503);
        assert_ok!(Balances::transfer(
            &PAYER,
            &NOBODY,
            1_000,
            frame_support::traits::tokens::Preservation::Preserve
        ));
        assert_eq!(on_hold(PAYER), 1_503);
    });
}
