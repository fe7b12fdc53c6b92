//! Paying for a call.

use defaas_traits::Paid;
use frame_support::{assert_ok, traits::fungible::MutateFreeze};

use crate::{mock::*, Event, Holds};

fn opened(payer: AccountId) {
    assert_ok!(open(0, payer, &quote_of(500, 1_000, 50, 30)));
}

#[test]
fn pays_everybody_their_part() {
    ExtBuilder::default().build_and_execute(|| {
        opened(PAYER);
        let paid = settle(0, &bill(DEVELOPER, true, PROVIDER));
        let expected = Paid {
            developer: 500,
            provider: 950,
            treasury: 50,
            returned: 0,
        };
        assert_eq!(paid, expected);
        assert_eq!(free(DEVELOPER), ENDOWMENT + 500);
        assert_eq!(free(PROVIDER), ENDOWMENT + 950);
        assert_eq!(free(TREASURY), ENDOWMENT + 30 + 50);
        assert_eq!(free(PAYER), ENDOWMENT - 1_530);
        assert_eq!(on_hold(PAYER), 0);
        assert!(!Holds::<Test>::contains_key(0));
        assert_eq!(
            last_event(),
            Event::Settled {
                invocation: 0,
                developer: 500,
                provider: 950,
                treasury: 50,
                returned: 0
            }
            .into()
        );
    });
}

#[test]
fn releases_the_developer_fee_where_it_is_not_due() {
    ExtBuilder::default().build_and_execute(|| {
        opened(PAYER);
        let paid = settle(0, &bill(DEVELOPER, false, PROVIDER));
        assert_eq!((paid.developer, paid.returned), (0, 500));
        assert_eq!(free(DEVELOPER), ENDOWMENT);
        assert_eq!(free(PAYER), ENDOWMENT - 1_030);
    });
}

#[test]
fn has_no_effect_without_a_hold() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(settle(0, &bill(DEVELOPER, true, PROVIDER)), Paid::default());
        opened(PAYER);
        settle(0, &bill(DEVELOPER, true, PROVIDER));
        assert_eq!(settle(0, &bill(DEVELOPER, true, PROVIDER)), Paid::default());
        assert_eq!(free(PROVIDER), ENDOWMENT + 950);
    });
}

#[test]
fn what_a_payee_cannot_receive_goes_to_the_treasury() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(open(0, PAYER, &quote_of(99, 1_000, 50, 30)));
        let paid = settle(0, &bill(NOBODY, true, PROVIDER));
        assert_eq!((paid.developer, paid.treasury), (0, 50 + 99));
        assert_eq!(free(NOBODY), 0);
        assert_eq!(free(TREASURY), ENDOWMENT + 30 + 50 + 99);
    });
}

#[test]
fn creates_the_account_of_a_payee_that_gets_the_existential_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(open(0, PAYER, &quote_of(0, 100, 0, 30)));
        let paid = settle(0, &bill(DEVELOPER, true, NOBODY));
        assert_eq!(paid.provider, 100);
        assert_eq!(free(NOBODY), 100);
    });
}

#[test]
fn neither_payee_can_receive_and_all_goes_to_the_treasury() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(open(0, PAYER, &quote_of(99, 99, 4, 30)));
        let paid = settle(0, &bill(NOBODY, true, NOBODY + 100));
        let expected = Paid {
            treasury: 198,
            ..Paid::default()
        };
        assert_eq!(paid, expected);
    });
}

#[test]
fn one_account_may_be_payer_developer_and_provider() {
    ExtBuilder::default().build_and_execute(|| {
        opened(PAYER);
        let paid = settle(0, &bill(PAYER, true, PAYER));
        assert_eq!(
            (paid.developer, paid.provider, paid.treasury),
            (500, 950, 50)
        );
        assert_eq!(free(PAYER), ENDOWMENT - 30 - 50);
        assert_eq!(on_hold(PAYER), 0);
    });
}

#[test]
fn the_treasury_may_be_everybody() {
    ExtBuilder::default().build_and_execute(|| {
        opened(TREASURY);
        settle(0, &bill(TREASURY, true, TREASURY));
        assert_eq!(free(TREASURY), ENDOWMENT);
    });
}

#[test]
fn pays_from_funds_that_were_frozen_meanwhile() {
    ExtBuilder::default().build_and_execute(|| {
        opened(PAYER);
        assert_ok!(Balances::set_freeze(&0, &PAYER, ENDOWMENT));
        let paid = settle(0, &bill(DEVELOPER, false, PROVIDER));
        assert_eq!((paid.provider, paid.returned), (950, 500));
        assert_eq!(on_hold(PAYER), 0);
    });
}

#[test]
fn a_payer_at_the_existential_deposit_stays_alive() {
    ExtBuilder::default()
        .balance(PAYER, EXISTENTIAL_DEPOSIT + 1_530)
        .build_and_execute(|| {
            opened(PAYER);
            settle(0, &bill(DEVELOPER, true, PROVIDER));
            assert_eq!(free(PAYER), EXISTENTIAL_DEPOSIT);
        });
}

#[test]
fn dust_of_a_payer_that_dies_goes_to_the_treasury() {
    ExtBuilder::default().build_and_execute(|| {
        // Another provider reference lets the free balance fall below the existential deposit.
        System::inc_providers(&PAYER);
        opened(PAYER);
        let all_but_dust = free(PAYER) - 60;
        assert_ok!(Balances::transfer_allow_death(
            RuntimeOrigin::signed(PAYER),
            OTHER_PAYER,
            all_but_dust
        ));
        let paid = settle(0, &bill(DEVELOPER, true, PROVIDER));
        assert_eq!(paid.returned, 0);
        assert_eq!(free(PAYER), 0);
        assert_eq!(free(TREASURY), ENDOWMENT + 30 + 50 + 60);
    });
}

#[test]
fn settles_one_of_several_holds_of_a_payer() {
    ExtBuilder::default().build_and_execute(|| {
        opened(PAYER);
        assert_ok!(open(1, PAYER, &quote_of(1, 2, 0, 30)));
        settle(0, &bill(DEVELOPER, true, PROVIDER));
        assert_eq!(on_hold(PAYER), 3);
    });
}
