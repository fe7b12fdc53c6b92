//! Policy of repeated calls: each try is cut off after its time-out; after a failure that can pass
//! the next try begins after a step that doubles up to a most, of which between half and the whole is
//! waited, so that many workers that lost the same peer do not return to it in step; after the last
//! try the error stands. Only for what may be repeated without harm: fetches, stores, deployments.
//! Never for an execution.

use std::future::Future;
use std::time::Duration;

use rand::Rng;

use crate::ports::{ContentError, ExecutorError};

/// How often and when something is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all, at least 1.
    pub tries: u32,
    /// Step before the second try.
    pub first_step: Duration,
    /// Longest step.
    pub longest_step: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: 4,
            first_step: Duration::from_millis(200),
            longest_step: Duration::from_secs(2),
        }
    }
}

/// An error that says whether it can pass.
pub(crate) trait Transient {
    /// The error of a try that was cut off.
    fn timed_out() -> Self;
    /// Whether trying again can help.
    fn is_transient(&self) -> bool;
}

impl Transient for ContentError {
    fn timed_out() -> Self {
        Self::TimedOut
    }
    fn is_transient(&self) -> bool {
        Self::is_transient(self)
    }
}

impl Transient for ExecutorError {
    fn timed_out() -> Self {
        Self::TimedOut
    }
    fn is_transient(&self) -> bool {
        Self::is_transient(self)
    }
}

/// Tries until there is an answer, an error that lasts, or no try left. `failed` learns of each
/// error, so that somebody who loses patience knows why there is no answer.
pub(crate) async fn repeat<T, E, F>(
    policy: &RetryPolicy,
    limit: Duration,
    mut attempt: impl FnMut() -> F,
    failed: impl Fn(&E),
) -> Result<T, E>
where
    E: Transient + std::fmt::Display,
    F: Future<Output = Result<T, E>>,
{
    let mut step = policy.first_step;
    let mut left = policy.tries;
    loop {
        left = left.saturating_sub(1);
        let answer = tokio::time::timeout(limit, attempt())
            .await
            .unwrap_or_else(|_| Err(E::timed_out()))
            .inspect_err(&failed);
        match answer {
            Err(error) if error.is_transient() && left > 0 => {
                log::debug!(target: crate::LOG, "trying again: {error}");
                let jitter = rand::thread_rng().gen_range(0.5..=1.0);
                tokio::time::sleep(step.mul_f64(jitter)).await;
                step = step.saturating_mul(2).min(policy.longest_step);
            }
            settled => return settled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::time::Instant;

    const LIMIT: Duration = Duration::from_secs(10);

    async fn run(answers: &[fn() -> Result<u8, ContentError>]) -> (Result<u8, ContentError>, u32) {
        let asked = Cell::new(0u32);
        let failed = Cell::new(0u32);
        let ask = || {
            let index = usize::try_from(asked.replace(asked.get() + 1)).unwrap();
            let answer = answers[index.min(answers.len() - 1)];
            async move { answer() }
        };
        let count = |_: &ContentError| failed.set(failed.get() + 1);
        let answer = repeat(&RetryPolicy::default(), LIMIT, ask, count).await;
        assert_eq!(failed.get() + u32::from(answer.is_ok()), asked.get());
        (answer, asked.get())
    }

    #[tokio::test(start_paused = true)]
    async fn repeat_returns_the_first_answer() {
        let (answer, asked) = run(&[|| Err(ContentError::NotFound), || Ok(7)]).await;
        assert_eq!((answer.unwrap(), asked), (7, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn repeat_gives_up_at_once_on_an_error_that_lasts() {
        let (answer, asked) = run(&[|| Err(ContentError::Mismatch)]).await;
        assert!(matches!(answer, Err(ContentError::Mismatch)));
        assert_eq!(asked, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn repeat_waits_between_half_and_whole_of_growing_steps_and_then_gives_up() {
        let begin = Instant::now();
        let (answer, asked) = run(&[|| Err(ContentError::NotFound)]).await;
        assert!(matches!(answer, Err(ContentError::NotFound)));
        assert_eq!(asked, 4);
        // Steps of 200, 400 and 800 ms; the paused clock rounds each up to a millisecond.
        let waited = begin.elapsed().as_millis();
        assert!((700..=1403).contains(&waited), "{waited}");
    }

    #[tokio::test(start_paused = true)]
    async fn repeat_cuts_a_try_that_hangs() {
        let begin = Instant::now();
        let policy = RetryPolicy {
            tries: 1,
            ..RetryPolicy::default()
        };
        let answer: Result<(), ContentError> =
            repeat(&policy, LIMIT, std::future::pending, |_| ()).await;
        assert!(matches!(answer, Err(ContentError::TimedOut)));
        assert_eq!(begin.elapsed(), LIMIT);
    }
}
