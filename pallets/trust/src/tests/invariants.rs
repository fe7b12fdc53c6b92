//! Each invariant is seen to fail when the state is damaged.

use frame_support::{
    assert_ok,
    sp_runtime::TryRuntimeError,
    traits::{fungible::hold::Mutate, tokens::Precision},
};

use super::judge::jailed;
use crate::{
    health::LastVerdict, mock::*, score, types::Capabilities, Evicting, HoldReason, NextProviderId,
    PoolMembers, PoolSizes, PoolSlots, Profiles, ProviderIds, Providers, RecentHealth, WorkerKeys,
};

/// Two sound providers, then `damage`, must fail with exactly this.
#[track_caller]
fn detects(expected: &'static str, damage: impl FnOnce()) {
    ExtBuilder::default().build().execute_with(|| {
        enrolled(ALICE);
        enrolled(BOB);
        assert_ok!(Trust::do_try_state());
        damage();
        assert_eq!(Trust::do_try_state(), Err(TryRuntimeError::Other(expected)));
    });
}

#[test]
fn bond_and_hold() {
    let expected = "1: a bond is not what is held";
    detects(expected, || tamper(0, |provider| provider.bond += 1));
    detects(expected, || {
        let reason = HoldReason::Bond.into();
        assert_ok!(Balances::release(&reason, &ALICE, 1, Precision::Exact));
    });
}

#[test]
fn accounts_and_ids() {
    detects("2: an id was not given out", || {
        NextProviderId::<Test>::put(1)
    });
    detects("2: an account does not name its provider", || {
        ProviderIds::<Test>::insert(ALICE, 1)
    });
    detects("2: a provider has no profile", || {
        Profiles::<Test>::remove(0)
    });
    detects("2: an account without a provider", || {
        ProviderIds::<Test>::insert(CHARLIE, 7)
    });
    detects("2: a profile without a provider", || {
        Profiles::<Test>::insert(7, profile(0))
    });
}

#[test]
fn worker_keys() {
    detects("3: a worker key does not name its provider", || {
        WorkerKeys::<Test>::remove(key(ALICE))
    });
    detects("3: a worker key without a provider", || {
        WorkerKeys::<Test>::insert(key(77), 0)
    });
}

#[test]
fn pools() {
    let wrong = "4: a pool does not hold whom it should";
    detects(wrong, || tamper(0, |provider| provider.available = false));
    detects(wrong, || {
        Profiles::<Test>::mutate(0, |profile| {
            profile.as_mut().unwrap().labels.cloud = Some(label("moved"))
        })
    });
    detects(wrong, || {
        Trust::exit_pools(0, &profile(0));
    });
    detects("4: a member stands beyond the size of its pool", || {
        PoolSizes::<Test>::insert(anywhere(), 1)
    });
    detects("4: a slot does not point to its member", || {
        PoolSlots::<Test>::insert(0, anywhere(), 1)
    });
    detects("4: a slot does not point to its member", || {
        PoolMembers::<Test>::insert(anywhere(), 1, 0)
    });
    detects("4: a slot without a member", || {
        PoolSlots::<Test>::insert(7, anywhere(), 0)
    });
    detects("4: a size is not the number of members", || {
        PoolSizes::<Test>::insert(anywhere(), 3)
    });
    detects("4: a size is not the number of members", || {
        PoolSizes::<Test>::insert(wasm(labels("a", "b", "c")), 0)
    });
}

#[test]
fn evictions() {
    let expected = "5: an eviction is not due";
    detects(expected, || Evicting::<Test>::insert(0, ()));
    detects(expected, || Evicting::<Test>::insert(7, ()));
    detects("4: a pool does not hold whom it should", || {
        let id = jailed(CHARLIE);
        Evicting::<Test>::remove(id);
    });
}

#[test]
fn scores() {
    let expected = "6: a score is out of bounds";
    detects(expected, || tamper(0, |provider| provider.score.units = 0));
    detects(expected, || {
        tamper(0, |provider| provider.score.units = score::MAX + 1)
    });
    detects(expected, || tamper(0, |provider| provider.score.base = 0));
    detects(expected, || tamper(0, |provider| provider.score.set_at = 2));
}

#[test]
fn exposure() {
    detects("7: exposed without an open assignment", || {
        tamper(0, |provider| provider.exposure = 1)
    });
}

#[test]
fn offers() {
    let capacity = "8: a capacity is out of bounds";
    detects(capacity, || tamper(0, |provider| provider.capacity = 0));
    detects(capacity, || tamper(0, |provider| provider.capacity = 1_001));
    let invalid = "8: a profile is not valid";
    detects(invalid, || {
        Profiles::<Test>::mutate(0, |profile| profile.as_mut().unwrap().endpoint.port = 0)
    });
    detects(invalid, || {
        Profiles::<Test>::mutate(0, |profile| {
            let profile = profile.as_mut().unwrap();
            profile.capabilities = Capabilities(profile.capabilities.0 | 1 << 7);
        })
    });
}

#[test]
fn health() {
    let verdict = |tick, silent| LastVerdict { tick, silent };
    let expected = "9: the health is not what the last verdicts say";
    detects(expected, || {
        RecentHealth::<Test>::mutate(|health| health.record(None, verdict(0, true)))
    });
    detects(expected, || {
        tamper(0, |provider| provider.judged = Some(verdict(0, false)))
    });
    detects("9: a verdict is from the future", || {
        tamper(0, |provider| provider.judged = Some(verdict(1, false)))
    });
}

#[test]
fn nothing_is_left_of_whoever_withdrew() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        assert_ok!(Trust::leave(RuntimeOrigin::signed(ALICE)));
        advance(UNBONDING);
        assert_ok!(Trust::withdraw(RuntimeOrigin::signed(ALICE)));
        assert_eq!(Providers::<Test>::iter().count(), 0);
        assert_eq!(PoolMembers::<Test>::iter().count(), 0);
        assert_eq!(PoolSlots::<Test>::iter().count(), 0);
    });
}
