//! When to ask again: exponential steps with jitter, so that many workers that lost the same
//! OpenFaaS do not return to it in step.

use std::future::Future;
use std::time::Duration;

use rand::Rng;

use crate::Error;

/// How often a question is asked in all.
const MAX_ATTEMPTS: u32 = 3;

/// Growing delays.
pub(crate) struct Backoff {
    next: Duration,
    most: Duration,
}

impl Backoff {
    /// Begins at `first` and doubles up to `most`.
    pub(crate) fn new(first: Duration, most: Duration) -> Self {
        Self { next: first, most }
    }

    /// The next delay: between half and the whole of the step.
    pub(crate) fn step(&mut self) -> Duration {
        let step = self.next.min(self.most);
        self.next = step.saturating_mul(2);
        step.mul_f64(rand::thread_rng().gen_range(0.5..=1.0))
    }
}

/// Asks until there is an answer, at most [`MAX_ATTEMPTS`] times. Only for what may be repeated
/// without harm: never for an invocation.
pub(crate) async fn repeat<T, F>(mut ask: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
    for _ in 1..MAX_ATTEMPTS {
        match ask().await {
            Err(error) if error.is_transient() => {
                log::debug!("asking again: {error}");
                tokio::time::sleep(backoff.step()).await;
            }
            settled => return settled,
        }
    }
    ask().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn transient() -> Error {
        Error::Timeout {
            operation: "test",
            limit: Duration::ZERO,
        }
    }

    #[test]
    fn step_doubles_up_to_the_most_and_stays_between_half_and_whole() {
        let ms = Duration::from_millis;
        let mut backoff = Backoff::new(ms(100), ms(300));
        for whole in [100, 200, 300, 300] {
            let step = backoff.step();
            assert!(
                ms(whole / 2) <= step && step <= ms(whole),
                "{step:?} of {whole}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn repeat_gives_up_after_three_attempts() {
        let asked = Cell::new(0);
        let answer: Result<(), _> = repeat(|| {
            asked.set(asked.get() + 1);
            async { Err(transient()) }
        })
        .await;
        assert!(matches!(answer, Err(Error::Timeout { .. })));
        assert_eq!(asked.get(), MAX_ATTEMPTS);
    }

    #[tokio::test(start_paused = true)]
    async fn repeat_returns_the_first_answer_and_the_first_lasting_error() {
        let asked = Cell::new(0);
        let ask = |last: fn() -> Result<u8, Error>| {
            asked.set(asked.get() + 1);
            let first = asked.get() == 1;
            async move {
                if first {
                    Err(transient())
                } else {
                    last()
                }
            }
        };
        assert!(matches!(repeat(|| ask(|| Ok(7))).await, Ok(7)));
        assert_eq!(asked.replace(0), 2);
        let refused = repeat(|| ask(|| Err(Error::Unauthorized))).await;
        assert!(matches!(refused, Err(Error::Unauthorized)));
        assert_eq!(asked.get(), 2);
    }
}
