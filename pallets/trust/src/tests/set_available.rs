use defaas_primitives::notice::NoticeBody;
use defaas_traits::Providers as _;
use frame_support::{assert_ok, pallet_prelude::UnknownTransaction};

use super::judge::jailed;
use crate::{mock::*, types::Status, Event, PoolSizes, NOTICE_TOO_EARLY};

fn available(is: bool, sequence: u64) -> RuntimeCall {
    notice(ALICE, 0, sequence, NoticeBody::Available(is))
}

#[test]
fn drains_and_comes_back() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        assert_ok!(apply(available(false, 1)));
        assert!(!Trust::any(&anywhere()));
        assert_eq!(PoolSizes::<Test>::iter().count(), 0);
        System::assert_last_event(
            Event::AvailabilitySet {
                provider: id,
                available: false,
            }
            .into(),
        );
        advance(INTERVAL);
        assert_ok!(apply(available(true, 2)));
        assert!(Trust::any(&anywhere()));
    });
}

#[test]
fn saying_the_same_again_changes_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        assert_ok!(apply(available(true, 1)));
        assert_eq!(PoolSizes::<Test>::get(anywhere()), 1);
    });
}

#[test]
fn has_an_interval_of_its_own() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        let early = UnknownTransaction::Custom(NOTICE_TOO_EARLY).into();
        assert_ok!(apply(available(false, 1)));
        assert_eq!(apply(available(true, 2)), Err(early));
        let moved = notice(ALICE, 0, 2, NoticeBody::Endpoint(endpoint(9_000)));
        assert_ok!(apply(moved));
    });
}

#[test]
fn open_assignments_of_a_drained_provider_stay() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        assert!(Trust::draw(&anywhere(), [0; 32], &[], 9).chosen().is_some());
        assert_ok!(apply(available(false, 1)));
        assert_eq!((provider(id).load, provider(id).exposure), (1, 9));
        Trust::close(id, 9);
    });
}

#[test]
fn does_not_open_the_jail() {
    ExtBuilder::default().build_and_execute(|| {
        let id = jailed(ALICE);
        assert_ok!(apply(available(true, 1)));
        assert_eq!(provider(id).status, Status::Jailed);
        assert_eq!(PoolSizes::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_drained_provider_freed_from_jail_stays_out() {
    ExtBuilder::default().build_and_execute(|| {
        let id = jailed(ALICE);
        assert_ok!(apply(available(false, 1)));
        assert_ok!(Trust::bond_more(RuntimeOrigin::signed(ALICE), MIN_BOND));
        assert_eq!(provider(id).status, Status::Active);
        assert_eq!(PoolSizes::<Test>::iter().count(), 0);
        advance(INTERVAL);
        assert_ok!(apply(available(true, 2)));
        assert_eq!(PoolSizes::<Test>::get(anywhere()), 1);
    });
}
