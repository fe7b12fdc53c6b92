use defaas_primitives::notice::{NoticeBody, MAX_SEQUENCE_STEP};
use frame_support::{
    assert_noop, assert_ok,
    pallet_prelude::{InvalidTransaction, UnknownTransaction},
    sp_runtime::{traits::Dispatchable, DispatchError},
};
use sp_core::H256;

use crate::{mock::*, Event, NOTICE_LONGEVITY, NOTICE_TOO_EARLY};

/// A notice of Alice that her gateway is at `port`.
fn at_port(port: u16, sequence: u64) -> RuntimeCall {
    notice(ALICE, 0, sequence, NoticeBody::Endpoint(endpoint(port)))
}

#[test]
fn moves_the_endpoint() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        assert_ok!(apply(at_port(9_000, 1)));
        let profile = profile(id);
        assert_eq!(profile.endpoint, endpoint(9_000));
        assert_eq!((profile.sequence, profile.announced_at), (1, Some(1)));
        System::assert_last_event(Event::Announced { provider: id }.into());
    });
}

#[test]
fn a_pool_holds_one_of_a_kind_from_each_provider() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        let first = authorize(&at_port(9_000, 1)).unwrap();
        let next = authorize(&at_port(9_001, 2)).unwrap();
        let other_kind = authorize(&notice(ALICE, 0, 3, NoticeBody::Available(false))).unwrap();
        assert_eq!(first.provides, next.provides);
        assert_eq!(first.provides.len(), 1);
        assert_ne!(first.provides, other_kind.provides);
        assert_eq!((first.priority, first.longevity), (7, NOTICE_LONGEVITY));
        assert!(first.requires.is_empty() && first.propagate);
    });
}

#[test]
fn the_same_notice_works_once() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        let call = at_port(9_000, 5);
        assert_ok!(apply(call.clone()));
        advance(INTERVAL);
        let stale = InvalidTransaction::Stale.into();
        assert_eq!(apply(call), Err(stale));
        assert_eq!(apply(at_port(9_001, 4)), Err(stale));
        assert_ok!(apply(at_port(9_001, 6)));
    });
}

#[test]
fn numbers_cannot_be_used_up() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        let refused = InvalidTransaction::Call.into();
        assert_eq!(apply(at_port(9_000, u64::MAX)), Err(refused));
        assert_eq!(apply(at_port(9_000, MAX_SEQUENCE_STEP + 1)), Err(refused));
        assert_ok!(apply(at_port(9_000, MAX_SEQUENCE_STEP)));
    });
}

#[test]
fn waits_for_the_interval() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        assert_ok!(apply(at_port(9_000, 1)));
        advance(INTERVAL - 1);
        let early = UnknownTransaction::Custom(NOTICE_TOO_EARLY).into();
        assert_eq!(apply(at_port(9_001, 2)), Err(early));
        advance(1);
        assert_ok!(apply(at_port(9_001, 2)));
    });
}

#[test]
fn refuses_strangers_and_wrong_signatures() {
    ExtBuilder::default().build_and_execute(|| {
        let unknown = UnknownTransaction::CannotLookup.into();
        assert_eq!(apply(at_port(9_000, 1)), Err(unknown));
        enrolled(ALICE);
        let bad = InvalidTransaction::BadProof.into();
        let by_bob = notice(BOB, 0, 1, NoticeBody::Endpoint(endpoint(9_000)));
        assert_eq!(apply(by_bob), Err(bad));
        // A signature for this number and provider, but for something else.
        let RuntimeCall::Trust(crate::Call::set_available { signature, .. }) =
            notice(ALICE, 0, 1, NoticeBody::Available(true))
        else {
            panic!("not a notice of availability");
        };
        let swapped = crate::Call::announce {
            provider: 0,
            sequence: 1,
            endpoint: endpoint(9_000),
            signature,
        };
        assert_eq!(apply(swapped.into()), Err(bad));
        let elsewhere = at_port(9_000, 1);
        frame_system::BlockHash::<Test>::insert(0, H256::repeat_byte(0xad));
        assert_eq!(apply(elsewhere), Err(bad));
    });
}

#[test]
fn old_keys_say_nothing_and_numbers_survive_a_rotation() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        let replayed = at_port(9_000, 1);
        assert_ok!(apply(replayed.clone()));
        advance(INTERVAL);
        let rotate =
            |n| Trust::set_worker_key(RuntimeOrigin::signed(ALICE), key(n), proof(n, ALICE));
        assert_ok!(rotate(77));
        assert_eq!(
            apply(at_port(9_001, 2)),
            Err(InvalidTransaction::BadProof.into())
        );
        assert_ok!(rotate(ALICE));
        assert_eq!(apply(replayed), Err(InvalidTransaction::Stale.into()));
        assert_eq!(profile(id).endpoint, endpoint(9_000));
    });
}

#[test]
fn refuses_invalid_endpoints_before_looking_at_anything_else() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(apply(at_port(0, 1)), Err(InvalidTransaction::Call.into()));
    });
}

#[test]
fn is_not_a_call_for_accounts() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        for origin in [RuntimeOrigin::signed(ALICE), RuntimeOrigin::none()] {
            let outcome = at_port(9_000, 1).dispatch(origin).map_err(|e| e.error);
            assert_noop!(outcome, DispatchError::BadOrigin);
        }
    });
}

#[test]
fn still_possible_while_leaving() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        assert_ok!(Trust::leave(RuntimeOrigin::signed(ALICE)));
        assert_ok!(apply(at_port(9_000, 1)));
    });
}
