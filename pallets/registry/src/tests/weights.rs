//! No step touches more keys than its weight counts.

use super::*;
use crate::weights::*;
use defaas_primitives::Placement;
use defaas_traits::{
    mocks::{count_keys, KeyCount},
    Catalog, SuspendReason,
};
use frame_support::weights::{constants::RocksDbWeight, Weight};

#[track_caller]
fn within<R>(declared: Cost, step: impl FnOnce() -> R) -> R {
    let (result, KeyCount { reads, writes }) = count_keys(step);
    assert!(
        reads <= declared.reads && writes <= declared.writes,
        "touches {reads} and {writes} keys, declares {declared:?}"
    );
    result
}

/// What every call touches here beside its own: the level of the storage layer that it runs in,
/// which never leaves memory, and the price of deposits, which is in storage so that tests can
/// change it.
const SURROUNDINGS: Cost = Cost {
    reads: 2,
    writes: 1,
    micros: 0,
};

/// Keys that the mock of the hook reads and writes, in place of other pallets.
const HOOK: Cost = Cost {
    reads: 1,
    writes: 1,
    micros: 0,
};

#[track_caller]
fn call_within<R>(declared: Cost, call: impl FnOnce() -> R) -> R {
    within(declared.plus(1, SURROUNDINGS), call)
}

#[test]
fn calls_touch_no_more_than_declared() {
    ExtBuilder::default().build_and_execute(|| {
        let publish = || {
            Registry::publish(
                by(ALICE),
                name("hello"),
                None,
                5,
                Placement::default(),
                spec(),
            )
        };
        assert_ok!(call_within(PUBLISH, publish));
        assert_ok!(call_within(PUBLISH_VERSION, || {
            Registry::publish_version(by(ALICE), 0, spec())
        }));
        let set_alias = |version| {
            call_within(SET_ALIAS, || {
                Registry::set_alias(by(ALICE), 0, name("stable"), to(version))
            })
        };
        assert_ok!(set_alias(1));
        assert_ok!(set_alias(2));
        assert_ok!(call_within(ROLL_BACK_ALIAS, || {
            Registry::roll_back_alias(by(ALICE), 0, name("stable"))
        }));
        assert_ok!(call_within(REMOVE_ALIAS, || {
            Registry::remove_alias(by(ALICE), 0, name("stable"))
        }));
        assert_ok!(call_within(SET, || Registry::set_fee(by(ALICE), 0, 1)));
        assert_ok!(call_within(SET, || {
            Registry::set_placement(by(ALICE), 0, Placement::default())
        }));
        assert_ok!(call_within(SET, || {
            Registry::set_description(by(ALICE), 0, Some(cid(1)))
        }));
        assert_ok!(call_within(SET, || Registry::pause(by(ALICE), 0, None)));
        assert_ok!(call_within(SET, || Registry::resume(by(ALICE), 0)));
        assert_ok!(call_within(SET, || Registry::transfer(by(ALICE), 0, BOB)));
        assert_ok!(call_within(SET, || Registry::cancel_transfer(by(ALICE), 0)));
        <Registry as Catalog<u64>>::suspend(0, 1, SuspendReason::InvalidCode);
        assert_ok!(call_within(REINSTATE, || Registry::reinstate(
            by(ALICE),
            0,
            1
        )));
        assert_ok!(call_within(SET, || Registry::retire(by(ALICE), 0)));
    });
}

/// A function as large as may be.
fn full() {
    for _ in 1..6 {
        assert_ok!(Registry::publish_version(by(ALICE), 0, spec()));
    }
    for alias in ["a", "b", "c"] {
        assert_ok!(Registry::set_alias(by(ALICE), 0, name(alias), to(1)));
    }
    // So that a walk that runs too far would show.
    publish(ALICE, "another");
}

#[test]
fn accept_touches_no_more_than_declared_for_what_the_function_has() {
    ExtBuilder::default().published().build_and_execute(|| {
        full();
        assert_ok!(Registry::transfer(by(ALICE), 0, BOB));
        let declared = with_contents(ACCEPT, 6, 4).plus(1, HOOK);
        assert_ok!(call_within(declared, || Registry::accept(by(BOB), 0)));
    });
}

#[test]
fn remove_touches_no_more_than_declared_for_what_the_function_has() {
    ExtBuilder::default().published().build_and_execute(|| {
        full();
        assert_ok!(Registry::retire(by(ALICE), 0));
        System::set_block_number(1 + REMOVAL_DELAY);
        let declared = with_contents(REMOVE, 6, 4).plus(1, HOOK);
        assert_ok!(call_within(declared, || Registry::remove(by(ALICE), 0)));
    });
}

#[test]
fn resolve_and_suspend_touch_no_more_than_declared() {
    ExtBuilder::default().published().build_and_execute(|| {
        let selector = Selector::Alias(name("latest"));
        assert_ok!(within(RESOLVE, || {
            <Registry as Catalog<u64>>::resolve(0, &selector, &[0; 32])
        }));
        within(SUSPEND, || {
            <Registry as Catalog<u64>>::suspend(0, 1, SuspendReason::InvalidCode)
        });
    });
}

#[test]
fn weight_is_twice_the_count() {
    type Weights = CountedWeights<Test>;
    let database = RocksDbWeight::get().reads(3);
    let once = database.saturating_add(Weight::from_parts(30_000_000, 0));
    assert_eq!(Weights::resolve(), once.saturating_mul(2));
    assert!(Weights::remove(6, 4).ref_time() > Weights::remove(5, 4).ref_time());
}
