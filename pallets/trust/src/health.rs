//! Whether the network is ill: whether so many providers were silent of late that the cause is
//! hardly the single one.
//!
//! Providers are counted, not verdicts: each counts once, by its last verdict, for [`WINDOW`] ticks.
//! Whoever wants the network to look ill needs as many bonded providers that are silent as make up
//! the share; calls to one of them, however many, count once. A provider that delivers again is well
//! from that moment on.
//!
//! The counts stand in a ring of buckets by tick. A new verdict takes the provider out of the bucket
//! of its last one, if that is still in view, and puts it into the newest; so a verdict costs the
//! same however many providers there are. The newest bucket fills while the oldest has just been
//! dropped, so between [`WINDOW`] − [`BUCKET_TICKS`] + 1 and [`WINDOW`] ticks are in view.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use defaas_primitives::Tick;
use scale_info::TypeInfo;

/// Ticks in view: ten minutes at two seconds. Ticks, not blocks: deadlines stand still while the
/// hooks of blocks do not run, and so does what is known of providers.
pub const WINDOW: Tick = 300;
/// Ticks per bucket.
pub const BUCKET_TICKS: Tick = 10;
/// Number of buckets.
const BUCKETS: usize = 30;
const _: () = assert!(WINDOW == BUCKET_TICKS * 30 && BUCKETS == 30);

/// With fewer providers in view nothing can be said, and the network counts as well: in a network
/// so small, blocks that go on show that silence is the provider's own.
pub const MIN_PROVIDERS: u32 = 10;
/// The network is ill when more than so many of a hundred providers were silent last.
pub const ILL_PERCENT: u32 = 30;

/// The last verdict on a provider, as far as it counts here.
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
pub struct LastVerdict {
    /// When.
    pub tick: Tick,
    /// Whether it was silence.
    pub silent: bool,
}

/// Providers counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Tally {
    /// All whose last verdict lies here.
    pub judged: u32,
    /// Those of them that were silent.
    pub silent: u32,
}

impl Tally {
    fn add(&mut self, verdict: LastVerdict) {
        self.judged = self.judged.saturating_add(1);
        self.silent = self.silent.saturating_add(verdict.silent.into());
    }

    fn remove(&mut self, verdict: LastVerdict) {
        self.judged = self.judged.saturating_sub(1);
        self.silent = self.silent.saturating_sub(verdict.silent.into());
    }
}

/// Providers by the tick of their last verdict, over the last [`WINDOW`] ticks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Health {
    /// Number of the bucket written last: its first tick / [`BUCKET_TICKS`].
    newest: u32,
    /// Bucket `n` is at `n` modulo their number.
    buckets: [Tally; BUCKETS],
}

impl Health {
    /// What is seen at tick `now` of providers with these last verdicts.
    pub fn of(verdicts: impl Iterator<Item = LastVerdict>, now: Tick) -> Self {
        let mut health = Self::default().at(now);
        for verdict in verdicts {
            if let Some(bucket) = health.bucket(verdict) {
                bucket.add(verdict);
            }
        }
        health
    }

    /// Counts the `latest` verdict on a provider in place of the one before.
    pub fn record(&mut self, before: Option<LastVerdict>, latest: LastVerdict) {
        self.advance(latest.tick);
        if let Some(before) = before {
            self.forget(before);
        }
        if let Some(bucket) = self.bucket(latest) {
            bucket.add(latest);
        }
    }

    /// Takes a provider with this last verdict out of the count.
    pub fn forget(&mut self, last: LastVerdict) {
        if let Some(bucket) = self.bucket(last) {
            bucket.remove(last);
        }
    }

    /// What is in view at tick `now`.
    pub fn at(&self, now: Tick) -> Self {
        let mut seen = self.clone();
        seen.advance(now);
        seen
    }

    /// Providers in view at tick `now`.
    pub fn tally(&self, now: Tick) -> Tally {
        self.at(now)
            .buckets
            .iter()
            .fold(Tally::default(), |sum, bucket| Tally {
                judged: sum.judged.saturating_add(bucket.judged),
                silent: sum.silent.saturating_add(bucket.silent),
            })
    }

    /// Whether the network is ill at tick `now`.
    pub fn is_ill(&self, now: Tick) -> bool {
        let Tally { judged, silent } = self.tally(now);
        judged >= MIN_PROVIDERS
            && u64::from(silent) * 100 > u64::from(judged) * u64::from(ILL_PERCENT)
    }

