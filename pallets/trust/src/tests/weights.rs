//! Brings every step into its worst case and compares the keys it touches with what is declared. The
//! storage layer around each call is not the pallet's, so what is inside of it is run.

use defaas_primitives::notice::NoticeBody;
use defaas_traits::{
    mocks::{count_keys, KeyCount},
    Providers as _, Verdict,
};
use frame_support::{assert_ok, weights::WeightMeter};

use super::judge::jailed;
use crate::{
    mock::*,
    types::Changes,
    weights::{self, Cost, CountedWeights, WeightInfo},
};

/// Runs `step`, which must touch exactly the keys that are declared for its worst case.
#[track_caller]
fn touches<R>(cost: Cost, step: impl FnOnce() -> R) -> R {
    let (result, count) = count_keys(step);
    let declared = KeyCount {
        reads: cost.reads,
        writes: cost.writes,
    };
    assert_eq!(count, declared);
    result
}

/// Alice, then Bob behind her in all pools: whoever leaves first has to be replaced in each.
fn two() -> (u32, u32) {
    (enrolled(ALICE), enrolled(BOB))
}

#[test]
fn register_from_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let proof = proof(ALICE, ALICE);
        let (key, offer) = (key(ALICE), offer());
        assert_ok!(touches(weights::REGISTER, || Trust::do_register(
            ALICE, key, &proof, MIN_BOND, offer
        )));
    });
}

#[test]
fn update() {
    ExtBuilder::default().build_and_execute(|| {
        two();
        // The pools without labels are left and entered again, and their keys counted once.
        let changes = Changes {
            labels: Some(labels("x", "y", "z")),
            ..Default::default()
        };
        let (result, count) = count_keys(|| Trust::do_update(ALICE, changes));
        assert_ok!(result);
        assert!(count.reads <= weights::UPDATE.reads, "{count:?}");
        assert!(count.writes <= weights::UPDATE.writes, "{count:?}");
    });
}

#[test]
fn set_worker_key() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        let (key, proof) = (key(77), proof(77, ALICE));
        assert_ok!(touches(weights::SET_WORKER_KEY, || {
            Trust::do_set_worker_key(ALICE, key, &proof)
        }));
    });
}

#[test]
fn bond_more() {
    ExtBuilder::default().build_and_execute(|| {
        jailed(ALICE);
        advance(1);
        assert_ok!(touches(weights::BOND_MORE, || Trust::do_bond_more(
            ALICE, MIN_BOND
        )));
    });
}

#[test]
fn leave() {
    ExtBuilder::default().build_and_execute(|| {
        jailed(ALICE);
        enrolled(BOB);
        assert_ok!(touches(weights::LEAVE, || Trust::do_leave(ALICE)));
    });
}

#[test]
fn withdraw() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        Trust::judge(id, Verdict::Delivered);
        assert_ok!(Trust::do_leave(ALICE));
        advance(UNBONDING);
        assert_ok!(touches(weights::WITHDRAW, || Trust::do_withdraw(ALICE)));
    });
}

#[test]
fn authorize_notice_and_announce() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        let call = notice(ALICE, id, 1, NoticeBody::Endpoint(endpoint(1)));
        assert!(touches(weights::AUTHORIZE_NOTICE, || authorize(&call)).is_ok());
        touches(weights::ANNOUNCE, || Trust::do_announce(id, 1, endpoint(1)));
    });
}

#[test]
fn set_available() {
    ExtBuilder::default().build_and_execute(|| {
        let alice = jailed(ALICE);
        enrolled(BOB);
        touches(weights::SET_AVAILABLE, || {
            Trust::do_set_available(alice, 1, false)
        });
    });
}

#[test]
fn draw() {
    ExtBuilder::default().crowd(8).build_and_execute(|| {
        // Eight in the pool, all but one full: eight are looked at.
        enroll_crowd(8, MIN_BOND, |_| offer());
        (1..8).for_each(|id| tamper(id, |provider| provider.load = provider.capacity));
        let drawn = touches(weights::DRAW, || Trust::draw(&anywhere(), [0; 32], &[], 0));
        assert!(drawn.chosen().is_some());
    });
}

#[test]
fn close() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        assert!(Trust::draw(&anywhere(), [0; 32], &[], 5).chosen().is_some());
        touches(weights::CLOSE, || Trust::close(id, 5));
    });
}

#[test]
fn judge_who_spoke() {
    for verdict in [Verdict::Delivered, Verdict::Failed] {
        ExtBuilder::default().build_and_execute(|| {
            let id = enrolled(ALICE);
            // After silence, so that the health of the network changes too.
            Trust::judge(id, Verdict::Silent);
            advance(1);
            touches(weights::JUDGE_SPOKEN, || Trust::judge(id, verdict));
        });
    }
}

#[test]
fn judge_who_was_silent() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(register(ALICE, FLOOR_BOND.max(MIN_BOND), offer()));
        Slice::set(&MIN_BOND);
        advance(1);
        touches(weights::JUDGE_SILENT, || Trust::judge(0, Verdict::Silent));
    });
}

/// Runs `step`, which must touch no more keys than are declared.
#[track_caller]
fn within<R>(cost: Cost, step: impl FnOnce() -> R) -> R {
    let (result, count) = count_keys(step);
    assert!(
        count.reads <= cost.reads && count.writes <= cost.writes,
        "{count:?} is more than {cost:?}"
    );
    result
}

/// The key at which the walk over the evictions ends may be that of the tick.
#[test]
fn polls() {
    ExtBuilder::default().build_and_execute(|| {
        within(weights::POLL, || advance(0));
        jailed(ALICE);
        enrolled(BOB);
        let mut meter = WeightMeter::with_limit(
            CountedWeights::<Test>::poll() + CountedWeights::<Test>::evict(),
        );
        within(weights::POLL.plus(1, weights::EVICT), || {
            Trust::do_poll(&mut meter)
        });
        assert_eq!(meter.remaining().ref_time(), 0, "both were done");
    });
}

#[test]
fn weights_are_twice_the_cost() {
    let close = CountedWeights::<Test>::close();
    let cpu = 2 * 1_000_000 * u64::from(weights::CLOSE.micros);
    // The mock has no weight for its database.
    assert_eq!(close.ref_time(), cpu);
    assert_eq!(close.proof_size(), 0);
}
