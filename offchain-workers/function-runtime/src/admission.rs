//! How many calls run at once.
//!
//! A call needs one place of `max_concurrency` and its memory limit out of `memory_pool`. If both
//! are free it runs at once, else it waits a short time among at most `max_queue`, else it is
//! refused: a provider that cannot run a call in time had better say so, since another may.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Config;

/// Memory is counted in these units, in bytes: one page of Wasm.
const UNIT: u64 = 64 << 10;

/// Gives out places.
pub(crate) struct Admission {
    places: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    wait: Duration,
    max_concurrency: usize,
}

/// A place and memory; freed when dropped.
pub(crate) struct Admitted {
    _place: OwnedSemaphorePermit,
    _memory: OwnedSemaphorePermit,
}

/// No place within the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Concurrent request limit exceeded. Max concurrent requests: {max_concurrency}")]
pub(crate) struct Overloaded {
    max_concurrency: usize,
}

impl Admission {
    pub fn new(config: &Config) -> Self {
        // Checked before: at most 2^40 bytes, so this fits a semaphore on 64 bits.
        let units = usize::try_from(config.memory_pool / UNIT).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(config.max_concurrency)),
            memory: Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))),
            queue: Arc::new(Semaphore::new(config.max_queue)),
            wait: config.queue_wait,
            max_concurrency: config.max_concurrency,
        }
    }

    /// Waits for a place for a call with this memory limit.
    pub async fn admit(&self, memory_bytes: u64) -> Result<Admitted, Overloaded> {
        let overloaded = Overloaded {
            max_concurrency: self.max_concurrency,
        };
        let units = u32::try_from(memory_bytes.div_ceil(UNIT)).map_err(|_| overloaded)?;
        if let (Ok(place), Ok(memory)) = (
            self.places.clone().try_acquire_owned(),
            self.memory.clone().try_acquire_many_owned(units),
        ) {
            return Ok(Admitted {
                _place: place,
                _memory: memory,
            });
        }
        let _in_queue = self.queue.try_acquire().map_err(|_| overloaded)?;
        let both = async {
            let place = self.places.clone().acquire_owned().await.ok()?;
            let memory = self.memory.clone().acquire_many_owned(units).await.ok()?;
            Some(Admitted {
                _place: place,
                _memory: memory,
            })
        };
        match tokio::time::timeout(self.wait, both).await {
            Ok(Some(admitted)) => Ok(admitted),
            Ok(None) | Err(_) => Err(overloaded),
        }
    }

    /// Waits until no call has a place.
    pub async fn idle(&self) {
        // Checked before: at most 1 024.
        let all = u32::try_from(self.max_concurrency).unwrap_or(u32::MAX);
        // Fails only if there are no places any more, which is as good.
        let _ = self.places.acquire_many(all).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn admission(max_concurrency: usize, max_queue: usize) -> Admission {
        Admission::new(&Config {
            max_concurrency,
            max_queue,
            queue_wait: Duration::from_secs(60),
            memory_pool: 10 * UNIT,
            ..Config::default()
        })
    }

    #[tokio::test]
    async fn refuses_at_once_when_places_and_queue_are_full() {
        let admission = admission(1, 0);
        let first = admission.admit(UNIT).await.ok().unwrap();
        assert_eq!(
            admission.admit(UNIT).await.err(),
            Some(Overloaded { max_concurrency: 1 })
        );
        drop(first);
        assert!(admission.admit(UNIT).await.is_ok());
    }

    #[tokio::test]
    async fn waits_in_the_queue_until_a_place_is_free() {
        let admission = admission(1, 1);
        let first = admission.admit(UNIT).await.ok().unwrap();
        let (second, ()) = tokio::join!(admission.admit(UNIT), async {
            tokio::task::yield_now().await;
            drop(first);
        });
        assert!(second.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_waiting_after_the_longest_wait() {
        let admission = admission(1, 1);
        let _first = admission.admit(UNIT).await.ok().unwrap();
        assert!(admission.admit(UNIT).await.is_err());
    }

    #[tokio::test]
    async fn is_idle_when_the_last_call_has_ended() {
        let admission = admission(2, 0);
        let (first, second) = tokio::join!(admission.admit(UNIT), admission.admit(UNIT));
        let mut idle = Box::pin(admission.idle());
        assert!(idle.as_mut().now_or_never().is_none());
        drop(first);
        assert!(idle.as_mut().now_or_never().is_none());
        drop(second);
        idle.await;
    }

    #[tokio::test]
    async fn memory_is_shared_by_all_calls() {
        let admission = admission(4, 0);
        let large = admission.admit(9 * UNIT).await.ok().unwrap();
        assert!(admission.admit(2 * UNIT).await.is_err());
        assert!(admission.admit(UNIT).await.is_ok());
        drop(large);
        assert!(admission.admit(10 * UNIT).await.is_ok());
    }
}
