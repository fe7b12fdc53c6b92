//! How well a provider has done lately, as one number in fixed point.
//!
//! The number is a weight in the draw: a provider with twice the score is given twice the calls.
//! Verdicts move it by fractions, so that it follows the recent past; time brings it back to
//! neutral, so that nobody is shut out for ever by an outage and nobody rests on old merit. Decay
//! is computed when the score is read, not block by block.
//!
//! Results can be bought: anybody may call its own provider. So within [`GAIN_BLOCKS`] blocks a score
//! rises by [`MAX_GAIN`] at most above where it stood when they began. A few honest calls reach that;
//! more, bought or not, add nothing. What failures took meanwhile may be made good in full, so that a
//! busy provider does not fall for failing as rarely as others.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use defaas_primitives::BlockNumber;
use defaas_traits::Verdict;
use scale_info::TypeInfo;

/// What a provider starts with and comes back to: 1.0.
pub const NEUTRAL: u32 = 1_000_000;
/// Least score: one unit. Not 0, because the draw divides by it.
pub const MIN: u32 = 1;
/// Greatest score: 2.0. A newcomer gets half the calls of the best provider of its size; with more,
/// those who are in would keep newcomers out.
pub const MAX: u32 = 2 * NEUTRAL;

/// A delivered result closes a 64th of the distance to [`MAX`], within [`MAX_GAIN`].
const DELIVERED_SHARE: u32 = 64;
/// A failure takes a 16th. A provider that fails one call in five keeps about neutral.
const FAILED_SHARE: u32 = 16;
/// Silence takes a quarter: it costs the caller the whole deadline, a failure only the attempt. A
/// provider that is silent on one call in 17 keeps about neutral.
const SILENT_SHARE: u32 = 4;

/// Blocks over which the gain is bounded: ten minutes at two seconds. Counted from block 0, so at
/// the border between two such spans a score may rise by twice the bound.
pub const GAIN_BLOCKS: BlockNumber = 300;
/// Most that a score rises in [`GAIN_BLOCKS`]: a 16th of neutral, which five results in a row bring.
/// From neutral to the top it takes two and a half hours at least; at the top, time takes away half
/// as much, so that steady work keeps a score there.
pub const MAX_GAIN: u32 = NEUTRAL / 16;

/// Blocks in which half of the distance to neutral is forgotten: four hours at two seconds. Longer
/// than a repair takes, shorter than a day of lost income.
pub const HALF_LIFE: BlockNumber = 7_200;
/// 2^(-1 / [`HALF_LIFE`]) in units of 2^-64: what remains of the distance after one block.
const REMAINING_PER_BLOCK: u64 = 18_444_968_282_988_279_118;

/// A score and when it was set.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Score {
    /// In millionths, as it was then: from [`MIN`] to [`MAX`].
    pub units: u32,
    /// Block in which it was set.
    pub set_at: BlockNumber,
    /// What it was worth before the first verdict of that block's [`GAIN_BLOCKS`].
    pub base: u32,
}

impl Score {
    /// The score of a newcomer.
    pub fn neutral(now: BlockNumber) -> Self {
        Self {
            units: NEUTRAL,
            set_at: now,
            base: NEUTRAL,
        }
    }

    /// What it is worth in block `now`, in millionths: from [`MIN`] to [`MAX`].
    pub fn at(&self, now: BlockNumber) -> u32 {
        let remaining = power(REMAINING_PER_BLOCK, now.saturating_sub(self.set_at));
        let distance = scale(self.units.abs_diff(NEUTRAL), remaining);
        let units = if self.units < NEUTRAL {
            NEUTRAL.saturating_sub(distance)
        } else {
            NEUTRAL.saturating_add(distance)
        };
        units.clamp(MIN, MAX)
    }

