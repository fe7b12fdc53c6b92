//! No step touches more keys than its weight counts.

use super::*;
use crate::weights::*;
use defaas_traits::{
    mocks::{count_keys, KeyCount, MockCatalog},
    AccessControl, OnFunction,
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

/// Runs a call. Beside its own keys it touches here the level of the storage layer that it runs in,
/// which never leaves memory, and the price of deposits, which is in storage so that tests can
/// change it.
#[track_caller]
fn call_within<R>(declared: Cost, call: impl FnOnce() -> R) -> R {
    let surrounded = Cost {
        reads: declared.reads + 2,
        writes: declared.writes + 1,
        ..declared
    };
    within(surrounded, call)
}

#[test]
fn calls_touch_no_more_than_declared() {
    ExtBuilder::default().build_and_execute(|| {
        let set = |who| {
            call_within(SET_POLICY, || {
                Access::set_policy(by(who), HELLO, rules(&[Rule::Accounts]))
            })
        };
        let grant = |who, account| {
            call_within(GRANT, || {
                Access::grant(by(who), HELLO, account, Some(5), Some(1))
            })
        };
        for account in [BOB, CAROL, PAUPER] {
            assert_ok!(grant(ALICE, account));
        }
        assert_ok!(set(ALICE));
        // Worst case: the deposit of another is replaced.
        hand_over(HELLO, ALICE, BOB);
        assert_ok!(set(BOB));
        assert_ok!(grant(BOB, BOB));
        hand_over(HELLO, BOB, CAROL);
        assert_ok!(call_within(CLEAR_POLICY, || {
            Access::clear_policy(by(CAROL), HELLO)
        }));
        assert_ok!(call_within(REVOKE, || {
            Access::revoke(by(CAROL), HELLO, BOB)
        }));
        System::set_block_number(5);
        assert_ok!(call_within(REMOVE_EXPIRED, || {
            Access::remove_expired(by(BOB), HELLO, CAROL)
        }));
        remove_function(HELLO);
        assert_ok!(call_within(REMOVE_ORPHANED, || {
            Access::remove_orphaned(by(BOB), HELLO, PAUPER)
        }));
    });
}

#[test]
fn permit_and_undo_touch_no_more_than_declared() {
    ExtBuilder::default()
        .rules(&[Rule::Owner, Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, None, Some(1));
            grant(CAROL, None, None);
            assert_ok!(within(PERMIT_BY_RULE, || permit(ALICE)));
            assert_ok!(within(PERMIT_BY_GRANT, || permit(CAROL)));
            assert!(within(PERMIT_BY_GRANT, || permit(PAUPER)).is_err());
            let taken = within(PERMIT_METERED, || permit(BOB)).unwrap();
            assert!(within(PERMIT_BY_GRANT, || permit(BOB)).is_err());
            within(UNDO, || Access::undo(&taken));
            within(UNDO, || Access::undo(&taken));
        });
}

#[test]
fn removal_of_a_function_touches_no_more_than_declared() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, None, None);
            grant(CAROL, None, None);
            MockCatalog::remove::<u64>(HELLO);
            within(REMOVED, || <Access as OnFunction<u64>>::removed(HELLO));
        });
}

#[test]
fn weight_is_twice_the_count() {
    let database = RocksDbWeight::get().reads_writes(2, 1);
    let once = database.saturating_add(Weight::from_parts(25_000_000, 0));
    assert_eq!(
        CountedWeights::<Test>::permit_metered(),
        once.saturating_mul(2)
    );
}
