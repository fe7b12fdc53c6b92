use defaas_traits::{Providers as _, Verdict};
use frame_support::{assert_noop, assert_ok, sp_runtime::DispatchResult};

use crate::{mock::*, Error, Event, Profiles, ProviderIds, Providers, WorkerKeys};

fn withdraw() -> DispatchResult {
    Trust::withdraw(RuntimeOrigin::signed(ALICE))
}

#[test]
fn releases_the_bond_and_forgets_the_provider() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        assert_ok!(Trust::leave(RuntimeOrigin::signed(ALICE)));
        advance(UNBONDING);
        assert_ok!(withdraw());
        assert_eq!(Balances::free_balance(ALICE), RICHES);
        assert!(!Providers::<Test>::contains_key(id));
        assert!(!Profiles::<Test>::contains_key(id));
        assert!(!ProviderIds::<Test>::contains_key(ALICE));
        assert!(!WorkerKeys::<Test>::contains_key(key(ALICE)));
        System::assert_last_event(
            Event::Withdrawn {
                provider: id,
                amount: 2 * MIN_BOND,
            }
            .into(),
        );
    });
}

#[test]
fn an_id_is_never_used_again() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        assert_ok!(Trust::leave(RuntimeOrigin::signed(ALICE)));
        advance(UNBONDING);
        assert_ok!(withdraw());
        assert_eq!(enrolled(ALICE), id + 1);
    });
}

#[test]
fn waits_for_the_delay() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        assert_ok!(Trust::leave(RuntimeOrigin::signed(ALICE)));
        advance(UNBONDING - 1);
        assert_noop!(withdraw(), Error::<Test>::TooEarly);
        advance(1);
        assert_ok!(withdraw());
    });
}

#[test]
fn waits_for_open_assignments_and_what_they_cost() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        assert!(Trust::draw(&anywhere(), [0; 32], &[], 3).chosen().is_some());
        assert_ok!(Trust::leave(RuntimeOrigin::signed(ALICE)));
        advance(UNBONDING);
        assert_noop!(withdraw(), Error::<Test>::Busy);
        Trust::close(id, 3);
        Trust::judge(id, Verdict::Silent);
        assert_ok!(withdraw());
        assert_eq!(Balances::free_balance(ALICE), RICHES - SLICE);
    });
}

#[test]
fn refuses_strangers_and_those_who_stay() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(withdraw(), Error::<Test>::NotFound);
        enrolled(ALICE);
        assert_noop!(withdraw(), Error::<Test>::WrongState);
    });
}
