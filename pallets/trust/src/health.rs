//! Whether the network is ill: whether so many attempts of late ended in silence that the cause is
//! hardly the single provider.
//!
//! Verdicts are counted in a ring of buckets by block number. The window is as long as the ring; the
//! newest bucket fills while the oldest has just been dropped, so between [`WINDOW`] −
//! [`BUCKET_BLOCKS`] + 1 and [`WINDOW`] blocks are in view.

use codec::{Decode, Encode, MaxEncodedLen};
use defaas_primitives::BlockNumber;
use scale_info::TypeInfo;

/// Blocks in view: ten minutes at two seconds.
pub const WINDOW: BlockNumber = 300;
/// Blocks per bucket.
pub const BUCKET_BLOCKS: BlockNumber = 10;
/// Number of buckets.
const BUCKETS: usize = 30;
const _: () = assert!(WINDOW == BUCKET_BLOCKS * 30 && BUCKETS == 30);

/// With fewer verdicts in view nothing can be said, and the network counts as well.
pub const MIN_CLOSES: u32 = 20;
/// The network is ill when more than so many of a hundred verdicts are misses.
pub const ILL_PERCENT: u32 = 30;

/// Verdicts counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Tally {
    /// All verdicts.
    pub closes: u32,
    /// Those that were silence.
    pub misses: u32,
}

/// Verdicts of the last [`WINDOW`] blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Health {
    /// Number of the bucket written last: its first block / [`BUCKET_BLOCKS`].
    newest: BlockNumber,
    /// Bucket `n` is at `n` modulo their number.
    buckets: [Tally; BUCKETS],
}

impl Health {
    /// Counts one verdict in block `now`.
    pub fn record(&mut self, now: BlockNumber, is_miss: bool) {
        self.advance(now);
        let bucket = &mut self.buckets[place(self.newest)];
        bucket.closes = bucket.closes.saturating_add(1);
        bucket.misses = bucket.misses.saturating_add(u32::from(is_miss));
    }

    /// Verdicts in view in block `now`.
    pub fn tally(&self, now: BlockNumber) -> Tally {
        let mut seen = self.clone();
        seen.advance(now);
        seen.buckets
            .iter()
            .fold(Tally::default(), |sum, bucket| Tally {
                closes: sum.closes.saturating_add(bucket.closes),
                misses: sum.misses.saturating_add(bucket.misses),
            })
    }

    /// Whether the network is ill in block `now`.
    pub fn is_ill(&self, now: BlockNumber) -> bool {
        let Tally { closes, misses } = self.tally(now);
        closes >= MIN_CLOSES && u64::from(misses) * 100 > u64::from(closes) * u64::from(ILL_PERCENT)
    }

    /// Whether no bucket holds more misses than verdicts and none lies in the future.
    pub fn is_consistent(&self, now: BlockNumber) -> bool {
        self.newest <= now / BUCKET_BLOCKS && self.buckets.iter().all(|b| b.misses <= b.closes)
    }

    /// Empties the buckets between the newest and that of block `now`. Time that runs backwards has
    /// no effect.
    fn advance(&mut self, now: BlockNumber) {
        let current = now / BUCKET_BLOCKS;
        let passed = current.saturating_sub(self.newest) as usize;
        for number in (1..=passed.min(BUCKETS) as u32).map(|n| self.newest.wrapping_add(n)) {
            self.buckets[place(number)] = Tally::default();
        }
        self.newest = self.newest.max(current);
    }
}

fn place(bucket: BlockNumber) -> usize {
    bucket as usize % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(closes: u32, misses: u32) -> Health {
        let mut health = Health::default();
        (0..closes).for_each(|n| health.record(1_000, n < misses));
        health
    }

    #[test]
    fn is_ill_above_the_threshold_only() {
        assert!(!with(20, 6).is_ill(1_000));
        assert!(with(20, 7).is_ill(1_000));
        assert!(!with(100, 30).is_ill(1_000));
        assert!(with(100, 31).is_ill(1_000));
    }

    #[test]
    fn is_never_ill_on_too_few_verdicts() {
        assert!(!with(19, 19).is_ill(1_000));
        assert!(with(20, 20).is_ill(1_000));
    }

    #[test]
    fn recovers_when_the_misses_leave_the_window() {
        let health = with(50, 50);
        assert!(health.is_ill(1_000 + WINDOW - BUCKET_BLOCKS));
        assert!(!health.is_ill(1_000 + WINDOW));
    }

    #[test]
    fn a_long_pause_empties_every_bucket() {
        let mut health = Health::default();
        (0..3_000).for_each(|block| health.record(block, true));
        assert_eq!(health.tally(u32::MAX), Tally::default());
        health.record(u32::MAX, false);
        assert_eq!(
            health.tally(u32::MAX),
            Tally {
                closes: 1,
                misses: 0
            }
        );
    }

    proptest! {
        // The ring against the list of everything that happened.
        #[test]
        fn counts_what_a_full_list_would(
            steps in prop::collection::vec((0u32..80, any::<bool>()), 1..200),
            pause in 0u32..700,
        ) {
            let (mut health, mut list, mut now) = (Health::default(), Vec::new(), 0);
            for (step, miss) in steps {
                now += step;
                health.record(now, miss);
                list.push((now, miss));
                prop_assert!(health.is_consistent(now));
            }
            now += pause;
            let oldest = (now / BUCKET_BLOCKS + 1).saturating_sub(WINDOW / BUCKET_BLOCKS) * BUCKET_BLOCKS;
            let in_view = list.iter().filter(|(block, _)| *block >= oldest);
            let expected = Tally {
                closes: in_view.clone().count() as u32,
                misses: in_view.filter(|(_, miss)| *miss).count() as u32,
            };
            prop_assert_eq!(health.tally(now), expected);
        }
    }
}
