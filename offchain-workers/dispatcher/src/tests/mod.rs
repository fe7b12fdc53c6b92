//! The dispatcher against fake ports. Time is paused: it goes on only when everything waits for it.

mod branches;
mod execution;
mod histories;
mod journal_loss;
mod pressure;
mod reports;
mod restart;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use defaas_primitives::{Fault, Job, Outcome, Output, ReportItem};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::journal::{Assignment, Conclusion, Journal, Ledger, Record};
use crate::ports::BlockRef;
use crate::testing::{genesis, FakeChain, FakeExecutor, FakeStore, PROVIDER};
use crate::{AttemptKey, Config, Dispatcher, Fatal, Metrics, Ports};

const SLOT: Duration = Duration::from_secs(2);

/// A provider's machine.
struct Bench {
    folder: TempDir,
    config: Config,
    chain: Arc<FakeChain>,
    store: Arc<FakeStore>,
    executor: Arc<FakeExecutor>,
    metrics: Arc<Metrics>,
    running: Option<(JoinHandle<Result<(), Fatal>>, CancellationToken)>,
}

impl Bench {
    /// A machine whose journal is lost, and a chain of 50 blocks.
    fn without_journal() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::new(folder.path().join("journal"));
        let bench = Self {
            folder,
            config,
            chain: Arc::default(),
            store: Arc::default(),
            executor: Arc::default(),
            metrics: Arc::default(),
            running: None,
        };
        for _ in 0..50 {
            bench.chain.author();
        }
        bench.chain.finalize_best();
        bench
    }

    /// A machine that has been working.
    fn new() -> Self {
        let bench = Self::without_journal();
        bench.write_journal(vec![Record::Settled]);
        bench
    }

    /// A machine that works.
    async fn started() -> Self {
        let mut bench = Self::new();
        bench.start().await;
        bench
    }

    fn journal_path(&self) -> PathBuf {
        self.config.journal.path.clone()
    }

    fn open_journal(&self) -> Journal {
        let opened = Journal::open(
            &self.journal_path(),
            genesis(),
            self.config.journal.compact_above,
        );
        opened.unwrap().0
    }

    /// Writes the journal of a machine that does not work.
    fn write_journal(&self, records: Vec<Record>) {
        self.open_journal().append_all(records).unwrap();
    }

    /// What the journal of a machine that does not work says.
    fn ledger(&self) -> Ledger {
        self.open_journal().ledger().clone()
    }

    fn dispatcher(&self) -> Dispatcher {
        let ports = Ports {
            chain: self.chain.clone(),
            content: self.store.clone(),
            executor: self.executor.clone(),
        };
        Dispatcher::new(self.config.clone(), ports, self.metrics.clone()).unwrap()
    }

    async fn start(&mut self) {
        let stop = CancellationToken::new();
        let task = tokio::spawn(self.dispatcher().run(stop.clone()));
        self.running = Some((task, stop));
        self.wait(100).await;
    }

    async fn start_with(&mut self, journal: Journal) {
        let stop = CancellationToken::new();
        let task = tokio::spawn(self.dispatcher().run_with(journal, stop.clone()));
        self.running = Some((task, stop));
        self.wait(100).await;
    }

    /// Everything ends where it is.
    async fn crash(&mut self) {
        let (task, _) = self.running.take().unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        // A write that was under way ends.
        self.wait(10).await;
    }

    async fn stop(&mut self) {
        let (task, stop) = self.running.take().unwrap();
        stop.cancel();
        task.await.unwrap().unwrap();
    }

    async fn wait(&self, ms: u64) {
        sleep(Duration::from_millis(ms)).await;
    }

    /// A block, and the time until the next.
    async fn block(&self) -> BlockRef {
        let at = self.chain.author();
        sleep(SLOT).await;
        at
    }

    async fn blocks(&self, n: usize) {
        for _ in 0..n {
            self.block().await;
        }
    }

    /// A job that has so many ticks, in the next block.
    fn assign(&self, invocation: u64, ticks: u32) -> Job {
        self.assign_with(invocation, ticks, |_| ())
    }

    fn assign_with(&self, invocation: u64, ticks: u32, change: impl FnOnce(&mut Job)) -> Job {
        let mut job = self.job(invocation, ticks);
        change(&mut job);
        self.chain.assign(job.clone());
        job
    }

    fn job(&self, invocation: u64, ticks: u32) -> Job {
        // The fake's ticks are its heights.
        let deadline = self.chain.best_block().number + 1 + ticks;
        crate::testing::job(invocation, deadline)
    }

    /// The item that settled `job`.
    fn settled(&self, job: &Job) -> ReportItem {
        let settled = self.chain.settled(job);
        settled.unwrap_or_else(|| panic!("call {} is not settled", job.invocation))
    }

    fn outcome(&self, job: &Job) -> Outcome {
        self.settled(job).outcome
    }

    fn assert_fault(&self, job: &Job, fault: Fault) {
        assert_eq!(self.outcome(job), Outcome::ProviderFailed(fault));
    }

    /// `job` was executed once and answered with its input.
    fn assert_echoed(&self, job: &Job) {
        let item = self.settled(job);
        assert_eq!(item.outcome, Outcome::Success);
        assert_eq!(inline(&item), job.invocation.to_le_bytes());
        assert_eq!(self.executor.runs(job), 1);
    }

    fn assignment(&self, job: &Job) -> Assignment {
        Assignment {
            provider: PROVIDER,
            worker: job.worker.clone(),
            deadline: job.deadline,
            seen: self.chain.best_block(),
        }
    }

    fn record_accepted(&self, job: &Job) -> Record {
        Record::Accepted {
            key: AttemptKey::from(job),
            assignment: self.assignment(job),
        }
    }

    fn record_started(&self, job: &Job) -> Record {
        Record::Started {
            key: AttemptKey::from(job),
            assignment: self.assignment(job),
        }
    }

    fn record_executed(&self, job: &Job, conclusion: Conclusion) -> Record {
        Record::Executed {
            key: AttemptKey::from(job),
            assignment: self.assignment(job),
            conclusion,
        }
    }
}

fn inline(item: &ReportItem) -> &[u8] {
    match &item.output {
        Some(Output::Inline(bytes)) => bytes,
        other => panic!("not inline: {other:?}"),
    }
}
