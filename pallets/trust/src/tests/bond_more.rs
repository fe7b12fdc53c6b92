use frame_support::{assert_noop, assert_ok, sp_runtime::TokenError};

use super::judge::jailed;
use crate::{mock::*, types::Status, Error, Event, Evicting, PoolSizes};

#[test]
fn adds_to_bond_and_effective_capacity() {
    ExtBuilder::default().build_and_execute(|| {
        let mut generous = offer();
        generous.capacity = 100;
        assert_ok!(register(ALICE, MIN_BOND, generous));
        let capacity = || provider(0).effective_capacity(BOND_PER_SLOT);
        assert_eq!(capacity(), 10);
        assert_ok!(Trust::bond_more(
            RuntimeOrigin::signed(ALICE),
            5 * BOND_PER_SLOT
        ));
        assert_eq!(capacity(), 15);
        System::assert_last_event(
            Event::BondIncreased {
                provider: 0,
                amount: 5 * BOND_PER_SLOT,
            }
            .into(),
        );
    });
}

#[test]
fn frees_from_jail_at_the_minimum() {
    ExtBuilder::default().build_and_execute(|| {
        let id = jailed(ALICE);
        advance(1);
        assert_eq!(PoolSizes::<Test>::get(anywhere()), 0);
        let more = |amount| Trust::bond_more(RuntimeOrigin::signed(ALICE), amount);

        assert_ok!(more(MIN_BOND - FLOOR_BOND - 1));
        assert_eq!(provider(id).status, Status::Jailed);
        assert_ok!(more(1));
        assert_eq!(provider(id).status, Status::Active);
        assert_eq!(PoolSizes::<Test>::get(anywhere()), 1);
        System::assert_last_event(Event::Freed { provider: id }.into());
    });
}

#[test]
fn frees_from_jail_before_the_eviction_without_a_second_place() {
    ExtBuilder::default().build_and_execute(|| {
        let id = jailed(ALICE);
        assert!(Evicting::<Test>::contains_key(id));
        assert_ok!(Trust::bond_more(RuntimeOrigin::signed(ALICE), MIN_BOND));
        assert!(!Evicting::<Test>::contains_key(id));
        assert_eq!(PoolSizes::<Test>::get(anywhere()), 1);
    });
}

#[test]
fn needs_more_than_the_floor_where_that_is_above_the_minimum() {
    ExtBuilder::default().build_and_execute(|| {
        let id = jailed(ALICE);
        FloorBond::set(&(2 * MIN_BOND));
        let more = |amount| Trust::bond_more(RuntimeOrigin::signed(ALICE), amount);
        assert_ok!(more(2 * MIN_BOND - FLOOR_BOND));
        assert_eq!(provider(id).status, Status::Jailed);
        assert_ok!(more(1));
        assert_eq!(provider(id).status, Status::Active);
    });
}

#[test]
fn frees_for_nothing_when_the_minimum_came_down() {
    ExtBuilder::default().build_and_execute(|| {
        let id = jailed(ALICE);
        MinBond::set(&(FLOOR_BOND / 2));
        FloorBond::set(&(FLOOR_BOND / 2));
        assert_ok!(Trust::bond_more(RuntimeOrigin::signed(ALICE), 0));
        assert_eq!(provider(id).status, Status::Active);
    });
}

#[test]
fn refuses_strangers_leavers_and_missing_funds() {
    ExtBuilder::default().build_and_execute(|| {
        let more = |amount| Trust::bond_more(RuntimeOrigin::signed(ALICE), amount);
        assert_noop!(more(1), Error::<Test>::NotFound);
        enrolled(ALICE);
        assert_noop!(more(RICHES), TokenError::FundsUnavailable);
        assert_noop!(more(u128::MAX), Error::<Test>::BondTooLarge);
        assert_ok!(Trust::leave(RuntimeOrigin::signed(ALICE)));
        assert_noop!(more(1), Error::<Test>::WrongState);
    });
}
