//! An executor that does what it is told per function, and counts what it ran.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use defaas_primitives::{Fault, FunctionId, Job, Limit, Meters, Outcome};

use crate::key::AttemptKey;
use crate::ports::{Execution, Executor, ExecutorError};

/// What a function does.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Answers with its input.
    Echo,
    /// Answers with these bytes.
    Answer(Bytes),
    /// Answers with its input after so long.
    Sleep(Duration),
    /// Fails, with this at its error stream.
    Fail(Bytes),
    /// Runs into a limit.
    Exceed(Limit),
    /// Does not end, and the executor does not end it.
    Hang,
    /// Takes the executor down.
    Crash,
    /// Panics in the executor's adapter.
    Panic,
    /// Cannot be deployed: invalid.
    Invalid,
    /// Cannot be deployed: needs something that is not there.
    Unsupported,
}

#[derive(Debug, Default)]
struct State {
    behaviours: HashMap<FunctionId, Behaviour>,
    runs: HashMap<AttemptKey, u32>,
    running: usize,
    most_running: usize,
    /// Bytes that what goes on may have.
    memory: u64,
    most_memory: u64,
}

/// See the module. Functions that it was not told about echo.
#[derive(Debug, Default)]
pub struct FakeExecutor(Mutex<State>);

/// Counts an execution out, however it ends.
struct Leave<'a> {
    executor: &'a FakeExecutor,
    memory: u64,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let mut state = self.executor.lock();
        state.running -= 1;
        state.memory -= self.memory;
    }
}

impl FakeExecutor {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// What `function` does.
    pub fn set(&self, function: FunctionId, behaviour: Behaviour) {
        self.lock().behaviours.insert(function, behaviour);
    }

    /// How often the execution of this attempt began.
    pub fn runs(&self, job: &Job) -> u32 {
        let key = AttemptKey::from(job);
        self.lock().runs.get(&key).copied().unwrap_or_default()
    }

    /// The most executions of any attempt.
    pub fn most_runs(&self) -> u32 {
        self.lock().runs.values().copied().max().unwrap_or_default()
    }

    /// How many executions go on.
    pub fn running(&self) -> usize {
        self.lock().running
    }

    /// The most executions that ever went on at once.
    pub fn most_running(&self) -> usize {
        self.lock().most_running
    }

    /// The most bytes that the executions that ever went on at once could have by their limits.
    pub fn most_memory(&self) -> u64 {
        self.lock().most_memory
    }

    fn behaviour(&self, job: &Job) -> Behaviour {
        let state = self.lock();
        let behaviour = state.behaviours.get(&job.function);
        behaviour.cloned().unwrap_or(Behaviour::Echo)
    }
}

#[async_trait]
impl Executor for FakeExecutor {
    async fn ensure_deployed(&self, job: &Job, _code: &Path) -> Result<(), ExecutorError> {
        match self.behaviour(job) {
            Behaviour::Invalid => Err(ExecutorError::InvalidCode),
            Behaviour::Unsupported => Err(ExecutorError::Unsupported),
            _ => Ok(()),
        }
    }

    async fn invoke(&self, job: &Job, input: Bytes) -> Execution {
        let memory = u64::from(job.limits.memory_bytes);
        {
            let mut state = self.lock();
            *state.runs.entry(AttemptKey::from(job)).or_default() += 1;
            state.running += 1;
            state.most_running = state.most_running.max(state.running);
            state.memory += memory;
            state.most_memory = state.most_memory.max(state.memory);
        }
        let _leave = Leave {
            executor: self,
            memory,
        };
        let (outcome, output) = match self.behaviour(job) {
            Behaviour::Echo => (Outcome::Success, input),
            Behaviour::Answer(bytes) => (Outcome::Success, bytes),
            Behaviour::Sleep(time) => {
                tokio::time::sleep(time).await;
                (Outcome::Success, input)
            }
            Behaviour::Fail(bytes) => (Outcome::FunctionFailed, bytes),
            Behaviour::Exceed(limit) => (Outcome::LimitExceeded(limit), Bytes::new()),
            Behaviour::Hang => std::future::pending().await,
            Behaviour::Crash => (Outcome::ProviderFailed(Fault::Internal), Bytes::new()),
            Behaviour::Panic => panic!("told to"),
            Behaviour::Invalid | Behaviour::Unsupported => {
                (Outcome::ProviderFailed(Fault::Unsupported), Bytes::new())
            }
        };
        Execution {
            outcome,
            output,
            meters: Meters {
                duration_ms: 1,
                fuel: Some(42),
            },
        }
    }
}
