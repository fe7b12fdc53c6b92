//! Bounds on which the parts of the worker must agree.
//!
//! What the dispatcher begins, the function runtime must have room for: a call that finds none there
//! is refused, although it was begun and cannot be begun again. And who waits for a deployment must
//! wait longer than whoever works on it, so that the answer that says most is the one that is
//! heard. How long an attempt has in all is bounded by its deadline, not here.

use defaas_dispatcher::Config as DispatcherConfig;
use defaas_function_runtime::{ceilings, CompileLimits, Config as RuntimeConfig};
use std::{path::PathBuf, time::Duration};

/// So much longer waits who waits for another who waits.
const STEP: Duration = Duration::from_secs(10);

/// The bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most calls executed at once.
    pub executions: usize,
    /// Most memory that they may have together by their limits, in bytes.
    pub memory_bytes: u64,
    /// The client gives up a deployment that was not answered after so long: longer than the longest
    /// module is compiled.
    pub change: Duration,
    /// A function that is not ready after so long is given up.
    pub deploy: Duration,
    /// The dispatcher gives up waiting for that after so long.
    pub dispatcher_deploy: Duration,
}

impl Bounds {
    /// Those of this machine.
    pub fn of_this_machine() -> Self {
        let dispatcher = DispatcherConfig::new(PathBuf::new());
        let runtime = RuntimeConfig::default();
        let change = CompileLimits::default().wall(ceilings::CODE_BYTES) + STEP;
        Self {
            executions: dispatcher.work.executions.min(runtime.max_concurrency),
            memory_bytes: runtime.memory_pool,
            change,
            deploy: change + STEP,
            dispatcher_deploy: change + STEP + STEP,
        }
    }

    /// The dispatcher's settings, with the journal in this file.
    pub fn dispatcher(&self, journal: PathBuf) -> DispatcherConfig {
        let mut config = DispatcherConfig::new(journal);
        config.work.executions = self.executions;
        config.work.memory_bytes = self.memory_bytes;
        config.executor.deploy_timeout = self.dispatcher_deploy;
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dispatcher_begins_no_more_than_the_function_runtime_has_room_for() {
        let bounds = Bounds::of_this_machine();
        let runtime = RuntimeConfig::default();
        let config = bounds.dispatcher("journal".into());
        assert_eq!(config.check(), Ok(()));
        assert!(config.work.executions <= runtime.max_concurrency);
        assert!(config.work.memory_bytes <= runtime.memory_pool);
        assert!(config.work.memory_bytes >= ceilings::MEMORY_BYTES);
    }

    #[test]
    fn who_waits_for_a_deployment_waits_longer_than_who_works_on_it() {
        let bounds = Bounds::of_this_machine();
        let compiles = CompileLimits::default().wall(ceilings::CODE_BYTES);
        assert!(compiles < bounds.change);
        assert!(bounds.change < bounds.deploy);
        assert!(bounds.deploy < bounds.dispatcher_deploy);
        let config = bounds.dispatcher("journal".into());
        assert_eq!(config.executor.deploy_timeout, bounds.dispatcher_deploy);
    }
}
