use defaas_primitives::{Balance, ProviderId};
use defaas_traits::{Providers as _, Verdict};
use frame_support::{assert_ok, traits::fungible::InspectHold};

use crate::{
    health::{BUCKET_BLOCKS, WINDOW},
    mock::*,
    score,
    types::Status,
    Event, Evicting, HoldReason,
};

/// Registers `who` with the minimum bond and brings it to jail by silence. It still stands in its
/// pools.
pub fn jailed(who: AccountId) -> ProviderId {
    assert_ok!(register(who, MIN_BOND, offer()));
    let id = crate::ProviderIds::<Test>::get(who).unwrap();
    Slice::set(&(MIN_BOND - FLOOR_BOND));
    Trust::judge(id, Verdict::Silent);
    Slice::set(&SLICE);
    assert_eq!(provider(id).status, Status::Jailed);
    id
}

fn held(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::Bond.into(), &who)
}

/// So many verdicts of Bob, without consequences for Alice.
fn verdicts(bob: ProviderId, count: u32, verdict: Verdict) {
    (0..count).for_each(|_| Trust::judge(bob, verdict));
}

#[test]
fn keeps_score() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        let score = || provider(id).score.units;
        Trust::judge(id, Verdict::Delivered);
        let best = score();
        assert!(best > score::NEUTRAL);
        Trust::judge(id, Verdict::Failed);
        assert!(score() < best);
        assert_eq!(held(ALICE), 2 * MIN_BOND, "only silence costs money");
    });
}

#[test]
fn time_forgets() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        Trust::judge(id, Verdict::Silent);
        let low = provider(id).score.units;
        advance(u64::from(score::HALF_LIFE));
        Trust::judge(id, Verdict::Delivered);
        assert!(provider(id).score.units > (low + score::NEUTRAL) / 2);
    });
}

#[test]
fn silence_moves_a_slice_to_the_treasury() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        Trust::judge(id, Verdict::Silent);
        assert_eq!(held(ALICE), 2 * MIN_BOND - SLICE);
        assert_eq!(provider(id).bond, 2 * MIN_BOND - SLICE);
        assert_eq!(Balances::free_balance(TREASURY), RICHES + SLICE);
        System::assert_last_event(
            Event::Slashed {
                provider: id,
                amount: SLICE,
            }
            .into(),
        );
    });
}

#[test]
fn slices_stop_at_the_floor_then_comes_jail() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(register(ALICE, MIN_BOND, offer()));
        let id = 0;
        Slice::set(&(MIN_BOND - FLOOR_BOND - 1));
        Trust::judge(id, Verdict::Silent);
        assert_eq!(provider(id).status, Status::Active);
        Trust::judge(id, Verdict::Silent);
        assert_eq!(held(ALICE), FLOOR_BOND);
        assert_eq!(provider(id).status, Status::Jailed);
        assert!(Evicting::<Test>::contains_key(id));
        System::assert_last_event(Event::Jailed { provider: id }.into());
        // What was still open when it was jailed.
        let events = System::event_count();
        Trust::judge(id, Verdict::Silent);
        assert_eq!(held(ALICE), FLOOR_BOND);
        assert_eq!(System::event_count(), events);
    });
}

#[test]
fn a_raised_floor_jails_at_the_next_silence_and_takes_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        FloorBond::set(&(3 * MIN_BOND));
        Trust::judge(id, Verdict::Delivered);
        assert_eq!(provider(id).status, Status::Active);
        Trust::judge(id, Verdict::Silent);
        assert_eq!(provider(id).status, Status::Jailed);
        assert_eq!(held(ALICE), 2 * MIN_BOND);
    });
}

#[test]
fn a_drained_provider_can_be_jailed_without_eviction() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        Trust::do_set_available(id, 1, false);
        FloorBond::set(&(3 * MIN_BOND));
        Trust::judge(id, Verdict::Silent);
        assert_eq!(provider(id).status, Status::Jailed);
        assert!(!Evicting::<Test>::contains_key(id));
    });
}

#[test]
fn slashing_pauses_while_the_network_is_ill() {
    ExtBuilder::default().build_and_execute(|| {
        let (alice, bob) = (enrolled(ALICE), enrolled(BOB));
        Slice::set(&0);
        verdicts(bob, 13, Verdict::Delivered);
        verdicts(bob, 5, Verdict::Silent);
        Slice::set(&SLICE);

        // 6 of 19: too few to say.
        Trust::judge(alice, Verdict::Silent);
        assert_eq!(held(ALICE), 2 * MIN_BOND - SLICE);
        // 7 of 20, 35 %.
        Trust::judge(alice, Verdict::Silent);
        assert_eq!(held(ALICE), 2 * MIN_BOND - SLICE);
        assert!(Trust::is_ill());
        assert!(
            provider(alice).score.units < score::NEUTRAL,
            "the score goes on"
        );
        // 8 of 27, 29.6 %.
        verdicts(bob, 6, Verdict::Delivered);
        Trust::judge(alice, Verdict::Silent);
        assert_eq!(held(ALICE), 2 * MIN_BOND - 2 * SLICE);
    });
}

#[test]
fn failures_do_not_make_the_network_ill() {
    ExtBuilder::default().build_and_execute(|| {
        let bob = enrolled(BOB);
        verdicts(bob, 50, Verdict::Failed);
        assert!(!Trust::is_ill());
    });
}

#[test]
fn the_network_recovers_with_time() {
    ExtBuilder::default().build_and_execute(|| {
        let bob = enrolled(BOB);
        verdicts(bob, 50, Verdict::Silent);
        assert!(Trust::is_ill());
        advance(u64::from(WINDOW - BUCKET_BLOCKS));
        assert!(Trust::is_ill());
        advance(u64::from(BUCKET_BLOCKS));
        assert!(!Trust::is_ill());
    });
}

#[test]
fn a_freeze_does_not_shield_the_bond() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        use frame_support::traits::{LockableCurrency, WithdrawReasons};
        Balances::set_lock(*b"anything", &ALICE, RICHES, WithdrawReasons::all());
        Trust::judge(id, Verdict::Silent);
        assert_eq!(held(ALICE), 2 * MIN_BOND - SLICE);
    });
}

#[test]
fn a_verdict_on_whoever_is_gone_is_counted_only() {
    ExtBuilder::default().build_and_execute(|| {
        Trust::judge(77, Verdict::Silent);
        let tally = crate::RecentHealth::<Test>::get().tally(1);
        assert_eq!((tally.closes, tally.misses), (1, 1));
    });
}

#[test]
#[should_panic(expected = "the treasury can receive a slice")]
fn a_treasury_that_cannot_receive_is_a_fault() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        pallet_balances::TotalIssuance::<Test>::mutate(|total| *total -= RICHES);
        frame_system::Account::<Test>::mutate(TREASURY, |account| account.data.free = u128::MAX);
        Trust::judge(id, Verdict::Silent);
    });
}
