use codec::Encode;
use defaas_primitives::{CodeKind, Labels};
use defaas_traits::{Chosen, Draw, Providers as _, Verdict};
use frame_support::assert_ok;
use sp_io::hashing::blake2_256;
use std::collections::BTreeSet;

use super::judge::jailed;
use crate::{mock::*, types::Capabilities};

fn seed(n: u32) -> [u8; 32] {
    blake2_256(&n.encode())
}

fn drawn(n: u32, excluded: &[u32]) -> Option<u32> {
    Trust::draw(&anywhere(), seed(n), excluded, 0)
        .chosen()
        .map(|chosen| chosen.provider)
}

#[test]
fn books_load_and_exposure() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        let chosen = Trust::draw(&anywhere(), seed(0), &[], 30);
        let expected = Chosen {
            provider: id,
            account: ALICE,
            worker: key(ALICE),
        };
        assert_eq!(chosen, Draw::Chosen(expected));
        assert_eq!((provider(id).load, provider(id).exposure), (1, 30));
        Trust::draw(&anywhere(), seed(1), &[], 12);
        assert_eq!((provider(id).load, provider(id).exposure), (2, 42));
    });
}

#[test]
fn nobody_suits_an_empty_pool() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        let elsewhere = wasm(labels("home", "us", "x86_64"));
        assert!(!Trust::any(&elsewhere));
        assert_eq!(Trust::draw(&elsewhere, seed(0), &[], 0), Draw::Nobody);
    });
}

#[test]
fn the_same_seed_on_the_same_state_draws_the_same() {
    let draw = |n| {
        let mut drawn = None;
        ExtBuilder::default().crowd(50).build_and_execute(|| {
            enroll_crowd(50, MIN_BOND, |_| offer());
            drawn = Trust::draw(&anywhere(), seed(n), &[], 0).chosen();
        });
        drawn.unwrap()
    };
    assert_eq!(draw(1), draw(1));
    let all: BTreeSet<_> = (0..5).map(|n| draw(n).provider).collect();
    assert!(all.len() > 1, "seeds make a difference");
}

#[test]
fn stops_at_the_declared_capacity() {
    ExtBuilder::default().build_and_execute(|| {
        let mut small = offer();
        small.capacity = 2;
        assert_ok!(register(ALICE, MIN_BOND, small));
        assert!(drawn(0, &[]).is_some() && drawn(1, &[]).is_some());
        assert_eq!(Trust::draw(&anywhere(), seed(2), &[], 0), Draw::Full);
        assert!(Trust::any(&anywhere()), "busy, but there");
    });
}

#[test]
fn stops_at_what_the_bond_pays_for() {
    ExtBuilder::default().build_and_execute(|| {
        let mut boastful = offer();
        boastful.capacity = 1_000;
        assert_ok!(register(ALICE, MIN_BOND, boastful));
        let taken = (0..100).filter(|n| drawn(*n, &[]).is_some()).count();
        assert_eq!(taken as u128, MIN_BOND / BOND_PER_SLOT);
        // Without a price per slot only the declared capacity counts.
        BondPerSlot::set(&0);
        assert!(drawn(0, &[]).is_some());
        BondPerSlot::set(&(MIN_BOND + 1));
        assert_eq!(Trust::draw(&anywhere(), seed(0), &[], 0), Draw::Nobody);
    });
}

#[test]
fn stops_where_the_exposure_would_exceed_the_bond() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        let draw = |exposure| Trust::draw(&anywhere(), seed(0), &[], exposure);
        // More than it could ever take: nobody to wait for.
        assert_eq!(draw(2 * MIN_BOND + 1), Draw::Nobody);
        assert_eq!(draw(u128::MAX), Draw::Nobody);
        assert!(draw(2 * MIN_BOND - 1).chosen().is_some());
        assert_eq!(draw(2), Draw::Full);
        assert!(draw(1).chosen().is_some());
        assert_eq!(provider(id).exposure, provider(id).bond);
    });
}

#[test]
fn never_draws_the_excluded() {
    ExtBuilder::default().build_and_execute(|| {
        let (alice, bob, charlie) = (enrolled(ALICE), enrolled(BOB), enrolled(CHARLIE));
        for n in 0..4 {
            assert_eq!(drawn(n, &[alice, charlie]), Some(bob));
        }
        let all = [alice, bob, charlie];
        assert_eq!(Trust::draw(&anywhere(), seed(9), &all, 0), Draw::Nobody);
    });
}

