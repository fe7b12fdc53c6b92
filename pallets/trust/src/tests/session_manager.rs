use frame_support::assert_ok;
use pallet_session::{historical, SessionManager};

use super::{genesis::initial, judge::jailed};
use crate::mock::*;

fn plan(index: u32) -> Option<Vec<AccountId>> {
    let plain = <Trust as SessionManager<AccountId>>::new_session(index);
    let full = <Trust as historical::SessionManager<AccountId, ()>>::new_session(index)
        .map(|all| all.into_iter().map(|(account, ())| account).collect());
    assert_eq!(plain, full);
    plain
}

fn genesis() -> Option<Vec<AccountId>> {
    let plain = <Trust as SessionManager<AccountId>>::new_session_genesis(0);
    let full = <Trust as historical::SessionManager<AccountId, ()>>::new_session_genesis(0)
        .map(|all| all.into_iter().map(|(account, ())| account).collect());
    assert_eq!(plain, full);
    plain
}

#[test]
fn every_session_has_the_initial_validators() {
    ExtBuilder::default()
        .validators(vec![initial(BOB, "127.0.0.1"), initial(ALICE, "127.0.0.2")])
        .build_and_execute(|| {
            let expected = Some(vec![BOB, ALICE]);
            assert_eq!(genesis(), expected);
            assert_eq!(plan(1), expected);
            assert_eq!(plan(1_000), expected);
        });
}

#[test]
fn trouble_as_a_provider_does_not_stop_consensus() {
    ExtBuilder::default()
        .validators(vec![initial(BOB, "127.0.0.1")])
        .build_and_execute(|| {
            jailed(ALICE);
            assert_ok!(Trust::leave(RuntimeOrigin::signed(BOB)));
            advance(UNBONDING);
            assert_ok!(Trust::withdraw(RuntimeOrigin::signed(BOB)));
            assert_eq!(plan(2), Some(vec![BOB]));
        });
}

#[test]
fn without_initial_validators_session_keeps_its_own() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!((genesis(), plan(1)), (None, None));
    });
}
