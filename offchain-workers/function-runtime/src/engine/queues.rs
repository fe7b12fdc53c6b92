//! Whose turn it is to compile.
//!
//! One compiler at a time would let a long module hold every short one up for minutes. So there are
//! two queues, each with one turn: at most two compilers run at once, whatever is asked for, beside
//! the validator that this machine may also run.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::LoadError;

/// Longest module that does not wait for longer ones, in bytes. Its compiler gets a few seconds of
/// processor time.
const SHORT_BYTES: u64 = 1 << 20;
/// Most deployments that wait in one queue.
const MAX_WAITING: usize = 64;

/// The queues.
pub(super) struct Queues {
    short: Queue,
    long: Queue,
}

struct Queue {
    turn: Semaphore,
    waiting: Semaphore,
}

impl Queues {
    pub fn new() -> Self {
        Self {
            short: Queue::new(),
            long: Queue::new(),
        }
    }

    /// Waits for the turn of a module of so many bytes. The turn ends when it is dropped.
    pub async fn turn(&self, code_bytes: u64) -> Result<SemaphorePermit<'_>, LoadError> {
        let queue = if code_bytes <= SHORT_BYTES {
            &self.short
        } else {
            &self.long
        };
        let _waiting = queue.waiting.try_acquire().map_err(|_| LoadError::Busy)?;
        queue.turn.acquire().await.map_err(|_| LoadError::Busy)
    }
}

impl Queue {
    fn new() -> Self {
        Self {
            turn: Semaphore::new(1),
            waiting: Semaphore::new(MAX_WAITING),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn long_module_holds_up_long_ones_and_no_short_one() {
        let queues = Queues::new();
        let long = queues.turn(SHORT_BYTES + 1).await.unwrap();
        let mut next = Box::pin(queues.turn(u64::MAX));
        assert!(next.as_mut().now_or_never().is_none());
        let _short = queues.turn(SHORT_BYTES).await.unwrap();
        drop(long);
        assert!(next.await.is_ok());
    }

    #[tokio::test]
    async fn full_queue_refuses_more_and_leaves_the_other_alone() {
        let queues = Queues::new();
        let _turn = queues.turn(0).await.unwrap();
        let mut waiting: Vec<_> = (0..MAX_WAITING).map(|_| Box::pin(queues.turn(0))).collect();
        for turn in &mut waiting {
            assert!(turn.as_mut().now_or_never().is_none());
        }
        assert!(matches!(queues.turn(0).await, Err(LoadError::Busy)));
        assert!(queues.turn(u64::MAX).await.is_ok());
    }
}