    /// The bucket of a verdict, while it is in view.
    fn bucket(&mut self, verdict: LastVerdict) -> Option<&mut Tally> {
        let number = verdict.tick / BUCKET_TICKS;
        let age = self.newest.checked_sub(number)? as usize;
        (age < BUCKETS).then(|| &mut self.buckets[place(number)])
    }

    /// Empties the buckets between the newest and that of tick `now`. Time that runs backwards has
    /// no effect.
    fn advance(&mut self, now: Tick) {
        let current = now / BUCKET_TICKS;
        let passed = current.saturating_sub(self.newest) as usize;
        for number in (1..=passed.min(BUCKETS) as u32).map(|n| self.newest.wrapping_add(n)) {
            self.buckets[place(number)] = Tally::default();
        }
        self.newest = self.newest.max(current);
    }
}

fn place(bucket: u32) -> usize {
    bucket as usize % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const NOW: Tick = 1_000;

    fn verdict(tick: Tick, silent: bool) -> LastVerdict {
        LastVerdict { tick, silent }
    }

    /// So many providers, some of them silent.
    fn with(judged: u32, silent: u32) -> Health {
        Health::of((0..judged).map(|n| verdict(NOW, n < silent)), NOW)
    }

    #[test]
    fn is_ill_above_the_threshold_only() {
        assert!(!with(10, 3).is_ill(NOW));
        assert!(with(10, 4).is_ill(NOW));
        assert!(!with(100, 30).is_ill(NOW));
        assert!(with(100, 31).is_ill(NOW));
    }

    #[test]
    fn is_never_ill_with_too_few_providers() {
        assert!(!with(9, 9).is_ill(NOW));
        assert!(with(10, 10).is_ill(NOW));
    }

    #[test]
    fn a_provider_counts_once_however_often_it_is_silent() {
        let mut health = with(10, 3);
        let mut last = None;
        for tick in NOW..NOW + WINDOW / 2 {
            let latest = verdict(tick, true);
            health.record(last.replace(latest), latest);
        }
        let now = NOW + WINDOW / 2;
        let expected = Tally {
            judged: 11,
            silent: 4,
        };
        assert_eq!(health.tally(now), expected);
    }

    #[test]
    fn a_provider_that_delivers_again_is_well_at_once() {
        let mut health = with(10, 4);
        health.record(Some(verdict(NOW, true)), verdict(NOW + 1, false));
        assert!(!health.is_ill(NOW + 1));
        assert_eq!(health.tally(NOW + 1).judged, 10);
    }

    #[test]
    fn recovers_when_the_silence_leaves_the_window() {
        let health = with(50, 50);
        assert!(health.is_ill(NOW + WINDOW - BUCKET_TICKS));
        assert!(!health.is_ill(NOW + WINDOW));
    }

    #[test]
    fn a_long_pause_empties_every_bucket() {
        let health = Health::of((0..3_000).map(|tick| verdict(tick, true)), 3_000);
        assert_eq!(health.tally(u32::MAX), Tally::default());
        let late = verdict(u32::MAX, false);
        let mut later = health;
        later.record(None, late);
        let expected = Tally {
            judged: 1,
            silent: 0,
        };
        assert_eq!(later.tally(u32::MAX), expected);
    }

    proptest! {
        // The ring against the list of the last verdicts.
        #[test]
        fn counts_what_a_full_list_would(
            steps in prop::collection::vec((0u32..80, 0u8..12, any::<bool>(), any::<bool>()), 1..200),
            pause in 0u32..700,
        ) {
            let (mut health, mut last, mut now) = (Health::default(), BTreeMap::new(), 0);
            for (step, provider, silent, leaves) in steps {
                now += step;
                let latest = verdict(now, silent);
                health.record(last.insert(provider, latest), latest);
                if leaves && provider < 4 {
                    health.forget(last.remove(&provider).unwrap());
                }
                prop_assert_eq!(&health, &Health::of(last.values().copied(), now));
            }
            now += pause;
            let oldest = (now / BUCKET_TICKS + 1).saturating_sub(WINDOW / BUCKET_TICKS) * BUCKET_TICKS;
            let in_view = last.values().filter(|last| last.tick >= oldest);
            let expected = Tally {
                judged: in_view.clone().count() as u32,
                silent: in_view.filter(|last| last.silent).count() as u32,
            };
            prop_assert_eq!(health.tally(now), expected);
        }
    }
}