    /// The score after a verdict in block `now`.
    pub fn judged(&self, verdict: Verdict, now: BlockNumber) -> Self {
        let units = self.at(now);
        let base = if now / GAIN_BLOCKS == self.set_at / GAIN_BLOCKS {
            self.base
        } else {
            units
        };
        let units = match verdict {
            // Rounded up, so that the last units are closed too. Time may have brought a low score
            // above the bound; then it stays.
            Verdict::Delivered => units
                .saturating_add(MAX.saturating_sub(units).div_ceil(DELIVERED_SHARE))
                .min(base.saturating_add(MAX_GAIN))
                .max(units),
            Verdict::Failed => units.saturating_sub(units.div_ceil(FAILED_SHARE)),
            Verdict::Silent => units.saturating_sub(units.div_ceil(SILENT_SHARE)),
        };
        Self {
            units: units.clamp(MIN, MAX),
            set_at: now,
            base,
        }
    }

    /// Whether it lies within its bounds.
    pub fn is_valid(&self) -> bool {
        (MIN..=MAX).contains(&self.units) && (MIN..=MAX).contains(&self.base)
    }
}

/// `base`^`exponent` for a base in units of 2^-64, by squaring. 1 is as good as `u64::MAX`.
fn power(base: u64, exponent: u32) -> u64 {
    let (mut result, mut square, mut rest) = (u64::MAX, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result = multiply(result, square);
        }
        square = multiply(square, square);
        rest >>= 1;
    }
    result
}

/// Product of two numbers in units of 2^-64, rounded to the nearest.
fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b) + (1 << 63);
    u64::try_from(product >> 64).unwrap_or(u64::MAX)
}

