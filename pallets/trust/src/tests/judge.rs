use defaas_primitives::{Balance, ProviderId};
use defaas_traits::{Providers as _, Verdict};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};

use crate::{
    health::{Health, BUCKET_TICKS, WINDOW},
    mock::*,
    score,
    types::Status,
    Event, Evicting, HoldReason, ProviderIds, RecentHealth,
};

/// Registers `who` with the minimum bond and brings it to jail by silence. It still stands in its
/// pools.
pub fn jailed(who: AccountId) -> ProviderId {
    assert_ok!(register(who, MIN_BOND, offer()));
    let id = ProviderIds::<Test>::get(who).unwrap();
    Slice::set(&(MIN_BOND - FLOOR_BOND));
    Trust::judge(id, Verdict::Silent);
    Slice::set(&SLICE);
    assert_eq!(provider(id).status, Status::Jailed);
    id
}

fn held(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::Bond.into(), &who)
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

/// A crowd of `count` providers, of which the first `silent` were silent last; no slices so far.
fn judged_crowd(count: u64, silent: u64) {
    enroll_crowd(count, 2 * MIN_BOND, |_| offer());
    Slice::set(&0);
    for n in 0..count {
        let verdict = if n < silent {
            Verdict::Silent
        } else {
            Verdict::Delivered
        };
        Trust::judge(ProviderIds::<Test>::get(crowd(n)).unwrap(), verdict);
    }
    Slice::set(&SLICE);
}

#[test]
fn slashing_pauses_while_many_providers_are_silent() {
    ExtBuilder::default().crowd(9).build_and_execute(|| {
        let alice = enrolled(ALICE);
        judged_crowd(9, 3);
        assert!(!Trust::is_ill(), "3 of 9: too few to say");
        // 4 of 10.
        Trust::judge(alice, Verdict::Silent);
        assert!(Trust::is_ill());
        assert_eq!(held(ALICE), 2 * MIN_BOND);
        assert!(
            provider(alice).score.units < score::NEUTRAL,
            "the score goes on"
        );
        // One of them delivers again: 3 of 10, and the next silence is its provider's own.
        let first = ProviderIds::<Test>::get(crowd(0)).unwrap();
        Trust::judge(first, Verdict::Delivered);
        assert!(!Trust::is_ill());
        Trust::judge(alice, Verdict::Silent);
        assert_eq!(held(ALICE), 2 * MIN_BOND - SLICE);
    });
}

#[test]
fn calls_to_ones_own_silent_provider_do_not_pause_slashing() {
    ExtBuilder::default().crowd(15).build_and_execute(|| {
        let (alice, mallory) = (enrolled(ALICE), enrolled(BOB));
        judged_crowd(15, 0);
        for _ in 0..200 {
            Trust::judge(mallory, Verdict::Silent);
            tick(1);
        }
        assert!(!Trust::is_ill());
        Trust::judge(alice, Verdict::Silent);
        assert_eq!(held(ALICE), 2 * MIN_BOND - SLICE);
        assert_eq!(provider(mallory).status, Status::Jailed, "it paid for all");
    });
}

#[test]
fn the_only_provider_is_slashed_for_each_silence() {
    ExtBuilder::default().build_and_execute(|| {
        let alice = enrolled(ALICE);
        (0..30).for_each(|_| Trust::judge(alice, Verdict::Silent));
        assert_eq!(held(ALICE), 2 * MIN_BOND - 30 * SLICE);
    });
}

#[test]
fn a_network_of_twenty_looks_ill_only_with_nine_bonds_that_are_silent() {
    for (silent, ill) in [(8, false), (9, true)] {
        let all = 20 + silent;
        ExtBuilder::default().crowd(all).build_and_execute(|| {
            judged_crowd(all, silent);
            assert_eq!(Trust::is_ill(), ill, "{silent} silent beside 20");
        });
    }
}

#[test]
fn failures_do_not_make_the_network_ill() {
    ExtBuilder::default().crowd(20).build_and_execute(|| {
        enroll_crowd(20, 2 * MIN_BOND, |_| offer());
        (0..20).for_each(|id| Trust::judge(id, Verdict::Failed));
        assert!(!Trust::is_ill());
    });
}

#[test]
fn the_network_recovers_with_ticks_not_with_blocks() {
    ExtBuilder::default().crowd(20).build_and_execute(|| {
        judged_crowd(20, 20);
        assert!(Trust::is_ill());
        System::set_block_number(10_000);
        assert!(Trust::is_ill(), "no tick has passed");
        tick(WINDOW - BUCKET_TICKS);
        assert!(Trust::is_ill());
        tick(BUCKET_TICKS);
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
fn a_verdict_on_whoever_is_gone_has_no_effect() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            {
                Trust::judge(77, Verdict::Silent);
                Err::<(), ()>(())
            },
            ()
        );
    });
}

#[test]
fn whoever_withdraws_is_not_counted_any_more() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        Trust::judge(id, Verdict::Silent);
        assert_ok!(Trust::leave(RuntimeOrigin::signed(ALICE)));
        advance(UNBONDING);
        assert_eq!(RecentHealth::<Test>::get().tally(1).silent, 1);
        assert_ok!(Trust::withdraw(RuntimeOrigin::signed(ALICE)));
        assert_eq!(RecentHealth::<Test>::get(), Health::default());
    });
}

#[test]
fn calls_to_oneself_raise_the_score_no_faster_than_a_few_honest_ones() {
    ExtBuilder::default().build_and_execute(|| {
        let (alice, bob) = (enrolled(ALICE), enrolled(BOB));
        (0..1_000).for_each(|_| Trust::judge(bob, Verdict::Delivered));
        (0..5).for_each(|_| Trust::judge(alice, Verdict::Delivered));
        assert_eq!(provider(bob).score, provider(alice).score);
        assert_eq!(provider(bob).score.units, score::NEUTRAL + score::MAX_GAIN);
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
