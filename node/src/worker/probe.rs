//! Whether the function runtime answers: *every few seconds* → ask it → note the answer. A runtime
//! that hangs is as down as one that ended; after a while it is told to whoever can kill it.

use super::{health::Health, LOG};
use defaas_openfaas::Client;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Distance between two questions.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// Longest wait for an answer. It is a file descriptor away and the answer costs nothing.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);
/// A function runtime that left so many questions in a row unanswered hangs. That takes half a minute
/// if it refuses them and nearly two if it is silent: longer than a machine is that busy.
const MAX_MISSED: u32 = 15;

/// What is known of the life of the function runtime's process.
#[derive(Debug, Default)]
pub struct Pulse(Mutex<Option<Life>>);

/// A process that is ready.
#[derive(Debug)]
struct Life {
    /// Questions in a row without an answer.
    missed: u32,
    hangs: CancellationToken,
}

/// A process that is ready, until this is dropped.
pub struct Alive {
    pulse: Arc<Pulse>,
    hangs: CancellationToken,
}

impl Alive {
    /// Waits until it hangs.
    pub async fn hangs(&self) {
        self.hangs.cancelled().await;
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        *self.pulse.lock() = None;
    }
}

impl Pulse {
    /// A process is ready. There is one at a time.
    pub fn begin(self: &Arc<Self>) -> Alive {
        let hangs = CancellationToken::new();
        let life = Life {
            missed: 0,
            hangs: hangs.clone(),
        };
        *self.lock() = Some(life);
        Alive {
            pulse: self.clone(),
            hangs,
        }
    }

    /// A question was answered, or was not.
    pub fn observe(&self, answers: bool) {
        let mut life = self.lock();
        let Some(life) = life.as_mut() else {
            return;
        };
        life.missed = if answers {
            0
        } else {
            life.missed.saturating_add(1)
        };
        if life.missed == MAX_MISSED {
            log::error!(target: LOG, "the function runtime left {MAX_MISSED} questions in a row unanswered");
            life.hangs.cancel();
        }
    }

    /// Every change under the lock is one assignment, so a panic elsewhere leaves it whole.
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Life>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks until `stop`.
pub async fn run(client: Client, health: Arc<Health>, pulse: Arc<Pulse>, stop: CancellationToken) {
    loop {
        let answer = tokio::select! {
            () = stop.cancelled() => return,
            answer = tokio::time::timeout(ASK_TIMEOUT, client.health()) => answer,
        };
        let answers = matches!(answer, Ok(Ok(())));
        health.set_answers(answers);
        pulse.observe(answers);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ASK_EVERY) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn miss(pulse: &Arc<Pulse>, times: u32) {
        for _ in 0..times {
            pulse.observe(false);
        }
    }

    #[test]
    fn process_hangs_after_many_misses_in_a_row_and_not_before() {
        let pulse = Arc::<Pulse>::default();
        let alive = pulse.begin();
        miss(&pulse, MAX_MISSED - 1);
        pulse.observe(true);
        miss(&pulse, MAX_MISSED - 1);
        assert!(!alive.hangs.is_cancelled());
        miss(&pulse, 1);
        assert!(alive.hangs.is_cancelled());
    }

    #[test]
    fn misses_count_from_when_the_process_is_ready_until_it_ends() {
        let pulse = Arc::<Pulse>::default();
        for _ in 0..2 {
            miss(&pulse, MAX_MISSED);
            let alive = pulse.begin();
            miss(&pulse, MAX_MISSED - 1);
            assert!(!alive.hangs.is_cancelled());
            let hangs = alive.hangs.clone();
            drop(alive);
            miss(&pulse, 1);
            assert!(!hangs.is_cancelled());
        }
    }
}
