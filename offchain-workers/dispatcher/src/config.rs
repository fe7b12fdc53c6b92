//! Bounds within which the dispatcher works.

use std::path::PathBuf;
use std::time::Duration;

use defaas_primitives::{report::MAX_REPORT_ITEMS, BlockNumber, Tick};

use crate::retry::RetryPolicy;

/// Memory of executions is counted in pages of WebAssembly, in bytes, rounded up for each: so an
/// executor counts what it gives to instances.
pub(crate) const PAGE: u64 = 64 << 10;
/// Inputs are counted in KiB, rounded up for each.
pub(crate) const KIB: u64 = 1 << 10;

/// Settings of a [`Dispatcher`](crate::Dispatcher). [`Config::new`] fits a node on one machine.
#[derive(Clone, Debug)]
pub struct Config {
    /// The journal.
    pub journal: JournalConfig,
    /// How much is done at once, and how long things are remembered.
    pub work: WorkConfig,
    /// Time and deadlines.
    pub time: TimeConfig,
    /// How content is fetched and stored.
    pub content: ContentConfig,
    /// How the executor is called.
    pub executor: ExecutorConfig,
    /// How reports are sent.
    pub submit: SubmitConfig,
}

/// The journal.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// File. Beside it stand `<file>.lock`, and for a moment `<file>.new`.
    pub path: PathBuf,
    /// The file is rewritten when it is longer than this and than twice what was live when it was
    /// last rewritten. In bytes.
    pub compact_above: u64,
}

/// How much is done at once, and how long things are remembered.
#[derive(Clone, Copy, Debug)]
pub struct WorkConfig {
    /// Most jobs between fetch and result.
    pub in_flight: usize,
    /// Most executions at once, at most [`WorkConfig::in_flight`], and no more than the executor
    /// takes: what is in flight beyond these fetches, deploys or waits for its turn. An execution
    /// counts until its output is stored.
    pub executions: usize,
    /// Most memory that all executions together may have by the limits of their functions, in bytes:
    /// what the executor has for them. A function whose limit alone is more is not executed. Each
    /// limit counts in whole pages of 64 KiB.
    pub memory_bytes: u64,
    /// Most bytes of stored inputs in memory at once. A longer one waits until it is alone.
    pub input_bytes: u64,
    /// Most jobs that wait to begin. More are refused as overload.
    pub queued: usize,
    /// Most attempts that are remembered until they are closed for good. More are not taken, and not
    /// even refused.
    pub tracked: usize,
    /// The chain is read at least this often, should wake-ups get lost.
    pub poll_every: Duration,
    /// What runs when the dispatcher is told to stop may end for so long.
    pub shutdown_grace: Duration,
    /// An execution is cut when its assignment has been gone from the best state for so many blocks.
    pub cancel_after_blocks: BlockNumber,
    /// After a lost journal the attempts that are open during so many blocks are not executed. On a
    /// chain that is younger than this it is the first look alone.
    pub lost_journal_blocks: BlockNumber,
    /// An attempt that was seen only on an abandoned branch is remembered for so many finalized
    /// blocks.
    pub vanished_blocks: BlockNumber,
}

/// Time and deadlines.
#[derive(Clone, Copy, Debug)]
pub struct TimeConfig {
    /// Length of a slot of the chain.
    pub slot: Duration,
    /// So many ticks before its deadline an attempt without a result is given up and reported as
    /// overload, so that the report can still be included.
    pub report_margin: Tick,
    /// Longest wait for an answer of the node.
    pub chain_timeout: Duration,
}

/// How content is fetched and stored.
#[derive(Clone, Copy, Debug)]
pub struct ContentConfig {
    /// A transfer may take so long whatever its size.
    pub base_timeout: Duration,
    /// And for its size so much longer as if this many bytes went by in a second. Not 0.
    pub slowest_bytes_per_second: u64,
    /// How often it is tried.
    pub retry: RetryPolicy,
    /// Inputs and outputs stay pinned for so long after the deadline.
    pub retention: Tick,
}

/// How the executor is called.
#[derive(Clone, Copy, Debug)]
pub struct ExecutorConfig {
    /// A deployment may take so long.
    pub deploy_timeout: Duration,
    /// How often a deployment is tried.
    pub retry: RetryPolicy,
    /// An execution that has not ended so long after its limit is given up: the executor hangs.
    pub invoke_grace: Duration,
}

/// How reports are sent.
#[derive(Clone, Copy, Debug)]
pub struct SubmitConfig {
    /// A result waits at most so long for others to share its report.
    pub linger: Duration,
    /// Most items of a report, 1 to [`MAX_REPORT_ITEMS`].
    pub max_items: usize,
    /// Most encoded bytes of a report's items. One item is always taken.
    pub max_bytes: usize,
    /// Longest wait for the pool.
    pub timeout: Duration,
}

/// Settings that cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Nothing would ever run.
    #[error(
        "`in_flight`, `executions`, `queued` and `tracked` must not be 0, `input_bytes` not below \
         1 KiB and `memory_bytes` not below 64 KiB"
    )]
    NoRoom,
    /// Could never be reached.
    #[error("`executions` must not exceed `in_flight`")]
    TooManyExecutions,
    /// Nothing would be tried.
    #[error("a retry policy needs at least one try")]
    NoTries,
    /// Time would stand still.
    #[error(
        "durations and rates must not be 0, except `shutdown_grace`, `invoke_grace` and `linger`"
    )]
    ZeroTime,
    /// A report takes 1 to 32 items.
    #[error("`max_items` must be between 1 and 32")]
    BatchSize,
}

