//! Whether this provider should take new work, from what is seen of the machine.
//!
//! The answer does not flap: a trouble must last before it counts, and must have been gone for a
//! while before it counts no more. In between nothing is said, and what the chain says stays.

use std::{fmt, time::Duration};

/// Downtime that is borne. Restarts of the function runtime take less.
const DOWN_PATIENCE: Duration = Duration::from_secs(30);
/// A part that was down for too long must have been up for so long. Longer than the longest pause
/// between two starts, so that a part that crashes again and again does not count as up.
const DOWN_RECOVERY: Duration = Duration::from_secs(60);
/// A store full of pins refuses the next call, so it counts at once.
const FULL_PATIENCE: Duration = Duration::ZERO;
/// There must have been room for so long: two collections of content.
const FULL_RECOVERY: Duration = Duration::from_secs(120);

/// What is seen of the machine at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The operator asks to take no new work.
    pub is_draining: bool,
    /// The content store is full of pins.
    pub is_full: bool,
    /// Store, dispatcher and function runtime are up.
    pub is_up: bool,
}

/// Why no new work is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The operator said so.
    Operator,
    /// The content store is full of pins.
    StoreFull,
    /// A part without which nothing runs has been down.
    Down,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operator => "--drain was given",
            Self::StoreFull => {
                "the content store is full of pins; wait until some expire, unpin uploads or raise \
                 --store-size"
            }
            Self::Down => {
                "function runtime, dispatcher or content store has been down; see the errors before"
            }
        })
    }
}

/// What the chain should say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// New work is welcome.
    Serve,
    /// Nothing is said for now.
    Undecided,
    /// No new work.
    Drain(Reason),
}

/// Judges what is seen over time.
#[derive(Debug)]
pub struct Availability {
    full: Trouble,
    down: Trouble,
}

impl Default for Availability {
    fn default() -> Self {
        Self {
            full: Trouble::new(FULL_PATIENCE, FULL_RECOVERY),
            down: Trouble::new(DOWN_PATIENCE, DOWN_RECOVERY),
        }
    }
}

impl Availability {
    /// Takes in what is seen, `elapsed` after what was seen last.
    pub fn observe(&mut self, seen: Seen, elapsed: Duration) -> Verdict {
        self.full.observe(seen.is_full, elapsed);
        self.down.observe(!seen.is_up, elapsed);
        if seen.is_draining {
            Verdict::Drain(Reason::Operator)
        } else if self.full.counts {
            Verdict::Drain(Reason::StoreFull)
        } else if self.down.counts {
            Verdict::Drain(Reason::Down)
        } else if self.full.is_gone() && self.down.is_gone() {
            Verdict::Serve
        } else {
            Verdict::Undecided
        }
    }
}

/// A condition that comes and goes: a bucket that fills while it is there and runs out while it is
/// not.
#[derive(Debug)]
struct Trouble {
    patience: Duration,
    recovery: Duration,
    /// Before it counts: how long it was there, less how long it was not. After: how long it must be
    /// gone.
    level: Duration,
    counts: bool,
    /// As seen last.
    is_there: bool,
}

impl Trouble {
    fn new(patience: Duration, recovery: Duration) -> Self {
        Self {
            patience,
            recovery,
            level: Duration::ZERO,
            counts: false,
            is_there: false,
        }
    }

    fn observe(&mut self, is_there: bool, elapsed: Duration) {
        self.is_there = is_there;
        if !is_there {
            self.level = self.level.saturating_sub(elapsed);
            self.counts &= !self.level.is_zero();
            return;
        }
        if !self.counts {
            self.level = self.level.saturating_add(elapsed);
            self.counts = self.level >= self.patience;
        }
        if self.counts {
            self.level = self.recovery;
        }
    }

    fn is_gone(&self) -> bool {
        !self.is_there && self.level.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_secs(3);
    const WELL: Seen = Seen {
        is_draining: false,
        is_full: false,
        is_up: true,
    };
    const DOWN: Seen = Seen {
        is_up: false,
        ..WELL
    };
    const FULL: Seen = Seen {
        is_full: true,
        ..WELL
    };

    /// Sees the same for `seconds`, and returns the verdicts.
    fn watch(availability: &mut Availability, seen: Seen, seconds: u64) -> Vec<Verdict> {
        let steps = seconds / STEP.as_secs();
        (0..steps)
            .map(|_| availability.observe(seen, STEP))
            .collect()
    }

    #[test]
    fn machine_that_is_well_serves_from_the_first_look() {
        let first = Availability::default().observe(WELL, Duration::ZERO);
        assert_eq!(first, Verdict::Serve);
    }

    #[test]
    fn nothing_is_said_before_the_runtime_is_up_for_the_first_time() {
        let first = Availability::default().observe(DOWN, Duration::ZERO);
        assert_eq!(first, Verdict::Undecided);
    }

    #[test]
    fn operator_drains_at_once_whatever_else_is_seen_and_serves_at_once() {
        for seen in [WELL, DOWN, FULL] {
            let mut availability = Availability::default();
            let drained = Seen {
                is_draining: true,
                ..seen
            };
            let verdict = availability.observe(drained, STEP);
            assert_eq!(verdict, Verdict::Drain(Reason::Operator));
        }
    }

    #[test]
    fn short_downtime_changes_nothing() {
        let mut availability = Availability::default();
        let verdicts = watch(&mut availability, DOWN, 27);
        assert!(verdicts
            .iter()
            .all(|verdict| *verdict == Verdict::Undecided));
        let verdicts = watch(&mut availability, WELL, 27);
        assert_eq!(verdicts.last(), Some(&Verdict::Serve));
        assert!(!verdicts.contains(&Verdict::Drain(Reason::Down)));
    }

    #[test]
    fn downtime_of_half_a_minute_drains_until_it_was_up_for_a_minute() {
        let mut availability = Availability::default();
        let verdicts = watch(&mut availability, DOWN, 30);
        assert_eq!(verdicts.last(), Some(&Verdict::Drain(Reason::Down)));
        watch(&mut availability, DOWN, 3_600);
        let verdicts = watch(&mut availability, WELL, 57);
        assert!(verdicts
            .iter()
            .all(|verdict| *verdict == Verdict::Drain(Reason::Down)));
        assert_eq!(availability.observe(WELL, STEP), Verdict::Serve);
    }

    #[test]
    fn runtime_that_crashes_again_and_again_drains_and_stays_drained() {
        let mut availability = Availability::default();
        // Up for a moment between the longest pauses.
        for _ in 0..2 {
            watch(&mut availability, DOWN, 27);
            watch(&mut availability, WELL, 3);
        }
        for _ in 0..20 {
            for (seen, seconds) in [(DOWN, 27), (WELL, 3)] {
                let verdicts = watch(&mut availability, seen, seconds);
                assert!(verdicts
                    .iter()
                    .all(|verdict| *verdict == Verdict::Drain(Reason::Down)));
            }
        }
    }

    #[test]
    fn full_store_drains_at_once_and_does_not_flap_around_its_mark() {
        let mut availability = Availability::default();
        for _ in 0..5 {
            let full = availability.observe(FULL, STEP);
            assert_eq!(full, Verdict::Drain(Reason::StoreFull));
            let verdicts = watch(&mut availability, WELL, 60);
            assert!(verdicts.iter().all(|verdict| *verdict == full));
        }
        let verdicts = watch(&mut availability, WELL, 60);
        assert_eq!(verdicts.last(), Some(&Verdict::Serve));
    }
}
