use defaas_traits::Providers as _;
use frame_support::{assert_noop, assert_ok};

use crate::{mock::*, Error, Event, WorkerKeys};

#[test]
fn replaces_the_key() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        let origin = RuntimeOrigin::signed(ALICE);
        assert_ok!(Trust::set_worker_key(origin, key(77), proof(77, ALICE)));
        assert_eq!(provider(id).worker, key(77));
        assert_eq!(WorkerKeys::<Test>::get(key(77)), Some(id));
        assert_eq!(WorkerKeys::<Test>::get(key(ALICE)), None);
        System::assert_last_event(
            Event::WorkerKeyRotated {
                provider: id,
                worker_key: key(77),
            }
            .into(),
        );
    });
}

#[test]
fn later_draws_have_the_new_key() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        let worker = || {
            let drawn = Trust::draw(&anywhere(), [0; 32], &[], 0);
            drawn.chosen().unwrap().worker
        };
        let origin = RuntimeOrigin::signed(ALICE);
        assert_eq!(worker(), key(ALICE));
        assert_ok!(Trust::set_worker_key(origin, key(77), proof(77, ALICE)));
        assert_eq!(worker(), key(77));
        Trust::close(id, 0);
        Trust::close(id, 0);
    });
}

#[test]
fn refuses_strangers_taken_keys_and_bad_proofs() {
    ExtBuilder::default().build_and_execute(|| {
        let set = |who, n, proof| Trust::set_worker_key(RuntimeOrigin::signed(who), key(n), proof);
        assert_noop!(set(ALICE, 77, proof(77, ALICE)), Error::<Test>::NotFound);
        enrolled(ALICE);
        enrolled(BOB);
        let taken = || Error::<Test>::WorkerKeyTaken;
        assert_noop!(set(ALICE, BOB, proof(BOB, ALICE)), taken());
        assert_noop!(set(ALICE, ALICE, proof(ALICE, ALICE)), taken());
        assert_noop!(set(ALICE, 77, proof(77, BOB)), Error::<Test>::BadProof);
        assert_noop!(set(ALICE, 77, proof(78, ALICE)), Error::<Test>::BadProof);
    });
}