/// `value` times `factor` in units of 2^-64, rounded to the nearest.
fn scale(value: u32, factor: u64) -> u32 {
    let product = u128::from(value) * u128::from(factor) + (1 << 63);
    u32::try_from(product >> 64).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_score() -> impl Strategy<Value = Score> {
        (MIN..=MAX, 0u32..1 << 30, MIN..=MAX).prop_map(|(units, set_at, base)| Score {
            units,
            set_at,
            base,
        })
    }

    fn any_verdict() -> impl Strategy<Value = Verdict> {
        prop_oneof![
            Just(Verdict::Delivered),
            Just(Verdict::Failed),
            Just(Verdict::Silent)
        ]
    }

    #[test]
    fn a_half_life_forgets_half_the_distance() {
        let low = Score {
            units: MIN,
            set_at: 5,
            base: MIN,
        };
        // One unit more than half and three quarters, because the distance is one less than 1.0.
        assert_eq!(low.at(5 + HALF_LIFE), NEUTRAL / 2 + 1);
        assert_eq!(low.at(5 + 2 * HALF_LIFE), NEUTRAL / 4 * 3);
        let high = Score {
            units: MAX,
            set_at: 5,
            base: MAX,
        };
        assert_eq!(high.at(5 + HALF_LIFE), NEUTRAL + NEUTRAL / 2);
        assert_eq!(high.at(u32::MAX), NEUTRAL);
    }

    #[test]
    fn silence_costs_more_than_failure_and_failure_more_than_nothing() {
        let score = Score::neutral(0);
        let after = |verdict| score.judged(verdict, 0).units;
        assert_eq!(after(Verdict::Delivered), 1_015_625);
        assert_eq!(after(Verdict::Failed), 937_500);
        assert_eq!(after(Verdict::Silent), 750_000);
    }

    #[test]
    fn one_failure_in_five_keeps_about_neutral() {
        let score = (0..1_000).fold(Score::neutral(0), |score, turn| {
            let verdict = if turn % 5 == 0 {
                Verdict::Failed
            } else {
                Verdict::Delivered
            };
            score.judged(verdict, 0)
        });
        assert!(score.units.abs_diff(NEUTRAL) < NEUTRAL / 20, "{score:?}");
    }

    /// `spans` times [`GAIN_BLOCKS`], with so many results in each.
    fn after_work(start: Score, spans: u32, results: u32) -> Score {
        (0..spans).fold(start, |score, span| {
            let now = start.set_at + span * GAIN_BLOCKS;
            (0..results).fold(score, |score, _| score.judged(Verdict::Delivered, now))
        })
    }

    #[test]
    fn any_number_of_results_in_a_row_gains_a_bounded_amount() {
        let start = Score::neutral(0);
        let few = after_work(start, 1, 5);
        assert_eq!(few.units, NEUTRAL + MAX_GAIN);
        assert_eq!(after_work(start, 1, 10_000), few);
        // The next span allows as much again, on what time left.
        let next = after_work(few, 2, 10_000);
        assert!(next.units > few.units && next.units <= NEUTRAL + 2 * MAX_GAIN);
    }

    #[test]
    fn what_a_failure_took_is_made_good_within_the_span() {
        let risen = after_work(Score::neutral(0), 1, 5);
        let fallen = risen.judged(Verdict::Silent, 1);
        assert!(fallen.units < NEUTRAL);
        let again = (0..100).fold(fallen, |score, _| score.judged(Verdict::Delivered, 2));
        assert_eq!(again.units, risen.units);
    }

    #[test]
    fn the_top_takes_hours_and_is_kept_by_a_few_results_in_each_span() {
        let hours = |n: u32| n * 3_600 / 2 / GAIN_BLOCKS;
        assert!(after_work(Score::neutral(0), hours(2), 1_000).units < NEUTRAL / 10 * 19);
        let top = after_work(Score::neutral(0), hours(8), 1_000);
        assert_eq!(top.units, MAX);
        assert!(after_work(top, hours(24), 30).units > NEUTRAL / 10 * 19);
    }

    #[test]
    fn both_ends_are_reached_and_left_again() {
        let best = after_work(Score::neutral(0), 100, 1_000);
        let worst = (0..200).fold(best, |s, _| s.judged(Verdict::Silent, best.set_at));
        assert_eq!((worst.units, best.units), (MIN, MAX));
        assert!(worst.judged(Verdict::Delivered, worst.set_at).units > MIN);
        assert!(best.judged(Verdict::Failed, best.set_at).units < MAX);
    }

    proptest! {
        #[test]
        fn stays_within_bounds(
            score in any_score(),
            verdict in any_verdict(),
            later in 0u32..1 << 30,
        ) {
            let judged = score.judged(verdict, score.set_at + later);
            prop_assert!(judged.is_valid());
            prop_assert!((MIN..=MAX).contains(&judged.at(u32::MAX)));
        }

        #[test]
        fn time_never_leads_away_from_neutral_nor_past_it(
            score in any_score(),
            first in 0u32..100_000,
            second in 0u32..100_000,
        ) {
            let early = score.at(score.set_at + first);
            let late = score.at(score.set_at + first + second);
            prop_assert!(late.abs_diff(NEUTRAL) <= early.abs_diff(NEUTRAL));
            prop_assert!((early <= NEUTRAL) == (score.units <= NEUTRAL) || early == NEUTRAL);
        }

        // What is forgotten depends on the time that passed, not on how often somebody looked.
        #[test]
        fn decay_in_two_steps_is_decay_in_one(
            score in any_score(),
            first in 0u32..50_000,
            second in 0u32..50_000,
        ) {
            let between = score.set_at + first;
            let stepped = Score { units: score.at(between), set_at: between, ..score };
            let end = between + second;
            prop_assert!(stepped.at(end).abs_diff(score.at(end)) <= 1);
        }

        #[test]
        fn no_verdicts_within_a_span_lift_a_score_above_its_bound(
            score in any_score(),
            verdicts in prop::collection::vec(any_verdict(), 1..300),
        ) {
            let now = (score.set_at / GAIN_BLOCKS + 1) * GAIN_BLOCKS;
            let start = score.at(now);
            let end = verdicts.into_iter().fold(score, |score, verdict| score.judged(verdict, now));
            prop_assert_eq!(end.base, start);
            prop_assert!(end.units <= start + MAX_GAIN);
        }

        #[test]
        fn a_better_verdict_gives_a_better_score(score in any_score(), later in 0u32..100_000) {
            let now = score.set_at + later;
            let after = |verdict| score.judged(verdict, now).units;
            prop_assert!(after(Verdict::Delivered) >= score.at(now));
            prop_assert!(after(Verdict::Failed) <= score.at(now));
            prop_assert!(after(Verdict::Silent) <= after(Verdict::Failed));
        }
    }
}
