//! Ending a call without charge.

use frame_support::{assert_ok, traits::fungible::MutateFreeze};

use crate::{mock::*, Event, Holds};

fn opened(payer: AccountId) {
    assert_ok!(open(0, payer, &quote_of(500, 1_000, 50, 30)));
}

#[test]
fn releases_all_but_the_network_fee() {
    ExtBuilder::default().build_and_execute(|| {
        opened(PAYER);
        assert_eq!(refund(0), 1_500);
        assert_eq!(free(PAYER), ENDOWMENT - 30);
        assert_eq!(on_hold(PAYER), 0);
        assert!(!Holds::<Test>::contains_key(0));
        assert_eq!(
            last_event(),
            Event::Refunded {
                invocation: 0,
                returned: 1_500
            }
            .into()
        );
    });
}

#[test]
fn has_no_effect_without_a_hold() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(refund(0), 0);
        opened(PAYER);
        refund(0);
        assert_eq!(refund(0), 0);
        assert_eq!(free(PAYER), ENDOWMENT - 30);
    });
}

#[test]
fn releases_funds_that_were_frozen_meanwhile() {
    ExtBuilder::default().build_and_execute(|| {
        opened(PAYER);
        assert_ok!(Balances::set_freeze(&0, &PAYER, ENDOWMENT));
        assert_eq!(refund(0), 1_500);
    });
}

/// Leaves `PAYER` without free balance, kept alive by another provider reference.
fn drained_to_zero(held: u128) {
    System::inc_providers(&PAYER);
    assert_ok!(open(0, PAYER, &quote_of(0, held, 0, 0)));
    assert_ok!(Balances::transfer_all(
        RuntimeOrigin::signed(PAYER),
        OTHER_PAYER,
        false
    ));
    assert_eq!(free(PAYER), 0);
}

#[test]
fn revives_a_payer_that_gets_the_existential_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        drained_to_zero(EXISTENTIAL_DEPOSIT);
        assert_eq!(refund(0), EXISTENTIAL_DEPOSIT);
        assert_eq!(free(PAYER), EXISTENTIAL_DEPOSIT);
    });
}

#[test]
fn what_the_payer_cannot_receive_goes_to_the_treasury() {
    ExtBuilder::default().build_and_execute(|| {
        drained_to_zero(EXISTENTIAL_DEPOSIT - 1);
        assert_eq!(refund(0), 0);
        assert_eq!(on_hold(PAYER), 0);
        assert_eq!(free(TREASURY), ENDOWMENT + EXISTENTIAL_DEPOSIT - 1);
    });
}