#[test]
fn is_full_while_anybody_not_excluded_has_no_room_and_nobody_once_all_are_gone() {
    ExtBuilder::default().build_and_execute(|| {
        let (alice, bob) = (enrolled(ALICE), enrolled(BOB));
        while drawn(0, &[]).is_some() {}
        let draw = |excluded: &[u32]| Trust::draw(&anywhere(), seed(1), excluded, 0);
        assert_eq!(draw(&[]), Draw::Full);
        assert_eq!(draw(&[alice]), Draw::Full);
        assert_eq!(draw(&[alice, bob]), Draw::Nobody);
        // Bob drains: there is nobody to wait for but Alice.
        Trust::do_set_available(bob, 1, false);
        assert_eq!(draw(&[]), Draw::Full);
        assert_eq!(draw(&[alice]), Draw::Nobody);
        // Jailed, and not yet out of the pool.
        FloorBond::set(&(3 * MIN_BOND));
        Trust::judge(alice, Verdict::Silent);
        assert_eq!(draw(&[]), Draw::Nobody);
    });
}

#[test]
fn is_full_where_not_all_were_looked_at() {
    ExtBuilder::default().crowd(9).build_and_execute(|| {
        enroll_crowd(9, MIN_BOND, |_| offer());
        // None of them could ever take it, but the draw sees eight only.
        let draw = || Trust::draw(&anywhere(), seed(0), &[], MIN_BOND + 1);
        assert_eq!(draw(), Draw::Full);
        assert_ok!(Trust::leave(RuntimeOrigin::signed(crowd(0))));
        assert_eq!(draw(), Draw::Nobody);
    });
}

#[test]
fn never_draws_the_jailed_not_even_before_the_eviction() {
    ExtBuilder::default().build_and_execute(|| {
        jailed(ALICE);
        assert_eq!(drawn(0, &[]), None);
        let bob = enrolled(BOB);
        for n in 0..4 {
            assert_eq!(drawn(n, &[]), Some(bob));
        }
    });
}

#[test]
fn prefers_the_better_score() {
    ExtBuilder::default().build_and_execute(|| {
        let (alice, bob) = (enrolled(ALICE), enrolled(BOB));
        Trust::judge(alice, Verdict::Failed);
        for n in 0..16 {
            assert_eq!(drawn(n, &[]), Some(bob), "with equal load");
            Trust::close(bob, 0);
        }
    });
}

#[test]
fn draws_by_kind_of_code() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        let mut images_only = offer();
        images_only.capabilities = Capabilities::of(&[CodeKind::Oci]);
        assert_ok!(register(BOB, MIN_BOND, images_only));
        for n in 0..4 {
            assert_eq!(drawn(n, &[]), Some(0));
        }
    });
}

/// Three thousand providers of three sizes: the load spreads by size, and nobody is overloaded.
#[test]
fn spreads_load_over_thousands() {
    const COUNT: u64 = 3_000;
    ExtBuilder::default().crowd(COUNT).build_and_execute(|| {
        let capacity = |n: u64| 10 * (1 + n as u32 % 3);
        enroll_crowd(COUNT, 100 * MIN_BOND, |n| {
            let mut offer = offer();
            // One label and one kind: the pools, not the number of pools, are tested here.
            offer.labels = Labels {
                cloud: Some(label("home")),
                ..Default::default()
            };
            offer.capabilities = Capabilities::of(&[CodeKind::Wasm]);
            offer.capacity = capacity(n);
            offer
        });
        // A quarter of all there is: 20 slots on average.
        let calls = COUNT as u32 * 20 / 4;
        for n in 0..calls {
            assert!(drawn(n, &[]).is_some());
        }
        let ratio = |n: u64| f64::from(provider(n as u32).load) / f64::from(capacity(n));
        let highest = (0..COUNT).map(ratio).fold(0.0, f64::max);
        // 0.25 on average. One choice would leave someone with 0.8 or more: the smallest have
        // 10 slots and Poisson(5) loads.
        assert!(highest <= 0.5, "{highest}");
        let load_of = |size: u64| -> u32 {
            (size..COUNT)
                .step_by(3)
                .map(|n| provider(n as u32).load)
                .sum()
        };
        let (small, large) = (f64::from(load_of(0)), f64::from(load_of(2)));
        assert!((2.4..3.6).contains(&(large / small)), "{}", large / small);
    });
}

/// In a pool of thousands in which one in a hundred is eligible, eight samples usually find nobody:
/// the draw gives up instead of searching on.
#[test]
fn gives_up_after_eight_samples() {
    const COUNT: u64 = 2_000;
    ExtBuilder::default().crowd(COUNT).build_and_execute(|| {
        enroll_crowd(COUNT, MIN_BOND, |_| offer());
        for id in (0..COUNT as u32).filter(|id| id % 100 != 0) {
            tamper(id, |provider| provider.load = provider.capacity);
        }
        let found = (0..500).filter(|n| drawn(*n, &[]).is_some()).count();
        // 1 - 0.99^8 = 7.7 %, so 39 of 500; the standard deviation is 6.
        assert!((9..69).contains(&found), "{found}");
    });
}
