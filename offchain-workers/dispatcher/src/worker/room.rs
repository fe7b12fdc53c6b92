//! Room for what is in flight, so that the executor is not asked for more than it has, and inputs
//! that wait do not fill the memory of this machine.
//!
//! An attempt takes bytes for its stored input, then a place, then memory. Who waits for one of them
//! holds at most those before it, and who holds all of them executes, which ends within a limit; so
//! nobody waits in a circle. Each is given in the order of asking: a large call waits for those that
//! came before it, and those that come after it wait too, so that it does not starve among small
//! ones. Nobody waits longer than until the attempt is cut for its deadline.

use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

use crate::config::{WorkConfig, KIB, PAGE};

/// What there is.
#[derive(Debug)]
pub(crate) struct Room {
    inputs: Amount,
    places: Semaphore,
    memory: Amount,
}

/// Room to execute; given back when dropped.
#[derive(Debug)]
pub(crate) struct Occupied<'a> {
    _place: SemaphorePermit<'a>,
    _memory: SemaphorePermit<'a>,
}

impl Room {
    /// As much as `config` says.
    pub(crate) fn new(config: &WorkConfig) -> Self {
        Self {
            inputs: Amount::new(config.input_bytes, KIB),
            places: Semaphore::new(config.executions.min(Semaphore::MAX_PERMITS)),
            memory: Amount::new(config.memory_bytes, PAGE),
        }
    }

    /// Whether a call with this memory limit can be executed when nothing else is.
    pub(crate) fn can_hold(&self, memory_bytes: u64) -> bool {
        self.memory.units(memory_bytes) <= self.memory.total
    }

    /// Room for an input of so many bytes. A longer one than there is room for takes all.
    pub(crate) async fn input(&self, bytes: u64) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.inputs.take(bytes).await
    }

    /// Room to execute a call with this memory limit.
    pub(crate) async fn execution(&self, memory_bytes: u64) -> Result<Occupied<'_>, AcquireError> {
        Ok(Occupied {
            _place: self.places.acquire().await?,
            _memory: self.memory.take(memory_bytes).await?,
        })
    }
}

/// An amount of bytes, given out in units.
#[derive(Debug)]
struct Amount {
    free: Semaphore,
    unit: u64,
    total: u32,
}

impl Amount {
    fn new(bytes: u64, unit: u64) -> Self {
        let most = u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX);
        let total = u32::try_from(bytes / unit).unwrap_or(most).min(most);
        let permits = usize::try_from(total).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            free: Semaphore::new(permits),
            unit,
            total,
        }
    }

    fn units(&self, bytes: u64) -> u32 {
        u32::try_from(bytes.div_ceil(self.unit)).unwrap_or(u32::MAX)
    }

    async fn take(&self, bytes: u64) -> Result<SemaphorePermit<'_>, AcquireError> {
        let units = self.units(bytes).min(self.total);
        self.free.acquire_many(units).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn room(executions: usize, pages: u64) -> Room {
        Room::new(&WorkConfig {
            executions,
            memory_bytes: pages * PAGE,
            input_bytes: 4 * KIB,
            ..WorkConfig::default()
        })
    }

    #[tokio::test]
    async fn places_and_memory_both_bound_what_executes() {
        let room = room(2, 10);
        let first = room.execution(PAGE).await;
        let _second = room.execution(PAGE).await;
        assert!(room.execution(PAGE).now_or_never().is_none());
        drop(first);
        assert!(room.execution(9 * PAGE + 1).now_or_never().is_none());
        assert!(room.execution(9 * PAGE).now_or_never().is_some());
    }

    #[tokio::test]
    async fn large_call_is_not_overtaken_by_small_ones() {
        let room = room(4, 4);
        let running = room.execution(PAGE).await;
        let mut large = Box::pin(room.execution(4 * PAGE));
        assert!((&mut large).now_or_never().is_none());
        let mut small = Box::pin(room.execution(PAGE));
        assert!((&mut small).now_or_never().is_none(), "there is memory");
        drop(running);
        let large = large.now_or_never().expect("its turn");
        assert!((&mut small).now_or_never().is_none());
        drop(large);
        assert!(small.now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_gives_up_waiting_makes_way() {
        let room = room(4, 4);
        let _running = room.execution(PAGE).await;
        let mut large = Box::pin(room.execution(4 * PAGE));
        assert!((&mut large).now_or_never().is_none());
        drop(large);
        assert!(room.execution(3 * PAGE).now_or_never().is_some());
    }

    #[tokio::test]
    async fn call_that_needs_more_than_all_is_known_and_a_long_input_takes_all() {
        let room = room(1, 4);
        assert!(room.can_hold(4 * PAGE) && !room.can_hold(4 * PAGE + 1));
        assert!(!room.can_hold(u64::MAX));
        let all = room.input(100 * KIB).now_or_never().expect("nobody waits");
        assert!(room.input(1).now_or_never().is_none());
        drop(all);
        assert!(room.input(1).now_or_never().is_some());
    }
}
