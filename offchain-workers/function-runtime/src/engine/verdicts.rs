//! Code that cannot be loaded, and why, so that no compiler is started anew with each call of it.
//!
//! Without this, code that is made to take long to compile would take its whole time again and
//! again. What is kept are verdicts about the code alone: a machine that was busy or short of
//! memory may do better the next time. They are forgotten after a while even so, because how much
//! processor time the same work takes depends on what else the machine does.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{LoadError, Mode};
use crate::digest::Digest;
use crate::outcome::Fault;

/// How long a verdict is kept.
const KEPT_FOR: Duration = Duration::from_secs(10 * 60);
/// Most verdicts that are kept; the oldest gives way.
const MOST: usize = 1_024;
/// Most characters of a reason that are kept.
const REASON_LENGTH: usize = 512;

/// The verdicts of this process.
#[derive(Default)]
pub(super) struct Verdicts {
    verdicts: Mutex<HashMap<(Digest, Mode), Verdict>>,
}

struct Verdict {
    fault: Fault,
    reason: String,
    since: Instant,
}

impl Verdicts {
    /// Fails if the code was found not to be loadable.
    pub fn check(&self, digest: Digest, mode: Mode) -> Result<(), LoadError> {
        self.check_at(digest, mode, Instant::now())
    }

    /// Keeps the verdict in `error`, if it is one about the code.
    pub fn keep(&self, digest: Digest, mode: Mode, error: &LoadError) {
        self.keep_at(digest, mode, error, Instant::now());
    }

    fn check_at(&self, digest: Digest, mode: Mode, now: Instant) -> Result<(), LoadError> {
        match self.verdicts().get(&(digest, mode)) {
            Some(verdict) if !verdict.is_forgotten(now) => Err(LoadError::Known {
                fault: verdict.fault,
                reason: verdict.reason.clone(),
                left: KEPT_FOR.saturating_sub(verdict.age(now)),
            }),
            _ => Ok(()),
        }
    }

    fn keep_at(&self, digest: Digest, mode: Mode, error: &LoadError, now: Instant) {
        if !error.is_verdict() {
            return;
        }
        let mut verdicts = self.verdicts();
        verdicts.retain(|_, verdict| !verdict.is_forgotten(now));
        if verdicts.len() >= MOST {
            let oldest = verdicts.iter().min_by_key(|(_, verdict)| verdict.since);
            if let Some(oldest) = oldest.map(|(code, _)| *code) {
                verdicts.remove(&oldest);
            }
        }
        let verdict = Verdict {
            fault: error.fault(),
            reason: error.to_string().chars().take(REASON_LENGTH).collect(),
            since: now,
        };
        verdicts.insert((digest, mode), verdict);
    }

    fn verdicts(&self) -> MutexGuard<'_, HashMap<(Digest, Mode), Verdict>> {
        // The map is whole after every operation on it.
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Verdict {
    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    fn is_forgotten(&self, now: Instant) -> bool {
        self.age(now) >= KEPT_FOR
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiler::CompileError;

    const SECOND: Duration = Duration::from_secs(1);

    fn too_much_work() -> LoadError {
        CompileError::TooMuchWork(5).into()
    }

    #[test]
    fn verdict_stands_with_its_reason_and_is_forgotten_after_a_while() {
        let (verdicts, code, begin) = (Verdicts::default(), Digest::of(b"code"), Instant::now());
        verdicts.keep_at(code, Mode::Plain, &too_much_work(), begin);
        let last = begin + KEPT_FOR - SECOND;
        let known = verdicts.check_at(code, Mode::Plain, last).unwrap_err();
        assert_eq!(known.fault(), Fault::InvalidCode);
        assert!(
            known.to_string().contains(&too_much_work().to_string()),
            "{known}"
        );
        let end = begin + KEPT_FOR;
        assert!(verdicts.check_at(code, Mode::Plain, end).is_ok());
    }

    #[test]
    fn verdict_is_about_one_code_in_one_mode() {
        let (verdicts, code) = (Verdicts::default(), Digest::of(b"code"));
        verdicts.keep(code, Mode::Plain, &too_much_work());
        assert!(verdicts.check(code, Mode::Deterministic).is_ok());
        assert!(verdicts.check(Digest::of(b"other"), Mode::Plain).is_ok());
    }

    #[test]
    fn failures_of_this_machine_are_not_kept() {
        let (verdicts, code) = (Verdicts::default(), Digest::of(b"code"));
        for error in [
            CompileError::TooSlow(SECOND).into(),
            CompileError::NotReady("no memory".into()).into(),
            LoadError::Missing(code),
            LoadError::Full(1),
            LoadError::Busy,
        ] {
            verdicts.keep(code, Mode::Plain, &error);
            assert!(verdicts.check(code, Mode::Plain).is_ok(), "{error}");
        }
        verdicts.keep(code, Mode::Plain, &LoadError::NoStart);
        assert!(verdicts.check(code, Mode::Plain).is_err());
    }

    #[test]
    fn verdict_that_is_known_does_not_renew_itself() {
        let (verdicts, code, begin) = (Verdicts::default(), Digest::of(b"code"), Instant::now());
        verdicts.keep_at(code, Mode::Plain, &too_much_work(), begin);
        let later = begin + KEPT_FOR - SECOND;
        let known = verdicts.check_at(code, Mode::Plain, later).unwrap_err();
        verdicts.keep_at(code, Mode::Plain, &known, later);
        let end = begin + KEPT_FOR;
        assert!(verdicts.check_at(code, Mode::Plain, end).is_ok());
    }

    #[test]
    fn verdicts_are_bounded_and_the_oldest_gives_way() {
        let (verdicts, begin) = (Verdicts::default(), Instant::now());
        let codes: Vec<_> = (0..=MOST as u32)
            .map(|number| Digest::of(&number.to_le_bytes()))
            .collect();
        for (number, code) in codes.iter().enumerate() {
            let now = begin + Duration::from_millis(number as u64);
            verdicts.keep_at(*code, Mode::Plain, &too_much_work(), now);
        }
        let now = begin + KEPT_FOR / 2;
        let is_known = |code: Digest| verdicts.check_at(code, Mode::Plain, now).is_err();
        assert!(!is_known(codes[0]));
        assert!(codes[1..].iter().all(|code| is_known(*code)));
    }
}
