use frame_support::{traits::Hooks, weights::WeightMeter};

use super::judge::jailed;
use crate::{mock::*, weights::CountedWeights, Evicting, PoolSizes, WeightInfo};

fn jail_crowd(count: u64) {
    (1..=count).for_each(|who| {
        jailed(who);
    });
}

fn waiting() -> usize {
    Evicting::<Test>::iter_keys().count()
}

#[test]
fn empties_the_pools_of_the_jailed() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(CHARLIE);
        jailed(ALICE);
        jailed(BOB);
        assert_eq!(PoolSizes::<Test>::get(anywhere()), 3);
        for left in [1, 0] {
            advance(1);
            assert_eq!(waiting(), left);
            assert_eq!(PoolSizes::<Test>::get(anywhere()) as usize, 1 + left);
        }
    });
}

#[test]
fn takes_no_more_weight_than_there_is() {
    ExtBuilder::default().build_and_execute(|| {
        jail_crowd(3);
        let (none, one) = (
            CountedWeights::<Test>::poll(),
            CountedWeights::<Test>::evict(),
        );
        let run = |limit| {
            let mut meter = WeightMeter::with_limit(limit);
            Trust::on_poll(1, &mut meter);
            (meter.consumed(), waiting())
        };
        let short = none - frame_support::weights::Weight::from_parts(1, 0);
        assert_eq!(run(short), (Default::default(), 3));
        assert_eq!(run(none), (none, 3));
        assert_eq!(run(none + one), (none + one, 2));
        assert_eq!(run(none + one + one), (none + one, 1));
        assert_eq!(Trust::max_poll_weight(), none + one);
    });
}

#[test]
fn takes_one_in_a_block_however_many_wait() {
    ExtBuilder::default().crowd(6).build_and_execute(|| {
        (0..6).for_each(|n| {
            jailed(crowd(n));
        });
        for left in (0..6).rev() {
            advance(1);
            assert_eq!(waiting(), left);
        }
    });
}
