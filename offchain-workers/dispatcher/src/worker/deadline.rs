//! Whether there is time.
//!
//! Deadlines are in ticks, so they stand still while the chain does; only what is left of them is
//! turned into time, to be compared with how long work takes here.

use std::time::Duration;

use defaas_primitives::Tick;

use crate::config::TimeConfig;

/// Whether an attempt without a result must be given up now, so that a report of it is still in time.
pub(crate) fn is_due(now: Tick, deadline: Tick, time: &TimeConfig) -> bool {
    deadline.saturating_sub(now) <= time.report_margin
}

/// Time until an attempt is due.
pub(crate) fn time_left(now: Tick, deadline: Tick, time: &TimeConfig) -> Duration {
    let ticks = deadline
        .saturating_sub(now)
        .saturating_sub(time.report_margin);
    time.slot.saturating_mul(ticks)
}

/// How long jobs have taken here: an exponentially weighted mean with weight 1/8 for the newest, as
/// TCP smooths round-trip times (RFC 6298 §2).
#[derive(Debug, Default)]
pub(crate) struct Pace {
    mean: Option<Duration>,
}

impl Pace {
    /// A job took so long from fetch to result.
    pub(crate) fn observe(&mut self, took: Duration) {
        self.mean = Some(match self.mean {
            None => took,
            Some(mean) => mean.saturating_mul(7).saturating_add(took) / 8,
        });
    }

    /// Time until a job begins that has `ahead` jobs before it and `slots` that work side by side.
    /// Zero if a slot is free, and before anything was measured. How long the job itself will take
    /// is left out: functions differ too much for the mean of others to refuse one.
    pub(crate) fn wait(&self, ahead: usize, slots: usize) -> Duration {
        let rounds = ahead / slots.max(1);
        self.mean
            .unwrap_or_default()
            .saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn attempt_is_due_when_only_the_margin_is_left() {
        let time = TimeConfig::default();
        assert!(!is_due(6, 10, &time));
        assert!(is_due(7, 10, &time));
        assert!(is_due(11, 10, &time));
        assert_eq!(time_left(5, 10, &time), 4 * SECOND);
    }

    #[test]
    fn pace_expects_no_wait_before_it_measured_and_full_rounds_after() {
        let mut pace = Pace::default();
        assert_eq!(pace.wait(1_000, 1), Duration::ZERO);
        pace.observe(SECOND);
        assert_eq!(pace.wait(3, 4), Duration::ZERO);
        assert_eq!(pace.wait(4, 4), SECOND);
        assert_eq!(pace.wait(8, 4), 2 * SECOND);
    }

    proptest! {
        #[test]
        fn there_is_time_left_exactly_until_it_is_due(now: Tick, deadline: Tick) {
            let time = TimeConfig::default();
            prop_assert_eq!(time_left(now, deadline, &time).is_zero(), is_due(now, deadline, &time));
        }

        #[test]
        fn pace_stays_within_what_it_measured(took in prop::collection::vec(0u64..1_000_000, 1..50)) {
            let mut pace = Pace::default();
            for ms in &took {
                pace.observe(Duration::from_millis(*ms));
            }
            let mean = pace.wait(1, 1);
            let bound = |ms: Option<&u64>| Duration::from_millis(*ms.unwrap());
            // Each division rounds down by less than a nanosecond.
            prop_assert!(mean + Duration::from_nanos(50) >= bound(took.iter().min()));
            prop_assert!(mean <= bound(took.iter().max()));
        }
    }
}