impl Config {
    /// Defaults with the journal in the file `journal`.
    pub fn new(journal: impl Into<PathBuf>) -> Self {
        Self {
            journal: JournalConfig {
                path: journal.into(),
                compact_above: 4 * 1024 * 1024,
            },
            work: WorkConfig::default(),
            time: TimeConfig::default(),
            content: ContentConfig::default(),
            executor: ExecutorConfig::default(),
            submit: SubmitConfig::default(),
        }
    }

    /// Refuses what cannot work.
    pub fn check(&self) -> Result<(), ConfigError> {
        let work = &self.work;
        let counts = [work.in_flight, work.executions, work.queued, work.tracked];
        if counts.contains(&0) || work.input_bytes < KIB || work.memory_bytes < PAGE {
            return Err(ConfigError::NoRoom);
        }
        if work.executions > work.in_flight {
            return Err(ConfigError::TooManyExecutions);
        }
        if self.content.retry.tries == 0 || self.executor.retry.tries == 0 {
            return Err(ConfigError::NoTries);
        }
        let durations = [
            work.poll_every,
            self.time.slot,
            self.time.chain_timeout,
            self.content.base_timeout,
            self.executor.deploy_timeout,
            self.submit.timeout,
        ];
        if durations.iter().any(Duration::is_zero) || self.content.slowest_bytes_per_second == 0 {
            return Err(ConfigError::ZeroTime);
        }
        let most = usize::try_from(MAX_REPORT_ITEMS).unwrap_or(usize::MAX);
        if !(1..=most).contains(&self.submit.max_items) {
            return Err(ConfigError::BatchSize);
        }
        Ok(())
    }
}

impl Default for WorkConfig {
    fn default() -> Self {
        Self {
            in_flight: 64,
            executions: 16,
            memory_bytes: 2 << 30,
            input_bytes: 256 << 20,
            queued: 4_096,
            tracked: 16_384,
            poll_every: Duration::from_secs(6),
            shutdown_grace: Duration::from_secs(5),
            cancel_after_blocks: 2,
            lost_journal_blocks: 4,
            vanished_blocks: 4_096,
        }
    }
}

impl Default for TimeConfig {
    fn default() -> Self {
        Self {
            slot: Duration::from_secs(2),
            report_margin: 3,
            chain_timeout: Duration::from_secs(5),
        }
    }
}

impl Default for ContentConfig {
    fn default() -> Self {
        Self {
            base_timeout: Duration::from_secs(5),
            slowest_bytes_per_second: 1024 * 1024,
            retry: RetryPolicy::default(),
            retention: 1_800,
        }
    }
}

impl ContentConfig {
    /// Longest time a transfer of `bytes` may take.
    pub(crate) fn timeout(&self, bytes: u64) -> Duration {
        let seconds = bytes.div_ceil(self.slowest_bytes_per_second.max(1));
        self.base_timeout
            .saturating_add(Duration::from_secs(seconds))
    }
}

impl Default for ExecutorConfig {
    fn default() -> Self {
        Self {
            deploy_timeout: Duration::from_secs(150),
            retry: RetryPolicy::default(),
            invoke_grace: Duration::from_secs(5),
        }
    }
}

impl Default for SubmitConfig {
    fn default() -> Self {
        Self {
            linger: Duration::from_millis(20),
            max_items: 32,
            max_bytes: 64 * 1024,
            timeout: Duration::from_secs(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Config)) -> Result<(), ConfigError> {
        let mut config = Config::new("journal");
        change(&mut config);
        config.check()
    }

    #[test]
    fn check_takes_the_defaults() {
        assert_eq!(with(|_| ()), Ok(()));
    }

    #[test]
    fn check_refuses_what_cannot_work() {
        let no_room: [fn(&mut Config); 3] = [
            |c| c.work.queued = 0,
            |c| c.work.input_bytes = KIB - 1,
            |c| c.work.memory_bytes = PAGE - 1,
        ];
        for change in no_room {
            assert_eq!(with(change), Err(ConfigError::NoRoom));
        }
        assert_eq!(
            with(|c| c.work.executions = c.work.in_flight + 1),
            Err(ConfigError::TooManyExecutions)
        );
        assert_eq!(
            with(|c| c.executor.retry.tries = 0),
            Err(ConfigError::NoTries)
        );
        assert_eq!(
            with(|c| c.time.slot = Duration::ZERO),
            Err(ConfigError::ZeroTime)
        );
        for items in [0, 33] {
            assert_eq!(
                with(|c| c.submit.max_items = items),
                Err(ConfigError::BatchSize)
            );
        }
    }

    #[test]
    fn timeout_grows_with_the_size() {
        let config = ContentConfig::default();
        assert_eq!(config.timeout(0), Duration::from_secs(5));
        assert_eq!(config.timeout(1), Duration::from_secs(6));
        assert_eq!(config.timeout(64 * 1024 * 1024), Duration::from_secs(69));
    }
}
