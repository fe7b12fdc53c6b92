//! Advances the engines' epochs while calls run, so that busy functions pause now and then and can
//! be stopped. Without calls the thread sleeps.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use wasmtime::Engine;

/// Time between two pauses of a busy function: how late it may notice that it must stop.
const TICK: Duration = Duration::from_millis(10);

/// The thread ends when this is dropped.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
}

/// While one of these lives, epochs advance.
pub(crate) struct Ticking {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    running: usize,
    closed: bool,
}

impl Ticker {
    pub fn start(engines: Vec<Engine>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
        });
        let of_thread = shared.clone();
        thread::Builder::new()
            .name("epochs".into())
            .spawn(move || of_thread.advance(&engines))?;
        Ok(Self { shared })
    }

    pub fn begin(&self) -> Ticking {
        self.shared.state().running += 1;
        self.shared.changed.notify_one();
        Ticking {
            shared: self.shared.clone(),
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.changed.notify_one();
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.shared.state().running -= 1;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, engines: &[Engine]) {
        loop {
            let mut state = self.state();
            while state.running == 0 && !state.closed {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            // Calls may outlive the ticker's owner; they must stay stoppable.
            if state.running == 0 {
                return;
            }
            drop(state);
            thread::sleep(TICK);
            engines.iter().for_each(Engine::increment_epoch);
        }
    }
}
