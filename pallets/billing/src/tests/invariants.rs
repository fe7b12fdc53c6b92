//! The invariants hold over random sequences, and their check finds corruption.

use frame_support::assert_ok;
use proptest::prelude::*;

use crate::{mock::*, Holds};

#[derive(Clone, Debug)]
enum Step {
    Open {
        invocation: u64,
        payer: AccountId,
        fee: u128,
        price: u128,
    },
    Settle {
        invocation: u64,
        developer: AccountId,
        fee_due: bool,
        provider: AccountId,
    },
    Refund {
        invocation: u64,
    },
    Send {
        from: AccountId,
        to: AccountId,
        amount: u128,
    },
}

fn account() -> impl Strategy<Value = AccountId> {
    TREASURY..=OTHER_PAYER + 2
}

fn amount() -> impl Strategy<Value = u128> {
    prop_oneof![0..300u128, 0..ENDOWMENT]
}

fn step() -> impl Strategy<Value = Step> {
    let invocation = 0..6u64;
    prop_oneof![
        3 => (invocation.clone(), account(), amount(), amount()).prop_map(
            |(invocation, payer, fee, price)| Step::Open { invocation, payer, fee, price }
        ),
        2 => (invocation.clone(), account(), any::<bool>(), account()).prop_map(
            |(invocation, developer, fee_due, provider)| Step::Settle {
                invocation, developer, fee_due, provider
            }
        ),
        1 => invocation.prop_map(|invocation| Step::Refund { invocation }),
        2 => (account(), account(), amount()).prop_map(
            |(from, to, amount)| Step::Send { from, to, amount }
        ),
    ]
}

/// Does `step` and checks what it promises by itself.
fn run(step: Step) {
    match step {
        Step::Open {
            invocation,
            payer,
            fee,
            price,
        } => {
            let before = (free(payer), on_hold(payer));
            let existed = Holds::<Test>::contains_key(invocation);
            let opened = open(invocation, payer, &quote_of(fee, price, price / 20, 30));
            if existed {
                assert!(opened.is_err());
            }
            if opened.is_err() {
                assert_eq!((free(payer), on_hold(payer)), before);
            }
        }
        Step::Settle {
            invocation,
            developer,
            fee_due,
            provider,
        } => {
            let held = Billing::hold(invocation).map_or(0, |hold| hold.quote.held().unwrap());
            let paid = settle(invocation, &bill(developer, fee_due, provider));
            assert_eq!(
                paid.developer + paid.provider + paid.treasury + paid.returned,
                held
            );
        }
        Step::Refund { invocation } => {
            let held = Billing::hold(invocation).map_or(0, |hold| hold.quote.held().unwrap());
            assert!(refund(invocation) <= held);
        }
        Step::Send { from, to, amount } => {
            // The treasury keeps what genesis gave it; others may die.
            if from != TREASURY {
                let _ = Balances::transfer_allow_death(RuntimeOrigin::signed(from), to, amount);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn hold_over_random_sequences(
        steps in prop::collection::vec(step(), 1..60),
        extra_providers in prop::collection::vec(any::<bool>(), 8),
    ) {
        ExtBuilder::default().build_and_execute(|| {
            for (account, extra) in (TREASURY..).zip(extra_providers) {
                if extra {
                    System::inc_providers(&account);
                }
            }
            for step in steps {
                run(step);
                check_invariants();
            }
            for invocation in 0..6 {
                refund(invocation);
            }
            for account in TREASURY..=OTHER_PAYER + 2 {
                assert_eq!(on_hold(account), 0);
            }
        });
    }
}

#[test]
fn a_lost_hold_is_found() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(open(0, PAYER, &quote_of(500, 1_000, 50, 30)));
        assert_ok!(open(1, PAYER, &quote_of(500, 1_000, 50, 30)));
        let hold = Holds::<Test>::take(0).unwrap();
        assert!(Billing::do_try_state().is_err());
        Holds::<Test>::insert(0, hold);
    });
}

#[test]
fn a_changed_quote_is_found() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(open(0, PAYER, &quote_of(500, 1_000, 50, 30)));
        let hold = Holds::<Test>::get(0).unwrap();
        Holds::<Test>::mutate(0, |hold| hold.as_mut().unwrap().quote.developer_fee += 1);
        assert!(Billing::do_try_state().is_err());
        Holds::<Test>::mutate(0, |hold| {
            hold.as_mut().unwrap().quote.treasury_share = 1_001
        });
        assert!(Billing::do_try_state().is_err());
        Holds::<Test>::insert(0, hold);
    });
}

#[test]
fn a_treasury_without_endowment_is_found() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Balances::transfer_allow_death(
            RuntimeOrigin::signed(TREASURY),
            PAYER,
            ENDOWMENT
        ));
        assert!(Billing::do_try_state().is_err());
        assert_ok!(Balances::transfer_allow_death(
            RuntimeOrigin::signed(PAYER),
            TREASURY,
            EXISTENTIAL_DEPOSIT
        ));
    });
}
